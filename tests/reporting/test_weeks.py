"""ISO weeks."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from workbench.errors import UsageError
from workbench.reporting import weeks


@pytest.mark.parametrize(
    ("as_of", "zone", "week"),
    [
        (datetime(2025, 10, 6, 0, 0), "UTC", "2025-W40"),
        (datetime(2025, 10, 5, 23, 59), "UTC", "2025-W39"),
        (datetime(2025, 10, 5, 22, 30), "Europe/Berlin", "2025-W40"),
        (datetime(2025, 10, 6, 3, 0), "America/New_York", "2025-W39"),
        (datetime(2026, 1, 1, 12, tzinfo=UTC), "UTC", "2025-W52"),
        (datetime(2021, 1, 4, 12), "UTC", "2020-W53"),
    ],
)
def test_the_last_complete_week_ends_at_local_midnight(as_of, zone, week):
    assert weeks.last_complete(as_of, zone) == week


def test_a_week_begins_on_its_monday_also_across_a_year():
    assert weeks.monday("2025-W40") == date(2025, 9, 29)
    assert weeks.monday("2026-W01") == date(2025, 12, 29)


def test_a_week_is_spelled_with_its_days():
    assert weeks.spelled("2025-W40") == "Week 40, 29 Sep to 5 Oct 2025"
    assert weeks.spelled("2026-W01") == "Week 1, 29 Dec 2025 to 4 Jan 2026"


@pytest.mark.parametrize("wrong", ["2025-40", "2025W40", "25-W40", "2025-W4", "../x", "2025-W40\n"])
def test_what_is_no_week_is_refused_with_how_to_write_one(wrong):
    with pytest.raises(UsageError, match=r"is not an ISO week\. Write a year and a week such as 2025-W40"):
        weeks.monday(wrong)


def test_a_week_that_its_year_has_not_is_refused_with_the_last_one():
    with pytest.raises(UsageError, match="2025 has weeks W01 to W52"):
        weeks.monday("2025-W53")
    with pytest.raises(UsageError, match="There is no week '0000-W01'"):
        weeks.monday("0000-W01")
