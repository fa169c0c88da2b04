"""The pictures of folders on a disk: which files, and safely read."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from ..errors import UsageError

MOST_BYTES = 50_000_000
"""Of a file that is taken in: a slide has 0.1 to 3 million."""
SUFFIXES = frozenset({
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".heic", ".heif", ".hif", ".avif", ".bmp", ".tif",
    ".tiff", ".jxl",
})  # fmt: skip
"""Files that call themselves pictures; those of other kinds only come in by a mapping. The content decides."""


class FileRefused(ValueError):
    """A file that is not taken in; the message says why and what to do."""


@dataclass(frozen=True)
class Found:
    """A file that was given, or lies in a folder that was given."""

    path: Path
    named: PurePath
    """What its place in the folder says of it; the folder's own name is the first part."""
    is_picture: bool
    """By its name. A folder that can't be entered counts too: it may hold some."""
    refused: str | None = None


def found_files(paths: Sequence[Path | str]) -> list[Found]:
    """Every file of folders and files, once each and in order; hidden ones are left out.

    Raises UsageError for a path that does not exist.
    """
    files: dict[Path, Found] = {}
    for given in map(Path, paths):
        if not given.exists():
            raise UsageError(f"{given} does not exist. Give a folder of pictures, or a picture.")
        top = given.resolve()
        if top.is_dir():
            for path, refused in _below(top):
                named = PurePath(top.name, path.relative_to(top))
                is_picture = path.suffix.lower() in SUFFIXES or path.is_dir()
                files.setdefault(path, Found(path, named, is_picture, refused))
        else:
            files.setdefault(top, Found(top, PurePath(top.parent.name, given.name), True))
    return sorted(files.values(), key=lambda found: found.path)


def _below(top: Path) -> Iterator[tuple[Path, str | None]]:
    def unread(error: OSError) -> None:
        unreadable.append(
            (Path(error.filename), f"the folder can't be read ({error.strerror}): mend its permissions")
        )

    unreadable: list[tuple[Path, str]] = []
    for where, folders, names in os.walk(top, onerror=unread):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in folders:
            if Path(where, name).is_symlink():
                yield Path(where, name), "it is a link to a folder: give that folder itself"
        for name in names:
            if name.startswith("."):
                continue
            path = Path(where, name)
            leads_to = resolved(path) if path.is_symlink() else None
            out = leads_to is not None and not leads_to.is_relative_to(top)
            yield path, "it is a link that leads out of the folder: give the file itself" if out else None
    yield from unreadable


def resolved(path: Path) -> Path | None:
    """The path without links; None for one that no file can have: links in a circle, a NUL in its name."""
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):
        return None


def content(path: Path) -> bytes:
    """A file's bytes. Raises FileRefused for what is no plain file, is too large or can't be read."""
    try:
        # Without waiting: opening a pipe would, for somebody who writes into it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise FileRefused("it is no plain file but a pipe, a device or a folder: give a file")
            if status.st_size > MOST_BYTES:
                raise FileRefused(
                    f"it has {status.st_size / 1e6:,.0f} MB, more than the {MOST_BYTES / 1e6:,.0f} MB that are taken "
                    "in: save it smaller"
                )
            data = file.read(MOST_BYTES + 1)
    except OSError as e:
        raise FileRefused(
            f"it can't be read ({e.strerror}): mend its permissions or give another file"
        ) from e
    if len(data) > MOST_BYTES:
        raise FileRefused("it grew while it was read: wait until it is written, then add it again")
    return data


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal; FileRefused as `content`."""
    return hashlib.sha256(content(path)).hexdigest()
