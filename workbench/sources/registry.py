"""Every format that is read, in one list, and the choice of the one that fits a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import UsageError, nearest
from ..warehouse.tables import TABLES
from . import (
    analytics_db,
    apify,
    canonical,
    comments,
    mapping,
    master,
    money,
    snaptik,
    studio,
    tiktok_scraper,
    tracker_db,
    youtube_daily,
    youtube_trending,
)
from .base import Source, SourceFile

SOURCES: tuple[Source, ...] = (
    master.SOURCE,
    snaptik.SOURCE,
    analytics_db.SOURCE,
    tracker_db.SOURCE,
    tiktok_scraper.SOURCE,
    apify.SOURCE,
    youtube_trending.SOURCE,
    *youtube_daily.SOURCES,
    comments.SOURCE,
    *money.SOURCES,
    studio.SOURCE,
    canonical.SOURCE,
    mapping.SOURCE,
)
"""Where two fit a file equally well, the earlier one reads it."""

_SIGNATURES: dict[str, Sequence[str]] = {"master": master.COLUMNS, "snaptik": snaptik.COLUMNS}
_NEAR = 0.3
"""Share of a format's columns that a file must have to be called near it."""


def named(name: str) -> Source:
    """The source that `--as` names: a format, or a table whose columns the file has."""
    for source in SOURCES:
        if source.name == name:
            return source
    if name in TABLES:
        return canonical.SOURCE
    known = [source.name for source in SOURCES]
    raise UsageError(
        f"--as {name}: there is no such format.{nearest(name, [*known, *TABLES])} "
        f"Formats: {', '.join(known)}; or the name of a table, such as tasks."
    )


def candidates(as_name: str | None, mapping_path: Path | None) -> Sequence[Source]:
    """The sources that may read a file, by what the person said of it.

    One mapping file is for every file; of a folder of them, those that fit are used.
    """
    if as_name is not None:
        return (named(as_name),)
    return SOURCES if mapping_path is None or mapping_path.is_dir() else (mapping.SOURCE,)


def choose(file: SourceFile, among: Sequence[Source] = SOURCES) -> Source:
    """The source whose format a file has. One that was named is taken at its word.

    Raises UsageError where none fits, naming the formats and the nearest.
    """
    if len(among) == 1:
        source = among[0]
        if file.kind not in source.kinds:
            raise UsageError(
                f"{file.path}: --as {source.name} reads {' and '.join(source.kinds)}, "
                f"this is a {file.kind} file."
            )
        return source
    fitting = [(source.fits(file) if file.kind in source.kinds else 0, source) for source in among]
    best, source = max(fitting, key=lambda pair: pair[0])
    if best > 0:
        return source
    listed = "\n".join(f"  {source.name:<16} {source.title}" for source in among if file.kind in source.kinds)
    raise UsageError(
        f"{file.path}: no format that is known fits this {file.kind} file. "
        f"{_found(file)}{_nearest_format(file)}\n"
        f"Formats of {file.kind} files:\n{listed}\n"
        "Name one with --as NAME, or write a mapping file that says which column is which and import with "
        "--mapping FILE (docs/mappings.md shows how)."
    )


def _found(file: SourceFile) -> str:
    columns = [c for c in file.columns if c != "source_row"]
    if not columns:
        return f"It has the tables {', '.join(file.tables)}."
    shown = ", ".join(columns[:20])
    return f"Its columns: {shown}{', ...' if len(columns) > 20 else ''}."


def _nearest_format(file: SourceFile) -> str:
    found = {c.lower() for c in file.columns}
    shares = {name: len(found & set(wanted)) / len(wanted) for name, wanted in signatures().items()}
    name = max(shares, key=lambda n: shares[n])
    if shares[name] < _NEAR:
        return ""
    lacking = [c for c in signatures()[name] if c not in found]
    return f" It is nearest to {name}, but lacks {', '.join(lacking[:8])}."


def signatures() -> dict[str, Sequence[str]]:
    """Format or table -> the columns that make it."""
    return _SIGNATURES | {name: canonical.columns_of(name) for name in TABLES}
