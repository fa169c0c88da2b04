"""Is it a picture, which one, and what it looks like: files of slides decoded safely.

A file is what its first bytes say, whatever its name or its server says. Only the formats that slides come in are
opened, each by its own decoder; how many pixels it claims is asked before any is decoded.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import imagehash
import numpy as np
from pi_heif import HeifImageFile
from PIL import Image, ImageFile, ImageOps
from PIL.AvifImagePlugin import AvifImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

MOST_PIXELS = 50_000_000
"""Pixels of the largest picture that is decoded: the cameras of phones go up to 48 million."""
LEAST_SIDE = 16
"""Pixels of the shortest side: less is a tracking pixel or a placeholder and has no picture to recognize."""


class PictureRefused(ValueError):
    """The file is no picture that can be taken in; the message says why, for the slide's row."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """What a file is."""

    sha256: str
    """Hexadecimal digest of the file's bytes."""
    media_type: str
    """By content: image/jpeg, image/png, image/webp, image/gif, image/heic, image/avif."""
    file_bytes: int
    width: int
    """Pixels, upright: after the rotation that the file asks for."""
    height: int
    phash: int
    """64-bit perceptual hash as a signed whole number, as the warehouse keeps it."""


@dataclass(frozen=True)
class _Format:
    suffix: str
    opened: Callable[[BytesIO], ImageFile.ImageFile]
    brands: frozenset[bytes] = frozenset()
    """How a file in boxes (ISO 14496-12) names this format."""


_FORMATS = {
    "image/jpeg": _Format(".jpg", JpegImageFile),
    "image/png": _Format(".png", PngImageFile),
    "image/gif": _Format(".gif", GifImageFile),
    "image/webp": _Format(".webp", WebPImageFile),
    "image/avif": _Format(".avif", AvifImageFile, frozenset({b"avif", b"avis"})),
    "image/heic": _Format(
        ".heic",
        HeifImageFile,
        frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}),
    ),
}

_MAGIC = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}

_SAVE_AS = "save it as JPEG, PNG or WebP"
_FETCH_AGAIN = "fetch or export it again"
_OTHERS = {
    b"%PDF": ("a PDF document", "export its pages as pictures"),
    b"%!PS": ("a PostScript file", _SAVE_AS),
    b"II*\0": ("a TIFF picture", _SAVE_AS),
    b"MM\0*": ("a TIFF picture", _SAVE_AS),
    b"BM": ("a Windows bitmap", _SAVE_AS),
    b"8BPS": ("a Photoshop file", _SAVE_AS),
    b"\0\0\1\0": ("an icon", _SAVE_AS),
    b"icns": ("an icon", _SAVE_AS),
    b"\0\0\0\x0cjP": ("a JPEG 2000 picture", _SAVE_AS),
    b"\0\0\0\x0cJXL": ("a JPEG XL picture", _SAVE_AS),
    b"\xff\x0a": ("a JPEG XL picture", _SAVE_AS),
    b"PK\3\4": ("a ZIP archive", "unpack it and add the folder"),
    b"\x1f\x8b": ("packed by gzip", "unpack it first"),
    b"\x1aE\xdf\xa3": ("a video (Matroska or WebM)", "videos are no slides"),
    b"RIFF": ("sound or video (RIFF)", "videos are no slides"),
}
"""What else a file often is, by its first bytes, and what to do about it."""


def picture(data: bytes) -> Picture:
    """What a file's bytes show.

    Raises PictureRefused with a reason that says what to do. All pictures are hashed in the same way, from all of
    their pixels: a smaller preview may differ by some bits, and would not tell that the file is cut off.
    """
    media_type = _media_type(data)
    image = _decoded(data, media_type)
    return Picture(
        sha256=hashlib.sha256(data).hexdigest(),
        media_type=media_type,
        file_bytes=len(data),
        width=image.width,
        height=image.height,
        phash=phash(image),
    )


def image_of(data: bytes) -> Image.Image:
    """The picture itself: its first frame, upright, RGB with 8 bits a channel, on white where it is transparent.

    Raises PictureRefused as `picture` does.
    """
    return _decoded(data, _media_type(data))


def phash(image: Image.Image) -> int:
    """The 64-bit perceptual hash (ImageHash's `phash`) as a signed whole number: row by row, first bit highest."""
    bits = np.packbits(imagehash.phash(image).hash)
    return int.from_bytes(bits.tobytes(), "big", signed=True)


def suffix(media_type: str) -> str:
    """How the name of a file ends whose `Picture` has this media_type: `.jpg`."""
    return _FORMATS[media_type].suffix


def _media_type(data: bytes) -> str:
    """What the first bytes say."""
    for magic, media_type in _MAGIC.items():
        if data.startswith(magic):
            return media_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp":
        return _boxed(data)
    raise PictureRefused(_why_none(data))


