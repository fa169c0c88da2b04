"""Every metric of the catalogue that Ibis tells alone, against the same thing written by hand.

First the answers are compared cell by cell, then the two are timed in turns. A metric's time is all that its
asker waits for: building the expression, compiling it, running it, fetching the rows.
"""

from __future__ import annotations

import time
from datetime import date, timedelta

from workbench.metrics.periods import Period
from workbench.model.catalogue import METRICS
from workbench.model.catalogue import Asked as Question
from workbench.model.frames import executed
from workbench.warehouse.reader import Workbench

from .by_hand import METRIC_SQL
from .figures import Figure
from .level2 import RATIO, SLACK_MS, Answer, Query, check, time_in_turns
from .level2_sql import Asked

WHOLE_DAYS = 300
"""Days of a metric that is asked of all time."""


def query(wb: Workbench, name: str, period: Period, horizon: str = "120") -> Query:
    """A metric of a period, both ways."""
    metric = METRICS[name]

    def ask() -> Answer:
        start = time.perf_counter()
        answer = metric.ask(Question(wb.table, period, horizon, wb.settings))
        expression = answer.order_by(list(metric.order))
        frame = executed(expression)
        return frame, time.perf_counter() - start, expression

    sql = METRIC_SQL[name](Asked(period.from_on, period.to_on, horizon))
    return Query(name, metric.order, ask, sql)


def queries(wb: Workbench, week_on: date, names: tuple[str, ...] = tuple(METRIC_SQL)) -> list[Query]:
    """The metrics, each over as many days as it covers unless told otherwise, that end with a week."""
    to_on = week_on + timedelta(days=6)
    return [
        query(wb, name, Period(to_on - timedelta(days=(METRICS[name].days or WHOLE_DAYS) - 1), to_on))
        for name in names
    ]


def measure(
    wb: Workbench, week_on: date, size: str, rounds: int, names: tuple[str, ...] = tuple(METRIC_SQL)
) -> tuple[list[Figure], list[Query]]:
    """Compare, then time. Raises Disagreement."""
    found = queries(wb, week_on, names)
    check(wb, found)
    for each in found:
        time_in_turns(wb, each, rounds)
    furthest = max(found, key=lambda q: q.share_of_limit)
    return [
        Figure(
            f"levels_vs_sql_{size}", round(furthest.ms, 4), "ms",
            f"{furthest.name} by hand: {furthest.hand_ms:.1f} ms; the furthest of {len(found)}",
            round(furthest.ms / furthest.hand_ms, 4), f"<= {RATIO} x + {SLACK_MS} ms",
            furthest.share_of_limit <= 1,
        )
    ], found  # fmt: skip


def listing(found: list[Query]) -> str:
    """A line for each metric, those nearest to their limit first."""
    lines = [f"{'metric':26} {'asked':>8} {'running':>8} {'by hand':>8} {'allowed':>8}  ms, medians"]
    lines += [
        f"{q.name:26} {q.ms:8.1f} {q.running_ms:8.1f} {q.hand_ms:8.1f} {RATIO * q.hand_ms + SLACK_MS:8.1f}"
        f"  {'ok' if q.share_of_limit <= 1 else 'MISS'}"
        for q in sorted(found, key=lambda q: -q.share_of_limit)
    ]
    return "\n".join(lines)
