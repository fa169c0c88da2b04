"""Counts at the same age, against answers by hand and a plain Python oracle."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from text_tables import column, rows, table

from workbench.metrics import curves

POSTED_AT = datetime(2025, 1, 6, 10)
Points = list[tuple[float, int]]
"""(age in hours, count) of one post's snapshots."""


def aged(text: str) -> ibis.Table:
    """Snapshots with the age of their post, as `aged_snapshots` gives them."""
    return table(text, {"is_dated": "boolean"}, age_hours="float64").mutate(
        is_dated=lambda t: t.is_dated.fill_null(False)
    )


def at(text: str, h: int) -> dict[str, Any]:
    """Views at an age by post, None also where there is no row."""
    known = aged(text)
    found = column(curves.counts_at(curves.steps(known), "views", [h]), f"views_at_{h}")
    return {row["post_id"]: found.get(row["post_id"]) for row in rows(known)}


def snapshots_of(points: Mapping[str, Points], *, dated: bool = False) -> ibis.Table:
    """The way of the warehouse's rows: posts and their snapshots, aged."""
    precision = "day" if dated else "second"
    posts = ["post_id | posted_at | posted_at_precision"]
    posts += [f"{post} | {POSTED_AT} | {precision}" for post in points]
    seen = ["post_id | captured_at | views"]
    seen += [
        f"{post} | {POSTED_AT + timedelta(hours=age)} | {n}"
        for post, known in points.items()
        for age, n in known
    ]
    return curves.aged_snapshots(table("\n".join(posts)), table("\n".join(seen), COUNTS))


COUNTS = dict.fromkeys(["views", "likes", "comments", "shares", "saves", "reposts", "downloads"], "int64")


# --- age ---------------------------------------------------------------------------------------------


def test_age_is_counted_from_posting_and_what_was_seen_before_it_is_left_out() -> None:
    posts = table(
        """
        post_id | posted_at           | posted_at_precision
        timed   | 2025-01-06 10:00:00 | second
        dated   | 2025-01-06          | day
        unsaid  | 2025-01-06 10:00:00 | -
        timeless| -                   | -
        """
    )
    snapshots = table(
        """
        post_id | captured_at         | views | likes | comments | shares | saves
        timed   | 2025-01-06 09:59:59 |     1 |     - |        - |      - |     -
        timed   | 2025-01-06 10:00:00 |     2 |     - |        - |      - |     -
        timed   | 2025-01-07 11:30:00 |     3 |     7 |        - |      1 |     2
        dated   | 2025-01-07          |     4 |     0 |        - |      - |     -
        unsaid  | 2025-01-06 11:00:00 |     5 |     - |        - |      - |     9
        timeless| 2025-01-07          |     6 |     - |        - |      - |     -
        unknown | 2025-01-07          |     7 |     - |        - |      - |     -
        """
    )
    found = rows(
        curves.aged_snapshots(posts, snapshots), "post_id", "age_hours", "is_dated", "views", "engagement"
    )
    assert found == [
        {"post_id": "dated", "age_hours": 24.0, "is_dated": True, "views": 4, "engagement": 0},
        {"post_id": "timed", "age_hours": 0.0, "is_dated": False, "views": 2, "engagement": None},
        {"post_id": "timed", "age_hours": 24 + 1.5, "is_dated": False, "views": 3, "engagement": 7 + 1},
        {"post_id": "unsaid", "age_hours": 1.0, "is_dated": False, "views": 5, "engagement": None},
    ]


# --- views_at ----------------------------------------------------------------------------------------


def test_views_at_lies_on_the_line_between_the_snapshots_around_the_age() -> None:
    text = """
        post_id | age_hours | views
        a       |        20 |   100
        a       |        30 |   200
    """
    assert at(text, 24) == {"a": 100 + (24 - 20) / (30 - 20) * (200 - 100)}


