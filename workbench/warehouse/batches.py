"""Batches: folders of Parquet with a manifest, written by anybody at any time, read by `load`.

A batch becomes visible by one rename, so a half-written one is never seen. Its id is its content's
hash, so the same content written twice is one batch.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import stat
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from ..errors import WorkbenchError, naming
from ..sql_words import text as literal
from ..whole_files import fsync
from .private import hidden_addresses
from .tables import TABLES

MANIFEST_FORMAT = 1
_BUILDING = ".building-"
_GONE = ".gone-"
_LEFT_SECONDS = 3600.0
"""Age from which an unfinished batch is taken for left behind where folders can't be locked."""
_MOST_BYTES = 1 << 24
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)?", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a batch says of itself. Instants are ISO text in UTC."""

    batch_id: str
    source: str
    captured_at: str
    """When the information was captured; rows may carry a `seen_at` of their own."""
    content_hash: str
    tables: Mapping[str, Mapping[str, Any]]
    """Table name -> {file, rows, sha256}."""
    created_at: str
    entity: str | None = None
    window_from: str | None = None
    window_to: str | None = None
    file_name: str | None = None
    file_sha256: str | None = None
    notes: Sequence[str] = field(default_factory=tuple)
    format: int = MANIFEST_FORMAT


def content_hash(*parts: object) -> str:
    """A hash that names content: of a file's digest, the reader's name and version, its options."""
    return hashlib.sha256(json.dumps(parts, default=str, sort_keys=True).encode()).hexdigest()


def file_sha256(path: Path) -> str:
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def write_batch(
    inbox: Path,
    con: duckdb.DuckDBPyConnection,
    queries: Mapping[str, str],
    *,
    source: str,
    content: str,
    captured_at: datetime,
    file_name: str | None = None,
    digest: str | None = None,
    entity: str | None = None,
    window: tuple[datetime, datetime] | None = None,
    notes: Sequence[str] = (),
    created_at: datetime | None = None,
) -> Path:
    """Write one batch and return its folder.

    Parameters
    ----------
    con
        The connection that the queries run on (not the warehouse's).
    queries
        Table name -> SELECT that yields its rows: any of the table's columns, typed or as text, plus
        `seen_at` and `source_row`. Columns of type NULL and tables without rows are left out.
    content
        The content hash (see `content_hash`); its first 32 digits are the batch's id.
    captured_at
        When the information was captured; naive is UTC.
    created_at
        When the batch was made, if that was not now.
    """
    unknown = set(queries) - set(TABLES)
    if unknown:
        raise WorkbenchError(f"A batch of {source} names tables that don't exist: {sorted(unknown)}.")
    batch_id = content[:32]
    final = inbox / batch_id
    if final.is_dir():
        return final
    inbox.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _building(inbox, batch_id) as building:
        tables: dict[str, dict[str, Any]] = {}
        for name, query in queries.items():
            if name == "app_events":
                query = hidden_addresses(con, query, inbox.parent)
            file = building / f"{name}.parquet"
            # Fast to write and to read back once; the archive uses zstd.
            row = con.execute(
                f"COPY ({query}) TO {literal(str(file))} (FORMAT parquet, COMPRESSION lz4_raw)"
            ).fetchone()
            rows = int(row[0]) if row else 0
            if rows == 0:
                file.unlink()
                continue
            tables[name] = {"file": file.name, "rows": rows, "sha256": file_sha256(file)}
            file.chmod(0o600)
            fsync(file)
        manifest = Manifest(
            batch_id=batch_id,
            source=source,
            captured_at=utc_text(captured_at),
            content_hash=content,
            tables=tables,
            created_at=utc_text(created_at or datetime.now(UTC)),
            entity=entity,
            window_from=utc_text(window[0]) if window else None,
            window_to=utc_text(window[1]) if window else None,
            file_name=file_name,
            file_sha256=digest,
            notes=tuple(notes),
        )
        text = json.dumps(asdict(manifest), indent=1, ensure_ascii=False)
        with naming(building / "manifest.json"):
            (building / "manifest.json").touch(mode=0o600)
        (building / "manifest.json").write_text(text, encoding="utf-8")
        fsync(building / "manifest.json")
        fsync(building)
        try:
            building.rename(final)
        except OSError:
            if not final.is_dir():  # else another process wrote the same content first
                raise
    fsync(inbox)
    return final


