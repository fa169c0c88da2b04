"""The whole agency, week by week."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from text_tables import rows, table

from workbench.metrics.periods import Period
from workbench.metrics.weekly import weekly_followers, weekly_results, weeks_up_to

MONDAY = date(2025, 3, 3)
WEEK = Period.week_of(MONDAY)
PERFORMANCE = {
    **dict.fromkeys(["views", "likes", "comments", "shares"], "int64"),
    **dict.fromkeys(["views_at_120", "views_settled", "outlier_120", "outlier_settled"], "float64"),
    "is_viral": "boolean",
}


def weekly(text: str, *, hours: int = 120, horizon: str = "120", weeks: int = 3) -> list[dict[str, Any]]:
    found = weekly_results(table(text, PERFORMANCE), WEEK, hours=hours, horizon=horizon, weeks=weeks)
    return rows(found.relocate("week_on"))


def posted(hours: float, week: date = MONDAY) -> datetime:
    """When a post went up that reaches this age an hour into a week."""
    return datetime.combine(week, datetime.min.time()) + timedelta(hours=1 - hours)


def test_weeks_end_with_the_period_and_begin_on_mondays() -> None:
    assert [w.from_on for w in weeks_up_to(WEEK, 3)] == [date(2025, 2, 17), date(2025, 2, 24), MONDAY]


def test_a_week_has_the_posts_that_reached_the_compared_age_in_it() -> None:
    text = f"""
        post_id | posted_at                              | views_at_120 | outlier_120 | views | likes | comments
        a       | {posted(120)}                          |          100 |         3.0 |   200 |    20 |        1
        b       | {posted(120)}                          |          300 |           - |   400 |     - |        -
        c       | {posted(120)}                          |            - |           - |   900 |    90 |        9
        late    | {posted(120, MONDAY + timedelta(7))}   |          999 |         9.0 |   999 |    99 |        9
        older   | {posted(120, MONDAY - timedelta(7))}   |           50 |         1.0 |    60 |     6 |        -
        ancient | {posted(120, MONDAY - timedelta(21))}  |           50 |         1.0 |    60 |     6 |        -
        undated | -                                      |           50 |         1.0 |    60 |     6 |        -
    """
    assert weekly(text) == [
        {
            "week_on": date(2025, 2, 24), "n_posts": 1, "n_mature_posts": 1, "median_views": 50.0,
            "median_outlier": 1.0, "breakout_rate": 0.0, "engagement_rate_by_views": 6 / 60, "n_viral_posts": None,
        },
        {
            "week_on": MONDAY, "n_posts": 3, "n_mature_posts": 2, "median_views": (100 + 300) / 2,
            "median_outlier": 3.0, "breakout_rate": 1.0, "engagement_rate_by_views": (20 + 1) / 200,
            "n_viral_posts": None,
        },
    ]  # fmt: skip


def test_viral_posts_are_those_that_reached_720_hours_in_the_week() -> None:
    text = f"""
        post_id | posted_at     | views_settled | is_viral
        yes     | {posted(720)} |         20000 | true
        no      | {posted(720)} |           200 | false
        unknown | {posted(720)} |             - | true
        young   | {posted(120)} |             - | true
    """
    answers = weekly(text)
    assert [(r["week_on"], r["n_posts"], r["n_viral_posts"]) for r in answers] == [
        (MONDAY, 1, 1)  # one post became 120 h old, and of those that became 720 h old one is viral
    ]


def test_a_week_without_young_posts_still_has_its_viral_ones() -> None:
    text = f"post_id | posted_at | views_settled | is_viral\nyes | {posted(720)} | 20000 | true"
    assert [(r["week_on"], r["n_posts"], r["n_viral_posts"]) for r in weekly(text)] == [(MONDAY, None, 1)]


def test_a_page_of_settled_figures_counts_posts_at_720_hours() -> None:
    text = f"""
        post_id | posted_at     | views_settled | outlier_settled | is_viral | views | likes
        a       | {posted(720)} |         20000 |             4.0 | true     |     0 |     0
        b       | {posted(720)} |           100 |             1.0 | false    |     - |     7
    """
    (answer,) = weekly(text, hours=720, horizon="settled")
    assert (answer["n_mature_posts"], answer["n_viral_posts"], answer["breakout_rate"]) == (2, 1, 1 / 2)
    assert answer["median_views"] == (20000 + 100) / 2
    assert answer["engagement_rate_by_views"] is None, "0 views of the one post of which both are known"


def test_weeks_of_nothing_are_none() -> None:
    assert weekly("post_id | posted_at") == []
    assert rows(weekly_followers(table("account_id | captured_at | followers"), WEEK)) == []


def test_net_followers_compare_accounts_known_in_both_weeks() -> None:
    looks = table(
        """
        account_id | captured_at      | followers
        a          | 2025-02-25       |       100
        a          | 2025-03-02 23:59 |       110
        a          | 2025-03-03       |         -
        a          | 2025-03-09       |       130
        b          | 2025-02-18       |        50
        b          | 2025-03-05       |        70
        c          | 2025-03-05       |         9
        """
    )
    found = {r.pop("week_on"): r for r in rows(weekly_followers(looks, WEEK, weeks=3).relocate("week_on"))}
    assert found[date(2025, 2, 24)] == {"followers": 110, "net_followers": None, "n_accounts": 0}
    assert found[MONDAY] == {"followers": 130 + 70 + 9, "net_followers": 130 - 110, "n_accounts": 1}


def test_weeks_are_those_of_the_periods_time_zone() -> None:
    looks = table("account_id | captured_at | followers\na | 2025-03-02 23:30 | 5")
    berlin = Period.week_of(MONDAY, "Europe/Berlin")
    assert [r["week_on"] for r in rows(weekly_followers(looks, berlin).relocate("week_on"))] == [MONDAY]
    assert [r["week_on"] for r in rows(weekly_followers(looks, WEEK).relocate("week_on"))] == [
        date(2025, 2, 24)
    ]
