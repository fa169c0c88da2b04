"""Marts: heavy metrics, materialized by the loader from the same expressions that notebooks call.

What follows from a post's own snapshots is computed for the posts that a load touched and kept for the
others. Baselines compare a post with the hundred before it, so they are computed from the first touched
post of each account on. Of the rest, the rows that may differ are made anew. A mart whose definition
changed (DEFINITIONS, the settings it depends on) is built in full.

Inside, posts are numbered: joins, groups and windows over whole numbers cost a third of those over ids.
The expressions don't mind what kind of key they are given.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from functools import cache
from typing import Any

import duckdb
import ibis
import numpy as np
import pyarrow as pa
from ibis.backends.sql.datatypes import DuckDBType

from ..metrics.curves import aged_snapshots, steps
from ..metrics.daily import account_daily
from ..metrics.posts import BASELINES, CURVES, curves_of, followers_at_posting, post_performance
from ..metrics.slides import slide_uses
from ..model.baselines import interquartile_means, window_ends
from ..settings import Settings
from . import images, media, money, payouts
from .schema import schema

DEFINITIONS = {
    "post_performance": 1, "account_daily": 1, "slide_images": images.DEFINITION, "slide_uses": 1, **money.DEFINITIONS,
    **payouts.DEFINITIONS,
}  # fmt: skip
"""Version of each mart's definition; raise it with the expression."""

MARTS = tuple(DEFINITIONS)

DEPENDS_ON = {
    "posts": ("post_id", "post_id"),
    "post_snapshots": ("post_id", "post_id"),
    "accounts": ("account_id", "account_id"),
    "account_snapshots": ("account_id", "account_id"),
    "slides": (images.TOUCHED, "post_id"),
    "media_files": (media.TOUCHED, "sha256"),
    **money.DEPENDS_ON,
}
"""Tables whose rows the marts are made of; the name under which a load notes what it touched, and its column."""

_FULL_SHARE = 0.3
"""Above this share of touched posts, building in full is cheaper."""

_NARROW_SHARE = 0.5
"""Above this share of rows that may differ, writing the table anew is cheaper."""


def state(settings: Settings) -> str:
    """What the marts depend on besides the rows: definitions and settings, as a hash."""
    parts = [
        DEFINITIONS, settings.viral_views, settings.floor_views, settings.time_zone, settings.reporting_currency,
    ]  # fmt: skip
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
        full = full or are_old(con, settings)
        posts, slides = full or _any_touched(con), images.are_behind(con)
        paid = posts or money.is_behind(con)
        if not paid and not slides:
            con.execute("COMMIT")
            return
        made_by = _statements(settings.viral_views, settings.floor_views)
        whole = full or (posts and _mostly_touched(con))
        if posts:
            _of_posts(con, made_by, settings, whole)
        if slides:
            images.refresh(con)
        con.execute(f"CREATE OR REPLACE TABLE slide_uses AS {made_by['slide_uses']}")
        if paid:
            money.refresh(con, settings, noted=posts, full=whole)
            payouts.refresh(con)
        con.execute("CREATE OR REPLACE TABLE mart_state AS SELECT ? AS state", [state(settings)])
        con.execute("DELETE FROM touched")
        con.execute("COMMIT")
    except BaseException:
        with suppress(duckdb.Error):  # a commit that failed has ended the transaction
            con.execute("ROLLBACK")
        raise


def _of_posts(
    con: duckdb.DuckDBPyConnection, made_by: dict[str, str], settings: Settings, full: bool
) -> None:
    _number(con, full)
    _curves(con, made_by)
    money.note_views(con, settings, full=full)
    con.execute("DROP TABLE steps_of_views")
    _baselines(con, full)
    _performance(con, made_by, full or not _narrow(con, made_by))


def _mostly_touched(con: duckdb.DuckDBPyConnection) -> bool:
    row = con.execute(
        "SELECT (SELECT count(DISTINCT key) FROM touched WHERE key_name = 'post_id'), (SELECT count(*) FROM posts)"
    ).fetchone()
    assert row is not None
    return bool(row[0] > _FULL_SHARE * row[1])


