"""One row a post: what is known of it, and what follows."""

from __future__ import annotations

from datetime import date
from math import log
from typing import Any

import duckdb
import ibis
import pytest
from text_tables import column, rows, table

from workbench.metrics.posts import BASELINES, CURVES, followers_at_posting, post_curves, post_performance

POSTS = {
    **dict.fromkeys(
        ["platform", "account_id", "va_id", "creator_id", "set_id", "sound_id", "post_type", "url"], "string"
    ),
    "posted_at": "timestamp",
    "posted_at_precision": "string",
    "posted_local_on": "date",
    "posted_local_hour": "int64",
    "slide_count": "int64",
    "duration_seconds": "float64",
    "is_deleted": "boolean",
    "followers_at_post": "int64",
}
COUNTS = dict.fromkeys(["views", "likes", "comments", "shares", "saves", "reposts", "downloads"], "int64")
CURVE_TYPES = {
    **COUNTS,
    "n_snapshots": "int64",
    "last_captured_at": "timestamp",
    "is_settled_late": "boolean",
    "is_ten_x_24h": "boolean",
    **{
        c: "float64"
        for c in CURVES
        if c.startswith(("views_at", "views_settled", "engagement", "peak", "half"))
    },
}
BASELINE_TYPES = {f"baseline_{c}": "float64" for c in BASELINES}


def performance(
    posts: str, curves: str, baselines: str = "post_id", followers: str = "post_id"
) -> ibis.Table:
    return post_performance(
        table(posts, POSTS),
        table(curves, CURVE_TYPES),
        table(baselines, BASELINE_TYPES),
        table(followers, {"followers_at_posting": "int64"}),
    )


def test_a_post_nobody_has_looked_at_has_a_row_of_unknowns() -> None:
    found = performance("post_id | platform\np | tiktok", "post_id")
    assert len(rows(found)) == 1
    known = {name: value for name, value in rows(found)[0].items() if value is not None}
    assert known == {"post_id": "p", "platform": "tiktok"}


def test_no_posts_have_no_rows() -> None:
    assert rows(performance("post_id", "post_id")) == []
    empty = table("post_id | captured_at", COUNTS)
    assert rows(post_curves(table("post_id", POSTS), empty)) == []
    assert (
        rows(followers_at_posting(table("post_id", POSTS), table("account_id | captured_at | followers")))
        == []
    )


def test_rates_divide_the_newest_counts_and_leave_saves_out_of_engagement() -> None:
    found = performance(
        "post_id\np\nnone\nzero",
        """
        post_id | views | likes | comments | shares | saves
        p       |  1000 |    80 |        5 |      - |    40
        none    |  1000 |     - |        - |      - |     -
        zero    |     0 |     0 |        0 |      0 |     0
        """,
        followers="post_id | followers_at_posting\np | 500\nnone | 0\nzero | 0",
    )
    names = (
        "engagement_rate_by_views",
        "engagement_rate_by_followers",
        "share_rate",
        "save_rate",
        "comment_rate",
    )
    answers: dict[str, Any] = {r["post_id"]: r for r in rows(found, "post_id", "engagement", *names)}
    assert answers["p"] == {
        "post_id": "p",
        "engagement": 80 + 5,
        "engagement_rate_by_views": (80 + 5) / 1000,
        "engagement_rate_by_followers": (80 + 5) / 500,
        "share_rate": None,
        "save_rate": 40 / 1000,
        "comment_rate": 5 / 1000,
    }
    assert answers["none"] == {"post_id": "none", "engagement": None, **dict.fromkeys(names)}
    assert answers["zero"] == {"post_id": "zero", "engagement": 0, **dict.fromkeys(names)}


def test_viral_is_judged_at_720_hours_and_while_immature_by_the_newest_count() -> None:
    found = performance(
        "post_id\n" + "\n".join("abcdef"),
        """
        post_id | views_at_720 | views
        a       |        10000 | 10000
        b       |         9999 | 20000
        c       |            - | 10000
        d       |            - |  9999
        e       |            - |     -
        f       |        12000 |     -
        """,
    )
    assert column(found, "is_viral") == {"a": True, "b": False, "c": True, "d": False, "e": None, "f": True}


