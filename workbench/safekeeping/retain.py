"""What a warehouse need not keep goes; old months of snapshots move into the archive.

What may tell of a person is aged against the present: a promise to forget does not wait for the next import.
Snapshots are aged against the newest capture in the warehouse, as they move to stay cheap and not to be forgotten:
the data of an agency that stopped counting last year remain as near at hand as they were.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import duckdb

from ..errors import UsageError, WorkbenchError
from ..settings import Settings
from ..warehouse import archive, versions
from ..warehouse.reader import Workbench
from ..warehouse.rewriting import rewritten
from .clock import refuse_leap
from .damage import damage_told
from .erase_addresses import EVENT_AT, forget_addresses, forget_hashes, old_hashes

_AGED = {
    "raw_payloads": ("raw_payload_days", "coalesce(fetched_at, created_at, seen_at)"),
    "rejected_rows": ("rejected_row_days", "rejected_at"),
    "app_events": ("app_event_days", EVENT_AT),
}
"""Table -> the setting that says for how many days a row stays, and SQL for the instant it counts from."""


@dataclass
class Retained:
    """What a retention did, or would do. Counts of rows."""

    removed: dict[str, int] = field(default_factory=dict)
    """Table -> rows removed."""
    ip_hashes: int = 0
    """Events whose IP address's hash was forgotten."""
    moved: dict[str, int] = field(default_factory=dict)
    """Table -> rows moved into the archive."""
    months: list[str] = field(default_factory=list)
    version: int | None = None
    """The version that was made; None where nothing had to change."""
    bytes_before: int = 0
    """Size of the warehouse's file."""
    bytes_after: int = 0
    rewritten: list[int] = field(default_factory=list)
    """Older versions that were written anew without hashes of addresses that are past their days."""
    pruned: list[int] = field(default_factory=list)
    swept: int = 0
    """Files of the archive that no kept version refers to any more, removed."""

    @property
    def is_nothing(self) -> bool:
        return not (self.moved or self.ip_hashes or self.removed)


