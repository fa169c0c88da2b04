"""Months of snapshots that lie in Parquet beside the warehouse's file, read through the tables' own names.

`archive_files` of a version lists the files that belong to it. They are named by their content and never changed: a
newer version refers to others, and a file goes when no kept version refers to it. A row may stand in both places
after late data; then the table's is the newer, and the archived one does not count.

What is read of the archive is what the loader reads of a table: the same rows merge to the same as if no month had
ever been moved.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import ibis

from ..errors import WorkbenchError
from ..sql_words import one_file, quoted, text
from ..whole_files import fsync
from .batches import file_sha256, utc_now
from .staging import Staged, table_types
from .tables import TABLES, Table

ARCHIVED = tuple(t.name for t in TABLES.values() if "captured_at" in t.key)
"""Tables whose old months move."""

_BUILDING = ".building-"


@dataclass(frozen=True)
class ArchiveFile:
    """One month of one table."""

    table_name: str
    month_on: date
    file: str
    """Relative to the archive's folder."""
    rows: int
    sha256: str


def files_of(con: duckdb.DuckDBPyConnection, table: str | None = None) -> list[ArchiveFile]:
    """The archive's files that belong to an open version, in order of table and month."""
    found = con.execute(
        "SELECT 1 FROM duckdb_tables() WHERE table_name = 'archive_files' AND schema_name = 'main' "
        "AND database_name = current_database()"
    ).fetchone()
    if found is None:
        return []  # a version from before there was an archive
    rows = con.execute(
        "SELECT table_name, month_on, file, rows, sha256 FROM archive_files "
        f"WHERE {'true' if table is None else f'table_name = {text(table)}'} ORDER BY ALL"
    ).fetchall()
    return [ArchiveFile(*row) for row in rows]


def with_archive(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Have the connection read archived tables whole: temporary views take their names.

    It can be called again after a change. Writing to those tables needs `without_archive` first.

    Raises WorkbenchError for a file of the archive that is missing or can't be read.
    """
    without_archive(con)
    files = files_of(con)
    _refuse_damaged(con, folder, files)
    if files:
        con.execute("SET parquet_metadata_cache = true")  # they never change
    for name in dict.fromkeys(f.table_name for f in files):
        con.execute(f"CREATE TEMP VIEW {name} AS {_whole(con, folder, TABLES[name], files)}")


def as_stored(found: ibis.Table, name: str) -> ibis.Table:
    """The expression of a table with the types that it has where nothing is archived.

    A view's columns may all be NULL, its table's keys may not; Ibis unites no two tables that differ in that.
    """
    if name not in ARCHIVED:
        return found
    types = {c: t.copy(nullable=t.nullable and c not in TABLES[name].key) for c, t in found.schema().items()}
    return found.op().copy(schema=ibis.schema(types)).to_expr()


def without_archive(con: duckdb.DuckDBPyConnection) -> None:
    """Undo `with_archive`."""
    for name in ARCHIVED:
        con.execute(f"DROP VIEW IF EXISTS temp.main.{name}")


def use(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Tell a writer's connection where its archive lies; `stood`, `leave_out` and `put_month` ask for it.

    Raises WorkbenchError for a file of the archive that is missing or can't be read.
    """
    _refuse_damaged(con, folder, files_of(con))
    con.execute(f"SET VARIABLE archive_folder = {text(str(folder))}")


def stood(con: duckdb.DuckDBPyConnection, staged: Staged) -> str:
    """What holds the rows that stood before for the staged keys: the table, with those of the archive if any.

    Archived rows are read and stay where they are; only what a merge changes goes into the table.
    """
    table = staged.table
    if table.name not in ARCHIVED:
        return table.name
    months = f"SELECT DISTINCT date_trunc('month', captured_at)::DATE FROM {staged.name}"
    named = con.execute(
        f"SELECT file FROM archive_files WHERE table_name = ? AND month_on IN ({months})", [table.name]
    ).fetchall()
    if not named:
        return table.name
    keys = ", ".join(quoted(k) for k in table.key)
    source = _parquet([_folder(con) / file for (file,) in named])
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE recalled AS FROM {source} SEMI JOIN {staged.name} USING ({keys}) "
        f"ANTI JOIN {table.name} USING ({keys})"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW stood_{table.name} AS FROM {table.name} UNION ALL BY NAME FROM recalled"
    )
    return f"stood_{table.name}"


def leave_out(con: duckdb.DuckDBPyConnection, table: str, condition: str, *, back: bool = False) -> int:
    """Write months anew without the archived rows of a condition; returns how many of them only the archive has.

    `back`: they go into the table instead, unless it has their key. The old files stay until they are swept.
    """
    known, gone = TABLES[table], 0
    keys = ", ".join(quoted(k) for k in known.key)
    same = " AND ".join(f"t.{quoted(k)} = a.{quoted(k)}" for k in known.key)
    for file in files_of(con, table):
        source = _parquet([_folder(con) / file.file])
        found = con.execute(
            f"SELECT count(*), count(*) FILTER (NOT EXISTS (FROM {table} t WHERE {same})) "
            f"FROM {source} a WHERE {condition}"
        ).fetchone()
        if not found or not found[0]:
            continue
        gone += int(found[1])
        if back:
            con.execute(
                f"INSERT INTO {table} BY NAME SELECT * FROM {source} ANTI JOIN {table} USING ({keys}) WHERE {condition}"
            )
        put_month(con, table, file.month_on, f"FROM {source} WHERE ({condition}) IS NOT TRUE")
    return gone


