"""Pairs of posts that share images."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import ibis
import pytest

import workbench
from tests.text_tables import rows, table
from workbench import Workbench
from workbench.metrics.periods import Period
from workbench.metrics.reposts import repost_pairs
from workbench.metrics.slides import slide_uses

PERIOD = Period(date(2025, 2, 1), date(2025, 2, 28))
WHEN = {"old": "2025-01-01", "past": "2025-01-10", "new": "2025-02-10", "late": "2025-03-10"}


def uses(**posts: str) -> ibis.Table:
    """Each post's images, a letter a slide; `-` for a slide without one."""
    lines = [
        f"{post} | {n} | {image} | -"
        for post, images in posts.items()
        for n, image in enumerate(images, start=1)
    ]
    shown = table("post_id | slide_index | image_id | text_id\n" + "\n".join(lines))
    dated = [f"{post} | tiktok | {post[0]} | {at} | - | - | -" for post, at in WHEN.items()]
    header = "post_id | platform | account_id | posted_at | creator_id | set_id | va_id\n"
    return slide_uses(shown, table(header + "\n".join(dated)))


def slides(**posts: str) -> ibis.Table:
    """Each post's files, a letter a slide."""
    lines = [f"{p} | {n} | {file}" for p, files in posts.items() for n, file in enumerate(files, start=1)]
    return table("post_id | slide_index | sha256\n" + "\n".join(lines), sha256="string")


def performance(**results: tuple[Any, Any]) -> ibis.Table:
    """Views and multiple of each post."""
    lines = [f"{p} | {WHEN[p]} | {p[0]} | {v} | {o}" for p, (v, o) in results.items()]
    header = "post_id | posted_at | account_id | views_at_120 | outlier_120\n"
    return table(header + "\n".join(lines), views_at_120="float64")


RESULTS = performance(old=(100, 1.0), past=(100, 2.0), new=(200, 1.5), late=(100, 1.0))
FILES = slides(old="fgh")
"""Of the later post nothing is known."""


def pairs(
    shown: ibis.Table, files: ibis.Table = FILES, results: ibis.Table = RESULTS
) -> list[dict[str, Any]]:
    return rows(repost_pairs(shown, files, results, PERIOD))


def test_a_repost_shares_half_of_its_images_or_more_with_an_earlier_post() -> None:
    (found,) = pairs(uses(old="abcdefg", new="abxy"))
    assert (found["post_id"], found["earlier_post_id"]) == ("new", "old")
    assert (found["n_shared_images"], found["shared_share"]) == (2, 2 / 4)
    assert pairs(uses(old="abcdefg", new="abxyz")) == []


def test_one_shared_image_of_several_makes_no_repost() -> None:
    assert pairs(uses(old="ab", new="ax")) == []
    assert [r["shared_share"] for r in pairs(uses(old="ab", new="a"))] == [1.0]


def test_only_the_later_post_lies_in_the_period() -> None:
    shown = uses(old="ab", past="ab", new="ab", late="ab")
    found = {(r["post_id"], r["earlier_post_id"]): r["days_between"] for r in pairs(shown)}
    assert found == {("new", "old"): 40.0, ("new", "past"): 31.0}


def test_an_image_shown_twice_counts_once_and_a_slide_without_one_not_at_all() -> None:
    (found,) = pairs(uses(old="ab", new="aab-"))
    assert (found["n_shared_images"], found["shared_share"], found["is_same_order"]) == (2, 1.0, True)


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("abc", "abc", True),
        ("xabyc", "abc", True),
        ("acb", "abc", False),
        ("cab", "abc", False),
        ("a", "a", None),
    ],
)
def test_order_is_that_of_the_shared_images(old: str, new: str, same: bool | None) -> None:
    (found,) = pairs(uses(old=old, new=new))
    assert found["is_same_order"] is same


@pytest.mark.parametrize(
    ("old", "new", "exact"),
    [
        ("fg", "fg", True),
        ("fg", "gf", False),
        ("fgh", "fg", False),
        ("fg", "fgh", False),
        ("fg", "fx", False),
        ("f-", "fg", None),
        ("f-", "x-", False),
        ("--", "--", None),
    ],
)
def test_an_exact_repost_is_the_same_files_in_the_same_places(old: str, new: str, exact: bool | None) -> None:
    (found,) = pairs(uses(old="ab", new="ab"), slides(old=old, new=new))
    assert found["is_exact_repost"] is exact


@pytest.mark.parametrize(
    ("old", "new", "better"),
    [
        ((100, 1.0), (50, 1.5), True),
        ((100, 1.0), (200, 1.0), False),
        ((100, "-"), (200, 1.0), True),
        ((100, 1.0), ("-", "-"), None),
    ],
)
def test_the_better_one_is_so_by_the_multiple_else_by_views(
    old: tuple[Any, Any], new: tuple[Any, Any], better: bool | None
) -> None:
    (found,) = pairs(uses(old="ab", new="ab"), results=performance(old=old, new=new))
    assert found["did_better"] is better


def test_a_pair_says_whose_the_posts_are() -> None:
    (found,) = pairs(uses(old="ab", new="ab"))
    assert (found["account_id"], found["earlier_account_id"], found["is_same_account"]) == ("n", "o", False)
    assert found["earlier_posted_at"] == datetime(2025, 1, 1)
    assert (found["compared_views"], found["earlier_views"]) == (200, 100)


def test_no_uses_make_no_pairs() -> None:
    assert pairs(uses(old="ab").limit(0)) == []


@pytest.fixture(scope="module")
def wb(demo_home: Path) -> Iterator[Workbench]:
    with workbench.connect(demo_home) as opened:
        yield opened


def test_pairs_of_the_demo_are_those_of_a_loop(wb: Workbench) -> None:
    shown: dict[str, set[str]] = defaultdict(set)
    when: dict[str, datetime] = {}
    for use in wb.table("slide_uses").to_pyarrow().to_pylist():
        if use["image_id"] and use["posted_at"]:
            shown[use["post_id"]].add(use["image_id"])
            when[use["post_id"]] = use["posted_at"]
    period = Period(date(2025, 7, 1), date(2025, 9, 30))
    by_hand = {
        (later, earlier): len(shown[later] & shown[earlier])
        for later in shown
        for earlier in shown
        if period.from_at <= when[later] < period.to_at and (when[earlier], earlier) < (when[later], later)
        if (n := len(shown[later] & shown[earlier])) >= len(shown[later]) / 2
        if n >= 2 or n == len(shown[later])
    }
    answer = rows(
        repost_pairs(wb.table("slide_uses"), wb.table("slides"), wb.table("post_performance"), period)
    )
    assert len(by_hand) > 5
    assert {(r["post_id"], r["earlier_post_id"]): r["n_shared_images"] for r in answer} == by_hand
