"""The in-memory DuckDB that a file is read into: a connection of its own for each file."""

from __future__ import annotations

import ibis
from ibis.backends.duckdb import Backend


def in_memory() -> Backend:
    """A fresh in-memory DuckDB with the session's zone set to UTC and nothing printed."""
    con = ibis.duckdb.connect()
    con.raw_sql("set timezone='UTC'")
    con.raw_sql("set enable_progress_bar=false")
    return con


def quoted(text: str) -> str:
    """An SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def quoted_name(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