@contextmanager
def _building(inbox: Path, batch_id: str) -> Iterator[Path]:
    """A hidden folder to write a batch in, locked while its writer lives: so `sweep` knows what was left."""
    while True:
        folder = inbox / f"{_BUILDING}{batch_id}-{uuid.uuid4().hex[:8]}"
        folder.mkdir(mode=0o700)
        try:
            handle = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:
            continue  # swept before it was locked
        with suppress(OSError):  # a file system without locks: what is left there goes by its age
            fcntl.flock(handle, fcntl.LOCK_EX)
        if folder.is_dir():
            break
        os.close(handle)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def clear(folders: Iterable[Path]) -> None:
    """Take batches out of the inbox, each in one step: nobody sees half of one."""
    for folder in folders:
        gone = folder.with_name(f"{_GONE}{folder.name}-{uuid.uuid4().hex[:8]}")
        with suppress(OSError):
            folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


def sweep(inbox: Path) -> None:
    """Remove what killed writers and loads have left in an inbox. The loader's lock is held."""
    for left in inbox.glob(f"{_BUILDING}*"):
        with _unless_written(left) as is_left:
            if is_left:
                shutil.rmtree(left, ignore_errors=True)
    for left in inbox.glob(f"{_GONE}*"):
        shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _unless_written(building: Path) -> Iterator[bool]:
    """Whether nobody makes this batch any more; nobody begins to, within the block. Who makes it holds its lock."""
    try:
        handle = os.open(building, os.O_RDONLY)
    except OSError:
        yield False
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    except OSError:
        yield time.time() - os.fstat(handle).st_mtime > _LEFT_SECONDS
    else:
        yield True
    finally:
        os.close(handle)


def utc_text(instant: datetime) -> str:
    """ISO text of an instant in UTC without a zone; a naive one is taken as UTC."""
    if instant.tzinfo is not None:
        instant = instant.astimezone(UTC).replace(tzinfo=None)
    return instant.isoformat(sep=" ")


def utc_now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a batch. Raises WorkbenchError if it is missing, damaged or of a newer format."""
    file = folder / "manifest.json"
    try:
        status = os.stat(file)
        if folder.is_symlink() or not stat.S_ISREG(status.st_mode):
            raise ValueError("it is no plain file in a plain folder")
        if status.st_size > _MOST_BYTES:
            raise ValueError(f"it has {status.st_size:,} bytes, where {_MOST_BYTES:,} are the most")
        entries = json.loads(file.read_text(encoding="utf-8"))
        if entries.get("format", 0) > MANIFEST_FORMAT:
            raise WorkbenchError(
                f"{folder}: written by a newer workbench (manifest format {entries['format']}, "
                f"this one reads {MANIFEST_FORMAT}). Update the workbench."
            )
        manifest = Manifest(**entries)
        _check(manifest, folder)
        return manifest
    except (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError) as e:
        raise WorkbenchError(f"{file} can't be read as a manifest: {e}. Import the source again.") from e


def _check(manifest: Manifest, folder: Path) -> None:
    """Raise what a value of the wrong kind raises when it is used."""
    if manifest.batch_id != folder.name:
        raise ValueError(f"it is of batch {manifest.batch_id}")
    for entry in manifest.tables.values():
        if (
            not isinstance(entry["file"], str)
            or not isinstance(entry["sha256"], str)
            or int(entry["rows"]) < 0
        ):
            raise ValueError("a table's file, rows or sha256 are of the wrong type")
    texts = {name: getattr(manifest, name) for name in ("source", "content_hash")}
    optional = {name: getattr(manifest, name) for name in ("entity", "file_name", "file_sha256")}
    texts |= {name: value for name, value in optional.items() if value is not None}
    if not isinstance(manifest.notes, (list, tuple)):
        raise ValueError("notes is no list of texts")
    texts |= {f"note {n}": note for n, note in enumerate(manifest.notes, 1)}
    for name, value in texts.items():
        if not isinstance(value, str):
            raise ValueError(f"{name} is no text")
        value.encode()
    window = (manifest.window_from, manifest.window_to)
    for instant in (
        manifest.captured_at,
        manifest.created_at,
        *(edge for edge in window if edge is not None),
    ):
        if not _INSTANT.fullmatch(instant):
            raise ValueError(f"{instant[:40]!r} is no instant in UTC such as 2025-03-31 18:05:00")
        datetime.fromisoformat(instant)


def waiting(inbox: Path) -> list[Path]:
    """Batches in the inbox, oldest first."""
    if not inbox.is_dir():
        return []
    found = []
    for folder in inbox.iterdir():
        with suppress(FileNotFoundError):  # a load took it meanwhile
            if folder.is_dir() and not folder.name.startswith("."):
                found.append((folder.stat().st_mtime_ns, _named_in_text(folder)))
    return [folder for _, folder in sorted(found)]


def _named_in_text(folder: Path) -> Path:
    """The folder, renamed where its name is not UTF-8: nothing could be said of it."""
    readable = folder.name.encode("utf-8", "backslashreplace").decode()
    return folder if readable == folder.name else folder.rename(folder.with_name(readable))