def test_views_at_takes_a_snapshot_at_exactly_that_age_whatever_lies_around_it() -> None:
    text = """
        post_id | age_hours | views
        a       |        24 |   100
        a       |        25 |   900
        late    |       120 |    70
    """
    assert at(text, 24) == {"a": 100.0, "late": None}
    assert at(text, 120) == {"a": None, "late": 70.0}, "five days without a look, then one at 120 h"


def test_age_0_counts_as_0_views() -> None:
    text = """
        post_id | age_hours | views
        a       |        24 |   100
        b       |        20 |   100
        b       |        25 |   150
        zero    |         0 |    10
        zero    |        20 |   110
    """
    assert at(text, 12) == {"a": 100 * 12 / 24, "b": 100 * 12 / 20, "zero": 10 + 100 * 12 / 20}


def test_views_at_is_null_while_a_post_is_immature() -> None:
    text = """
        post_id | age_hours | views
        young   |      23.9 |   100
        grown   |      24.0 |   100
    """
    assert at(text, 24) == {"young": None, "grown": 100.0}


@pytest.mark.parametrize(
    ("h", "before", "after", "known"),
    [
        (24, 12, 36, True),  # a bracket of 24 h is the widest at 24 h
        (24, 12, 36.1, False),
        (48, 30, 54, True),  # max(24, 48 / 2) = 24
        (48, 30, 54.1, False),
        (120, 100, 160, True),  # max(24, 120 / 2) = 60
        (120, 100, 160.1, False),
        (720, 700, 1060, True),  # max(24, 720 / 2) = 360
        (720, 700, 1060.1, False),
        (720, 360, 720, True),
        (24, 0.5, 24.6, False),
    ],
)
def test_views_at_is_null_where_the_bracket_is_wider_than_a_day_and_half_the_age(
    h: int, before: float, after: float, known: bool
) -> None:
    text = f"""
        post_id | age_hours | views
        a       |  {before} |   100
        a       |   {after} |   400
    """
    line = 100 + (h - before) / (after - before) * 300
    assert at(text, h) == {"a": pytest.approx(line) if known else None}


def test_the_bracket_reaches_back_to_posting() -> None:
    text = """
        post_id | age_hours | views
        near    |        60 |   600
        far     |        61 |   610
    """
    assert at(text, 48) == {"near": None, "far": None}, "wider than 24 h"
    assert at(text, 120) == {"near": None, "far": None}, "too young"
    assert at("post_id | age_hours | views\na | 24 | 240", 20) == {"a": 200.0}


def test_a_date_of_posting_says_nothing_below_48_hours() -> None:
    text = """
        post_id | age_hours | is_dated | views
        dated   |        24 |     true |   100
        dated   |        47 |     true |   200
        dated   |        48 |     true |   220
        timed   |        24 |    false |   100
        timed   |        47 |    false |   200
    """
    assert at(text, 24) == {"dated": None, "timed": 100.0}
    assert at(text, 40) == {"dated": None, "timed": pytest.approx(100 + 16 / 23 * 100)}
    assert at(text, 48) == {"dated": 220.0, "timed": None}


def test_an_unknown_count_is_no_snapshot_of_it() -> None:
    text = """
        post_id | age_hours | views
        a       |        20 |   100
        a       |        24 |     -
        a       |        28 |   300
        never   |        24 |     -
    """
    assert at(text, 24) == {"a": 200.0, "never": None}


def test_a_falling_count_is_interpolated_like_any_other() -> None:
    assert at("post_id | age_hours | views\na | 22 | 300\na | 26 | 100", 24) == {"a": 200.0}


def test_no_snapshots_give_no_rows() -> None:
    found = snapshots_of({})
    assert rows(found) == []
    steps = curves.steps(found)
    counts = curves.counts_at(steps, "views")
    assert rows(counts) == []
    assert rows(curves.pace(steps, curves.settled_views(counts, found))) == []
    assert rows(curves.ten_x_24h(steps)) == []
    assert rows(curves.latest_counts(table("post_id | captured_at", COUNTS))) == []


