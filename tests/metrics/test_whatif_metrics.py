"""What a period was, for what-if: by hand."""

from __future__ import annotations

from datetime import date

from text_tables import column, rows, table

from workbench.metrics.periods import Period
from workbench.metrics.whatif import period_posts, posts_per_account_day, prorated, reused_posts

WEEK = Period(date(2025, 10, 6), date(2025, 10, 12))
POSTS = """
    post_id | account_id | va_id | posted_at        | posted_local_on
    before  | a          | v1    | 2025-10-05 23:59 | 2025-10-05
    p1      | a          | v1    | 2025-10-06 00:00 | 2025-10-06
    p2      | a          | v2    | 2025-10-06 10:00 | 2025-10-06
    p3      | b          | -     | 2025-10-12 23:59 | 2025-10-12
    p4      | -          | v1    | 2025-10-08 10:00 | 2025-10-08
    after   | b          | v3    | 2025-10-13 00:00 | 2025-10-13
    undated | b          | v4    | -                | -
"""


def test_posts_of_the_period_are_counted_with_who_made_them():
    (row,) = rows(period_posts(table(POSTS), WEEK))
    assert row == {"n_posts": 4, "n_with_va": 3, "n_vas": 2, "n_accounts": 2}
    (none,) = rows(period_posts(table(POSTS).limit(0), WEEK))
    assert none == {"n_posts": 0, "n_with_va": 0, "n_vas": 0, "n_accounts": 0}


def test_an_accounts_day_counts_where_it_posted():
    assert rows(posts_per_account_day(table(POSTS), WEEK)) == [
        {"account_id": "a", "posted_local_on": date(2025, 10, 6), "n_posts": 2},
        {"account_id": "b", "posted_local_on": date(2025, 10, 12), "n_posts": 1},
    ]


def test_a_post_is_reused_from_half_of_its_known_slides_on():
    uses = table(
        """
        post_id | slide_index | use_number
        half    | 1           | 2
        half    | 2           | 1
        less    | 1           | 1
        less    | 2           | 1
        less    | 3           | 5
        partly  | 1           | 3
        partly  | 2           | -
        unknown | 1           | -
        """
    )
    assert column(reused_posts(uses), "is_reused") == {"half": True, "less": False, "partly": True}


def test_money_falls_into_a_period_by_its_days():
    money = table(
        """
        cost_id | from_on    | to_on      | value
        inside  | 2025-10-07 | 2025-10-08 | 10
        longer  | 2025-10-01 | 2025-10-30 | 300
        ends    | 2025-10-01 | 2025-10-06 | 60
        one_day | 2025-10-12 | -          | 7
        unknown | 2025-10-07 | 2025-10-08 | -
        before  | 2025-10-01 | 2025-10-05 | 1
        after   | 2025-10-13 | 2025-10-13 | 1
        """
    )
    found = column(prorated(money, WEEK, "value"), "within_value", "cost_id")
    # 7 of 30 days; the last of 6.
    assert found == {"inside": 10, "longer": 300 * 7 / 30, "ends": 60 / 6, "one_day": 7, "unknown": None}
