"""The command tasks: list, accept, done, lists."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .loading import tell
from .output import write_answer
from .shared import day_of, say, settings_of

if TYPE_CHECKING:
    from ..settings import Settings


def list_tasks(options: Any) -> int:
    if options.ids and options.action in ("list", "lists"):
        raise UsageError(f"`workbench tasks {options.action}` takes no ids: '{options.ids[0]}'.")
    actions = {"list": _tasks_list, "accept": _tasks_accept, "done": _tasks_done, "lists": _tasks_lists}
    return actions[options.action](options)


def _planned(options: Any, wb: Any) -> Any:
    """The question whose answer is what to post in the week asked for."""
    from ..metrics.periods import Period
    from ..reporting import weeks

    if wb.as_of is None:
        raise UsageError(
            "The warehouse is empty: there is nothing to plan from. Import files with `workbench import`."
        )
    zone = wb.settings.time_zone
    last = Period.iso_week(weeks.last_complete(wb.as_of, zone), zone)
    week = Period.week_of(weeks.monday(options.week), zone) if options.week else last.shifted(7)
    return asked_before(wb, week)


def asked_before(wb: Any, week: Any) -> Any:
    from ..model.catalogue import Asked
    from ..model.level_facts import LevelFacts

    facts = LevelFacts(wb.table, week.before(), settings=wb.settings)
    return Asked(wb.table, facts.window, facts.horizon, wb.settings)


def _tasks_list(options: Any) -> int:
    from ..metrics.tasks import task_list
    from ..model.suggestions import LISTED, suggestions
    from ..warehouse.reader import Workbench

    with Workbench.opened(options.home) as wb:
        if options.suggested:
            answer = wb.frame(suggestions(_planned(options, wb))[list(LISTED)], "suggested")
            answer = answer.order_by([answer.expected_views.desc(), "task_id"])
        else:
            answer = task_list(wb.table("tasks"), status=options.status).order_by(["due_on", "task_id"])
        if options.va:
            answer = answer.filter(answer.va_id == options.va)
        return write_answer(wb.backend, answer, options)


def _tasks_accept(options: Any) -> int:
    from ..model.accepting import accept
    from ..warehouse.reader import Workbench

    settings = settings_of(options)
    with Workbench.opened(settings.home) as wb:
        found = accept(
            _planned(options, wb),
            now=datetime.now(UTC),
            ids=options.ids,
            accounts=options.account,
            top=options.top,
            due_on=day_of(options.due, "--due") if options.due else None,
        )
    say(f"{len(found.rows)} accepted, {len(found.standing)} had been before.")
    if found.short:
        say(f"{found.short} fewer than asked for: there are no more recommendations for this week.")
    nobodys = sum(not row["va_id"] for row in found.rows)
    if nobodys:
        say(
            f"{nobodys} are of accounts without a VA. Name one in accounts.csv, or give the task to somebody."
        )
    return _recorded(found.rows, settings, "workbench tasks accept")


def _tasks_done(options: Any) -> int:
    from ..model.accepting import done
    from ..warehouse.reader import Workbench

    settings = settings_of(options)
    with Workbench.opened(settings.home) as wb:
        rows, already = done(wb.table, options.ids, now=datetime.now(UTC))
    say(f"{len(rows)} marked as done, {len(already)} had been before.")
    return _recorded(rows, settings, "workbench tasks done")


def _recorded(rows: list[dict[str, Any]], settings: Settings, what: str) -> int:
    """Rows of tasks through the inbox into the warehouse."""
    from .. import record
    from ..warehouse.load import load

    if not rows:
        return 0
    record.rows("tasks", rows, home=settings.home)
    return tell(load(settings, what=what), settings)


def _tasks_lists(options: Any) -> int:
    from ..model.reel_lists import reel_lists
    from ..model.suggestions import iso_week, week_after
    from ..reporting.reel_lists import FOLDER, write_reel_lists
    from ..warehouse.reader import Workbench

    settings = settings_of(options)
    with Workbench.opened(settings.home) as wb:
        asked = _planned(options, wb)
        rows = reel_lists(asked)
    folder = Path(options.out) if options.out else settings.reports / FOLDER
    files = write_reel_lists(rows, folder, iso_week(week_after(asked.period).from_on))
    say(f"Wrote {len(rows):,} things to post into {len(files)} files.")
    for file in files:
        print(file)
    return 0
