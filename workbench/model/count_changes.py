"""When platforms changed how they count views, so that nobody compares across it unawares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd


@dataclass(frozen=True)
class CountChange:
    """From `changed_on` on, a platform counts the views of its posts differently."""

    platform: str
    post_type: str
    """Only posts of this type; empty: all."""
    changed_on: date


COUNT_CHANGES = (
    CountChange("youtube", "short", date(2025, 3, 31)),
    CountChange("instagram", "", date(2025, 4, 21)),
)
"""Source: metrics.md, Posts (quality of comparison)."""


def crossed(kinds: pd.DataFrame) -> list[CountChange]:
    """The changes that lie between the first and the last post of a platform that is compared.

    `kinds` has a row for each platform and post_type: first_at, last_at [UTC].
    """
    return [c for c in COUNT_CHANGES if _is_crossed(kinds, c)]


def _is_crossed(kinds: pd.DataFrame, change: CountChange) -> bool:
    of_it = kinds[kinds["platform"] == change.platform]
    if change.post_type:
        of_it = of_it[of_it["post_type"] == change.post_type]
    at = pd.Timestamp(change.changed_on)
    return bool(len(of_it)) and bool(of_it["first_at"].min() < at <= of_it["last_at"].max())
