"""What is recommended to whom, what to expect of it, and why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from math import sqrt
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest
from text_tables import table

from workbench.metrics.periods import Period
from workbench.model.catalogue import Asked
from workbench.model.recommendations import (
    COLUMNS,
    reasons,
    recommended,
    reuse_multiples,
    worth_showing,
)

ASKED_UP_TO = Period(date(2025, 1, 1), date(2025, 6, 29))
"""Its end is the first instant of 30 June."""
DECAY = pd.DataFrame({"use_number": [1, 2, 3], "reuse_decay": [1.0, 0.8, 0.5]})


def lifts(*each: tuple[str, float, float, float, int]) -> pd.DataFrame:
    return pd.DataFrame(
        each, columns=["image_id", "slide_lift", "slide_lift_low", "slide_lift_high", "n_lift_posts"]
    )


def used(**n_uses: int) -> pd.DataFrame:
    return pd.DataFrame({"image_id": list(n_uses), "n_uses": list(n_uses.values()), "days_since_used": 99})


# --- the next use ------------------------------------------------------------------------------------


def test_the_next_use_is_set_against_the_mean_of_the_uses_so_far() -> None:
    """A lift holds the decay of its own uses, so only the step to the next one is put on."""
    found = reuse_multiples(np.array([1, 2, 3, 5]), DECAY)
    assert found == pytest.approx(
        [
            0.8 / 1.0,
            0.5 / sqrt(1.0 * 0.8),
            0.5 / (1.0 * 0.8 * 0.5) ** (1 / 3),
            0.5 / (1.0 * 0.8 * 0.5 * 0.5 * 0.5) ** (1 / 5),
        ]
    )


def test_a_decay_that_is_not_known_changes_nothing() -> None:
    unknown = pd.DataFrame({"use_number": [1, 2], "reuse_decay": [np.nan, np.nan]})
    for decay in (unknown, DECAY.head(0)):
        assert reuse_multiples(np.array([1, 7]), decay).tolist() == [1.0, 1.0]
    assert len(reuse_multiples(np.array([], dtype=int), DECAY)) == 0


def test_a_use_number_without_an_estimate_takes_the_one_before() -> None:
    gap = pd.DataFrame({"use_number": [3, 1, 2], "reuse_decay": [0.5, 1.0, np.nan]})
    assert reuse_multiples(np.array([1]), gap).tolist() == [1.0]


@pytest.mark.parametrize(("low", "shown"), [(1.0001, True), (1.0, False), (0.999, False)])
def test_an_interval_that_touches_1_is_not_worth_showing(low: float, shown: bool) -> None:
    found = worth_showing(used(i=1), lifts(("i", 1.5, low, 2.0, 9)), DECAY)
    assert len(found) == shown


def test_an_image_that_has_worn_down_to_the_usual_is_not_worth_showing() -> None:
    """1.25 x 0.8 = 1: no better than the account's usual; 1.3 x 0.8 = 1.04."""
    found = worth_showing(used(i=1, j=1), lifts(("i", 1.25, 1.1, 1.4, 9), ("j", 1.3, 1.1, 1.5, 9)), DECAY)
    assert found["image_id"].tolist() == ["j"]
    assert found["expected_multiple"].tolist() == pytest.approx([1.04])


def test_an_image_without_a_lift_or_without_a_use_is_not_worth_showing() -> None:
    assert worth_showing(used(i=1), lifts(("j", 9.0, 8.0, 10.0, 9)), DECAY).empty


# --- the whole ---------------------------------------------------------------------------------------

USES = {
    **dict.fromkeys(["post_id", "image_id", "platform", "account_id", "creator_id"], "string"),
    **dict.fromkeys(["slide_index", "use_number"], "int64"),
    "posted_at": "timestamp",
}
TASKS = {"status": "string", "payload": "string"}
TABLES = {
    "slide_uses": table(
        """
        post_id | slide_index | image_id | platform | account_id | creator_id | posted_at  | use_number
        p1      |           1 | good     | tiktok   | a          | ann        | 2025-03-01 |          1
        p2      |           2 | better   | tiktok   | a          | ann        | 2025-06-01 |          1
        p3      |           1 | other    | tiktok   | new        | ann        | 2025-05-01 |          1
        """,
        USES,
    ),
    "accounts": table(
        "account_id | platform | creator_id\na | tiktok | ann\nnew | tiktok | -",
        {"checked_state": "string", "is_active": "boolean"},
    ),
    "tasks": table("task_id | account_id | status | done_at | payload\n", TASKS),
    "slides": table(
        """
        post_id | slide_index | ocr_text      | ocr_confidence
        p1      |           1 | wait for it   |            0.9
        """,
        ocr_text="string",
        ocr_confidence="float64",
    ),
    "post_performance": table(
        """
        post_id | account_id | posted_at  | url        | baseline_views_at_120 | outlier_120
        p1      | a          | 2025-03-01 | https://p1 |                   900 |         2.0
        p2      | a          | 2025-06-01 | https://p2 |                  1000 |         3.0
        p3      | new        | 2025-05-01 | -          |                     - |           -
        """,
        {"slide_count": "int64", "post_type": "string"},
    ),
}
LIFTS = lifts(("good", 2.0, 1.5, 2.5, 7), ("better", 3.0, 2.0, 4.0, 1), ("other", 0.9, 0.8, 1.1, 4))


