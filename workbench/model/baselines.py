"""Interquartile means over a sliding window of previous posts, on arrays.

The definition is `metrics.outliers.baseline_views`; its join compares every post with a hundred others and
sorts each hundred in the engine. Here the hundreds are rows of one array, sorted by vector instructions.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from ..metrics.outliers import FEWEST_POSTS, PREVIOUS_POSTS

_CHUNK = 8_192
"""Rows sorted at a time: they fit a core's cache."""


def window_ends(
    group: NDArray[np.int64], posted: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For rows sorted by (group, posted): where each row's group starts and where its own instant starts.

    The window of a row is the 100 rows before `end`, those before `start` left out.
    """
    n = len(group)
    index = np.arange(n)
    new_group = np.r_[True, group[1:] != group[:-1]] if n else np.zeros(0, bool)
    new_instant = new_group | (np.r_[True, posted[1:] != posted[:-1]] if n else new_group)
    start = np.maximum.accumulate(np.where(new_group, index, 0))
    end = np.maximum.accumulate(np.where(new_instant, index, 0))
    return start, end


def interquartile_means(
    values: NDArray[np.float64], start: NDArray[np.int64], end: NDArray[np.int64], wanted: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """The mean of the middle half of the known values in each wanted row's window.

    Parameters
    ----------
    values
        (n,) sorted by group and time; NaN where unknown.
    start, end
        (n,) see `window_ends`.
    wanted
        (n,) rows to compute; the others become NaN.

    Returns
    -------
    numpy.ndarray
        (n,) NaN where fewer than 5 values of the window are known.
    """
    out = np.full(len(values), np.nan)
    if not np.isfinite(values).any():
        return out
    padded = np.concatenate([np.full(PREVIOUS_POSTS, np.nan), values])
    windows = np.lib.stride_tricks.sliding_window_view(padded, PREVIOUS_POSTS)
    weights = _weights()
    rows = np.flatnonzero(wanted)
    column = np.arange(PREVIOUS_POSTS)

    def chunk(these: NDArray[np.int64]) -> None:
        window = windows[end[these]]
        inside = np.minimum(end[these] - start[these], PREVIOUS_POSTS)
        window[column[None, :] < (PREVIOUS_POSTS - inside)[:, None]] = np.nan
        window.sort(axis=1)  # NaN goes last
        known = np.isfinite(window).sum(axis=1)
        np.nan_to_num(window, copy=False, nan=0.0)
        means = np.einsum("ij,ij->i", window, weights[known])
        out[these] = np.where(known >= FEWEST_POSTS, means, np.nan)

    with ThreadPoolExecutor() as pool:  # sorting gives the interpreter's lock up
        list(pool.map(chunk, [rows[i : i + _CHUNK] for i in range(0, len(rows), _CHUNK)]))
    return out


def _weights() -> NDArray[np.float64]:
    """weights[n, r]: what the r-th smallest of n known values counts; each row sums to 1."""
    n = np.arange(PREVIOUS_POSTS + 1)[:, None]
    r = np.arange(PREVIOUS_POSTS)[None, :]
    overlap = np.clip(np.minimum(r + 1, 0.75 * n) - np.maximum(r, 0.25 * n), 0, None)
    return np.asarray(overlap / np.maximum(0.5 * n, 1e-300), dtype=np.float64)
