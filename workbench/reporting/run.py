"""One run: the notebooks of a week, on one version of the warehouse, into one folder that appears whole."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .. import __version__
from ..display.numbers import instant
from ..metrics.periods import Period
from ..settings import Settings
from ..warehouse.versions import held, pin_reported
from ..whole_files import write_whole
from . import weeks
from .around import Around, clear_around, files_around, set_pages
from .chart_files import static_pictures, stop_drawing
from .chromium import find_chromium
from .data_facts import DataFacts
from .engine import Execution, Failure, execute
from .files import one_at_a_time, replaced
from .fork_server import start_server
from .freshness import Label, label, refuse_stale
from .index import INDEX, write_index
from .kernel_variables import bucket_keys
from .manifest import MANIFEST, manifest, manifest_of, page_entry, versions_of_reports
from .notebook import authors_of, title_of
from .notebook_folders import OURS, find_notebooks
from .page import About, Link, chart_library, charts_in, page, without_home
from .page_contents import page_contents, source_sha256
from .pdf import Printed, clear_pdfs, write_pdfs
from .planned import Plan, choices_of, chosen, given_scope, planned
from .scratch import memory
from .shown import AboutSet

EXECUTED = "executed"
__all__ = [
    "EXECUTED",
    "Page",
    "ReportRun",
    "chosen",
    "cores",
    "ended_in_order",
    "find_notebooks",
    "make_reports",
]


@dataclass(frozen=True)
class Page:
    """One page of a run."""

    name: str
    title: str
    path: Path
    seconds: float
    error: str = ""
    """Why it could not be made; empty where it was."""


@dataclass(frozen=True)
class ReportRun:
    """What a run made. `exit_code` is 1 where a page says that it could not be made."""

    period: str
    folder: Path
    index: Path
    pages: tuple[Page, ...]
    seconds: float
    around: Around | None = None
    """What lies around the pages; None where no files were wanted."""
    printed: Printed | None = None
    """The pages as PDF; None where none were wanted."""

    @property
    def failed(self) -> tuple[Page, ...]:
        return tuple(p for p in self.pages if p.error)

    @property
    def exit_code(self) -> int:
        beside = (self.around and self.around.error) or (self.printed and self.printed.failed)
        return 1 if self.failed or beside else 0


def make_reports(
    settings: Settings,
    *,
    version: int,
    as_of: datetime,
    week: str | None = None,
    only: str | Sequence[str] | None = None,
    parameters: Mapping[str, str] | None = None,
    out: Path | None = None,
    name: str = "",
    beside: Mapping[str, Callable[[Path, str], object]] | None = None,
    timeout: int = 600,
    facts: DataFacts | None = None,
    now: datetime | None = None,
    exactly: Mapping[str, Mapping[str, Any]] | None = None,
    plan: Plan | None = None,
    kernels: Executor | None = None,
    files: bool = True,
    pdf: bool = False,
) -> ReportRun:
    """Run the notebooks of a week and publish their pages, a manifest and the index.

    Everything that can be wrong with what was asked is found before a kernel starts. A notebook that
    fails becomes a page that says so; the others go on.

    Parameters
    ----------
    version, as_of
        The version of the warehouse to report on and its newest instant.
    week
        YYYY-Www; the last complete week before `as_of` unless given.
    only
        Notebooks by number or name, as a list or with commas: `2`, `2_accounts` or `accounts`. The other
        pages of the period stay as they were.
    parameters
        Name -> text; each goes to the notebooks that declare it.
    out
        The folder of all reports instead of the settings'.
    name
        Of a named report, whose folder `out` is; the manifest tells it.
    beside
        Notebook -> what writes the files that lie beside its page, called with the folder of the reports and the
        week when the page was made without a failure. Files go into folders of their own, which stay with the page.
    timeout
        Seconds that one cell may take.
    facts
        What there is to tell of the version: its hash, rows, freshness.
    now
        By which data are stale or not; the present unless given.
    exactly
        Notebook -> its parameters in their types, checked already (see `again`); in place of `parameters`.
    plan
        What was asked and checked already, in place of `week`, `only` and `parameters` (see `batch`).
    kernels
        Where the notebooks run, of a batch whose sets share the cores; the index is then the batch's to write.
    files
        Whether tables, charts and a workbook lie around the pages, and still pictures in them where no script runs.
    pdf
        Whether the pages that are made are printed too, where there is a Chromium (see `pdf.write_pdfs`).
    """
    started = time.monotonic()
    if pdf:
        find_chromium(settings.chromium)
    every = find_notebooks(settings.home, settings.notebooks)
    if plan is None:
        plan = planned(
            every,
            settings,
            as_of,
            week=week,
            only=only,
            given=parameters if exactly is None else {},
            choices=choices_of(settings, version),
        )
    week, notebooks, known = plan.week, plan.notebooks, plan.known
    values = plan.values if exactly is None else {n: {**exactly.get(n, {}), **plan.weeks[n]} for n in known}
    said = _freshness(settings, facts, week, values, now or datetime.now(UTC))
    refuse_stale(said, settings.stale_reports)
    reports = (out or settings.reports).resolve()
    reports.mkdir(parents=True, exist_ok=True, mode=0o700)
    final = reports / week
    start_server()
    with (
        ended_in_order(),
        memory(),
        held(settings.versions, version),
        one_at_a_time(final, settings.data / "cache"),
        replaced(final) as building,
    ):
        before = manifest_of(final) if only else None
        kept = _carried_over(before, final, building, {n.stem for n in notebooks})
        titles = {n.stem: title_of(n) for n in notebooks}
        order = {n.stem: place for place, n in enumerate(every)}
        links = sorted(
            [Link(t, f"{n}.html", n) for n, t in titles.items()]
            + [Link(p["title"], p["file"], p["name"]) for p in kept],
            key=lambda link: (order.get(link.name, len(order)), link.name),
        )
        abouts = {
            n.stem: About(
                name=n.stem,
                title=titles[n.stem],
                period=weeks.spelled(week),
                scope=given_scope(values[n.stem]),
                version=version,
                as_of=as_of,
                parameters=values[n.stem],
                pages=links,
                owner=_owner(n),
                facts=said.facts,
                unfinished=said.unfinished,
                stale=said.stale,
            )
            for n in notebooks
        }
        environment = {
            **bucket_keys(os.environ, settings),
            "WORKBENCH_HOME": str(settings.home),
            "WORKBENCH_VERSION": str(version),
            # The cores are taken by notebooks. And sums that threads share out differ in the last digit each time,
            # which is enough to swap two rows: a report made again is to be the same.
            "WORKBENCH_THREADS": "1",
        }
        bundle = chart_library(settings.data / "cache")

        def drawn(execution: Execution) -> Execution:
            done = _drawn(_without_paths(execution, settings.home), abouts, building, bundle, stills=files)
            lists = (beside or {}).get(done.name)
            if done.failure is not None or lists is None:
                return done
            try:
                lists(building, week)
            except Exception as e:  # a page whose files can't be written has failed
                failure = Failure(type(e).__name__, str(e), "The files beside this page")
                done = _without_paths(replace(done, failure=failure), settings.home)
                return _drawn(done, abouts, building, bundle, stills=False)
            return done

        executions = _run_all(notebooks, values, environment, building / EXECUTED, timeout, drawn, kernels)
        pages, entries = [], kept
        for execution in executions:
            stem, error = execution.name, execution.failure.cause if execution.failure else ""
            about = abouts[stem]
            pages.append(Page(stem, about.title, final / f"{stem}.html", execution.seconds, error))
            entries.append(
                page_entry(
                    stem,
                    about.title,
                    error=error,
                    parameters=values[stem],
                    version=version,
                    as_of=as_of,
                    sha256=facts.sha256 if facts else "",
                    defaults={n: p.default for n, p in known[stem].items()},
                    notebook_sha256=source_sha256(execution.notebook),
                    contents=page_contents(execution.notebook),
                )
            )
        entries = sorted(entries, key=lambda e: (order.get(e["name"], len(order)), e["name"]))
        around = None
        if files:
            about_set = AboutSet(
                title=f"{name or 'Reports'}, {weeks.spelled(week)}",
                period=week,
                version=version,
                as_of=as_of,
                workbench_version=__version__,
                facts={"Freshness": " ".join(filter(None, [*said.facts, said.unfinished, said.stale]))}
                if said.facts
                else {},
            )
            shown = set_pages(entries, building / EXECUTED, {e.name: e.notebook for e in executions})
            around = files_around(building, shown, about_set)
        else:
            clear_around(building)
        clear_pdfs(building, [p.name for p in pages])
        whole = [p.name for p in pages if not p.error]
        printed = write_pdfs(building, whole, chromium=settings.chromium) if pdf else None
        text = manifest(
            week,
            entries,
            version=version,
            as_of=as_of,
            seconds=time.monotonic() - started,
            seconds_by_page={p.name: p.seconds for p in pages},
            report=name,
            settings=settings,
            facts=facts,
            label=said,
            folder=building,
            around=around,
            printed=printed,
        )
        write_whole(building / MANIFEST, text)
    final.with_name(f"{week}.zip").unlink(missing_ok=True)  # of the set that was here before
    index = reports / INDEX if kernels is not None else write_index(reports, [])
    if out is None:
        pin_reported(settings.versions, versions_of_reports(reports, settings.pin_reports))
    return ReportRun(week, final, index, tuple(pages), time.monotonic() - started, around, printed)


def _freshness(
    settings: Settings,
    facts: DataFacts | None,
    week: str,
    values: Mapping[str, Mapping[str, Any]],
    now: datetime,
) -> Label:
    """What the set says of its data; nothing where nothing is known of them."""
    if facts is None or facts.freshness is None:
        return Label()
    return label(
        facts.freshness,
        stale_after_hours=settings.stale_after_hours,
        now=now,
        ends_at=Period.iso_week(week, settings.time_zone).to_at,
        parameters={name: value for page in values.values() for name, value in page.items()},
        erased=facts.erased,
    )


def cores() -> int:
    """How many kernels may run at a time."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _run_all(
    notebooks: Sequence[Path],
    values: Mapping[str, Mapping[str, Any]],
    environment: Mapping[str, str],
    folder: Path,
    timeout: int,
    drawn: Callable[[Execution], Execution],
    kernels: Executor | None = None,
) -> list[Execution]:
    """Run and draw them, as many at a time as there are cores."""
    from .kernel import close_loop, ended_with

    folder.mkdir(mode=0o700, exist_ok=True)

    def one(notebook: Path) -> Execution:
        output = folder / notebook.name
        try:
            execution = execute(
                notebook, values[notebook.stem], environment=environment, output=output, timeout=timeout
            )
        finally:
            close_loop()
        return drawn(execution)

    if kernels is not None:
        return [r.result() for r in [kernels.submit(one, n) for n in notebooks]]
    with ThreadPoolExecutor(min(cores(), len(notebooks))) as pool, ended_with(pool, also=stop_drawing):
        # The first, which sums up the others, comes last: it reads what they have found.
        begun = {n: pool.submit(one, n) for n in (*notebooks[1:], *notebooks[:1])}
        return [begun[n].result() for n in notebooks]


