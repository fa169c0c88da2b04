"""What was asked of a run, checked before anything starts: the week, the notebooks, their parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from ..display.escaping import plain
from ..display.numbers import instant
from ..display.scope_words import scope_name
from ..errors import UsageError, nearest
from ..model.scope import NAMES, Scope
from ..settings import Settings
from . import weeks
from .notebook_folders import spoken
from .parameters import Choices, Parameter, declared, looked_at


@dataclass(frozen=True)
class Plan:
    """One set of pages to make, of which nothing is wrong."""

    week: str
    notebooks: Sequence[Path]
    known: Mapping[str, Mapping[str, Parameter]]
    """Notebook -> what it declares."""
    values: Mapping[str, Mapping[str, Any]]
    """Notebook -> what it is given."""

    @property
    def weeks(self) -> dict[str, dict[str, str]]:
        """Notebook -> {"week": its week}, where it declares one."""
        return {n: {"week": self.week} if "week" in known else {} for n, known in self.known.items()}


def planned(
    every: Sequence[Path],
    settings: Settings,
    as_of: datetime,
    *,
    week: str | None = None,
    only: str | Sequence[str] | None = None,
    given: Mapping[str, str] | None = None,
    choices: Choices | None = None,
) -> Plan:
    """The set that was asked for. UsageError with everything that is wrong with it.

    `every`: the notebooks that there are; see `run.make_reports` for what is given.
    """
    plan, problems = looked_over(every, settings, as_of, week=week, only=only, given=given, choices=choices)
    if plan is None:
        raise UsageError("\n".join(problems) + " Nothing was run.")
    return plan


def looked_over(
    every: Sequence[Path],
    settings: Settings,
    as_of: datetime,
    *,
    week: str | None = None,
    only: str | Sequence[str] | None = None,
    given: Mapping[str, str] | None = None,
    choices: Choices | None = None,
) -> tuple[Plan | None, list[str]]:
    """`planned`, with the problems instead of an error."""
    given, problems = dict(given or {}), []
    try:
        week = _week(settings, as_of, week, given)
    except UsageError as e:
        problems.append(str(e).removesuffix(" Nothing was run."))
    try:
        notebooks = chosen(every, only)
    except UsageError as e:
        problems.append(str(e).removesuffix(" Nothing was run."))
        notebooks = list(every)
    known = {n.stem: declared_once(n) for n in notebooks}
    values, wrong = looked_at(given, known, choices)
    problems += wrong
    if problems or week is None:
        return None, problems
    plan = Plan(week, notebooks, known, values)
    return Plan(week, notebooks, known, {n: {**v, **plan.weeks[n]} for n, v in values.items()}), []


def given_scope(values: Mapping[str, Any]) -> str:
    """Whom a page is about by its parameters, in words; empty where it is everybody."""
    return plain(scope_name(Scope(**{name: str(values.get(name) or "") for name in NAMES})), longest=120)


def declared_once(notebook: Path) -> dict[str, Parameter]:
    """`parameters.declared`; of a batch that asks for one a hundred times, read once."""
    return _declared(notebook, notebook.stat().st_mtime_ns)


@cache
def _declared(notebook: Path, _changed: int) -> dict[str, Parameter]:
    return declared(notebook)


def chosen(notebooks: Sequence[Path], only: str | Sequence[str] | None) -> list[Path]:
    """Those of the notebooks that were asked for by number or name; all where nothing was asked."""
    if not only:
        return list(notebooks)
    words = [w.strip() for w in (only.split(",") if isinstance(only, str) else only) if w.strip()]
    if not words:
        raise UsageError(f"--only names no notebook. {_listed(notebooks)} Nothing was run.")
    found: dict[str, Path] = {}
    unknown = []
    for word in words:
        matches = [n for n in notebooks if word in (n.stem, n.name, *spoken(n.stem))]
        found |= {n.stem: n for n in matches}
        if not matches:
            unknown.append(word)
    if unknown:
        stems = [n.stem for n in notebooks]
        told = " ".join(f"There is no notebook '{w}'.{nearest(w, stems)}" for w in unknown)
        raise UsageError(f"{told}\n{_listed(notebooks)} Nothing was run.")
    return [n for n in notebooks if n.stem in found]


def _listed(notebooks: Sequence[Path]) -> str:
    return f"Notebooks: {', '.join(n.stem for n in notebooks)}."


def choices_of(settings: Settings, version: int) -> Choices:
    """What the columns of a version of the warehouse hold; opened when it is first asked, each column read once."""

    @cache
    def values(column: str) -> list[str]:
        from ..model.frames import executed
        from ..warehouse.reader import Workbench

        table, _dot, name = column.partition(".")
        with Workbench.opened(settings.home, version) as wb:
            if table not in wb.tables or name not in wb.table(table).columns:
                raise UsageError(f"the data have no column {column}")
            found = executed(
                wb.table(table).select(value=name).drop_null("value").distinct().order_by("value")
            )
        return [str(v) for v in found["value"]]

    return values


def _week(settings: Settings, as_of: datetime, week: str | None, given: dict[str, str]) -> str:
    """The week of the run; `-p week=...` says the same thing as `--week`."""
    asked = given.pop("week", None)
    if week and asked and week != asked:
        raise UsageError(f"The week is given twice: {week} and, as a parameter, {asked}. Give it once.")
    last = weeks.last_complete(as_of, settings.time_zone)
    wanted = week or asked or last
    if weeks.monday(wanted) > as_of.date():
        raise UsageError(
            f"Week {wanted} begins after the newest data, of {instant(as_of)}. "
            f"The last complete week is {last}. Nothing was run."
        )
    return wanted
