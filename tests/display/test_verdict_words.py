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
        ("above and growing", {}, "median post 2× its usual (1.3× to 3.1×), and growing"),
        ("long decline", {}, "0.4× the views of half a year ago (0.3× to 0.6×), not growing"),
        (
            "long decline",
            {"net_followers": 4.0},
            "0.4× the views of half a year ago (0.3× to 0.6×), still growing",
        ),
        ("long decline", {"net_followers": float("nan")}, "0.4× the views of half a year ago (0.3× to 0.6×)"),
        ("collapsed", {"outlier_high": 0.4}, "collapsed: median post 2× its usual (1.3× to 0.4×)"),
        ("collapsed", {}, "collapsed: 0.4× the views of half a year ago (0.3× to 0.6×)"),
        ("below", {}, "median post 2× its usual (1.3× to 3.1×)"),
    ],
)
def test_the_evidence_that_decided_is_said(rule: str, changed: dict[str, float], words: str) -> None:
    assert reason({**FIGURES, **changed, "rule": rule}) == words
