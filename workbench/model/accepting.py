"""Recommendations that become tasks, and tasks that are done: the rows to record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import ibis
import pandas as pd

from ..errors import UsageError, nearest
from ..metrics.tasks import is_canceled, is_done
from .frames import executed
from .promised import promised_images, told_payload
from .suggestions import suggestions, week_after, week_prefix

if TYPE_CHECKING:
    from .catalogue.metric import Asked

Tables = Callable[[str], ibis.Table]
STORED = ("task_id", "kind", "title", "va_id", "account_id", "due_on")
"""Columns of a suggestion that its task takes over."""


@dataclass
class Acceptance:
    """What accepting came to: rows for the table `tasks`, and what needed none."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    standing: list[str] = field(default_factory=list)
    """Ids of tasks that were accepted for the week before."""
    short: int = 0
    """How many fewer recommendations there were than asked for."""


def accept(
    asked: Asked,
    *,
    now: datetime,
    ids: Sequence[str] = (),
    accounts: Sequence[str] = (),
    top: int | None = None,
    due_on: date | None = None,
) -> Acceptance:
    """Rows that make tasks of recommendations for the week after the period.

    Parameters
    ----------
    ids
        Ids of suggestions, as the reel lists show them.
    accounts
        All suggestions for these accounts (see `reel_lists.suggestions`).
    top
        The most promising by expected views, of all accounts or of those named.
    due_on
        In place of the days that the suggestions bear.

    An account or the week is filled up to what was asked for: tasks that were accepted before count, so that
    accepting twice changes nothing. Raises UsageError for an id or an account that has no recommendation and no task.
    """
    if not ids and not accounts and top is None:
        raise UsageError(
            "Say what to accept: ids of suggestions, --account ACCOUNT, or --top N. Nothing was accepted."
        )
    if ids and (accounts or top is not None):
        raise UsageError("Give ids of suggestions, or --account and --top, not both. Nothing was accepted.")
    if top is not None and top < 1:
        raise UsageError(f"--top {top} accepts nothing. Give a number from 1.")
    offered = suggestions(asked)
    promised = promised_images(asked.tables("tasks"), week_prefix(week_after(asked.period)))
    before = promised[promised["is_of_week"]]
    if ids:
        _known(ids, [*offered["task_id"], *before["task_id"]], "suggestion", "ids")
        chosen, told, short = (
            offered[offered["task_id"].isin(ids)],
            [i for i in ids if i in set(before["task_id"])],
            0,
        )
    else:
        every = executed(asked.tables("accounts").select("account_id").order_by("account_id"))
        _known(accounts, list(every["account_id"]), "account", "--account")
        if accounts:
            offered, before = (f[f["account_id"].isin(accounts)] for f in (offered, before))
        told = list(before["task_id"])
        room = len(offered) if top is None else max(0, top - len(told))
        chosen, short = offered.head(room), max(0, room - len(offered))
    return Acceptance([_task(row, due_on, now) for row in chosen.to_dict("records")], told, short)


def _task(row: dict[Any, Any], due_on: date | None, now: datetime) -> dict[str, Any]:
    stored = {name: None if pd.isna(row[name]) else row[name] for name in STORED}
    given = {"due_on": due_on} if due_on else {}
    return stored | given | {"status": "open", "created_at": now, "payload": told_payload(row)}


def done(tables: Tables, ids: Sequence[str], *, now: datetime) -> tuple[list[dict[str, Any]], list[str]]:
    """Rows that mark tasks as done, and the ids of those that were done already.

    Raises UsageError for an id of no task, or of a canceled one; nothing is marked then.
    """
    if not ids:
        raise UsageError("Say which tasks are done by their ids: `workbench tasks list` shows them.")
    tasks = tables("tasks")
    known = executed(
        tasks.select("task_id", done=is_done(tasks), canceled=is_canceled(tasks)).order_by("task_id")
    ).set_index("task_id")
    _known(ids, list(known.index), "task", "ids")
    wanted = list(dict.fromkeys(ids))
    canceled = [i for i in wanted if known.loc[i, "canceled"]]
    if canceled:
        raise UsageError(f"Task '{canceled[0]}' is canceled, so it can't be done. Nothing was marked.")
    already = [i for i in wanted if known.loc[i, "done"]]
    return [{"task_id": i, "status": "done", "done_at": now} for i in wanted if i not in already], already


def _known(given: Sequence[str], known: Sequence[str], what: str, where: str) -> None:
    for name in given:
        if name not in known:
            raise UsageError(
                f"{where}: there is no {what} '{name}'.{nearest(name, known)} "
                "See what there is with `workbench tasks list --suggested`. Nothing was written."
            )
