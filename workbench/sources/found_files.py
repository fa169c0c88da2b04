"""The files that paths mean: plain files that can be named, each once; what is none, with why."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import SourceError, UsageError, WorkbenchError
from ..settings import Settings
from .content import has_data_suffix

Stamp = tuple[int, int, int]
"""What changes when a file does: its number, size and time of modification."""


@dataclass(frozen=True)
class Found:
    """A file to read, or why it can't be."""

    path: Path
    refused: WorkbenchError | None = None


def found_files(paths: Sequence[Path | str], settings: Settings) -> Iterator[Found]:
    """The files meant: those named, and a folder's data files at any depth, hidden ones apart.

    A pipe, a socket or a device in a folder is told of, and not opened.

    Raises UsageError for a path that names nothing, or a folder without any.
    """
    seen: set[Path] = set()
    for given in map(Path, paths):
        try:
            is_folder = stat.S_ISDIR(os.stat(given).st_mode)
        except FileNotFoundError as e:
            raise UsageError(
                f"{given}: there is no such file or folder. Nothing was imported; check the path."
            ) from e
        except (OSError, ValueError) as e:
            raise UsageError(
                f"{given}: can't be looked up ({_why(e)}). Nothing was imported; check the path."
            ) from e
        found = list(_below(given, settings)) if is_folder else [Found(given, _not_plain(given))]
        if not found:
            raise UsageError(
                f"{given}: the folder holds no CSV, JSON, SQLite or Parquet file. Name another one."
            )
        for one in found:
            real = Path(os.path.realpath(one.path))
            if real not in seen:
                seen.add(real)
                yield one


def stamp(path: Path) -> Stamp:
    """A file's stamp: reading between two equal ones has read one file."""
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _below(folder: Path, settings: Settings) -> Iterator[Found]:
    """Data files of a folder in the order of their paths, the workbench's own apart."""
    own = tuple(os.path.realpath(place) for place in (settings.data, settings.reports))
    top = os.path.realpath(folder)
    found: list[Found] = []

    def unread(error: OSError) -> None:
        why = f"{error.filename}: the folder can't be read ({error.strerror}). Mend its permissions."
        found.append(Found(Path(error.filename), SourceError(why)))

    for where, folders, names in os.walk(folder, onerror=unread):
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and not _is_in(os.path.realpath(os.path.join(where, name)), own)
        ]
        for name in names:
            path = Path(where, name)
            if name.startswith(".") or not (has_data_suffix(path) or _gives_data(path)):
                continue
            if _is_in(os.path.realpath(path), own):
                continue
            refused = _not_plain(path)
            if refused is None and path.is_symlink() and not _is_in(os.path.realpath(path), (top,)):
                refused = SourceError(
                    f"{path}: it is a link that leads out of the folder, to {os.path.realpath(path)}. If that file is "
                    "meant, name it itself."
                )
            found.append(Found(path, refused))
    yield from sorted(found, key=lambda one: one.path)


def _gives_data(path: Path) -> bool:
    """Whether it is a pipe, a socket or a device: somebody may wait for what comes through it, whatever its name."""
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISLNK(mode))


def _is_in(path: str, places: Sequence[str]) -> bool:
    return any(path == place or path.startswith(place.rstrip(os.sep) + os.sep) for place in places)


def _not_plain(path: Path) -> WorkbenchError | None:
    """Why a path can't be read as a file: opening a pipe would wait for ever, a device may never end."""
    try:
        str(path.absolute()).encode()
        mode = os.stat(path).st_mode
    except UnicodeEncodeError:
        return SourceError(
            f"{path}: its name, or that of a folder above it, is not text in UTF-8. Rename it and import it again."
        )
    except FileNotFoundError:
        return SourceError(f"{path}: it is a link to a file that is not there. Mend or remove the link.")
    except OSError as e:
        return SourceError(f"{path}: can't be looked up ({_why(e)}). Mend or remove it.")
    if stat.S_ISREG(mode):
        return None
    kinds = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFDIR: "a folder"}
    kind = kinds.get(stat.S_IFMT(mode), "a device")
    return SourceError(f"{path}: it is {kind}, not a file. Save what it gives into a file and import that.")


def _why(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
