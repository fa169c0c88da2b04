"""Is it a picture, which one, and why not."""

from __future__ import annotations

import hashlib
import io
import struct
import subprocess
import sys
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import imagehash
import numpy as np
import pytest
from PIL import Image

from workbench.media.pictures import (
    LEAST_SIDE,
    MOST_PIXELS,
    Picture,
    PictureRefused,
    image_of,
    picture,
    suffix,
)

RED, GREEN, BLUE, WHITE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0)


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    sink = io.BytesIO()
    image.save(sink, form, **options)
    return sink.getvalue()


def corners(size: tuple[int, int] = (64, 96)) -> Image.Image:
    """Red and green above, blue and white below."""
    made = Image.new("RGB", size)
    width, height = size[0] // 2, size[1] // 2
    for n, colour in enumerate((RED, GREEN, BLUE, WHITE)):
        made.paste(colour, (n % 2 * width, n // 2 * height, (n % 2 + 1) * width, (n // 2 + 1) * height))
    return made


def scene(size: tuple[int, int] = (120, 200), seed: int = 1) -> Image.Image:
    """Soft spots: something that compresses as a photograph does and has a hash of its own."""
    spots = np.random.default_rng(seed).integers(0, 256, (7, 5, 3), np.uint8)
    return Image.fromarray(spots).resize(size, Image.Resampling.BICUBIC)


def seen(data: bytes) -> list[tuple[int, ...]]:
    """The colour of each corner, to the next sixteenth or so: formats that lose something move it a little."""
    image = image_of(data)
    assert image.mode == "RGB"
    inside = [
        (3, 3),
        (image.width - 4, 3),
        (3, image.height - 4),
        (image.width - 4, image.height - 4),
    ]
    found: list[Any] = [image.getpixel(place) for place in inside]
    return [tuple(255 if c > 238 else 0 if c < 17 else c for c in colour) for colour in found]


def refused(data: bytes) -> str:
    with pytest.raises(PictureRefused) as caught:
        picture(data)
    with pytest.raises(PictureRefused):
        image_of(data)
    return str(caught.value)


def apart(one: Picture, other: Picture) -> int:
    return ((one.phash ^ other.phash) & (2**64 - 1)).bit_count()


# --- what is read ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "options", "media_type", "ending"),
    [
        ("JPEG", {"quality": 95}, "image/jpeg", ".jpg"),
        ("JPEG", {"quality": 95, "progressive": True}, "image/jpeg", ".jpg"),
        ("PNG", {}, "image/png", ".png"),
        ("WEBP", {"lossless": True}, "image/webp", ".webp"),
        ("WEBP", {"quality": 95}, "image/webp", ".webp"),
        ("GIF", {}, "image/gif", ".gif"),
        ("AVIF", {"quality": 95, "speed": 10}, "image/avif", ".avif"),
    ],
)
def test_the_formats_that_slides_come_in_are_read(
    form: str, options: dict[str, Any], media_type: str, ending: str
) -> None:
    data = saved(corners(), form, **options)
    assert seen(data) == [RED, GREEN, BLUE, WHITE]
    found = picture(data)
    assert (found.media_type, found.width, found.height) == (media_type, 64, 96)
    assert (found.sha256, found.file_bytes) == (hashlib.sha256(data).hexdigest(), len(data))
    assert suffix(found.media_type) == ending


def test_a_heic_picture_of_a_phone_held_upright_is_read_upright() -> None:
    # Stored 64 wide and 48 high, its white spot above on the left, to be turned by 90 degrees.
    data = (Path(__file__).parent / "turned.heic").read_bytes()
    found = picture(data)
    assert (found.media_type, found.width, found.height) == ("image/heic", 48, 64)
    above_right = image_of(data).getpixel((42, 5))
    assert isinstance(above_right, tuple) and min(above_right) > 245
    assert suffix(found.media_type) == ".heic"


def test_the_content_says_what_a_file_is_and_not_what_it_claims_beside() -> None:
    brand = saved(corners(), "AVIF", speed=10)
    as_mif1 = brand[:8] + b"mif1" + brand[12:]
    assert picture(as_mif1).media_type == "image/avif"


def test_the_hash_is_that_of_the_kept_library() -> None:
    image = scene()
    bits = imagehash.phash(image).hash.flatten()
    by_hand = sum(int(bit) << (63 - place) for place, bit in enumerate(bits))
    assert picture(saved(image, "PNG")).phash & (2**64 - 1) == by_hand


def test_hashes_are_signed_numbers_of_64_bits() -> None:
    found = [picture(saved(scene(seed=seed), "PNG")).phash for seed in range(12)]
    assert min(found) < 0, "the first bit is the sign"
    assert all(-(2**63) <= h < 2**63 for h in found)


@pytest.mark.parametrize(
    ("form", "options"), [("JPEG", {"quality": 40}), ("WEBP", {}), ("AVIF", {"speed": 10})]
)
def test_a_picture_saved_again_keeps_its_hash_nearly(form: str, options: dict[str, Any]) -> None:
    first = picture(saved(scene(), "PNG"))
    assert apart(first, picture(saved(scene(), form, **options))) <= 4
    assert apart(first, picture(saved(scene().resize((60, 100)), form, **options))) <= 4
    assert apart(first, picture(saved(scene(seed=2), form, **options))) > 18


# --- how it is read --------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_of_an_animated_picture_the_first_frame_counts(form: str) -> None:
    other = [Image.new("RGB", (64, 96), colour) for colour in (BLACK, BLUE)]
    options: dict[str, Any] = {"lossless": True} if form == "WEBP" else {}
    data = saved(corners(), form, save_all=True, append_images=other, duration=100, **options)
    with Image.open(io.BytesIO(data)) as opened:
        assert getattr(opened, "n_frames", 1) == 3
    assert seen(data) == [RED, GREEN, BLUE, WHITE]
    assert picture(data).phash == picture(saved(corners(), "PNG")).phash


def test_an_animated_avif_shows_its_first_frame() -> None:
    data = saved(corners(), "AVIF", save_all=True, append_images=[Image.new("RGB", (64, 96))], speed=10)
    assert data[8:12] == b"avis"
    assert seen(data) == [RED, GREEN, BLUE, WHITE]


def test_cmyk_is_read_as_the_colours_it_stands_for() -> None:
    assert seen(saved(corners().convert("CMYK"), "JPEG", quality=95)) == [RED, GREEN, BLUE, WHITE]


def test_sixteen_bits_are_scaled_and_not_cut_off() -> None:
    grey = np.full((96, 64), 0x8000, np.uint16)
    grey[:, :32] = 0x1000
    data = saved(Image.fromarray(grey), "PNG")
    assert data[24] == 16, "the file has 16 bits a channel"
    assert seen(data) == [(16 - 16,) * 3, (128,) * 3] * 2 or seen(data) == [(0,) * 3, (128,) * 3] * 2
    assert image_of(data).getpixel((3, 3)) == (16, 16, 16)


def test_sixteen_bits_of_colour_are_read() -> None:
    pixel = struct.pack(">6H", *(0xFFFF, 0, 0), *(0, 0xFFFF, 0))
    data = png(32, 32, depth=16, kind=2, rows=b"".join(b"\0" + pixel * 16 for _ in range(32)))
    assert image_of(data).getpixel((0, 0)) == RED
    assert image_of(data).getpixel((1, 0)) == GREEN


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "RGB"])
def test_what_is_transparent_lies_on_white(mode: str) -> None:
    options: dict[str, Any] = {}
    if mode in ("RGBA", "LA"):
        clear = Image.new(mode, (32, 32), 0)
    else:
        clear = Image.new(mode, (32, 32), 0 if mode == "P" else BLACK)
        options["transparency"] = 0 if mode == "P" else BLACK
    assert seen(saved(clear, "PNG", **options)) == [WHITE] * 4