def _drawn(
    execution: Execution, abouts: Mapping[str, About], building: Path, bundle: str, stills: bool
) -> Execution:
    """Write the page of a notebook; where it can't be drawn, the page that says so."""
    about = replace(abouts[execution.name], made=_made(execution))
    try:
        whole = stills and execution.failure is None
        pictures = static_pictures(charts_in(execution.notebook)) if whole else ()
        text = page(execution, about, bundle=bundle, pictures=pictures)
    except Exception as e:
        execution = replace(execution, failure=Failure(type(e).__name__, str(e), "Drawing the page"))
        text = page(execution, about, bundle=bundle)
    write_whole(building / f"{execution.name}.html", text)
    return execution


@contextmanager
def ended_in_order() -> Iterator[None]:
    """A request to end (SIGTERM, a closed terminal) interrupts a run as Ctrl+C does, so that it can clear up."""

    def interrupt(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked = [getattr(signal, n) for n in ("SIGTERM", "SIGHUP") if hasattr(signal, n)]
    before = {s: signal.signal(s, interrupt) for s in asked if signal.getsignal(s) == signal.SIG_DFL}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _carried_over(
    before: dict[str, Any] | None, folder: Path, building: Path, made_now: set[str]
) -> list[dict[str, Any]]:
    """Copy the pages of the period that this run does not make; their entries in the manifest."""
    kept = [p for p in (before or {}).get("pages", []) if p["name"] not in made_now]
    kept = [p for p in kept if (folder / p["file"]).is_file()]
    for entry in kept:
        shutil.copy2(folder / entry["file"], building / entry["file"])
        executed = folder / EXECUTED / f"{entry['name']}.ipynb"
        if executed.is_file():
            (building / EXECUTED).mkdir(mode=0o700, exist_ok=True)
            shutil.copy2(executed, building / EXECUTED / executed.name)
    for beside in folder.iterdir() if kept else ():
        if beside.is_dir() and beside.name != EXECUTED:
            shutil.copytree(beside, building / beside.name)
    return kept


def _without_paths(execution: Execution, home: Path) -> Execution:
    if execution.failure is None:
        return execution
    told = without_home(execution.failure.message, home)
    return replace(execution, failure=replace(execution.failure, message=told))


def _owner(notebook: Path) -> str:
    """Whom to ask about a notebook."""
    if named := authors_of(notebook):
        return named
    if notebook.parent == OURS:
        return "the workbench, whose notebook this is"
    return "not named; the notebook's metadata has room for its authors"


def _made(execution: Execution) -> str:
    return f"Made {instant(datetime.now(UTC))} in {execution.seconds:.1f} s with workbench {__version__}."
