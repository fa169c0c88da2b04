"""Which images wear out faster than images usually do."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pandas as pd

FEWEST = 3
"""Uses in each half, for an image to be judged."""
COLUMNS = ("image_id", "n_first_uses", "n_recent_uses", "wear_multiple", "wear_low", "wear_high", "is_tired")


def slide_wear(halves: pd.DataFrame, *, level: float = 0.9) -> pd.DataFrame:
    """The later uses of each image against its earlier ones, beyond the decay that is usual.

    Formula: the difference of the halves' means (see `metrics.slide_use.image_halves`), less the mean of it over all
    images, shrunk toward none by what the images differ more than chance explains (within-variance pooled,
    between-variance by DerSimonian-Laird). wear_multiple = exp of it; its interval holds with a chance of `level`.
    is_tired: the interval lies below 1. Of hundreds of images that all wear alike none is tired: what luck does to the
    unluckiest of them is shrunk away.

    Returns
    -------
    pandas.DataFrame
        image_id, for images with 3 known uses in each half; the most worn first. n_first_uses, n_recent_uses [posts],
        wear_multiple, wear_low, wear_high [multiples; 1: as usual], is_tired.

    Source: metrics.md, Level 1 (tired slides). Version 1.
    """
    enough = halves[(halves["n_first"] >= FEWEST) & (halves["n_recent"] >= FEWEST)]
    free = (halves["n_first"] - 1).clip(lower=0) + (halves["n_recent"] - 1).clip(lower=0)
    within = float(halves["squares"].sum()) / max(float(free.sum()), 1.0)
    difference = (enough["mean_recent"] - enough["mean_first"]).to_numpy(dtype=float)
    variance = within * (1 / enough["n_first"] + 1 / enough["n_recent"]).to_numpy(dtype=float)
    mean, deviation = _shrunk(difference, np.maximum(variance, 1e-12))
    half_width = NormalDist().inv_cdf((1 + level) / 2) * deviation
    found = pd.DataFrame(
        {
            "image_id": enough["image_id"].astype("str"),
            "n_first_uses": enough["n_first"].astype("int64"),
            "n_recent_uses": enough["n_recent"].astype("int64"),
            "wear_multiple": np.exp(mean),
            "wear_low": np.exp(mean - half_width),
            "wear_high": np.exp(mean + half_width),
            "is_tired": mean + half_width < 0,
        }
    )
    ordered = found.sort_values(["wear_multiple", "image_id"], ignore_index=True)
    return ordered[list(COLUMNS)]


def _shrunk(values: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Posterior mean and deviation of each value around their common mean, that mean taken off."""
    if not len(values):
        return values, variance
    weight = 1 / variance
    centred = values - (weight * values).sum() / weight.sum()
    spare = weight.sum() - (weight**2).sum() / weight.sum()
    excess = float((weight * centred**2).sum()) - (len(values) - 1)
    between = max(0.0, excess / spare) if spare > 0 else 0.0
    share = between / (between + variance)
    return centred * share, np.sqrt(variance * share)
