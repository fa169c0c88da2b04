"""Many effects of which most may be next to nothing: each drawn toward 0 by as much as all of them together ask for.

What the effects look like is found from all estimates at once: a share that is next to nothing, and the rest from a
normal around 0. Where most words do nothing and a few do much, one normal for all would draw the few in with the many.
How large the share and how wide the rest may not be told by a few hundred estimates; so every pair of them has
its say, as far as the estimates are likely under it.

After Stephens, False discovery rates: a new deal (2017), and Mitchell & Beauchamp, Bayesian variable selection (1988).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from .shrinkage import Floats

NOTHING = 0.02
"""Spread of effects that are next to nothing, in natural logarithms: 2 % more or less."""
_WIDTHS = np.array([0.04, 0.06, 0.09, 0.13, 0.18, 0.25, 0.35, 0.5])
"""Spreads that the others may have."""
_SHARES = np.array([0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0])
"""Shares of effects that aren't next to nothing."""
_HALVINGS = 40


@dataclass(frozen=True)
class Sparse:
    """What is known of each effect afterwards."""

    mean: Floats
    low: Floats
    high: Floats
    p_wrong: Floats
    """Chance that it lies on the other side of 0 than the likelier one."""


def sparse_effects(estimate: Floats, error: Floats, *, level: float) -> Sparse:
    """Effects and their intervals from estimates with normal errors (standard deviations, > 0)."""
    widths = np.r_[NOTHING, _WIDTHS]
    variance = error[:, None] ** 2 + widths**2
    rate = -0.5 * (estimate[:, None] ** 2 / variance + np.log(variance))
    likelihood = np.exp(rate - rate.max(axis=1, keepdims=True))
    chance = np.zeros_like(likelihood)
    pairs = [(share, width) for share in _SHARES for width in range(1, len(widths))]
    each = [(1.0 - share) * likelihood[:, 0] + share * likelihood[:, width] for share, width in pairs]
    weight = np.array([np.log(total).sum() for total in each])
    weight = np.exp(weight - weight.max())
    for (share, width), total, says in zip(pairs, each, weight / weight.sum(), strict=True):
        chance[:, 0] += says * (1.0 - share) * likelihood[:, 0] / total
        chance[:, width] += says * share * likelihood[:, width] / total
    kept = widths**2 / variance
    mean, deviation = kept * estimate[:, None], np.sqrt(kept) * error[:, None]
    above = _above(np.zeros(len(estimate)), chance, mean, deviation)
    return Sparse(
        mean=(chance * mean).sum(axis=1),
        low=_quantile((1 - level) / 2, chance, mean, deviation),
        high=_quantile((1 + level) / 2, chance, mean, deviation),
        p_wrong=np.minimum(above, 1.0 - above),
    )


def _above(point: Floats, chance: Floats, mean: Floats, deviation: Floats) -> Floats:
    """Chance of each effect to lie above its point."""
    out: Floats = (chance * special.ndtr((mean - point[:, None]) / deviation)).sum(axis=1)
    return out


def _quantile(share: float, chance: Floats, mean: Floats, deviation: Floats) -> Floats:
    """The point under which that share of each effect's distribution lies, by halving."""
    reach = (np.abs(mean) + 6.0 * deviation).max(axis=1, initial=0.0)
    low, high = -reach, reach
    for _half in range(_HALVINGS):
        middle = (low + high) / 2
        under = 1.0 - _above(middle, chance, mean, deviation)
        low, high = np.where(under < share, middle, low), np.where(under < share, high, middle)
    return np.asarray((low + high) / 2, dtype=np.float64)
