"""Marts of money: each payment and cost dealt out to posts, and the views at the start of each week.

The method of a payment is chosen here once and kept in `revenue_methods`. Only what may differ is dealt anew: money
that changed itself, whose posts are others than before, or that is weighed by views of a touched post. Views are kept
for posts that were not touched.

Inside, posts and money are numbered: joins over whole numbers cost a third of those over ids. What is dealt is dealt
on arrays (see `model.dealing`), a tenth of the windows' cost.
"""

from __future__ import annotations

from functools import cache

import duckdb
import ibis
import numpy as np
import pyarrow as pa
from ibis.backends.sql.datatypes import DuckDBType

from ..metrics import attribution
from ..metrics.curves import aged_snapshots, steps
from ..metrics.money import minor_unit, whole_number
from ..metrics.views_gained import KEPT_DAYS, views_then
from ..model.dealing import dealt
from ..settings import Settings
from ..sql_words import text
from .batches import utc_now
from .schema import schema

TOUCHED = "money"
"""The name under which a load notes payments, costs, rates and methods that changed."""

DEFINITIONS = {"money_rows": 1, "post_money": 1, "post_weeks": 2}

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


def note_views(con: duckdb.DuckDBPyConnection, settings: Settings, *, full: bool) -> None:
    """The mart `post_weeks` of touched posts, while `marts` has the steps between their snapshots at hand.

    In full, also what was known at the first and last day of each payment that is dealt by views gained.
    """
    _begin(con, settings)
    made_by = _statements(settings.reporting_currency)
    con.execute(
        # From the Monday on or before the posting day, the ten that its first 60 days can hold.
        "CREATE OR REPLACE TEMP TABLE wanted AS WITH mondays AS (SELECT p.post_id, p.posted_at, "
        "c.last_captured_at, date_trunc('week', p.posted_at)::DATE + 7 * unnest(range(10))::INTEGER AS day_on "
        "FROM mart_posts p JOIN mart_curves c USING (post_id) WHERE p.is_touched AND p.posted_at IS NOT NULL) "
        "SELECT m.post_id, w.starts_at AS seen_at FROM mondays m JOIN calendar w USING (day_on) WHERE "
        f"w.starts_at > m.posted_at AND w.starts_at <= m.posted_at + INTERVAL {KEPT_DAYS} DAY "
        "AND w.starts_at <= m.last_captured_at"
    )
    if full:
        _create(con, "post_weeks")
    else:
        con.execute(
            "DELETE FROM post_weeks WHERE post_id IN (SELECT post_key FROM money_posts WHERE is_touched) "
            "OR post_id NOT IN (SELECT post_key FROM money_posts)"
        )
    _know(con, made_by, "steps_of_views")
    con.execute(
        "INSERT INTO post_weeks BY NAME SELECT p.post_key AS post_id, c.day_on AS week_on, k.views_then "
        "FROM known_views k JOIN calendar c ON c.starts_at = k.seen_at "
        "JOIN money_posts p ON p.post_id = k.post_id ORDER BY week_on, p.post_id"
    )
    if full:
        _want(con, "revenue_all")
        _know(con, made_by, "steps_of_views")


def refresh(con: duckdb.DuckDBPyConnection, settings: Settings, *, noted: bool, full: bool) -> None:
    """Bring the marts of money up to the tables; `post_performance` is up to date already.

    Parameters
    ----------
    noted
        Whether `note_views` came before, as it does where posts were touched.
    full
        Of all posts and money, not of what was touched alone.
    """
    made_by = _statements(settings.reporting_currency)
    if not noted:
        _begin(con, settings)
    _find_affected(con, full)
    for name in ("revenue", "cost"):
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE {name}_posts AS FROM {name}_all "
            "WHERE money_id IN (FROM money_affected)"
        )
    if not full:
        _look_up(con, made_by)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE money_counts AS SELECT p.post_id, p.posted_at, o.views, o.views_settled "
        "FROM (SELECT DISTINCT post_id FROM revenue_posts) JOIN money_posts p USING (post_id) "
        "LEFT JOIN post_performance o ON o.post_id = p.post_key"
    )
    _make(con, made_by, "revenue_views", "methods_now")
    _choose(con)
    _make(con, made_by, "money_weights")
    _publish(con, made_by, full)
    for step in _STEPS:
        con.execute(f"DROP TABLE {step}")
    con.execute("DROP VIEW money_pairs")


