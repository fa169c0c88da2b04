"""Posts by the size of their account when they went up."""

from __future__ import annotations

from text_tables import rows, table

from workbench.metrics.account_size import size_at_posting, size_bands

TYPES = {"views_settled": "float64", "outlier_settled": "float64", "posted_at": "timestamp"}
POSTS = """
    post_id | account_id | platform | followers_at_posting | views_at_120 | outlier_120
    a       | x          | t        |                  999 |          100 |         1.0
    b       | x          | t        |                 1000 |          500 |         3.0
    c       | y          | t        |                 9999 |          700 |           -
    d       | y          | t        |                 9999 |            - |         2.0
    e       | z          | t        |                    - |          900 |         9.0
    f       | z          | t        |                    0 |           50 |         0.5
"""


def test_a_post_has_the_band_of_the_followers_at_posting() -> None:
    found = {r["post_id"]: r for r in rows(size_at_posting(table(POSTS, TYPES)))}
    assert {p: r["size_band"] for p, r in found.items()} == {
        "a": 1,
        "b": 2,
        "c": 2,
        "d": 2,
        "e": None,
        "f": 1,
    }
    assert found["b"]["views_per_follower"] == 500 / 1000
    assert (found["f"]["views_per_follower"], found["e"]["views_per_follower"]) == (None, None)


def test_a_band_pools_the_posts_whose_size_is_known() -> None:
    small, larger = rows(size_bands(table(POSTS, TYPES)))
    assert (small["n_posts"], small["median_views"], small["n_posting_accounts"]) == (2, (100 + 50) / 2, 2)
    assert (larger["n_posts"], larger["n_mature_posts"], larger["median_views"]) == (3, 2, (500 + 700) / 2)
    assert (larger["median_outlier"], larger["breakout_rate"]) == (2.5, 1 / 2)


def test_settled_views_are_compared_where_asked_for() -> None:
    posts = table("post_id | account_id | platform | followers_at_posting | views_settled\na | x | t | 10 | 70",
                  {**TYPES, "views_at_120": "float64", "outlier_120": "float64"})  # fmt: skip
    assert rows(size_at_posting(posts, horizon="settled"))[0]["compared_views"] == 70.0


def test_no_posts_give_no_bands() -> None:
    assert rows(size_bands(table(POSTS.strip().splitlines()[0], TYPES))) == []
