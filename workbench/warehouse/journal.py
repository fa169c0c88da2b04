"""Recorded rows: appended line by line by any process or thread, sealed into batches by the loader.

Each process writes to a segment of its own. An append holds the segment's lock, writes whole lines and
flushes them to the disk before it returns. The loader takes the same lock to move a segment out of the
way; the next append starts a new one. A line without its end was never acknowledged and is dropped.
"""

from __future__ import annotations

import json
import os
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import filelock

from ..errors import machine_trouble, naming
from ..sql_words import quoted, text
from ..whole_files import fsync
from .batches import content_hash, file_sha256, write_batch
from .scratch import scratch
from .tables import TABLES

FOLDER = ".journal"


class Segment:
    """One process's open end of an inbox's journal. Safe for threads, not to be shared by a fork."""

    def __init__(self, inbox: Path) -> None:
        self._folder = inbox / FOLDER
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._name = f"{os.getpid()}-{uuid.uuid4().hex}"
        self._threads = threading.Lock()

    def append(self, table: str, rows: Sequence[dict[str, object]]) -> None:
        """Write rows durably: when this returns, they are on the disk."""
        lines = (
            json.dumps({"t": table, "r": row}, ensure_ascii=False, allow_nan=False) + "\n" for row in rows
        )
        data = "".join(lines).encode()
        with self._threads, self._locked():
            file = self._folder / f"{self._name}.jsonl"
            is_new = not file.exists()
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, mode=0o600)
            try:
                with naming(file):
                    _write(handle, data)
            finally:
                os.close(handle)
            if is_new:
                fsync(self._folder)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = self._folder / f"{self._name}.lock"
        while True:
            with filelock.FileLock(lock, mode=0o600):
                if lock.exists():
                    yield
                    return
            # Else the loader took it away while we waited: whoever comes next would not see ours.


def _write(handle: int, data: bytes) -> None:
    """Append all of it, or nothing: a part of a line would spoil the next one."""
    whole = os.fstat(handle).st_size
    try:
        while data:
            data = data[os.write(handle, data) :]
        os.fsync(handle)
    except BaseException:
        os.ftruncate(handle, whole)
        raise


def seal(inbox: Path) -> list[Path]:
    """Make batches of everything recorded so far; returns the files that can't be read, set aside.

    The loader's lock is held.
    """
    folder = inbox / FOLDER
    if not folder.is_dir():
        return []
    for segment in folder.glob("*.jsonl"):
        lock = segment.with_suffix(".lock")
        with filelock.FileLock(lock, mode=0o600):
            segment.rename(segment.with_name(f"{segment.stem}-{uuid.uuid4().hex[:8]}.sealed"))
            lock.unlink(missing_ok=True)
    _forget_locks(folder)
    damaged = []
    for sealed in sorted(folder.glob("*.sealed")):
        try:
            _batch(inbox, sealed)
        except duckdb.Error as e:
            if machine_trouble(e):
                raise
            damaged.append(sealed.rename(sealed.with_suffix(".damaged")))
        else:
            sealed.unlink()
    return damaged


def _batch(inbox: Path, sealed: Path) -> None:
    whole = sealed.read_bytes()
    lines = whole.split(b"\n")
    if lines[-1]:
        os.truncate(sealed, len(whole) - len(lines[-1]))
    if len(lines) == 1:
        return
    con = duckdb.connect()
    try:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(f"SET temp_directory = {text(str(scratch() / 'spill'))}")
        con.execute("SET enable_progress_bar = false")
        con.execute(
            "CREATE TABLE lines AS SELECT t, r, row_number() OVER () AS n FROM read_json("
            f"{text(str(sealed))}, format = 'newline_delimited', columns = {{t: 'VARCHAR', r: 'JSON'}}, "
            f"maximum_object_size = {max(1 << 24, *(len(line) + 1 for line in lines))})"
        )
        strange = con.execute("SELECT DISTINCT t FROM lines").fetchall()
        if any(t not in TABLES for (t,) in strange):
            # Recorded by a newer workbench: kept until one that knows the table loads it.
            raise duckdb.InvalidInputException("rows of a table that this version does not have")
        queries = {}
        for name in TABLES:
            keys = con.execute(
                "SELECT DISTINCT unnest(json_keys(r)) AS k FROM lines WHERE t = ? ORDER BY k", [name]
            ).fetchall()
            if keys:
                columns = ", ".join(f"r ->> {text('$.' + json.dumps(k))} AS {quoted(k)}" for (k,) in keys)
                queries[name] = (
                    f"SELECT {columns}, n AS source_row FROM lines WHERE t = {text(name)} ORDER BY n"
                )
        newest = con.execute(
            "SELECT max(TRY_CAST(r ->> 'seen_at' AS TIMESTAMPTZ) AT TIME ZONE 'UTC') FROM lines"
        ).fetchone()
        now = datetime.now(UTC).replace(tzinfo=None)
        write_batch(
            inbox,
            con,
            queries,
            source="record",
            content=content_hash("record", file_sha256(sealed)),
            captured_at=min(newest[0], now) if newest and newest[0] else now,
            # The clock may have been set back since.
            created_at=max(newest[0], now) if newest and newest[0] else now,
        )
    finally:
        con.close()


def _forget_locks(folder: Path) -> None:
    """Locks that are left of segments that are not there, unless somebody is about to begin one."""
    for lock in folder.glob("*.lock"):
        try:
            with filelock.FileLock(lock, timeout=0, mode=0o600):
                if not lock.with_suffix(".jsonl").exists():
                    lock.unlink(missing_ok=True)
        except (OSError, filelock.Timeout):
            continue
