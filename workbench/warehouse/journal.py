"""Recorded rows: appended line by line by any process or thread, sealed into batches by the loader.

Each process writes to a segment of its own. An append holds the segment's lock, writes whole lines and
flushes them to the disk before it returns. The loader takes the same lock to move a segment out of the
way; the next append starts a new one. A line without its end was never acknowledged and is dropped.
"""

from __future__ import annotations

import json
import os
import threading
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

import duckdb
import filelock

from .batches import content_hash, file_sha256, write_batch
from .staging import quoted, text
from .tables import TABLES

FOLDER = ".journal"


class Segment:
    """This process's open end of one inbox's journal. Safe for threads; a fork gets its own."""

    def __init__(self, inbox: Path) -> None:
        self.folder = inbox / FOLDER
        self._threads = threading.Lock()
        self._start()

    def _start(self) -> None:
        self._process = os.getpid()
        self._name = f"{self._process}-{uuid.uuid4().hex}"
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def append(self, table: str, rows: Sequence[dict[str, object]]) -> None:
        """Write rows durably: when this returns, they are on the disk."""
        lines = "".join(json.dumps({"t": table, "r": row}, ensure_ascii=False) + "\n" for row in rows)
        with self._threads:
            if self._process != os.getpid():
                self._start()
            with filelock.FileLock(self.folder / f"{self._name}.lock", mode=0o600):
                handle = os.open(
                    self.folder / f"{self._name}.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, mode=0o600
                )
                try:
                    data = lines.encode()
                    while data:
                        data = data[os.write(handle, data) :]
                    os.fsync(handle)
                finally:
                    os.close(handle)


def seal(inbox: Path) -> list[Path]:
    """Make batches of everything recorded so far; returns their folders. The loader's lock is held."""
    folder = inbox / FOLDER
    if not folder.is_dir():
        return []
    for segment in folder.glob("*.jsonl"):
        with filelock.FileLock(segment.with_suffix(".lock"), mode=0o600):
            segment.rename(segment.with_name(f"{segment.stem}-{uuid.uuid4().hex[:8]}.sealed"))
    _forget_locks(folder)
    made = []
    for sealed in sorted(folder.glob("*.sealed")):
        batch = _batch(inbox, sealed)
        if batch:
            made.append(batch)
        sealed.unlink()
    return made


def _batch(inbox: Path, sealed: Path) -> Path | None:
    whole = sealed.read_bytes()
    end = whole.rfind(b"\n") + 1
    if end != len(whole):
        os.truncate(sealed, end)
    if end == 0:
        return None
    con = duckdb.connect()
    try:
        con.execute("SET TimeZone = 'UTC'")
        con.execute("SET enable_progress_bar = false")
        con.execute(
            "CREATE TABLE lines AS SELECT t, r, row_number() OVER () AS n FROM read_json("
            f"{text(str(sealed))}, format = 'newline_delimited', columns = {{t: 'VARCHAR', r: 'JSON'}}, "
            f"maximum_object_size = {max(end + 1, 1 << 24)})"
        )
        queries = {}
        for name in TABLES:
            keys = con.execute(
                "SELECT DISTINCT unnest(json_keys(r)) AS k FROM lines WHERE t = ? ORDER BY k", [name]
            ).fetchall()
            if keys:
                columns = ", ".join(f"r ->> {text('$.' + json.dumps(k))} AS {quoted(k)}" for (k,) in keys)
                queries[name] = f"SELECT {columns}, n AS source_row FROM lines WHERE t = {text(name)} ORDER BY n"
        newest = con.execute("SELECT max(TRY_CAST(r ->> 'seen_at' AS TIMESTAMP)) FROM lines").fetchone()
        assert newest is not None
        return write_batch(
            inbox,
            con,
            queries,
            source="record",
            content=content_hash("record", file_sha256(sealed)),
            captured_at=newest[0],
        )
    finally:
        con.close()


def _forget_locks(folder: Path) -> None:
    """Locks of segments that nobody has written to for a day."""
    for lock in folder.glob("*.lock"):
        try:
            if lock.stat().st_mtime < time.time() - 86_400:
                lock.unlink()
        except OSError:
            continue