def _any_touched(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether posts have to follow: something touched, or a bare post that a table only refers to."""
    row = con.execute(
        "SELECT EXISTS (FROM touched WHERE key_name IN ('post_id', 'account_id')) "
        "OR (SELECT count(*) FROM posts) <> (SELECT count(*) FROM post_performance)"
    ).fetchone()
    return bool(row and row[0])


@cache
def _statements(viral_views: int, floor_views: float) -> dict[str, str]:
    """The SELECT behind each step, by its table's name.

    Building and compiling the expressions takes half a second, as much as a small load; their tables'
    columns are known, so once a process is enough.
    """
    posts = _unbound("mart_posts", "posts", ["post_id", *_POST_COLUMNS])
    snapshots = _unbound("mart_snapshots", "post_snapshots", ["post_id", *_SNAPSHOT_COLUMNS])
    followers = _unbound("account_snapshots", "account_snapshots", list(schema()["account_snapshots"]))
    made: dict[str, str] = {}

    def step(name: str, expression: ibis.Table) -> ibis.Table:
        made[name] = ibis.to_sql(expression, dialect="duckdb")
        return ibis.table(expression.schema(), name=name)

    aged = step("aged", aged_snapshots(posts, snapshots))
    views = step("steps_of_views", steps(aged, "views"))
    engagement = step("steps_of_engagement", steps(aged, "engagement"))
    curves = step("mart_curves", curves_of(snapshots, aged, views, engagement).select("post_id", *CURVES))
    baselines = ibis.table(
        {"post_id": "int64", **{f"baseline_{c}": "float64" for c in BASELINES}}, name="mart_baselines"
    )
    at_posting = followers_at_posting(posts, followers)
    step("followers_now", at_posting)
    performance = step(
        "post_performance",
        post_performance(
            posts,
            curves,
            baselines,
            at_posting,
            viral_views=viral_views,
            floor_views=floor_views,
        ),
    )
    keyed = ibis.table({**dict(performance.schema()), "post_id": "string"}, name="post_performance")
    step("account_daily", account_daily(keyed, followers))
    step(
        "slide_uses",
        slide_uses(
            ibis.table(images.COLUMNS, name="slide_images"),
            _unbound("posts", "posts", ["post_id", *_POST_COLUMNS]),
        ),
    )
    return made


def _unbound(name: str, table: str, columns: list[str]) -> ibis.Table:
    """A table of the warehouse as an expression without a connection, its key a number where it is a post's."""
    types = schema()[table]
    kinds = {c: DuckDBType.from_string(types[c]) for c in columns}
    if name.startswith("mart_"):
        kinds["post_id"] = ibis.dtype("int64")
    return ibis.table(kinds, name=name)


_POST_COLUMNS = (
    "platform", "account_id", "va_id", "creator_id", "set_id", "sound_id", "post_type", "url", "posted_at",
    "posted_at_precision", "posted_local_on", "posted_local_hour", "slide_count", "duration_seconds", "is_deleted",
    "followers_at_post",
)  # fmt: skip
_SNAPSHOT_COLUMNS = ("captured_at", "views", "likes", "comments", "shares", "saves", "reposts", "downloads")


def _number(con: duckdb.DuckDBPyConnection, full: bool) -> None:
    """Temporary tables with numbers for ids: `mart_posts` (in order of id), `mart_snapshots` of touched posts."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE numbered AS "
        "SELECT row_number() OVER (ORDER BY post_id) AS number, post_id FROM posts"
    )
    touched = "true" if full else "t.key IS NOT NULL"
    keys = "SELECT DISTINCT key FROM touched WHERE key_name = 'post_id'"
    only = "" if full else f"LEFT JOIN ({keys}) t ON t.key = p.post_id"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE mart_posts AS SELECT n.number AS post_id, {', '.join(_POST_COLUMNS)}, "
        f"{touched} AS is_touched FROM posts p JOIN numbered n ON n.post_id = p.post_id {only}"
    )
    some = "" if full else "WHERE n.number IN (SELECT post_id FROM mart_posts WHERE is_touched)"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE mart_snapshots AS SELECT n.number AS post_id, {', '.join(_SNAPSHOT_COLUMNS)} "
        f"FROM post_snapshots s JOIN numbered n ON n.post_id = s.post_id {some}"
    )


def _curves(con: duckdb.DuckDBPyConnection, made_by: dict[str, str]) -> None:
    """Temporary tables `mart_curves` and `steps_of_views` of touched posts."""
    for step in ("aged", "steps_of_views", "steps_of_engagement", "mart_curves"):
        con.execute(f"CREATE OR REPLACE TEMP TABLE {step} AS {made_by[step]}")
    for step in ("mart_snapshots", "aged", "steps_of_engagement"):
        con.execute(f"DROP TABLE {step}")


def _baselines(con: duckdb.DuckDBPyConnection, full: bool) -> None:
    """Temporary table `mart_baselines`: of every post that a touched post may count for, kept for the others.

    is_wanted tells which are computed.
    """
    values = ", ".join(
        f"c.{c}" if full else f"CASE WHEN p.is_touched THEN c.{c} ELSE o.{c} END AS {c}" for c in BASELINES
    )
    old = "" if full else "".join(f", o.baseline_{c}" for c in BASELINES)
    touched = "true" if full else f"p.is_touched OR {_MOVED} OR coalesce(p.posted_at >= l.since, false)"
    kept = (
        ""
        if full
        else (
            "LEFT JOIN numbered n ON n.number = p.post_id LEFT JOIN post_performance o ON o.post_id = n.post_id "
            "LEFT JOIN places_left l ON l.account_id = p.account_id AND l.post_type IS NOT DISTINCT FROM p.post_type "
        )
    )
    if not full:
        # Where a post stood that now stands elsewhere, those after it have lost it.
        con.execute(
            "CREATE OR REPLACE TEMP TABLE places_left AS "
            "SELECT o.account_id, o.post_type, min(o.posted_at) AS since FROM post_performance o "
            "LEFT JOIN numbered n ON n.post_id = o.post_id LEFT JOIN mart_posts p ON p.post_id = n.number "
            f"WHERE o.posted_at IS NOT NULL AND o.account_id IS NOT NULL AND {_MOVED} GROUP BY ALL"
        )
    rows = con.execute(
        "WITH kinds AS (SELECT row_number() OVER () AS kind, account_id, post_type FROM "
        "(SELECT DISTINCT account_id, post_type FROM posts WHERE account_id IS NOT NULL)) "
        f"SELECT p.post_id, k.kind, epoch_us(p.posted_at) AS posted, {touched} AS is_touched, {values}{old} "
        "FROM mart_posts p JOIN kinds k ON k.account_id = p.account_id "
        "AND k.post_type IS NOT DISTINCT FROM p.post_type "
        f"LEFT JOIN mart_curves c ON c.post_id = p.post_id {kept}WHERE p.posted_at IS NOT NULL"
    ).fetchnumpy()
    number, kind, posted = (_plain(rows[c], np.int64) for c in ("post_id", "kind", "posted"))
    order = np.lexsort((number, posted, kind))
    start, end = window_ends(kind[order], posted[order])
    wanted = _from_first_touched(kind[order], np.asarray(rows["is_touched"], dtype=bool)[order])
    columns: dict[str, Any] = {}
    for column in BASELINES:
        fresh = interquartile_means(_plain(rows[column], np.float64)[order], start, end, wanted)
        if not full:
            fresh = np.where(wanted, fresh, _plain(rows[f"baseline_{column}"], np.float64)[order])
        columns[f"baseline_{column}"] = pa.array(fresh, mask=np.isnan(fresh))
    con.register("made", pa.table({"post_id": number[order], "is_wanted": wanted, **columns}))
    con.execute("CREATE OR REPLACE TEMP TABLE mart_baselines AS FROM made")
    con.unregister("made")
    con.execute("DROP TABLE IF EXISTS places_left")


_MOVED = (
    "(o.account_id IS DISTINCT FROM p.account_id OR o.post_type IS DISTINCT FROM p.post_type "
    "OR o.posted_at IS DISTINCT FROM p.posted_at)"
)
"""Whether a post stands elsewhere than in the mart: renaming an account moves posts that no batch touched."""


_WEEK = "date_trunc('week', p.posted_local_on)::DATE"


def _narrow(con: duckdb.DuckDBPyConnection, made_by: dict[str, str]) -> bool:
    """Leave in `mart_posts` only the posts whose row may differ from the mart's; False where that is most of them.

    A log outlier is taken against its platform's week, so a week with one changed post is changed as a whole.
    """
    accounts = con.execute("SELECT count(*) FROM touched WHERE key_name = 'account_id'").fetchone()
    assert accounts is not None
    followers = (
        made_by["followers_now"] if accounts[0] else "SELECT 0 AS post_id, 0 AS followers_at_posting LIMIT 0"
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE followers_now AS {followers}")
    moved_followers = (
        "o.followers_at_posting IS DISTINCT FROM f.followers_at_posting" if accounts[0] else "false"
    )
    changed = (
        f"p.is_touched OR o.post_id IS NULL OR {_MOVED} OR coalesce(b.is_wanted, false) "
        "OR o.posted_local_on IS DISTINCT FROM p.posted_local_on "
        "OR o.posted_local_hour IS DISTINCT FROM p.posted_local_hour "
        f"OR {moved_followers}"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE rows_changed AS SELECT p.post_id, o.post_id AS old_id, p.platform, "
        f"{_WEEK} AS week_on, o.platform AS old_platform, o.posted_week_on::DATE AS old_week_on "
        "FROM mart_posts p JOIN numbered n ON n.number = p.post_id "
        "LEFT JOIN followers_now f ON f.post_id = p.post_id LEFT JOIN mart_baselines b ON b.post_id = p.post_id "
        f"FULL JOIN post_performance o ON o.post_id = n.post_id WHERE p.post_id IS NULL OR {changed}"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE affected AS SELECT p.post_id FROM mart_posts p "
        "WHERE p.post_id IN (SELECT post_id FROM rows_changed) OR EXISTS (FROM ("
        "SELECT platform, week_on FROM rows_changed UNION SELECT old_platform, old_week_on FROM rows_changed) w "
        f"WHERE w.platform = p.platform AND w.week_on = {_WEEK})"
    )
    counts = con.execute(
        "SELECT (SELECT count(*) FROM affected), (SELECT count(*) FROM mart_posts)"
    ).fetchone()
    assert counts is not None
    narrow = bool(counts[0] <= _NARROW_SHARE * counts[1])
    if narrow:
        con.execute(
            "DELETE FROM post_performance WHERE post_id IN (SELECT old_id FROM rows_changed WHERE post_id IS NULL)"
        )
        con.execute("DELETE FROM mart_posts WHERE post_id NOT IN (FROM affected)")
    con.execute(
        f"INSERT INTO mart_curves SELECT m.post_id, {', '.join(f'o.{c}' for c in CURVES)} FROM mart_posts m "
        "JOIN numbered n ON n.number = m.post_id JOIN post_performance o ON o.post_id = n.post_id "
        "WHERE NOT m.is_touched AND o.n_snapshots IS NOT NULL"
    )
    for step in ("followers_now", "rows_changed", "affected"):
        con.execute(f"DROP TABLE {step}")
    return narrow


def _from_first_touched(group: Any, touched: Any) -> Any:
    """Rows at or after the first touched one of their group."""
    hits = np.cumsum(touched)
    new = np.r_[True, group[1:] != group[:-1]] if len(group) else np.zeros(0, bool)
    before_group = np.maximum.accumulate(np.where(new, hits - touched, 0)) if len(group) else hits
    return hits > before_group


def _plain(values: Any, kind: type) -> Any:
    """A column as an array, NaN for NULL."""
    if isinstance(values, np.ma.MaskedArray):
        masked: Any = values.astype(kind)
        return masked.filled(np.nan if kind is np.float64 else 0)
    return np.asarray(values, dtype=kind)


def _performance(con: duckdb.DuckDBPyConnection, made_by: dict[str, str], whole: bool) -> None:
    """`post_performance` of the posts in `mart_posts`: the whole table, or these rows of it."""
    rows = (
        "SELECT n.post_id, m.* EXCLUDE (post_id) "
        f"FROM ({made_by['post_performance']}) m JOIN numbered n ON n.number = m.post_id"
    )
    if whole:
        con.execute(f"CREATE OR REPLACE TABLE post_performance AS {rows}")
    else:
        con.execute(
            "DELETE FROM post_performance WHERE post_id IN (SELECT n.post_id FROM mart_posts m "
            "JOIN numbered n ON n.number = m.post_id)"
        )
        con.execute(f"INSERT INTO post_performance {rows}")
    for step in ("numbered", "mart_posts", "mart_curves", "mart_baselines"):
        con.execute(f"DROP TABLE {step}")
    con.execute(f"CREATE OR REPLACE TABLE account_daily AS {made_by['account_daily']}")
