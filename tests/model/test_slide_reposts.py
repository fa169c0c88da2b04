"""Reposts against the posts that they repeat."""

from __future__ import annotations

from math import exp, isnan, log, sqrt

import numpy as np
import pandas as pd
import pytest

from workbench.model.slide_reposts import originals, repost_change


def compared(*each: tuple[float, float]) -> pd.DataFrame:
    return pd.DataFrame(each, columns=["compared_outlier", "earlier_outlier"])


def test_the_change_is_the_geometric_mean_with_its_interval() -> None:
    """Logs of the ratios: ln 1/2, ln 1/2, 0, 0, ln 1/2; t of 4 degrees at 95 % is 2.132."""
    found = repost_change(compared((1, 2), (0.5, 1), (1, 1), (3, 3), (2, 4)))
    logs = [log(0.5), log(0.5), 0.0, 0.0, log(0.5)]
    mean = sum(logs) / 5
    deviation = sqrt(sum((v - mean) ** 2 for v in logs) / 4)
    assert (found.n, found.n_better) == (5, 0)
    assert found.multiple == pytest.approx(exp(mean))
    assert found.low == pytest.approx(exp(mean - 2.1318468 * deviation / sqrt(5)))
    assert found.high == pytest.approx(exp(mean + 2.1318468 * deviation / sqrt(5)))


def test_pairs_of_which_one_is_unknown_count_nowhere() -> None:
    found = repost_change(compared((2, 1), (np.nan, 1), (1, np.nan)))
    assert (found.n, found.n_better, found.multiple) == (1, 1, pytest.approx(2.0))
    assert isnan(found.low) and isnan(found.high)


def test_a_post_that_nobody_saw_does_not_make_the_mean_infinite() -> None:
    assert repost_change(compared((0.0, 1.0))).multiple == pytest.approx(0.01)


def test_no_pairs_have_no_change() -> None:
    found = repost_change(compared().astype(float))
    assert (found.n, found.n_better) == (0, 0) and isnan(found.multiple)


def test_a_repost_is_set_against_the_post_that_it_repeats_most_then_the_earliest() -> None:
    pairs = pd.DataFrame(
        [
            ("r", "2025-03-03", "half", "2025-01-01", 0.5, 2),
            ("r", "2025-03-03", "whole, later", "2025-02-02", 1.0, 4),
            ("r", "2025-03-03", "whole, first", "2025-02-01", 1.0, 4),
            ("s", "2025-03-04", "other", "2025-02-01", 0.5, 2),
        ],
        columns=[
            "post_id", "posted_at", "earlier_post_id", "earlier_posted_at", "shared_share", "n_shared_images",
        ],
    )  # fmt: skip
    assert originals(pairs)[["post_id", "earlier_post_id"]].values.tolist() == [
        ["s", "other"],
        ["r", "whole, first"],
    ]
