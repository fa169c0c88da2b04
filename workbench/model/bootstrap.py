"""Intervals without a formula: by drawing the data again and again."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

DRAWS = 2_000


def change_of_medians(
    before: pd.DataFrame, now: pd.DataFrame, *, by: str, value: str, level: float = 0.9, seed: int = 20_250_101
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
        change_low, change_high, in the value's unit; NaN where a period has fewer than 5 posts.
    """
    random = np.random.default_rng(seed)
    earlier = {k: g.to_numpy(float) for k, g in before.dropna(subset=[value]).groupby(by)[value]}
    tail = 100 * (1 - level) / 2
    rows = []
    for key, group in now.dropna(subset=[value]).groupby(by)[value]:
        a, b = earlier.get(key, np.empty(0)), group.to_numpy(float)
        row = {by: key, "n_before": len(a), "n_now": len(b)}
        row["median_before"] = float(np.median(a)) if len(a) else np.nan
        row["median_now"] = float(np.median(b))
        row["change"] = row["median_now"] - row["median_before"]
        low = high = np.nan
        if min(len(a), len(b)) >= 5:
            low, high = np.percentile(_medians(b, random) - _medians(a, random), [tail, 100 - tail])
        rows.append({**row, "change_low": low, "change_high": high})
    columns = [by, "n_before", "n_now", "median_before", "median_now", "change", "change_low", "change_high"]
    return pd.DataFrame(rows, columns=columns)


def _medians(values: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    draws = random.integers(0, len(values), size=(DRAWS, len(values)))
    return np.asarray(np.median(values[draws], axis=1))
