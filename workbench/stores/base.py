"""What a folder and a bucket have in common."""

from __future__ import annotations

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import WorkbenchError

_SEGMENT = re.compile(r"(?!\.)[^\x00-\x1f\x7f/\\#:]+")
"""No dot in front: neither `..` nor the names that are being written; nothing that a file system reads otherwise."""


class StorageError(WorkbenchError):
    """A file can't be kept or brought back. The message never holds a key or a token."""


@dataclass(frozen=True)
class Entry:
    """One stored file, as a listing tells it."""

    key: str
    size: int
    """Bytes."""
    md5: str | None = None
    """Hexadecimal, where the store says one. It proves that a file is right; another one proves nothing,
    as encrypted buckets tell other digests."""


class Store(ABC):
    """Where files are kept by key. Calls may be made from several threads; open one in each process."""

    place: str
    """How a message names it: the folder, or s3://bucket/prefix."""

    def put(self, key: str, data: bytes, *, media_type: str | None = None) -> None:
        """Keep a file whole under its key, in place of what was there; nobody ever sees half of it.

        Raises StorageError unless what then lies there has the data's size and checksum.
        """
        self._write(checked(key), data, media_type)
        if not self.holds(key, data):
            raise StorageError(
                f"What {self.place} keeps as {key} is not what was sent ({len(data):,} bytes). Try again; "
                "if it stays so, the disk or the service is at fault."
            )

    def holds(self, key: str, data: bytes, *, entry: Entry | None = None) -> bool:
        """Whether the file lies there with this content; `entry` spares a question where it is known."""
        found = entry or self.entry(key)
        if found is None or found.size != len(data):
            return False
        if found.md5 == hashlib.md5(data, usedforsecurity=False).hexdigest():
            return True
        return self.get(key) == data

    def get(self, key: str) -> bytes:
        """The file's bytes; StorageError where there is none."""
        return self._read(checked(key))

    def has(self, key: str) -> bool:
        return self.entry(key) is not None

    @abstractmethod
    def entry(self, key: str) -> Entry | None:
        """What lies under a key, or None."""

    @abstractmethod
    def entries(self, under: str = "") -> Iterator[Entry]:
        """Every stored file under a folder of keys (`pictures`), in no order."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Remove a file; nothing happens where there is none."""

    @abstractmethod
    def _write(self, key: str, data: bytes, media_type: str | None) -> None: ...

    @abstractmethod
    def _read(self, key: str) -> bytes: ...

    def missing(self, key: str) -> StorageError:
        return StorageError(f"There is no {key} in {self.place}.")


def checked(key: str) -> str:
    """The key, if it is a plain path below the store."""
    if len(key) > 900 or not all(_SEGMENT.fullmatch(part) for part in key.split("/")):
        raise StorageError(
            f"{key[:100]!r} can't be the name of a stored file. Write one like pictures/ab/abcd.jpg."
        )
    return key
