"""Periods are local days; their instants are UTC."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from text_tables import rows, table

from workbench.metrics.periods import Period, reached

WEEK = Period(date(2025, 1, 6), date(2025, 1, 12))


def test_a_week_runs_from_monday_to_sunday() -> None:
    assert Period.week_of(date(2025, 1, 6)) == WEEK
    assert Period.week_of(date(2025, 1, 12)) == WEEK
    assert Period.week_of(date(2025, 1, 13)) != WEEK
    assert WEEK.days == 7


def test_a_period_begins_and_ends_at_local_midnight() -> None:
    berlin = Period(WEEK.from_on, WEEK.to_on, "Europe/Berlin")
    assert (WEEK.from_at, WEEK.to_at) == (datetime(2025, 1, 6), datetime(2025, 1, 13))
    assert (berlin.from_at, berlin.to_at) == (datetime(2025, 1, 5, 23), datetime(2025, 1, 12, 23))


def test_the_week_in_which_clocks_change_is_an_hour_shorter() -> None:
    spring = Period.week_of(date(2025, 3, 30), "Europe/Berlin")
    assert spring.to_at - spring.from_at == timedelta(days=7, hours=-1)
    assert spring.before().to_at == spring.from_at


def test_periods_before_and_wider_ones_meet_without_a_gap() -> None:
    assert WEEK.before() == Period(date(2024, 12, 30), date(2025, 1, 5))
    assert WEEK.widened(4) == Period(date(2024, 12, 16), date(2025, 1, 12))
    assert WEEK.widened(1) == WEEK
    assert WEEK.widened(4).before().to_on == date(2024, 12, 15)


@given(
    day=st.dates(date(2010, 1, 1), date(2090, 1, 1)),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"]),
)
def test_every_instant_is_in_exactly_one_week(day: date, zone: str) -> None:
    week = Period.week_of(day, zone)
    assert week.from_on <= day <= week.to_on
    assert week.before().to_at == week.from_at
    assert week.shifted(7).from_at == week.to_at


@pytest.mark.parametrize("hours", [120, 720])
def test_a_period_covers_the_posts_that_reach_an_age_within_it(hours: int) -> None:
    start, end = WEEK.from_at - timedelta(hours=hours), WEEK.to_at - timedelta(hours=hours)
    posts = table(
        f"""
        post_id | posted_at
        before  | {start - timedelta(seconds=1)}
        first   | {start}
        last    | {end - timedelta(seconds=1)}
        after   | {end}
        undated | -
        """
    )
    assert [r["post_id"] for r in rows(reached(posts, WEEK, hours))] == ["first", "last"]
