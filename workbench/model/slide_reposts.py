"""What posting the same slides again brings, against the post that showed them first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

FEWEST = 5
"""Pairs, for an interval."""
_FLOOR = 0.01
"""Multiples of the usual under this count as this: a post that nobody saw has no logarithm."""


@dataclass(frozen=True)
class RepostChange:
    """Reposts against their originals, over pairs of which both are known."""

    n: int
    """Pairs."""
    n_better: int
    """Of them, how often the repost did better."""
    multiple: float
    """What the repost did of what the original did: geometric mean; NaN without a pair."""
    low: float
    high: float
    """90 % interval; NaN with fewer than 5 pairs."""


def originals(pairs: pd.DataFrame) -> pd.DataFrame:
    """Of each repost's earlier posts the one it most repeats: by the share of slides, then the earliest."""
    ordered = pairs.sort_values(
        ["posted_at", "post_id", "shared_share", "n_shared_images", "earlier_posted_at", "earlier_post_id"],
        ascending=[False, True, False, False, True, True],
    )
    return ordered.drop_duplicates("post_id", ignore_index=True)


def repost_change(reposts: pd.DataFrame, *, level: float = 0.9) -> RepostChange:
    """How reposts did against their originals, both as multiples of their accounts' usual.

    Formula: exp of the mean of ln(repost's multiple / original's multiple), with Student's interval. A post that is
    repeated was often lucky, and luck does not come back: part of a fall is that, and no wear.

    Parameters
    ----------
    reposts
        A row for each repost: see `originals`.
    """
    both = reposts.dropna(subset=["compared_outlier", "earlier_outlier"])
    now, before = (both[c].to_numpy(dtype=float) for c in ("compared_outlier", "earlier_outlier"))
    change = np.log(np.maximum(now, _FLOOR) / np.maximum(before, _FLOOR))
    n = len(change)
    mean = float(change.mean()) if n else np.nan
    margin = np.nan
    if n >= FEWEST:
        margin = float(special.stdtrit(n - 1, (1 + level) / 2) * change.std(ddof=1) / np.sqrt(n))
    multiple, low, high = (float(np.exp(v)) for v in (mean, mean - margin, mean + margin))
    return RepostChange(n, int((now > before).sum()), multiple, low, high)
