"""What each table of a batch held: kept for the newest batches of a source, so that what is usual is known."""

from __future__ import annotations

import duckdb

from ...sql_words import quoted, text
from ..batches import Manifest, utc_now
from ..merge import Merged
from ..staging import Staged

WATCHED = {
    "posts": ("account_id", "posted_at", "va_id", "set_id", "post_type"),
    "post_snapshots": ("views", "likes", "comments", "shares", "saves"),
    "account_snapshots": ("followers",),
    "sound_snapshots": ("uses",),
    "hashtag_snapshots": ("view_count",),
    "interactions": ("post_id",),
    "slides": ("sha256", "ocr_text"),
    "tasks": ("va_id", "due_on"),
}
"""Columns that metrics need, of tables whose rows may lack them."""

KEPT = 20
"""Profiles kept of each source, table and platform."""
LATE_HOURS = 48
"""A count is late when it was captured longer ago than this when it was loaded."""
AHEAD_MINUTES = 10
"""How far a clock may be ahead."""


def begin(con: duckdb.DuckDBPyConnection) -> None:
    """Make the temporary table of what this load's batches brought."""
    con.execute(
        "CREATE TEMP TABLE brought (batch_id VARCHAR, source VARCHAR, table_name VARCHAR, captured_at TIMESTAMP, "
        "n_read BIGINT, n_rejected BIGINT, n_stood BIGINT, n_duplicate BIGINT, n_conflicts BIGINT)"
    )


def profile(con: duckdb.DuckDBPyConnection, manifest: Manifest, staged: Staged, merged: Merged) -> None:
    """Note what one table of a batch held, after it was merged."""
    con.execute(
        "INSERT INTO brought VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            manifest.batch_id,
            manifest.source,
            staged.table.name,
            manifest.captured_at,
            staged.rows_read,
            staged.rows_rejected,
            merged.accepted + merged.unchanged,
            merged.duplicate,
            merged.conflicts,
        ],
    )
    now = f"TIMESTAMP {text(utc_now())}"
    held, new = _held(staged, now), _new(staged, now)
    con.execute(
        f"INSERT INTO batch_profiles SELECT {text(manifest.batch_id)}, {text(manifest.source)}, "
        f"{text(staged.table.name)}, h.platform, TIMESTAMP {text(manifest.captured_at)}, {now}, h.n_rows, "
        "h.n_accounts, h.n_posts, n.n_new, n.n_late, n.first_late_at, n.last_late_at, h.n_future, h.missing "
        f"FROM ({held}) h LEFT JOIN ({new}) n USING (platform)"
    )


def forget_old(con: duckdb.DuckDBPyConnection) -> None:
    """Keep the newest profiles of each source, table and platform only."""
    con.execute(
        "DELETE FROM batch_profiles p USING (SELECT batch_id, table_name, platform FROM batch_profiles QUALIFY "
        "row_number() OVER (PARTITION BY source, table_name, platform "
        f"ORDER BY captured_at DESC, profiled_at DESC, batch_id) > {KEPT}) o WHERE o.batch_id = p.batch_id "
        "AND o.table_name = p.table_name AND o.platform = p.platform"
    )


def _held(staged: Staged, now: str) -> str:
    """SELECT of counts over all rows of the batch, whether they brought something new or not."""
    given = staged.columns
    instants = [c for c in ("captured_at", "posted_at") if c in given]
    ahead = " OR ".join(f"{c} > {now} + INTERVAL {AHEAD_MINUTES} MINUTE" for c in instants)
    missing = ", ".join(
        f"{{key: {text(c)}, value: count(*) - count({quoted(c)})}}"
        for c in WATCHED.get(staged.table.name, ())
        if c in given
    )
    return (
        f"SELECT {_platform(given)} AS platform, count(*) AS n_rows, "
        f"{_distinct('account_id', given)} AS n_accounts, {_distinct('post_id', given)} AS n_posts, "
        f"{f'count(*) FILTER ({ahead})' if ahead else 'NULL'} AS n_future, "
        f"{f'map_from_entries([{missing}])' if missing else 'MAP {}'}::MAP(VARCHAR, BIGINT) AS missing "
        f"FROM {staged.name} GROUP BY 1"
    )


def _new(staged: Staged, now: str) -> str:
    """SELECT of counts over the rows that brought something new; without rows where nothing says when."""
    table = staged.table
    if "captured_at" not in table.key:
        columns = "NULL::BIGINT AS n_new, NULL::BIGINT AS n_late, NULL::TIMESTAMP AS first_late_at"
        return f"SELECT NULL::VARCHAR AS platform, {columns}, NULL::TIMESTAMP AS last_late_at WHERE false"
    late = f"FILTER (captured_at < {now} - INTERVAL {LATE_HOURS} HOUR)"
    return (
        f"SELECT {_platform(table.key)} AS platform, count(*) AS n_new, count(*) {late} AS n_late, "
        f"min(captured_at) {late} AS first_late_at, max(captured_at) {late} AS last_late_at "
        f"FROM touched_{table.name} GROUP BY 1"
    )


def _platform(columns: tuple[str, ...]) -> str:
    """SQL for the platform that a row is of; empty where it is of none."""
    if "platform" in columns:
        return "coalesce(platform, '')"
    key = next((c for c in ("post_id", "account_id") if c in columns), None)
    return f"coalesce(split_part({key}, ':', 1), '')" if key else "''"


def _distinct(column: str, given: tuple[str, ...]) -> str:
    return f"count(DISTINCT {column})" if column in given else "NULL"
