"""Level 3: what VAs' posts did and what an hour brought, with answers by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from math import exp, log
from pathlib import Path
from statistics import median
from typing import Any

import ibis
import pytest
from text_tables import column, rows, table

import workbench
from workbench.metrics import vas
from workbench.metrics.periods import Period
from workbench.model.frames import executed

WEEK = Period(date(2025, 3, 3), date(2025, 3, 9))
PERFORMANCE = {
    **dict.fromkeys(["post_id", "va_id", "account_id", "platform"], "string"),
    **dict.fromkeys(["views", "likes", "comments", "shares", "saves"], "int64"),
    **dict.fromkeys(["views_at_120", "views_settled", "outlier_120", "outlier_settled"], "float64"),
    **dict.fromkeys(["log_outlier_120", "log_outlier_settled"], "float64"),
    "posted_at": "timestamp",
    "posted_local_on": "date",
    "posted_week_on": "date",
    "is_viral": "boolean",
}
COSTS = dict.fromkeys(["kind", "scope", "currency", "cost_id", "scope_id"], "string") | dict.fromkeys(
    ["amount", "work_hours", "hourly_pay"], "float64"
)


def posts(text: str) -> ibis.Table:
    return table(text, PERFORMANCE)


# --- raw results -------------------------------------------------------------------------------------


def test_results_are_of_the_posts_that_reached_the_age_in_the_period() -> None:
    performance = posts(
        """
        post_id | va_id | account_id | posted_at | posted_local_on | views_at_120 | outlier_120 | views|likes|comments
        p1 | a | x | 2025-02-26 00:00 | 2025-02-26 | 100 | 3.0 | 150 | 10 | -
        p2 | a | x | 2025-02-26 05:00 | 2025-02-26 | 300 | 0.5 | 350 |  - | 5
        p3 | a | y | 2025-02-27 00:00 | 2025-02-27 |   - |   - | 900 |  9 | 9
        p4 | a | y | 2025-03-06 00:00 | 2025-03-06 | 700 | 9.0 | 900 |  9 | 9
        p5 | - | y | 2025-02-27 00:00 | 2025-02-27 | 700 | 9.0 | 900 |  9 | 9
        """
    )
    (a,) = rows(vas.va_results(performance, WEEK))
    assert a == {
        "va_id": "a", "n_posts": 3, "n_posting_accounts": 2, "active_days": 2, "n_mature_posts": 2,
        "median_views": (100 + 300) / 2, "median_outlier": (3.0 + 0.5) / 2, "n_outliers": 2, "breakout_rate": 1 / 2,
        "posts_per_active_day": 3 / 2, "engagement_rate_by_views": (10 + 5) / (150 + 350),
        "engagement_quality": (10 + 3 * 5) / (150 + 350), "n_final_posts": None, "n_viral_posts": None,
        "viral_rate": None,
    }  # fmt: skip


def test_saves_count_only_where_every_mature_post_of_every_va_has_them() -> None:
    text = """
        post_id | va_id | account_id | posted_at        | views_at_120 | views | likes | saves
        p1      | a     | x          | 2025-02-27 00:00 |          100 |   100 |    10 |     5
        p2      | b     | x          | 2025-02-27 00:00 |          100 |   100 |    10 | {}
        """
    with_all = column(vas.va_results(posts(text.format(5)), WEEK), "engagement_quality", "va_id")
    with_one = column(vas.va_results(posts(text.format("-")), WEEK), "engagement_quality", "va_id")
    assert with_all == {"a": (10 + 4 * 5) / 100, "b": (10 + 4 * 5) / 100}
    assert with_one == {"a": 10 / 100, "b": 10 / 100}


def test_viral_posts_are_of_those_that_reached_30_days_even_where_no_other_post_is_known() -> None:
    performance = posts(
        """
        post_id | va_id | account_id | posted_at        | views_settled | is_viral
        p1      | a     | x          | 2025-02-03 00:00 |         20000 | true
        p2      | a     | x          | 2025-02-03 00:00 |           200 | false
        p3      | a     | x          | 2025-02-03 00:00 |             - | true
        """
    )
    (a,) = rows(vas.va_results(performance, WEEK))
    assert (a["n_posts"], a["n_final_posts"], a["n_viral_posts"], a["viral_rate"]) == (0, 2, 1, 1 / 2)
    assert a["median_views"] is None and a["posts_per_active_day"] is None


def test_no_post_makes_no_results() -> None:
    nothing = posts("post_id | va_id | account_id | posted_at")
    assert rows(vas.va_results(nothing, WEEK)) == []
    assert rows(vas.va_weekly(nothing, WEEK)) == []
    assert rows(vas.va_rhythm(nothing, WEEK)) == []


# --- paid time ---------------------------------------------------------------------------------------


def paid(costs: str, own: str = "", rates: str = "") -> dict[str, dict[str, Any]]:
    found = vas.paid_time(
        table(costs, COSTS),
        table(f"va_id | hourly_pay | currency\n{own}", currency="string", hourly_pay="float64"),
        table(f"currency | rate_on | rate\n{rates}", currency="string", rate="float64"),
        WEEK,
        currency="USD",
    )
    return {r.pop("va_id"): r for r in rows(found)}


def test_a_row_that_reaches_beyond_the_period_counts_by_its_days_within() -> None:
    found = paid(
        """
        cost_id | kind | scope | scope_id | from_on | to_on | work_hours | hourly_pay | amount | currency
        c1 | va_time | va | a | 2025-03-01 | 2025-03-04 | 20 | 10 | - | USD
        c2 | va_time | va | a | 2025-03-09 | - | 3 | - | 45 | USD
        c3 | va_time | va | a | 2025-03-10 | 2025-03-12 | 99 | 10 | - | USD
        c4 | tool | va | a | 2025-03-03 | 2025-03-04 | 99 | 10 | - | USD
        c5 | va_time | all | a | 2025-03-03 | 2025-03-04 | 99 | 10 | - | USD
        """
    )
    # The 3rd and 4th of March are two of four days.
    assert found == {
        "a": {
            "paid_hours": 20 * 2 / 4 + 3, "time_cost": 200 * 2 / 4 + 45, "n_without_hours": 0,
            "n_without_cost": 0, "n_without_rate": 0,
        }
    }  # fmt: skip


def test_the_vas_own_pay_stands_in_where_it_is_in_the_rows_currency() -> None:
    row = "{} | va_time | va | {} | 2025-03-03 | 2025-03-03 | 2 | - | - | {}"
    header = (
        "cost_id | kind | scope | scope_id | from_on | to_on | work_hours | hourly_pay | amount | currency"
    )
    text = "\n".join(
        [header, row.format("c1", "a", "USD"), row.format("c2", "b", "EUR"), row.format("c3", "c", "-")]
    )
    found = paid(text, own="a | 7 | USD\nb | 7 | USD\nc | 7 | USD")
    assert {va: (f["time_cost"], f["n_without_cost"]) for va, f in found.items()} == {
        "a": (14.0, 0), "b": (None, 1), "c": (14.0, 0),
    }  # fmt: skip


def test_money_of_another_currency_is_converted_by_the_newest_rate_of_its_last_day() -> None:
    text = """
        cost_id | kind    | scope | scope_id | from_on    | to_on      | work_hours | amount | currency
        c1      | va_time | va    | a        | 2025-03-03 | 2025-03-05 |          1 |    100 | EUR
        c2      | va_time | va    | b        | 2025-03-03 | 2025-03-05 |          1 |    100 | GBP
        """
    found = paid(
        text,
        rates="EUR | 2025-03-01 | 1.1\nEUR | 2025-03-05 | 1.25\nEUR | 2025-03-06 | 9\nGBP | 2025-03-06 | 2",
    )
    assert found["a"]["time_cost"] == 100 * 1.25 and found["a"]["n_without_rate"] == 0
    assert found["b"]["time_cost"] is None and found["b"]["n_without_rate"] == 1


PAID = dict.fromkeys(["n_without_hours", "n_without_cost", "n_without_rate"], "int64") | {
    "paid_hours": "float64",
    "time_cost": "float64",
}


def test_an_hour_brings_posts_and_views_and_says_why_where_it_does_not() -> None:
    performance = posts(
        """
        post_id | va_id | account_id | posted_at        | views_at_120
        p1      | a     | x          | 2025-02-27 00:00 |         1500
        p2      | a     | x          | 2025-02-27 00:00 |          500
        p3      | a     | x          | 2025-02-27 00:00 |            -
        p4      | b     | x          | 2025-02-27 00:00 |            0
        p5      | c     | x          | 2025-02-27 00:00 |           10
        """
    )
    hours = table(
        """
        va_id | paid_hours | time_cost | n_without_hours | n_without_cost | n_without_rate
        a     |          4 |        10 |               0 |              0 |              0
        b     |          2 |        10 |               1 |              0 |              1
        d     |          0 |         - |               0 |              1 |              0
        """,
        PAID,
    )
    a, b, c, d = rows(vas.va_efficiency(performance, hours, WEEK))
    assert a == {
        "va_id": "a", "n_posts": 3, "n_mature_posts": 2, "period_views": 2000.0, "paid_hours": 4.0, "time_cost": 10.0,
        "posts_per_paid_hour": 3 / 4, "views_per_paid_hour": 2000 / 4, "time_cost_per_1000_views": 10 / 2,
        "missing_efficiency": None,
    }  # fmt: skip
    assert (b["paid_hours"], b["time_cost"], b["time_cost_per_1000_views"]) == (None, None, None)
    assert b["missing_efficiency"] == "some of the paid time has no hours"
    assert c["missing_efficiency"] == "no paid time was imported for these days"
    assert (d["n_posts"], d["missing_efficiency"]) == (0, "no hour was paid")


def test_hours_are_of_the_days_on_which_the_posts_went_up() -> None:
    assert vas.working_days(WEEK).from_on == date(2025, 2, 26)
    assert vas.working_days(WEEK, "settled").from_on == date(2025, 2, 1)


# --- course, terms, rhythm ---------------------------------------------------------------------------


def test_a_week_of_a_va_covers_the_posts_that_became_old_enough_in_it() -> None:
    performance = posts(
        """
        post_id | va_id | account_id | posted_at        | views_at_120 | outlier_120 | log_outlier_120
        p1      | a     | x          | 2025-02-26 00:00 |          100 |         0.5 |             0.1
        p2      | a     | x          | 2025-03-04 23:00 |          300 |           - |             0.5
        p3      | a     | x          | 2025-02-25 23:00 |          500 |         2.0 |             0.3
        p4      | a     | x          | 2025-03-05 00:00 |          900 |         2.0 |             0.9
        """
    )
    before, week = rows(vas.va_weekly(performance, WEEK, weeks=2))
    assert (before["week_on"], before["n_posts"], before["sd_log_outlier"]) == (date(2025, 2, 24), 1, None)
    assert (week["week_on"], week["n_posts"], week["median_views"]) == (date(2025, 3, 3), 2, 200.0)
    assert week["mean_log_outlier"] == pytest.approx((0.1 + 0.5) / 2)
    assert week["sd_log_outlier"] == pytest.approx((2 * 0.2**2) ** 0.5)
    assert week["median_outlier"] == 0.5


def test_a_term_has_the_posts_that_its_va_put_up_within_it() -> None:
    terms = table(
        """
        account_id | va_id | from_on    | to_on
        x          | a     | 2025-01-01 | 2025-03-04
        x          | b     | 2025-03-05 | -
        y          | b     | 2025-01-01 | 2025-03-02
        """
    )
    performance = posts(
        """
        post_id | va_id | account_id | posted_local_on
        p1      | a     | x          | 2025-03-03
        p2      | a     | x          | 2025-03-05
        p3      | b     | x          | 2025-03-09
        p4      | b     | x          | 2025-03-10
        p5      | a     | x          | 2025-03-02
        """
    )
    found = rows(vas.va_terms(terms, performance, WEEK), "account_id", "va_id", "term_to_on", "n_posts")
    assert [tuple(r.values()) for r in found] == [("x", "a", date(2025, 3, 4), 1), ("x", "b", None, 1)]


# --- oracle ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo(demo_home: Path) -> Iterator[workbench.Workbench]:
    with workbench.connect(demo_home) as open_workbench:
        yield open_workbench


def test_results_are_what_plain_python_finds(demo: workbench.Workbench) -> None:
    period = Period(date(2025, 8, 4), date(2025, 9, 28))
    performance = demo.table("post_performance")
    frame = executed(performance)
    from_at, to_at = (at.timestamp() for at in (period.from_at, period.to_at))
    found = {r["va_id"]: r for r in rows(vas.va_results(performance, period))}
    reached = frame[
        frame["va_id"].notna()
        & frame["posted_at"].map(lambda at: from_at <= at.timestamp() + 432_000 < to_at)
    ]
    assert set(found) == set(reached["va_id"]) and len(found) > 2
    for va, mine in reached.groupby("va_id"):
        views = [v for v in mine["views_at_120"] if v == v]
        outliers = [v for v in mine["outlier_120"] if v == v]
        assert found[va]["n_posts"] == len(mine)
        assert found[va]["median_views"] == pytest.approx(median(views))
        assert found[va]["active_days"] == len({str(d) for d in mine["posted_local_on"]})
        assert found[va]["breakout_rate"] == pytest.approx(sum(o >= 3 for o in outliers) / len(outliers))


def test_weeks_are_what_sql_by_hand_finds(demo: workbench.Workbench) -> None:
    period = Period.iso_week("2025-W39")
    by_hand = demo.sql(
        """
        SELECT va_id, date_trunc('week', posted_at + INTERVAL 5 DAY)::DATE AS week_on, count(*) AS n_posts,
            exp(avg(log_outlier_120)) AS typical
        FROM post_performance
        WHERE va_id IS NOT NULL AND posted_at + INTERVAL 5 DAY >= '2025-09-15'
            AND posted_at + INTERVAL 5 DAY < '2025-09-29'
        GROUP BY ALL
        """
    )
    wanted = {
        (r["va_id"], r["week_on"]): (r["n_posts"], r["typical"]) for r in by_hand.to_pyarrow().to_pylist()
    }
    found = rows(vas.va_weekly(demo.table("post_performance"), period, weeks=2))
    assert {(r["va_id"], r["week_on"]) for r in found} == set(wanted)
    for r in found:
        n, typical = wanted[r["va_id"], r["week_on"]]
        assert r["n_posts"] == n
        if typical is not None:
            assert r["mean_log_outlier"] == pytest.approx(log(typical)) and exp(r["mean_log_outlier"]) > 0
