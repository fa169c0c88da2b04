"""Every query behind level 2: its time as the page asks it, and against the same thing written by hand.

First the answers are compared cell by cell, then the two are timed in turns. A question's time is all that its
asker waits for: building the expression, compiling it, running it, fetching the rows.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from unittest.mock import patch

import ibis
import pandas as pd

from workbench.metrics.periods import Period
from workbench.model import account_facts, level_facts
from workbench.model.account_facts import USUAL_WEEKS, AccountFacts
from workbench.model.catalogue import METRICS
from workbench.model.catalogue import Asked as Question
from workbench.model.frames import executed
from workbench.model.scope import Scope
from workbench.warehouse.reader import Workbench

from . import level2_sql as by_hand
from .agreement import Disagreement, differences
from .figures import Figure, at_most, seconds
from .level2_sql import Asked

SLOWEST_MS = 100
RATIO, SLACK_MS = 1.5, 15
SCORE_WEEKS = 4

Answer = tuple[pd.DataFrame, float, ibis.Table]
"""Rows, seconds until they were there, the expression that gave them."""


@dataclass
class Query:
    """One query of level 2, both ways."""

    name: str
    key: tuple[str, ...]
    ask: Callable[[], Answer]
    sql: str
    whole: list[float] = field(default_factory=list)
    """Seconds of each round: everything that the asker waits for."""
    running: list[float] = field(default_factory=list)
    """Of that, the compiled query alone, fetched."""
    hand: list[float] = field(default_factory=list)

    @property
    def ms(self) -> float:
        return 1000 * statistics.median(self.whole)

    @property
    def running_ms(self) -> float:
        return 1000 * statistics.median(self.running)

    @property
    def hand_ms(self) -> float:
        return 1000 * statistics.median(self.hand)

    @property
    def share_of_limit(self) -> float:
        """Of what the hand-written query allows it."""
        return self.ms / (RATIO * self.hand_ms + SLACK_MS)


FACTS: dict[str, tuple[tuple[str, tuple[str, ...], Callable[[Asked], str], int], ...]] = {
    "coverage": (("coverage", (), by_hand.coverage, SCORE_WEEKS),),
    "weekly": (
        ("weekly_results", ("week_on",), by_hand.weekly_results, USUAL_WEEKS + 1),
        ("weekly_followers", ("week_on",), by_hand.weekly_followers, USUAL_WEEKS + 1),
    ),
    "review": (("review", ("account_id",), by_hand.review, SCORE_WEEKS),),
    "changes": (
        ("outliers_now", (), by_hand.outliers, SCORE_WEEKS),
        ("outliers_before", (), by_hand.outliers, SCORE_WEEKS),
    ),
    "usual": (("usual", ("account_id",), by_hand.usual_views, 3 * SCORE_WEEKS),),
    "size": (("size", ("platform",), by_hand.size_effect, 3 * SCORE_WEEKS),),
    "hours_of_day": (("hours_of_day", ("weekday", "local_hour"), by_hand.posting_hours, 3 * SCORE_WEEKS),),
    "left_out": (("left_out", (), by_hand.left_out, SCORE_WEEKS),),
}
"""Fact -> its queries in order: name, key, SQL, weeks that it covers."""

METRIC_SQL: dict[str, Callable[[Asked], str]] = {
    "post_performance": by_hand.post_performance,
    "account_daily": by_hand.account_daily,
    "account_review": by_hand.account_review,
    "account_results": by_hand.account_results,
    "kpi_score": by_hand.kpi_score,
    "follower_growth": by_hand.follower_growth,
    "viral_rate": by_hand.viral_rate,
    "views_per_follower": by_hand.views_per_follower,
    "growth_over_six_months": by_hand.follower_growth,
    "size_effect": by_hand.size_effect,
    "posting_hours": by_hand.posting_hours,
}


def queries(wb: Workbench, week_on: date, *, horizon: str = "120", platform: str = "") -> list[Query]:
    """The queries of the accounts' page of one week, and the metrics over the four weeks that end with it."""
    week = Period.week_of(week_on, wb.settings.time_zone)
    found = []
    for fact, parts in FACTS.items():
        for place, (name, key, sql, weeks) in enumerate(parts):
            period = week.widened(weeks)
            if name == "outliers_before":
                period = period.before()
            asked = Asked(period.from_on, period.to_on, horizon, platform)
            found.append(Query(name, key, _fact(wb, week, horizon, platform, fact, place), sql(asked)))
    month = week.widened(SCORE_WEEKS)
    asked = Asked(month.from_on, month.to_on, horizon)
    found += [
        Query(f"metric_{name}", metric.order, _metric(wb, name, month, horizon), METRIC_SQL[name](asked))
        for name, metric in METRICS.items()
        if name in METRIC_SQL
    ]
    return found


