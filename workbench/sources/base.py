"""What a source is: a file's name and shape in, canonical tables out, lazily."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import ibis
from ibis.backends.duckdb import Backend

Kind = Literal["csv", "json", "sqlite", "parquet"]


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """An opened file: its raw tables in an in-memory DuckDB.

    `tables` holds one raw table called `rows` for CSV and Parquet, the collected objects as a table
    `rows` with one JSON column `row` for JSON, and each of the file's own tables for SQLite. In CSV,
    Parquet and SQLite every column is text, as written in the file, NULL where it is empty. Each
    raw table has `source_row` BIGINT: the record's number in the file, from 1.
    """

    path: Path
    kind: Kind
    con: Backend
    tables: Mapping[str, ibis.Table]
    as_of: datetime
    """When the file's lifetime counts were captured: --as-of, else the file's modification time. UTC."""
    time_zone: str
    """Zone of naive instants in the file."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What the command line says of the file: year, mapping, platform, encoding, delimiter."""

    @property
    def rows(self) -> ibis.Table:
        return self.tables["rows"]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the raw columns of a file of one table; empty for SQLite."""
        return tuple(self.tables["rows"].columns) if "rows" in self.tables else ()


@dataclass(frozen=True)
class Canonical:
    """What a source makes of a file."""

    tables: Mapping[str, ibis.Table]
    """Canonical table name -> expression: any of the table's columns, typed or as text, plus
    `seen_at` and `source_row`. A value that can't be parsed stays the text it was, so that the
    loader can refuse that row by name and value."""
    notes: Sequence[str] = ()
    """What was not understood or left out, for people."""


@dataclass(frozen=True)
class Source:
    """One format."""

    name: str
    """What `--as` takes."""
    title: str
    """One line for `workbench import --help` and error messages."""
    kinds: tuple[Kind, ...]
    fits: Callable[[SourceFile], int]
    """How well the file's shape fits: 0 not at all; the highest wins."""
    read: Callable[[SourceFile], Canonical]
    version: int = 1
    """Raised when the same file would give other rows: it is part of the batch's identity."""
