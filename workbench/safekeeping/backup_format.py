"""What a backup looks like where it is kept.

    blobs/ab/abcd...        parts of files, named by their content: what did not change is not sent again
    backups/TIME-HASH.json  one for each backup, written last; HASH is its own text's

The text lists every part with its size and SHA-256 as it is stored, and names the parts that together hold the list
of files. In an encrypted backup parts and list are sealed, and parts are named by a keyed hash that tells nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import PurePosixPath
from typing import Any

from ..errors import UsageError, WorkbenchError
from ..stores import Store

FORMAT = 1
BACKUPS, BLOBS = "backups", "blobs"
PART_BYTES = 2**20
HEAD_BYTES = 12_288
"""DuckDB's three headers, which change with each version: a part of their own."""

_KEY = re.compile(rf"{BACKUPS}/(\d{{8}}T\d{{6}}\.\d{{6}}Z)-([0-9a-f]{{16}})\.json")


class DamagedError(WorkbenchError):
    """What lies there is not what was sent."""


@dataclass(frozen=True)
class Named:
    """A backup as a listing tells it."""

    backup_id: str
    """When it was made, as 20261121T213000.123456Z."""
    key: str

    @property
    def digest(self) -> str:
        match = _KEY.fullmatch(self.key)
        return match[2] if match else ""


@dataclass(frozen=True, kw_only=True)
class Head:
    """What is told of a backup without opening it."""

    made_at: str
    workbench: str
    encryption: str
    """`none`, or `age`."""
    version: int | None
    """Of the warehouse; None where nothing was loaded yet."""
    n_files: int
    n_bytes: int
    listing: Sequence[str]
    """Parts of the list of files, in order."""
    blobs: Mapping[str, Sequence[Any]]
    """Part -> its size and SHA-256 as stored."""
    home: str = ""
    """The id of the home it is of; empty in older ones."""
    format: int = FORMAT

    def text(self) -> bytes:
        return (json.dumps(asdict(self), sort_keys=True) + "\n").encode()


@dataclass(frozen=True)
class KeptFile:
    """One file of a backup."""

    path: str
    """From the home on."""
    size: int
    sha256: str
    mtime_ns: int
    parts: Sequence[str]


@dataclass(frozen=True)
class Listing:
    """What is in a backup, and what is not."""

    files: Sequence[KeptFile]
    tables: Mapping[str, int] = field(default_factory=dict)
    """Rows of each table of the newest version, as they were counted when the backup was made."""
    left_out: Sequence[str] = ()
    """Sentences on what is missing from it by intent."""

    def text(self) -> bytes:
        return json.dumps(asdict(self)).encode()


def key_of(made_at: str, head: bytes) -> str:
    return f"{BACKUPS}/{made_at}-{hashlib.sha256(head).hexdigest()[:16]}.json"


def backups_in(store: Store) -> list[Named]:
    """All backups of a place, oldest first."""
    found = (_KEY.fullmatch(entry.key) for entry in store.entries(BACKUPS))
    return sorted((Named(m[1], m[0]) for m in found if m), key=lambda b: b.backup_id)


def chosen(store: Store, at: str | None) -> Named:
    """The newest backup, or the one whose id begins so. Raises UsageError where there is none."""
    known = backups_in(store)
    if not known:
        raise UsageError(f"There is no backup in {store.place}. A broken-off one does not count.")
    if at is None:
        return known[-1]
    meant = [b for b in known if b.backup_id.startswith(at)]
    if len(meant) != 1:
        what = "No backup is" if not meant else f"{len(meant)} backups are"
        listed = ", ".join(b.backup_id for b in known[-5:])
        raise UsageError(f"{what} of '{at}' in {store.place}. The newest: {listed}.")
    return meant[0]


def read_head(store: Store, named: Named) -> Head:
    """Raises DamagedError for one that is not what was written, WorkbenchError for one of a newer workbench."""
    data = store.get(named.key)
    where = f"{store.place}/{named.key}"
    if hashlib.sha256(data).hexdigest()[:16] != named.digest:
        raise DamagedError(f"{where} is damaged: its content has another hash. Use another backup (--at).")
    entries = json.loads(data)
    if entries.get("format") != FORMAT:
        raise WorkbenchError(
            f"{where} is of format {entries.get('format')}, and this workbench reads {FORMAT}. Update the workbench."
        )
    known = {f.name for f in fields(Head)}
    return Head(**{name: value for name, value in entries.items() if name in known})


def read_listing(data: bytes) -> Listing:
    """The list of files; WorkbenchError for a path that leads out of a home."""
    entries = json.loads(data)
    files = [KeptFile(**entry) for entry in entries.pop("files")]
    for file in files:
        path = PurePosixPath(file.path)
        strange = re.search(r"[\x00-\x1f\\]", file.path)
        if path.is_absolute() or ".." in path.parts or not path.parts or strange:
            raise WorkbenchError(
                f"The backup names {file.path!r}, which lies in no home. Nothing was restored."
            )
    return Listing(files, **entries)


def part_sizes(path: str) -> Iterator[int]:
    """How many bytes each part of a file has at most."""
    if path.endswith(".duckdb"):
        yield HEAD_BYTES
    while True:
        yield PART_BYTES
