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
"""A leap is faster than this many times the median speed of the post's steps before it (metrics.md, Operations)."""
SPIKE_STEPS = 3
"""Steps that have to be known before it."""
LEAST_GAIN = {"views": 1000, "followers": 500}
"""Smaller steps decide nothing."""

ZERO_HOURS = 72

_COUNTS = {"views": "Views", "likes": "Likes"}


def found(con: duckdb.DuckDBPyConnection) -> Iterator[Found]:
    """What the steps of this load's snapshots tell."""
    if _steps(con, "post_snapshots", "post_id", ("views", "likes")):
        for count in _COUNTS:
            yield from _falls(con, count)
        yield from _spikes(con, "post_snapshots", "post_id", "views", "post")
        yield from _zeros(con)
        con.execute("DROP TABLE steps")
    if _steps(con, "account_snapshots", "account_id", ("followers",)):
        yield from _spikes(con, "account_snapshots", "account_id", "followers", "account")
        con.execute("DROP TABLE steps")


def _steps(con: duckdb.DuckDBPyConnection, table: str, key: str, counts: tuple[str, ...]) -> bool:
    """Temporary table `steps`: snapshots of what this load touched, each beside the one before; False: none."""
    row = con.execute("SELECT count(*) FROM brought WHERE table_name = ?", [table]).fetchone()
    if not row or not row[0]:
        return False
    # The source of one of few batches: looked up in a map, it costs no join over all rows.
    con.execute(
        "SET VARIABLE sources = (SELECT map_from_entries(list(DISTINCT {key: batch_id, value: source})) "
        f"FROM brought WHERE table_name = '{table}')"
    )
    before = ", ".join(
        f"lag({c} IGNORE NULLS) OVER w AS {c}_before, lag(CASE WHEN {c} IS NOT NULL THEN captured_at END IGNORE NULLS) "
        f"OVER w AS {c}_before_at, lag(CASE WHEN {c} IS NOT NULL THEN source END IGNORE NULLS) OVER w AS {c}_source"
        for c in counts
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE steps AS WITH mine AS (SELECT {key}, captured_at, {', '.join(counts)}, "
        f"getvariable('sources')[batch_id] AS source FROM {table}), "
        f"touched_here AS (SELECT DISTINCT {key} FROM mine WHERE source IS NOT NULL) "
        f"SELECT *, split_part({key}, ':', 1) AS platform, {before}, lead(captured_at) OVER w IS NULL AS is_last "
        f"FROM mine SEMI JOIN touched_here USING ({key}) WINDOW w AS (PARTITION BY {key} ORDER BY captured_at)"
    )
    return True


def _falls(con: duckdb.DuckDBPyConnection, count: str) -> Iterator[Found]:
    lost = f"{count}_before - {count}"
    example = (
        f"{{post_id: post_id, before_at: {count}_before_at, {count}_before: {count}_before, "
        f"captured_at: captured_at, {count}: {count}}}"
    )
    rows = con.execute(
        f"SELECT coalesce(source, {count}_source) AS source, platform, count(*), "
        f"count(*) FILTER ({lost} > 0), "
        f"count(*) FILTER ({count} < {DEEP_SHARE} * {count}_before AND {lost} >= {DEEP_COUNTS}), "
        f"arg_max({example}, {lost}, {EXAMPLES}) FILTER ({lost} > 0) FROM steps "
        f"WHERE {count} IS NOT NULL AND {count}_before IS NOT NULL "
        f"AND (source IS NOT NULL OR {count}_source IS NOT NULL) GROUP BY ALL"
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
            description=f"{_COUNTS[count]} fell in {failed:,} of {checked:,} steps from one capture of a post to the "
            f"next, in {deep:,} of them by more than a tenth ({source}, {platform}).",
            details={"deep": deep, "examples": _plain(examples)},
        )


def _spikes(con: duckdb.DuckDBPyConnection, table: str, key: str, count: str, what: str) -> Iterator[Found]:
    """Steps of this load that are faster than ten times the median of the steps before.

    Only a step that beats the slowest before it ten times can beat their median so: the others need no median.
    """
    moved = f"abs({count} - {count}_before)"
    hours = f"greatest(epoch(captured_at - {count}_before_at) / 3600, 1)"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE speeds AS SELECT {key}, captured_at, {count}, {count}_before, "
        f"{count}_before_at, coalesce(source, {count}_source) AS source, "
        f"platform, {moved} AS moved, {moved} / {hours} AS speed, min(speed) OVER before AS slowest, "
        f"count(*) OVER before AS n_before FROM steps WHERE {count} IS NOT NULL AND {count}_before IS NOT NULL "
        f"WINDOW before AS (PARTITION BY {key} ORDER BY captured_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE leaps AS WITH fast AS (FROM speeds WHERE source IS NOT NULL "
        f"AND n_before >= {SPIKE_STEPS} AND moved >= {LEAST_GAIN[count]} "
        f"AND speed > {SPIKE_TIMES} * greatest(slowest, 1)), "
        f"usual AS (SELECT f.{key}, f.captured_at, median(b.speed) AS usual FROM fast f "
        f"JOIN speeds b ON b.{key} = f.{key} AND b.captured_at < f.captured_at GROUP BY ALL) "
        f"SELECT f.*, u.usual FROM fast f JOIN usual u USING ({key}, captured_at) "
        f"WHERE f.speed > {SPIKE_TIMES} * greatest(u.usual, 1)"
    )
    example = (
        f"{{{key}: {key}, before_at: {count}_before_at, {count}_before: {count}_before, captured_at: captured_at, "
        f"{count}: {count}, times_usual: round(speed / greatest(usual, 1), 1)}}"
    )
    rows = con.execute(
        "SELECT c.source, c.platform, c.checked, coalesce(l.failed, 0), l.n, l.examples FROM "
        "(SELECT source, platform, count(*) AS checked FROM speeds "
        f"WHERE source IS NOT NULL AND n_before >= {SPIKE_STEPS} GROUP BY ALL) c LEFT JOIN "
        f"(SELECT source, platform, count(*) AS failed, count(DISTINCT {key}) AS n, "
        f"arg_max({example}, speed / greatest(usual, 1), {EXAMPLES}) AS examples FROM leaps GROUP BY ALL) l "
        "USING (source, platform)"
    ).fetchall()
    con.execute("DROP TABLE speeds")
    con.execute("DROP TABLE leaps")
    for source, platform, checked, failed, n, examples in rows:
        severity = "low" if failed else None
        if checked >= FEW and failed >= 5:
            severity = severity_of(failed / checked, (0, 0.01, 0.05, 0.25))
        named = f"{n or 0:,} {what}{'' if n == 1 else 's'}"
        yield Found(
            check_name="spikes",
            table_name=table,
            source=source,
            platform=platform,
            about=count,
            checked=checked,
            failed=failed,
            severity=severity,
            description=f"{count.capitalize()} of {named} moved more than {SPIKE_TIMES} times as fast as in the "
            f"middle one of the {what}'s steps before, in {failed:,} of {checked:,} steps ({source}, {platform}).",
            details={"examples": _plain(examples)},
        )


def _zeros(con: duckdb.DuckDBPyConnection) -> Iterator[Found]:
    rows = con.execute(
        "SELECT s.source, s.platform, count(*), count(*) FILTER (s.views = 0), "
        f"arg_max({{post_id: post_id, posted_at: p.posted_at, captured_at: s.captured_at}}, s.captured_at, {EXAMPLES}) "
        "FILTER (s.views = 0) FROM steps s JOIN posts p USING (post_id) "
        f"WHERE s.is_last AND s.source IS NOT NULL AND s.views IS NOT NULL "
        f"AND s.captured_at >= p.posted_at + INTERVAL {ZERO_HOURS} HOUR GROUP BY ALL"
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
            details={"examples": _plain(examples)},
        )


def _plain(examples: Any) -> list[dict[str, Any]]:
    return list(examples or [])
