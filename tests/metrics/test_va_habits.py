"""Habits of VAs, with answers by hand."""

from __future__ import annotations

from datetime import date
from math import log

import ibis
import pytest
from text_tables import column, rows, table

from workbench.metrics import va_habits
from workbench.metrics.periods import Period

MONTH = Period(date(2025, 3, 1), date(2025, 3, 31))
PERFORMANCE = {
    **dict.fromkeys(
        ["post_id", "va_id", "account_id", "sound_id", "post_type", "posted_at_precision"], "string"
    ),
    **dict.fromkeys(["posted_local_hour", "slide_count"], "int64"),
    **dict.fromkeys(["views_at_120", "log_outlier_120"], "float64"),
    "posted_at": "timestamp",
    "posted_local_on": "date",
}
USES = {"post_id": "string", "slide_index": "int64", "image_id": "string", "use_number": "int64"}


def habits(posts: str, uses: str = "post_id | slide_index | image_id | use_number") -> ibis.Table:
    return va_habits.post_habits(table(posts, PERFORMANCE), table(uses, USES), MONTH)


def test_a_gap_is_since_the_accounts_post_before_whoever_put_it_up() -> None:
    found = habits(
        """
        post_id | va_id | account_id | posted_at        | posted_at_precision
        p1      | a     | x          | 2025-03-01 00:00 | second
        p2      | -     | x          | 2025-03-01 10:00 | second
        p3      | a     | x          | 2025-03-01 12:59 | second
        p4      | a     | x          | 2025-03-04 00:00 | day
        p5      | a     | y          | 2025-03-04 00:00 | second
        p6      | a     | y          | 2025-03-06 00:00 | second
        p7      | a     | x          | 2025-03-04 09:00 | second
        """
    )
    assert column(found, "gap_hours") == {
        "p1": None, "p3": pytest.approx(2 + 59 / 60), "p4": None, "p5": None, "p6": 48.0, "p7": None,
    }  # fmt: skip
    assert column(found, "gap_level") == {"p1": None, "p3": 0, "p4": None, "p5": None, "p6": 5, "p7": None}


def test_a_hook_is_judged_by_the_posts_that_were_old_enough_when_it_was_used_again() -> None:
    posts = f"""
        post_id | va_id | account_id | posted_at        | post_type | log_outlier_120
        p1      | a     | x          | 2025-03-01 00:00 | slideshow | {2 * log(1.25)}
        p2      | a     | y          | 2025-03-05 23:00 | slideshow | {3 * log(0.5)}
        p3      | b     | x          | 2025-03-06 00:00 | slideshow | 0.0
        p4      | b     | x          | 2025-03-12 00:00 | slideshow | 0.0
        """
    uses = """
        post_id | slide_index | image_id | use_number
        p1      |           1 | i        |          1
        p2      |           1 | i        |          2
        p2      |           2 | j        |          1
        p3      |           1 | i        |          3
        p4      |           1 | i        |          4
        """
    found = habits(posts, uses)
    # p3 knows p1 only (p2 is a day too young): 2 ln 1.25 / (1 + 1). p4 knows all three: (2 ln 1.25 - 3 ln 2) / 4.
    assert column(found, "hook_level") == {
        "p1": va_habits.NEW, "p2": va_habits.NEW, "p3": va_habits.BETTER, "p4": va_habits.WORSE,
    }  # fmt: skip
    assert column(found, "mean_use_number") == {"p1": 1.0, "p2": 1.5, "p3": 3.0, "p4": 4.0}
    assert column(found, "tired_level") == {"p1": 0, "p2": 0, "p3": 1, "p4": 2}


def test_a_sound_needs_three_earlier_posts_and_four_usual_ones_are_added() -> None:
    early = [f"s{n} | a | x | 2025-02-0{n + 1} 00:00 | s | {log(1.25) * 7 / 3}" for n in range(3)]
    late = ["p1 | a | x | 2025-03-10 00:00 | s | -", "p2 | a | x | 2025-03-10 00:00 | - | -"]
    header = "post_id | va_id | account_id | posted_at | sound_id | log_outlier_120"
    found = habits("\n".join([header, *early, *late]))
    # 3 x 7/3 ln 1.25 over 3 + 4 posts is ln 1.25 but for the last digit; under it is as usual.
    levels = column(found, "sound_level")
    assert levels["p1"] in (va_habits.USUAL, va_habits.BETTER) and levels["p2"] is None
    fewer = habits("\n".join([header, *early[:2], late[0]]))
    assert column(fewer, "sound_level")["p1"] == va_habits.NEW


