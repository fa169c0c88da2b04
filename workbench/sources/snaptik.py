"""master_with_snaptik.csv: posts with set, creator and VA, daily views, scrape status and slides."""

from __future__ import annotations

import re
from collections.abc import Mapping

import ibis
import ibis.expr.types as ir
from ibis import _

from . import fields, urls
from .base import Canonical, Source, SourceFile
from .master import slides_of, sounds_by_key, written_at
from .prepared import given, not_understood, once_each, plain_names, prepared, spellings, with_columns
from .signature import require
from .sound_names import sound_id

_COUNTS = ("views", "likes", "comments", "shares")
_DERIVED = ("engagement", "engagement_rate", "days_since_posted")
_INSTANTS = ("logged_at", "first_scraped_at", "last_scraped_at")

COLUMNS = (
    *("va_url", "post_url", "created_date", "creator", "set_id", "set_code", "va", "post_type", "platform"),
    *("account", "logged_at", "first_scraped_at", *_COUNTS, *_DERIVED, "followers"),
    *(f"day{day}_views" for day in range(1, 6)),
    *("last_scraped_at", "scrape_status", "scrape_interval", "scrape_count"),
    *("hashtags", "sound", "sound_url", "slide_count", "ocr_text"),
    *(f"slide_{place}" for place in range(1, 13)),
)
"""The columns of the plain form. A file may have more days, other counts a day and more slides."""
_NEEDED = {"post_url", "created_date", "account", "scrape_status"}
_SLIDE = re.compile(r"slide_(\d{1,3})", re.ASCII)
_DAY = re.compile(r"day_?(\d{1,4})_(views|likes|comments|shares)", re.ASCII)
_NAMES = {"creator": "creator_id", "va": "va_id"}
_POST_TYPES = {"photo": "slideshow", "photos": "slideshow", "carousel": "slideshow", "slides": "slideshow"}


def _fits(file: SourceFile) -> int:
    found = set(plain_names(file.rows).columns)
    return 100 + len(found & set(COLUMNS)) if found >= _NEEDED else 0


def _read(file: SourceFile) -> Canonical:
    """Posts, snapshots of their days and of the last scrape, followers, slides, sets, people, sounds."""
    rows = plain_names(file.rows)
    require(file, "snaptik", _NEEDED, rows.columns, "columns")
    days = {m.group(0): (int(m.group(1)), m.group(2)) for c in rows.columns if (m := _DAY.fullmatch(c))}
    places = {int(m.group(1)): c for c in rows.columns if (m := _SLIDE.fullmatch(c))}
    ready = _ready(file, rows, days, places)
    snapshots = [_lifetime(file, ready)] + [
        _of_day(ready, day, {count: c for c, (d, count) in days.items() if d == day})
        for day in sorted({day for day, _count in days.values()})
    ]
    tables = {
        "posts": _posts(file, ready),
        "post_snapshots": ibis.union(*snapshots) if len(snapshots) > 1 else snapshots[0],
    }
    if "creator" in rows.columns:
        tables["creators"] = spellings(ready, "creator_id", "creator_name")
    if "va" in rows.columns:
        tables["vas"] = spellings(ready, "va_id", "va_name")
    if "set_id" in ready.columns:
        tables["sets"] = _sets(ready)
    if "followers" in rows.columns:
        tables["account_snapshots"] = _followers(file, ready)
    if "sound_id" in ready.columns:
        tables["sounds"] = _sounds(ready)
    if places:
        tables["slides"] = slides_of(ready, ready.slide_links)
    known = {*COLUMNS, "created_time", "source", *days, *places.values()}
    left = [c for c in _DERIVED if c in rows.columns]
    notes = [f"Computed here, not taken from the file: {', '.join(left)}."] if left else []
    return Canonical(tables=tables, notes=[*not_understood(rows.columns, known), *notes])


def _ready(
    file: SourceFile, rows: ibis.Table, days: Mapping[str, object], places: Mapping[int, str]
) -> ibis.Table:
    if "hashtags" in rows.columns:
        rows = once_each(rows, "hashtags", "hashtag_list", fields.tags)
    taken = {*_COUNTS, *days, "source_row", "post_url", "va_url", "account", "followers", "scrape_status"}
    taken |= {"scrape_count", "slide_count", "ocr_text", "set_code", "sound_url", "source"}
    columns: dict[str, ir.Value] = {c: rows[c] for c in rows.columns if c in taken}
    columns["written_at"] = written_at(rows)
    columns["platform"] = urls.platform_of(rows.post_url)
    if "platform" in rows.columns:
        columns["platform"] = ibis.coalesce(columns["platform"], fields.name_id(rows.platform))
    for column, key in _NAMES.items():
        if column in rows.columns:
            columns |= {key: fields.name_id(rows[column]), f"{column}_name": fields.spelled(rows[column])}
    codes = [fields.name_id(rows[c]) for c in ("set_id", "set_code") if c in rows.columns]
    if codes:
        columns["set_id"] = ibis.coalesce(*codes)
    columns |= _sound_columns(rows)
    if "post_type" in rows.columns:
        written = fields.name_id(rows.post_type)
        columns["post_type"] = written.cases(*_POST_TYPES.items(), else_=written)
    if "hashtags" in rows.columns:
        columns["hashtags"] = rows.hashtag_list
    if "scrape_interval" in rows.columns:
        columns["scrape_interval_hours"] = rows.scrape_interval.re_replace(r"(?i)\s*(h|hrs?|hours?)\s*$", "")
    if places:
        columns["slide_links"] = ibis.array(
            [rows[places[i]] if i in places else ibis.null("string") for i in range(1, max(places) + 1)]
        )
    formats = fields.formats(file.options)
    typed = {"posted_at": "written_at"}
    for column in (c for c in _INSTANTS if c in rows.columns):
        columns |= {
            column: fields.instant(rows[column], file.time_zone, formats),
            f"{column}_text": rows[column],
        }
        typed[column] = f"{column}_text"
    expression = rows.select(**columns).mutate(
        posted_at=fields.instant(_.written_at, file.time_zone, formats),
        post_id=urls.post_id(_.platform, urls.external_id_of(_.post_url, _.platform)),
        account_id=urls.account_id(ibis.coalesce(_.platform, "tiktok"), _.account),
    )
    return prepared(file, "ready", expression, typed)


