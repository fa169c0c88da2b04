"""The in-memory DuckDB that a file is read into: a connection of its own for each file."""

from __future__ import annotations

import ibis
from ibis.backends.duckdb import Backend

from ..sql_words import text
from ..warehouse.scratch import scratch


def in_memory() -> Backend:
    """A fresh in-memory DuckDB with the session's zone set to UTC and nothing printed."""
    con = ibis.duckdb.connect()
    con.raw_sql("set timezone='UTC'")
    # Else it is a folder where the command was typed.
    con.raw_sql(f"set temp_directory={text(str(scratch() / 'spill'))}")
    con.raw_sql("set enable_progress_bar=false")
    return con