def archive_month(con: duckdb.DuckDBPyConnection, table: str, month_on: date) -> int:
    """Move the table's rows of a month into its file, with those that lie there; returns how many were moved."""
    known = TABLES[table]
    keys = ", ".join(quoted(k) for k in known.key)
    within = f"captured_at >= DATE '{month_on}' AND captured_at < DATE '{month_on}' + INTERVAL 1 MONTH"  # as TIMESTAMP
    before = [f for f in files_of(con, table) if f.month_on == month_on]
    query = f"SELECT * FROM {table} WHERE {within}"
    if before:
        old = _parquet([_folder(con) / f.file for f in before])
        query += f" UNION ALL BY NAME (FROM {old} ANTI JOIN (SELECT {keys} FROM {table} WHERE {within}) USING ({keys}))"
    put_month(con, table, month_on, query)
    row = con.execute(f"DELETE FROM {table} WHERE {within}").fetchone()
    return int(row[0]) if row else 0


def put_month(con: duckdb.DuckDBPyConnection, table: str, month_on: date, query: str) -> None:
    """Write a query's rows as the file of a month, in place of what the version has of it."""
    archive = _folder(con)
    within = archive / table / f"month={month_on:%Y-%m}"
    for each in (archive, archive / table, within):
        each.mkdir(parents=True, exist_ok=True, mode=0o700)
    building = within / f"{_BUILDING}{os.getpid()}-{uuid.uuid4().hex[:8]}.parquet"
    keys = ", ".join(quoted(k) for k in TABLES[table].key)
    try:
        row = con.execute(
            f"COPY (FROM ({query}) ORDER BY {keys}) TO {text(str(building))} (FORMAT parquet, COMPRESSION zstd)"
        ).fetchone()
        con.execute("DELETE FROM archive_files WHERE table_name = ? AND month_on = ?", [table, month_on])
        if not row or not row[0]:
            return
        os.chmod(building, 0o600)
        sha256 = file_sha256(building)
        fsync(building)
        file = within / f"{sha256[:32]}.parquet"
        building.replace(file)
        fsync(within)
        con.execute(
            "INSERT INTO archive_files VALUES (?, ?, ?, ?, ?, ?)",
            [table, month_on, file.relative_to(archive).as_posix(), row[0], sha256, utc_now()],
        )
    finally:
        building.unlink(missing_ok=True)


def sweep(folder: Path, kept: Sequence[ArchiveFile]) -> list[Path]:
    """Remove the files that no kept version refers to; returns them. The loader's lock must be held."""
    used = {f.file for f in kept}
    gone = []
    for file in sorted(folder.glob("*/month=*/*.parquet")) + sorted(folder.glob(f"*/month=*/{_BUILDING}*")):
        if file.relative_to(folder).as_posix() not in used:
            file.unlink(missing_ok=True)
            gone.append(file)
    for within in {file.parent for file in gone}:
        if not any(within.iterdir()):
            within.rmdir()
    return gone


def _whole(con: duckdb.DuckDBPyConnection, folder: Path, table: Table, files: Sequence[ArchiveFile]) -> str:
    """A query of all rows of a table of the version, wherever they lie."""
    own = [f for f in files if f.table_name == table.name]
    row = con.execute("SELECT current_database()").fetchone()
    assert row is not None
    stored = f"{quoted(row[0])}.main.{table.name}"
    source = _parquet([folder / f.file for f in own])
    # Rows that came after their month was moved are few, and mostly there are none.
    late = f"{stored} WHERE captured_at < DATE '{max(f.month_on for f in own)}' + INTERVAL 1 MONTH"
    archived = f"FROM {source}"
    if con.execute(f"SELECT 1 FROM {late} LIMIT 1").fetchone():
        keys = ", ".join(quoted(k) for k in table.key)
        archived += f" ANTI JOIN (SELECT {keys} FROM {late}) USING ({keys})"
    columns = ", ".join(quoted(c) for c in table_types(con, table.name))
    return f"SELECT {columns} FROM (FROM {stored} UNION ALL BY NAME ({archived}))"


def _refuse_damaged(con: duckdb.DuckDBPyConnection, folder: Path, files: Sequence[ArchiveFile]) -> None:
    """Raise for the first file that is missing, can't be opened or has not the rows that the version says."""
    if not files:
        return
    try:
        paths = ", ".join(one_file(folder / f.file) for f in files)
        found = con.execute(f"SELECT num_rows FROM parquet_file_metadata([{paths}])").fetchall()
        if [n for (n,) in found] == [f.rows for f in files]:
            return
    except duckdb.Error:
        pass
    for each in files:
        file = folder / each.file
        try:
            row = con.execute(f"SELECT num_rows FROM parquet_file_metadata({one_file(file)})").fetchone()
            what = "" if row and row[0] == each.rows else f"has not the {each.rows} rows that belong into it"
        except duckdb.Error as e:
            what = "is missing" if not file.exists() else f"can't be read: {' '.join(str(e).split())}"
        if what:
            raise WorkbenchError(
                f"{file} {what}. It holds {each.table_name} of {each.month_on:%Y-%m}. "
                "Restore it from a backup: workbench restore."
            )


def _parquet(files: Sequence[Path]) -> str:
    listed = ", ".join(one_file(f) for f in files)
    return f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"


def _folder(con: duckdb.DuckDBPyConnection) -> Path:
    row = con.execute("SELECT getvariable('archive_folder')").fetchone()
    if row is None or row[0] is None:
        raise WorkbenchError("The connection does not know its archive: archive.use comes first.")
    return Path(row[0])
