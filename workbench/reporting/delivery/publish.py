"""Puts sets where people read them: a folder that others see too, or an S3-compatible bucket.

What lies there under a set's name is what lies here. The index goes last, so that it never leads to nothing, and
what is gone from a set is removed after that.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import UsageError, WorkbenchError
from ...stores import Entry, Store, open_store
from ...stores.owner_only import users_umask
from ..files import replaced
from .sets import ReportSet, unchanged
from .shelf import bundled, indexes

PUBLISHED = "published.json"
"""What was published of a set: its files and their hashes, so that what is the same is not sent again."""
_FORMAT = 1
_TYPES = {
    "csv": "text/csv; charset=utf-8", "html": "text/html; charset=utf-8", "ipynb": "application/x-ipynb+json",
    "json": "application/json", "parquet": "application/vnd.apache.parquet", "pdf": "application/pdf",
    "png": "image/png", "svg": "image/svg+xml", "txt": "text/plain; charset=utf-8", "webp": "image/webp",
    "jpg": "image/jpeg", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}  # fmt: skip


@dataclass
class Publication:
    """What publishing did."""

    place: str
    n_sent: int = 0
    n_bytes: int = 0
    n_same: int = 0
    n_removed: int = 0
    index: str = ""
    """Where to begin reading."""


def media_type(name: str) -> str:
    """What a browser is told that a file is."""
    return _TYPES.get(name.rsplit(".", 1)[-1].lower(), "application/octet-stream")


def publish(
    reports: Iterable[ReportSet],
    others: Iterable[ReportSet],
    address: str,
    *,
    home: Path,
    endpoint: str = "",
    plain_hosts: Iterable[str] = (),
    internal: bool = False,
    as_zip: bool = False,
) -> Publication:
    """Put sets and an index where `address` says: a folder (relative to `home`), or s3://bucket/prefix.

    Parameters
    ----------
    others
        Sets of this home that may have been published before; those that were stay in the index.
    internal
        Executed notebooks and manifests too, which hold code, parameters and hashes.
    as_zip
        Each set as one zip with an index of its own.
    """
    sets = list(reports)
    if "://" in address:
        named = ("publish_to", "publish_endpoint")
        store = open_store(address, endpoint, home=home, plain_hosts=list(plain_hosts), named=named)
        shelf: _Shelf = _BucketShelf(store)
    else:
        folder = (home / Path(address).expanduser()).resolve()
        _apart(folder, sets)
        shelf = _FolderShelf(folder)
    if as_zip:
        for report in sets:
            with unchanged(report):
                shelf.put(f"{report.key.replace('/', '-')}.zip", bundled(report))
        return shelf.done
    for report in sets:
        with unchanged(report):
            shelf.put_set(report.key, report.files(internal=internal))
    keys = {report.key for report in sets}
    there = [o for o in others if o.key not in keys and shelf.has(o.key)]
    for name, page in indexes([*sets, *there]).items():
        shelf.put(name, page)
        shelf.done.index = shelf.done.index or f"{shelf.done.place}/{name}"
    shelf.remove_leftovers()
    return shelf.done


class _Shelf:
    """What a folder and a bucket have in common as places to read reports."""

    def __init__(self, place: str) -> None:
        self.done = Publication(place)
        self.leftovers: list[str] = []

    def put(self, name: str, data: bytes) -> None:
        raise NotImplementedError

    def put_set(self, key: str, files: Mapping[str, Path]) -> None:
        raise NotImplementedError

    def has(self, key: str) -> bool:
        raise NotImplementedError

    def remove_leftovers(self) -> None:
        raise NotImplementedError


class _BucketShelf(_Shelf):
    def __init__(self, store: Store) -> None:
        super().__init__(store.place)
        self.store = store
        self.entries: dict[str, Entry] | None = None

    def put(self, name: str, data: bytes) -> None:
        self._put(name, data, "")

    def put_set(self, key: str, files: Mapping[str, Path]) -> None:
        before = _files_of(self.store.get(f"{key}/{PUBLISHED}")) if self.has(key) else {}
        hashes = {}
        # Pages last: what they show or lead to lies there before them.
        for name in sorted(files, key=lambda n: (n.endswith(".html"), n)):
            data = files[name].read_bytes()
            hashes[name] = hashlib.sha256(data).hexdigest()
            self._put(f"{key}/{name}", data, before.get(name, ""))
        self._put(f"{key}/{PUBLISHED}", _said(key, hashes), "")
        self.leftovers += [f"{key}/{name}" for name in before if name not in files]

    def has(self, key: str) -> bool:
        return f"{key}/{PUBLISHED}" in self._there()

    def remove_leftovers(self) -> None:
        for name in self.leftovers:
            if name in self._there():
                self.store.delete(name)
                self.done.n_removed += 1

    def _put(self, name: str, data: bytes, known: str) -> None:
        """`known` is the hash under which it was published before: the store's own digest may be another one."""
        entry = self._there().get(name)
        same = entry is not None and entry.size == len(data)
        if same and (known == hashlib.sha256(data).hexdigest() or self.store.holds(name, data, entry=entry)):
            self.done.n_same += 1
            return
        self.store.put(name, data, media_type=media_type(name))
        self.done.n_sent += 1
        self.done.n_bytes += len(data)

    def _there(self) -> dict[str, Entry]:
        if self.entries is None:
            self.entries = {entry.key: entry for entry in self.store.entries()}
        return self.entries


