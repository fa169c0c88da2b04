"""Every figure behind every page: its time as the page asks for it, and how that grows with the warehouse.

A fact is computed by a fresh object, as on a page that shows nothing else; which age is compared is known,
as it is for all but the first fact of a page, and so are the fits of models, which are figures of their own: a page
makes each once. A fact's time is all that its asker waits for: expressions built, compiled, run, fetched, and
finished by the model.
"""

from __future__ import annotations

import gc
import math
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
import ibis.expr.operations as ops
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
FITS = {
    "slides": ("effects",),
    "vas": ("effects",),
    "creators": ("sets", "creator_effects", "reel_lists"),
}
"""Facts that fit a model, which other facts of the page build on; nothing but a part of them is a query."""
SLOWEST_MS = 150
SLOWEST_QUERY_MS = 1000
"""At a million posts, of a fact's queries alone."""
MILLION = "1000k"
Found = dict[str, tuple[float, float]]
"""Fact -> milliseconds whole, and of its queries alone."""
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


def prepared(wb: Workbench, week: Period, page: str, known: LevelFacts) -> LevelFacts:
    """Facts of a page, of which nothing is known but the compared age."""
    facts = facts_of(page)(wb.table, week, settings=wb.settings)
    facts.__dict__["horizon"] = known.horizon
    facts.__dict__["coverage"] = known.coverage
    return facts


def seconds_of(
    wb: Workbench, week: Period, page: str, fact: str, known: LevelFacts, fits: LevelFacts | None = None
) -> tuple[float, float]:
    """Seconds of one fact, and of these the seconds of its compiled queries alone.

    `fits`: facts of the same page whose fits are made, and are taken from there.
    """
    facts = prepared(wb, week, page, known)
    facts.__dict__.pop(fact, None)
    if fits is not None and fact not in FITS.get(page, ()):
        facts.__dict__.update({f: getattr(fits, f) for f in FITS.get(page, ())})
    gc.collect()
    with noted() as notes:
        start = time.perf_counter()
        getattr(facts, fact)
        whole = time.perf_counter() - start
    running = 0.0
    for seconds, expression in notes:
        if expression.op().find(ops.InMemoryTable):
            running += seconds  # rows of the process itself are only there while Ibis runs the expression
            continue
        compiled = ibis.to_sql(expression, dialect="duckdb")
        start = time.perf_counter()
        wb.backend.con.execute(compiled).to_arrow_table()
        running += time.perf_counter() - start
    return whole, running


def measure(wb: Workbench, week_on: date, size: str, rounds: int) -> tuple[list[Figure], Found]:
    """The slowest fact of each page; and milliseconds of every fact, whole and running."""
    week = Period.week_of(week_on, wb.settings.time_zone)
    known = LevelFacts(wb.table, week, settings=wb.settings)
    found: Found = {}
    figures = []
    shared = set(names_of(LevelFacts))
    for page in PAGES:
        fits = prepared(wb, week, page, known)
        of_models = FITS.get(page, ())
        names = [n for n in names_of(facts_of(page)) if page == "accounts" or n not in shared]
        for fact in names:
            # The first asks Ibis and DuckDB for what they keep, and costs more.
            again = 1 if fact in of_models else rounds
            times = [seconds_of(wb, week, page, fact, known, fits) for _ in range(again)]
            whole, running = (1000 * statistics.median(t) for t in zip(*times, strict=True))
            found[f"{page}.{fact}"] = (whole, running)
        queried = [n for n in names if n not in of_models]
        figures += _figures(f"page_{page}_ms_{size}", page, queried, found, size)
        if of_models and size != MILLION:
            figures += _figures(f"page_{page}_fit_ms_{size}", page, list(of_models), found, size)
    return figures, found


def _figures(name: str, page: str, facts: list[str], found: Found, size: str) -> list[Figure]:
    """The slowest of some facts; at a million posts, the one with the slowest queries."""
    judged = 1 if size == MILLION else 0
    slowest = max(facts, key=lambda n: found[f"{page}.{n}"][judged])
    whole, running = found[f"{page}.{slowest}"]
    other = f"whole {whole:.0f} ms" if judged else f"its queries alone {running:.0f} ms"
    limit = SLOWEST_QUERY_MS if judged else SLOWEST_MS
    reference = f"{slowest}, the slowest of {len(facts)}; {other}"
    return [at_most(name, found[f"{page}.{slowest}"][judged], "ms", limit, reference)]


def listing(found: dict[str, Found]) -> str:
    """Every fact at every size, the slowest first: milliseconds whole (queries alone), and how they grow.

    The last column is the exponent of the growth of the whole with the posts, from the smallest size to the largest: 1
    where ten times the posts cost ten times as much; empty with one size.
    """
    sizes = list(found)
    first, last = found[sizes[0]], found[sizes[-1]]
    growth = math.log(_posts(sizes[-1]) / _posts(sizes[0])) if len(sizes) > 1 else math.nan
    lines = [f"{'fact':36}" + "".join(f"{s:>18}" for s in sizes) + ("   growth" if len(sizes) > 1 else "")]
    for fact in sorted(last, key=lambda f: -last[f][0]):
        cells = "".join(f"{f'{found[s][fact][0]:9.0f} ({found[s][fact][1]:5.0f})':>18}" for s in sizes)
        power = math.log(max(last[fact][0], 0.01) / max(first[fact][0], 0.01)) / growth
        lines.append(f"{fact:36}{cells}" + (f"{power:9.2f}" if len(sizes) > 1 else ""))
    return "\n".join(lines)


def _posts(size: str) -> float:
    return float(size.removesuffix("k")) * (1000 if size.endswith("k") else 1)
