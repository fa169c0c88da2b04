"""What a load notices about the data: kept as rows of `quality_checks`, resolved when it is gone."""

from __future__ import annotations

import json

import duckdb

from .batches import utc_now
from .merge import Merged
from .tables import Table


def note_checks(con: duckdb.DuckDBPyConnection, table: Table, merged: Merged, *, batch_id: str) -> None:
    """Record the checks that one merged table of a batch failed."""
    if merged.conflicts:
        add_check(
            con,
            check_name="conflicting_counts",
            table_name=table.name,
            batch_id=batch_id,
            description=f"Several counts of one {table.key[0]} at one instant: those beside the largest "
            f"{table.rank} were kept.",
            checked=merged.accepted + merged.unchanged,
            failed=merged.conflicts,
            severity="low",
        )


def add_check(
    con: duckdb.DuckDBPyConnection,
    *,
    check_name: str,
    table_name: str,
    batch_id: str | None,
    description: str,
    checked: int,
    failed: int,
    severity: str,
    details: object = None,
) -> None:
    con.execute(
        "INSERT INTO quality_checks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
        [
            check_name,
            table_name,
            batch_id,
            utc_now(),
            description,
            checked,
            failed,
            failed / checked if checked else None,
            severity,
            None if details is None else json.dumps(details),
        ],
    )
