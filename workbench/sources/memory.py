"""The in-memory DuckDB that a file is read into: a connection of its own for each file."""

from __future__ import annotations

import re
from pathlib import Path

import ibis
from ibis.backends.duckdb import Backend

from ..warehouse.scratch import scratch


def in_memory() -> Backend:
    """A fresh in-memory DuckDB with the session's zone set to UTC and nothing printed."""
    con = ibis.duckdb.connect()
    con.raw_sql("set timezone='UTC'")
    # Else it is a folder where the command was typed.
    con.raw_sql(f"set temp_directory={quoted(str(scratch() / 'spill'))}")
    con.raw_sql("set enable_progress_bar=false")
    return con


def quoted(text: str) -> str:
    """An SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def one_file(path: Path) -> str:
    """A path as DuckDB's readers take it for this one file and no other.

    They take *, ? and [ in a name for a pattern, and a leading ~ for somebody's home.
    """
    return re.sub(r"([*?\[])", r"[\1]", str(path.absolute()))


def quoted_name(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
