"""Level 5: the pipeline, with answers by hand."""

from __future__ import annotations

from datetime import date, datetime

import ibis
from text_tables import column, rows, table

from workbench.metrics import pipeline
from workbench.metrics.periods import Period

WEEK = Period(date(2025, 3, 3), date(2025, 3, 9))
ITEMS = dict.fromkeys(["content_id", "title", "creator_id", "stage"], "string") | {
    "stage_since_at": "timestamp", "created_at": "timestamp", "due_on": "date",
}  # fmt: skip
LINKS = dict.fromkeys(["content_id", "post_id"], "string") | {"posted_at": "timestamp"}


def items(text: str) -> ibis.Table:
    return table(text, ITEMS)


def test_stages_count_what_is_still_on_its_way_and_how_long_it_has_been_there() -> None:
    found = pipeline.pipeline_stages(
        items(
            """
            content_id | stage     | stage_since_at   | due_on     | created_at
            a          | draft     | 2025-03-08 00:00 | 2025-03-09 | -
            b          | draft     | 2025-03-04 00:00 | 2025-03-06 | 2025-03-01
            c          | draft     | -                | -          | -
            d          | -         | 2025-03-09 12:00 | -          | -
            e          | Published | 2025-03-01 00:00 | 2025-01-01 | -
            f          | archived  | 2025-03-01 00:00 | 2025-01-01 | -
            g          | review    | 2025-03-12 00:00 | 2025-03-01 | 2025-03-02
            h          | idea      | 2025-03-12 00:00 | -          | 2025-03-11
            """
        ),
        WEEK,
    )
    assert rows(found) == [
        {"stage": "draft", "n_items": 3, "n_aged": 2, "n_overdue": 1, "median_days_in_stage": (2 + 6) / 2,
         "longest_days_in_stage": 6.0},
        {"stage": "review", "n_items": 1, "n_aged": 0, "n_overdue": 1, "median_days_in_stage": None,
         "longest_days_in_stage": None},
        {"stage": "unknown", "n_items": 1, "n_aged": 1, "n_overdue": 0, "median_days_in_stage": 0.5,
         "longest_days_in_stage": 0.5},
    ]  # fmt: skip


def test_an_item_is_overdue_from_the_day_after_it_was_due() -> None:
    found = pipeline.overdue_items(
        items(
            """
            content_id | stage | due_on     | stage_since_at
            a          | draft | 2025-03-09 | 2025-03-01
            b          | draft | 2025-03-08 | 2025-03-01
            c          | draft | 2025-02-27 | 2025-03-01
            d          | done  | 2025-02-27 | 2025-03-01
            """
        ),
        WEEK,
    )
    assert column(found, "days_overdue", "content_id") == {"b": 1, "c": 10}


def test_an_item_came_out_with_its_first_post_or_when_its_stage_says_so() -> None:
    content = items(
        """
        content_id | creator_id | stage     | stage_since_at
        a          | x          | published | 2025-03-05
        b          | x          | review    | 2025-03-05
        c          | -          | posted    | 2025-03-06
        d          | -          | review    | 2025-03-05
        e          | -          | published | -
        """
    )
    links = table(
        """
        content_id | post_id | posted_at
        a          | p2      | 2025-03-08
        a          | p1      | 2025-03-09
        b          | p9      | 2025-03-04
        """,
        LINKS,
    )
    posts = table("post_id | posted_at\np1 | 2025-03-03\np2 | -")
    found = pipeline.published_items(content, links, posts)
    assert column(found, "published_at", "content_id") == {
        "a": datetime(2025, 3, 3), "b": datetime(2025, 3, 4), "c": datetime(2025, 3, 6),
    }  # fmt: skip


def test_deliveries_are_counted_by_week_and_creator_and_add_up_to_the_throughput() -> None:
    content = items(
        """
        content_id | creator_id | stage     | stage_since_at | created_at
        a          | x          | published | 2025-03-05     | 2025-02-25
        b          | x          | review    | 2025-03-05     | 2025-03-09 23:59
        c          | -          | posted    | 2025-03-06     | 2025-03-10
        d          | y          | posted    | 2024-03-06     | 2024-03-10
        """
    )
    sets = table("set_id | creator_id | created_on\ns | x | 2025-03-09\nt | y | 2025-03-10\nu | y | -")
    links = table("content_id | post_id\n", LINKS)
    weekly = pipeline.weekly_deliveries(content, links, table("post_id | posted_at\n"), sets, WEEK, weeks=2)
    names = ["week_on", "creator_id", "n_new_sets", "n_begun_items", "n_published_items"]
    before, week = date(2025, 2, 24), date(2025, 3, 3)
    assert [tuple(r.values()) for r in rows(weekly, *names)] == [
        (before, "x", 0, 1, 0),
        (week, "x", 1, 1, 1),
        (week, None, 0, 0, 1),
    ]
    assert [tuple(r.values()) for r in rows(pipeline.pipeline_throughput(weekly))] == [
        (before, 0, 1, 0),
        (week, 1, 1, 2),
    ]
