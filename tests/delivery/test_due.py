"""Which weeks are due: in a named zone, over both changes of the clocks, each once, missed ones caught up on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from workbench.errors import UsageError
from workbench.reporting.due import MOST_MISSED, due_weeks, is_covered, weekly

BERLIN = weekly("Mon 06:00", "Europe/Berlin")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("week", "at"),
    [
        ("2025-W12", "2025-03-24 05:00"),  # winter: UTC+1
        ("2025-W13", "2025-03-31 04:00"),  # the clocks went forward the night before
        ("2025-W42", "2025-10-20 04:00"),
        ("2025-W43", "2025-10-27 05:00"),  # and back
        ("2020-W53", "2021-01-04 05:00"),  # a year of 53 weeks
    ],
)
def test_six_in_berlin_is_six_in_berlin_in_summer_and_in_winter(week: str, at: str) -> None:
    assert BERLIN.after(week) == utc(at)


def test_an_hour_that_is_skipped_is_due_after_it_and_one_that_comes_twice_at_the_first() -> None:
    sunday = weekly("Sun 02:30", "Europe/Berlin")
    # 30 March 2025, 02:30 does not exist: 01:30 UTC, when clocks show 03:30.
    assert sunday.after("2025-W12") == utc("2025-03-30 01:30")
    # 26 October 2025, 02:30 is at 00:30 UTC and at 01:30 UTC.
    assert sunday.after("2025-W42") == utc("2025-10-26 00:30")


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2025-10-27 04:59", []),
        ("2025-10-27 05:00", ["2025-W43"]),
        ("2025-11-03 04:59", ["2025-W43"]),
        ("2025-11-03 05:00", ["2025-W43", "2025-W44"]),
    ],
)
def test_a_week_is_due_from_its_moment_on(now: str, due: list[str]) -> None:
    assert due_weeks(["2025-W41", "2025-W42"], BERLIN, utc(now)) == (due, [])


def test_the_first_report_is_of_the_last_week_alone() -> None:
    assert due_weeks([], BERLIN, utc("2025-10-27 05:00")) == (["2025-W43"], [])
    assert due_weeks([], BERLIN, utc("2025-10-27 04:59")) == (["2025-W42"], [])


def test_what_is_made_is_never_due_again_and_later_days_are_no_week() -> None:
    made = ["2025-W43", "2025-W44", "2025-10", "others"]
    assert due_weeks(made, BERLIN, utc("2025-10-29 12:00")) == ([], [])


def test_missed_weeks_are_caught_up_on_oldest_first_and_within_a_limit() -> None:
    due, too_old = due_weeks(["2025-W20"], BERLIN, utc("2025-10-27 05:00"))
    assert due == [f"2025-W{n}" for n in range(36, 44)] and len(due) == MOST_MISSED
    assert too_old == [f"2025-W{n}" for n in range(21, 36)]


def test_a_week_that_came_to_nothing_is_due_again_but_not_for_ever() -> None:
    now = utc("2025-10-27 05:00")
    begun = ["2025-W20", "2025-W41", "2025-W42"]
    assert due_weeks(["2025-W42"], BERLIN, now, begun=begun) == (["2025-W41", "2025-W43"], [])
    assert due_weeks([], BERLIN, now, begun=begun) == (["2025-W41", "2025-W42", "2025-W43"], [])
    assert due_weeks(["2025-W41", "2025-W43"], BERLIN, now, begun=[]) == ([], [])


@pytest.mark.parametrize(
    ("when", "zone"),
    [
        ("Mon 06:00", "Europe/Berlin"),
        ("Sun 02:30", "America/New_York"),
        ("Mon 06:00", "Asia/Kolkata"),
        ("Mon 00:00", "UTC"),
    ],
)
def test_asked_every_hour_of_a_year_each_week_is_made_once_within_the_hour(when: str, zone: str) -> None:
    at = weekly(when, zone)
    now = datetime(2024, 12, 31, 0, at.after("2025-W01").minute, tzinfo=UTC)
    made: dict[str, datetime] = {"2024-W50": now}
    while now < datetime(2026, 1, 1, tzinfo=UTC):
        weeks, _ = due_weeks(list(made)[-3:], at, now)
        assert not set(weeks) & made.keys()
        made |= dict.fromkeys(weeks, now)
        now += timedelta(hours=1)
    in_order = list(made)[3:]  # those before were caught up on
    assert len(in_order) >= 51
    for week in in_order:
        late = made[week] - at.after(week)
        assert timedelta(0) <= late < timedelta(hours=1)
        local = at.after(week).astimezone(ZoneInfo(zone))
        assert local.strftime("%a") == when[:3]


def test_a_week_whose_last_day_has_data_can_be_made() -> None:
    # Its last day, of 25 hours, begins at 22:00 UTC of the day before.
    assert is_covered("2025-W43", datetime(2025, 10, 26, 1), "Europe/Berlin")
    assert is_covered("2025-W43", datetime(2025, 10, 25, 22), "Europe/Berlin")
    assert not is_covered("2025-W43", datetime(2025, 10, 25, 21, 59), "Europe/Berlin")
    assert not is_covered("2025-W43", None, "Europe/Berlin")


@pytest.mark.parametrize(
    "text", ["", "Monday", "Mon", "06:00", "Mon 24:00", "Mon 6:60", "Mo 06:00", "mon 06:00"]
)
def test_what_is_no_moment_of_a_week_is_told(text: str) -> None:
    with pytest.raises(UsageError, match="is no day and time"):
        weekly(text, "UTC")


def test_a_zone_that_is_none_is_told() -> None:
    with pytest.raises(UsageError, match="is no IANA zone"):
        weekly("Mon 06:00", "Berlin")
    assert str(weekly("Monday 6:05", "UTC")) == "Mon 06:05"