def views_at_by_hand(known: Points, h: float, *, dated: bool = False) -> float | None:
    """The definition of metrics.md in plain Python."""
    if dated and h < 48:
        return None
    line = sorted(known)
    after = next(((age, n) for age, n in line if age >= h), None)
    if after is None:
        return None
    if after[0] == h:
        return float(after[1])
    before = max([(age, n) for age, n in line if age <= h], default=(0.0, 0))
    width = after[0] - before[0]
    if width > max(24.0, h / 2):
        return None
    return before[1] + (h - before[0]) / width * (after[1] - before[1])


def _ages(most: int) -> st.SearchStrategy[float]:
    """Ages in quarter hours, many of them exactly a horizon."""
    free = st.integers(0, 4 * most).map(lambda quarter: quarter / 4)
    return free | st.sampled_from([0.0, 12.0, 24.0, 36.0, 48.0, 72.0, 96.0, 120.0, 180.0, 720.0, 1080.0])


def _posts(counts: st.SearchStrategy[int]) -> st.SearchStrategy[dict[str, Points]]:
    points = st.dictionaries(_ages(60) | _ages(1_200), counts, max_size=8).map(lambda d: sorted(d.items()))
    return st.lists(points, min_size=1, max_size=12).map(
        lambda found: {f"p{n:02}": p for n, p in enumerate(found)}
    )


@settings(max_examples=25, deadline=None)
@given(points=_posts(st.integers(0, 1_000)), dated=st.booleans())
def test_views_at_of_every_horizon_is_that_of_plain_python(points: dict[str, Points], dated: bool) -> None:
    steps = curves.steps(snapshots_of(points, dated=dated))
    found = {row["post_id"]: row for row in rows(curves.counts_at(steps, "views"))}
    for post, known in points.items():
        for h in curves.HORIZONS_HOURS:
            value = found.get(post, {}).get(f"views_at_{h}")
            assert value == pytest.approx(views_at_by_hand(known, h, dated=dated)), (post, h)


@settings(max_examples=25, deadline=None)
@given(points=_posts(st.just(0)), gains=st.lists(st.integers(0, 500), min_size=8, max_size=8))
def test_views_at_never_falls_where_the_counts_never_fall(
    points: dict[str, Points], gains: list[int]
) -> None:
    rising = {
        p: [(age, sum(gains[: n + 1])) for n, (age, _n) in enumerate(known)] for p, known in points.items()
    }
    steps = curves.steps(snapshots_of(rising))
    for row in rows(curves.counts_at(steps, "views")):
        known = [v for h in curves.HORIZONS_HOURS if (v := row[f"views_at_{h}"]) is not None]
        assert all(a <= b + 1e-9 for a, b in pairwise(known)), row


@settings(max_examples=25, deadline=None)
@given(points=_posts(st.integers(0, 1_000)))
def test_views_at_lies_between_the_counts_around_it(points: dict[str, Points]) -> None:
    steps = curves.steps(snapshots_of(points))
    for row in rows(curves.counts_at(steps, "views")):
        known = points[row["post_id"]]
        for h in curves.HORIZONS_HOURS:
            if (value := row[f"views_at_{h}"]) is None:
                continue
            after = min((p for p in known if p[0] >= h), default=None)
            before = max((p for p in known if p[0] <= h), default=(0.0, 0))
            assert after is not None
            low, high = sorted([before[1], after[1]])
            assert low - 1e-9 <= value <= high + 1e-9


# --- newest and settled counts -----------------------------------------------------------------------


def test_the_newest_known_count_of_each_kind_counts() -> None:
    snapshots = table(
        """
        post_id | captured_at | views | likes | comments | shares | saves | reposts | downloads
        a       | 2025-01-07  |   100 |    10 |        1 |      - |     - |       - |         -
        a       | 2025-01-08  |   200 |     - |        0 |      - |     - |       - |         -
        a       | 2025-01-09  |     - |     - |        - |      - |     - |       - |         5
        """
    )
    assert rows(curves.latest_counts(snapshots)) == [
        {
            "post_id": "a", "n_snapshots": 3, "last_captured_at": datetime(2025, 1, 9), "views": 200,
            "likes": 10, "comments": 0, "shares": None, "saves": None, "reposts": None, "downloads": 5,
        }
    ]  # fmt: skip