def _sound_columns(rows: ibis.Table) -> dict[str, ir.Value]:
    key = fields.spelled(rows.sound) if "sound" in rows.columns else ibis.null("string")
    external = (
        urls.sound_external_id_of(rows.sound_url) if "sound_url" in rows.columns else ibis.null("string")
    )
    if not {"sound", "sound_url"} & set(rows.columns):
        return {}
    return {"sound_key": key, "sound_external_id": external, "sound_id": sound_id("tiktok", external, key)}


def _captured(file: SourceFile, ready: ibis.Table) -> ir.Value:
    """When a row's lifetime counts were captured: its last scrape, else the file's as-of."""
    as_of = fields.literal(file.as_of)
    if "last_scraped_at" not in ready.columns:
        return as_of
    is_text = isinstance(ready.last_scraped_at, ir.StringValue)
    return ibis.coalesce(ready.last_scraped_at, as_of.cast("string") if is_text else as_of)


def _posts(file: SourceFile, ready: ibis.Table) -> ibis.Table:
    taken = (
        "va_id",
        "creator_id",
        "set_id",
        "sound_id",
        "hashtags",
        "slide_count",
        "ocr_text",
        "va_url",
        "source",
    )
    scraped = ("scrape_status", "scrape_interval_hours", "scrape_count", *_INSTANTS)
    count = ready.slide_count.try_cast("int64") if "slide_count" in ready.columns else None
    of_address = urls.post_type_of(ready.post_url, ready.platform, count)
    return with_columns(
        ready,
        post_id=ready.post_id,
        url=ready.post_url,
        account_id=ready.account_id,
        post_type=ibis.coalesce(ready.post_type, of_address) if "post_type" in ready.columns else of_address,
        posted_at=ready.posted_at,
        posted_at_precision=fields.precision(ready.written_at),
        seen_at=_captured(file, ready),
        **{c: given(ready, c) for c in (*taken, *scraped)},
    )


def _lifetime(file: SourceFile, ready: ibis.Table) -> ibis.Table:
    counts = {c: ready[c] for c in _COUNTS if c in ready.columns}
    method = ibis.literal("lifetime")
    if "last_scraped_at" in ready.columns:
        method = ibis.ifelse(ready.last_scraped_at.notnull(), "scraped", "lifetime")
    return _snapshot(ready, counts, _captured(file, ready).cast("string"), method)


def _of_day(ready: ibis.Table, day: int, columns: Mapping[str, str]) -> ibis.Table:
    """Counts at the end of a day of the post's life: posted_at + 24 h * day."""
    posted = fields.plausible(ready.posted_at.try_cast("timestamp"))
    captured = ibis.coalesce((posted + ibis.interval(hours=24 * day)).cast("string"), ready.written_at)
    counts = {count: ready[c] for count, c in columns.items()}
    return _snapshot(ready, counts, captured, ibis.literal("day_n column"))


def _snapshot(
    ready: ibis.Table, counts: Mapping[str, ir.Value], captured: ir.Value, method: ir.Value
) -> ibis.Table:
    given_counts = {c: counts.get(c, ibis.null("string")) for c in _COUNTS}
    return ready.select("source_row", "post_id", captured_at=captured, method=method, **given_counts).filter(
        _.post_id.notnull(), ibis.or_(*(_[c].notnull() for c in _COUNTS))
    )


def _followers(file: SourceFile, ready: ibis.Table) -> ibis.Table:
    """One row an account, instant and number: the posts of one scrape repeat it."""
    return (
        ready.select("source_row", "account_id", "followers", captured_at=_captured(file, ready))
        .filter(_.followers.notnull(), _.account_id.notnull())
        .group_by("account_id", "captured_at", "followers")
        .agg(source_row=_.source_row.min())
    )


def _sets(ready: ibis.Table) -> ibis.Table:
    kept = {c: ready[c].argmin(ready.source_row) for c in ("set_code", "creator_id") if c in ready.columns}
    return (
        ready.filter(ready.set_id.notnull()).group_by("set_id").agg(source_row=ready.source_row.min(), **kept)
    )


def _sounds(ready: ibis.Table) -> ibis.Table:
    named = sounds_by_key(ready)
    told = {"external_id": ready.sound_external_id} | (
        {"url": ready.sound_url} if "sound_url" in ready.columns else {}
    )
    first = {name: column.argmin(ready.source_row) for name, column in told.items()}
    more = ready.filter(ready.sound_id.notnull()).group_by("sound_id").agg(**first)
    return named.join(more, "sound_id")


SOURCE = Source(
    name="snaptik",
    title="Master list with scrape status, daily views and slides (CSV: post_url, day1_views, slide_1, ...)",
    kinds=("csv",),
    fits=_fits,
    read=_read,
)