def test_the_week_of_posting_is_its_local_monday() -> None:
    days = "post_id | posted_local_on\nsunday | 2025-01-12\nmonday | 2025-01-13\nnever | -"
    found = column(performance(days, "post_id"), "posted_week_on")
    assert found == {"sunday": date(2025, 1, 6), "monday": date(2025, 1, 13), "never": None}


def test_a_truncated_date_still_needs_two_casts() -> None:
    # Then: drop the casts behind posted_week_on.
    week = table("posted_local_on\n2025-01-08").posted_local_on.truncate("W")
    assert week.type().is_date()
    assert week.cast("date").equals(week), "Ibis leaves out a cast to what it takes the type to be"
    assert duckdb.sql("SELECT typeof(date_trunc('week', DATE '2025-01-08'))").fetchall() == [("TIMESTAMP",)]


def test_outliers_compare_each_age_with_its_own_baseline() -> None:
    found = performance(
        "post_id | platform | posted_local_on\np | tiktok | 2025-01-06\nq | tiktok | 2025-01-07",
        """
        post_id | views_at_24 | views_at_120 | views_settled
        p       |         300 |         3000 |          8000
        q       |         300 |          500 |             -
        """,
        """
        post_id | baseline_views_at_24 | baseline_views_at_120 | baseline_views_settled
        p       |                   50 |                  1000 |                   2000
        q       |                    - |                   500 |                   2000
        """,
    )
    names = [
        "outlier_24",
        "outlier_120",
        "outlier_settled",
        "outlier_48",
        "is_breakout",
        "is_breakout_settled",
    ]
    p, q = rows(found, "post_id", *names, "log_outlier_120", "log_outlier_settled")
    assert [p[n] for n in names] == [300 / 100, 3000 / 1000, 8000 / 2000, None, True, True]
    assert [q[n] for n in names] == [None, 500 / 500, None, None, False, None]
    mean = (log(3) + log(1)) / 2
    assert (p["log_outlier_120"], q["log_outlier_120"]) == (
        pytest.approx(log(3) - mean),
        pytest.approx(-mean),
    )
    assert (p["log_outlier_settled"], q["log_outlier_settled"]) == (0.0, None)


def test_views_per_follower_is_of_the_views_at_120_hours() -> None:
    found = performance(
        "post_id\np\nq", "post_id | views_at_120 | views\np | 600 | 999\nq | - | 999",
        followers="post_id | followers_at_posting\np | 200\nq | 200",
    )  # fmt: skip
    assert column(found, "views_per_follower") == {"p": 600 / 200, "q": None}


# --- followers at posting ----------------------------------------------------------------------------


def followers(posts: str, snapshots: str) -> dict[str, int | None]:
    found = followers_at_posting(table(posts, POSTS), table(snapshots))
    return column(found, "followers_at_posting")


def test_followers_at_posting_are_those_of_the_nearest_look_within_seven_days() -> None:
    posts = """
        post_id | account_id | posted_at           | followers_at_post
        nearest | a          | 2025-01-10 12:00:00 |                 1
        edge    | a          | 2025-01-20 00:00:00 |                 2
        beyond  | a          | 2025-01-20 00:00:01 |                 3
        other   | b          | 2025-01-10 12:00:00 |                 4
        unknown | b          | 2025-01-10 12:00:00 |                 -
        undated | a          | -                   |                 6
        nobodys | -          | 2025-01-10 12:00:00 |                 7
    """
    snapshots = """
        account_id | captured_at         | followers
        a          | 2025-01-09 12:00:00 |       100
        a          | 2025-01-11 11:00:00 |       110
        a          | 2025-01-13 00:00:00 |       130
        a          | 2025-01-10 12:00:00 |         -
    """
    assert followers(posts, snapshots) == {
        "nearest": 110,  # 23 h after, not 24 h before; the look at that very instant did not see followers
        "edge": 130,
        "beyond": 3,
        "other": 4,
        "unknown": None,
        "undated": 6,
        "nobodys": 7,
    }


def test_of_two_looks_as_near_the_earlier_counts() -> None:
    posts = "post_id | account_id | posted_at\np | a | 2025-01-10 12:00:00"
    snapshots = """
        account_id | captured_at         | followers
        a          | 2025-01-10 13:00:00 |       200
        a          | 2025-01-10 11:00:00 |       100
    """
    assert followers(posts, snapshots) == {"p": 100}
    a_second_nearer = snapshots.replace("13:00:00", "12:59:59")
    assert followers(posts, a_second_nearer) == {"p": 200}
