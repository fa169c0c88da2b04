"""The what-if formula, by hand."""

from __future__ import annotations

import time
from dataclasses import fields
from math import sqrt

import numpy as np
import pytest

from workbench.model.whatif import (
    BY_NAME,
    DRAWS,
    INPUTS,
    OUTPUTS,
    Basis,
    Inputs,
    answer,
    basis_of,
    drawn_views,
    month,
)

# 4 posts a day by each of 2 VAs; 1 in 10 is viral with 20 times 1,000 views, the others have 0.5 times as many.
GIVEN = Inputs(
    posts_per_day=4, vas=2, accounts=10, posts_per_account=1, hours_per_post=0.5, median_views=1000,
    viral_rate=0.1, viral_multiple=20, reuse_share=0.5, reuse_multiple=0.6, rpm=2, hourly_rate=6, tools=100,
)  # fmt: skip
BASIS = Basis(
    ordinary_multiple=0.5, ordinary_cv=1.0, viral_cv=2.0, reuse_factor=1.0, z_low=-1, z_median=0, z_high=2
)
POSTS = 4 * 2 * 30.4375
VIEWS_PER_POST = 1000 * (0.9 * 0.5 + 0.1 * 20) * (0.5 + 0.5 * 0.6)
REVENUE = 2 * POSTS * VIEWS_PER_POST / 1000
COST = POSTS * 0.5 * 6 + 100


def test_a_month_is_what_the_definition_says():
    found = answer(GIVEN, BASIS)
    assert found["posts"] == POSTS == 243.5
    assert found["views_per_post"] == pytest.approx(VIEWS_PER_POST) == pytest.approx(1960)
    assert found["views"] == pytest.approx(243.5 * 1960)
    assert found["revenue"] == pytest.approx(REVENUE)
    assert found["cost"] == pytest.approx(COST) == pytest.approx(830.5)
    assert found["profit"] == pytest.approx(REVENUE - COST)
    assert found["roi"] == pytest.approx((REVENUE - COST) / COST)
    assert found["room_used"] == pytest.approx(8 / 10)


def test_at_the_break_even_rpm_and_posts_the_profit_is_0():
    found = answer(GIVEN, BASIS)
    at_rpm = answer(GIVEN.changed({"rpm": found["breakeven_rpm"]}), BASIS)
    assert at_rpm["profit"] == pytest.approx(0, abs=1e-9)
    a_day = found["breakeven_posts"] / 30.4375 / GIVEN.vas
    at_posts = answer(GIVEN.changed({"posts_per_day": a_day}), BASIS)
    assert at_posts["profit"] == pytest.approx(0, abs=1e-9)


def test_the_interval_is_n_x_mean_x_1_plus_z_cv_over_root_n():
    # E[x^2] of the mixture, in squares of the median: 0.9 x 0.5^2 x (1 + 1) + 0.1 x 20^2 x (1 + 4).
    mean = 0.9 * 0.5 + 0.1 * 20
    cv = sqrt((0.9 * 0.25 * 2 + 0.1 * 400 * 5) / mean**2 - 1)
    found = answer(GIVEN, BASIS)
    assert found["views_cv"] == pytest.approx(cv)
    for end, z in (("low", -1), ("median", 0), ("high", 2)):
        views = POSTS * VIEWS_PER_POST * (1 + z * cv / sqrt(POSTS))
        assert found[f"views_{end}"] == pytest.approx(views)
        assert found[f"profit_{end}"] == pytest.approx(2 * views / 1000 - COST)


def test_views_of_a_draw_are_never_under_0():
    assert answer(GIVEN, Basis(viral_cv=50, z_low=-9))["views_low"] == 0


def test_vas_post_no_more_than_all_accounts_take():
    found = answer(GIVEN.changed({"vas": 20}), BASIS)
    assert found["posts"] == 10 * 1 * 30.4375
    assert found["room_used"] == pytest.approx(8)
    assert found["cost"] == pytest.approx(10 * 30.4375 * 0.5 * 6 + 100)


@pytest.mark.parametrize("name", ["posts_per_day", "vas", "accounts", "posts_per_account"])
def test_without_posts_there_are_only_tools_to_pay(name):
    found = answer(GIVEN.changed({name: 0}), BASIS)
    assert (found["posts"], found["views"], found["revenue"]) == (0, 0, 0)
    assert found["cost"] == 100 and found["profit"] == -100 and found["roi"] == -1
    assert found["breakeven_rpm"] is None
    assert found["profit_low"] == found["profit_high"] == -100


def test_without_accounts_no_share_of_them_is_known():
    assert answer(GIVEN.changed({"accounts": 0}), BASIS)["room_used"] is None


def test_without_cost_roi_is_unknown_and_nothing_has_to_be_broken_even():
    found = answer(GIVEN.changed({"tools": 0, "hourly_rate": 0}), BASIS)
    assert found["cost"] == 0 and found["roi"] is None
    assert found["breakeven_rpm"] == 0 and found["breakeven_posts"] == 0


