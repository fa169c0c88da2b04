"""The table performance_trends of tiktok_analytics.db, where it says clearly when which post had what."""

from __future__ import annotations

import re

import ibis
import ibis.expr.types as ir
from ibis import _

from .base import SourceFile
from .fields import instant, or_text, plausible, present
from .file_tables import followed
from .prepared import not_understood, plain_names

_TABLE = "performance_trends"
_POST = ("post_id", "post_url", "video_id", "post")
_DAY = ("day", "day_n", "day_number", "days_since_posted", "age_days")
_DATE = ("captured_at", "scraped_at", "recorded_at", "date", "trend_date", "snapshot_date", "timestamp")
_COUNTS = {
    "views": ("views", "view_count"),
    "likes": ("likes", "like_count"),
    "comments": ("comments", "comment_count"),
    "shares": ("shares", "share_count"),
    "saves": ("saves", "save_count"),
}
_MOST_DAYS = 36_500
_DAY_COLUMN = re.compile(r"day_?(\d{1,4})_(views|likes|comments|shares|saves)", re.ASCII)


def trend_snapshots(file: SourceFile, posts: ibis.Table) -> tuple[list[ibis.Table], list[str]]:
    """Snapshots, if any, and notes about what was left out.

    Read are a row a post with columns day1_views, day2_views, ...; a row a post and day of its life (a
    number); a row a post and date. Day n is posted_at + n x 24 h, an instant with a date is that instant.

    Parameters
    ----------
    posts
        What other tables may call a post (`called`) -> post_id, posted_at.
    """
    name = next((n for n in file.tables if n.lower() == _TABLE), None)
    if name is None:
        return [], []
    rows = plain_names(file.tables[name])
    post = _first(rows, _POST)
    days = {m[0]: (int(m[1]), m[2]) for c in rows.columns if (m := _DAY_COLUMN.fullmatch(c))}
    counts = {ours: c for ours, theirs in _COUNTS.items() if (c := _first(rows, theirs))}
    day, date = _first(rows, _DAY), _first(rows, _DATE)
    if post is None or not (days or (counts and (day or date))):
        left_out = (
            f"Table {name} left out: it doesn't say clearly which post had how many views when. Its columns: "
            f"{', '.join(c for c in rows.columns if c != 'source_row')}."
        )
        return [], [left_out]
    read = {post, "id", *counts.values(), *days}
    # The file's own names are set apart: its post_id is not ours.
    raw = rows.select("source_row", post=present(rows[post]), **{f"raw_{c}": rows[c] for c in rows.columns})
    of_post = followed(raw, "post", posts)
    if days:
        numbers = sorted({n for n, _count in days.values()})
        wide = [{count: c for c, (n, count) in days.items() if n == number} for number in numbers]
        tables = [
            _snapshots(of_post, columns, _at_age(of_post, ibis.literal(number).cast("string")))
            for number, columns in zip(numbers, wide, strict=True)
        ]
    elif day:
        read.add(day)
        tables = [_snapshots(of_post, counts, _at_age(of_post, of_post[f"raw_{day}"]))]
    elif date:
        read.add(date)
        written = of_post[f"raw_{date}"]
        captured_at = or_text(instant(written, file.time_zone), written)
        tables = [_snapshots(of_post, counts, captured_at, method="scraped")]
    return tables, [f"Table {name}: {note}" for note in not_understood(rows.columns, read)]


def _first(rows: ibis.Table, names: tuple[str, ...]) -> str | None:
    return next((n for n in names if n in rows.columns), None)


def _at_age(rows: ibis.Table, days: ir.StringValue) -> ir.StringValue:
    """posted_at + days x 24 h; a day that is no number stays the text it was."""
    number = days.try_cast("float64")
    is_age = number.between(-_MOST_DAYS, _MOST_DAYS)
    microseconds = (is_age.ifelse(number, None) * 86_400_000_000).cast("int64")
    posted = plausible(rows.posted_at.try_cast("timestamp"))
    # A post without an instant has no age; what is no age stays as written.
    unread = ibis.coalesce(is_age, False).ifelse(None, days)
    return ibis.coalesce((posted + microseconds.as_interval("us")).cast("string"), unread)


def _snapshots(
    rows: ibis.Table, columns: dict[str, str], captured_at: ir.StringValue, method: str = "day_n column"
) -> ibis.Table:
    given = {
        ours: rows[f"raw_{columns[ours]}"] if ours in columns else ibis.null("string") for ours in _COUNTS
    }
    return rows.select(
        "source_row", "post_id", **given, captured_at=captured_at, method=ibis.literal(method)
    ).filter(ibis.or_(*(_[c].notnull() for c in _COUNTS)))
