"""The figures of the accounts' page, executed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import ibis
import pytest
from ibis import _
from text_tables import table

import workbench
from workbench.metrics.periods import Period, reached
from workbench.model.account_facts import USUAL_WEEKS, AccountFacts
from workbench.model.frames import executed
from workbench.model.scope import Scope

WEEK = Period(date(2025, 9, 22), date(2025, 9, 28))
Tables = Callable[[str], ibis.Table]


@pytest.fixture(scope="module")
def tables(demo_home: Path) -> Iterator[Tables]:
    with workbench.connect(demo_home) as open_workbench:
        yield open_workbench.table


def empty(tables: Tables) -> Tables:
    return lambda name: tables(name).limit(0)


def test_a_page_of_nothing_has_figures_of_nothing(tables: Tables) -> None:
    facts = AccountFacts(empty(tables), WEEK)
    assert (facts.horizon, set(facts.coverage.values())) == ("120", {0})
    assert len(facts.weekly) == USUAL_WEEKS + 1
    assert facts.weekly["n_posts"].sum() == 0 and facts.weekly["median_views"].isna().all()
    assert facts.review.empty and facts.changes.empty and facts.size.empty and facts.hours_of_day.empty
    assert set(facts.left_out.values()) == {0}


def test_a_demo_week_is_compared_at_120_hours_over_four_weeks(tables: Tables) -> None:
    facts = AccountFacts(tables, WEEK)
    assert facts.window == Period(date(2025, 9, 1), date(2025, 9, 28))
    assert facts.horizon == "120" and facts.hours == 120
    assert (facts.views_column, facts.outlier_column) == ("views_at_120", "outlier_120")
    assert facts.weekly["week_on"].dt.date.tolist()[-1] == WEEK.from_on
    assert facts.weekly["week_on"].is_monotonic_increasing
    assert facts.review["account_id"].is_unique and facts.review["n_mature_posts"].sum() > 0


def test_the_usual_level_is_compared_over_three_windows_with_the_same_days_half_a_year_ago(
    tables: Tables,
) -> None:
    facts = AccountFacts(tables, WEEK)
    assert facts.usual["account_id"].is_unique and len(facts.usual) > 0
    long = facts.period.widened(12)
    mature = executed(
        reached(facts.performance, long, 120).filter(_.views_at_120.notnull() & _.account_id.notnull())
    )
    assert facts.usual["n_usual_now"].sum() == len(mature)


def test_every_account_that_posted_has_one_verdict_and_its_rates_lie_in_their_intervals(
    tables: Tables,
) -> None:
    facts = AccountFacts(tables, WEEK, score_weeks=8)
    posting = facts.review[facts.review["n_posts"] > 0]
    assert sorted(facts.verdicts["account_id"]) == sorted(posting["account_id"])
    known = facts.rates.dropna(subset=["breakout_rate"])
    assert (known["breakout_rate_low"] <= known["breakout_rate"]).all()
    assert (known["breakout_rate"] <= known["breakout_rate_high"]).all()


def test_the_review_is_ordered_by_score_with_the_unknown_last(tables: Tables) -> None:
    scores = AccountFacts(tables, WEEK, score_weeks=26).review["kpi_score"]
    known = scores.dropna()
    assert len(known) > 5 and known.is_monotonic_decreasing
    assert scores.iloc[: len(known)].notna().all()
    assert known.between(0, 100).all()


def test_a_platform_that_nobody_posts_on_is_empty(tables: Tables) -> None:
    facts = AccountFacts(tables, WEEK, scope=Scope("twitch"))
    assert facts.review.empty
    assert facts.coverage["n_posts"] == 0


@pytest.mark.parametrize(
    ("known", "settled", "horizon"), [(2, 1, "120"), (1, 1, "settled"), (1, 0, "120"), (0, 1, "settled")]
)
def test_settled_figures_are_used_where_under_half_are_known(known: int, settled: int, horizon: str) -> None:
    young = [f"a | 2025-09-20 | {'100' if n < known else '-'} | -" for n in range(3)]
    old = [f"a | 2025-08-26 | - | {'900' if n < settled else '-'}" for n in range(1)]
    text = "\n".join(["account_id | posted_at | views_at_120 | views_settled", *young, *old])
    types = {"platform": "string"}
    facts = AccountFacts(lambda _name: table(text, types), WEEK, score_weeks=1)
    assert facts.coverage == {"n_posts": 3, "n_known": known, "n_reached_final": 1, "n_settled": settled}
    assert facts.horizon == horizon


def test_whole_numbers_come_as_whole_numbers() -> None:
    frame = executed(table("post_id | views\na | 3\nb | 4").agg(views=lambda t: t.views.sum()))
    assert str(frame["views"].dtype) == "int64" and frame["views"].tolist() == [7]
    with_null = executed(table("post_id | views\na | 3\nb | -").order_by("post_id"))
    assert str(with_null["views"].dtype) == "float64"


def test_how_ibis_folds_steps_is_left_as_it_was() -> None:
    before = ibis.options.sql.fuse_selects
    assert executed(table("post_id | views\na | 3").mutate(more=lambda t: t.views + 1))["more"].tolist() == [
        4
    ]
    with pytest.raises(ibis.common.exceptions.TableNotFound):
        executed(ibis.duckdb.connect().table("nothing"))
    assert ibis.options.sql.fuse_selects == before
