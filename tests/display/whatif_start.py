"""Today's values for tests of what shows them, without a warehouse."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np

from workbench.metrics.periods import Period
from workbench.model.whatif import INPUTS, Inputs, basis_of
from workbench.model.whatif_inputs import Source, Start

TODAY = {
    "posts_per_day": 6.193, "vas": 17, "accounts": 147, "posts_per_account": 2, "hours_per_post": 0.4043,
    "median_views": 3402.8, "viral_rate": 0.1792, "viral_multiple": 11.46, "reuse_share": 0.48,
    "reuse_multiple": 0.86, "rpm": 0.4637, "hourly_rate": 6.52, "tools": 593.7,
}  # fmt: skip


@cache
def begin() -> Start:
    """An agency of 17 VAs; the tools are assumed."""
    posts = np.random.default_rng(5).lognormal(8.1, 1.2, 800)
    sources = {i.name: Source("Of 800 posts.", 800, i.name == "tools") for i in INPUTS}
    period = Period(date(2025, 9, 8), date(2025, 10, 5))
    booked = {"revenue": 12_926.0, "cost": 9_041.0, "profit": 3_885.0}
    return Start(Inputs(**TODAY), basis_of(posts, 10_000, 0.93), sources, "USD", period, ("A note.",), booked)


def random_inputs(n: int) -> list[Inputs]:
    """Inputs of every size, a few of them 0 or 1."""
    random = np.random.default_rng(11)
    made = []
    for _ in range(n):
        values = {}
        for i in INPUTS:
            value = (
                TODAY[i.name] * float(random.choice([0, 0.01, 1, 1, 1, 3, 100])) * random.uniform(0.3, 1.7)
            )
            value = min(value, i.most or value)
            values[i.name] = float(round(value)) if i.is_whole else value
        made.append(Inputs(**values))
    return made
