"""Baselines on arrays are those of the expression, and both are those of plain Python."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from text_tables import column, table

from workbench.metrics.outliers import FEWEST_POSTS, PREVIOUS_POSTS, baseline_views
from workbench.model.baselines import interquartile_means, window_ends

Post = tuple[int, int, float | None]
"""(account, time, views)."""


def interquartile_mean_by_hand(values: list[float]) -> float | None:
    """Mean of the middle half: each value is four quarters; a quarter of them all is cut at each end."""
    if len(values) < FEWEST_POSTS:
        return None
    quarters = [value for value in sorted(values) for _ in range(4)]
    middle = quarters[len(values) : -len(values)]
    return sum(middle) / len(middle)


def baseline_by_hand(posts: list[Post], n: int) -> float | None:
    """Posts of the same account strictly before, newest hundred (same instant: by place), those known."""
    account, time, _views = posts[n]
    before = sorted((t, place, v) for place, (a, t, v) in enumerate(posts) if a == account and t < time)
    return interquartile_mean_by_hand([v for _t, _place, v in before[-PREVIOUS_POSTS:] if v is not None])


def on_arrays(posts: list[Post], wanted: list[bool] | None = None) -> list[float]:
    order = sorted(range(len(posts)), key=lambda n: (posts[n][0], posts[n][1], n))
    group = np.array([posts[n][0] for n in order], np.int64)
    time = np.array([posts[n][1] for n in order], np.int64)
    values = np.array([np.nan if (v := posts[n][2]) is None else v for n in order], np.float64)
    asked = np.ones(len(posts), bool) if wanted is None else np.array([wanted[n] for n in order], bool)
    found = interquartile_means(values, *window_ends(group, time), asked)
    back: list[float] = [0.0] * len(posts)
    for place, n in enumerate(order):
        back[n] = float(found[place])
    return back


def in_the_engine(posts: list[Post]) -> list[float | None]:
    start = datetime(2025, 1, 1)
    text = ["post_id | account_id | post_type | posted_at | views"]
    text += [
        f"{n:04} | a{account} | video | {start + timedelta(minutes=time)} | {'-' if views is None else views}"
        for n, (account, time, views) in enumerate(posts)
    ]
    found = column(baseline_views(table("\n".join(text), views="float64"), "views"), "baseline")
    return [found.get(f"{n:04}") for n in range(len(posts))]


def _none(values: list[float]) -> list[float | None]:
    return [None if np.isnan(v) else v for v in values]


def _posts(most: int, latest: int) -> st.SearchStrategy[list[Post]]:
    views = st.none() | st.integers(0, 50).map(float) | st.floats(0, 1e7, allow_subnormal=False)
    return st.lists(st.tuples(st.integers(0, 2), st.integers(0, latest), views), max_size=most)


@settings(max_examples=40, deadline=None)
@given(posts=_posts(60, 30))
def test_the_three_agree_on_any_posts(posts: list[Post]) -> None:
    by_hand = [baseline_by_hand(posts, n) for n in range(len(posts))]
    assert _none(on_arrays(posts)) == pytest.approx(by_hand)
    assert in_the_engine(posts) == pytest.approx(by_hand)


@pytest.mark.parametrize("seed", range(3))
def test_the_three_agree_where_accounts_have_more_than_a_hundred_posts(seed: int) -> None:
    random = np.random.default_rng(seed)
    posts = [
        (int(a), int(t), None if unknown else float(v))
        for a, t, v, unknown in zip(
            random.integers(0, 3, 700),
            random.integers(0, 300, 700),
            random.lognormal(8, 2, 700).round(1),
            random.random(700) < 0.2,
            strict=True,
        )
    ]
    by_hand = [baseline_by_hand(posts, n) for n in range(len(posts))]
    assert sum(b is not None for b in by_hand) > 600
    assert _none(on_arrays(posts)) == pytest.approx(by_hand)
    assert in_the_engine(posts) == pytest.approx(by_hand)


def test_only_wanted_rows_are_computed() -> None:
    posts: list[Post] = [(0, n, 10.0) for n in range(8)]
    assert _none(on_arrays(posts, [n == 6 for n in range(8)])) == [None] * 6 + [10.0, None]


def test_windows_of_a_group_end_where_an_instant_begins() -> None:
    group, time = np.array([0, 0, 0, 1, 1]), np.array([5, 5, 6, 5, 6])
    start, end = window_ends(group, time)
    assert start.tolist() == [0, 0, 0, 3, 3]
    assert end.tolist() == [0, 0, 2, 3, 4]


def test_nothing_has_no_baselines() -> None:
    assert on_arrays([]) == []
    assert _none(on_arrays([(0, n, None) for n in range(9)])) == [None] * 9


@settings(max_examples=50, deadline=None)
@given(
    values=st.lists(st.floats(0, 1e9, allow_subnormal=False), min_size=FEWEST_POSTS, max_size=PREVIOUS_POSTS)
)
def test_a_baseline_lies_within_the_middle_half(values: list[float]) -> None:
    posts: list[Post] = [(0, n, v) for n, v in enumerate([*values, 0.0])]
    found = on_arrays(posts)[-1]
    low, high = np.sort(values)[[len(values) // 4, -1 - len(values) // 4]]
    assert low * (1 - 1e-12) <= found <= high * (1 + 1e-12)
