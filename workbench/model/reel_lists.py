"""What each VA has to post next week: tasks, level 1's recommendations, and content that is ready."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import ibis
import pandas as pd
from ibis import _

from ..metrics.periods import Period
from ..metrics.pipeline import open_items
from ..metrics.tasks import open_tasks
from .frames import executed
from .promised import TOLD, read_payload
from .suggestions import PER_ACCOUNT, suggestions, week_after, worked_accounts

if TYPE_CHECKING:
    from .catalogue.metric import Asked

POST_ITEM = "post_item"
READY_STAGES = ("ready", "approved", "scheduled")
STATES = ("overdue", "accepted", "suggested", "ready")
"""Where a line of a list comes from: an open task that is late, one that isn't, a recommendation that nobody has
accepted yet, a content item that is ready to be posted."""

COLUMNS = {
    "va_id": "str",
    "due_on": "date32[pyarrow]",
    "account_id": "str",
    "list_state": "str",
    "kind": "str",
    "title": "str",
    "image_id": "str",
    "example_url": "str",
    "slide_lift": "float64",
    "expected_views": "float64",
    "recommended_because": "str",
    "content_id": "str",
    "task_id": "str",
}
"""Columns of `reel_lists` and their types, with no rows too."""


def reel_lists(asked: Asked, per_account: int = PER_ACCOUNT) -> pd.DataFrame:
    """What is to be posted in the week after the period, for each VA.

    Open tasks that are due by the end of that week (kept from the past: overdue), recommendations that nobody has
    accepted yet (see `suggestions`), and content items in a stage that is ready to be posted. A recommendation is its
    account's VA's. An item goes to one of its creator's accounts, in turn, and is due on its own day or by the week's
    end.

    Grain: one row for a thing to post; ordered by VA (nobody's last), day, and where it comes from. task_id: of what is
    suggested, the id that the task will have. Source: metrics.md, Level 5 (reel lists). Version 1.
    """
    accounts = worked_accounts(asked)
    tasks = due_tasks(asked.tables("tasks"), accounts, week_after(asked.period))
    ready = ready_items(asked.tables("content_items"), accounts, asked.period, taken=tasks["content_id"])
    return _in_order([tasks, suggestions(asked, per_account), ready])


def due_tasks(tasks: ibis.Table, accounts: pd.DataFrame, week: Period) -> pd.DataFrame:
    """Open tasks that are due by the end of a week or on no day; of nobody's, the account's VA's."""
    columns = ["task_id", "kind", "title", "content_id", "va_id", "account_id", "due_on", "payload"]
    last_on = ibis.literal(week.to_on, "date")
    due = open_tasks(tasks).filter(_.due_on.isnull() | (_.due_on <= last_on)).select(*columns)
    frame = executed(due.order_by("task_id"))
    by_account = dict(zip(accounts["account_id"], accounts["va_id"], strict=True))
    frame["va_id"] = frame["va_id"].where(frame["va_id"].notna(), frame["account_id"].map(by_account))
    told = [read_payload(text) for text in frame["payload"]]
    for name in TOLD:
        frame[name] = [payload.get(name) for payload in told]
    late = [pd.notna(day) and day < week.from_on for day in frame["due_on"]]
    return frame.assign(list_state=["overdue" if is_late else "accepted" for is_late in late])


def ready_items(
    content_items: ibis.Table, accounts: pd.DataFrame, period: Period, *, taken: Iterable[Any] = ()
) -> pd.DataFrame:
    """Content items that are ready to be posted, dealt in turn to their creator's accounts."""
    week = week_after(period)
    stages = open_items(content_items, period).filter(
        _.stage.fill_null("").strip().lower().isin(READY_STAGES)
    )
    frame = executed(
        stages.select("content_id", "title", "creator_id", "due_on").order_by(["due_on", "content_id"])
    )
    frame = frame[~frame["content_id"].isin([c for c in taken if pd.notna(c)])]
    own = {str(creator): list(mine["account_id"]) for creator, mine in accounts.groupby("creator_id")}
    by_account = dict(zip(accounts["account_id"], accounts["va_id"], strict=True))
    turns: dict[str, int] = {}
    dealt: list[str | None] = []
    for creator in frame["creator_id"]:
        mine = own.get(str(creator), [])
        dealt.append(mine[turns.get(str(creator), 0) % len(mine)] if mine else None)
        turns[str(creator)] = turns.get(str(creator), 0) + 1
    days = [
        min(max(day, week.from_on), week.to_on) if pd.notna(day) else week.to_on for day in frame["due_on"]
    ]
    to = pd.Series(dealt, index=frame.index, dtype="object")
    return frame.assign(
        account_id=to,
        va_id=to.map(by_account),
        due_on=days,
        kind=POST_ITEM,
        list_state="ready",
        task_id=None,
    )


def _in_order(parts: list[pd.DataFrame]) -> pd.DataFrame:
    rows = [row for part in parts for row in part.reindex(columns=list(COLUMNS)).to_dict("records")]
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
    keys = pd.DataFrame(
        {
            "nobody": frame["va_id"].isna(),
            "va_id": frame["va_id"],
            "due_on": frame["due_on"],
            "state": frame["list_state"].map(STATES.index),
            "account_id": frame["account_id"],
            "task_id": frame["task_id"],
            "content_id": frame["content_id"],
        }
    )
    order = keys.sort_values(list(keys.columns), kind="stable", na_position="last").index
    return frame.loc[order].reset_index(drop=True)