def _boxed(data: bytes) -> str:
    """Of a file in boxes: the brand it leads with, else the first of those it is compatible with, says what it is."""
    end = min(int.from_bytes(data[:4], "big"), 256)
    brands = [data[8:12], *(data[at : at + 4] for at in range(16, end, 4))]
    # Every AVIF and HEIC file may also name itself mif1, which says no more than that it holds a picture.
    for brand in sorted(brands, key=lambda brand: brand in {b"mif1", b"msf1"}):
        for media_type, form in _FORMATS.items():
            if brand in form.brands:
                return media_type
    raise PictureRefused("the file is a video (MP4 or QuickTime), no picture: videos are no slides")


def _why_none(data: bytes) -> str:
    """Why bytes that begin like no picture are refused."""
    if not data:
        return f"the file is empty (0 bytes): {_FETCH_AGAIN}"
    for magic, (what, remedy) in _OTHERS.items():
        if data.startswith(magic):
            return f"the file is {what}, which is not read: {remedy}"
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"<svg") or b"<svg" in start:
        return f"the file is a drawing (SVG), which is not read: {_SAVE_AS}"
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<?xml", b"<error")):
        return "the file is a web page, no picture: the address may have expired or ask for a login; get a new one"
    if _is_text(data[:512]):
        begins = " ".join(data[:60].decode("utf-8", "replace").split())
        return f"the file is text, no picture (it begins {begins[:40]!r}): check where it came from"
    return (
        f"the file begins like no picture that is read (JPEG, PNG, WebP, GIF, HEIC, AVIF): {data[:8].hex(' ')}; "
        "it is damaged or something else: fetch or export it again, as JPEG, PNG or WebP"
    )


def _is_text(start: bytes) -> bool:
    """Whether these are letters, but for one that may be cut off at the end."""
    try:
        text = start.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(start) - 3:
            return False
        text = start[: error.start].decode("utf-8")
    return all(letter.isprintable() or letter.isspace() for letter in text)


def _decoded(data: bytes, media_type: str) -> Image.Image:
    # What is wrong with a file is told by PictureRefused, where it matters at all.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    if media_type == "image/webp":
        _check_size(*_webp_size(data))  # its decoder makes room for all pixels when it is opened
    try:
        image = _FORMATS[media_type].opened(BytesIO(data))
    except PictureRefused:
        raise
    except (
        Exception
    ) as error:  # decoders fail in ways of their own: SyntaxError, struct.error, zlib.error, ...
        raise PictureRefused(_damaged(media_type, error)) from error
    _check_size(image.width, image.height)
    try:
        image.load()
        upright = _upright(image)
        return _plain(upright)
    except PictureRefused:
        raise
    except Exception as error:
        raise PictureRefused(_damaged(media_type, error)) from error


def _damaged(media_type: str, error: Exception) -> str:
    name = media_type.removeprefix("image/").upper()
    said = " ".join(str(error).split())[:120] or type(error).__name__
    return f"the {name} file is cut off or damaged ({said}): {_FETCH_AGAIN}"


def _check_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise PictureRefused(
            f"the picture has {width:,} x {height:,} pixels, more than {MOST_PIXELS / 1e6:.0f} million: "
            "it was not decoded; make it smaller (a slide has 1,080 x 1,920)"
        )
    if min(width, height) < LEAST_SIDE:
        raise PictureRefused(
            f"the picture has {width:,} x {height:,} pixels, less than {LEAST_SIDE} on a side: a placeholder, "
            "no slide; get the picture itself"
        )


def _webp_size(data: bytes) -> tuple[int, int]:
    """Width and height by the header of a WebP file, of each of its three kinds."""
    kind, head = data[12:16], data[20:30]
    if len(head) < 10:
        raise PictureRefused(_damaged("image/webp", ValueError("its header is incomplete")))
    if kind == b"VP8X":
        return int.from_bytes(head[4:7], "little") + 1, int.from_bytes(head[7:10], "little") + 1
    if kind == b"VP8L":
        packed = int.from_bytes(head[1:5], "little")
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        return int.from_bytes(head[6:8], "little") & 0x3FFF, int.from_bytes(head[8:10], "little") & 0x3FFF
    raise PictureRefused(_damaged("image/webp", ValueError(f"it begins with {kind!r}")))


def _upright(image: Image.Image) -> Image.Image:
    """Turned and mirrored as the file asks for; as it is where what it asks for can't be read."""
    try:
        ImageOps.exif_transpose(image, in_place=True)
    except Exception:  # EXIF data are as broken as decoders' errors are many; the picture is still one
        return image
    return image


def _plain(image: Image.Image) -> Image.Image:
    """RGB, 8 bits a channel; on white where it is transparent."""
    if image.mode.startswith("I;16"):
        # Pillow's own conversion cuts off at 255 instead of scaling, and all turns white.
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        solid = image.convert("RGBA")
        white = Image.new("RGBA", solid.size, "white")
        white.alpha_composite(solid)
        return white.convert("RGB")
    return image.convert("RGB")
