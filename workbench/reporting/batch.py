"""Many reports in one run: one for each client, creator or account, as a TOML file says.

All of them are checked before the first starts. They share the cores, the preloaded kernels, and what their pages have
in common (fits over everybody are computed once); one that fails does not touch the others.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from ..display.numbers import counted
from ..errors import UsageError, nearest
from ..settings import Settings
from ..warehouse.versions import held, pin_reported
from .batch_file import EACH, WHERE, Entry, read_entries
from .data_facts import DataFacts
from .fork_server import start_server
from .freshness import label, refuse_stale
from .index import write_index
from .manifest import versions_of_reports
from .notebook_folders import find_notebooks
from .planned import Plan, choices_of, looked_over
from .run import ReportRun, cores, ended_in_order, make_reports
from .scratch import memory
from .spreadsheet import file_stem

Beside = Callable[[Plan], Mapping[str, Callable[[Path, str], object]]]
"""What writes the files beside a set's pages (see `run.make_reports`)."""


@dataclass(frozen=True)
class Planned:
    """One report of the batch."""

    name: str
    """Its folder below that of all reports."""
    plan: Plan


@dataclass(frozen=True)
class Made:
    """What became of one report."""

    name: str
    run: ReportRun | None
    """None where it could not be made at all."""
    error: str = ""

    @property
    def has_failed(self) -> bool:
        return self.run is None or self.run.exit_code != 0


@dataclass(frozen=True)
class BatchRun:
    """What a batch made. `exit_code` is 1 where any page of any report could not be made."""

    made: tuple[Made, ...]
    index: Path
    seconds: float

    @property
    def failed(self) -> tuple[Made, ...]:
        return tuple(m for m in self.made if m.has_failed)

    @property
    def exit_code(self) -> int:
        return 1 if self.failed else 0

    @property
    def spelled(self) -> str:
        """The outcome in one line."""
        n, pages = len(self.made), sum(len(m.run.pages) for m in self.made if m.run)
        whole = n - len(self.failed)
        told = counted(n, "report") if whole == n else f"{whole} of {counted(n, 'report')}"
        return f"Made {told} ({counted(pages, 'page')}) in {self.seconds:.1f} s."


def make_batch(
    settings: Settings,
    planned: Sequence[Planned],
    *,
    version: int,
    as_of: datetime,
    out: Path | None = None,
    facts: DataFacts | None = None,
    beside: Beside | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    timeout: int = 600,
    files: bool = True,
    pdf: bool = False,
) -> BatchRun:
    """Make every report into `<reports>/<name>/<week>/`, then the indexes. See `run.make_reports`.

    Parameters
    ----------
    planned
        See `planned_reports`.
    progress
        Called with a report's name when it is made, how many are, and of how many.
    """
    from .kernel import ended_with

    started, now = time.monotonic(), datetime.now(UTC)
    if facts and facts.freshness:  # data that are too old are so for all
        said = label(facts.freshness, stale_after_hours=settings.stale_after_hours, now=now)
        refuse_stale(said, settings.stale_reports)
    reports = (out or settings.reports).resolve()
    reports.mkdir(parents=True, exist_ok=True, mode=0o700)
    start_server()

    def one(report: Planned) -> Made:
        try:
            run = make_reports(
                settings,
                version=version,
                as_of=as_of,
                out=reports / report.name,
                name=report.name,
                facts=facts,
                now=now,
                plan=report.plan,
                kernels=kernels,
                beside=beside(report.plan) if beside else None,
                timeout=timeout,
                files=files,
                pdf=pdf,
            )
        except Exception as e:  # whatever it is, the others are made
            return Made(report.name, None, str(e) or type(e).__name__)
        return Made(report.name, run)

    # A few more sets than cores are under way, so that one's pages run while another's files are written.
    with (
        ended_in_order(),
        memory(),
        held(settings.versions, version),
        ThreadPoolExecutor(cores()) as kernels,
        ThreadPoolExecutor(cores() + 1) as makers,
        ended_with(makers, kernels),
    ):
        running: dict[Future[Made], str] = {makers.submit(one, p): p.name for p in planned}
        for n, done in enumerate(as_completed(running), start=1):
            if progress:
                progress(running[done], n, len(running))
    index = write_index(reports, [p.name for p in planned])
    if out is None:
        pin_reported(settings.versions, versions_of_reports(reports, settings.pin_reports))
    return BatchRun(tuple(r.result() for r in running), index, time.monotonic() - started)


