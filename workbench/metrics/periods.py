"""Which time a figure is about, and which posts it covers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import ibis
from ibis import _


@dataclass(frozen=True)
class Period:
    """Local days from `from_on` to `to_on`, both included."""

    from_on: date
    to_on: date
    time_zone: str = "UTC"

    @classmethod
    def week_of(cls, day: date, time_zone: str = "UTC") -> Period:
        """The ISO week, Monday to Sunday, that a day is in."""
        monday = day - timedelta(days=day.weekday())
        return cls(monday, monday + timedelta(days=6), time_zone)

    @classmethod
    def iso_week(cls, week: str, time_zone: str = "UTC") -> Period:
        """The week called by its ISO name, such as 2025-W40."""
        year, _, number = week.partition("-W")
        return cls.week_of(date.fromisocalendar(int(year), int(number), 1), time_zone)

    @property
    def from_at(self) -> datetime:
        """The first instant, naive UTC."""
        return self._midnight(self.from_on)

    @property
    def to_at(self) -> datetime:
        """The first instant after the period, naive UTC."""
        return self._midnight(self.to_on + timedelta(days=1))

    @property
    def days(self) -> int:
        return (self.to_on - self.from_on).days + 1

    def before(self) -> Period:
        """The period of the same length that ends where this one starts."""
        return self.shifted(-self.days)

    def shifted(self, days: int) -> Period:
        step = timedelta(days=days)
        return Period(self.from_on + step, self.to_on + step, self.time_zone)

    def widened(self, weeks: int) -> Period:
        """The `weeks` weeks that end with this period's last day."""
        return Period(self.to_on - timedelta(days=7 * weeks - 1), self.to_on, self.time_zone)

    def _midnight(self, day: date) -> datetime:
        local = datetime.combine(day, time.min, ZoneInfo(self.time_zone))
        return local.astimezone(UTC).replace(tzinfo=None)


def reached(performance: ibis.Table, period: Period, hours: int) -> ibis.Table:
    """Posts that reached age `hours` within a period, whether or not their count then is known.

    So a Monday's report has no immature posts in it, and every post is in exactly one week.
    Grain: post_id. Source: metrics.md, Posts.
    """
    # The age is taken off the bounds and not put on the column, so that an engine can skip what is out of range.
    age = timedelta(hours=hours)
    return performance.filter(
        (_.posted_at >= ibis.literal(period.from_at - age, "timestamp"))
        & (_.posted_at < ibis.literal(period.to_at - age, "timestamp"))
    )