def test_half_transparent_is_half_white() -> None:
    assert seen(saved(Image.new("RGBA", (32, 32), (0, 0, 0, 128)), "PNG")) == [(127, 127, 127)] * 4


@pytest.mark.parametrize("mode", ["1", "L", "P", "YCbCr"])
def test_other_kinds_of_colours_become_red_green_blue(mode: str) -> None:
    form = "JPEG" if mode == "YCbCr" else "PNG"
    assert image_of(saved(corners().convert(mode), form)).mode == "RGB"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (1, [RED, GREEN, BLUE, WHITE]),
        (2, [GREEN, RED, WHITE, BLUE]),
        (3, [WHITE, BLUE, GREEN, RED]),
        (6, [BLUE, RED, WHITE, GREEN]),
        (8, [GREEN, WHITE, RED, BLUE]),
        (99, [RED, GREEN, BLUE, WHITE]),
    ],
)
def test_pictures_are_turned_as_they_ask_for(form: str, orientation: int, expected: list[Any]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    quality = {"lossless": True} if form == "WEBP" else {"quality": 95}
    data = saved(corners(), form, exif=exif.tobytes(), **quality)
    assert seen(data) == expected
    found = picture(data)
    assert (found.width, found.height) == ((96, 64) if orientation in (6, 8) else (64, 96))


def test_broken_exif_does_no_harm() -> None:
    data = saved(corners(), "JPEG", quality=95, exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x12\x01" * 40)
    assert seen(data) == [RED, GREEN, BLUE, WHITE]


# --- what is refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty (0 bytes): fetch or export it again"),
        (b"<!DOCTYPE html><title>403</title>", "the file is a web page, no picture: the address may have expired"),
        (b"\xef\xbb\xbf\n <html>", "the file is a web page"),
        (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "the file is a web page"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "a drawing (SVG), which is not read"),
        (b'{"error": "gone"}', "the file is text, no picture (it begins '{\"error\": \"gone\"}')"),
        ("Größe ".encode() * 85 + "ö".encode()[:1], "the file is text, no picture (it begins 'Größe"),
        (b"%PDF-1.7\n", "a PDF document, which is not read: export its pages as pictures"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "a PostScript file, which is not read: save it as JPEG, PNG or WebP"),
        (b"II*\0" + bytes(40), "a TIFF picture, which is not read"),
        (b"BM" + bytes(40), "a Windows bitmap, which is not read"),
        (b"icns" + bytes(40), "an icon, which is not read"),
        (b"PK\3\4" + bytes(40), "a ZIP archive, which is not read: unpack it and add the folder"),
        (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41", "the file is a video (MP4 or QuickTime)"),
        (b"RIFF\0\0\0\0WAVEfmt ", "sound or video"),
        (bytes(range(128, 160)), "begins like no picture that is read (JPEG, PNG, WebP, GIF, HEIC, AVIF): 80 81"),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_refused_with_a_reason(data: bytes, reason: str) -> None:
    assert reason in refused(data)


@pytest.mark.parametrize("form", ["JPEG", "progressive", "PNG", "WEBP", "GIF", "AVIF"])
@pytest.mark.parametrize("part", [0.01, 0.3, 0.7, 0.99])
def test_a_file_that_is_cut_off_is_refused(form: str, part: float) -> None:
    options: dict[str, Any] = {"AVIF": {"speed": 10}, "progressive": {"progressive": True}}.get(form, {})
    data = saved(scene(), "JPEG" if form == "progressive" else form, **options)
    assert "is cut off or damaged (" in refused(data[: max(12, int(part * len(data)))])


@pytest.mark.parametrize("left", [24, 200, 640])
def test_a_heic_file_that_is_cut_off_is_refused(left: int) -> None:
    data = (Path(__file__).parent / "turned.heic").read_bytes()
    assert "the HEIC file is cut off or damaged (" in refused(data[:left])


def test_a_damaged_file_is_refused_with_what_its_decoder_said() -> None:
    data = bytearray(saved(scene(), "PNG"))
    data[len(data) // 2 : len(data) // 2 + 40] = bytes(40)
    reason = refused(bytes(data))
    assert reason.startswith("the PNG file is cut off or damaged (")
    assert reason.endswith("): fetch or export it again")


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_file_that_ends_as_it_should_but_early_is_read_as_far_as_it_goes(form: str) -> None:
    # No decoder tells; a file that is cut off on its way lacks its end and is refused.
    data = bytearray(saved(scene((120, 200)), form))
    at = data.index(bytes([0, 200, 0, 120])) if form == "JPEG" else 22
    data[at : at + 2] = (2_000).to_bytes(2, "big")
    if form == "PNG":
        data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    found = image_of(bytes(data))
    assert found.size == (120, 2_000)
    first, last = (np.asarray(found)[row] for row in (1_000, -1))
    assert (first == last).all(), "what is missing is of one colour"


def test_a_jpeg_header_on_another_content_is_refused() -> None:
    assert "the JPEG file is cut off or damaged" in refused(b"\xff\xd8\xff\xe0" + saved(corners(), "PNG"))
    assert "the JPEG file is cut off or damaged" in refused(b"\xff\xd8\xff\xe0" + b"<html>" * 20)


@pytest.mark.parametrize("form", ["PNG", "GIF", "WEBP", "JPEG"])
def test_a_picture_of_one_pixel_is_refused(form: str) -> None:
    reason = refused(saved(Image.new("RGB", (1, 1), RED), form))
    assert reason == (
        "the picture has 1 x 1 pixels, less than 16 on a side: a placeholder, no slide; get the picture itself"
    )


def test_the_least_picture_that_is_read_has_sixteen_pixels_a_side() -> None:
    assert picture(saved(Image.new("RGB", (LEAST_SIDE, 90), RED), "PNG")).width == 16
    refused(saved(Image.new("RGB", (LEAST_SIDE - 1, 90), RED), "PNG"))


def test_twenty_thousand_by_twenty_thousand_is_refused() -> None:
    packed = zlib.compressobj(1)
    rows = b"".join(packed.compress(bytes(2_501 * 1_000)) for _ in range(20)) + packed.flush()
    data = png(20_000, 20_000, depth=1, kind=0, packed=rows)
    assert len(data) < 400_000
    assert refused(data) == (
        "the picture has 20,000 x 20,000 pixels, more than 50 million: it was not decoded; "
        "make it smaller (a slide has 1,080 x 1,920)"
    )


def png(width: int, height: int, *, depth: int, kind: int, rows: bytes = b"", packed: bytes = b"") -> bytes:
    """A PNG file written by hand: its header need not be true."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", packed or zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def gif_of(width: int, height: int) -> bytes:
    """The header of a GIF that claims a size, and one frame that claims it too."""
    size = struct.pack("<HH", width, height)
    frame = b"\x2c\0\0\0\0" + size + b"\0\x02\x02\x4c\x01\0"
    return b"GIF89a" + size + b"\x80\0\0" + bytes(6) + frame + b"\x3b"


def webp_of(width: int, height: int) -> bytes:
    """The header of a WebP that claims a canvas."""
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunk = b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + canvas
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


@pytest.mark.parametrize("data", [gif_of(60_000, 60_000), webp_of(16_000, 16_000), webp_of(8_000, 8_000)])
def test_too_many_pixels_are_refused_by_the_header_alone(data: bytes) -> None:
    assert "more than 50 million: it was not decoded" in refused(data)


@pytest.mark.parametrize("lossless", [True, False])
def test_the_size_of_a_webp_is_read_from_each_kind_of_header(lossless: bool) -> None:
    assert (picture(saved(scene((130, 70)), "WEBP", lossless=lossless)).width) == 130
    too_small = saved(scene((130, 15)), "WEBP", lossless=lossless)
    assert "130 x 15 pixels" in refused(too_small)


def test_a_webp_of_no_kind_is_refused() -> None:
    assert "the WEBP file is cut off or damaged" in refused(b"RIFF\x20\0\0\0WEBPVP9 " + bytes(20))


def test_text_packed_into_a_picture_is_not_unpacked_without_bounds() -> None:
    bomb = b"key\0\0" + zlib.compress(bytes(50_000_000), 9)
    chunk = struct.pack(">I", len(bomb)) + b"zTXt" + bomb + struct.pack(">I", zlib.crc32(b"zTXt" + bomb))
    plain = saved(corners(), "PNG")
    assert "the PNG file is cut off or damaged" in refused(plain[:33] + chunk + plain[33:])


MEMORY = """
import resource, sys
from workbench.media.pictures import PictureRefused, picture
from PIL import Image
import io
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
sink = io.BytesIO()
Image.effect_noise((200, 200), 50).convert("RGB").save(sink, "PNG")
picture(sink.getvalue())  # everything is imported
for name in sys.argv[1:]:
    before = peak()
    try:
        picture(open(name, "rb").read())
    except PictureRefused:
        pass
    print(round(peak() - before))
"""


def test_bombs_take_no_memory(tmp_path: Path) -> None:
    packed = zlib.compressobj(1)
    rows = b"".join(packed.compress(bytes(2_501 * 1_000)) for _ in range(20)) + packed.flush()
    bombs = {
        "wide.png": png(20_000, 20_000, depth=1, kind=0, packed=rows),
        "wide.gif": gif_of(60_000, 60_000),
        "wide.webp": webp_of(16_383, 16_383),
        # 400 frames of a million pixels: 1.6 GB if all were decoded.
        "long.gif": many_frames(400),
    }
    for name, data in bombs.items():
        (tmp_path / name).write_bytes(data)
    run = subprocess.run(
        [sys.executable, "-c", MEMORY, *(str(tmp_path / name) for name in bombs)],
        capture_output=True,
        text=True,
        check=True,
    )
    grown = dict(zip(bombs, map(int, run.stdout.split()), strict=True))
    assert all(megabytes <= 40 for megabytes in grown.values()), grown


def many_frames(n: int) -> bytes:
    """A GIF of a million pixels whose frame comes n times."""
    one = saved(Image.new("L", (1_000, 1_000), 255), "GIF")
    frame = one.index(b"\x2c\0\0\0\0")
    return one[:frame] + one[frame:-1] * n + one[-1:]


# --- many at once, and quietly ---------------------------------------------------------------------------


def test_threads_decode_side_by_side() -> None:
    files = [
        saved(scene(seed=n), form) for n, form in enumerate(["JPEG", "PNG", "WEBP", "GIF", "JPEG", "AVIF"])
    ] * 8
    alone = [picture(data) for data in files]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(picture, files)) == alone


def test_what_decoders_warn_of_is_not_shown() -> None:
    twice = saved(corners(), "PNG")
    control = struct.pack(">I", 8) + b"acTL" + bytes(8) + struct.pack(">I", zlib.crc32(b"acTL" + bytes(8)))
    data = twice[:33] + control + twice[33:]
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        Image.open(io.BytesIO(data)).close()
        assert [str(w.message) for w in shown] == ["Invalid APNG, will use default PNG image if possible"]
        shown.clear()
        assert seen(data) == [RED, GREEN, BLUE, WHITE]
        assert shown == []


def test_pillow_is_left_as_it_was() -> None:
    most = Image.MAX_IMAGE_PIXELS
    refused(webp_of(16_000, 16_000))
    assert most == Image.MAX_IMAGE_PIXELS
    assert most is not None and most > MOST_PIXELS


# --- real files ------------------------------------------------------------------------------------------


def test_the_corrupt_jpeg_is_refused(shared_data: Path) -> None:
    assert "it is damaged or something else: fetch or export it again" in refused(
        (shared_data / "broken" / "corrupt.jpg").read_bytes()
    )
