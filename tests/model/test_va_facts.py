"""The figures of the VAs' page, executed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest

import workbench
from workbench.metrics.periods import Period
from workbench.model.level_facts import USUAL_WEEKS
from workbench.model.va_facts import VaFacts, with_own_trend

WEEK = Period.iso_week("2025-W39")
Tables = Callable[[str], ibis.Table]


@pytest.fixture(scope="module")
def tables(demo_home: Path) -> Iterator[Tables]:
    with workbench.connect(demo_home) as open_workbench:
        yield open_workbench.table


def test_a_page_of_nothing_has_figures_of_nothing(tables: Tables) -> None:
    facts = VaFacts(lambda name: tables(name).limit(0), WEEK)
    own = [n for n, v in vars(VaFacts).items() if isinstance(v, cached_property) and not n.startswith("_")]
    frames = {n: getattr(facts, n) for n in own}
    assert len(frames.pop("team")) == USUAL_WEEKS + 1
    assert frames.pop("idle") == [] and frames.pop("n_without_va") == 0
    assert {n: len(frame) for n, frame in frames.items() if len(frame)} == {}


def test_the_demos_vas_are_the_same_everywhere(tables: Tables) -> None:
    facts = VaFacts(tables, WEEK)
    vas = set(facts.results["va_id"])
    assert len(vas) > 2 and set(facts.scores["va_id"]) == set(facts.efficiency["va_id"]) == vas
    assert vas <= set(facts.effects["va_id"]) and set(facts.improvements["va_id"]) <= vas
    assert facts.team["n_posts"].sum() == facts.weekly["n_posts"].sum()
    assert facts.scores["quality_score"].is_monotonic_decreasing
    assert facts.habits["good_hour_share"].between(0, 1).all()


def test_an_idle_va_is_registered_and_has_no_post(tables: Tables) -> None:
    nobody_posts = VaFacts(
        lambda name: tables(name).limit(0) if name == "post_performance" else tables(name), WEEK
    )
    assert len(nobody_posts.idle) > 2
    assert VaFacts(tables, WEEK).idle == []


def test_a_week_is_set_against_the_vas_own_nine() -> None:
    found = with_own_trend(
        pd.DataFrame(
            [("a", 10, 0.3, 0.5), ("a", 30, -0.1, 0.5), ("a", 4, 9.0, 0.5), ("b", 0, np.nan, np.nan)],
            columns=["va_id", "n_log_outliers", "mean_log_outlier", "sd_log_outlier"],
        )
    )
    usual = (10 * 0.3 - 30 * 0.1 + 4 * 9.0) / 44
    margin = 1.6448536 * 0.5 * np.sqrt(1 / 10 - 1 / 44)
    assert found.loc[0, "own_trend"] == pytest.approx(np.exp(0.3 - usual))
    assert found.loc[0, "own_trend_low"] == pytest.approx(np.exp(0.3 - usual - margin))
    assert found.loc[0, "typical_multiple"] == pytest.approx(np.exp(0.3))
    assert found["own_trend"].isna().tolist() == [False, False, True, True]
