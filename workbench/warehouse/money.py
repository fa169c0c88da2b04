"""Marts of money: each payment and cost dealt out to posts, and the views at the start of each week.

The method of a payment is chosen here once and kept in `revenue_methods`. Inside, posts and money are numbered in the
order of their ids: joins and windows over whole numbers cost a third of those over ids.
"""

from __future__ import annotations

from functools import cache

import duckdb
import ibis
from ibis.backends.sql.datatypes import DuckDBType

from ..metrics import attribution
from ..metrics.curves import aged_snapshots, steps
from ..metrics.views_gained import KEPT_DAYS, views_then
from ..settings import Settings
from .batches import utc_now
from .schema import schema
from .staging import text

TOUCHED = "money"
"""The name under which a load notes payments, costs, rates and methods that changed."""

DEFINITIONS = {"money_rows": 1, "post_money": 1, "post_weeks": 1}

DEPENDS_ON = {
    "revenue": (TOUCHED, "revenue_id"),
    "costs": (TOUCHED, "cost_id"),
    "fx_rates": (TOUCHED, "currency"),
    "revenue_methods": (TOUCHED, "revenue_id"),
    "payout_rules": (TOUCHED, "rule_id"),
    "payouts": (TOUCHED, "post_id"),
}
"""`touched`'s name and key of each table, as in `marts.DEPENDS_ON`; payouts are made beside money."""

_SHARED = {
    "entry": "VARCHAR", "money_kind": "VARCHAR", "scope": "VARCHAR", "from_on": "DATE", "to_on": "DATE",
    "method": "VARCHAR", "currency": "VARCHAR", "amount": "DECIMAL(18,4)", "units_before": "BIGINT",
    "reported_currency": "VARCHAR", "reported_amount": "DECIMAL(18,4)", "reported_units_before": "BIGINT",
}  # fmt: skip
COLUMNS = {
    "post_money": {"money_id": "VARCHAR", "post_id": "VARCHAR", **_SHARED},
    "money_rows": {
        "money_id": "VARCHAR",
        "row_id": "VARCHAR",
        "scope_id": "VARCHAR",
        "n_posts": "BIGINT",
        **_SHARED,
    },
    "post_weeks": {"post_id": "VARCHAR", "week_on": "DATE", "views_then": "DOUBLE"},
}
"""Columns of the marts and their types."""