def settled(text: str) -> dict[str, tuple[float | None, bool | None]]:
    known = aged(text)
    found = curves.settled_views(curves.counts_at(curves.steps(known), "views"), known)
    return {r["post_id"]: (r["views_settled"], r["is_settled_late"]) for r in rows(found)}


def test_settled_views_are_those_at_720_hours_else_the_newest_later_ones() -> None:
    text = """
        post_id | age_hours | views
        exact   |       720 |   500
        exact   |      2000 |   900
        between |       700 |   100
        between |       740 |   300
        late    |      2000 |   800
        late    |      3000 |   850
        late    |      4000 |     -
        wide    |       300 |   100
        wide    |       721 |   300
        young   |       719 |   300
    """
    assert settled(text) == {
        "exact": (500.0, False),
        "between": (100 + 20 / 40 * 200, False),
        "late": (850.0, True),
        "wide": (300.0, True),
        "young": (None, None),
    }


# --- pace --------------------------------------------------------------------------------------------


def pace(text: str) -> dict[str, tuple[float | None, float | None]]:
    known = aged(text)
    steps = curves.steps(known)
    found = curves.pace(steps, curves.settled_views(curves.counts_at(steps, "views"), known))
    return {r["post_id"]: (r["peak_velocity_views_per_hour"], r["half_life_hours"]) for r in rows(found)}


def test_half_life_and_peak_velocity_of_a_well_watched_post() -> None:
    text = """
        post_id | age_hours | views
        a       |        10 |   100
        a       |        20 |   400
        a       |        30 |   600
        a       |       400 |   800
        a       |       720 |  1000
    """
    assert pace(text) == {"a": ((400 - 100) / (20 - 10), 20 + (500 - 400) / (600 - 400) * 10)}


def test_half_life_is_exact_at_a_snapshot_and_in_the_first_step() -> None:
    at_snapshot = "post_id | age_hours | views\na | 10 | 500\na | 400 | 900\na | 720 | 1000"
    assert pace(at_snapshot)["a"] == (500 / 10, 10.0)
    in_first = "post_id | age_hours | views\na | 20 | 800\na | 400 | 900\na | 720 | 1000"
    assert pace(in_first)["a"] == (800 / 20, 20 * 500 / 800)


def test_half_life_is_null_while_immature_and_where_there_are_no_views() -> None:
    text = """
        post_id | age_hours | views
        young   |        10 |   100
        young   |       719 |   400
        none    |        10 |     0
        none    |       720 |     0
    """
    found = pace(text)
    assert found["young"] == (10.0, None)
    assert found["none"] == (0.0, None)


def test_half_life_is_the_first_time_and_unknown_where_the_first_time_is() -> None:
    text = """
        post_id | age_hours | views
        twice   |        10 |   600
        twice   |        20 |   400
        twice   |        30 |   700
        twice   |       700 |   990
        twice   |       720 |  1000
        watched |        10 |   100
        watched |        30 |   600
        watched |        40 |   400
        watched |        50 |   700
        watched |       700 |   990
        watched |       720 |  1000
        hidden  |        10 |   100
        hidden  |        90 |   600
        hidden  |       100 |   400
        hidden  |       110 |   700
        hidden  |       700 |   990
        hidden  |       720 |  1000
    """
    assert pace(text)["twice"][1] == pytest.approx(10 * 500 / 600)
    assert pace(text)["watched"][1] == 10 + (500 - 100) / (600 - 100) * 20
    assert pace(text)["hidden"][1] is None, "half was reached some time within 80 h, then again at 103 h"


