"""The score of each VA in its four parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..metrics.tasks import task_results
from ..metrics.vas import va_results
from .effects import va_effects
from .frames import executed

if TYPE_CHECKING:
    from .catalogue.metric import Asked

FEWEST_MATURE_POSTS = 5
EFFECT_WEEKS = 52
WEIGHTS = {"effect": 0.4, "engagement": 0.2, "breakouts": 0.2, "punctuality": 0.2}
PARTS = {
    "effect": "effect_part",
    "engagement": "va_engagement_part",
    "breakouts": "va_breakout_part",
    "punctuality": "punctuality_part",
}
SCORE_COLUMNS = (
    "va_id", "n_mature_posts", "quality_score", *PARTS.values(), "missing_quality_parts", "va_effect",
    "engagement_quality", "breakout_rate", "on_time_rate",
)  # fmt: skip


def quality_score(measured: pd.DataFrame) -> pd.DataFrame:
    """A score from 0 to 100 in four parts, each the percentile among the VAs.

    Formula: 40 % va_effect, 20 % engagement quality, 20 % breakout rate, 20 % punctuality; percentiles of known
    values with ties in their middle. A part that is unknown gives its weight to the others in proportion and is
    named; so does the effect of a VA who is not separable from the accounts. VAs with fewer than 5 mature posts
    have no score, and nobody is ranked against them.

    Parameters
    ----------
    measured
        Grain va_id: n_mature_posts, va_effect, is_separable, engagement_quality, breakout_rate, on_time_rate.

    Returns
    -------
    pandas.DataFrame
        `measured` with quality_score and the parts [0-100; NaN where unknown], missing_quality_parts [text].

    Source: metrics.md, Level 3 (quality_score). Version 1.
    """
    separable = measured["is_separable"].fillna(False).astype(bool)
    values = {
        "effect": measured["va_effect"].where(separable),
        "engagement": measured["engagement_quality"],
        "breakouts": measured["breakout_rate"],
        "punctuality": measured["on_time_rate"],
    }
    enough = measured["n_mature_posts"] >= FEWEST_MATURE_POSTS
    found = measured.copy()
    points, weight = np.zeros(len(found)), np.zeros(len(found))
    missing = np.full(len(found), "", dtype=object)
    for part, value in values.items():
        known = value.astype("float64").where(enough)
        place = 100 * (known.rank(method="average") - 0.5) / known.notna().sum()
        found[PARTS[part]] = place
        points += np.asarray(place.fillna(0.0)) * WEIGHTS[part]
        weight += np.asarray(place.notna()) * WEIGHTS[part]
        missing = missing + np.where(place.isna(), f"{part} ", "")
    scored = np.asarray(enough) & (weight > 0)
    found["quality_score"] = np.where(scored, points / np.where(weight > 0, weight, 1.0), np.nan)
    found["missing_quality_parts"] = pd.Series(missing, index=found.index).astype("str").str.strip()
    return found


def va_quality(asked: Asked) -> pd.DataFrame:
    """The quality score of a period, the effect taken from the year that ends with it. See `quality_score`."""
    return scored(
        executed(va_results(asked.tables("post_performance"), asked.period, horizon=asked.horizon)),
        effects_of_year(asked),
        executed(task_results(asked.tables("tasks"), asked.period)),
    )


def effects_of_year(asked: Asked, weeks: int = EFFECT_WEEKS) -> pd.DataFrame:
    """`va_effects` over the `weeks` weeks that end with the period: a month is too short to tell people apart."""
    return va_effects(type(asked)(asked.tables, asked.period.widened(weeks), asked.horizon, asked.settings))


def scored(results: pd.DataFrame, effects: pd.DataFrame, tasks: pd.DataFrame) -> pd.DataFrame:
    """The score's columns, in the order of va_id, from what it is made of."""
    measured = results.merge(effects[["va_id", "va_effect", "is_separable"]], on="va_id", how="left").merge(
        tasks.loc[tasks["va_id"].notna(), ["va_id", "on_time_rate"]], on="va_id", how="left"
    )
    found = quality_score(measured)[list(SCORE_COLUMNS)]
    return found.sort_values("va_id").reset_index(drop=True)
