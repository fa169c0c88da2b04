"""Level 5: tasks: open, overdue, done in time."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
from ibis import _

from .counting import ratio
from .periods import Period
from .weekly import weeks_up_to

DONE = ("done", "completed", "closed")
CANCELED = ("canceled", "cancelled", "dropped")


def is_done(tasks: ibis.Table) -> ir.BooleanValue:
    """Whether a task is done: by its status, or because it says when."""
    return (_word(tasks).isin(DONE) | tasks.done_at.notnull()) & ~is_canceled(tasks)


def is_canceled(tasks: ibis.Table) -> ir.BooleanValue:
    return _word(tasks).isin(CANCELED)


def is_open(tasks: ibis.Table) -> ir.BooleanValue:
    """Whether a task is still to be done: neither done nor canceled, whatever word its status is."""
    return ~is_done(tasks) & ~is_canceled(tasks)


def _word(tasks: ibis.Table) -> ir.StringValue:
    return tasks.status.fill_null("").strip().lower()


def done_on_time(tasks: ibis.Table) -> ir.BooleanValue:
    """Whether a task was done by the end of its day (UTC); NULL where the day or the time is unknown."""
    return tasks.done_at < tasks.due_on.cast("timestamp") + ibis.interval(days=1)


def open_tasks(tasks: ibis.Table) -> ibis.Table:
    """Tasks that are still to be done, as stored. Source: metrics.md, Level 5. Version 1."""
    return tasks.filter(is_open(tasks))


def task_list(tasks: ibis.Table, *, status: str = "open") -> ibis.Table:
    """Tasks that are `open`, `done`, `canceled`, or `all`, without what only the loader needs.

    Grain out: task_id; as stored. Source: metrics.md, Level 5. Version 1.
    """
    kinds = {"open": is_open, "done": is_done, "canceled": is_canceled}
    chosen = tasks if status == "all" else tasks.filter(kinds[status](tasks))
    return chosen.select(
        "task_id",
        "status",
        "due_on",
        "va_id",
        "account_id",
        "kind",
        "title",
        "content_id",
        "created_at",
        "done_at",
    )


def task_results(tasks: ibis.Table, period: Period, *, by: str = "va_id") -> ibis.Table:
    """The tasks that were due in a period, by VA or another column of theirs.

    Formula: on_time_rate = done by the end of the due day (UTC) / (due - canceled), of those whose outcome is
    known: a task marked as done without a time counts as done but neither as in time nor as late. n_overdue:
    open, and due before the period's last day (see `pipeline.open_items`).

    Grain out: `by` [va_id NULL: nobody's]; n_due_tasks [tasks due, canceled ones left out], n_done_tasks,
    n_on_time_tasks, n_open_tasks, n_overdue_tasks [tasks], on_time_rate [fraction; NULL where nothing was due].

    Source: metrics.md, Level 3 (punctuality) and Level 5. Version 1.
    """
    last_on = ibis.literal(period.to_on, "date")
    due = tasks.filter(_.due_on.between(period.from_on, period.to_on) & ~is_canceled(tasks))
    marked = due.select(
        by,
        due=ibis.literal(1, "int64"),
        done=_flag(is_done(due)),
        in_time=_flag(is_done(due) & done_on_time(due)),
        undated=_flag(is_done(due) & due.done_at.isnull()),
        waiting=_flag(is_open(due)),
        overdue=_flag(is_open(due) & (due.due_on < last_on)),
    )
    summed = marked.group_by(by).agg(
        n_due_tasks=_.due.sum(),
        n_done_tasks=_.done.sum(),
        n_on_time_tasks=_.in_time.sum(),
        n_open_tasks=_.waiting.sum(),
        n_overdue_tasks=_.overdue.sum(),
        undated=_.undated.sum(),
    )
    return summed.mutate(on_time_rate=ratio(_.n_on_time_tasks, _.n_due_tasks - _.undated)).drop("undated")


def weekly_tasks(tasks: ibis.Table, period: Period, *, weeks: int = 9) -> ibis.Table:
    """The tasks that were due in each week: see `task_results`. Grain out: week_on."""
    shown = weeks_up_to(period, weeks)
    week = ibis.cases(
        *[(tasks.due_on.between(w.from_on, w.to_on), ibis.literal(w.from_on, "date")) for w in shown]
    )
    whole = Period(shown[0].from_on, shown[-1].to_on, period.time_zone)
    return task_results(tasks.mutate(week_on=week), whole, by="week_on")


def _flag(condition: ir.BooleanValue) -> ir.IntegerValue:
    return ibis.cases((condition, ibis.literal(1, "int64")), else_=ibis.literal(0, "int64"))
