"""A channel's own export from YouTube Studio (CSV): lifetime figures and revenue per video."""

from __future__ import annotations

import re

import ibis
from ibis import _

from .base import Canonical, Source, SourceFile
from .fields import instant, literal, or_text
from .signature import require
from .youtube_ids import watch_url, youtube_post_id

_SOFT_HYPHEN = "\u00ad"  # Studio puts them into its headers for line breaks in its own pages
_READ = {
    "video": "video",
    "content": "video",
    "video title": "title",
    "video publish time": "published",
    "views": "views",
    "likes": "likes",
    "comments added": "comments",
    "shares": "shares",
}
_REVENUE = re.compile(r"(?:your )?estimated (?:partner )?revenue \(([A-Za-z]{3})\)")
_SIGNATURE = {"video title", "video publish time", "views"}
_TOTAL = "Total"


def _headers(file: SourceFile) -> dict[str, str]:
    """Header as it is meant -> header as written."""
    return {re.sub(r"\s+", " ", c.replace(_SOFT_HYPHEN, "")).strip().casefold(): c for c in file.columns}


def _fits(file: SourceFile) -> int:
    headers = set(_headers(file))
    return 100 if headers >= _SIGNATURE and headers & {"video", "content"} else 0


def _read(file: SourceFile) -> Canonical:
    headers = _headers(file)
    video = "content" if "content" in headers else "video"
    require(file, SOURCE.name, {video, *_SIGNATURE}, headers, "columns")
    found = {ours: headers[theirs] for theirs, ours in _READ.items() if theirs in headers}
    money = {m[1].upper(): headers[h] for h in headers if (m := _REVENUE.fullmatch(h))}
    rows = file.rows.filter(file.rows[found["video"]].strip() != _TOTAL)
    rows = rows.select(
        "source_row",
        **{ours: _[theirs] for ours, theirs in found.items()},
        **{f"revenue_{currency}": _[column] for currency, column in money.items()},
    ).mutate(
        post_id=youtube_post_id(_.video),
        posted_on=or_text(instant(_.published, "UTC").date(), _.published),
        posted_at=or_text(instant(_.published, file.time_zone), _.published),
    )
    as_of = ibis.literal(str(file.as_of.date()))
    posts = rows.select(
        "source_row",
        "post_id",
        "title",
        "posted_at",
        external_id=_.video.strip(),
        url=watch_url(_.video),
        post_type=ibis.literal("video"),
        posted_at_precision=ibis.literal("day"),
    )
    snapshots = rows.select(
        "source_row",
        "post_id",
        *[c for c in ("views", "likes", "comments", "shares") if c in found],
        captured_at=literal(file.as_of),
        method=ibis.literal("lifetime"),
    )
    tables = {"posts": posts, "post_snapshots": snapshots}
    for currency in money:
        earned = rows.filter(_[f"revenue_{currency}"].notnull()).select(
            "source_row",
            # The id leaves out amount and date: a later export brings the new sum, not a second one.
            revenue_id="youtube_studio:" + _.video.strip() + f":{currency}",
            from_on=_.posted_on,
            to_on=as_of,
            amount=_[f"revenue_{currency}"],
            currency=ibis.literal(currency),
            source=ibis.literal("youtube_studio"),
            scope=ibis.literal("post"),
            scope_id=_.post_id,
        )
        tables["revenue"] = tables["revenue"].union(earned) if "revenue" in tables else earned
    return Canonical(tables=tables, notes=_notes(file, found, money))


def _notes(file: SourceFile, found: dict[str, str], money: dict[str, str]) -> list[str]:
    video = file.rows[found["video"]].strip()
    totals = file.rows.filter(video == _TOTAL).count().to_pyarrow().as_py()
    notes = [f"Left out: {totals} row 'Total' (it is no video)."] if totals else []
    kept = set(found.values()) | set(money.values())
    unused = [c.replace(_SOFT_HYPHEN, "") for c in file.columns if c not in kept and c != "source_row"]
    if unused:
        notes.append(f"Not kept: {', '.join(unused)}.")
    if not money:
        notes.append(
            "No column of estimated revenue with its currency, such as 'Estimated revenue (USD)', was found."
        )
    return [*notes, "The export does not name its channel, so its posts have no account of their own."]


SOURCE = Source(
    name="youtube_studio",
    title="YouTube Studio export: lifetime figures and revenue per video (CSV)",
    kinds=("csv",),
    fits=_fits,
    read=_read,
)
