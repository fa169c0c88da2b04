"""Verdicts in words."""

from __future__ import annotations

import pytest

from workbench.display.account_verdicts import reason

FIGURES = {
    "n_mature_posts": 9, "median_outlier": 2.0, "outlier_low": 1.3, "outlier_high": 3.1, "usual_change": 0.4,
    "usual_change_low": 0.3, "usual_change_high": 0.6, "net_followers": -4.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "changed", "words"),
    [
        ("too few", {"n_mature_posts": 1}, "only 1 comparable post"),
        ("above and growing", {}, "median post 2.00× its usual (1.30× to 3.10×), and growing"),
        ("long decline", {}, "0.40× the views of half a year ago (0.30× to 0.60×), not growing"),
        (
            "long decline",
            {"net_followers": 4.0},
            "0.40× the views of half a year ago (0.30× to 0.60×), still growing",
        ),
        (
            "long decline",
            {"net_followers": float("nan")},
            "0.40× the views of half a year ago (0.30× to 0.60×)",
        ),
        ("collapsed", {"outlier_high": 0.4}, "collapsed: median post 2.00× its usual (1.30× to 0.40×)"),
        ("collapsed", {}, "collapsed: 0.40× the views of half a year ago (0.30× to 0.60×)"),
        ("below", {}, "median post 2.00× its usual (1.30× to 3.10×)"),
    ],
)
def test_the_evidence_that_decided_is_said(rule: str, changed: dict[str, float], words: str) -> None:
    assert reason({**FIGURES, **changed, "rule": rule}) == words
