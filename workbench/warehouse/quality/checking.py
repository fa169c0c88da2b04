"""All checks over what a load touched, in one transaction, after its last batch."""

from __future__ import annotations

import duckdb

from ..batches import utc_now
from . import rhythm, rows, steps, usual
from .found import keep
from .profiles import forget_old


def check(con: duckdb.DuckDBPyConnection) -> None:
    """Bring `quality_checks` up to what this load's batches brought."""
    brought = con.execute("SELECT count(*) FROM brought").fetchone()
    if not brought or not brought[0]:
        return
    con.execute("BEGIN")
    try:
        keep(
            con,
            [
                *usual.found(con),
                *rows.found(con),
                *steps.found(con),
                *rhythm.found(con),
            ],
            now=utc_now(),
        )
        forget_old(con)
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