def asked(tables: dict[str, ibis.Table] = TABLES) -> Asked:
    return Asked(tables.__getitem__, ASKED_UP_TO)


def records(frame: pd.DataFrame) -> Iterator[dict[Any, Any]]:
    for row in frame.to_dict("records"):
        yield {k: None if pd.isna(v) else v for k, v in row.items()}


def test_what_to_expect_is_the_usual_times_lift_times_decay() -> None:
    """`better` was on `a` 29 days ago: only `new` may show it; `good` rests long enough for both."""
    on_a, first, second = records(recommended(asked(), LIFTS, DECAY))
    assert (on_a["account_id"], on_a["image_id"], on_a["place"]) == ("a", "good", 1)
    assert on_a["expected_views"] == pytest.approx(1000 * 2.0 * 0.8)
    assert (on_a["expected_views_low"], on_a["expected_views_high"]) == pytest.approx(
        (1000 * 1.5 * 0.8, 1000 * 2.5 * 0.8)
    )
    assert (on_a["image_text"], on_a["example_post_id"], on_a["example_url"]) == (
        "wait for it",
        "p1",
        "https://p1",
    )
    assert (on_a["days_since_used_here"], on_a["days_since_used"]) == (121, 121)
    assert [(r["account_id"], r["image_id"], r["place"]) for r in (first, second)] == [
        ("new", "better", 1), ("new", "good", 2),
    ]  # fmt: skip
    assert (first["image_text"], first["days_since_used_here"]) == (None, None)


def test_an_account_without_a_baseline_is_recommended_images_without_views() -> None:
    new = recommended(asked(), LIFTS, DECAY).query("account_id == 'new'")
    assert new["usual_views"].isna().all() and new["expected_views"].isna().all()
    assert new["expected_multiple"].tolist() == pytest.approx([3.0 * 0.8, 2.0 * 0.8])
    assert new["recommended_because"].str.contains("the account's usual is not known yet").all()


def test_the_first_of_each_account_are_kept() -> None:
    found = recommended(asked(), LIFTS, DECAY, 1)
    assert found[["account_id", "image_id"]].values.tolist() == [["a", "good"], ["new", "better"]]


def test_nothing_known_gives_no_rows_of_the_same_types() -> None:
    full = recommended(asked(), LIFTS, DECAY)
    empty = recommended(asked({n: t.limit(0) for n, t in TABLES.items()}), LIFTS.head(0), DECAY.head(0))
    assert len(empty) == 0
    assert list(empty.columns) == list(COLUMNS)
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()
    assert recommended(asked(), LIFTS.head(0), DECAY).empty


def test_the_reason_is_told_in_parts() -> None:
    row = {
        "slide_lift": 1.5, "slide_lift_low": 1.2, "slide_lift_high": 1.875, "n_lift_posts": 14, "n_uses": 4,
        "days_since_used": 33, "days_since_used_here": 70, "expected_multiple": 1.3, "usual_views": 100.0,
    }  # fmt: skip
    assert reasons(row) == [
        "1.50× the usual over 14 posts (1.20 to 1.88)",
        "last shown here 70 days ago",
        "last anywhere 33 days ago",
        "use 5 is expected at 1.30×",
    ]
    assert "never shown on this account" in reasons({**row, "days_since_used_here": pd.NA})


def test_an_image_that_an_open_task_has_is_recommended_to_nobody() -> None:
    head, task = "task_id | account_id | status | done_at | payload", '{"image_id": "good"}'
    offered = {}
    for state in ("open", "canceled"):
        tasks = table(f"{head}\nt | b | {state} | - | {task}", TASKS)
        offered[state] = set(recommended(asked({**TABLES, "tasks": tasks}), LIFTS, DECAY)["image_id"])
    assert offered == {"open": {"better"}, "canceled": {"good", "better"}}
