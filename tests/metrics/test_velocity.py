"""The course of a post between its snapshots, against answers by hand and a plain Python oracle."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from text_tables import rows, table

from workbench.metrics.velocity import counts_at_age, passed_within, post_velocity, views_at_horizons

POSTED = """
    post_id | posted_at        | posted_at_precision
    p       | 2025-03-03 10:00 | second
"""
COUNTS = dict.fromkeys(["views", "likes", "comments", "shares", "saves"], "int64")
HORIZONS = {f"views_at_{h}": "float64" for h in (24, 48, 72, 96, 120, 168, 720)}


def seen(text: str) -> ibis.Table:
    return table(text, COUNTS)


def test_counts_at_an_age_are_found_for_every_kind_and_any_age() -> None:
    looks = seen(
        """
        post_id | captured_at      | views | likes | saves
        p       | 2025-03-04 10:00 |   240 |    24 |     -
        p       | 2025-03-05 10:00 |   480 |    24 |     7
        """
    )
    (found,) = rows(counts_at_age(table(POSTED), looks, hours=(36, 48)))
    # 36 h lies half way between 24 and 48 h; saves were first seen at 48 h, too far from posting for 36 h.
    assert (found["views_at_36"], found["likes_at_36"], found["saves_at_36"]) == (360.0, 24.0, None)
    assert (found["views_at_48"], found["saves_at_48"], found["shares_at_48"]) == (480.0, 7.0, None)


def test_a_post_that_nobody_looked_at_has_a_row_of_unknown_counts() -> None:
    (found,) = rows(counts_at_age(table(POSTED), seen("post_id | captured_at")))
    assert set(found) == {"post_id", *(f"{c}_at_120" for c in COUNTS)}
    assert [v for k, v in found.items() if k != "post_id"] == [None] * 5


def test_a_step_is_told_by_its_gain_its_speed_and_its_acceleration() -> None:
    looks = seen(
        """
        post_id | captured_at      | views
        p       | 2025-03-03 14:00 |   400
        p       | 2025-03-03 15:00 |     -
        p       | 2025-03-03 16:00 |   800
        p       | 2025-03-03 20:00 |  1000
        """
    )
    first, second, third = rows(post_velocity(table(POSTED), looks))[0:3]
    assert (first["step_hours"], first["velocity_views_per_hour"]) == (4.0, 100.0)
    assert (first["velocity_score"], first["acceleration"]) == (None, None)
    assert (second["step_hours"], second["views_gained"]) == (2.0, 400)
    assert (second["velocity_score"], second["velocity_views_per_hour"]) == (1.0, 200.0)
    assert second["acceleration"] == (200 - 100) / 100
    assert (third["velocity_score"], third["acceleration"]) == (200 / 800, (50 - 200) / 200)


def test_what_has_no_divisor_has_no_rate() -> None:
    looks = seen(
        """
        post_id | captured_at      | views
        p       | 2025-03-03 10:00 |     0
        p       | 2025-03-03 11:00 |     0
        p       | 2025-03-03 12:00 |    50
        p       | 2025-03-03 13:00 |    40
        """
    )
    found = rows(post_velocity(table(POSTED), looks).order_by("captured_at"))
    assert [r["velocity_views_per_hour"] for r in found] == [None, 0.0, 50.0, -10.0]
    assert [r["velocity_score"] for r in found] == [None, None, None, -10 / 50]
    assert [r["acceleration"] for r in found] == [None, None, None, (-10 - 50) / 50]


def test_nothing_is_said_of_the_first_step_of_a_date() -> None:
    dated = table("post_id | posted_at | posted_at_precision\np | 2025-03-03 | day")
    looks = seen("post_id | captured_at | views\np | 2025-03-04 | 100\np | 2025-03-05 | 148")
    first, second = rows(post_velocity(dated, looks))
    assert (first["velocity_views_per_hour"], second["velocity_views_per_hour"]) == (None, 2.0)
    assert second["acceleration"] is None


def test_no_snapshots_give_no_steps() -> None:
    assert rows(post_velocity(table(POSTED), seen("post_id | captured_at"))) == []


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 500)), min_size=1, max_size=6))
def test_steps_are_those_of_the_definition(points: list[tuple[int, int]]) -> None:
    ages = sorted({hours for hours, _n in points})
    known = dict(points)
    start = datetime(2025, 3, 3, 10)
    lines = [f"p | {start + timedelta(hours=h)} | {known[h]}" for h in ages]
    found = rows(post_velocity(table(POSTED), seen("\n".join(["post_id | captured_at | views", *lines]))))
    expected: list[dict[str, Any]] = []
    before, at, slower = 0, 0, None
    for h in ages:
        gained, hours = known[h] - before, h - at
        speed = gained / hours
        expected.append(
            {
                "velocity_views_per_hour": speed,
                "velocity_score": gained / before if before else None,
                "acceleration": (speed - slower) / abs(slower) if slower else None,
            }
        )
        before, at, slower = known[h], h, speed
    assert [{k: r[k] for k in expected[0]} for r in found] == [
        {k: v if v is None else pytest.approx(v) for k, v in e.items()} for e in expected
    ]


def test_exactly_the_limit_is_not_passed_and_what_is_unknown_neither() -> None:
    found = passed_within(
        table(
            """
            post_id | account_id | va_id | posted_at  | views_at_48 | views | outlier_120
            under   | a          | v     | 2025-03-03 |       10000 | 90000 |         2.0
            over    | a          | v     | 2025-03-03 |     10000.5 | 90000 |         2.0
            unknown | a          | v     | 2025-03-03 |           - | 90000 |         2.0
            """
        ),
        views=10_000,
    )
    assert [r["post_id"] for r in rows(found)] == ["over"]


def test_all_horizons_stand_beside_each_other() -> None:
    posts = table("post_id | views_at_48\np | 12", {"account_id": "string", "post_type": "string",
                  "posted_at": "timestamp", "views_settled": "float64", **HORIZONS})  # fmt: skip
    (found,) = rows(views_at_horizons(posts))
    assert found["views_at_48"] == 12.0 and set(HORIZONS) <= set(found)
