"""Intervals by drawing the data again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.model.bootstrap import change_of_medians


def posts(**groups: list[float]) -> pd.DataFrame:
    pairs = [(key, value) for key, values in groups.items() for value in values]
    return pd.DataFrame({"account_id": [k for k, _v in pairs], "outlier": [v for _k, v in pairs]}).astype(
        {"account_id": "str", "outlier": "float64"}
    )


def change(before: pd.DataFrame, now: pd.DataFrame, **options: float) -> pd.DataFrame:
    return change_of_medians(before, now, by="account_id", value="outlier", **options).set_index("account_id")


def test_the_change_is_of_the_medians_of_what_is_known() -> None:
    found = change(posts(a=[1, 2, 3, np.nan], gone=[1]), posts(a=[4, 6, np.nan], new=[2])).to_dict("index")
    assert set(found) == {"a", "new"}
    a, new = found["a"], found["new"]
    assert (a["n_before"], a["n_now"]) == (3, 2)
    assert (a["median_before"], a["median_now"], a["change"]) == (2.0, 5.0, 5.0 - 2.0)
    assert (new["n_before"], new["n_now"], new["median_now"]) == (0, 1, 2.0)
    assert np.isnan([new["median_before"], new["change"], a["change_low"], a["change_high"]]).all()


def test_an_interval_needs_five_posts_in_both_periods() -> None:
    found = change(posts(a=[1] * 4, b=[1] * 5, c=[1] * 9), posts(a=[1] * 9, b=[1] * 5, c=[1] * 4))
    assert found["change_low"].notna().to_dict() == {"a": False, "b": True, "c": False}


def test_the_median_now_has_an_interval_without_a_period_before() -> None:
    found = change(posts(a=[1, 2]), posts(a=[1, 2, 3, 4, 5], few=[1] * 4))
    assert 1 <= found.loc["a", "now_low"] < 3 < found.loc["a", "now_high"] <= 5
    assert found.loc["few", ["now_low", "now_high"]].isna().all()


def test_posts_that_are_all_alike_leave_no_doubt() -> None:
    found = change(posts(a=[2.0] * 6), posts(a=[5.0] * 6)).loc["a"]
    assert (found["change"], found["change_low"], found["change_high"]) == (3.0, 3.0, 3.0)


def test_the_same_posts_give_the_same_interval() -> None:
    random = np.random.default_rng(3)
    before, now = posts(a=list(random.normal(1, 1, 30))), posts(a=list(random.normal(2, 1, 30)))
    pd.testing.assert_frame_equal(change(before, now), change(before, now))
    wide, narrow = (change(before, now, level=level).loc["a"] for level in (0.95, 0.5))
    assert wide["change_low"] < narrow["change_low"] < narrow["change_high"] < wide["change_high"]


@pytest.mark.parametrize("n", [5, 6, 31, 60])
def test_the_interval_is_that_of_samples_drawn_one_by_one(n: int) -> None:
    values = np.random.default_rng(n).lognormal(0, 1, n)
    found = change(posts(), posts(a=list(values))).loc["a"]
    drawn = np.median(np.random.default_rng(9).choice(values, size=(20_000, n)), axis=1)
    # Medians take few values, so each end of the interval has its share below it or, itself counted, not above it.
    for end, share in ((found["now_low"], 0.05), (found["now_high"], 0.95)):
        assert (drawn < end - 1e-9).mean() <= share + 0.015
        assert (drawn <= end + 1e-9).mean() >= share - 0.015


def test_nine_intervals_of_ten_cover_the_true_change() -> None:
    random = np.random.default_rng(5)
    n = 150
    groups = {f"{g:03}": list(random.lognormal(0.0, 0.8, 40)) for g in range(n)}
    later = {f"{g:03}": list(1.5 * random.lognormal(0.0, 0.8, 40)) for g in range(n)}
    found = change(posts(**groups), posts(**later))
    covered = ((found["change_low"] <= 0.5) & (found["change_high"] >= 0.5)).mean()
    assert covered == pytest.approx(0.9, abs=0.07)


def test_no_posts_have_no_changes() -> None:
    found = change(posts(), posts())
    assert found.empty
    assert list(found.columns) == [
        "n_before", "n_now", "median_before", "median_now", "change", "change_low", "change_high",
        "now_low", "now_high",
    ]  # fmt: skip
