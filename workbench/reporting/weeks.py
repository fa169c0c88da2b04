"""ISO weeks, the periods of the reports: 2025-W40 is Monday 29 September to Sunday 5 October 2025."""

from __future__ import annotations

import re
import zoneinfo
from datetime import UTC, date, datetime, timedelta

from ..errors import UsageError

_WRITTEN = re.compile(r"(\d{4})-W(\d{2})")


def monday(week: str) -> date:
    """The first day of a week written YYYY-Www. UsageError for anything else."""
    match = _WRITTEN.fullmatch(week)
    if match is None:
        raise UsageError(f"'{week}' is not an ISO week. Write a year and a week such as 2025-W40.")
    try:
        return date.fromisocalendar(int(match[1]), int(match[2]), 1)
    except ValueError as e:
        raise UsageError(
            f"There is no week '{week}': {match[1]} has weeks W01 to {_last(int(match[1]))}."
        ) from e


def week_of(day: date) -> str:
    """The ISO week that a day lies in."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def last_complete(as_of: datetime, time_zone: str) -> str:
    """The last week that had ended in this zone by `as_of` (naive is UTC)."""
    instant = as_of if as_of.tzinfo else as_of.replace(tzinfo=UTC)
    local = instant.astimezone(zoneinfo.ZoneInfo(time_zone)).date()
    return week_of(local - timedelta(days=local.weekday() + 1))


def spelled(week: str) -> str:
    """Week 40, 29 Sep to 5 Oct 2025."""
    first = monday(week)
    last = first + timedelta(days=6)
    start = f"{first.day} {first:%b}" + (f" {first.year}" if first.year != last.year else "")
    return f"Week {int(week[-2:])}, {start} to {last.day} {last:%b} {last.year}"


def _last(year: int) -> str:
    # 28 December always lies in the last ISO week of its year.
    return f"W{date(year, 12, 28).isocalendar().week}" if 1 <= year <= 9999 else "W52"
