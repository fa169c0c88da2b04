"""Accounts day by day."""

from __future__ import annotations

from datetime import date

from text_tables import rows, table

from workbench.metrics.daily import account_daily

LOOKS = dict.fromkeys(("followers", "following", "total_posts", "total_likes", "total_views"), "int64")
NO_LOOKS = table("account_id | captured_at", LOOKS)
NO_POSTS = table("post_id | account_id | posted_local_on | views")


def test_a_day_has_its_last_known_counts_and_what_came_since_the_last_known_day() -> None:
    looks = table(
        """
        account_id | captured_at      | followers | following
        a          | 2025-01-06 08:00 |       100 |         -
        a          | 2025-01-06 20:00 |       110 |         7
        a          | 2025-01-06 23:59 |         - |         -
        a          | 2025-01-07 08:00 |         - |         8
        a          | 2025-01-09 00:00 |        90 |         -
        b          | 2025-01-09 00:00 |         5 |         -
        """,
        LOOKS,
    )
    names = (
        "account_id",
        "day_on",
        "followers",
        "following",
        "followers_gained",
        "days_since_known",
        "n_posts",
    )
    assert [tuple(r.values()) for r in rows(account_daily(NO_POSTS, looks), *names)] == [
        ("a", date(2025, 1, 6), 110, 7, None, None, 0),
        ("a", date(2025, 1, 7), None, 8, None, None, 0),
        ("a", date(2025, 1, 9), 90, None, 90 - 110, 3, 0),
        ("b", date(2025, 1, 9), 5, None, None, None, 0),
    ]


def test_a_day_of_posts_has_a_row_whether_or_not_anybody_looked() -> None:
    posts = table(
        """
        post_id | account_id | posted_local_on | views
        p       | a          | 2025-01-06      |    10
        q       | a          | 2025-01-06      |     -
        r       | a          | 2025-01-08      |     -
        s       | a          | -               |    99
        t       | -          | 2025-01-06      |    99
        """
    )
    looks = table("account_id | captured_at | followers\na | 2025-01-06 10:00 | 3", LOOKS)
    names = ("account_id", "day_on", "followers", "n_posts", "views_posted")
    assert [tuple(r.values()) for r in rows(account_daily(posts, looks), *names)] == [
        ("a", date(2025, 1, 6), 3, 2, 10),
        ("a", date(2025, 1, 8), None, 1, None),
    ]


def test_nothing_known_gives_no_days() -> None:
    assert rows(account_daily(NO_POSTS, NO_LOOKS)) == []
