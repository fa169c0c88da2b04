"""The plan: which gaps are advised, how large they are said to be, and what luck does not trigger."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import workbench
from workbench.demo import DemoFiles
from workbench.metrics.periods import Period
from workbench.model.catalogue import METRICS, Asked
from workbench.model.habit_effects import HabitEffects
from workbench.model.improvement import COLUMNS, levels_of, plan_of
from workbench.model.overdue import overdue_gaps, trusted

PERIOD = Period(date(2025, 3, 3), date(2025, 6, 1))
WEEKS = 13
NO_TASKS = pd.DataFrame({
    "va_id": pd.Series(dtype="str"), "week_on": pd.Series(dtype="datetime64[us]"),
    **dict.fromkeys(["n_due_tasks", "n_on_time_tasks", "n_week_posts"], pd.Series(dtype="int64")),
})  # fmt: skip


def effects(mean: list[float], sd: float = 0.0) -> HabitEffects:
    """Levels 0, 1, ... of the gap between posts, with these effects."""
    return HabitEffects(
        {"gap": slice(0, len(mean))},
        {"gap": list(range(len(mean)))},
        np.array(mean),
        np.eye(len(mean)) * sd**2,
    )


def posts(**mixes: list[int]) -> pd.DataFrame:
    """For each VA how many posts of each level; each has 1,000 views."""
    made = [(va, float(level)) for va, mix in mixes.items() for level, n in enumerate(mix) for _ in range(n)]
    return pd.DataFrame(made, columns=["va_id", "gap_level"]).assign(habit_views=1000.0)


def planned(mean: list[float], sd: float = 0.0, **mixes: list[int]) -> pd.DataFrame:
    return plan_of(posts(**mixes), effects(mean, sd), NO_TASKS, PERIOD).set_index("va_id")


def test_a_gap_is_the_difference_of_the_mixes_worth() -> None:
    # So many posts that luck has no part in the shares.
    plan = planned([0.0, 0.1], a=[0, 60_000], b=[60_000, 0], c=[30_000, 30_000])
    assert plan.loc["b", "gain_multiple"] == pytest.approx(np.exp(0.1), rel=1e-4)
    assert plan.loc["c", "gain_multiple"] == pytest.approx(np.exp(0.05), rel=1e-4)
    assert plan.loc["a", "gain_multiple"] == pytest.approx(1.0)
    assert plan["is_advised"].to_dict() == {"a": False, "b": True, "c": True}
    assert plan.loc["b", "extra_views_per_post"] == pytest.approx(1000 * np.expm1(0.1), rel=1e-3)
    assert plan.loc["b", "extra_views_per_week"] == pytest.approx(
        1000 * np.expm1(0.1) * 60_000 / WEEKS, rel=1e-3
    )


def test_the_evidence_names_what_there_is_too_much_and_too_little_of() -> None:
    b = planned([0.0, 0.1], a=[100, 900], b=[900, 100], c=[500, 500]).loc["b"]
    assert (b["less_of"], b["own_less_share"], b["best_less_share"]) == ("under 3", 0.9, 0.1)
    assert (b["more_of"], b["own_more_share"], b["best_more_share"]) == ("3 to 6", 0.1, 0.9)
    assert b["less_multiple"] == pytest.approx(np.exp(-0.05)) and b["more_multiple"] == pytest.approx(
        np.exp(0.05)
    )


def test_no_rule_fires_on_fewer_than_10_posts() -> None:
    plan = planned([0.0, 2.0], a=[0, 500], b=[9, 0], c=[500, 0], d=[10, 0])
    assert "b" not in plan.index
    assert plan["is_advised"].to_dict() == {"a": False, "c": True, "d": True}


def test_no_rule_fires_where_the_effect_is_not_sure_or_too_small_or_nobody_can_be_compared() -> None:
    mixes = {"a": [0, 5000], "b": [5000, 0], "c": [2500, 2500]}
    assert planned([0.0, 0.1], 0.01, **mixes)["is_advised"].any()
    assert not planned([0.0, 0.1], 0.1, **mixes)["is_advised"].any()
    assert not planned([0.0, 0.019], **mixes)["is_advised"].any()
    assert planned([0.0, 0.1], a=[0, 5000], b=[5000, 0]).empty


def test_vas_who_differ_by_luck_alone_are_hardly_ever_advised() -> None:
    random = np.random.default_rng(5)
    advised = []
    for _round in range(60):
        mixes = {f"va{v}": random.multinomial(40, [0.25] * 4).tolist() for v in range(16)}
        advised.append(planned([-0.3, -0.1, 0.1, 0.3], **mixes)["is_advised"].mean())
    assert float(np.mean(advised)) < 0.10


def test_levels_are_told_against_the_usual_mix() -> None:
    found = levels_of(posts(a=[30, 10]), effects([0.0, 0.4], 0.1))
    assert found["level_name"].tolist() == ["under 3", "3 to 6"]
    assert found["habit_share"].tolist() == [0.75, 0.25]
    assert found["habit_multiple"].tolist() == pytest.approx([np.exp(-0.1), np.exp(0.3)])
    # The first level against the mix is 1/4 of the difference of the two, whose variance is twice 0.1 squared.
    margin = 1.6448536 * 0.25 * np.sqrt(2 * 0.1**2)
    assert found.loc[0, "habit_multiple_low"] == pytest.approx(np.exp(-0.1 - margin))


# --- overdue -----------------------------------------------------------------------------------------


def weeks_of(**late: list[int]) -> pd.DataFrame:
    """Twelve weeks of two tasks: how many of these were late in each; 20 posts, 2 fewer for each late task."""
    made = [
        (va, pd.Timestamp("2025-03-10") + pd.Timedelta(weeks=w), 2, 2 - n, 20 - 2 * n)
        for va, each in late.items()
        for w, n in enumerate(each)
    ]
    return pd.DataFrame(made, columns=list(NO_TASKS.columns))


VIEWS = pd.Series({"a": 1000.0, "b": 1000.0, "c": 1000.0, "d": np.nan})


def test_late_tasks_cost_the_posts_that_weeks_with_them_lack() -> None:
    rows = overdue_gaps(weeks_of(a=[0] * 11 + [1], b=[2, 1] * 6, c=[0, 1] * 6, d=[1] * 12), VIEWS)
    found = pd.DataFrame(rows).set_index("va_id")
    assert found["own_less_share"].to_dict() == pytest.approx(
        {"a": 1 / 24, "b": 18 / 24, "c": 6 / 24, "d": 12 / 24}
    )
    assert found["best_less_share"].tolist() == pytest.approx([1 / 24] * 4)
    # 6 of 24 is too near to 1 of 24 to be told from luck.
    assert found["is_advised"].to_dict() == {"a": False, "b": True, "c": False, "d": True}
    # A week of which all tasks are late has 4 posts fewer, and this without any error.
    assert found.loc["b", "extra_views_per_week"] == pytest.approx(found.loc["b", "extra_views_per_week_low"])
    assert 0.6 * 4 * 1000 < found.loc["b", "extra_views_per_week"] < 4 * 1000 * (18 - 1) / 24
    assert np.isnan(found.loc["d", "extra_views_per_week"])


def test_nobody_is_advised_for_tasks_that_come_late_by_luck_or_of_which_there_are_few() -> None:
    same = {va: [0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1] for va in "abcd"}
    assert not any(r["is_advised"] for r in overdue_gaps(weeks_of(**same), VIEWS))
    few = {va: each[:4] for va, each in same.items()}
    assert overdue_gaps(weeks_of(**few), VIEWS) == []
    assert overdue_gaps(NO_TASKS, VIEWS) == []


def test_a_value_is_believed_as_far_as_it_is_not_luck() -> None:
    # Variance of 0, 2, 4 is 4; of it 1 is luck: 3 / (3 + 1).
    assert trusted(np.array([0.0, 2.0, 4.0]), np.ones(3)).tolist() == [0.75] * 3
    assert trusted(np.array([0.0, 2.0, 4.0]), np.full(3, 9.0)).tolist() == [0.0] * 3
    assert trusted(np.array([1.0]), np.ones(1)).tolist() == [0.0]


# --- on the demo -------------------------------------------------------------------------------------


def test_the_plan_of_nothing_has_its_columns_and_types(demo_home: Path) -> None:
    with workbench.connect(demo_home) as wb:
        asked = Asked(lambda name: wb.table(name).limit(0), PERIOD)
        for name in ("va_improvements", "va_habit_levels"):
            assert METRICS[name].answer(asked).empty
        plan = METRICS["va_improvements"].answer(asked)
    assert {c: str(t) for c, t in plan.dtypes.items()} == COLUMNS


def test_the_plan_of_the_demo_says_no_more_than_it_may(demo_home: Path, small_demo: DemoFiles) -> None:
    with workbench.connect(demo_home) as wb:
        plan = METRICS["va_improvements"].answer(Asked(wb.table, Period(date(2025, 4, 7), date(2025, 10, 5))))
    truth = pd.read_parquet(small_demo.truth / "vas.parquet")
    assert set(plan["va_id"]) <= set(truth["va_id"]) and not plan.duplicated(["va_id", "habit"]).any()
    advised = plan[plan["is_advised"] & (plan["habit"] != "overdue")]
    assert (advised["gain_multiple_low"] > 1).all() and (advised["n_habit_posts"] >= 10).all()
    known = plan.dropna(subset=["gain_multiple"])
    assert known["gain_multiple"].between(known["gain_multiple_low"], known["gain_multiple_high"]).all()
