"""A folder on this machine.

Not through obstore's LocalStore: its files are readable by everybody under the usual umask, and reach their
name before they reach the disk.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from ..whole_files import fsync
from .base import Entry, StorageError, Store, checked

BUILDING = ".building-"
_BUILDING_IN = ".building"
_LEFT_SECONDS = 3600.0
"""Age from which an unfinished file is taken for left behind: its bytes are all there when it is begun."""
_ROOM = "Make room there, or name another place"
_RIGHTS = "Ask its owner for the right, or name another place"
_REMEDIES = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EEXIST: "Move that file away, or name another place",
    errno.ENOTDIR: "Move that file away, or name another place",
    errno.EROFS: "Have it mounted for writing, or name another place",
}


class Folder(Store):
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = str(folder)
        self._is_swept = False

    def __repr__(self) -> str:
        return f"Folder({self.place!r})"

    def entry(self, key: str) -> Entry | None:
        path = self.folder / checked(key)
        with self._told(key), suppress(FileNotFoundError, NotADirectoryError):
            if path.is_file():
                return Entry(key, path.stat().st_size)
        return None

    def entries(self, under: str = "") -> Iterator[Entry]:
        top = self.folder / checked(under) if under else self.folder
        for where, _, names in os.walk(top, onerror=self._unless_missing):
            for name in names:
                path = Path(where, name)
                if not name.startswith(".") and path.is_file():
                    yield Entry(path.relative_to(self.folder).as_posix(), path.stat().st_size)

    def delete(self, key: str) -> None:
        with self._told(key):
            (self.folder / checked(key)).unlink(missing_ok=True)

    def _write(self, key: str, data: bytes, media_type: str | None) -> None:
        path = self.folder / key
        with self._told(key):
            for folder in reversed([path.parent, *path.parent.parents]):
                folder.mkdir(mode=0o700, exist_ok=True)
            with NamedTemporaryFile(dir=self._building(), prefix=BUILDING, delete=False) as file:  # 0600
                try:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                    os.replace(file.name, path)
                except BaseException:
                    with suppress(OSError):
                        os.unlink(file.name)
                    raise
            fsync(path.parent)

    def _building(self) -> Path:
        """Where files are made: one folder, so that what killed writers left is found without looking through all."""
        building = self.folder / _BUILDING_IN
        building.mkdir(mode=0o700, exist_ok=True)
        if not self._is_swept:
            self._is_swept = True
            for left in building.glob(f"{BUILDING}*"):
                with suppress(OSError):  # another one sweeps too
                    if time.time() - left.stat().st_mtime > _LEFT_SECONDS:
                        left.unlink()
        return building

    def _read(self, key: str) -> bytes:
        with self._told(key):
            try:
                return (self.folder / key).read_bytes()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                raise self.missing(key) from None

    def _unless_missing(self, error: OSError) -> None:
        if not isinstance(error, FileNotFoundError | NotADirectoryError):
            named = error.filename or self.place
            raise StorageError(f"{named} can't be read: {error.strerror}. {_remedy(error)}.") from error

    @contextmanager
    def _told(self, key: str) -> Iterator[None]:
        try:
            yield
        except OSError as e:
            where = e.filename2 or e.filename or self.folder / key
            raise StorageError(f"{where}: {e.strerror}. {_remedy(e)}.") from e


def _remedy(error: OSError) -> str:
    return _REMEDIES.get(error.errno or 0, "Mend the folder's permissions or make space")
