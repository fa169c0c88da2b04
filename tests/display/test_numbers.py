"""Figures as people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from workbench.display import numbers as n

S = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
MISSING = [None, float("nan"), np.float64("nan"), pd.NA, pd.NaT, Decimal("NaN")]


@pytest.mark.parametrize("value", MISSING)
@pytest.mark.parametrize(
    "say", [n.whole, n.figure, n.compact, n.percent, n.multiple, n.money, n.duration, n.in_unit]
)
def test_what_is_not_known_is_a_dash_and_never_0(say, value):
    assert say(value) == n.DASH


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1_000, "1,000"),
        (9_999, "9,999"),
        (9_999.6, "10k"),
        (12_345, "12.3k"),
        (123_456, "123k"),
        (994_000, "994k"),
        (999_950, "1M"),
        (1_243_000, "1.2M"),
        (4_130_000_000, "4.1B"),
        (-1_243_000, f"{MINUS}1.2M"),
        (0.1234, "0.123"),
    ],
)
def test_compact_keeps_the_digits_that_decide(value, text):
    assert n.compact(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.012345, "0.0123"),
        (4.5678, "4.57"),
        (99.96, "100"),
        (1234.5, "1,234"),
        (-2.5, f"{MINUS}2.5"),
    ],
)
def test_a_figure_has_three_significant_digits(value, text):
    assert n.figure(value) == text


def test_a_fraction_is_a_percentage_with_a_real_minus_and_no_negative_zero():
    assert n.percent(0.043) == f"4.3{S}%"
    assert n.percent(-0.12, digits=0, signed=True) == f"{MINUS}12{S}%"
    assert n.percent(0.12, digits=0, signed=True) == f"+12{S}%"
    assert n.percent(-0.00001) == f"0.0{S}%"
    assert n.percent(12.5) == f"1,250{S}%"


def test_a_change_is_signed_and_a_dash_where_there_is_nothing_to_divide_by():
    assert n.change(112, 100) == f"+12{S}%"
    assert n.change(97, 100) == f"{MINUS}3.0{S}%"
    assert n.change(5, -10) == f"+150{S}%"
    assert n.change(5, 0) == n.DASH
    assert n.change(None, 3) == n.DASH
    assert n.change(3, None) == n.DASH


def test_one_is_singular_and_none_is_no():
    assert [n.counted(k, "post") for k in (0, 1, 2, 1234)] == ["no posts", "1 post", "2 posts", "1,234 posts"]
    assert n.counted(2, "entry", "entries") == "2 entries"
    assert n.counted(None, "post") == f"{n.DASH} posts"


def test_durations_and_days_are_short():
    assert n.duration(0.75) == f"45{S}min"
    assert n.duration(36) == f"36{S}h"
    assert n.duration(84) == f"3.5{S}days"
    assert n.day(date(2025, 10, 6)) == f"6{S}Oct{S}2025"


def test_instants_are_told_in_utc_whatever_their_zone():
    berlin = datetime(2025, 10, 6, 6, 0, tzinfo=timezone(timedelta(hours=2)))
    assert n.instant(berlin) == n.instant(datetime(2025, 10, 6, 4)) == n.instant(berlin.astimezone(UTC))
    assert n.instant(berlin) == f"6{S}Oct{S}2025, 04:00{S}UTC"


def test_money_drops_cents_where_they_decide_nothing():
    assert n.money(Decimal("1234.5"), "USD") == f"1,234.50{S}USD"
    assert n.money(Decimal("12345.67")) == "12,346"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.5, "fraction", f"50.0{S}%"),
        (1.5, "multiple", "1.50×"),
        (1_234_567, "views", "1,234,567"),
        (np.int64(5), None, "5"),
        (np.bool_(True), None, "yes"),
        (False, None, "no"),
        (pd.Timestamp("2025-10-06 04:00"), None, f"6{S}Oct{S}2025, 04:00{S}UTC"),
        (date(2025, 10, 6), None, f"6{S}Oct{S}2025"),
        (timedelta(hours=36), None, f"36{S}h"),
        (["a", "b"], None, "a, b"),
        (np.array(["a", "b"]), None, "a, b"),
        ("<b>", "fraction", "<b>"),
    ],
)
def test_a_unit_and_a_type_decide_how_a_value_is_written(value, unit, text):
    assert n.in_unit(value, unit) == text


def test_multiples_have_two_decimals_under_ten_so_that_neighbours_can_be_compared():
    said = [n.multiple(v) for v in (0.0004, 0.0876, 0.1, 1, 2.925, 9.99, 10.84, 206.4)]
    assert said == ["0.0004×", "0.09×", "0.10×", "1.00×", "2.92×", "9.99×", "10.8×", "206×"]


def test_a_figure_within_a_fifth_of_a_percent_of_an_end_lies_within():
    assert [n.beside(v, 80.0, 90.0) for v in (79.5, 79.9, 85, 90.1, 91)] == [
        "below", "within", "within", "within", "above"
    ]  # fmt: skip
    assert n.beside(-5.0, -4.0, 3.0) == "below"
