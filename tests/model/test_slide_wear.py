"""Images that wear out faster than usual, and images that only had bad luck."""

from __future__ import annotations

from math import exp, sqrt

import numpy as np
import pandas as pd
import pytest

from workbench.model.slide_wear import COLUMNS, slide_wear


def halves(differences: dict[str, float], *, n: int = 4, squares: float = 6.0) -> pd.DataFrame:
    """Images with n uses in each half; with 2 (n - 1) = 6 degrees and squares 6 the variance within is 1."""
    return pd.DataFrame(
        {
            "image_id": list(differences), "n_first": n, "n_recent": n, "mean_first": 0.1,
            "mean_recent": [0.1 + d for d in differences.values()], "squares": squares,
        }
    )  # fmt: skip


def test_wear_is_shrunk_by_what_chance_explains() -> None:
    """Variance of a difference 1 (1/4 + 1/4) = 0.5; mean -1; Q = (4 + 4) / 0.5 = 16 of 1 expected."""
    found = slide_wear(halves({"a": 1.0, "b": -3.0})).set_index("image_id")
    spare = 2 * 2 - (2 * 4) / (2 * 2)
    between = (16 - 1) / spare
    share = between / (between + 0.5)
    assert found.loc["b", "wear_multiple"] == pytest.approx(exp(-2 * share))
    assert found.loc["a", "wear_multiple"] == pytest.approx(exp(2 * share))
    assert found.loc["b", "wear_high"] == pytest.approx(exp(-2 * share + 1.6448536 * sqrt(0.5 * share)))
    assert found["is_tired"].to_dict() == {"a": False, "b": True}
    assert list(found.index) == ["b", "a"]


def test_images_that_differ_by_no_more_than_chance_are_not_tired() -> None:
    found = slide_wear(halves({"a": 0.3, "b": -0.3, "c": 0.0}))
    assert found["is_tired"].sum() == 0
    assert found["wear_multiple"].tolist() == pytest.approx([1.0, 1.0, 1.0])


def test_few_of_many_equal_images_are_called_tired() -> None:
    random = np.random.default_rng(3)
    y = random.normal(size=(400, 8))
    squares = ((y[:, :4] - y[:, :4].mean(1, keepdims=True)) ** 2).sum(1)
    squares += ((y[:, 4:] - y[:, 4:].mean(1, keepdims=True)) ** 2).sum(1)
    equal = pd.DataFrame(
        {
            "image_id": [f"i{n:03}" for n in range(400)], "n_first": 4, "n_recent": 4,
            "mean_first": y[:, :4].mean(1), "mean_recent": y[:, 4:].mean(1), "squares": squares,
        }
    )  # fmt: skip
    assert slide_wear(equal)["is_tired"].sum() <= 4
    worn = equal.assign(mean_recent=equal["mean_recent"] - np.where(np.arange(400) < 40, 3.0, 0.0))
    found = slide_wear(worn)
    truly = set(worn["image_id"].head(40))
    assert len(truly & set(found.loc[found["is_tired"], "image_id"])) >= 36
    assert len(set(found.loc[found["is_tired"], "image_id"]) - truly) <= 12


def test_images_with_too_few_uses_are_not_judged_and_no_images_are_no_rows() -> None:
    few = halves({"a": 1.0, "b": -3.0}, n=2)
    assert slide_wear(few).empty
    assert list(slide_wear(few.head(0)).columns) == list(COLUMNS)
    assert slide_wear(few.head(0)).dtypes["is_tired"].name == "bool"


def test_images_without_any_spread_are_judged_by_their_means() -> None:
    found = slide_wear(halves({"a": 0.0, "b": -1.0}, squares=0.0)).set_index("image_id")
    assert found.loc["b", "wear_multiple"] == pytest.approx(exp(-0.5))
