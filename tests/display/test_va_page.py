"""What the VAs' page says, and what it does not claim."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest

import workbench
from workbench.display import va_plan, va_ranking
from workbench.display.va_habit_parts import clear_levels
from workbench.display.va_page import VaPage
from workbench.display.va_words import listed
from workbench.metrics.periods import Period
from workbench.model.va_facts import VaFacts

WEEK = Period.iso_week("2025-W39")
Tables = Callable[[str], ibis.Table]
PARTS = (
    "basis", "checks", "headline", "changed", "weekly_chart", "events", "finding_of_ranking", "ranking_chart",
    "not_separable", "results_table", "trend_chart", "efficiency_chart", "efficiency_table", "score_table",
    "habits_chart", "habits_table", "plan_finding", "plan", "targets", "left_out", "definitions",
)  # fmt: skip


@pytest.fixture(scope="module")
def tables(demo_home: Path) -> Iterator[Tables]:
    with workbench.connect(demo_home) as open_workbench:
        yield open_workbench.table


def said(page: VaPage) -> dict[str, str]:
    parts = {name: getattr(page, name)() for name in PARTS}
    return {n: str(p.to_dict()["title"]) if hasattr(p, "to_dict") else repr(p) for n, p in parts.items()}


def test_a_page_of_nothing_says_how_to_get_vas(tables: Tables) -> None:
    words = said(VaPage(VaFacts(lambda name: tables(name).limit(0), WEEK)))
    for part in ("headline", "finding_of_ranking", "plan_finding"):
        assert "vas.csv" in words[part], part
    assert "costs.csv" in words["efficiency_chart"]
    assert not any("nan" in w.lower().split() for w in words.values())


def test_without_tasks_costs_and_slides_the_page_says_what_is_missing(tables: Tables) -> None:
    gone = {"tasks", "costs", "slide_uses", "targets", "vas"}
    page = VaPage(VaFacts(lambda name: tables(name).limit(0) if name in gone else tables(name), WEEK))
    words = said(page)
    assert "costs.csv" in words["efficiency_chart"]
    assert "slides.csv" in words["plan_finding"] and "tasks.csv" in words["plan_finding"]
    assert "punctuality" in words["score_table"]


def test_the_demos_page_names_who_can_not_be_separated(tables: Tables) -> None:
    facts = VaFacts(tables, WEEK)
    words = said(VaPage(facts))
    astray = facts.effects[~facts.effects["is_separable"].astype(bool)]
    assert len(astray) == 1
    assert astray["va_id"].iloc[0] in words["not_separable"]
    assert astray["va_id"].iloc[0] not in words["finding_of_ranking"]


def test_posts_that_name_no_va_are_counted_as_left_out(tables: Tables) -> None:
    def nameless(name: str) -> ibis.Table:
        found = tables(name)
        return found.mutate(va_id=ibis.null("string")) if name == "post_performance" else found

    facts = VaFacts(nameless, WEEK)
    assert facts.n_without_va == facts.coverage["n_posts"] > 0
    assert f"{facts.n_without_va} posts of these weeks name no VA" in repr(VaPage(facts).left_out())


def told(*vas: tuple[str, float, float, float, float]) -> pd.DataFrame:
    names = ["va_id", "va_effect", "va_effect_low", "va_effect_high", "raw_va_multiple"]
    return pd.DataFrame(list(vas), columns=names)


def test_vas_whose_intervals_overlap_are_said_to_be_no_different() -> None:
    a, b, c = ("a", 1.5, 1.3, 1.7, 2.0), ("b", 1.4, 1.2, 1.6, 3.0), ("c", 0.7, 0.6, 0.8, 0.5)
    assert (
        va_ranking.who_leads(told(a, b, c))
        == "The first two can't be told apart: a and b; c is behind all others"
    )
    assert (
        va_ranking.who_leads(told(a, c))
        == "a is ahead of all others: 1.50× the views of the team's mean; c is behind all others"
    )
    assert va_ranking.who_leads(told(a, b)).startswith("None of 2 VAs can be told apart")
    assert va_ranking.raw_against(told(a, b, c)).endswith(
        "a is number 2 by raw views and number 1 by what the VA does."
    )
    assert "same order" in va_ranking.raw_against(told(a, c))


def row(**values: Any) -> dict[str, Any]:
    plain = {
        "va_id": "a", "habit": "hour", "is_advised": True, "n_habit_posts": 40, "less_of": "06:00-10:00",
        "own_less_share": 0.35, "best_less_share": 0.12, "less_multiple": 0.86, "more_of": "18:00-21:00",
        "own_more_share": 0.15, "best_more_share": 0.34, "more_multiple": 1.14, "gain_multiple": 1.073,
        "gain_multiple_low": 1.061, "gain_multiple_high": 1.086, "extra_views_per_week": 23_105.0,
        "extra_views_per_week_low": 19_000.0, "extra_views_per_week_high": 27_000.0,
    }  # fmt: skip
    return plain | values


def test_a_gap_is_told_with_its_evidence_and_what_it_rests_on() -> None:
    tries, why, brings = (w.replace("\N{NO-BREAK SPACE}", " ") for w in va_plan.habit_words(row()))
    assert tries == (
        "Try: more posts at 18:00-21:00 (15 % now; the best quartile 34 %), "
        "fewer posts at 06:00-10:00 (35 % now; the best quartile 12 %)."
    )
    assert why == (
        "Why: by the same VA on the same account, the first get 1.14×, the others get 0.86× "
        "the views of the team's usual mix."
    )
    assert brings.startswith(
        "May bring: +7.3 % views a post (+6.1 % to +8.6 %), 23.1k a week, if the difference is due to it."
    )


def test_a_gap_of_one_side_speaks_of_that_side_alone() -> None:
    tries, why, _brings = va_plan.habit_words(row(more_of=None, habit="sound", less_of="did worse before"))
    assert tries.startswith("Try: fewer posts whose sound did worse before (")
    assert "these get 0.86×" in why


@pytest.mark.parametrize(
    ("low", "gain", "words"),
    [
        (-500.0, 900.0, "do not clearly have fewer posts"),
        (100.0, 900.0, "have fewer posts: 900 views"),
        (np.nan, np.nan, "not known"),
    ],
)
def test_late_tasks_are_said_to_cost_views_only_where_they_do(low: float, gain: float, words: str) -> None:
    late = row(habit="overdue", extra_views_per_week=gain, extra_views_per_week_low=low)
    assert words in va_plan.overdue_words(late)[0]


def test_hours_that_follow_each_other_are_one_stretch() -> None:
    levels = pd.DataFrame({
        "habit": ["hour"] * 5 + ["hook"], "habit_level": [6, 7, 18, 19, 22, 1],
        "level_name": ["", "", "", "", "", "did worse before"], "n_posts": [10, 30, 5, 5, 5, 9],
        "habit_share": [0.1, 0.3, 0.05, 0.05, 0.05, 0.2], "habit_multiple": [0.8, 0.9, 1.2, 1.2, 1.2, 0.6],
        "habit_multiple_low": [0.7, 0.8, 1.1, 1.1, 0.9, 0.5], "habit_multiple_high": [0.9, 0.95, 1.3, 1.3, 1.5, 0.7],
    })  # fmt: skip
    found = clear_levels(levels).set_index("label")
    assert found.index.tolist() == [
        "First image that did worse before",
        "Posted 06:00-08:00",
        "Posted 18:00-20:00",
    ]
    assert found.loc["Posted 06:00-08:00", "habit_multiple"] == pytest.approx(0.8**0.25 * 0.9**0.75)
    assert found.loc["Posted 06:00-08:00", "n_posts"] == 40


def test_names_are_listed_as_in_a_sentence() -> None:
    assert [listed(n) for n in ("", "a", "ab", "abc")] == ["nobody", "a", "a and b", "a, b and c"]
    assert listed("abcdefg") == "a, b, c, d, e and two more"