def _fact(
    wb: Workbench, week: Period, horizon: str, platform: str, fact: str, place: int
) -> Callable[[], Answer]:
    def ask() -> Answer:
        facts = AccountFacts(wb.table, week, score_weeks=SCORE_WEEKS, scope=Scope(platform))
        if fact != "coverage":
            facts.horizon = horizon
        with noted() as notes:
            start = time.perf_counter()
            getattr(facts, fact)
        frame, ended, expression = notes[place]
        return frame, ended - (notes[place - 1][1] if place else start), expression

    return ask


@contextmanager
def noted() -> Iterator[list[Answer]]:
    """What the facts execute meanwhile: rows, the instant at which they were there, the expression."""
    notes: list[Answer] = []

    def noting(expression: ibis.Table) -> pd.DataFrame:
        frame = executed(expression)
        notes.append((frame.copy(), time.perf_counter(), expression))
        return frame

    with patch.object(account_facts, "executed", noting), patch.object(level_facts, "executed", noting):
        yield notes


def _metric(wb: Workbench, name: str, period: Period, horizon: str) -> Callable[[], Answer]:
    def ask() -> Answer:
        start = time.perf_counter()
        metric = METRICS[name]
        answer = metric.ask(Question(wb.table, period, horizon, wb.settings))
        expression = answer.order_by([c for c in metric.order if c in answer.columns])
        frame = executed(expression)
        return frame, time.perf_counter() - start, expression

    return ask


def check(wb: Workbench, found: list[Query]) -> None:
    """Raise Disagreement where an expression and the SQL written by hand give different answers."""
    wrong = []
    for query in found:
        ours = query.ask()[0]
        wrong += [f"{query.name}: {line}" for line in differences(ours, fetched(wb, query.sql), query.key)]
    if wrong:
        raise Disagreement("\n".join(wrong))


def fetched(wb: Workbench, sql: str) -> pd.DataFrame:
    """The rows of a query, by the way that expressions take."""
    return wb.backend.con.execute(sql).to_arrow_table().to_pandas()


def time_in_turns(wb: Workbench, query: Query, rounds: int) -> None:
    """Ask, run the compiled query, run the SQL written by hand, in turns, so that a noisy moment meets all."""
    compiled = ibis.to_sql(query.ask()[2], dialect="duckdb")
    fetched(wb, query.sql)
    for _ in range(rounds):
        query.whole.append(query.ask()[1])
        query.running.append(seconds(lambda: fetched(wb, compiled)))
        query.hand.append(seconds(lambda: fetched(wb, query.sql)))


def measure(wb: Workbench, week_on: date, size: str, rounds: int) -> tuple[list[Figure], list[Query]]:
    """Compare, then time. Raises Disagreement."""
    found = queries(wb, week_on)
    check(wb, found)
    for query in found:
        time_in_turns(wb, query, rounds)
    slowest = max(found, key=lambda q: q.ms)
    furthest = max(found, key=lambda q: q.share_of_limit)
    behind = "" if size == "100k" else f"_{size}"
    return [
        at_most(
            f"level2_query_ms{behind}", slowest.ms, "ms", SLOWEST_MS,
            f"{slowest.name}, the slowest of {len(found)}; running it {slowest.running_ms:.0f} ms",
        ),
        Figure(
            f"level2_vs_sql{behind}", round(furthest.ms, 4), "ms",
            f"{furthest.name} by hand: {furthest.hand_ms:.1f} ms",
            round(furthest.ms / furthest.hand_ms, 4), f"<= {RATIO} x + {SLACK_MS} ms",
            furthest.share_of_limit <= 1,
        ),
    ], found  # fmt: skip


def listing(found: list[Query]) -> str:
    """A line for each query, the slowest first."""
    lines = [f"{'query':26} {'asked':>8} {'running':>8} {'by hand':>8} {'allowed':>8}  ms, medians"]
    for q in sorted(found, key=lambda q: -q.ms):
        allowed = RATIO * q.hand_ms + SLACK_MS
        verdict = "ok" if q.ms <= min(allowed, SLOWEST_MS) else "MISS"
        lines.append(
            f"{q.name:26} {q.ms:8.1f} {q.running_ms:8.1f} {q.hand_ms:8.1f} {min(allowed, SLOWEST_MS):8.1f}  {verdict}"
        )
    return "\n".join(lines)
