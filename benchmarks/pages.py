"""Every figure behind every page: its time as the page asks for it, and how that grows with the warehouse.

A fact is computed by a fresh object, as on a page that shows nothing else; which age is compared is known,
as it is for all but the first fact of a page. Its time is all that its asker waits for: expressions built,
compiled, run, fetched, and finished by the model.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from functools import cached_property
from importlib import import_module
from unittest.mock import patch

import ibis
import pandas as pd

from workbench.metrics.periods import Period
from workbench.model.frames import executed
from workbench.model.level_facts import LevelFacts
from workbench.warehouse.reader import Workbench

from .figures import Figure, at_most

PAGES = {
    "overview": ("overview_facts", "OverviewFacts"),
    "slides": ("slide_facts", "SlideFacts"),
    "accounts": ("account_facts", "AccountFacts"),
    "vas": ("va_facts", "VaFacts"),
    "roi": ("money_facts", "MoneyFacts"),
    "creators": ("creator_facts", "CreatorFacts"),
}
SLOWEST_MS = {"100k": 150, "1000k": 1000}
_NO_QUERY = {"horizon", "performance", "accounts", "account_snapshots"}


def facts_of(page: str) -> type[LevelFacts]:
    module, name = PAGES[page]
    found: type[LevelFacts] = getattr(import_module(f"workbench.model.{module}"), name)
    return found


def names_of(facts: type[LevelFacts]) -> list[str]:
    """The facts of a page, those of its base first."""
    found = {
        n: None for c in reversed(facts.__mro__) for n, v in vars(c).items() if isinstance(v, cached_property)
    }
    return [n for n in found if n not in _NO_QUERY and not n.startswith("_")]


@contextmanager
def noted() -> Iterator[list[tuple[float, ibis.Table]]]:
    """Seconds and expression of everything that the model executes meanwhile."""
    notes: list[tuple[float, ibis.Table]] = []

    def noting(expression: ibis.Table) -> pd.DataFrame:
        start = time.perf_counter()
        frame = executed(expression)
        notes.append((time.perf_counter() - start, expression))
        return frame

    modules = [
        m
        for n, m in sys.modules.items()
        if n.startswith("workbench.model.") and getattr(m, "executed", None) is executed
    ]
    with ExitStack() as stack:
        for module in modules:
            stack.enter_context(patch.object(module, "executed", noting))
        yield notes


def seconds_of(wb: Workbench, week: Period, page: str, fact: str, known: LevelFacts) -> tuple[float, float]:
    """Seconds of one fact, and of these the seconds of its compiled queries alone."""
    facts = facts_of(page)(wb.table, week, settings=wb.settings)
    facts.__dict__["horizon"] = known.horizon
    if fact != "coverage":
        facts.__dict__["coverage"] = known.coverage
    gc.collect()
    with noted() as notes:
        start = time.perf_counter()
        getattr(facts, fact)
        whole = time.perf_counter() - start
    running = 0.0
    for _, expression in notes:
        compiled = ibis.to_sql(expression, dialect="duckdb")
        start = time.perf_counter()
        wb.backend.con.execute(compiled).to_arrow_table()
        running += time.perf_counter() - start
    return whole, running


def measure(
    wb: Workbench, week_on: date, size: str, rounds: int
) -> tuple[list[Figure], dict[str, tuple[float, float]]]:
    """The slowest fact of each page; and milliseconds of every fact, whole and running."""
    week = Period.week_of(week_on, wb.settings.time_zone)
    known = LevelFacts(wb.table, week, settings=wb.settings)
    found: dict[str, tuple[float, float]] = {}
    figures = []
    shared = set(names_of(LevelFacts))
    for page in PAGES:
        names = [n for n in names_of(facts_of(page)) if page == "accounts" or n not in shared]
        for fact in names:
            times = [seconds_of(wb, week, page, fact, known) for _ in range(rounds)]
            whole, running = (1000 * statistics.median(t) for t in zip(*times, strict=True))
            found[f"{page}.{fact}"] = (whole, running)
        slowest = max(names, key=lambda n: found[f"{page}.{n}"][0])
        whole, running = found[f"{page}.{slowest}"]
        figures.append(
            at_most(
                f"page_{page}_ms_{size}", whole, "ms", SLOWEST_MS.get(size, 150),
                f"{slowest}, the slowest of {len(names)}; its queries alone {running:.0f} ms",
            )
        )  # fmt: skip
    return figures, found


def listing(found: dict[str, dict[str, tuple[float, float]]]) -> str:
    """Every fact at every size, the slowest first: milliseconds whole (queries alone), and the growth's exponent."""
    sizes = list(found)
    last = found[sizes[-1]]
    lines = [f"{'fact':36}" + "".join(f"{s:>18}" for s in sizes)]
    for fact in sorted(last, key=lambda f: -last[f][0]):
        cells = [f"{found[s][fact][0]:9.0f} ({found[s][fact][1]:5.0f})" for s in sizes]
        lines.append(f"{fact:36}" + "".join(f"{c:>18}" for c in cells))
    return "\n".join(lines)