_STEPS = (
    "money_entries", "money_posts", "calendar", "revenue_all", "cost_all", "money_affected", "revenue_posts",
    "cost_posts", "wanted", "known_views", "money_counts", "revenue_views", "methods_now", "money_methods",
    "money_weights",
)  # fmt: skip


def _make(con: duckdb.DuckDBPyConnection, made_by: dict[str, str], *names: str) -> None:
    for name in names:
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {made_by[name]}")


def _create(con: duckdb.DuckDBPyConnection, mart: str) -> None:
    listed = ", ".join(f"{name} {kind}" for name, kind in COLUMNS[mart].items())
    con.execute(f"CREATE OR REPLACE TABLE {mart} ({listed})")


def _begin(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Temporary tables of all money and posts, with numbers for ids, and which posts each money may go to.

    Money is numbered in the order that its marts are written in; posts as in `marts`, in that of their ids.
    """
    made_by = _statements(settings.reporting_currency)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE money_entries AS SELECT * EXCLUDE (money_id), money_id AS money_key, "
        f"row_number() OVER (ORDER BY from_on, money_id) AS money_id FROM ({made_by['entries']})"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE money_posts AS SELECT row_number() OVER (ORDER BY post_id) AS post_id, "
        f"post_id AS post_key, hash(post_id) AS mark, {', '.join(_POST_COLUMNS)}, post_id IN (SELECT key FROM touched "
        "WHERE key_name = 'post_id') AS is_touched FROM posts"
    )
    _calendar(con, settings.time_zone)
    _make(con, made_by, "revenue_all", "cost_all")
    con.execute(
        "CREATE OR REPLACE TEMP VIEW money_pairs AS SELECT money_id, post_id FROM revenue_all UNION ALL "
        "SELECT money_id, post_id FROM cost_all"
    )


def _calendar(con: duckdb.DuckDBPyConnection, zone: str) -> None:
    """Temporary table `calendar`: when each local day begins, of all days that money or posts are about."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE calendar AS WITH ends AS ("
        "SELECT min(from_on) AS first_on, max(to_on) AS last_on FROM money_entries UNION ALL "
        f"SELECT min(posted_local_on) - 7, max(posted_local_on) + {KEPT_DAYS + 7} FROM posts), days AS ("
        "SELECT unnest(range(min(first_on)::TIMESTAMP, max(last_on)::TIMESTAMP + INTERVAL 2 DAY, INTERVAL 1 DAY)) AS d "
        "FROM ends) SELECT d::DATE AS day_on, d::DATE - 1 AS day_before_on, "
        f"timezone('UTC', timezone({text(zone)}, d)) AS starts_at FROM days"
    )


def _find_affected(con: duckdb.DuckDBPyConnection, full: bool) -> None:
    """Temporary table `money_affected`: money whose rows may differ from the marts'. Of other rows, none is left.

    Money's posts are compared by how many they are and what their hashes make together.
    """
    if full:
        con.execute("CREATE OR REPLACE TEMP TABLE money_affected AS SELECT money_id FROM money_entries")
        return
    same = " AND ".join(f"e.{c} IS NOT DISTINCT FROM o.{c}" for c in _TOLD)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE money_affected AS WITH now AS (SELECT q.money_id, count(*) AS n, "
        "bit_xor(p.mark) AS marks, bool_or(p.is_touched) AS is_touched FROM money_pairs q "
        "JOIN money_posts p USING (post_id) GROUP BY q.money_id), before AS (SELECT money_id, count(post_id) AS n, "
        "bit_xor(hash(post_id)) FILTER (post_id IS NOT NULL) AS marks FROM post_money GROUP BY money_id) "
        "SELECT e.money_id FROM money_entries e LEFT JOIN now n ON n.money_id = e.money_id "
        "LEFT JOIN money_rows o ON o.money_id = e.money_key LEFT JOIN before b ON b.money_id = e.money_key "
        "LEFT JOIN revenue_methods m ON e.entry = 'revenue' AND m.revenue_id = e.row_id "
        f"WHERE o.money_id IS NULL OR NOT ({same}) OR coalesce(n.n, 0) <> b.n OR n.marks IS DISTINCT FROM b.marks "
        "OR e.entry = 'revenue' AND n.n > 0 AND (m.method IS DISTINCT FROM o.method "
        "OR n.is_touched AND m.method <> 'equal')"
    )


_TOLD = (
    "entry", "row_id", "money_kind", "scope", "scope_id", "from_on", "to_on", "currency", "amount",
    "reported_currency", "reported_amount",
)  # fmt: skip


