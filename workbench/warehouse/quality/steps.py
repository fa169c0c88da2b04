"""From one capture to the next: counts that fall, counts that leap, posts without a view.

A step belongs to the load when either of its ends does, so the order in which batches come does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb

from ...model.quality import at_most, severity_of
from .found import Found

EXAMPLES = 5
FEW = 20
"""Below so many rows looked at, nothing is graver than low."""

DEEP_SHARE = 0.9
DEEP_COUNTS = 10
"""A deep fall ends below this share of the count before, and loses at least so many."""

SPIKE_TIMES = 10
"""A leap is faster, by the hour, than this many times the median of the steps before it (metrics.md)."""
SPIKE_STEPS = 3
"""Steps that have to be known before it."""
LEAST_GAIN = {"views": 1000, "followers": 500}
"""Smaller steps decide nothing."""

ZERO_HOURS = 72


def found(con: duckdb.DuckDBPyConnection) -> Iterator[Found]:
    """What the steps of this load's snapshots tell."""
    if _steps(con, "post_snapshots", "post_id", "views", also="likes"):
        for count in ("views", "likes"):
            yield from _falls(con, count)
        yield from _spikes(con, "post_snapshots", "post_id", "views")
        yield from _zeros(con)
    if _steps(con, "account_snapshots", "account_id", "followers"):
        yield from _spikes(con, "account_snapshots", "account_id", "followers")
    con.execute("DROP TABLE IF EXISTS steps")


def _steps(con: duckdb.DuckDBPyConnection, table: str, key: str, count: str, also: str | None = None) -> bool:
    """Temporary table `steps`: captures of what this load touched, each beside the one before; False: none.

    `source` is NULL where neither end of a step is of this load. Things are told apart by 64 bits of a hash of
    their key, and batches by a map: that costs a third of joins and windows over the ids.
    """
    row = con.execute("SELECT count(*) FROM brought WHERE table_name = ?", [table]).fetchone()
    if not row or not row[0]:
        return False
    con.execute(
        "SET VARIABLE sources = (SELECT map_from_entries(list(DISTINCT {key: batch_id, value: source})) "
        f"FROM brought WHERE table_name = '{table}')"
    )
    other = f", {also}" if also else ""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE captures AS SELECT hash({key}) AS n, split_part({key}, ':', 1) AS platform, "
        f"captured_at, {count}{other}, getvariable('sources')[batch_id] AS source FROM {table} "
        f"WHERE {count} IS NOT NULL"
    )
    before = f", lag({also} IGNORE NULLS) OVER w AS {also}_before" if also else ""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE steps AS SELECT * EXCLUDE (source, source_before), source AS own_source, "
        f"coalesce(source, source_before) AS source FROM (SELECT *, lag({count}) OVER w AS {count}_before, "
        f"lag(captured_at) OVER w AS before_at, lag(source) OVER w AS source_before{before}, "
        "row_number() OVER w - 2 AS n_before FROM captures "
        "SEMI JOIN (FROM captures SELECT n WHERE source IS NOT NULL) USING (n) "
        "WINDOW w AS (PARTITION BY n ORDER BY captured_at))"
    )
    con.execute("DROP TABLE captures")
    return True


def _falls(con: duckdb.DuckDBPyConnection, count: str) -> Iterator[Found]:
    lost = f"{count}_before - {count}"
    rows = con.execute(
        f"SELECT source, platform, count(*), count(*) FILTER ({lost} > 0), "
        f"count(*) FILTER ({count} < {DEEP_SHARE} * {count}_before AND {lost} >= {DEEP_COUNTS}), "
        f"arg_max({_example(count)}, {lost}, {EXAMPLES}) FILTER ({lost} > 0) FROM steps "
        f"WHERE source IS NOT NULL AND {count} IS NOT NULL AND {count}_before IS NOT NULL GROUP BY ALL"
    ).fetchall()
    for source, platform, checked, failed, deep, examples in rows:
        severity = "low" if failed else None
        if checked >= FEW and deep >= 5:
            severity = severity_of(deep / checked, (0, 0.005, 0.05, 0.25))
        elif checked >= FEW and failed >= 0.2 * checked:
            severity = "medium"
        yield Found(
            check_name="falling_counts",
            table_name="post_snapshots",
            source=source,
            platform=platform,
            about=count,
            checked=checked,
            failed=failed,
            severity=severity,
            description=f"{count.capitalize()} fell in {failed:,} of {checked:,} steps from one capture of a post to "
            f"the next, in {deep:,} of them by more than a tenth ({source}, {platform}).",
            details={"deep": deep, "examples": _named(con, "post_snapshots", "post_id", examples)},
        )


