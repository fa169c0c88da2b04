"""All checks over what a load touched, in one transaction, after its last batch."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from ..batches import utc_now
from . import rhythm, rows, steps, usual
from .found import Found, keep
from .profiles import forget_old


def check(con: duckdb.DuckDBPyConnection, left_out: Sequence[tuple[str, int, int]] = ()) -> list[Found]:
    """Bring `quality_checks` up to what this load's batches brought. What of it fails.

    `left_out`: of each batch its source, the rows read, and those of erased persons that were left out.
    """
    brought = con.execute("SELECT count(*) FROM brought").fetchone()
    if not (brought and brought[0]) and not any(n for _, _, n in left_out):
        return []
    con.execute("BEGIN")
    try:
        found = [
            *usual.found(con),
            *rows.found(con),
            *steps.found(con),
            *rhythm.found(con),
            *rows.erased(left_out),
        ]
        keep(con, found, now=utc_now())
        forget_old(con)
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    return [one for one in found if one.severity is not None]
