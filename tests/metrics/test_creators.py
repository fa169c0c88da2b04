"""Level 5: creators and sets, with answers by hand."""

from __future__ import annotations

from datetime import date

import ibis
import pytest
from text_tables import column, rows, table

from workbench.metrics import creators
from workbench.metrics.periods import Period

WEEK = Period(date(2025, 3, 3), date(2025, 3, 9))
PERFORMANCE = {
    **dict.fromkeys(["views", "likes", "comments", "shares"], "int64"),
    **dict.fromkeys(["views_at_120", "views_settled", "outlier_120", "outlier_settled"], "float64"),
    **dict.fromkeys(["account_id", "platform", "creator_id", "set_id", "post_id"], "string"),
    "posted_at": "timestamp",
    "is_viral": "boolean",
}
CREATORS = "creator_id | name | status\nx | X | active\ny | Y | -\nz | Z | -"


def posts(text: str) -> ibis.Table:
    return table(text, PERFORMANCE)


def people(text: str = CREATORS) -> ibis.Table:
    return table(text, name="string", status="string")


def test_a_creator_is_judged_by_the_posts_whose_count_at_the_age_is_known() -> None:
    mature = posts(
        """
        creator_id | account_id | views_at_120 | outlier_120 | views | likes | comments
        x          | a          |          100 |         3.0 |   150 |    10 |        -
        x          | a          |          300 |         0.5 |   350 |     - |        -
        x          | b          |          500 |           - |   550 |     - |        5
        x          | c          |            - |           - |   999 |    99 |       99
        y          | a          |            - |           - |   999 |    99 |       99
        -          | a          |          100 |         3.0 |   150 |    10 |        -
        """
    )
    x, y = rows(creators.content_results(mature, by="creator_id"))
    assert x == {
        "creator_id": "x", "n_posts": 4, "n_mature_posts": 3, "n_posting_accounts": 3, "median_views": 300.0,
        "median_outlier": (3.0 + 0.5) / 2, "n_outliers": 2, "breakout_rate": 1 / 2, "views": 150 + 350 + 550,
        "engagement_rate_by_views": (10 + 5) / (150 + 550),
    }  # fmt: skip
    assert (y["n_posts"], y["n_mature_posts"]) == (1, 0)
    assert {
        y[c] for c in ("median_views", "median_outlier", "breakout_rate", "engagement_rate_by_views")
    } == {None}


def test_the_settled_age_takes_settled_figures() -> None:
    mature = posts(
        """
        set_id | views_at_120 | views_settled | outlier_120 | outlier_settled
        s      |            - |           800 |           - |             4.0
        s      |           70 |             - |         9.0 |               -
        """
    )
    (s,) = rows(creators.content_results(mature, by="set_id", horizon="settled"))
    assert (s["n_mature_posts"], s["median_views"], s["breakout_rate"]) == (1, 800.0, 1.0)


def test_no_views_give_no_engagement_rate() -> None:
    mature = posts("creator_id | views_at_120 | views | likes\nx | 0 | 0 | 0")
    assert column(
        creators.content_results(mature, by="creator_id"), "engagement_rate_by_views", "creator_id"
    ) == {"x": None}


def test_a_creator_wins_the_followers_of_their_own_accounts() -> None:
    accounts = table("account_id | creator_id\na | x\nb | x\nc | x\nd | y\ne | -")
    snapshots = table(
        """
        account_id | captured_at | followers
        a          | 2025-03-03  |       100
        a          | 2025-03-09  |       130
        b          | 2025-03-03  |        50
        b          | 2025-03-09  |        45
        d          | 2025-03-05  |         7
        e          | 2025-03-03  |         1
        e          | 2025-03-09  |       999
        """
    )
    assert rows(creators.creator_followers(accounts, snapshots, WEEK)) == [
        {"creator_id": "x", "n_own_accounts": 3, "n_grown_known": 2, "net_followers": 30 - 5},
        {"creator_id": "y", "n_own_accounts": 1, "n_grown_known": 0, "net_followers": None},
    ]


def test_the_review_has_a_row_for_whoever_has_a_post_or_an_account() -> None:
    performance = posts(
        """
        post_id | creator_id | account_id | posted_at  | views_at_120 | views_settled | is_viral | views
        p1      | x          | a          | 2025-03-01 |          100 |             - | false    |   100
        p2      | x          | a          | 2025-02-01 |          100 |         20000 | true     | 20000
        """
    )
    accounts = table("account_id | creator_id\na | y")
    snapshots = table("account_id | captured_at | followers\na | 2025-03-04 | 1")
    review = creators.creator_review(performance, people(), accounts, snapshots, WEEK)
    x, y = rows(review)
    assert (x["creator_id"], x["n_posts"], x["n_viral_posts"], x["viral_rate"], x["n_own_accounts"]) == (
        "x", 1, 1, 1.0, 0,
    )  # fmt: skip
    assert (y["creator_id"], y["n_posts"], y["viral_rate"], y["n_own_accounts"]) == ("y", 0, None, 1)
    assert (x["n_grown_known"], y["n_outliers"]) == (0, 0), "none is a number, not unknown"


def test_a_set_that_no_table_knows_keeps_its_row() -> None:
    mature = posts("set_id | views_at_120\ns | 10\nt | 20")
    sets = table("set_id | set_code | creator_id | created_on\ns | S-1 | x | 2025-03-01", set_code="string")
    found = rows(creators.set_results(mature, sets), "set_id", "set_code", "creator_id", "median_views")
    assert found == [
        {"set_id": "s", "set_code": "S-1", "creator_id": "x", "median_views": 10.0},
        {"set_id": "t", "set_code": None, "creator_id": None, "median_views": 20.0},
    ]


@pytest.mark.parametrize("by", ["creator_id", "set_id"])
def test_the_results_are_those_of_sql_by_hand(by: str) -> None:
    con = ibis.duckdb.connect()
    con.raw_sql(
        f"""
        CREATE TABLE mature AS SELECT 'p' || i AS post_id, 'a' || i % 7 AS account_id,
            CASE WHEN i % 11 > 0 THEN 'g' || i % 5 END AS {by},
            CASE WHEN i % 3 > 0 THEN (i * 37 % 101)::DOUBLE END AS views_at_120,
            CASE WHEN i % 4 > 0 THEN (i * 53 % 17) / 3.0 END AS outlier_120, i * 13 % 97 AS views,
            CASE WHEN i % 2 > 0 THEN i % 9 END AS likes, CASE WHEN i % 5 > 0 THEN i % 4 END AS comments,
            NULL::BIGINT AS shares
        FROM range(500) r(i)
        """
    ).fetchall()
    by_hand = f"""
        SELECT {by}, count(*), count(views_at_120), count(DISTINCT account_id), median(views_at_120),
            median(outlier_120), count(outlier_120),
            count(*) FILTER (outlier_120 >= 3) / count(outlier_120)::DOUBLE,
            sum(views) FILTER (views_at_120 IS NOT NULL)::BIGINT,
            sum(coalesce(likes, 0) + coalesce(comments, 0)) FILTER (k) / sum(views) FILTER (k)::DOUBLE
        FROM (SELECT *, views_at_120 IS NOT NULL AND coalesce(likes, comments) IS NOT NULL AS k FROM mature)
        WHERE {by} IS NOT NULL GROUP BY 1 ORDER BY 1
    """
    found = con.to_pyarrow(creators.content_results(con.table("mature"), by=by).order_by(by)).to_pylist()
    assert [tuple(r.values()) for r in found] == [pytest.approx(r) for r in con.raw_sql(by_hand).fetchall()]
    assert len(found) == 5
