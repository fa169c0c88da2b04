"""Marts: heavy metrics, materialized by the loader from the same expressions that notebooks call.

`post_curves` holds what follows from a post's own snapshots and is refreshed for the posts that a load
touched. Baselines compare a post with the hundred before it, so they are refreshed from the first touched
post of each account on. The rest is cheap and made anew. A mart whose definition changed (DEFINITIONS, the
settings it depends on) is built in full.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import duckdb
import ibis
import numpy as np
import pyarrow as pa
from ibis.backends.duckdb import Backend

from ..metrics.curves import aged_snapshots, steps
from ..metrics.daily import account_daily
from ..metrics.posts import BASELINES, curves_of, followers_at_posting, post_performance
from ..model.baselines import interquartile_means, window_ends
from ..settings import Settings

DEFINITIONS = {"post_curves": 1, "post_baselines": 1, "post_performance": 1, "account_daily": 1}
"""Version of each mart's definition; raise it with the expression."""

MARTS = tuple(DEFINITIONS)
INTERNAL = ("post_curves", "post_baselines")
"""Steps on the way to `post_performance`, not shown to readers."""

DEPENDS_ON = {
    "posts": "post_id",
    "post_snapshots": "post_id",
    "accounts": "account_id",
    "account_snapshots": "account_id",
}
"""Tables whose rows the marts are made of, and the key by which a load notes what it touched."""

_FULL_SHARE = 0.3
"""Above this share of touched posts, building in full is cheaper."""


def state(settings: Settings) -> str:
    """What the marts depend on besides the rows: definitions and settings, as a hash."""
    parts = [DEFINITIONS, settings.viral_views, settings.floor_views, settings.time_zone]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def are_old(con: duckdb.DuckDBPyConnection, settings: Settings) -> bool:
    """Whether the marts of a warehouse were made by other definitions or settings."""
    found = con.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'mart_state'").fetchone()
    if not found or not found[0]:
        return True
    row = con.execute("SELECT state FROM mart_state").fetchone()
    return row is None or row[0] != state(settings)


def refresh(con: duckdb.DuckDBPyConnection, settings: Settings, *, full: bool = False) -> None:
    """Bring the marts up to the tables. Temporary table `touched` (key_name, key) names what changed."""
    con.execute("BEGIN")
    try:
        full = full or are_old(con, settings) or _mostly_touched(con)
        if full:
            con.execute("CREATE OR REPLACE TEMP TABLE touched_post AS SELECT post_id FROM posts")
        else:
            con.execute(
                "CREATE OR REPLACE TEMP TABLE touched_post AS SELECT DISTINCT key AS post_id FROM touched "
                "WHERE key_name = 'post_id'"
            )
        backend = ibis.duckdb.from_connection(con)
        _curves(con, backend, full)
        _baselines(con, full)
        _performance(con, backend, settings)
        con.execute("CREATE OR REPLACE TABLE mart_state AS SELECT ? AS state", [state(settings)])
        con.execute("DELETE FROM touched")
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise


def _mostly_touched(con: duckdb.DuckDBPyConnection) -> bool:
    row = con.execute(
        "SELECT (SELECT count(DISTINCT key) FROM touched WHERE key_name = 'post_id'), (SELECT count(*) FROM posts)"
    ).fetchone()
    assert row is not None
    return bool(row[0] > _FULL_SHARE * row[1])


def _make(con: duckdb.DuckDBPyConnection, name: str, expression: ibis.Table, *, temporary: bool = False) -> None:
    kind = "TEMP TABLE" if temporary else "TABLE"
    con.execute(f"CREATE OR REPLACE {kind} {name} AS {ibis.to_sql(expression, dialect='duckdb')}")


