"""The quality score, with answers by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.model.va_quality import SCORE_COLUMNS, quality_score, scored

COLUMNS = [
    "va_id",
    "n_mature_posts",
    "va_effect",
    "is_separable",
    "engagement_quality",
    "breakout_rate",
    "on_time_rate",
]


def score(*rows: tuple[object, ...]) -> pd.DataFrame:
    return quality_score(pd.DataFrame(list(rows), columns=COLUMNS)).set_index("va_id")


def test_the_score_weighs_percentiles_of_four_parts() -> None:
    found = score(
        ("a", 9, 1.5, True, 0.10, 0.3, 0.5),
        ("b", 9, 1.0, True, 0.10, 0.2, 0.9),
    )
    # Of two, the lower is at 25, the higher at 75, and a tie at 50.
    assert found.loc["a", ["effect_part", "va_engagement_part", "va_breakout_part", "punctuality_part"]].tolist() == [
        75, 50, 75, 25,
    ]  # fmt: skip
    assert found.loc["a", "quality_score"] == pytest.approx(0.4 * 75 + 0.2 * (50 + 75 + 25))
    assert found["missing_quality_parts"].tolist() == ["", ""]


def test_a_missing_part_gives_its_weight_to_the_others_and_is_named() -> None:
    found = score(
        ("a", 9, 1.5, True, 0.10, 0.3, 0.5),
        ("b", 9, 2.0, False, 0.20, 0.2, np.nan),
    )
    b = found.loc["b"]
    assert b["missing_quality_parts"] == "effect punctuality"
    assert b["quality_score"] == pytest.approx((0.2 * 75 + 0.2 * 25) / 0.4)
    assert found.loc["a", "effect_part"] == 50 and np.isnan(b["effect_part"])


def test_under_5_mature_posts_there_is_no_score_and_nobody_is_ranked_against_them() -> None:
    found = score(
        ("a", 5, 1.5, True, 0.10, 0.3, 0.5),
        ("b", 4, 9.0, True, 0.90, 0.9, 0.9),
        ("c", 9, np.nan, True, np.nan, np.nan, np.nan),
    )
    assert found.loc["a", "quality_score"] == 50.0
    assert np.isnan(found.loc["b", "quality_score"]) and np.isnan(found.loc["c", "quality_score"])


def test_without_vas_there_are_columns_and_no_rows() -> None:
    results = pd.DataFrame(columns=["va_id", "n_mature_posts", "engagement_quality", "breakout_rate"]).astype(
        {
            "va_id": "str",
            "n_mature_posts": "int64",
            "engagement_quality": "float64",
            "breakout_rate": "float64",
        }
    )
    effects = pd.DataFrame({"va_id": pd.Series(dtype="str"), "va_effect": pd.Series(dtype="float64"),
                            "is_separable": pd.Series(dtype="boolean")})  # fmt: skip
    tasks = pd.DataFrame({"va_id": pd.Series(dtype="str"), "on_time_rate": pd.Series(dtype="float64")})
    found = scored(results, effects, tasks)
    assert found.empty and tuple(found.columns) == SCORE_COLUMNS
