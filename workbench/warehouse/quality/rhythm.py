"""Accounts that were looked at in a rhythm, and no longer are."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from ...model.quality import at_most, severity_of
from .found import Found
from .steps import EXAMPLES

WINDOW_DAYS = 60
"""An account that was not looked at for so long was given up."""
LOOKS = 4
"""Days with a look that make a rhythm."""
MISSED = 3
"""A rhythm is broken when so many of its usual gaps went by without a look."""


def found(con: duckdb.DuckDBPyConnection) -> Iterator[Found]:
    """Of each platform, the accounts whose newest look is older than three of their usual gaps.

    Looks are snapshots of the account; of an account that has none, counts of its posts. Time is that of the newest
    capture, so the check says nothing of a warehouse that stands still as a whole: its pages are labelled stale.
    """
    touched = con.execute(
        "SELECT count(*) FROM brought WHERE table_name IN ('post_snapshots', 'account_snapshots')"
    ).fetchone()
    if not touched or not touched[0]:
        return
    rows = con.execute(
        "WITH newest AS (SELECT greatest((SELECT max(captured_at) FROM account_snapshots), "
        "(SELECT max(captured_at) FROM post_snapshots))::DATE AS today), "
        "own AS (SELECT DISTINCT account_id, captured_at::DATE AS day_on FROM account_snapshots, newest "
        f"WHERE captured_at >= today - {WINDOW_DAYS}), "
        "of_posts AS (SELECT DISTINCT p.account_id, s.captured_at::DATE AS day_on FROM newest, post_snapshots s "
        "JOIN posts p USING (post_id) ANTI JOIN own o ON o.account_id = p.account_id "
        f"WHERE s.captured_at >= today - {WINDOW_DAYS} AND p.account_id IS NOT NULL), "
        "gaps AS (SELECT account_id, day_on, "
        "day_on - lag(day_on) OVER (PARTITION BY account_id ORDER BY day_on) AS gap "
        "FROM (FROM own UNION ALL FROM of_posts)), "
        "courses AS (SELECT g.account_id, a.platform, max(day_on) AS last_on, median(gap) AS usual_gap, "
        "(SELECT today FROM newest) - max(day_on) AS since FROM gaps g JOIN accounts a USING (account_id) "
        "WHERE coalesce(a.is_active, true) AND coalesce(a.checked_state, 'ok') NOT IN ('removed', 'private') "
        f"GROUP BY ALL HAVING count(*) >= {LOOKS}) "
        f"SELECT platform, count(*), count(*) FILTER (since > {MISSED} * greatest(usual_gap, 1)), "
        "arg_max({account_id: account_id, last_on: last_on, usual_gap_days: usual_gap}, since, "
        f"{EXAMPLES}) FILTER (since > {MISSED} * greatest(usual_gap, 1)) "
        "FROM courses GROUP BY platform ORDER BY platform"
    ).fetchall()
    for platform, checked, failed, examples in rows:
        severity = severity_of(failed / checked, (0, 0.05, 0.25, 0.75)) if failed else None
        yield Found(
            check_name="missed_captures",
            table_name="accounts",
            platform=platform,
            checked=checked,
            failed=failed,
            severity=severity if failed >= 3 else at_most(severity, "low"),
            description=f"{failed:,} of {checked:,} accounts that were looked at in a rhythm have not been for more "
            f"than {MISSED} of their usual gaps ({platform}).",
            details={"examples": list(examples or [])},
        )
