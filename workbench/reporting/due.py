"""Which weeks' reports are due: those that have ended, whose hour has come, and that nobody has made yet."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from ..errors import UsageError
from . import weeks

MOST_MISSED = 8
"""Weeks that are caught up on. Who was away for longer makes the older ones by name."""

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WRITTEN = re.compile(r"([A-Z][a-z]{2})[a-z]* (\d{1,2}):(\d{2})")


@dataclass(frozen=True)
class Weekly:
    """A moment of every week: Mon 06:00 in Europe/Berlin."""

    day: int
    """0 is Monday."""
    hour: int
    minute: int
    time_zone: str

    def __str__(self) -> str:
        return f"{DAYS[self.day]} {self.hour:02}:{self.minute:02}"

    def after(self, week: str) -> datetime:
        """When the report of a week is due: this moment of the week that follows, in UTC.

        Where clocks are put forward over it, it is due when they have been; where it comes twice, at the first.
        """
        on = weeks.monday(week) + timedelta(days=7 + self.day)
        local = datetime.combine(on, time(self.hour, self.minute), zoneinfo.ZoneInfo(self.time_zone))
        # A time that is skipped reads, by the offset before the change, as one that exists after it.
        return local.astimezone(UTC)


def weekly(text: str, time_zone: str) -> Weekly:
    """A moment as people write it: Mon 06:00."""
    try:
        zoneinfo.ZoneInfo(time_zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as e:
        raise UsageError(f"'{time_zone}' is no IANA zone. Write a name such as Europe/Berlin.") from e
    match = _WRITTEN.fullmatch(text.strip())
    if match is None or match[1] not in DAYS or int(match[2]) > 23 or int(match[3]) > 59:
        raise UsageError(f"'{text}' is no day and time. Write one like 'Mon 06:00'.")
    return Weekly(DAYS.index(match[1]), int(match[2]), int(match[3]), time_zone)


def due_weeks(
    made: Collection[str],
    at: Weekly,
    now: datetime,
    *,
    begun: Collection[str] = (),
    most: int = MOST_MISSED,
) -> tuple[list[str], list[str]]:
    """The weeks to make, the oldest first, and those that were missed too long ago.

    Every week since the newest that was made; where none was, only the last one.

    Parameters
    ----------
    made
        Periods that there is a report for, also one with pages that failed: it is made again by name, not by the clock.
    now
        An instant with its zone.
    begun
        Weeks that an earlier run began to make: those of the last `most` weeks that came to nothing are due again.
    """
    newest = _newest_due(at, now)
    lately = {weeks.week_of(weeks.monday(newest) - timedelta(days=7 * n)) for n in range(most)}
    left = sorted((lately & set(begun)) - set(made))
    known = sorted(w for w in made if re.fullmatch(r"\d{4}-W\d{2}", w) and w <= newest)
    if not known:
        return sorted({newest, *left}), []
    missed = []
    monday = weeks.monday(known[-1]) + timedelta(days=7)
    while weeks.week_of(monday) <= newest:
        missed.append(weeks.week_of(monday))
        monday += timedelta(days=7)
    return sorted({*missed[-most:], *left}), [w for w in missed[:-most] if w not in left]


def is_covered(week: str, as_of: datetime | None, time_zone: str) -> bool:
    """Whether data up to `as_of` (naive UTC) reach the last day of a week.

    A collector that looks in the evening has no counts of the week's last hours. A report that lacks more is not worth
    making before they come, because by itself it is made once.
    """
    end = datetime.combine(weeks.monday(week) + timedelta(days=7), time(), zoneinfo.ZoneInfo(time_zone))
    return as_of is not None and as_of.replace(tzinfo=UTC) >= end - timedelta(days=1)


def _newest_due(at: Weekly, now: datetime) -> str:
    today: date = now.astimezone(zoneinfo.ZoneInfo(at.time_zone)).date()
    week = weeks.week_of(today - timedelta(days=today.weekday() + 7))
    return week if at.after(week) <= now else weeks.week_of(weeks.monday(week) - timedelta(days=7))
