"""Columns of the newest schema, without a warehouse."""

from __future__ import annotations

from functools import cache

import duckdb

from .migrate import migrate


@cache
def schema() -> dict[str, dict[str, str]]:
    """Table -> column -> SQL type, of every table that the migrations make."""
    con = duckdb.connect()
    try:
        migrate(con)
        rows = con.execute(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() "
            "WHERE NOT internal ORDER BY table_name, column_index"
        ).fetchall()
    finally:
        con.close()
    tables: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        tables.setdefault(table, {})[column] = kind
    return tables