def test_without_revenue_no_number_of_posts_breaks_even():
    found = answer(GIVEN.changed({"rpm": 0}), BASIS)
    assert found["revenue"] == 0 and found["profit"] == pytest.approx(-COST) and found["roi"] == -1
    assert found["breakeven_posts"] is None
    assert found["breakeven_rpm"] == pytest.approx(1000 * COST / (POSTS * VIEWS_PER_POST))


def test_a_post_that_earns_just_what_it_costs_never_breaks_even():
    # 1,000 x 0.5 views at an RPM of 8 earn 4; half an hour at 8 costs 4.
    given = GIVEN.changed({"viral_rate": 0, "reuse_share": 0, "rpm": 8, "hourly_rate": 8})
    found = answer(given, BASIS)
    assert found["profit"] == -100 and found["breakeven_posts"] is None
    # At 9 a post earns half a unit more than it costs: 200 posts pay for tools of 100.
    assert answer(given.changed({"rpm": 9}), BASIS)["breakeven_posts"] == pytest.approx(200)


def test_nobody_views_what_has_no_views():
    found = answer(GIVEN.changed({"viral_rate": 1, "viral_multiple": 0}), BASIS)
    assert found["views"] == 0 and found["views_cv"] == 0 and found["views_high"] == 0


def test_the_same_function_takes_arrays():
    many = month(Inputs(**{**GIVEN.values(), "posts_per_day": np.array([0.0, 4.0, 9.0])}), BASIS)
    one_by_one = [answer(GIVEN.changed({"posts_per_day": p}), BASIS) for p in (0, 4, 9)]
    for name in ("posts", "profit", "profit_low"):
        assert many[name].tolist() == [a[name] for a in one_by_one]
    assert np.isnan(many["breakeven_rpm"][0])


def views(n: int = 1_000) -> np.ndarray:
    return np.random.default_rng(3).lognormal(7.5, 1.4, n)


def test_the_measured_posts_come_out_as_they_are():
    real = views()
    viral = real >= 10_000
    median = float(np.median(real))
    basis = basis_of(real, 10_000)
    given = GIVEN.changed(
        {"median_views": median, "viral_rate": viral.mean(), "viral_multiple": real[viral].mean() / median,
         "reuse_share": 0.0}
    )  # fmt: skip
    found = answer(given, basis)
    assert found["views_per_post"] == pytest.approx(real.mean())
    assert found["views_cv"] == pytest.approx(real.std() / real.mean())


def test_the_draws_are_standardized_and_always_the_same():
    basis = basis_of(views(), 10_000)
    assert len(basis.z) == DRAWS == 2_000
    assert basis == basis_of(views(), 10_000)
    assert np.mean(basis.z) == pytest.approx(0, abs=0.08) and np.std(basis.z) == pytest.approx(1, abs=0.06)
    assert list(basis.z) == sorted(basis.z)


def test_the_interval_is_the_quantiles_of_the_2000_draws():
    basis = basis_of(views(), 10_000)
    found = month(GIVEN, basis)
    drawn = drawn_views(found, np.array(basis.z))
    low, median, high = np.quantile(drawn, [0.1, 0.5, 0.9])
    assert (low, median, high) == pytest.approx(
        (found["views_low"], found["views_median"], found["views_high"]), rel=1e-9
    )
    profit = GIVEN.rpm * drawn / 1000 - found["cost"]
    assert np.quantile(profit, 0.1) == pytest.approx(found["profit_low"], rel=1e-9)


@pytest.mark.parametrize("few", [[], [500.0], [700.0, 700.0]])
def test_without_posts_that_differ_there_is_a_basis_all_the_same(few):
    basis = basis_of(np.array(few), 10_000)
    assert len(basis.z) == DRAWS
    assert answer(GIVEN, basis)["profit_low"] <= answer(GIVEN, basis)["profit_high"]


def test_every_input_is_described_once_and_in_order():
    assert [f.name for f in fields(Inputs)] and {f.name for f in fields(Inputs)} == set(BY_NAME)
    assert len(INPUTS) == len(BY_NAME)
    assert set(OUTPUTS) <= set(answer(GIVEN, BASIS))


@pytest.mark.parametrize("about", INPUTS, ids=lambda i: i.name)
@pytest.mark.parametrize("today", [0.0, 0.0043, 0.21, 1.0, 7.3, 4_321.0])
def test_a_slider_reaches_twice_as_far_as_today_in_steps_that_are_finer(about, today):
    today = min(today, about.most or today)
    low, high, step = about.slider(today)
    assert low == 0 and high > 0
    assert high >= min(2 * today, about.most or 2 * today)
    assert step <= high / 5 and (about.is_whole or step <= high / 100)
    if about.is_whole:
        assert step == 1 and high.is_integer()


def test_a_month_is_computed_in_a_fraction_of_a_millisecond():
    basis = basis_of(views(), 10_000)
    answer(GIVEN, basis)
    begin = time.perf_counter()
    for _ in range(20):
        answer(GIVEN, basis)
    assert (time.perf_counter() - begin) / 20 < 0.01
