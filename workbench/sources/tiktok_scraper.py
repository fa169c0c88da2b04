"""tiktok-scraper's JSON: `{"collector": [...]}`, or the list alone, of about 2020."""

from __future__ import annotations

from .base import Canonical, Source, SourceFile
from .tiktok_items import canonical, item_keys, json_items

_SIGNATURE = {"id", "authorMeta", "musicMeta", "playCount", "diggCount"}


def _fits(file: SourceFile) -> int:
    keys = item_keys(file)
    return 100 if keys >= _SIGNATURE and "createTimeISO" not in keys else 0


def _read(file: SourceFile) -> Canonical:
    notes = ["Counts of 10,000 and more are rounded to hundreds by tiktok-scraper."]
    return canonical(json_items(file.rows), file, notes=notes)


SOURCE = Source(
    name="tiktok_scraper",
    title="tiktok-scraper's posts (JSON)",
    kinds=("json",),
    fits=_fits,
    read=_read,
)
