"""The change of an account's usual level, against Welch's formula and drawn truths."""

from __future__ import annotations

from math import exp, isnan, log

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from workbench.model.usual_change import COLUMNS, usual_change

NAMES = [
    "account_id",
    "n_usual_now",
    "n_usual_before",
    "log_now",
    "log_before",
    "variance_now",
    "variance_before",
]


def frame(*records: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(records), columns=NAMES).astype(dict.fromkeys(NAMES[3:], "float64"))


def test_the_change_is_the_ratio_of_geometric_means_with_welchs_interval() -> None:
    random = np.random.default_rng(1)
    now, before = random.normal(7, 1, 12), random.normal(6, 2, 9)
    given = frame(("a", 12, 9, now.mean(), before.mean(), now.var(ddof=1), before.var(ddof=1)))
    found = usual_change(given).iloc[0]
    low, high = stats.ttest_ind(now, before, equal_var=False).confidence_interval(0.9)
    assert found["usual_now"] == pytest.approx(exp(now.mean()))
    assert found["usual_change"] == pytest.approx(exp(now.mean() - before.mean()))
    assert (found["usual_change_low"], found["usual_change_high"]) == pytest.approx((exp(low), exp(high)))


def test_four_posts_give_no_interval_and_no_posts_no_change() -> None:
    few, none = usual_change(
        frame(("few", 4, 9, log(200), log(100), 1, 1), ("none", 9, 0, log(200), np.nan, 1, np.nan))
    ).to_dict("records")
    assert few["usual_change"] == pytest.approx(2.0) and isnan(few["usual_change_low"])
    assert isnan(none["usual_change"]) and isnan(none["usual_before"])


def test_posts_that_are_all_alike_leave_no_doubt_about_the_level() -> None:
    found = usual_change(frame(("a", 5, 5, log(300), log(100), 0, 0))).iloc[0]
    assert (found["usual_change_low"], found["usual_change_high"]) == pytest.approx((3.0, 3.0))


def test_no_accounts_have_no_changes() -> None:
    assert list(usual_change(frame()).columns) == list(COLUMNS)


def test_nine_welch_intervals_of_ten_cover_the_true_change() -> None:
    random = np.random.default_rng(2)
    now, before = random.normal(log(2), 0.9, (1000, 15)), random.normal(0, 0.9, (1000, 10))
    given = pd.DataFrame(
        {"account_id": [f"{n:04}" for n in range(1000)], "n_usual_now": 15, "n_usual_before": 10,
         "log_now": now.mean(1), "log_before": before.mean(1),
         "variance_now": now.var(1, ddof=1), "variance_before": before.var(1, ddof=1)}
    )  # fmt: skip
    found = usual_change(given)
    covered = ((found["usual_change_low"] <= 2) & (found["usual_change_high"] >= 2)).mean()
    assert covered == pytest.approx(0.9, abs=0.03)
