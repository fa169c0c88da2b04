"""What is usual for an account, and how far a post is from it."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import log
from typing import Any

import ibis
import pytest
from text_tables import column, rows, table

from workbench.metrics.outliers import baseline_views, less_week, outlier, raw_log_outlier

MONDAY = datetime(2025, 1, 6)


def posts(
    values: list[int | None], *, account: str = "a", kind: str = "video", same_time: bool = False
) -> str:
    """Lines of one account's posts, an hour apart: `a1`, `a2`, ..."""
    return "\n".join(
        f"{account}{n} | {account} | {kind} | {MONDAY + timedelta(hours=0 if same_time else n)} | "
        f"{'-' if value is None else value}"
        for n, value in enumerate(values, start=1)
    )


def baselines(*lines: str) -> dict[str, float | None]:
    """Baseline of each post; None where it has no row."""
    text = "\n".join(["post_id | account_id | post_type | posted_at | views", *lines])
    found = column(baseline_views(table(text), "views"), "baseline")
    return {row["post_id"]: found.get(row["post_id"]) for row in rows(table(text))}


def test_a_baseline_is_the_mean_of_the_middle_half() -> None:
    found = baselines(posts([1, 2, 3, 4, 500, 600, 700, 800, 0]))
    assert found["a9"] == (3 + 4 + 500 + 600) / 4, "eight before it: the middle four"


def test_a_value_on_the_edge_of_the_half_counts_by_the_part_inside() -> None:
    found = baselines(posts([10, 20, 30, 40, 50, 60, 70, 0]))
    # Of 5 values the half runs from rank 1.25 to 3.75, of 6 from 1.5 to 4.5, of 7 from 1.75 to 5.25.
    assert found["a6"] == pytest.approx((0.75 * 20 + 30 + 0.75 * 40) / 2.5)
    assert found["a7"] == pytest.approx((0.5 * 20 + 30 + 40 + 0.5 * 50) / 3)
    assert found["a8"] == pytest.approx((0.25 * 20 + 30 + 40 + 50 + 0.25 * 60) / 3.5)


def test_there_is_no_baseline_with_fewer_than_five_known_posts_before() -> None:
    found = baselines(posts([1, None, 1, 1, None, 1, 1, 1]))
    assert found == {**dict.fromkeys(["a1", "a2", "a3", "a4", "a5", "a6", "a7"]), "a8": 1.0}


def test_a_post_without_a_count_has_a_baseline_all_the_same() -> None:
    assert baselines(posts([4, 4, 4, 4, 4, None]))["a6"] == 4.0


def test_only_posts_of_the_same_account_and_type_count() -> None:
    own = posts([10, 10, 10, 10, 10])
    found = baselines(
        own,
        posts([900, 900, 900, 900, 900], account="b"),
        f"slides | a | slideshow | {MONDAY + timedelta(days=1)} | 7",
        f"video  | a | video     | {MONDAY + timedelta(days=1)} | 7",
        f"untyped| a | -         | {MONDAY + timedelta(days=1)} | 7",
        f"nobodys| - | video     | {MONDAY + timedelta(days=1)} | 7",
        "timeless| a | video     | - | 7",
    )
    assert (found["video"], found["slides"], found["untyped"]) == (10.0, None, None)
    assert (found["nobodys"], found["timeless"]) == (None, None)


def test_posts_without_a_type_are_compared_with_each_other() -> None:
    assert baselines(posts([3, 3, 3, 3, 3, 0], kind="-"))["a6"] == 3.0


def test_posts_of_the_same_instant_do_not_count_for_each_other() -> None:
    together = posts([50, 50, 50, 50, 50], same_time=True)
    assert set(baselines(together).values()) == {None}
    after = f"next | a | video | {MONDAY + timedelta(hours=1)} | 9"
    twin = f"twin | a | video | {MONDAY + timedelta(hours=1)} | 9000"
    found = baselines(together, after, twin)
    assert (found["next"], found["twin"]) == (50.0, 50.0)


def test_only_the_hundred_posts_before_count() -> None:
    old, new = [1_000_000] * 60, [8] * 100
    found = baselines(posts([*old, *new, 0]))
    assert found["a161"] == 8.0
    assert found["a160"] == 8.0, "one old post of a hundred is outside the middle half"
    # 51 old and 49 new: of the middle half, ranks 25 to 75, 24 are new.
    assert found["a110"] == pytest.approx((24 * 8 + 26 * 1_000_000) / 50)


def test_unknown_counts_take_their_place_among_the_hundred() -> None:
    found = baselines(posts([*[5] * 4, *[None] * 96, 5, 0]))
    assert found["a102"] is None, "the first of the five is the 101st before it"
    assert baselines(posts([*[5] * 4, *[None] * 95, 5, 0]))["a101"] == 5.0


def test_no_posts_have_no_baselines() -> None:
    assert rows(baseline_views(table("post_id | account_id | post_type | posted_at | views"), "views")) == []


def compared(text: str) -> dict[str, Any]:
    found = table(text, value="float64", baseline="float64")
    found = found.mutate(
        times=outlier(found["value"], found.baseline), log=raw_log_outlier(found["value"], found.baseline)
    )
    return {r["post_id"]: (r["times"], r["log"]) for r in rows(found, "post_id", "times", "log")}


def test_an_outlier_is_a_multiple_of_the_usual_and_a_hundred_views_are_the_least_usual() -> None:
    text = """
        post_id | value | baseline
        thrice  |  3000 |     1000
        usual   |  1000 |     1000
        small   |    60 |       20
        nothing |     0 |        0
    """
    assert compared(text) == {
        "thrice": (3.0, pytest.approx(log(3))),
        "usual": (1.0, 0.0),
        "small": (60 / 100, 0.0),
        "nothing": (0.0, 0.0),
    }


def test_an_outlier_is_null_where_either_is_unknown() -> None:
    text = """
        post_id | value | baseline
        young   |     - |     1000
        first   |  1000 |        -
        neither |     - |        -
    """
    assert set(compared(text).values()) == {(None, None)}


def test_a_floor_of_nothing_divides_by_nothing() -> None:
    found = table("post_id | value | baseline\na | 5 | 0\nb | 0 | 5", value="float64", baseline="float64")
    found = found.mutate(
        times=outlier(found["value"], found.baseline, 0),
        log=raw_log_outlier(found["value"], found.baseline, 0),
    )
    assert rows(found, "post_id", "times", "log") == [
        {"post_id": "a", "times": None, "log": None},
        {"post_id": "b", "times": 0.0, "log": None},
    ]


def test_log_outliers_lose_the_mean_of_their_platform_and_week() -> None:
    text = """
        post_id | platform | posted_week_on | log_outlier_120
        a       | tiktok   | 2025-01-06     | 0.5
        b       | tiktok   | 2025-01-06     | 1.0
        c       | tiktok   | 2025-01-06     | -
        d       | tiktok   | 2025-01-13     | 2.0
        e       | youtube  | 2025-01-06     | 4.0
        f       | tiktok   | -              | 3.0
    """
    found = column(less_week(table(text), ["log_outlier_120"]), "log_outlier_120")
    mean = (0.5 + 1.0) / 2
    assert found == {"a": 0.5 - mean, "b": 1.0 - mean, "c": None, "d": 0.0, "e": 0.0, "f": None}


def test_log_outliers_of_no_posts_are_none() -> None:
    empty = table("post_id | platform | posted_week_on | log_outlier_120")
    found = less_week(empty, ["log_outlier_120"])
    assert rows(found) == []
    assert isinstance(found, ibis.Table) and found.columns == empty.columns
