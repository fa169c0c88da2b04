"""The monthly run: a backup, and the try to restore it. Each is recorded, so that a failed one is seen.

It is due from the first such day of a month on (Sun 04:00: the first Sunday). A failed one is tried again after a day,
and old backups are removed only after one that could be restored.
"""

from __future__ import annotations

import json
import uuid
import zoneinfo
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from .. import record
from ..errors import WorkbenchError
from ..reporting.due import Weekly
from ..reporting.weeks import monday, week_of
from ..settings import Settings
from ..stores import Store
from ..whole_files import write_whole
from .backup import BackupOutcome, backed_up, mended
from .backup_blobs import forget
from .backup_format import DamagedError
from .backup_keys import Opening, Sealing
from .backup_place import refuse_no_home
from .restore import RestoreOutcome, tried
from .verify_findings import Progress

_AGAIN = timedelta(hours=20)
_STATE = "backup.json"


@dataclass(frozen=True)
class LastRun:
    """What is remembered of monthly runs; instants are UTC."""

    tried_at: datetime | None = None
    good_at: datetime | None = None


def last_run(data: Path) -> LastRun:
    try:
        entries = json.loads((data / _STATE).read_text(encoding="utf-8"))
        return LastRun(**{name: datetime.fromisoformat(at) for name, at in entries.items() if at})
    except (OSError, ValueError, TypeError, AttributeError):
        return LastRun()


def is_due(at: Weekly, now: datetime, last: LastRun) -> bool:
    """Whether a month's moment has come since the last good run, and no failed one was just now."""
    if last.good_at is not None and last.good_at >= newest_moment(at, now):
        return False
    return last.tried_at is None or last.tried_at > now or now - last.tried_at >= _AGAIN


def newest_moment(at: Weekly, now: datetime) -> datetime:
    """The moment of this month, or of the last one while it has not come yet."""
    today = now.astimezone(zoneinfo.ZoneInfo(at.time_zone)).date()
    found = moment_of(at, today.year, today.month)
    if found <= now:
        return found
    before = today.replace(day=1) - timedelta(days=1)
    return moment_of(at, before.year, before.month)


def next_moment(at: Weekly, now: datetime) -> datetime:
    """The moment that comes next."""
    today = now.astimezone(zoneinfo.ZoneInfo(at.time_zone)).date()
    found = moment_of(at, today.year, today.month)
    if found > now:
        return found
    after = today.replace(day=28) + timedelta(days=4)
    return moment_of(at, after.year, after.month)


def moment_of(at: Weekly, year: int, month: int) -> datetime:
    """The first such day of a month at that time, in UTC."""
    first = date(year, month, 1)
    on = first + timedelta(days=(at.day - first.weekday()) % 7)
    return at.after(week_of(monday(week_of(on)) - timedelta(days=7)))


def not_due(at: Weekly, now: datetime, last: LastRun) -> str:
    """A sentence on when the last runs were, and when the next one is due."""
    failed = last.good_at is None or last.good_at < newest_moment(at, now)
    comes = last.tried_at + _AGAIN if failed and last.tried_at else next_moment(at, now)
    zone = zoneinfo.ZoneInfo(at.time_zone)

    def told(moment: datetime | None) -> str:
        return f"{moment.astimezone(zone):%Y-%m-%d %H:%M %Z}" if moment else "never"

    return (
        f"No backup is due. The last good one: {told(last.good_at)}; the last try: {told(last.tried_at)}; the next is "
        f"due: {told(comes)}{', as the last one failed' if failed else ''}."
    )


def monthly_run(
    settings: Settings,
    store: Callable[[], Store],
    *,
    seal: Callable[[], Sealing | None],
    key: Callable[[], Opening | None],
    media: bool = True,
    reports: bool = False,
    progress: Progress | None = None,
    tell: Callable[[str], None],
) -> tuple[BackupOutcome, RestoreOutcome]:
    """Back up, try to restore it, remove old ones; whatever happens is recorded.

    Where the try finds a damaged part, what is there is read again and sent anew where it is damaged, and that backup
    is tried.

    Raises WorkbenchError where the backup could not be made, read or restored to a sound home.
    """
    refuse_no_home(settings)
    begun = datetime.now(UTC)
    _remember(settings.data, LastRun(begun, last_run(settings.data).good_at))
    try:
        place = store()
        sealing = seal()
        made = backed_up(settings, place, seal=sealing, media=media, reports=reports, progress=progress)
    except BaseException:
        _record_failure(settings, "backup", begun)
        raise
    _record(settings, "backup", begun, "success", made.n_files)
    try:
        trial = _tried(settings, place, made, key, progress)
    except DamagedError as e:
        tell(f"{e} What is there is read again, and sent anew where it is damaged.")
        begun_again = datetime.now(UTC)
        try:
            made = mended(
                settings, place, made.backup_id, seal=sealing, media=media, reports=reports, progress=progress
            )
        except BaseException:
            _record_failure(settings, "backup", begun_again)
            raise
        _record(settings, "backup", begun_again, "success", made.n_files)
        trial = _tried(settings, place, made, key, progress)
    if settings.backup_keep:
        made.removed = forget(place, settings.backup_keep, tell)
    _remember(settings.data, LastRun(begun, begun))
    return made, trial


def _tried(
    settings: Settings,
    place: Store,
    made: BackupOutcome,
    key: Callable[[], Opening | None],
    progress: Progress | None,
) -> RestoreOutcome:
    """The try to restore a backup, recorded. DamagedError where it is not what was sent."""
    begun = datetime.now(UTC)
    try:
        trial = tried(place, at=made.backup_id, key=key(), progress=progress)
        if not trial.is_sound:
            worst = trial.findings[0]
            raise WorkbenchError(f"Backup {made.backup_id} was restored, and is not sound: {worst}")
    except BaseException:
        _record_failure(settings, "restore trial", begun)
        raise
    _record(settings, "restore trial", begun, "success" if trial.is_opened else "partial", trial.n_rows)
    return trial


def _record_failure(settings: Settings, process: str, begun: datetime) -> None:
    """On a disk that is full a failure can't be recorded: what is told is why it failed."""
    with suppress(WorkbenchError, OSError):
        _record(settings, process, begun, "failure", 0)


def _record(settings: Settings, process: str, begun: datetime, status: str, n_rows: int) -> None:
    ended = datetime.now(UTC)
    record.rows(
        "process_runs",
        [
            {
                "run_id": uuid.uuid4().hex,
                "process": process,
                "started_at": begun,
                "ended_at": ended,
                "latency_seconds": (ended - begun).total_seconds(),
                "n_rows": n_rows,
                "status": status,
            }
        ],
        home=settings.home,
    )


def _remember(data: Path, last: LastRun) -> None:
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    told = {
        name: at.isoformat() if at else None
        for name, at in (("tried_at", last.tried_at), ("good_at", last.good_at))
    }
    write_whole(data / _STATE, json.dumps(told))
