"""Apify's clockworks actors for TikTok: JSON, and CSV whose columns are paths into the JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping

import ibis

from .base import Canonical, Source, SourceFile
from .signature import require
from .tiktok_items import LISTS, MEMBERS, canonical, item_keys, json_items

_SIGNATURE = {"webVideoUrl", "playCount", "diggCount"}


def _fits(file: SourceFile) -> int:
    if file.kind == "json":
        keys = item_keys(file)
        return 100 if keys >= _SIGNATURE | {"createTimeISO"} else 0
    return 100 if set(_paths(file)) >= _SIGNATURE | {"authorMeta.name"} else 0


def _read(file: SourceFile) -> Canonical:
    if file.kind == "json":
        return canonical(json_items(file.rows), file, notes=[])
    paths = _paths(file)
    require(file, SOURCE.name, _SIGNATURE | {"authorMeta.name"}, paths, "columns")
    notes = []
    if "id" not in paths:
        notes.append("The file has no column 'id': post ids are those in webVideoUrl.")
    if not any(path.startswith("hashtags") for path in paths):
        notes.append("The file has no hashtags: they are taken from the text.")
    if "isSlideshow" not in paths:
        notes.append("The file doesn't say what is a slideshow: posts without a duration have no post_type.")
    return canonical(_csv_items(file.rows, paths), file, notes=notes)


def _paths(file: SourceFile) -> dict[str, str]:
    """Path such as authorMeta.name or hashtags.0.name -> column. Apify writes `/` or `.` between."""
    return {column.replace("/", "."): column for column in file.columns}


def _csv_items(rows: ibis.Table, paths: Mapping[str, str]) -> ibis.Table:
    scalars = {
        ours: rows[paths[theirs]] if theirs in paths else ibis.null("string")
        for ours, theirs in MEMBERS.items()
    }
    lists = {ours: _list(rows, paths, *place) for ours, place in LISTS.items()}
    return rows.select("source_row", **scalars, **lists)


def _list(rows: ibis.Table, paths: Mapping[str, str], name: str, member: str) -> ibis.Value:
    """The columns `name.0.member`, `name.1.member`, ... as one list; NULL where there are none."""
    form = re.compile(rf"{name}\.(\d{{1,4}})" + (rf"\.{member}" if member else ""))
    found = sorted((int(m[1]), column) for path, column in paths.items() if (m := form.fullmatch(path)))
    if not found:
        return ibis.null("array<string>")
    return ibis.array([rows[column] for _, column in found]).filter(lambda value: value.notnull())


SOURCE = Source(
    name="apify",
    title="Apify's clockworks TikTok scrapers, slideshows included (JSON or CSV)",
    kinds=("json", "csv"),
    fits=_fits,
    read=_read,
)
