"""How sure a share is."""

from __future__ import annotations

import pandas as pd
import pytest
from scipy import stats

from workbench.model.wilson import wilson, with_rate_intervals


@pytest.mark.parametrize(("k", "n"), [(0, 5), (1, 5), (7, 30), (30, 30)])
def test_the_interval_is_wilsons(k: int, n: int) -> None:
    low, high = wilson(pd.Series([k / n]), pd.Series([n]))
    by_scipy = stats.binomtest(k, n).proportion_ci(0.9, method="wilson")
    assert (low[0], high[0]) == pytest.approx((by_scipy.low, by_scipy.high), abs=1e-12)


def test_no_posts_and_an_unknown_share_have_no_interval() -> None:
    low, high = wilson(pd.Series([float("nan"), 0.0]), pd.Series([9, 0]))
    assert low.isna().all() and high.isna().all()


def test_each_rate_has_the_interval_of_its_own_posts() -> None:
    found = with_rate_intervals(
        pd.DataFrame(
            {"breakout_rate": [0.5], "n_outliers": [10], "viral_rate": [0.5], "n_final_posts": [1000]}
        )
    ).iloc[0]
    assert found["breakout_rate_low"] < found["viral_rate_low"] < 0.5 < found["viral_rate_high"]
    assert found["viral_rate_high"] < found["breakout_rate_high"]
