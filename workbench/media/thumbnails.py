"""Small pictures for pages, made from stored files when a page first asks for them.

They are kept under data/media/thumbnails by the content they were made from; the folder may be deleted at any time.
"""

from __future__ import annotations

import base64
import contextlib
import os
import re
import tempfile
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from PIL import Image

from ..settings import Settings
from .pictures import PictureRefused, image_of
from .storage import Storage, StorageError, open_storage

BOX = (144, 288)
"""Most pixels across and down: a slide of 9:16 becomes 144 x 256."""
MOST_BYTES = 6_000
WEBP = "image/webp"

_QUALITIES = (70, 55, 40, 25, 10)
_VERSION = 1
"""Raise it where thumbnails are made another way."""
_AT_ONCE = 8
_PATIENCE_SECONDS = 20.0
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NOT_STORED = "not in the storage, or damaged there"
_NO_PICTURE = "no picture that can be read"
_UNREACHABLE = "the storage can't be reached or opened"


@dataclass(frozen=True)
class Thumbnails:
    """What could be made. Reasons name no address, key or secret: they are printed on pages."""

    pictures: dict[str, str] = field(default_factory=dict)
    """Data URI by the sha256 of the file."""
    missing: dict[str, str] = field(default_factory=dict)
    """Why there is none, by sha256."""


def thumbnail(data: bytes) -> bytes:
    """A picture's file made small: WebP of at most 144 x 288 pixels and 6 kB, never larger than the picture.

    Raises PictureRefused where the file is no picture.
    """
    image = image_of(data)
    image.thumbnail(BOX, Image.Resampling.LANCZOS, reducing_gap=2.0)
    made = b""
    for quality in _QUALITIES:
        sink = BytesIO()
        image.save(sink, "WEBP", quality=quality, method=4)
        made = sink.getvalue()
        if len(made) <= MOST_BYTES:
            return made
    # Pure noise: half the size has a quarter of it.
    image.thumbnail((BOX[0] // 2, BOX[1] // 2))
    sink = BytesIO()
    image.save(sink, "WEBP", quality=_QUALITIES[-1], method=4)
    return sink.getvalue()


def thumbnails(settings: Settings, files: Mapping[str, str]) -> Thumbnails:
    """Thumbnails of stored files as data URIs, several at a time; nothing that fails stops the others.

    Parameters
    ----------
    files
        Storage key by the sha256 of the file.
    """
    folder = settings.data / "media" / "thumbnails"
    found, fresh = Thumbnails(), {}
    for sha256, key in sorted(files.items()):
        kept = _kept(folder, sha256) if _is_stored_as(sha256, key) else None
        if kept is not None:
            found.pictures[sha256] = _data_uri(kept)
        elif _is_stored_as(sha256, key):
            fresh[sha256] = key
        else:
            found.missing[sha256] = _NOT_STORED
    if not fresh:
        return found
    storage = _reached(settings, next(iter(fresh.values())))
    if storage is None:
        return Thumbnails(found.pictures, {**found.missing, **dict.fromkeys(fresh, _UNREACHABLE)})
    maker = _Maker(storage, folder)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        made = list(pool.map(maker.made, fresh, fresh.values()))
    for sha256, (small, reason) in zip(fresh, made, strict=True):
        if small is None:
            found.missing[sha256] = reason
        else:
            found.pictures[sha256] = _data_uri(small)
    return found


def _is_stored_as(sha256: str, key: str) -> bool:
    """Whether this can be a file's digest and its key: both stand in tables that imports fill."""
    return bool(_SHA256.fullmatch(sha256)) and sha256 in key


def _reached(settings: Settings, key: str) -> Storage | None:
    """The storage, if it can be opened and answers in time: a report doesn't wait for a bucket's retries."""
    answered: list[Storage] = []

    def ask() -> None:
        # Keys that lack, an address that can't be read, a service that is down: the page still has its figures.
        with contextlib.suppress(Exception):
            storage = open_storage(settings)
            storage.has(key)
            answered.append(storage)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(_PATIENCE_SECONDS)
    return answered[0] if answered else None


class _Maker:
    """One page's pass over the storage; once nothing answers any more, nothing is asked any more."""

    def __init__(self, storage: Storage, folder: Path) -> None:
        self.storage, self.folder = storage, folder
        self.is_gone = threading.Event()

    def made(self, sha256: str, key: str) -> tuple[bytes | None, str]:
        """The thumbnail, or why there is none."""
        if self.is_gone.is_set():
            return None, _UNREACHABLE
        try:
            small = thumbnail(self.storage.get(key))
        except StorageError:
            return None, self._why(key)
        except PictureRefused:
            return None, _NO_PICTURE
        _keep(self.folder, sha256, small)
        return small, ""

    def _why(self, key: str) -> str:
        """A file that is missing and a bucket that does not answer raise the same."""
        try:
            self.storage.has(key)
        except StorageError:
            self.is_gone.set()
            return _UNREACHABLE
        return _NOT_STORED


def _data_uri(small: bytes) -> str:
    return f"data:{WEBP};base64,{base64.b64encode(small).decode()}"


def _file(folder: Path, sha256: str) -> Path:
    return folder / f"{sha256}-{_VERSION}.webp"


def _kept(folder: Path, sha256: str) -> bytes | None:
    """A whole file of the cache."""
    try:
        data = _file(folder, sha256).read_bytes()
    except OSError:
        return None
    is_webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    is_whole = int.from_bytes(data[4:8], "little") + 8 == len(data) <= MOST_BYTES
    return data if is_webp and is_whole else None


def _keep(folder: Path, sha256: str, small: bytes) -> None:
    """Whole or not at all; where nothing can be written, it is made again the next time."""
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as sink:
                sink.write(small)
            os.replace(name, _file(folder, sha256))
        except OSError:
            os.unlink(name)