def test_without_images_hook_and_use_are_unknown_and_only_slideshows_have_slides() -> None:
    found = habits(
        """
        post_id | va_id | account_id | posted_at        | post_type | slide_count | posted_local_hour
        p1      | a     | x          | 2025-03-01 00:00 | slideshow |          12 |                 7
        p2      | a     | x          | 2025-03-02 00:00 | video     |           0 |                 -
        p3      | a     | x          | 2025-03-03 00:00 | slideshow |           - |                23
        p4      | -     | x          | 2025-03-03 00:00 | slideshow |           3 |                23
        """
    )
    assert column(found, "slides_level") == {"p1": 8, "p2": None, "p3": None}
    assert column(found, "hour_level") == {"p1": 7, "p2": None, "p3": 23}
    for name in ("hook_level", "tired_level", "sound_level"):
        assert set(column(found, name).values()) == {None}


def test_habits_of_a_va_are_shares_of_the_posts_that_show_them() -> None:
    posts = table(
        """
        post_id | va_id | log_outlier | hour_level | slides_level | hook_level | sound_level | gap_hours | mean_uses
        p1      | a     |         0.5 |         18 |            3 |          3 |           3 |         4 |       5.0
        p2      | a     |        -0.5 |          6 |            5 |          1 |           0 |         8 |       2.0
        p3      | a     |           - |         18 |            - |          - |           - |         - |         -
        p4      | b     |        -0.1 |          6 |            - |          - |           - |         - |         -
        p5      | b     |        -0.1 |          - |            - |          - |           - |         - |         -
        """,
        log_outlier="float64",
        gap_hours="float64",
        mean_uses="float64",
    ).rename(mean_use_number="mean_uses")
    a, b = rows(va_habits.va_habits(posts))
    assert a == {
        "va_id": "a", "n_posts": 3, "n_slideshows": 2, "good_hour_share": 2 / 3, "mean_slides": (3 + 5) / 2,
        "strong_hook_share": 1 / 2, "tired_share": 1 / 2, "strong_sound_share": 1 / 2, "median_gap_hours": (4 + 8) / 2,
    }  # fmt: skip
    assert (b["n_posts"], b["good_hour_share"], b["mean_slides"], b["tired_share"]) == (2, 0.0, None, None)


def test_a_week_of_tasks_counts_what_was_due_and_what_was_in_time() -> None:
    tasks = table(
        """
        task_id | va_id | due_on     | status   | done_at
        t1      | a     | 2025-03-03 | done     | 2025-03-03 23:59
        t2      | a     | 2025-03-09 | done     | 2025-03-10 00:00
        t3      | a     | 2025-03-05 | open     | -
        t4      | a     | 2025-03-05 | canceled | -
        t5      | a     | 2025-03-05 | done     | -
        t6      | a     | 2025-03-10 | open     | -
        t7      | -     | 2025-03-05 | open     | -
        """,
        status="string",
    )
    performance = table(
        """
        post_id | va_id | posted_local_on
        p1      | a     | 2025-03-03
        p2      | a     | 2025-03-09
        p3      | b     | 2025-03-09
        """
    )
    found = va_habits.va_task_weeks(tasks, performance, MONTH)
    assert [tuple(r.values()) for r in rows(found)] == [
        ("a", date(2025, 3, 3), 3, 1, 2), ("a", date(2025, 3, 10), 1, 0, 0),
    ]  # fmt: skip


@pytest.mark.parametrize("habit", va_habits.HABITS)
def test_every_level_has_a_name(habit: str) -> None:
    n_levels = {"hour": 24, "slides": 8, "hook": 4, "sound": 4, "tired": 4, "gap": 6}[habit]
    first = 1 if habit == "slides" else 0
    names = [va_habits.level_name(habit, level) for level in range(first, first + n_levels)]
    assert len(set(names)) == n_levels
