"""An account's usual level in a period and half a year before."""

from __future__ import annotations

from datetime import date
from math import log

import pytest
from text_tables import rows, table

from workbench.metrics.periods import Period
from workbench.metrics.usual_views import usual_views

# Posts of 1 October are 5 days old on the 6th, those of 2 April 26 weeks before.
DAY = Period(date(2025, 10, 6), date(2025, 10, 6))


def test_both_periods_are_told_by_number_mean_and_variance_of_the_logarithms() -> None:
    posts = table(
        """
        account_id | posted_at        | views_at_120
        a          | 2025-10-01 10:00 |         1000
        a          | 2025-10-01 11:00 |           10
        a          | 2025-10-01 12:00 |            -
        a          | 2025-04-02 10:00 |          400
        a          | 2025-07-01 10:00 |       999999
        -          | 2025-10-01 10:00 |         1000
        """
    )
    (found,) = rows(usual_views(posts, DAY))
    half = (log(1000) - log(100)) / 2
    assert (found["n_usual_now"], found["n_usual_before"]) == (2, 1)
    assert found["log_now"] == pytest.approx((log(1000) + log(100)) / 2), "10 views count as the floor of 100"
    assert found["variance_now"] == pytest.approx(2 * half**2 / (2 - 1))
    assert (found["log_before"], found["variance_before"]) == (pytest.approx(log(400)), None)


def test_no_posts_have_no_level() -> None:
    assert rows(usual_views(table("account_id | posted_at | views_at_120"), DAY)) == []
