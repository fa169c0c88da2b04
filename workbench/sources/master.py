"""MASTER_TIKTOK_DATABASE.csv: a row a post, with its lifetime counts and who posted it."""

from __future__ import annotations

from functools import reduce
from operator import or_

import ibis
import ibis.expr.types as ir
from ibis import _

from . import fields, urls
from .base import Canonical, Source, SourceFile
from .prepared import given, not_understood, once_each, plain_names, prepared, spellings, with_columns
from .signature import require

COLUMNS = (
    "created_date",
    "created_time",
    "account",
    "va",
    "post_url",
    "views",
    "likes",
    "comments",
    "shares",
    "engagement",
    "engagement_rate",
    "hashtags",
    "sound",
    "slides",
    "source",
)
_NEEDED = {"created_date", "account", "post_url", "views"}
_DERIVED = "engagement and engagement_rate are computed from likes, comments and shares, not taken."


def _fits(file: SourceFile) -> int:
    found = set(plain_names(file.rows).columns)
    return 50 + len(found & set(COLUMNS)) if found >= _NEEDED else 0


def _read(file: SourceFile) -> Canonical:
    """Posts with one snapshot each at `as_of`; slides, VAs and sounds as far as the file names them."""
    rows = plain_names(file.rows)
    require(file, "master", _NEEDED, rows.columns, "columns")
    ready = _ready(file, rows)
    tables = {"posts": _posts(rows, ready), "post_snapshots": _snapshots(file, rows, ready)}
    if "va" in rows.columns:
        tables["vas"] = spellings(ready, "va_id", "va_name")
    if "sound" in rows.columns:
        tables["sounds"] = sounds_by_key(ready)
    if "slides" in rows.columns:
        tables["slides"] = slides_of(ready, ready.slide_links)
    notes = not_understood(rows.columns, COLUMNS)
    return Canonical(tables=tables, notes=[*notes, _DERIVED] if "engagement" in rows.columns else notes)


def _ready(file: SourceFile, rows: ibis.Table) -> ibis.Table:
    if "hashtags" in rows.columns:
        rows = once_each(rows, "hashtags", "hashtag_list", fields.tags)
    platform = urls.platform_of(_.post_url)
    columns: dict[str, ir.Value] = {"written_at": written_at(rows), "platform": platform}
    taken = ("source_row", "post_url", "account", "source", "views", "likes", "comments", "shares")
    columns |= {c: rows[c] for c in taken if c in rows.columns}
    if "hashtags" in rows.columns:
        columns["hashtags"] = rows.hashtag_list
    if "va" in rows.columns:
        columns |= {"va_id": fields.name_id(rows.va), "va_name": fields.spelled(rows.va)}
    if "sound" in rows.columns:
        columns |= {"sound_id": fields.name_id(rows.sound), "sound_key": fields.spelled(rows.sound)}
    if "slides" in rows.columns:
        columns |= slide_columns(rows.slides)
    formats = fields.formats(file.options)
    expression = rows.select(**columns).mutate(
        posted_at=fields.instant(_.written_at, file.time_zone, formats),
        post_id=urls.post_id(_.platform, urls.external_id_of(_.post_url, _.platform)),
        account_id=urls.account_id(ibis.coalesce(_.platform, "tiktok"), _.account),
    )
    return prepared(file, "ready", expression, {"posted_at": "written_at"})


def written_at(rows: ibis.Table) -> ir.StringValue:
    """Date and time of day of a post as one text; the date alone where no time is given."""
    date = rows.created_date
    return ibis.coalesce(date + " " + rows.created_time, date) if "created_time" in rows.columns else date


def slide_columns(slides: ir.StringColumn) -> dict[str, ir.Value]:
    """`slide_links` and `slide_count` of a column that holds a number of slides or their addresses."""
    is_list = slides.contains("://")
    found = ibis.ifelse(is_list, fields.links(slides), ibis.null("array<string>"))
    return {
        "slide_links": found,
        "slide_count": ibis.ifelse(is_list, found.length().cast("string"), slides),
    }


def slides_of(ready: ibis.Table, slide_links: ir.ArrayValue) -> ibis.Table:
    """One row a slide: its place in the post, from 1, and its address."""
    return (
        ready.select("source_row", "post_id", slide_url=slide_links)
        .filter(_.slide_url.length() > 0)
        .unnest("slide_url", offset="place")
        .select("source_row", "post_id", "slide_url", slide_index=_.place + 1)
        .filter(_.slide_url.notnull())
    )


def sounds_by_key(ready: ibis.Table) -> ibis.Table:
    """One row a sound known by its "Title - Artist" only."""
    parts = _.sound_key.split(" - ")
    return spellings(ready, "sound_id", "sound_key", "sound_key").mutate(
        title=ibis.ifelse(parts.length() == 2, parts[0], ibis.null("string")),
        artist=ibis.ifelse(parts.length() == 2, parts[1], ibis.null("string")),
    )


def _posts(rows: ibis.Table, ready: ibis.Table) -> ibis.Table:
    count = ready.slide_count.try_cast("int64") if "slides" in rows.columns else None
    return with_columns(
        ready,
        post_id=ready.post_id,
        url=ready.post_url,
        account_id=ready.account_id,
        va_id=given(ready, "va_id"),
        sound_id=given(ready, "sound_id"),
        post_type=urls.post_type_of(ready.post_url, ready.platform, count),
        posted_at=ready.posted_at,
        posted_at_precision=fields.precision(ready.written_at),
        hashtags=given(ready, "hashtags"),
        slide_count=given(ready, "slide_count"),
        source=given(ready, "source"),
    )


def _snapshots(file: SourceFile, rows: ibis.Table, ready: ibis.Table) -> ibis.Table:
    counts = {c: ready[c] for c in ("views", "likes", "comments", "shares") if c in rows.columns}
    known = reduce(or_, (count.notnull() for count in counts.values()))
    return ready.filter(known & ready.post_id.notnull()).select(
        "source_row",
        "post_id",
        *counts,
        captured_at=fields.literal(file.as_of),
        method=ibis.literal("lifetime"),
    )


SOURCE = Source(
    name="master",
    title="Master list of posts with lifetime counts (CSV: created_date, account, va, post_url, views, ...)",
    kinds=("csv",),
    fits=_fits,
    read=_read,
)
