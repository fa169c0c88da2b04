"""YouTube trending lists as CSV: the same videos on several days, each day's counts a snapshot."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from ..errors import SourceError, UsageError
from .base import Canonical, Source, SourceFile
from .signature import require
from .youtube_ids import category_name, is_video_id, watch_url, youtube_account_id, youtube_post_id

_SIGNATURE = {"video_id", "title", "channel_title", "tags", "views", "comment_total", "date"}
_NO_TAGS = "[none]"


def _fits(file: SourceFile) -> int:
    return 100 if set(file.columns) >= _SIGNATURE else 0


def _read(file: SourceFile) -> Canonical:
    require(file, SOURCE.name, _SIGNATURE, file.columns, "columns")
    year = _year(file)
    rows = file.rows.mutate(captured_at=_listed_on(file.rows.date, year))
    _refuse_turn_of_year(file, rows)
    rows = rows.mutate(
        post_id=youtube_post_id(rows.video_id), account_id=youtube_account_id(rows.channel_title)
    )
    posts = rows.select(
        "source_row",
        "post_id",
        "account_id",
        "title",
        external_id=_.video_id,
        url=watch_url(_.video_id),
        post_type=ibis.literal("video"),
        keywords=_.tags.nullif(_NO_TAGS)
        .split("|")
        .map(lambda tag: tag.strip())
        .filter(lambda tag: tag != ""),
        category=category_name(_.category_id) if "category_id" in rows.columns else ibis.null("string"),
        thumbnail_url=_.thumbnail_link if "thumbnail_link" in rows.columns else ibis.null("string"),
        seen_at=_.captured_at,
    )
    accounts = (
        rows.filter(_.account_id.notnull())
        .group_by("account_id")
        .agg(
            display_name=_.channel_title.argmax(_.captured_at),
            seen_at=_.captured_at.max(),
            source_row=_.source_row.min(),
        )
    )
    snapshots = rows.select(
        "source_row",
        "post_id",
        "captured_at",
        "views",
        "likes",
        comments=_.comment_total,
        method=ibis.literal("scraped"),
    )
    tables = {"accounts": accounts, "posts": posts, "post_snapshots": snapshots}
    return Canonical(tables=tables, notes=_notes(rows))


def _year(file: SourceFile) -> int:
    given: Any = file.options.get("year")
    if given is None:
        day = file.rows.date.first().to_pyarrow().as_py()
        raise UsageError(
            f"{file.path} has dates such as '{day}', a day and a month without a year. "
            "Say which year it is from: --year 2017."
        )
    try:
        year = int(given)
    except (TypeError, ValueError):
        year = 0
    if not 2005 <= year <= 2100:
        raise UsageError(f"--year {given} is no year from 2005 on. Write it in four digits: --year 2017.")
    return year


def _listed_on(day: ir.StringValue, year: int) -> ir.StringValue:
    """`13.09` as `2017-09-13`, midnight UTC: the list doesn't say the hour. Other text stays as it is."""
    parts = day.re_extract(r"^\s*(\d{1,2})\.(\d{1,2})\.?\s*$", 2).lpad(2, "0")
    month_day = parts + "-" + day.re_extract(r"^\s*(\d{1,2})\.", 1).lpad(2, "0")
    return day.re_search(r"^\s*\d{1,2}\.\d{1,2}\.?\s*$").ifelse(f"{year}-" + month_day, day)


def _refuse_turn_of_year(file: SourceFile, rows: ir.Table) -> None:
    """One year can't be right for a list that runs on from December to January."""
    before = rows.captured_at.lag().over(order_by=rows.source_row)
    turn = rows.select("source_row", "date", steps_back=(before[5:7] == "12") & (_.captured_at[5:7] == "01"))
    found = turn.filter(_.steps_back).limit(1).to_pyarrow().to_pylist()
    if found:
        raise SourceError(
            f"{file.path}: at row {found[0]['source_row']} the dates go from December to {found[0]['date']}, "
            "so the file spans two years and one --year can't fit. Split it there and import each part "
            "with its own --year."
        )


def _notes(rows: ir.Table) -> list[str]:
    notes = ["Left out: the dislikes, which YouTube no longer shows."] if "dislikes" in rows.columns else []
    bad = rows.filter(~is_video_id(_.video_id)).select("source_row", "video_id").order_by("source_row")
    notes += [
        f"Row {row['source_row']}: '{row['video_id']}' is no video id (11 of A-Z a-z 0-9 _ -), so it gets "
        "no post_id and is rejected."
        for row in bad.limit(5).to_pyarrow().to_pylist()
    ]
    return notes


SOURCE = Source(
    name="youtube_trending",
    title="YouTube trending list (CSV, dates DD.MM with --year)",
    kinds=("csv",),
    fits=_fits,
    read=_read,
)
