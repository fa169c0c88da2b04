"""What each VA has to post: tasks, suggestions, items that are ready."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from text_tables import table

import workbench
from workbench.metrics.periods import Period
from workbench.model import reel_lists
from workbench.model.catalogue import Asked

PERIOD = Period(date(2025, 2, 10), date(2025, 3, 9))
WEEK = Period(date(2025, 3, 10), date(2025, 3, 16))
ACCOUNTS = pd.DataFrame(
    [("a", "v", "x"), ("b", "w", "x"), ("c", None, "y")], columns=["account_id", "va_id", "creator_id"]
)


def test_due_are_the_open_tasks_up_to_the_week_s_end_the_old_ones_as_overdue() -> None:
    told = json.dumps({"image_id": "i", "expected_views": 500, "example_url": "https://example.org/1"})
    tasks = table(
        f"""
        task_id | status   | due_on     | va_id | account_id | payload | done_at
        t1      | open     | 2025-03-09 | v     | b          | {told}  | -
        t2      | open     | 2025-03-16 | -     | b          | -       | -
        t3      | open     | 2025-03-17 | v     | b          | -       | -
        t4      | done     | 2025-03-12 | v     | b          | -       | -
        t5      | open     | -          | -     | c          | {{      | -
        t6      | canceled | 2025-03-12 | v     | b          | -       | -
        """,
        {"kind": "string", "title": "string", "content_id": "string"},
        status="string",
        payload="string",
    )
    found = reel_lists.due_tasks(tasks, ACCOUNTS, WEEK)
    shown = (
        found.set_index("task_id")[["list_state", "va_id"]].astype(object).where(lambda f: f.notna(), None)
    )
    assert shown.T.to_dict("list") == {
        "t1": ["overdue", "v"],
        "t2": ["accepted", "w"],
        "t5": ["accepted", None],
    }
    assert found.set_index("task_id").loc["t1", "expected_views"] == 500


def test_ready_items_are_dealt_to_their_creator_s_accounts_in_turn() -> None:
    items = table(
        """
        content_id | title | creator_id | stage     | stage_since_at | due_on
        i1         | -     | x          | Scheduled | 2025-03-01     | 2025-03-01
        i2         | -     | x          | ready     | 2025-03-01     | 2025-03-12
        i3         | -     | x          | approved  | 2025-03-01     | 2025-04-12
        i4         | -     | z          | ready     | 2025-03-01     | -
        i5         | -     | -          | ready     | 2025-03-01     | -
        i6         | -     | x          | draft     | 2025-03-01     | -
        i7         | -     | x          | ready     | 2025-03-01     | 2025-03-12
        """,
        {"created_at": "timestamp"},
        stage="string",
        title="string",
    )
    found = reel_lists.ready_items(items, ACCOUNTS, PERIOD, taken=["i7", None])
    rows = {
        r["content_id"]: (None if pd.isna(r["account_id"]) else r["account_id"], r["due_on"])
        for r in found.to_dict("records")
    }
    assert rows == {
        "i1": ("a", date(2025, 3, 10)),
        "i2": ("b", date(2025, 3, 12)),
        "i3": ("a", date(2025, 3, 16)),
        "i4": (None, date(2025, 3, 16)),
        "i5": (None, date(2025, 3, 16)),
    }
    assert found.set_index("content_id")["va_id"].dropna().to_dict() == {"i1": "v", "i2": "w", "i3": "v"}


@pytest.mark.parametrize("rows", [None, 0])
def test_the_lists_have_all_columns_in_order_and_in_their_types(demo_home: Path, rows: int | None) -> None:
    with workbench.connect(demo_home) as wb:
        asked = Asked(
            lambda n: wb.table(n).limit(rows) if rows is not None else wb.table(n),
            Period.iso_week("2025-W40"),
        )
        found = reel_lists.reel_lists(asked)
    assert {c: str(t) for c, t in found.dtypes.items()} == {
        c: {"date32[pyarrow]": "date32[day][pyarrow]"}.get(t, t) for c, t in reel_lists.COLUMNS.items()
    }
    assert found.empty == (rows == 0)
    known = found["va_id"].notna()
    assert known.is_monotonic_decreasing and found.loc[known, "va_id"].is_monotonic_increasing
    assert set(found["list_state"]) <= set(reel_lists.STATES)
    assert found["task_id"].dropna().is_unique
