"""What habits go with: found where it is there, drawn to nothing where it is not, moved by nobody's skill."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.model.habit_effects import habit_effects

HOURS = 0.2 * np.cos(2 * np.pi * (np.arange(24) - 18) / 24)
GAPS = np.zeros(6)


def simulated(n: int = 6_000, seed: int = 3) -> pd.DataFrame:
    """Posts of twelve VAs with hours of their own, on accounts whose strength goes with the VA's worst hours."""
    random = np.random.default_rng(seed)
    va = random.integers(0, 12, n)
    hour = (va * 2 + random.normal(0, 4, n).round().astype(int)) % 24
    skill = -HOURS[(va * 2) % 24] * 3
    gap = random.integers(0, 6, n)
    value = skill + HOURS[hour] + GAPS[gap] + random.normal(0, 0.5, n)
    return pd.DataFrame({
        "va_id": [f"va{v}" for v in va], "account_id": [f"x{a}" for a in random.integers(0, 4, n)],
        "post_type": "slideshow", "log_outlier": value, "hour_level": hour.astype(float),
        "gap_level": gap.astype(float),
    })  # fmt: skip


def test_effects_of_hours_are_found_though_the_best_post_at_the_worst() -> None:
    posts = simulated()
    found = habit_effects(posts, ["hour", "gap"])
    assert found is not None
    levels, mean, _covariance = found.of("hour")
    truth = HOURS[levels]
    assert np.corrcoef(mean, truth)[0, 1] > 0.95
    assert np.polyfit(truth, mean, 1)[0] == pytest.approx(1, abs=0.2)
    # A careless analyst takes the plain means, which point the other way here.
    plain = posts.groupby("hour_level")["log_outlier"].mean().reindex(levels)
    assert np.corrcoef(plain, truth)[0, 1] < 0


def test_a_habit_that_does_nothing_is_drawn_to_nothing() -> None:
    found = habit_effects(simulated(), ["hour", "gap"])
    assert found is not None
    assert np.abs(found.of("gap")[1]).max() < 0.02


def test_intervals_of_contrasts_cover_the_truth() -> None:
    inside = []
    for seed in range(12):
        found = habit_effects(simulated(1_500, seed), ["hour"])
        assert found is not None
        levels, mean, covariance = found.of("hour")
        centre = np.eye(len(levels)) - 1 / len(levels)
        error = centre @ mean - centre @ HOURS[levels]
        margin = 1.645 * np.sqrt(np.diag(centre @ covariance @ centre))
        inside.append(np.mean(np.abs(error) <= margin))
    assert 0.8 <= float(np.mean(inside)) <= 0.99


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=12, max_size=12))
def test_nobodys_skill_moves_an_effect(skills: list[float]) -> None:
    posts = simulated(400)
    moved = posts.assign(
        log_outlier=posts["log_outlier"] + posts["va_id"].str[2:].astype(int).map(dict(enumerate(skills)))
    )
    before, after = habit_effects(posts, ["hour", "gap"]), habit_effects(moved, ["hour", "gap"])
    assert before is not None and after is not None
    assert np.allclose(before.mean, after.mean, atol=1e-6)


def test_what_is_unknown_has_no_say() -> None:
    posts = simulated(400)
    unknown = posts.assign(log_outlier=np.nan, hour_level=5.0)
    without = posts.assign(gap_level=posts["gap_level"].where(posts.index % 2 == 0))
    found, again = habit_effects(posts, ["hour"]), habit_effects(pd.concat([posts, unknown]), ["hour"])
    assert found is not None and again is not None
    assert np.allclose(found.mean, again.mean)
    half = habit_effects(without, ["hour", "gap"])
    assert half is not None and np.isfinite(half.mean).all()


def test_too_few_posts_or_nothing_that_varies_gives_no_effects() -> None:
    posts = simulated(400)
    assert habit_effects(posts.head(29), ["hour"]) is None
    assert habit_effects(posts.assign(hour_level=5.0), ["hour"]) is None
    assert habit_effects(posts.assign(hour_level=np.nan), ["hour"]) is None
    assert habit_effects(posts.head(0), ["hour"]) is None
