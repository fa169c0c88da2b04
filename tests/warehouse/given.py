"""Batches from small tables, and a warehouse's content as plain values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from workbench.settings import Settings
from workbench.warehouse import versions
from workbench.warehouse.batches import content_hash, write_batch
from workbench.warehouse.load import LoadOutcome, load
from workbench.warehouse.tables import TABLES

Row = Mapping[str, Any]

NOON = datetime(2026, 1, 1, 12)
POST = "tiktok:1"
ACCOUNT = "tiktok:ann"


def batch(
    settings: Settings, tables: Mapping[str, Sequence[Row]], captured_at: datetime = NOON, **manifest: Any
) -> Path:
    """A batch in the inbox, written as everything writes them. Values keep their types: text is text."""
    with duckdb.connect() as con:
        for name, rows in tables.items():
            columns = list(dict.fromkeys(column for row in rows for column in row))
            con.register(f"given_{name}", pa.table({c: [row.get(c) for row in rows] for c in columns}))
        return write_batch(
            settings.inbox,
            con,
            {name: f"FROM given_{name}" for name in tables},
            source="test",
            content=content_hash(tables, captured_at, manifest),
            captured_at=captured_at,
            **manifest,
        )


def loaded(
    settings: Settings, tables: Mapping[str, Sequence[Row]], captured_at: datetime = NOON
) -> LoadOutcome:
    """One batch, loaded; it must not fail as a whole."""
    batch(settings, tables, captured_at)
    outcome = load(settings)
    assert not outcome.failed, outcome.failed
    return outcome


@contextmanager
def newest(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The newest version, open for reading."""
    version = versions.current(settings.versions)
    assert version is not None
    with duckdb.connect(str(settings.versions / version.file), read_only=True) as con:
        yield con


def query(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    """Rows of a query on the newest version."""
    with newest(settings) as con:
        return con.execute(sql).fetchall()


def content(settings: Settings) -> dict[str, list[Any]]:
    """Every row of every table that is not empty, sorted, without what says which batch brought it."""
    found = {}
    with newest(settings) as con:
        for name in [*TABLES, "account_names"]:
            hidden = "EXCLUDE (batch_id)" if name in TABLES else ""
            rows = con.execute(f"SELECT * {hidden} FROM {name}").fetchall()
            if rows:
                found[name] = sorted((tuple(_comparable(v) for v in row) for row in rows), key=repr)
    return found


def _comparable(value: Any) -> Any:
    return tuple(sorted(value.items())) if isinstance(value, dict) else value
