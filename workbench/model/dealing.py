"""Amounts dealt out by largest remainder, on arrays.

The definition is `metrics.money.dealt`; its windows sort every pair of a payment and a post three times in the
engine. Here the pairs are rows of arrays that are in order already, and whole numbers divide exactly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..metrics.money import LARGEST_WEIGHTS

Whole = NDArray[np.int64]


def dealt(group: Whole, weight: Whole, number: Whole, coin: Whole) -> tuple[Whole, Whole]:
    """Each row's part of its group's amount, and the minor units dealt to the rows before it.

    Parameters
    ----------
    group
        (n,) rows sorted by group and, within, by post.
    weight
        (n,) whole numbers >= 0.
    number
        (n,) the group's amount in ten-thousandths, on each of its rows.
    coin
        (n,) ten-thousandths in the minor unit of the amount's currency.

    Returns
    -------
    tuple
        (n,) parts in ten-thousandths, which over a group sum to its amount; (n,) minor units.
    """
    n = len(group)
    if not n:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    is_first = np.r_[True, group[1:] != group[:-1]]
    starts, index = np.flatnonzero(is_first), np.cumsum(is_first) - 1

    def total(values: Whole) -> Whole:
        found: Whole = np.add.reduceat(values, starts)[index]
        return found

    scaled = weight // (total(weight) // LARGEST_WEIGHTS + 1)
    sums = total(scaled)
    share = np.where(sums > 0, scaled, 1)
    shares = np.where(sums > 0, sums, np.diff(np.r_[starts, n])[index])
    size = np.abs(number)
    units, below = np.divmod(size, coin)
    # Whole rounds first: units x share may be past 2^63, what is left of a round times a share is not.
    rounds, rest = np.divmod(units, shares)
    more, remainder = np.divmod(rest * share, shares)
    floor = rounds * share + more
    # Shares sum to less than 2^31, so group and remainder fit one number; a stable sort leaves ties in order.
    order = np.argsort(index * LARGEST_WEIGHTS + (LARGEST_WEIGHTS - 1 - remainder), kind="stable")
    place = np.empty(n, np.int64)
    place[order] = np.arange(n) - starts[index]
    mine = floor + (place < units - total(floor))
    before = np.cumsum(mine) - mine
    part = mine * coin + np.where(place == 0, below, 0)
    return np.where(number < 0, -part, part), before - before[starts][index]