def test_peak_velocity_of_a_post_that_only_fell_is_negative_and_of_one_look_is_from_posting() -> None:
    text = """
        post_id | age_hours | views
        one     |        20 |   100
        far     |        90 |   900
        at_0    |         0 |    50
    """
    assert pace(text).get("one") == (100 / 20, None)
    assert pace(text).get("far", (None, None)) == (None, None)
    assert pace(text).get("at_0", (None, None)) == (None, None)


def test_a_date_of_posting_gives_no_pace_of_its_first_two_days() -> None:
    text = """
        post_id | age_hours | is_dated | views
        quick   |        10 |     true |   800
        quick   |        20 |     true |   850
        quick   |       720 |     true |  1000
        slow    |        40 |     true |   100
        slow    |        60 |     true |   600
        slow    |       720 |     true |  1000
    """
    assert pace(text) == {
        "quick": ((850 - 800) / (20 - 10), None),
        "slow": ((600 - 100) / (60 - 40), 40 + (500 - 100) / (600 - 100) * 20),
    }


def pace_by_hand(known: Points) -> tuple[float | None, float | None]:
    """The fastest step, and the first age at half of the settled views."""
    steps = list(pairwise([(0.0, 0), *sorted(known)]))
    near = [(a, b) for a, b in steps if b[0] - a[0] <= max(24.0, b[0] / 2)]
    peak = max([(b[1] - a[1]) / (b[0] - a[0]) for a, b in near if b[0] > a[0]], default=None)
    late = [n for age, n in sorted(known) if age >= 720]
    final = views_at_by_hand(known, 720)
    if final is None and not late:
        return peak, None
    half = (late[-1] if final is None else final) / 2
    for a, b in steps:
        if a[1] < half <= b[1]:
            return peak, a[0] + (half - a[1]) / (b[1] - a[1]) * (b[0] - a[0]) if (a, b) in near else None
    return peak, None


@pytest.mark.long
@settings(max_examples=25, deadline=None)
@given(points=_posts(st.integers(0, 1_000)))
def test_pace_is_that_of_plain_python(points: dict[str, Points]) -> None:
    known = snapshots_of(points)
    steps = curves.steps(known)
    found = curves.pace(steps, curves.settled_views(curves.counts_at(steps, "views"), known))
    for row in rows(found):
        peak, half_life = pace_by_hand(points[row["post_id"]])
        assert row["peak_velocity_views_per_hour"] == pytest.approx(peak), points[row["post_id"]]
        assert row["half_life_hours"] == pytest.approx(half_life), points[row["post_id"]]


# --- ten times in a day ------------------------------------------------------------------------------


def ten_x(text: str) -> dict[str, bool | None]:
    found = curves.ten_x_24h(curves.steps(aged(text)))
    return column(found, "is_ten_x_24h")


def test_ten_x_compares_the_newest_engagement_with_that_of_24_hours_before() -> None:
    text = """
        post_id | age_hours | views
        ten     |        30 |    10
        ten     |        54 |   100
        nine    |        30 |    10
        nine    |        54 |    99
        between |        20 |    10
        between |        40 |    30
        between |        54 |   200
    """
    earlier = 10 + (54 - 24 - 20) / 20 * 20
    assert ten_x(text) == {"ten": True, "nine": False, "between": 10 * earlier <= 200}


def test_ten_x_is_null_where_the_earlier_engagement_is_zero_or_unknown() -> None:
    text = """
        post_id | age_hours | views
        zero    |        30 |     0
        zero    |        54 |   100
        young   |        12 |     5
        young   |        24 |   100
        wide    |        10 |     5
        wide    |        90 |   100
        wide    |       100 |   200
        exact   |        40 |     5
        exact   |        64 |    50
    """
    found = ten_x(text)
    assert {p: found.get(p) for p in ("zero", "young", "wide", "exact")} == {
        "zero": None,
        "young": None,
        "wide": None,
        "exact": True,
    }
