"""Every account of a period in one row."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from text_tables import rows, table

from workbench.metrics.account_review import account_review, compared_hours, usable_horizon
from workbench.metrics.periods import Period

WEEK = Period(date(2025, 3, 3), date(2025, 3, 9))
PERFORMANCE = {
    **dict.fromkeys(["views", "likes", "comments", "shares", "saves", "followers_at_posting"], "int64"),
    **dict.fromkeys(["views_at_120", "views_settled", "outlier_120", "outlier_settled"], "float64"),
    "posted_at": "timestamp",
    "posted_week_on": "date",
    "is_viral": "boolean",
}
ACCOUNTS = {
    **dict.fromkeys(["platform", "username", "display_name", "creator_id", "va_id"], "string"),
    "target_posts_per_week": "float64",
}
AT_120 = datetime(2025, 3, 4) - timedelta(hours=120)
AT_720 = datetime(2025, 3, 4) - timedelta(hours=720)


def review(accounts: str, posts: str, looks: str = "", horizon: str = "120") -> dict[str, dict[str, Any]]:
    found = account_review(
        table(posts, {"account_id": "string", **PERFORMANCE}),
        table(accounts, ACCOUNTS),
        table(looks or "account_id | captured_at | followers"),
        WEEK,
        horizon=horizon,
    )
    return {r["account_id"]: r for r in rows(found)}


def test_an_account_is_there_with_a_post_or_a_follower_count_in_the_period() -> None:
    found = review(
        "account_id | platform\nposts | t\nlooked | t\nneither | t\nbefore | t",
        f"account_id | posted_at\nposts | {AT_120}",
        "account_id | captured_at | followers\nlooked | 2025-03-05 | 7\nbefore | 2025-03-02 | 9",
    )
    assert set(found) == {"posts", "looked"}
    assert (found["looked"]["followers"], found["looked"]["n_posts"], found["looked"]["n_mature_posts"]) == (
        7,
        0,
        0,
    )
    assert (found["posts"]["followers"], found["posts"]["n_posts"]) == (None, 1)
    assert found["looked"]["kpi_score"] is None


def test_nothing_gives_no_rows() -> None:
    assert review("account_id | platform", "post_id | account_id") == {}
    assert review("account_id | platform\na | t", "post_id | account_id") == {}


def test_engagement_is_pooled_over_the_posts_whose_engagement_is_known() -> None:
    found = review(
        "account_id | platform\na | t",
        f"""
        account_id | posted_at | views_at_120 | views | likes | comments | shares
        a          | {AT_120}  |          900 |  1000 |    50 |        5 |      -
        a          | {AT_120}  |          900 |  9000 |     - |        - |      -
        a          | {AT_120}  |            - |  9000 |    99 |        9 |      9
        """,
    )
    assert found["a"]["engagement_rate_by_views"] == (50 + 5) / 1000
    assert found["a"]["engagement_quality"] == (50 + 3 * 5) / 1000
    assert found["a"]["views"] == 1000 + 9000


def test_saves_count_where_the_whole_peer_group_has_them() -> None:
    line = "| {} | 100 | 1000 | 10 | {}"
    accounts, posts, looks = ["account_id | platform"], [], []
    for band, followers in (("small", 500), ("large", 50_000)):
        for n in range(8):
            name = f"{band}{n}"
            accounts.append(f"{name} | t")
            posts.append(f"{name} " + line.format(AT_120, "-" if name == "large3" else 7))
            looks.append(f"{name} | 2025-03-05 | {followers}")
    found = review(
        "\n".join(accounts),
        "\n".join(["account_id | posted_at | views_at_120 | views | likes | saves", *posts]),
        "\n".join(["account_id | captured_at | followers", *looks]),
    )
    assert {r["n_peers"] for r in found.values()} == {8}
    qualities = {name: r["engagement_quality"] for name, r in found.items()}
    assert {q for name, q in qualities.items() if name.startswith("small")} == {(10 + 4 * 7) / 1000}
    assert {q for name, q in qualities.items() if name.startswith("large")} == {10 / 1000}


def test_an_account_without_mature_posts_does_not_take_its_peers_saves_away() -> None:
    found = review(
        "account_id | platform\na | t\nb | t",
        f"""
        account_id | posted_at | views_at_120 | views | likes | saves
        a          | {AT_120}  |          100 |  1000 |    10 |     7
        b          | {AT_120}  |            - |  1000 |    10 |     -
        """,
    )
    assert found["a"]["engagement_quality"] == (10 + 4 * 7) / 1000


def test_viral_posts_are_those_that_reached_720_hours_in_the_period() -> None:
    found = review(
        "account_id | platform\na | t",
        f"""
        account_id | posted_at | views_at_120 | views_settled | is_viral
        a          | {AT_120}  |        20000 |             - | true
        a          | {AT_720}  |          100 |           900 | false
        """,
    )
    assert (found["a"]["n_posts"], found["a"]["n_final_posts"], found["a"]["viral_rate"]) == (1, 1, 0.0)


def test_the_settled_page_covers_posts_that_reached_720_hours() -> None:
    posts = f"""
        account_id | posted_at | views_at_120 | views_settled | outlier_settled
        a          | {AT_120}  |        20000 |             - |               -
        a          | {AT_720}  |            - |           900 |             3.0
    """
    found = review("account_id | platform\na | t", posts, horizon="settled")["a"]
    assert (found["n_posts"], found["median_views"], found["breakout_rate"]) == (1, 900.0, 1.0)
    assert (compared_hours("120"), compared_hours("settled")) == (120, 720)


def test_usable_horizon_counts_what_could_be_known_and_what_is() -> None:
    performance = table(
        f"""
        post_id | posted_at | views_at_120 | views_settled
        a       | {AT_120}  |          100 |             -
        b       | {AT_120}  |            - |             -
        c       | {AT_120}  |            - |             -
        d       | {AT_720}  |            - |           900
        e       | -         |          100 |           900
        """
    )
    (found,) = rows(usable_horizon(performance, WEEK))
    assert found == {"n_posts": 3, "n_known": 1, "n_reached_final": 1, "n_settled": 1}
    none = usable_horizon(table("post_id | posted_at | views_at_120 | views_settled"), WEEK)
    assert rows(none) == [{"n_posts": 0, "n_known": 0, "n_reached_final": 0, "n_settled": 0}]


def test_a_whole_review_is_the_score_of_its_parts() -> None:
    accounts = "account_id | platform | target_posts_per_week\na | t | 1\nb | t | -"
    posts = [
        f"{name} | {AT_120} | 2025-02-24 | {views} | 3.0 | {views} | 10"
        for name, views in (("a", 100), ("b", 200))
        for _ in range(5)
    ]
    found = review(
        accounts,
        "\n".join(
            ["account_id | posted_at | posted_week_on | views_at_120 | outlier_120 | views | likes", *posts]
        ),
    )
    # Reach 25 and 75, engagement (10 / 100 and 10 / 200) 75 and 25, breakout tied, growth unknown;
    # only a has a target: five posts in one of 8 weeks are 5/8 a week, and far from even.
    assert found["a"]["missing_parts"] == "growth"
    assert found["b"]["missing_parts"] == "growth consistency"
    assert found["a"]["kpi_score"] == pytest.approx((30 * 25 + 25 * 75 + 15 * 50 + 10 * 50) / 80)
    assert found["b"]["kpi_score"] == pytest.approx((30 * 75 + 25 * 25 + 10 * 50) / 65)
    assert (found["a"]["posts_per_week"], found["a"]["consistency"]) == (5 / 8, 0.0)
