"""Engagement week by week."""

from __future__ import annotations

from datetime import date
from typing import Any

from text_tables import rows, table

from workbench.metrics.engagement import engagement_over_time
from workbench.metrics.periods import Period

TYPES = {
    **dict.fromkeys(["views_at_120", "engagement_at_120", "views_settled"], "float64"),
    **dict.fromkeys(["views", "engagement"], "int64"),
    "posted_at": "timestamp",
    "posted_week_on": "date",
}
# Posts of the week of 3 March are 5 days old between the 8th and the 14th.
PERIOD = Period(date(2025, 3, 8), date(2025, 3, 14))


def weeks(text: str, horizon: str = "120", period: Period = PERIOD) -> list[dict[str, Any]]:
    return rows(engagement_over_time(table(text, {"platform": "string", **TYPES}), period, horizon=horizon))


def test_a_week_pools_before_it_divides_over_posts_that_know_both() -> None:
    found = weeks(
        """
        platform | posted_at  | posted_week_on | views_at_120 | engagement_at_120
        t        | 2025-03-03 | 2025-03-03     |          900 |                90
        t        | 2025-03-09 | 2025-03-03     |          100 |                 0
        t        | 2025-03-04 | 2025-03-03     |         5000 |                 -
        t        | 2025-03-04 | 2025-03-03     |            - |                50
        """
    )
    assert found == [
        {"platform": "t", "posted_week_on": date(2025, 3, 3), "n_mature_posts": 2, "compared_views": 1000.0,
         "compared_engagement": 90.0, "engagement_rate_by_views": 90 / 1000}
    ]  # fmt: skip


def test_a_week_that_is_not_wholly_old_enough_is_left_out() -> None:
    text = """
        platform | posted_at  | posted_week_on | views_at_120 | engagement_at_120
        t        | 2025-03-03 | 2025-03-03     |          900 |                90
    """
    assert len(weeks(text)) == 1
    assert weeks(text, period=Period(date(2025, 3, 8), date(2025, 3, 13))) == []
    assert weeks(text, period=Period(date(2025, 3, 7), date(2025, 3, 13))) == []


def test_no_views_give_no_rate_and_the_settled_basis_takes_the_newest_counts() -> None:
    text = """
        platform | posted_at  | posted_week_on | views_settled | views | engagement
        t        | 2025-03-03 | 2025-03-03     |             0 |     0 |          0
        u        | 2025-03-03 | 2025-03-03     |            90 |   100 |         10
        u        | 2025-03-03 | 2025-03-03     |             - |   100 |         10
    """
    month = Period(date(2025, 4, 2), date(2025, 4, 8))
    t, u = weeks(text, "settled", month)
    assert (t["engagement_rate_by_views"], u["engagement_rate_by_views"]) == (None, 10 / 100)
