"""The score of each set in its three parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ..metrics.effects import quality_of_sets
from .effects import set_effects
from .frames import executed

if TYPE_CHECKING:
    from .catalogue.metric import Asked

FEWEST_MATURE_POSTS = 5
WEIGHTS = {"set_effect": 0.6, "breakout_rate": 0.2, "engagement_quality": 0.2}
PARTS = {
    "set_effect": "set_effect_part",
    "breakout_rate": "set_breakout_part",
    "engagement_quality": "set_engagement_part",
}
COLUMNS = (
    "set_id", "n_mature_posts", "set_score", *PARTS.values(), "missing_set_parts", "set_effect", "set_effect_low",
    "set_effect_high", "breakout_rate", "engagement_quality",
)  # fmt: skip
_NAMES = {"set_effect": "effect", "breakout_rate": "breakouts", "engagement_quality": "engagement"}


def set_scores(asked: Asked) -> pd.DataFrame:
    """Every set with its score from 0 to 100 and what it is made of, best first, unknown scores last.

    Formula: 60 % percentile of set_effect, 20 % of the breakout rate, 20 % of the engagement quality, each among
    the sets of the period with 5 mature posts or more, ties in their middle. A part that is unknown gives its
    weight to the others in proportion and is named. Under 5 mature posts there is no score.

    Grain out: set_id, where it has a post in the period. Source: metrics.md, Level 3 (set score). Version 1.
    """
    quality = executed(quality_of_sets(asked.mature, horizon=asked.horizon).order_by("set_id"))
    effects = set_effects(asked)[["set_id", "set_effect", "set_effect_low", "set_effect_high"]]
    return scored(quality.merge(effects, on="set_id", how="left"))


def scored(measured: pd.DataFrame) -> pd.DataFrame:
    """`set_scores` of what is measured: n_mature_posts and the sources of the three parts."""
    enough = measured["n_mature_posts"] >= FEWEST_MATURE_POSTS
    points = weight = pd.Series(0.0, index=measured.index)
    missing: pd.Series = pd.Series("", index=measured.index, dtype="str")
    found = measured.copy()
    for source, part in PARTS.items():
        known = measured[source].astype("float64").where(enough)
        place = 100.0 * (known.rank(method="average") - 0.5) / max(int(known.notna().sum()), 1)
        found[part] = place
        points = points + place.fillna(0.0) * WEIGHTS[source]
        weight = weight + place.notna() * WEIGHTS[source]
        missing = missing.where(place.notna(), missing + f"{_NAMES[source]} ")
    found["set_score"] = points / weight.where(weight > 0)
    found["missing_set_parts"] = missing.str.strip()
    kinds = {"set_id": "str", "missing_set_parts": "str", "n_mature_posts": "int64"}
    ordered = found.sort_values(["set_score", "set_id"], ascending=[False, True], ignore_index=True)
    return ordered.reindex(columns=list(COLUMNS)).astype({c: kinds.get(c, "float64") for c in COLUMNS})