@damage_told("Nothing was removed.")
def retain(
    settings: Settings,
    *,
    dry_run: bool = False,
    now: datetime | None = None,
    clock_is_right: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> Retained:
    """Remove what is past its days, move whole months of old snapshots into Parquet, sweep the archive.

    One new version is made, its file written anew so that nothing removed stays in it; none where nothing is past
    its days. `dry_run` only counts. `now` stands in for the present (naive UTC).

    Raises UsageError where there is no warehouse, WorkbenchError where the clock may have leapt, unless
    `clock_is_right`.
    """
    given, now = now, now or datetime.now(UTC).replace(tzinfo=None)
    if versions.current(settings.versions) is None:
        raise UsageError(f"There is no warehouse in {settings.data}: there is nothing to retain.")
    if dry_run:
        return _planned(settings, now)[0]
    with versions.loader_lock(settings, "workbench retain"):
        if given is None:
            refuse_leap(settings, now, is_right=clock_is_right)
        outcome, months = _planned(settings, now)
        if not outcome.is_nothing:
            try:
                with rewritten(settings, "retain") as to_be:
                    to_be.compact = True
                    _remove(to_be.con, settings, now)
                    for n, (table, month_on) in enumerate(months):
                        if progress:
                            progress(f"{table} {month_on:%Y-%m}", n, len(months))
                        archive.archive_month(to_be.con, table, month_on)
            except BaseException:
                with suppress(OSError, duckdb.Error):
                    sweep_archive(settings)  # months that were moved into a version that is none
                raise
            assert to_be.version is not None
            outcome.version = to_be.version.version
            outcome.bytes_after = (settings.versions / to_be.version.file).stat().st_size
        outcome.pruned = versions.prune(settings.versions, settings.keep_versions)
        if before := _hashes_before(settings, now):
            outcome.rewritten = forget_addresses(settings, before)
        outcome.swept = len(sweep_archive(settings))
    return outcome


def sweep_archive(settings: Settings) -> list[str]:
    """Remove the archive's files that no kept version refers to; returns them. The loader's lock must be held.

    Where a kept version can't be read nothing is removed, as nobody knows what it refers to.
    """
    kept: list[archive.ArchiveFile] = []
    for number in versions.kept_versions(settings.versions):
        file = settings.versions / f"v{number:06d}.duckdb"
        try:
            with duckdb.connect(str(file), read_only=True) as con:
                kept += archive.files_of(con)
        except duckdb.Error:
            return []
    return [str(f) for f in archive.sweep(settings.archive, kept)]


def _planned(settings: Settings, now: datetime) -> tuple[Retained, list[tuple[str, date]]]:
    """What there is to do in the newest version, and the (table, month) to move."""
    outcome = Retained()
    with Workbench(settings) as wb:
        con = wb.backend.con
        archive.without_archive(con)
        outcome.bytes_before = outcome.bytes_after = _size(settings)
        for table, condition in _conditions(settings, now).items():
            if n := _count(con, f"FROM {table} WHERE {condition}"):
                outcome.removed[table] = n
        if before := _hashes_before(settings, now):
            for table, (condition, _) in old_hashes(before).items():
                gone = _conditions(settings, now).get(table, "false")
                outcome.ip_hashes += _count(con, f"FROM {table} WHERE {condition} AND ({gone}) IS NOT TRUE")
        months = _months(con, settings, min(wb.as_of, now) if wb.as_of else None)
    for table, month_on, n in months:
        outcome.moved[table] = outcome.moved.get(table, 0) + n
        if f"{month_on:%Y-%m}" not in outcome.months:
            outcome.months.append(f"{month_on:%Y-%m}")
    outcome.months.sort()
    return outcome, [(table, month_on) for table, month_on, _ in months]


def _months(
    con: duckdb.DuckDBPyConnection, settings: Settings, newest: datetime | None
) -> list[tuple[str, date, int]]:
    """(table, month, rows in the table) of whole months that are old enough."""
    if newest is None or not settings.archive_after_days:
        return []
    kept_from = (newest - timedelta(days=settings.archive_after_days)).replace(day=1).date()
    found = []
    for table in archive.ARCHIVED:
        rows = con.execute(
            "SELECT date_trunc('month', captured_at)::DATE AS month_on, count(*) "
            f"FROM {table} WHERE captured_at < DATE '{kept_from}' GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        found += [(table, month_on, n) for month_on, n in rows]
    return found


def _remove(con: duckdb.DuckDBPyConnection, settings: Settings, now: datetime) -> None:
    for table, condition in _conditions(settings, now).items():
        con.execute(f"DELETE FROM {table} WHERE {condition}")
    if before := _hashes_before(settings, now):
        forget_hashes(con, before)


def _conditions(settings: Settings, now: datetime) -> dict[str, str]:
    """Table -> SQL for its rows that are past their days; 0 days: they stay for ever."""
    return {
        table: f"{instant} < TIMESTAMP '{now - timedelta(days=days)}'"
        for table, (setting, instant) in _AGED.items()
        if (days := int(getattr(settings, setting)))
    }


def _hashes_before(settings: Settings, now: datetime) -> datetime | None:
    """The instant from before which hashes of addresses have to go; None where they stay for ever."""
    return now - timedelta(days=settings.ip_hash_days) if settings.ip_hash_days else None


def _size(settings: Settings) -> int:
    version = versions.current(settings.versions)
    if version is None:
        raise WorkbenchError(f"{settings.versions / versions.POINTER} is gone.")
    return (settings.versions / version.file).stat().st_size


def _count(con: duckdb.DuckDBPyConnection, rows: str) -> int:
    row = con.execute(f"SELECT count(*) {rows}").fetchone()
    return int(row[0]) if row else 0