def _curves(con: duckdb.DuckDBPyConnection, backend: Backend, full: bool) -> None:
    posts, snapshots = backend.table("posts"), backend.table("post_snapshots")
    if not full:
        touched = backend.table("touched_post")
        posts, snapshots = posts.semi_join(touched, "post_id"), snapshots.semi_join(touched, "post_id")
    _make(con, "aged", aged_snapshots(posts, snapshots), temporary=True)
    aged = backend.table("aged")
    for count in ("views", "engagement"):
        _make(con, f"steps_of_{count}", steps(aged, count), temporary=True)
    curves = curves_of(snapshots, aged, backend.table("steps_of_views"), backend.table("steps_of_engagement"))
    if full:
        _make(con, "post_curves", curves)
    else:
        _make(con, "new_curves", curves, temporary=True)
        con.execute("DELETE FROM post_curves WHERE post_id IN (FROM touched_post)")
        con.execute("INSERT INTO post_curves FROM new_curves")
        con.execute("DROP TABLE new_curves")
    for step in ("aged", "steps_of_views", "steps_of_engagement"):
        con.execute(f"DROP TABLE {step}")


def _baselines(con: duckdb.DuckDBPyConnection, full: bool) -> None:
    """Baselines of every post that a touched post may count for: it, and those after it."""
    old = "" if full else ", ".join(f"b.baseline_{c}" for c in BASELINES)
    values = ", ".join(f"c.{c}" for c in BASELINES)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE posts_in_order AS SELECT p.post_id, "
        "dense_rank() OVER (ORDER BY p.account_id, p.post_type) AS kind, epoch_us(p.posted_at) AS posted, "
        f"t.post_id IS NOT NULL AS is_touched, {values}{', ' + old if old else ''} FROM posts p "
        "LEFT JOIN post_curves c USING (post_id) LEFT JOIN touched_post t USING (post_id) "
        + ("" if full else "LEFT JOIN post_baselines b USING (post_id) ")
        + "WHERE p.posted_at IS NOT NULL AND p.account_id IS NOT NULL ORDER BY kind, posted, p.post_id"
    )
    rows = con.execute("SELECT * EXCLUDE (post_id) FROM posts_in_order").fetchnumpy()
    group, posted = _plain(rows["kind"], np.int64), _plain(rows["posted"], np.int64)
    start, end = window_ends(group, posted)
    touched = np.asarray(rows["is_touched"], dtype=bool)
    wanted = np.ones(len(group), bool) if full else _from_first_touched(group, touched)
    columns: dict[str, Any] = {}
    for column in BASELINES:
        fresh = interquartile_means(_plain(rows[column], np.float64), start, end, wanted)
        if not full:
            fresh = np.where(wanted, fresh, _plain(rows[f"baseline_{column}"], np.float64))
        columns[f"baseline_{column}"] = pa.array(fresh, mask=np.isnan(fresh))
    ids = con.execute("SELECT post_id FROM posts_in_order").fetch_arrow_table()
    made = pa.table({"post_id": ids["post_id"], **columns})
    con.register("made", made)
    con.execute("CREATE OR REPLACE TABLE post_baselines AS FROM made")
    con.unregister("made")
    con.execute("DROP TABLE posts_in_order")


def _from_first_touched(group: Any, touched: Any) -> Any:
    """Rows at or after the first touched one of their group."""
    hits = np.cumsum(touched)
    new = np.r_[True, group[1:] != group[:-1]] if len(group) else np.zeros(0, bool)
    before_group = np.maximum.accumulate(np.where(new, hits - touched, 0)) if len(group) else hits
    return hits > before_group


def _plain(values: Any, kind: type) -> Any:
    """A column as an array, NaN for NULL."""
    if isinstance(values, np.ma.MaskedArray):
        return values.astype(kind).filled(np.nan) if kind is np.float64 else values.filled(0).astype(kind)
    return np.asarray(values, dtype=kind)


def _performance(con: duckdb.DuckDBPyConnection, backend: Backend, settings: Settings) -> None:
    posts, followers = backend.table("posts"), backend.table("account_snapshots")
    performance = post_performance(
        posts,
        backend.table("post_curves"),
        backend.table("post_baselines"),
        followers_at_posting(posts, followers),
        viral_views=settings.viral_views,
        floor_views=settings.floor_views,
    )
    _make(con, "post_performance", performance)
    _make(con, "account_daily", account_daily(backend.table("post_performance"), followers))
