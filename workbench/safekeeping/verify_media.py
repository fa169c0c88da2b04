"""Whether each stored picture is there and is what its name says."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator

import duckdb

from ..errors import WorkbenchError
from ..media.storage import PICTURES, key_digest, open_storage
from ..settings import Settings
from ..warehouse.versions import Version
from .verify_findings import Finding, one_line
from .verify_versions import opened

SAMPLE = 100
"""Pictures that a quick look hashes."""
_SHOWN = 5
"""Findings of a kind that are told each by itself."""


def media_findings(settings: Settings, version: Version | None, *, quick: bool = False) -> list[Finding]:
    """Pictures that are missing, damaged or known to nobody, in the folder or bucket of the settings."""
    rows: list[tuple[str, str]] = []
    if version is not None:
        try:
            with opened(settings.versions / version.file) as con:
                rows = con.execute(
                    "SELECT sha256, storage_key FROM media_files WHERE storage_key IS NOT NULL ORDER BY sha256"
                ).fetchall()
        except duckdb.Error:
            return []  # pruned meanwhile, or a schema without pictures, which is told elsewhere
    if not rows and not settings.media_storage and not (settings.data / "media" / PICTURES).is_dir():
        return []
    try:
        storage = open_storage(settings)
        there = {entry.key for entry in storage.entries()}
        missing = [(sha256, key) for sha256, key in rows if key not in there]
        looked_at = [(sha256, key) for sha256, key in rows if key in there]
        if quick and len(looked_at) > SAMPLE:
            looked_at = random.SystemRandom().sample(looked_at, SAMPLE)
        found = list(
            _told(
                "missing picture",
                [f"{storage.place}/{key}" for _, key in missing],
                "it is gone.",
                _AGAIN,
            )
        )
        damaged = []
        for sha256, key in looked_at:
            data = storage.store.get(key)
            if hashlib.sha256(data).hexdigest() != sha256 or key_digest(key) != sha256:
                damaged.append(f"{storage.place}/{key}")
        found += _told("damaged picture", damaged, "its content has another hash than its name says.", _AGAIN)
    except WorkbenchError as e:
        return [Finding("pictures", settings.media_storage or str(settings.data / "media"), one_line(e), "")]
    strays = there - {key for _, key in rows}
    if strays:
        why = f"{len(strays):,} pictures are named by no row, such as {min(strays)}."
        remedy = "Load what waits in the inbox; remove them where they are still unknown then."
        found.append(Finding("stray picture", storage.place, why, remedy, "low"))
    return found


_AGAIN = "Fetch or add it again (workbench media fetch, media add), or restore it from a backup."


def _told(what: str, places: list[str], why: str, remedy: str) -> Iterator[Finding]:
    for place in places[:_SHOWN]:
        yield Finding(what, place, why, remedy)
    if len(places) > _SHOWN:
        yield Finding(what, f"{len(places) - _SHOWN:,} more", why, remedy)
