"""Recommendations as a week's tasks: who gets which image, and what a task keeps of it."""

from __future__ import annotations

import json
from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from text_tables import table

from workbench.metrics.periods import Period
from workbench.model import suggestions
from workbench.model.promised import promised_images, read_payload, told_payload

WEEK = Period(date(2025, 3, 10), date(2025, 3, 16))


def recommended(*rows: tuple[str, int, str, float | None]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["account_id", "place", "image_id", "expected_views"])
    return frame.assign(slide_lift=2.0)


def dealt(frame: pd.DataFrame, per_account: int = 2, **options: object) -> list[tuple[str, str, int]]:
    given = {"images": set(), "standing": {}} | options
    found = suggestions.dealt(frame, per_account, **given)  # type: ignore[arg-type]
    return list(zip(found["account_id"], found["image_id"], found["turn"], strict=True))


def test_an_image_goes_to_the_account_on_which_it_promises_most() -> None:
    frame = recommended(("a", 1, "i", 100.0), ("b", 1, "i", 300.0), ("a", 2, "j", 50.0))
    assert dealt(frame) == [("b", "i", 0), ("a", "j", 0)]


def test_every_account_has_its_first_before_one_has_a_second() -> None:
    frame = recommended(("a", 1, "i", 900.0), ("a", 2, "j", 800.0), ("a", 3, "k", 700.0), ("b", 1, "j", 10.0))
    assert dealt(frame) == [("a", "i", 0), ("a", "k", 1), ("b", "j", 0)]


def test_what_is_promised_already_takes_the_image_and_the_place() -> None:
    frame = recommended(("a", 1, "i", 900.0), ("a", 2, "j", 800.0), ("a", 3, "k", 700.0))
    assert dealt(frame, images={"i"}, standing={"a": 1}) == [("a", "j", 1)]


def test_unknown_expectations_come_last_and_equal_ones_by_account() -> None:
    frame = recommended(("a", 1, "i", None), ("c", 1, "j", 5.0), ("b", 1, "k", 5.0))
    assert [account for account, _image, _turn in dealt(frame)] == ["b", "c", "a"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"), st.integers(1, 9), st.sampled_from("ijklm"), st.integers(1, 4).map(float)
        ),
        unique_by=lambda row: (row[0], row[2]),
        max_size=15,
    ),
    st.integers(1, 3),
)
def test_no_image_is_dealt_twice_and_no_account_more_than_its_share(rows: list, per_account: int) -> None:
    found = dealt(recommended(*rows), per_account)
    images = [image for _account, image, _turn in found]
    accounts = [account for account, _image, _turn in found]
    assert len(images) == len(set(images))
    assert all(accounts.count(account) <= per_account for account in accounts)
    # Nothing that could be followed is left: an account with room has no free image.
    left = [(a, i) for a, _p, i, _v in rows if i not in images and accounts.count(a) < per_account]
    assert left == []


def test_the_id_of_a_task_is_that_of_the_account_the_image_and_the_week() -> None:
    same = suggestions.task_id("tiktok:a", "i", "2025-W11")
    assert same == suggestions.task_id("tiktok:a", "i", "2025-W11")
    others = {
        suggestions.task_id("tiktok:b", "i", "2025-W11"),
        suggestions.task_id("tiktok:a", "j", "2025-W11"),
        suggestions.task_id("tiktok:a", "i", "2025-W12"),
    }
    assert len(others | {same}) == 4
    assert same.startswith(suggestions.week_prefix(WEEK))


def test_promised_are_images_of_open_tasks_and_of_whatever_was_accepted_for_the_week() -> None:
    def payload(image: str) -> str:
        return json.dumps({"image_id": image})

    of_week = suggestions.task_id("a", "k", "2025-W11")
    tasks = table(
        f"""
        task_id   | account_id | status   | done_at    | payload
        t1        | a          | open     | -          | {payload("i")}
        t2        | a          | done     | 2025-03-02 | {payload("j")}
        {of_week} | b          | canceled | -          | {payload("k")}
        t3        | a          | open     | -          | nonsense
        """,
        status="string",
        payload="string",
    )
    found = promised_images(tasks, suggestions.week_prefix(WEEK))
    images = [None if pd.isna(i) else i for i in found["image_id"]]
    rows = sorted(zip(found["task_id"], images, found["is_of_week"], strict=True))
    assert rows == [(of_week, "k", True), ("t1", "i", False), ("t3", None, False)]
    assert promised_images(tasks)["image_id"].dropna().tolist() == ["i"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, {}),
        ("", {}),
        ("{", {}),
        ("[" * 100_000, {}),
        ("[1]", {}),
        ('{"reels": 4}', {}),
        ('{"image_id": 7, "slide_lift": "much", "expected_views": NaN}', {}),
        ('{"expected_views": 1e999, "slide_lift": true}', {"slide_lift": 1.0}),
        ('{"image_id": "\\ud800", "expected_views": 12}', {"image_id": "?", "expected_views": 12.0}),
    ],
)
def test_a_payload_is_read_for_what_it_can_be_trusted_with(text: str | None, told: dict) -> None:
    assert read_payload(text) == told


def test_what_a_task_keeps_is_read_back() -> None:
    row = {
        "image_id": "i",
        "slide_lift": 1.5,
        "expected_views": None,
        "recommended_because": 'so "it" is',
        "place": 1,
    }
    assert read_payload(told_payload(row)) == {
        "image_id": "i",
        "slide_lift": 1.5,
        "recommended_because": 'so "it" is',
    }


def test_the_week_after_starts_on_the_monday_after_the_period() -> None:
    for last in (date(2025, 3, 9), date(2025, 3, 3), date(2025, 3, 5)):
        after = suggestions.week_after(Period(date(2025, 2, 10), last))
        assert after.from_on == (date(2025, 3, 10) if last == date(2025, 3, 9) else date(2025, 3, 3))