def planned_reports(
    file: Path, settings: Settings, *, version: int, as_of: datetime, week: str | None = None
) -> list[Planned]:
    """Every report that a file asks for. UsageError with everything that is wrong with any of them.

    `week` holds for the entries that name none.
    """
    entries, problems = read_entries(file)
    every, choices = find_notebooks(settings.home, settings.notebooks), choices_of(settings, version)
    accounts = _accounts(settings, version) if any(e.for_each for e in entries) else pd.DataFrame()
    found: list[Planned] = []
    for entry in entries:
        values, wrong = _values(entry, accounts) if entry.for_each else ([""], [])
        names = _names(entry, values, accounts)
        for value in values or [""]:  # what else is wrong with an entry is told without a value too
            given = {**entry.parameters, **({entry.for_each: value} if value else {})}
            plan, off = looked_over(
                every,
                settings,
                as_of,
                week=entry.week or (None if "week" in given else week),
                only=entry.only,
                given=given,
                choices=choices,
            )
            off += _not_narrowed(plan, given) if plan else []
            wrong += off
            if plan and not off and value in names:
                found.append(Planned(names[value], plan))
        # What is wrong with a hundred of an entry's reports alike is said once.
        problems += [(entry.place, w) for w in dict.fromkeys(wrong)]
    twice = [n for n, times in Counter(p.name.lower() for p in found).items() if times > 1]
    problems += [
        ("", f"Two reports would be in the folder {n}: give them other names.") for n in sorted(twice)
    ]
    if problems:
        places = [e.place for e in entries]
        problems.sort(key=lambda p: places.index(p[0]) if p[0] in places else len(places) * bool(entries))
        told = [f"{place}: {what}" if place else what for place, what in problems]
        raise UsageError("\n".join(told) + "\nNothing was run.")
    return found


def _accounts(settings: Settings, version: int) -> pd.DataFrame:
    from ..model.frames import executed
    from ..warehouse.reader import Workbench

    with Workbench.opened(settings.home, version) as wb:
        columns = sorted(set(WHERE.values()))
        return executed(wb.table("accounts").select(columns).order_by("account_id"))


def _values(entry: Entry, accounts: pd.DataFrame) -> tuple[list[str], list[str]]:
    """What an entry makes a report for each of, in order, and what is wrong with how it is chosen."""
    wrong, chosen = [], accounts
    if "is_active" not in entry.where:
        chosen = chosen[chosen["is_active"].fillna(True).astype(bool)]
    for name, wanted in entry.where.items():
        there = accounts[WHERE[name]].dropna()
        missing = [] if name == "is_active" else [str(w) for w in wanted if w not in set(there)]
        wrong += [
            f"where {name} is '{m}', which no account has.{nearest(m, map(str, there.unique()))}"
            for m in missing
        ]
        chosen = chosen[chosen[WHERE[name]].isin(wanted)]
    values = [str(v) for v in sorted(chosen[EACH[entry.for_each]].dropna().unique())]
    if not values and not wrong:
        wrong.append(f"no account that is chosen has a {entry.for_each}: there is nothing to make.")
    return values, wrong


def _names(entry: Entry, values: Sequence[str], accounts: pd.DataFrame) -> dict[str, str]:
    """Value -> its folder: by the id, which stays when an account is renamed, and the same in every run."""
    before = file_stem(entry.name, instead="") if entry.name else ""
    if not entry.for_each:
        return {"": before}
    stems = {str(v): file_stem(str(v), "report") for v in accounts[EACH[entry.for_each]].dropna().unique()}
    alike = Counter(s.lower() for s in stems.values())

    def name(value: str) -> str:
        told = hashlib.sha256(value.encode()).hexdigest()[:6]
        stem = stems[value] if alike[stems[value].lower()] == 1 else f"{stems[value]}-{told}"
        return "-".join(filter(None, [before, stem]))

    return {v: name(v) for v in values}


def _not_narrowed(plan: Plan, given: Mapping[str, Any]) -> list[str]:
    """Notebooks whose page would be of everybody beside pages of one client's."""
    return [
        f"notebook {notebook} has no parameter '{name}', so its page would be of everybody. "
        "Leave it out: name the others in `only`."
        for name in EACH
        if name in given
        for notebook, known in plan.known.items()
        if name not in known
    ]
