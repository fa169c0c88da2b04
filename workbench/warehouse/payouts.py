"""Payouts: frozen once, on the views at 168 hours, and never computed again.

What people import about a payout (that it was paid, or canceled) stands over what is computed here: rows made here
bear no time of capture, so any that is imported is newer.
"""

from __future__ import annotations

from functools import cache

import duckdb
import ibis
from ibis.backends.sql.datatypes import DuckDBType

from ..metrics.payouts import FROZEN_HOURS, payouts_now
from .batches import utc_now
from .schema import schema
from .tables import TIERS_AS_JSON

DEFINITIONS = {"payout_tiers": 1}

COLUMNS = {"payout_tiers": {"rule_id": "VARCHAR", "from_views": "BIGINT", "per_1000": "DECIMAL(18,4)"}}
"""Columns of the mart and their types."""


def refresh(con: duckdb.DuckDBPyConnection) -> None:
    """Bring `payouts` up to the counts; `post_performance` is up to date already.

    What is frozen stays, whatever counts or rules come later. What is not yet is found anew, and a post that could
    not be measured is frozen once it can be.
    """
    listed = ", ".join(f"{name} {kind}" for name, kind in COLUMNS["payout_tiers"].items())
    con.execute(f"CREATE OR REPLACE TABLE payout_tiers ({listed})")
    con.execute(
        "INSERT INTO payout_tiers SELECT rule_id, t.from_views, t.per_1000 FROM (SELECT rule_id, "
        f"unnest(from_json(tiers, {TIERS_AS_JSON})) AS t FROM payout_rules) ORDER BY ALL"
    )
    row = con.execute("SELECT EXISTS (FROM payout_rules)").fetchone()
    if row and row[0]:
        _freeze(con)


def _freeze(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "CREATE OR REPLACE TEMP TABLE newest AS SELECT max(captured_at) AS newest_at FROM post_snapshots"
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE payouts_now AS {_statement()}")
    now = utc_now()
    con.execute("DELETE FROM payouts WHERE seen_at IS NULL AND frozen_at IS NULL")
    con.execute(
        "UPDATE payouts SET frozen_views = coalesce(payouts.frozen_views, n.frozen_views), frozen_at = ?, "
        "amount = coalesce(payouts.amount, n.amount), currency = coalesce(payouts.currency, n.currency), "
        "state = coalesce(payouts.state, n.state) FROM payouts_now n WHERE n.post_id = payouts.post_id "
        "AND n.rule_id = payouts.rule_id AND payouts.frozen_at IS NULL AND n.frozen_views IS NOT NULL",
        [now],
    )
    con.execute(
        "INSERT INTO payouts (post_id, rule_id, frozen_views, frozen_at, amount, currency, state) "
        "SELECT post_id, rule_id, frozen_views, CASE WHEN frozen_views IS NOT NULL THEN ?::TIMESTAMP END, amount, "
        "currency, state FROM payouts_now WHERE post_id NOT IN (SELECT post_id FROM payouts)",
        [now],
    )
    con.execute("DROP TABLE payouts_now")
    con.execute("DROP TABLE newest")


@cache
def _statement() -> str:
    types = schema()["payout_rules"]
    rules = {c: DuckDBType.from_string(t) for c, t in types.items() if c not in ("column_ranks", "seen_at")}
    performance = {
        "post_id": "string", "posted_at": "timestamp", "posted_local_on": "date", "va_id": "string",
        "creator_id": "string", "is_deleted": "boolean", f"views_at_{FROZEN_HOURS}": "float64",
    }  # fmt: skip
    expression = payouts_now(
        ibis.table(performance, name="post_performance"),
        ibis.table(rules, name="payout_rules"),
        ibis.table(
            {"rule_id": "string", "from_views": "int64", "per_1000": "decimal(18, 4)"}, name="payout_tiers"
        ),
        ibis.table({"newest_at": "timestamp"}, name="newest"),
    )
    return str(ibis.to_sql(expression, dialect="duckdb"))
