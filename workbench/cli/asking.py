"""Commands that answer a question: metric, sql, whatif."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from ..errors import UsageError, nearest
from .output import write_answer
from .shared import day_of, say


def ask_metric(options: Any) -> int:
    from ..metrics.periods import Period
    from ..model.catalogue import METRICS, Asked
    from ..warehouse.reader import Workbench

    if options.name is None:
        for metric in METRICS.values():
            print(f"{metric.name:24} {metric.sentence}")
        return 0
    if options.name not in METRICS:
        raise UsageError(
            f"There is no metric '{options.name}'.{nearest(options.name, METRICS)} Metrics: {', '.join(METRICS)}."
        )
    metric = METRICS[options.name]
    with Workbench.opened(options.home) as wb:
        period = _period(options, wb, metric.days, Period)
        asked = Asked(wb.table, period, options.horizon, wb.settings)
        answer = metric.ask(asked) if metric.finish is None else wb.frame(metric.finish(asked), metric.name)
        for condition in options.where:
            answer = _only(answer, condition)
        say(f"{metric.name}, {period.from_on} to {period.to_on}, version {wb.version}.")
        return write_answer(
            wb.backend, answer.order_by([c for c in metric.order if c in answer.columns]), options
        )


def _period(options: Any, wb: Any, days: int | None, kind: Any) -> Any:
    """The days asked for; else the `days` (None: all of them) up to the day before the data's newest."""
    from datetime import timedelta

    newest = (wb.as_of or datetime.now(UTC)).date()
    to_on = day_of(options.to_on, "--to") if options.to_on else newest - timedelta(days=1)
    first = date(2000, 1, 1) if days is None else to_on - timedelta(days=days - 1)
    from_on = day_of(options.from_on, "--from") if options.from_on else first
    if from_on > to_on:
        raise UsageError(f"--from {from_on} is after --to {to_on}. Swap them.")
    return kind(from_on, to_on, wb.settings.time_zone)


def _only(answer: Any, condition: str) -> Any:
    column, equals, value = condition.partition("=")
    if not equals:
        raise UsageError(f"--where '{condition}' is not COLUMN=VALUE, such as account_id=tiktok:name.")
    if column not in answer.columns:
        raise UsageError(
            f"--where: there is no column '{column}'.{nearest(column, answer.columns)} "
            f"Columns: {', '.join(answer.columns)}."
        )
    return answer.filter(answer[column].cast("string") == value)


def ask_whatif(options: Any) -> int:
    from ..display import whatif_text
    from ..metrics.periods import Period
    from ..model.level_facts import LevelFacts
    from ..model.whatif_inputs import start
    from ..model.whatif_scenarios import changes
    from ..reporting import weeks
    from ..warehouse.reader import Workbench

    changed = changes(options.changes)
    with Workbench.opened(options.home) as wb:
        zone = wb.settings.time_zone
        week = options.week or weeks.last_complete(wb.as_of or datetime.now(UTC), zone)
        weeks.monday(week)
        begin = start(LevelFacts(wb.table, Period.iso_week(week, zone), settings=wb.settings))
        file = Path(options.scenario) if options.scenario else None
        scenarios = whatif_text.scenarios(begin, changed, file)
    print((whatif_text.as_json if options.format == "json" else whatif_text.as_text)(begin, scenarios))
    return 0


def ask_sql(options: Any) -> int:
    from ..warehouse.reader import Workbench

    with Workbench.opened(options.home) as wb:
        return write_answer(wb.backend, wb.sql(options.query), options)
