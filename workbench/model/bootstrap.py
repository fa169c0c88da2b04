"""Intervals without a formula: by drawing the data again and again."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

DRAWS = 2_000
FEWEST = 5
"""Posts in each period, for an interval."""


def change_of_medians(
    before: pd.DataFrame,
    now: pd.DataFrame,
    *,
    by: str,
    value: str,
    level: float = 0.9,
    seed: int = 20_250_101,
) -> pd.DataFrame:
    """How each group's median changed between two periods, with a percentile bootstrap interval.

    Parameters
    ----------
    before, now
        A row for each post: the columns `by` and `value` (NaN is left out).
    level
        Of the interval: 0.9 runs from the 5th to the 95th percentile.

    Returns
    -------
    pandas.DataFrame
        A row for each group of `now`: n_before, n_now [posts], median_before, median_now, change,
        change_low, change_high, in the value's unit; NaN where a period has fewer than 5 posts; now_low,
        now_high: the interval of median_now, NaN where now has fewer than 5.
    """
    random = np.random.default_rng(seed)
    earlier = _by_group(before, by, value)
    tail = 100 * (1 - level) / 2
    rows: list[dict[str, object]] = []
    for key, b in _by_group(now, by, value).items():
        a = earlier.get(key, np.empty(0))
        old, new = float(np.median(a)) if len(a) else math.nan, float(np.median(b))
        low = high = now_low = now_high = math.nan
        if len(b) >= FEWEST:
            drawn = _medians(b, random)
            now_low, now_high = np.percentile(drawn, [tail, 100 - tail])
            if len(a) >= FEWEST:
                low, high = np.percentile(drawn - _medians(a, random), [tail, 100 - tail])
        rows.append(
            {by: key, "n_before": len(a), "n_now": len(b), "median_before": old, "median_now": new,
             "change": new - old, "change_low": float(low), "change_high": float(high),
             "now_low": float(now_low), "now_high": float(now_high)}
        )  # fmt: skip
    columns = [
        by, "n_before", "n_now", "median_before", "median_now", "change", "change_low", "change_high", "now_low",
        "now_high",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _by_group(posts: pd.DataFrame, by: str, value: str) -> dict[str, NDArray[np.float64]]:
    known = posts.dropna(subset=[value])
    return {str(k): np.asarray(g[value], dtype=np.float64) for k, g in known.groupby(by)}


def _medians(values: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    """Medians of samples drawn with replacement, without drawing the samples.

    A draw takes the value at place floor(n u) of the sorted values, u uniform; so the median of n draws takes that
    of the middle of n uniform numbers, which is a Beta number: as good, and no slower for many posts.
    """
    ordered, n = np.sort(values), len(values)
    half = (n + 1) // 2
    lower = random.beta(half, n - half + 1, size=DRAWS)
    if n % 2:
        return ordered[_places(lower, n)]
    # The next larger of n is the smallest of the n - half numbers between `lower` and 1.
    upper = lower + (1.0 - lower) * random.beta(1, n - half, size=DRAWS)
    return np.asarray((ordered[_places(lower, n)] + ordered[_places(upper, n)]) / 2)


def _places(share: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    return np.minimum((share * n).astype(np.int64), n - 1)