def is_behind(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether a load touched anything of money."""
    row = con.execute(f"SELECT EXISTS (FROM touched WHERE key_name = {text(TOUCHED)})").fetchone()
    return bool(row and row[0])


def refresh(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Bring the marts of money up to the tables; `post_performance` is up to date already."""
    for mart, columns in COLUMNS.items():
        listed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        con.execute(f"CREATE OR REPLACE TABLE {mart} ({listed})")
    row = con.execute("SELECT EXISTS (FROM revenue) OR EXISTS (FROM costs)").fetchone()
    if row and row[0]:
        _fill(con, settings)


def _fill(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    made_by = _statements(settings.reporting_currency)

    def make(*names: str) -> None:
        for name in names:
            con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {made_by[name]}")

    _number(con, made_by["money_entries"])
    _calendar(con, settings.time_zone)
    make("revenue_posts", "cost_posts")
    _wanted(con)
    make("money_steps", "known_views", "revenue_views", "methods_now")
    _choose(con)
    make("money_weights", "money_parts", "money_named")
    _publish(con, made_by["money_rows"])
    for step in _STEPS:
        con.execute(f"DROP TABLE {step}")
    con.execute("DROP VIEW money_snapshots")


_STEPS = (
    "money_entries", "money_posts", "calendar", "revenue_posts", "cost_posts", "wanted_views", "money_steps",
    "known_views", "revenue_views", "methods_now", "money_methods", "money_weights", "money_parts", "money_named",
)  # fmt: skip


def _number(con: duckdb.DuckDBPyConnection, entries: str) -> None:
    """Temporary `money_entries`, `money_posts` and `money_snapshots` with numbers for ids."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE money_entries AS SELECT * EXCLUDE (money_id), money_id AS money_key, "
        f"row_number() OVER (ORDER BY money_id) AS money_id FROM ({entries})"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE money_posts AS SELECT row_number() OVER (ORDER BY p.post_id) AS post_id, "
        "p.post_id AS post_key, p.posted_at, p.posted_at_precision, p.posted_local_on, p.account_id, p.va_id, "
        "p.creator_id, o.views, o.views_settled FROM posts p LEFT JOIN post_performance o USING (post_id)"
    )
    con.execute(
        "CREATE OR REPLACE TEMP VIEW money_snapshots AS SELECT p.post_id, s.* EXCLUDE (post_id) FROM post_snapshots s "
        "JOIN money_posts p ON p.post_key = s.post_id"
    )


def _calendar(con: duckdb.DuckDBPyConnection, zone: str) -> None:
    """Temporary table `calendar`: when each local day begins, of all days that money or posts are about."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE calendar AS WITH ends AS ("
        "SELECT min(from_on) AS first_on, max(to_on) AS last_on FROM money_entries UNION ALL "
        f"SELECT min(posted_local_on), max(posted_local_on) + {KEPT_DAYS + 7} FROM posts), days AS ("
        "SELECT unnest(range(min(first_on)::TIMESTAMP, max(last_on)::TIMESTAMP + INTERVAL 2 DAY, INTERVAL 1 DAY)) AS d "
        "FROM ends) SELECT d::DATE AS day_on, d::DATE - 1 AS day_before_on, "
        f"timezone('UTC', timezone({text(zone)}, d)) AS starts_at FROM days"
    )


def _wanted(con: duckdb.DuckDBPyConnection) -> None:
    """Temporary table `wanted_views`: the instants at which a post's views are needed."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE wanted_views AS WITH weeks AS (FROM calendar WHERE isodow(day_on) = 1), "
        "bounds AS (SELECT post_id, from_on AS day_on FROM revenue_posts UNION "
        "SELECT post_id, to_on + 1 FROM revenue_posts) "
        "SELECT p.post_id, w.starts_at AS seen_at FROM money_posts p JOIN weeks w ON w.starts_at > p.posted_at "
        f"AND w.starts_at <= p.posted_at + INTERVAL {KEPT_DAYS} DAY UNION "
        "SELECT b.post_id, c.starts_at FROM bounds b JOIN calendar c USING (day_on)"
    )


def _choose(con: duckdb.DuckDBPyConnection) -> None:
    """A method for each payment that has posts and none yet; temporary table `money_methods` of all."""
    con.execute(
        "INSERT INTO revenue_methods (revenue_id, method, chosen_at) SELECT e.row_id, m.method, ? FROM methods_now m "
        "JOIN money_entries e USING (money_id) WHERE e.row_id NOT IN (SELECT revenue_id FROM revenue_methods)",
        [utc_now()],
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE money_methods AS SELECT e.money_id, CASE e.entry WHEN 'cost' THEN 'equal' "
        "ELSE m.method END AS method FROM money_entries e LEFT JOIN revenue_methods m ON m.revenue_id = e.row_id "
        "WHERE e.money_id IN (SELECT money_id FROM revenue_posts UNION SELECT money_id FROM cost_posts)"
    )


def _publish(con: duckdb.DuckDBPyConnection, money_rows: str) -> None:
    """The marts, with ids again, in an order that a reader can skip by."""
    con.execute(
        "INSERT INTO post_money BY NAME SELECT m.* REPLACE (e.money_key AS money_id, p.post_key AS post_id) "
        "FROM money_named m JOIN money_entries e ON e.money_id = m.money_id "
        "LEFT JOIN money_posts p ON p.post_id = m.post_id ORDER BY m.from_on, m.money_id, m.post_id"
    )
    con.execute(
        "INSERT INTO money_rows BY NAME SELECT m.* EXCLUDE (money_key) REPLACE (m.money_key AS money_id) "
        f"FROM ({money_rows}) m ORDER BY from_on, money_id"
    )
    con.execute(
        "INSERT INTO post_weeks BY NAME SELECT p.post_key AS post_id, c.day_on AS week_on, k.views_then "
        "FROM known_views k JOIN calendar c ON c.starts_at = k.seen_at JOIN money_posts p ON p.post_id = k.post_id "
        "WHERE isodow(c.day_on) = 1 ORDER BY week_on, p.post_id"
    )


@cache
def _statements(currency: str) -> dict[str, str]:
    """The SELECT behind each step, by its table's name. Compiling them once a process is enough."""
    made: dict[str, str] = {}

    def step(name: str, expression: ibis.Table) -> ibis.Table:
        made[name] = ibis.to_sql(expression, dialect="duckdb")
        return ibis.table(expression.schema(), name=name)

    found = step(
        "money_entries",
        attribution.money_entries(_table("revenue"), _table("costs"), _table("fx_rates"), currency),
    )
    entries = ibis.table({**found.schema(), "money_key": "string", "money_id": "int64"}, name="money_entries")
    posts = ibis.table(
        {**_kinds("posts", _POST_COLUMNS), "post_id": "int64", "post_key": "string", "views": "int64",
         "views_settled": "float64"},
        name="money_posts",
    )  # fmt: skip
    snapshots = ibis.table({**_kinds("post_snapshots"), "post_id": "int64"}, name="money_snapshots")
    wanted = ibis.table({"post_id": "int64", "seen_at": "timestamp"}, name="wanted_views")
    days = ibis.table({"day_on": "date", "day_before_on": "date", "starts_at": "timestamp"}, name="calendar")
    methods = ibis.table({"money_id": "int64", "method": "string"}, name="money_methods")
    candidates = step("revenue_posts", attribution.revenue_candidates(entries, posts))
    spent = step("cost_posts", attribution.cost_candidates(entries, posts))
    view_steps = step("money_steps", steps(aged_snapshots(posts, snapshots), "views"))
    then = step("known_views", views_then(posts, view_steps, wanted))
    weighed = step("revenue_views", attribution.candidate_views(candidates, posts, then, days))
    step("methods_now", attribution.chosen_methods(weighed))
    weights = step(
        "money_weights",
        ibis.union(attribution.revenue_weights(weighed, methods), attribution.cost_weights(spent)),
    )
    parts = step("money_parts", attribution.post_money(entries, weights))
    step("money_named", attribution.named(parts, entries, methods))
    step("money_rows", attribution.money_rows(entries, parts, methods))
    return made


_POST_COLUMNS = ("posted_at", "posted_at_precision", "posted_local_on", "account_id", "va_id", "creator_id")


def _kinds(table: str, columns: tuple[str, ...] = ()) -> dict[str, ibis.DataType]:
    types = schema()[table]
    hidden = ("column_ranks", "seen_at", "batch_id")
    return {
        c: DuckDBType.from_string(t)
        for c, t in types.items()
        if c in columns or (not columns and c not in hidden)
    }


def _table(name: str) -> ibis.Table:
    return ibis.table(_kinds(name), name=name)