def _spikes(con: duckdb.DuckDBPyConnection, table: str, key: str, count: str) -> Iterator[Found]:
    """Steps of this load that are faster than ten times the median of the steps before."""
    # Followers leave in crowds too; views that fall are another check's.
    gain = f"{count} - {count}_before"
    moved = f"abs({gain})" if count == "followers" else f"greatest({gain}, 0)"
    speed = f"{moved} / greatest(epoch(captured_at - before_at) / 3600, 1)"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE leaps AS WITH fast AS (SELECT *, {speed} AS speed FROM steps "
        f"WHERE source IS NOT NULL AND n_before >= {SPIKE_STEPS} AND {moved} >= {LEAST_GAIN[count]}), "
        f"speeds AS (SELECT n, captured_at, {speed} AS speed FROM steps SEMI JOIN fast USING (n) "
        "WHERE before_at IS NOT NULL), "
        "usual AS (SELECT f.n, f.captured_at, greatest(median(b.speed), 1) AS usual FROM fast f "
        "JOIN speeds b ON b.n = f.n AND b.captured_at < f.captured_at GROUP BY ALL) "
        "SELECT f.*, u.usual FROM fast f JOIN usual u USING (n, captured_at) "
        f"WHERE f.speed > {SPIKE_TIMES} * u.usual"
    )
    example = f"struct_insert({_example(count)}, times_usual := round(speed / usual, 1))"
    rows = con.execute(
        "SELECT c.source, c.platform, c.checked, coalesce(l.failed, 0), coalesce(l.n, 0), l.examples FROM "
        "(SELECT source, platform, count(*) AS checked FROM steps "
        f"WHERE source IS NOT NULL AND n_before >= {SPIKE_STEPS} GROUP BY ALL) c LEFT JOIN "
        f"(SELECT source, platform, count(*) AS failed, count(DISTINCT n) AS n, "
        f"arg_max({example}, speed / usual, {EXAMPLES}) AS examples FROM leaps GROUP BY ALL) l "
        "USING (source, platform)"
    ).fetchall()
    con.execute("DROP TABLE leaps")
    what = "account" if count == "followers" else "post"
    for source, platform, checked, failed, n, examples in rows:
        severity = "low" if failed else None
        if checked >= FEW and failed >= 5:
            severity = severity_of(failed / checked, (0, 0.01, 0.05, 0.25))
        yield Found(
            check_name="spikes",
            table_name=table,
            source=source,
            platform=platform,
            about=count,
            checked=checked,
            failed=failed,
            severity=severity,
            description=f"{count.capitalize()} of {n:,} {what}{'' if n == 1 else 's'} moved more than {SPIKE_TIMES} "
            f"times as fast as usual for that {what}, in {failed:,} of {checked:,} steps ({source}, {platform}).",
            details={"examples": _named(con, table, key, examples)},
        )


def _zeros(con: duckdb.DuckDBPyConnection) -> Iterator[Found]:
    """Posts whose newest count of this load is 0, days after they were posted."""
    rows = con.execute(
        "WITH newest AS (SELECT n, arg_max(own_source, captured_at) AS source, any_value(platform) AS platform, "
        "arg_max(views, captured_at) AS views, max(captured_at) AS captured_at "
        "FROM steps WHERE own_source IS NOT NULL GROUP BY n) "
        "SELECT s.source, s.platform, count(*), count(*) FILTER (s.views = 0), "
        "arg_max({post_id: p.post_id, posted_at: p.posted_at, captured_at: s.captured_at}, s.captured_at, "
        f"{EXAMPLES}) FILTER (s.views = 0) FROM newest s JOIN posts p ON hash(p.post_id) = s.n "
        f"WHERE s.captured_at >= p.posted_at + INTERVAL {ZERO_HOURS} HOUR GROUP BY ALL"
    ).fetchall()
    for source, platform, checked, failed, examples in rows:
        severity = severity_of(failed / checked, (0, 0.05, 0.25, 0.75)) if failed else None
        yield Found(
            check_name="zero_views",
            table_name="post_snapshots",
            source=source,
            platform=platform,
            checked=checked,
            failed=failed,
            severity=severity if checked >= FEW and failed >= 5 else at_most(severity, "low"),
            description=f"{failed:,} of {checked:,} posts have 0 views {ZERO_HOURS // 24} days or more after they were "
            f"posted ({source}, {platform}).",
            details={"examples": list(examples or [])},
        )


def _example(count: str) -> str:
    return (
        f"{{n: n, before_at: before_at, {count}_before: {count}_before, captured_at: captured_at, "
        f"{count}: {count}}}"
    )


def _named(con: duckdb.DuckDBPyConnection, table: str, key: str, examples: Any) -> list[dict[str, Any]]:
    """Examples with the id that their hash stands for."""
    if not examples:
        return []
    hashes = ", ".join(str(int(e["n"])) for e in examples)
    rows = con.execute(f"SELECT DISTINCT hash({key}), {key} FROM {table} WHERE hash({key}) IN ({hashes})")
    ids = dict(rows.fetchall())
    return [{key: ids[e["n"]]} | {k: v for k, v in e.items() if k != "n"} for e in examples]
