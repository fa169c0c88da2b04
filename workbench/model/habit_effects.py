"""What each level of a habit goes with, over posts of one VA on one account: partially pooled, all habits at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEWEST_POSTS = 30
"""Posts from which effects are estimated at all."""
_HOURS_ALIKE = 3.0
"""Hours apart by which the likeness of two hours of the day falls to 1 / e."""
_ROUNDS = 300
_STEADY = 1e-4
"""Change of every effect in a round, from which the rounds end."""
_LEAST_VARIANCE = 1e-8


@dataclass(frozen=True)
class HabitEffects:
    """Effects of levels on ln views: their joint posterior. Only differences within a habit mean anything."""

    places: dict[str, slice]
    """Where in `mean` the levels of a habit are."""
    levels: dict[str, list[int]]
    mean: Floats
    covariance: Floats

    def of(self, habit: str) -> tuple[list[int], Floats, Floats]:
        """Levels of a habit, their effects and the covariance of these."""
        place = self.places[habit]
        return self.levels[habit], self.mean[place], self.covariance[place, place]


def habit_effects(posts: pd.DataFrame, habits: Sequence[str]) -> HabitEffects | None:
    """Effects of all levels of all habits on log_outlier, each with the others held.

    Formula: log_outlier = cell + sum over habits of the level's effect + noise, where a cell is one VA's posts of
    one type on one account (fixed, taken out), and a habit's effects are draws around 0 of a spread of its own
    (neighbouring hours alike); spreads by expectation maximization. So who is good, and which account is strong,
    moves no effect; a habit that does nothing is drawn to 0.

    Parameters
    ----------
    posts
        va_id, account_id, post_type, log_outlier and <habit>_level (NaN: unknown, or no such thing).

    Returns None with fewer than 30 posts, or where nobody varies a habit.
    """
    known = posts[posts["log_outlier"].notna()]
    if len(known) < FEWEST_POSTS:
        return None
    value = np.asarray(known["log_outlier"], dtype=np.float64)
    cells = known.groupby(["va_id", "account_id", "post_type"], dropna=False, sort=False).ngroup()
    cell = np.asarray(cells, dtype=np.int64)
    places: dict[str, slice] = {}
    levels: dict[str, list[int]] = {}
    codes: dict[str, Ints] = {}
    width = 0
    for habit in habits:
        code, found = pd.factorize(known[f"{habit}_level"], sort=True)
        if len(found) > 1:
            codes[habit] = np.asarray(code, dtype=np.int64)
            levels[habit] = [int(level) for level in found]
            places[habit] = slice(width, width + len(found))
            width += len(found)
    if not codes:
        return None
    within = _within_cells(value, cell, codes, places, width)
    likeness = {h: _likeness(h, levels[h]) for h in codes}
    mean, covariance = _pooled(*within, places, likeness, len(value) - int(cell.max()) - 1)
    return HabitEffects(places, levels, mean, covariance)


def _within_cells(
    value: Floats, cell: Ints, codes: dict[str, Ints], places: dict[str, slice], width: int
) -> tuple[Floats, Floats, float]:
    """Cross products of the levels' indicators and the value, each less its mean in the cell."""
    n = np.bincount(cell).astype(np.float64)
    total = np.bincount(cell, value)
    in_cells = np.zeros((len(n), width))
    products, with_value = np.zeros((width, width)), np.zeros(width)
    for habit, code in codes.items():
        place, size, known = places[habit], places[habit].stop - places[habit].start, code >= 0
        counts = np.bincount(cell[known] * size + code[known], minlength=len(n) * size)
        in_cells[:, place] = counts.reshape(len(n), size)
        with_value[place] = np.bincount(code[known], value[known], minlength=size)
        for other, against in codes.items():
            there, both = places[other], known & (against >= 0)
            wide = there.stop - there.start
            pairs = np.bincount(code[both] * wide + against[both], minlength=size * wide)
            products[place, there] = pairs.reshape(size, wide)
    scaled = in_cells / n[:, None]
    return (
        products - in_cells.T @ scaled,
        with_value - scaled.T @ total,
        float(value @ value - (total**2 / n).sum()),
    )


def _likeness(habit: str, levels: list[int]) -> Floats:
    """How alike the effects of two levels are beforehand: hours near each other are."""
    if habit != "hour":
        return np.eye(len(levels))
    apart = np.abs(np.subtract.outer(levels, levels)).astype(np.float64)
    return np.asarray(np.exp(-np.minimum(apart, 24 - apart) / _HOURS_ALIKE))


def _pooled(
    products: Floats,
    with_value: Floats,
    squares: float,
    places: dict[str, slice],
    likeness: dict[str, Floats],
    freedom: int,
) -> tuple[Floats, Floats]:
    """Posterior mean and covariance of the effects, at the spreads that expectation maximization finds."""
    inverse = {h: np.linalg.inv(k) for h, k in likeness.items()}
    noise, spread = squares / max(freedom, 1), dict.fromkeys(places, 0.02)
    mean, covariance = np.zeros(len(with_value)), np.zeros_like(products)
    before = np.full(len(with_value), np.inf)
    for _round in range(_ROUNDS):
        precision = products / noise
        for habit, place in places.items():
            precision[place, place] += inverse[habit] / spread[habit]
        covariance = np.asarray(np.linalg.inv(precision), dtype=np.float64)
        mean = covariance @ with_value / noise
        for habit, place in places.items():
            m, c = mean[place], covariance[place, place]
            found = float(m @ inverse[habit] @ m + np.trace(inverse[habit] @ c)) / (place.stop - place.start)
            spread[habit] = max(found, _LEAST_VARIANCE)
        left = squares - 2 * mean @ with_value + mean @ products @ mean + np.trace(covariance @ products)
        noise = float(left) / max(freedom, 1)
        if np.abs(mean - before).max() < _STEADY:
            break
        before = mean
    return mean, covariance