def _want(con: duckdb.DuckDBPyConnection, pairs: str) -> None:
    """Temporary table `wanted`: the bounds of payments that are dealt by views gained, or may be."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE wanted AS WITH open AS (SELECT e.money_id FROM money_entries e "
        "LEFT JOIN revenue_methods m ON m.revenue_id = e.row_id WHERE e.entry = 'revenue' "
        f"AND coalesce(m.method, 'gained') = 'gained'), bounds AS (SELECT post_id, from_on, to_on FROM {pairs} "
        "WHERE money_id IN (FROM open)), days AS (SELECT post_id, from_on AS day_on FROM bounds UNION "
        "SELECT post_id, to_on + 1 FROM bounds) "
        "SELECT post_id, starts_at AS seen_at FROM days JOIN calendar USING (day_on)"
    )


def _know(con: duckdb.DuckDBPyConnection, made_by: dict[str, str], view_steps: str) -> None:
    """Temporary table `known_views`: of `wanted`, where the steps between snapshots tell.

    Some posts at a time: the join holds the steps of those alone in memory.
    """
    row = con.execute("SELECT coalesce(max(post_id), 0) FROM wanted").fetchone()
    assert row is not None
    for first in range(0, row[0] + 1, _POSTS_AT_A_TIME):
        mine = f"WHERE post_id >= {first} AND post_id < {first + _POSTS_AT_A_TIME}"
        con.execute(f"CREATE OR REPLACE TEMP VIEW wanted_views AS FROM wanted {mine}")
        con.execute(f"CREATE OR REPLACE TEMP VIEW money_steps AS FROM {view_steps} {mine}")
        make = "INSERT INTO known_views" if first else "CREATE OR REPLACE TEMP TABLE known_views AS"
        con.execute(f"{make} {made_by['known_views']}")
    con.execute("DROP VIEW wanted_views")
    con.execute("DROP VIEW money_steps")


_POSTS_AT_A_TIME = 100_000


def _look_up(con: duckdb.DuckDBPyConnection, made_by: dict[str, str]) -> None:
    """Temporary table `known_views` of the posts of affected payments alone."""
    _want(con, "revenue_posts")
    con.execute(
        "CREATE OR REPLACE TEMP VIEW money_snapshots AS SELECT p.post_id, s.* EXCLUDE (post_id) FROM post_snapshots s "
        "JOIN money_posts p ON p.post_key = s.post_id WHERE p.post_id IN (SELECT post_id FROM wanted)"
    )
    _make(con, made_by, "steps_of_payments")
    _know(con, made_by, "steps_of_payments")
    con.execute("DROP TABLE steps_of_payments")
    con.execute("DROP VIEW money_snapshots")


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
        "WHERE e.money_id IN (SELECT money_id FROM money_pairs)"
    )


def _publish(con: duckdb.DuckDBPyConnection, made_by: dict[str, str], full: bool) -> None:
    """The marts, with ids again, in an order that a reader can skip by."""
    if full:
        _create(con, "post_money")
    else:
        con.execute(
            "DELETE FROM post_money WHERE money_id IN (SELECT money_key FROM money_entries "
            "JOIN money_affected USING (money_id)) OR money_id NOT IN (SELECT money_key FROM money_entries)"
        )
    con.register("money_parts", _parts(con, made_by))
    con.execute(
        "INSERT INTO post_money BY NAME SELECT m.* REPLACE (e.money_key AS money_id) "
        f"FROM ({made_by['money_named']}) m JOIN money_entries e ON e.money_id = m.money_id"
    )
    con.unregister("money_parts")
    _create(con, "money_rows")
    con.execute(
        "INSERT INTO money_rows BY NAME SELECT m.* EXCLUDE (money_key) REPLACE (m.money_key AS money_id) "
        f"FROM ({made_by['money_rows']}) m ORDER BY m.money_id"
    )


def _parts(con: duckdb.DuckDBPyConnection, made_by: dict[str, str]) -> pa.Table:
    """Affected money dealt out: see `metrics.attribution.post_money`, whose portable windows this stands for."""
    entries = con.execute(f"FROM ({made_by['numbers']}) ORDER BY money_id").fetchnumpy()
    keys = con.execute("SELECT post_key FROM money_posts ORDER BY post_id").to_arrow_table()["post_key"]
    pairs = con.execute(
        "SELECT a.money_id, coalesce(w.post_id, 0) AS post_id, coalesce(w.weight, 0) AS weight "
        "FROM money_affected a LEFT JOIN money_weights w USING (money_id) ORDER BY ALL"
    ).fetchnumpy()
    group, post, weight = (np.asarray(pairs[c], np.int64) for c in ("money_id", "post_id", "weight"))
    row = group - 1
    columns: dict[str, pa.Array] = {
        "money_id": pa.array(group),
        "post_id": pa.DictionaryArray.from_arrays(
            pa.array(np.maximum(post - 1, 0), mask=post == 0), keys.combine_chunks()
        ),
    }
    done: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for amount in ("amount", "reported_amount"):
        number = np.ma.filled(np.ma.asarray(entries[f"number_{amount}"], np.int64), 0)[row]
        coin = np.ma.filled(np.ma.asarray(entries[f"coin_{amount}"], np.int64), 1)[row]
        unknown = np.ma.getmaskarray(np.ma.asarray(entries[f"number_{amount}"]))[row]
        done[amount] = dealt(group, weight, number, coin)
        columns[f"{amount}_part"] = _decimals(done[amount][0], unknown)
        columns[f"{amount}_before"] = pa.array(done[amount][1], mask=unknown)
    return pa.table(columns)


def _decimals(numbers: np.ndarray, unknown: np.ndarray) -> pa.Array:
    """Whole numbers of ten-thousandths as DECIMAL(18,4), which Arrow keeps in 128 bits."""
    wide = np.empty((len(numbers), 2), np.int64)
    wide[:, 0], wide[:, 1] = numbers, numbers >> 63
    known = pa.array(~unknown).buffers()[1]
    return pa.Array.from_buffers(pa.decimal128(18, 4), len(numbers), [known, pa.py_buffer(wide)])


@cache
def _statements(currency: str) -> dict[str, str]:
    """The SELECT behind each step, by its table's name. Compiling them once a process is enough."""
    made: dict[str, str] = {}

    def step(name: str, expression: ibis.Table) -> ibis.Table:
        made[name] = ibis.to_sql(expression, dialect="duckdb")
        return ibis.table(expression.schema(), name=name)

    found = step(
        "entries",
        attribution.money_entries(_table("revenue"), _table("costs"), _table("fx_rates"), currency),
    )
    entries = ibis.table({**found.schema(), "money_key": "string", "money_id": "int64"}, name="money_entries")
    posts = ibis.table(
        {**_kinds("posts", _POST_COLUMNS), "post_id": "int64", "post_key": "string"},
        name="money_posts",
    )  # fmt: skip
    snapshots = ibis.table({**_kinds("post_snapshots"), "post_id": "int64"}, name="money_snapshots")
    wanted = ibis.table({"post_id": "int64", "seen_at": "timestamp"}, name="wanted_views")
    days = ibis.table({"day_on": "date", "day_before_on": "date", "starts_at": "timestamp"}, name="calendar")
    methods = ibis.table({"money_id": "int64", "method": "string"}, name="money_methods")
    amounts = {"amount": "currency", "reported_amount": "reported_currency"}
    step(
        "numbers",
        entries.select(
            "money_id",
            **{f"number_{a}": whole_number(entries[a]) for a in amounts},
            **{f"coin_{a}": minor_unit(entries[c]) for a, c in amounts.items()},
        ),
    )
    all_paid = step("revenue_all", attribution.revenue_candidates(entries, posts))
    all_spent = step("cost_all", attribution.cost_candidates(entries, posts))
    candidates = ibis.table(all_paid.schema(), name="revenue_posts")
    spent = ibis.table(all_spent.schema(), name="cost_posts")
    counts = ibis.table(
        {"post_id": "int64", "posted_at": "timestamp", "views": "int64", "views_settled": "float64"},
        name="money_counts",
    )
    made_steps = step("steps_of_payments", steps(aged_snapshots(posts, snapshots), "views"))
    view_steps = ibis.table(made_steps.schema(), name="money_steps")
    then = step("known_views", views_then(posts, view_steps, wanted))
    weighed = step("revenue_views", attribution.candidate_views(candidates, counts, then, days))
    step("methods_now", attribution.chosen_methods(weighed))
    weights = step(
        "money_weights",
        ibis.union(attribution.revenue_weights(weighed, methods), attribution.cost_weights(spent)),
    )
    parts = ibis.table(attribution.post_money(entries, weights).schema(), name="money_parts")
    step("money_named", attribution.named(parts, entries, methods))
    pairs = ibis.table({"money_id": "int64", "post_id": "int64"}, name="money_pairs")
    step("money_rows", attribution.money_rows(entries, pairs, methods))
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
