"""Level 5: tasks, with answers by hand."""

from __future__ import annotations

from datetime import date

import ibis
from text_tables import rows, table

from workbench.metrics import tasks
from workbench.metrics.periods import Period

WEEK = Period(date(2025, 3, 3), date(2025, 3, 9))


def given(text: str) -> ibis.Table:
    return table(text, status="string", task_id="string")


def test_tasks_of_a_period_are_done_in_time_late_open_or_overdue() -> None:
    found = tasks.task_results(
        given(
            """
            task_id | va_id | due_on     | status   | done_at
            t1      | v     | 2025-03-03 | done     | 2025-03-03 23:59
            t2      | v     | 2025-03-03 | done     | 2025-03-04 00:00
            t3      | v     | 2025-03-04 | Open     | -
            t4      | v     | 2025-03-09 | waiting  | -
            t5      | v     | 2025-03-05 | canceled | -
            t6      | v     | 2025-03-05 | done     | -
            t7      | v     | 2025-03-10 | open     | -
            t8      | v     | 2025-03-02 | open     | -
            t9      | w     | 2025-03-05 | done     | -
            u1      | -     | 2025-03-05 | -        | 2025-03-01
            """
        ),
        WEEK,
    )
    assert rows(found) == [
        {"va_id": "v", "n_due_tasks": 5, "n_done_tasks": 3, "n_on_time_tasks": 1, "n_open_tasks": 2,
         "n_overdue_tasks": 1, "on_time_rate": 1 / (5 - 1)},
        {"va_id": "w", "n_due_tasks": 1, "n_done_tasks": 1, "n_on_time_tasks": 0, "n_open_tasks": 0,
         "n_overdue_tasks": 0, "on_time_rate": None},
        {"va_id": None, "n_due_tasks": 1, "n_done_tasks": 1, "n_on_time_tasks": 1, "n_open_tasks": 0,
         "n_overdue_tasks": 0, "on_time_rate": 1.0},
    ]  # fmt: skip


def test_whatever_is_neither_done_nor_canceled_is_open() -> None:
    found = tasks.open_tasks(
        given(
            """
            task_id | status      | done_at
            t1      | in progress | -
            t2      | -           | -
            t3      | DONE        | -
            t4      | open        | 2025-03-04
            t5      | Cancelled   | 2025-03-04
            """
        )
    )
    assert [r["task_id"] for r in rows(found)] == ["t1", "t2"]


def test_nothing_due_is_nothing() -> None:
    assert rows(tasks.task_results(given("task_id | va_id | due_on | status | done_at\n"), WEEK)) == []
