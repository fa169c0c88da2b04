"""Any canonical table as CSV or Parquet: tasks.csv, account_snapshots.parquet, fx_rates.csv, ...

The file is called like the table and its columns like the table's. A CSV of another name goes in
with `--as TABLE`.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

import duckdb
import ibis
import ibis.expr.types as ir

from ..errors import SourceError, UsageError, nearest
from ..warehouse.migrate import migrations
from ..warehouse.tables import BATCH_COLUMNS, HIDDEN_COLUMNS, TABLES
from . import fields
from .base import Canonical, Source, SourceFile

_LOADER_COLUMNS = {*HIDDEN_COLUMNS, "batch_id"}
_SURE = 1000
_FROM_KEY = {"posts": ("post_id",), "accounts": ("account_id",)}


@functools.cache
def _schema() -> Mapping[str, Mapping[str, str]]:
    """Table -> column -> SQL type, as the migrations leave them."""
    found: dict[str, dict[str, str]] = {}
    with duckdb.connect() as con:
        for migration in migrations():
            con.execute(migration.sql)
        for table, column, kind in con.execute(
            "select table_name, column_name, data_type from duckdb_columns() "
            "where not internal order by column_index"
        ).fetchall():
            found.setdefault(table, {})[column] = kind
    return found


def columns_of(table: str) -> tuple[str, ...]:
    """A table's columns that a file may fill."""
    return tuple(c for c in _schema()[table] if c not in _LOADER_COLUMNS)


def column_type(table: str, column: str) -> str:
    """A column's SQL type; what a batch may carry besides is an instant or a number."""
    return _schema().get(table, {}).get(column, "TIMESTAMP" if column.endswith("_at") else "BIGINT")


def table_of(path: Path) -> str | None:
    """The table that a file is named after: tasks.csv, tasks.csv.gz, tasks.2025-W40.csv."""
    stem = path.name.split(".")[0].lower()
    return stem if stem in TABLES else None


def _fits(file: SourceFile) -> int:
    table = table_of(file.path)
    if table is None:
        return 0
    return _SURE if {c.lower() for c in file.columns} >= set(_needed(table)) else 0


def _needed(table: str) -> tuple[str, ...]:
    key = TABLES[table].key
    defaulted = {"endpoint"}
    required = () if table in _FROM_KEY else TABLES[table].required
    return tuple(c for c in (*key, *required) if c not in defaulted)


def _read(file: SourceFile) -> Canonical:
    """The file's rows as they are, lists taken apart; columns that the table lacks are named and left out."""
    table = str(file.options.get("table") or table_of(file.path) or "")
    if not table:
        raise UsageError(
            f"{file.path}: which table is this? Name the file after it (tasks.csv) or write --as tasks. "
            f"Tables: {', '.join(TABLES)}."
        )
    names = {c.lower(): c for c in file.columns}
    missing = [c for c in _needed(table) if c not in names]
    if missing:
        raise SourceError(
            f"{file.path}: rows of {table} need the column '{missing[0]}', which the file lacks."
            f"{nearest(missing[0], names)} Its columns: {', '.join(c for c in names if c != 'source_row')}."
        )
    known = [c for c in (*columns_of(table), *BATCH_COLUMNS) if c in names]
    rows = file.rows.select(
        **{
            c: _listed(file.rows[names[c]]) if column_type(table, c).endswith("[]") else file.rows[names[c]]
            for c in known
        }
    )
    if table == "app_events" and "ip_hash" in known:
        _refuse_addresses(file, rows)
    left = [c for c in names if c not in known and c not in _LOADER_COLUMNS]
    notes = (
        [f"{table} has no columns {', '.join(left)}: left out.{nearest(left[0], columns_of(table))}"]
        if left
        else []
    )
    return Canonical(tables={table: rows}, notes=notes)


def _refuse_addresses(file: SourceFile, rows: ibis.Table) -> None:
    """Network addresses never reach the disk: neither a batch nor a rejected row may hold one."""
    address = r"^\s*(\d{1,3}(\.\d{1,3}){3}|[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){2,7})\s*$"
    found = rows.filter(rows.ip_hash.cast("string").re_search(address)).count().to_pyarrow().as_py()
    if found:
        raise SourceError(
            f"{file.path}: {found} rows have a network address in ip_hash. Only keyed hashes are kept: make them with "
            "workbench.record.ip_hash(address) first. Nothing was imported from it."
        )


def _listed(column: ir.Value) -> ir.Value:
    return fields.listed(column) if isinstance(column, ir.StringValue) else column


SOURCE = Source(
    name="table",
    title="A table of the workbench under its own name (CSV or Parquet: tasks.csv, fx_rates.csv, ...)",
    kinds=("csv", "parquet"),
    fits=_fits,
    read=_read,
)