class _FolderShelf(_Shelf):
    """A folder for others to read: files with the permissions that the user's umask gives, sets swapped in whole."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self.folder = folder
        self.umask = users_umask()

    def put(self, name: str, data: bytes) -> None:
        target = self.folder / name
        with _told(target):
            if target.is_file() and target.read_bytes() == data:
                self.done.n_same += 1
                return
            self._folder(target.parent)
            building = target.with_name(f".building-{target.name}-{os.getpid()}")
            try:
                building.write_bytes(data)
                building.chmod(0o666 & ~self.umask)
                with building.open("rb") as f:
                    os.fsync(f.fileno())
                building.replace(target)
            finally:
                building.unlink(missing_ok=True)
        self.done.n_sent += 1
        self.done.n_bytes += len(data)

    def put_set(self, key: str, files: Mapping[str, Path]) -> None:
        final = self.folder / key
        hashes = {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items()}
        with _told(final):
            before = _files_of((final / PUBLISHED).read_bytes()) if self.has(key) else {}
            same = {n for n, h in hashes.items() if _hash_of(final / n) == h}
            self.done.n_same += len(same)
            if same == hashes.keys() and before == hashes:
                return
            self._folder(final.parent)
            with replaced(final) as building:
                building.chmod(0o777 & ~self.umask)
                self._carry_over(final, building, before)
                for name in sorted(files):
                    self._copy(files[name], building / name)
                    if name not in same:
                        self.done.n_sent += 1
                        self.done.n_bytes += files[name].stat().st_size
                (building / PUBLISHED).write_bytes(_said(key, hashes))
                (building / PUBLISHED).chmod(0o666 & ~self.umask)
        self.done.n_removed += len(before.keys() - hashes.keys())

    def has(self, key: str) -> bool:
        return (self.folder / key / PUBLISHED).is_file()

    def remove_leftovers(self) -> None:
        """They went with the folder that was swapped out."""

    def _carry_over(self, final: Path, building: Path, before: Mapping[str, str]) -> None:
        """What others have put beside a set stays; what we have put there is put there anew."""
        for file in sorted(final.rglob("*")) if final.is_dir() else ():
            name = file.relative_to(final).as_posix()
            if file.is_file() and name not in before and name != PUBLISHED:
                self._copy(file, building / name)

    def _copy(self, file: Path, target: Path) -> None:
        self._folder(target.parent)
        shutil.copyfile(file, target)
        target.chmod(0o666 & ~self.umask)

    def _folder(self, folder: Path) -> None:
        for each in reversed([folder, *folder.parents]):
            if not each.exists():
                each.mkdir(exist_ok=True)
                each.chmod(0o777 & ~self.umask)


class _told:
    """An error of the file system in a line."""

    def __init__(self, where: Path) -> None:
        self.where = where

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: object, _trace: object) -> None:
        if isinstance(error, OSError):
            raise WorkbenchError(
                f"{self.where}: {error.strerror}. Mend the folder's permissions, make space, or name another."
            ) from error


def _apart(folder: Path, sets: Iterable[ReportSet]) -> None:
    for report in sets:
        own = report.folder.resolve().parents[report.key.count("/")]
        if folder == own or own in folder.parents:
            raise UsageError(f"{folder} lies in {own}, where reports are made. Publish into another folder.")


def _said(key: str, hashes: Mapping[str, str]) -> bytes:
    said: dict[str, Any] = {"format": _FORMAT, "set": key, "files": dict(sorted(hashes.items()))}
    return (json.dumps(said, indent=1, ensure_ascii=False) + "\n").encode()


def _files_of(text: bytes) -> dict[str, str]:
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        return {str(name): str(h) for name, h in json.loads(text)["files"].items()}
    return {}


def _hash_of(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""
