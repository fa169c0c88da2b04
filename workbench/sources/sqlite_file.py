"""SQLite files: each of the file's tables, as text, in an in-memory DuckDB.

The file is read through ADBC's SQLite driver, which needs no DuckDB extension. Nothing is ever
written to it or beside it.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import adbc_driver_manager
import adbc_driver_sqlite.dbapi
import duckdb
import ibis
import pyarrow as pa
from ibis.backends.duckdb import Backend

from ..errors import SourceError
from ..sql_words import quoted
from ..warehouse.scratch import scratch

_MOST_BYTES = 1 << 26
"""Of one value that is computed."""
_MAGIC = b"SQLite format 3\0"
_ROW_IDS = ("rowid", "_rowid_", "oid")
# quick_check also tells of rows that break a NOT NULL or CHECK rule: such a file reads right.
_HARMLESS = ("NULL value in ", "CHECK constraint failed", "NUMERIC value in ", "TEXT value in ")


def open_sqlite(path: Path, con: Backend) -> dict[str, ibis.Table]:
    """The tables of a SQLite file by their own names.

    Every column is text: whole numbers without a fraction, as exact as SQLite has them, bytes
    (BLOB) as hexadecimal digits, empty text as NULL; the types that SQLite guesses from a column's
    first rows are never used. `source_row` [from 1] follows the order in which rows were inserted
    (a column of that name in the file becomes `file_source_row`).

    Raises SourceError for a file that is not SQLite, is damaged, locked or holds no rows.
    """
    _check_header(path)
    with _readable(path) as uri:
        layout = _layout(path, uri)
        tables = {
            name: _loaded(path, uri, con, name, columns, order) for name, (columns, order) in layout.items()
        }
    if not any(con.con.table(t.get_name()).limit(1).fetchall() for t in tables.values()):
        raise SourceError(
            f"{path} is a SQLite file without a single row ({len(tables)} tables): there is nothing "
            "to import. Check that this is the file that the tracker writes to."
        )
    return tables


def _check_header(path: Path) -> None:
    size = path.stat().st_size
    with path.open("rb") as f:
        header = f.read(100)
    if not header:
        raise SourceError(f"{path} is empty (0 bytes). Export or copy it again.")
    if not header.startswith(_MAGIC):
        text = header[:16].decode("latin-1").encode("unicode_escape").decode()
        raise SourceError(
            f"{path} is not a SQLite file: it begins with '{text}', not with 'SQLite format 3'. "
            "If it is encrypted, save a decrypted copy and import that; if it is another kind of "
            "file, give it its right ending."
        )
    page = int.from_bytes(header[16:18], "big")
    page = 65536 if page == 1 else page
    # The page count is only valid if it was written by the last change.
    pages = int.from_bytes(header[28:32], "big") if header[24:28] == header[92:96] else 0
    if len(header) < 100 or (size < page * pages and not _beside(path)):
        raise SourceError(
            f"{path} is cut off: {size:,} bytes are there, {max(100, page * pages):,} belong to it. "
            "Copy it again, with the program that writes it closed."
        )


def _beside(path: Path) -> list[Path]:
    """What SQLite has not yet merged into the file: a write-ahead log, a journal to roll back."""
    found = [path.with_name(path.name + ending) for ending in ("-wal", "-journal")]
    return [p for p in found if p.is_file() and p.stat().st_size]


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[str]:
    """An URI under which the file can be read without touching its folder."""
    pending = _beside(path)
    if not pending:
        with path.open("rb") as f:
            f.seek(18)
            in_wal_mode = f.read(1) == b"\x02"
        # Reading a file in WAL mode makes files beside it, unless it is declared immutable.
        yield path.resolve().as_uri() + ("?mode=ro&immutable=1" if in_wal_mode else "?mode=ro")
        return
    with tempfile.TemporaryDirectory(prefix="sqlite-", dir=scratch()) as folder:
        for attempt in range(5):
            before = [_stamp(p) for p in (path, *pending)]
            for p in (path, *pending):
                shutil.copyfile(p, Path(folder) / p.name)
            if before == [_stamp(p) for p in (path, *pending)]:
                break
            if attempt == 4:
                raise SourceError(
                    f"{path} is being written to at this moment. Close the program that writes it, "
                    "then import it again."
                )
        yield (Path(folder) / path.name).as_uri()


def _stamp(path: Path) -> tuple[int, int] | None:
    if not path.exists():
        return None
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns


def _layout(path: Path, uri: str) -> dict[str, tuple[list[str], str]]:
    """Table name -> its columns, and the ORDER BY that gives the order of insertion."""
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=5)) as con:
            lines = "\n".join(row[0] for row in con.execute("PRAGMA quick_check(5)")).splitlines()
            faults = [line for line in lines if not line.startswith(("ok", "***", *_HARMLESS))]
            if faults:
                raise SourceError(
                    f"{path} is damaged: {faults[0]}. Copy it again, or save what can be saved with "
                    "sqlite3's .recover and import that."
                )
            names = [
                row[0]
                for row in con.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' "
                    "ESCAPE '!' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY rowid"
                )
            ]
            con.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_BYTES)
            for name in names:
                _refuse_grown(path, con, name)
            return {name: _columns(con, name) for name in names}
    except sqlite3.Error as e:
        locked = "locked" in str(e) or "busy" in str(e)
        raise SourceError(
            f"{path} can't be read by SQLite: {e}. "
            + (
                "Close the program that writes it, then import it again."
                if locked
                else "It is damaged or encrypted: copy it again, or save a decrypted copy."
            )
        ) from e


def _refuse_grown(path: Path, con: sqlite3.Connection, table: str) -> None:
    """Raise for a column that is computed when read, and of what no file holds: it could be of any size."""
    for _, column, *_, hidden in con.execute(f"PRAGMA table_xinfo({quoted(table)})").fetchall():
        if hidden in (2, 3):
            try:
                con.execute(f"SELECT max(length({quoted(column)})) FROM {quoted(table)}").fetchall()
            except sqlite3.Error as e:
                raise SourceError(
                    f"{path}, table '{table}', column '{column}' is computed when it is read, and can't be: {e}. "
                    "Import a copy without that column."
                ) from e


def _columns(con: sqlite3.Connection, table: str) -> tuple[list[str], str]:
    info = con.execute(f"PRAGMA table_xinfo({quoted(table)})").fetchall()
    columns = [name for _, name, *_, hidden in info if hidden != 1]
    taken = {name.lower() for name in columns}
    row_id = next((name for name in _ROW_IDS if name not in taken), None)
    try:
        con.execute(f"SELECT {row_id} FROM {quoted(table)} LIMIT 1")
    except sqlite3.OperationalError:  # WITHOUT ROWID: such a table has a primary key
        row_id = None
    keys = [quoted(name) for _, name, *_, rank, hidden in info if rank and hidden != 1]
    return columns, row_id or ", ".join(keys)


def _loaded(path: Path, uri: str, con: Backend, name: str, columns: list[str], order: str) -> ibis.Table:
    over = f"ORDER BY {order}" if order else ""
    values = ", ".join(f"{_text(c)} AS {quoted(c)}" for c in columns if c.lower() != "source_row")
    values += "".join(f", {_text(c)} AS file_source_row" for c in columns if c.lower() == "source_row")
    query = (
        f"SELECT row_number() OVER ({over}) AS source_row, {values.removeprefix(', ')} FROM {quoted(name)}"
    )
    target = ibis.util.gen_name("sqlite")
    batches = f"{target}_batches"
    faults: list[str] = []
    try:
        with adbc_driver_sqlite.dbapi.connect(uri) as lite, lite.cursor() as cursor:
            cursor.execute(query)
            reader = cursor.fetch_record_batch()
            named = [f.name for f in reader.schema][1:]
            nullified = ", ".join(f"nullif({quoted(c)}::VARCHAR, '') AS {quoted(c)}" for c in named)
            valid = pa.RecordBatchReader.from_batches(reader.schema, _valid(reader, faults))
            con.con.register(batches, valid)
            con.raw_sql(f"CREATE TABLE {target} AS SELECT source_row, {nullified} FROM {batches}")
    except (adbc_driver_manager.Error, duckdb.Error) as e:
        if faults:
            raise SourceError(
                f"{path}, table '{name}', {faults[0]} is text that is not UTF-8. Find out which encoding "
                "wrote it, correct it there, and import the file again."
            ) from e
        raise SourceError(
            f"{path}, table '{name}' can't be read: {str(e).splitlines()[0]}. Copy the file again."
        ) from e
    finally:
        con.con.unregister(batches)
    return con.table(target)


def _valid(batches: pa.RecordBatchReader, faults: list[str]) -> Iterator[pa.RecordBatch]:
    """The batches, checked: SQLite takes any bytes for text, and DuckDB would believe it."""
    for batch in batches:
        for column, values in zip(batch.schema.names, batch.columns, strict=True):
            try:
                values.validate(full=True)
            except pa.ArrowInvalid as e:
                place = re.search(r"string index (\d+)", str(e))
                row = batch.column(0)[int(place[1])].as_py() if place else "?"
                faults.append(f"column '{column}', row {row}")
                raise
        yield batch


def _text(column: str) -> str:
    """SQL for one value as text, never NULL: from a batch of NULLs ADBC would infer numbers."""
    c = quoted(column)
    whole = f"abs({c}) <= 9007199254740992 AND {c} = CAST({c} AS INTEGER)"
    return (
        f"CASE typeof({c}) WHEN 'text' THEN {c} WHEN 'null' THEN '' WHEN 'blob' THEN hex({c}) "
        f"WHEN 'real' THEN CASE WHEN {whole} THEN CAST(CAST({c} AS INTEGER) AS TEXT) "
        f"ELSE CAST({c} AS TEXT) END ELSE CAST({c} AS TEXT) END"
    )
