"""The warehouse at an analyst's fingertips: tables, metrics and pages found by Tab, shown readably.

    wb = workbench.connect()
    wb.metrics.kpi_score(week="2025-W40")          # a table with units and meanings; .frame, .expression, .chart()
    wb.page("accounts", week="2025-W40").growth_chart()

What is heavy is imported when it is first asked for.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis

from .errors import UsageError, nearest
from .shown_rows import ShownRows
from .slide_finder import SlideFinder
from .warehouse.reader import Workbench

if TYPE_CHECKING:
    import pandas as pd

    from .metrics.periods import Period
    from .model.catalogue import Metric

PAGES = {
    "overview": ("overview_page.OverviewPage", "overview_facts.OverviewFacts"),
    "slides": ("slide_page.SlidePage", "slide_facts.SlideFacts"),
    "accounts": ("account_page.AccountPage", "account_facts.AccountFacts"),
    "vas": ("va_page.VaPage", "va_facts.VaFacts"),
    "roi": ("money_page.MoneyPage", "money_facts.MoneyFacts"),
    "creators": ("creator_page.CreatorPage", "creator_facts.CreatorFacts"),
}
"""Name of a level's page -> its class in `display` and its facts' in `model`."""


class NoSuchName(UsageError, AttributeError):
    """A name after a dot that nothing has. An AttributeError too, as Python and Jupyter ask by trying."""


class Names(tuple[str, ...]):
    """Names that can be listed, and followed with a dot and Tab."""

    _opened: Any
    _kind: str

    @classmethod
    def of(cls, names: Iterable[str], opened: Any, kind: str) -> Names:
        """`opened` makes of a name what stands behind it; `kind` is what such a thing is called."""
        made = cls(names)
        made._opened, made._kind = opened, kind
        return made

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self._opened(name)
        if name.startswith("_"):
            raise AttributeError(name)
        raise NoSuchName(f"There is no {self._kind} '{name}'.{nearest(name, self)}")

    def __dir__(self) -> list[str]:
        return list(self)


class Question:
    """A metric of the catalogue, to be asked by calling it."""

    def __init__(self, wb: Explorer, metric: Metric) -> None:
        self._wb, self._metric = wb, metric
        self.__doc__ = metric.sentence

    def __call__(self, **asked: Any) -> Answer:
        return self._wb.metric(self._metric.name, **asked)

    def __repr__(self) -> str:
        return f"<metric {self._metric.name}: {self._metric.sentence} Call it, with week= or from_on= and to_on=.>"


class Metrics:
    """The catalogue's metrics: listed, and followed with a dot and Tab. Loaded when they are first asked for."""

    def __init__(self, wb: Explorer) -> None:
        self._wb = wb

    @property
    def _catalogue(self) -> dict[str, Metric]:
        from .model.catalogue import METRICS

        return METRICS

    def __getattr__(self, name: str) -> Question:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self._catalogue:
            return Question(self._wb, self._catalogue[name])
        raise NoSuchName(f"There is no metric '{name}'.{nearest(name, self._catalogue)}")

    def __dir__(self) -> list[str]:
        return list(self._catalogue)

    def __iter__(self) -> Iterator[str]:
        return iter(self._catalogue)

    def __len__(self) -> int:
        return len(self._catalogue)

    def __repr__(self) -> str:
        width = max(map(len, self), default=0)
        return "\n".join(f"{m.name:{width}}  {m.sentence}" for m in self._catalogue.values())


class Answer(ShownRows):
    """What a metric says: a table to look at, and everything behind it."""

    def __init__(self, wb: Explorer, metric: Metric, period: Period, horizon: str) -> None:
        self._wb, self.metric, self.period, self.horizon = wb, metric, period, horizon

    @cached_property
    def expression(self) -> ibis.Table:
        """The answer as an Ibis expression, to filter and join further."""
        from .model.catalogue import Asked

        if self.metric.finish is not None:
            return self._wb.frame(self.frame, f"answer_{self.metric.name}")
        asked = Asked(self._wb.table, self.period, self.horizon, self._wb.settings)
        return self.metric.ask(asked).order_by(list(self.metric.order))

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The rows, as a DataFrame."""
        from .model.catalogue import Asked

        return self.metric.answer(Asked(self._wb.table, self.period, self.horizon, self._wb.settings))

    @cached_property
    def table(self) -> Any:
        """The rows as a table with headings, units and, below it, what the columns mean."""
        from .display.tables import Table

        days = f"{self.period.from_on} to {self.period.to_on}"
        age = "settled" if self.horizon == "settled" else f"{self.horizon} hours"
        return Table(
            self.frame,
            caption=f"{self.metric.sentence.rstrip('.')} ({days}; {len(self.frame):,} rows)",
            note=f"Metric {self.metric.name}; posts are compared at {age}; version {self._wb.version} of the data. "
            "A dash: not known.",
            limit=50,
        )

    def chart(self, value: str | None = None, *, by: str | None = None, title: str = "") -> Any:
        """The answer drawn: over time, by weekday and hour, or ranked, as its columns allow.

        Parameters
        ----------
        value
            The column that is drawn; default: the first figure that isn't a count of rows.
        by
            The column that it is drawn by; default: the first of the metric's order.
        """
        from .display.answer_chart import drawn

        _look()
        return drawn(self.frame, self.metric, self.period, value=value, by=by, title=title)

    def __repr__(self) -> str:
        return f"{self.table!r}\n{self.table.note}"


class Explorer(Workbench):
    """One version of the warehouse, open for reading, with its metrics and pages one call away.

    `tables.posts` is a table's expression, `metrics.kpi_score(week="2025-W40")` a metric's answer,
    `slides.search("words")` and `slides.like("file.jpg")` find slides.
    """

    def _open(self, version: int | None) -> None:
        super()._open(version)
        # Attributes and no properties: Jupyter completes only what it can look at without running anything.
        self.tables = Names.of(self.tables, self.table, "table")
        self.metrics = Metrics(self)
        self.slides = SlideFinder(self)

    def metric(
        self,
        name: str,
        *,
        week: str | None = None,
        from_on: date | str | None = None,
        to_on: date | str | None = None,
        horizon: str = "120",
    ) -> Answer:
        """A metric over some days: without any, over its own length up to the day before the data's newest.

        Parameters
        ----------
        week
            An ISO week such as 2025-W40: the metric's own length up to the end of that week.
        from_on, to_on
            First and last day, as dates or text such as 2025-10-05.
        horizon
            120 or settled: the age at which posts are compared.

        Raises UsageError for a name, a week, a day or a horizon that can't be.
        """
        from .model.catalogue import METRICS

        if name not in METRICS:
            raise UsageError(
                f"There is no metric '{name}'.{nearest(name, METRICS)} `wb.metrics` lists them all."
            )
        if horizon not in ("120", "settled"):
            raise UsageError(f"horizon={horizon!r} is neither '120' (hours) nor 'settled'.")
        if week is not None and (from_on or to_on):
            raise UsageError("Ask for a week or for days (from_on, to_on), not for both.")
        metric = METRICS[name]
        return Answer(self, metric, self._period(metric.days, week, from_on, to_on), horizon)

    def page(
        self,
        name: str,
        *,
        week: str | None = None,
        score_weeks: int = 4,
        platform: str = "",
        account: str = "",
        creator: str = "",
        client: str = "",
    ) -> Any:
        """A level's page as its notebook has it: every chart and table is a method of it.

        Default: the last complete week of the data, and everybody. `wb.data(...)` gives the rows behind what a method
        returns.
        """
        from .metrics.periods import Period
        from .model.scope import Scope

        if name not in PAGES:
            raise UsageError(f"There is no page '{name}'.{nearest(name, PAGES)} Pages: {', '.join(PAGES)}.")
        shown, facts = (
            _loaded(layer, place) for layer, place in zip(("display", "model"), PAGES[name], strict=True)
        )
        _look()
        period = Period.iso_week(self._week(week), self.settings.time_zone)
        scope = Scope(platform, account, creator, client)
        return shown(facts(self.table, period, score_weeks, scope, self.settings))

    def data(self, shown: Any) -> pd.DataFrame:
        """The rows behind a chart, a table, tiles or an answer."""
        from .display.chart_data import data_of

        return data_of(shown)

    def _week(self, week: str | None) -> str:
        """A week that was checked; the last complete one of the data where none is given."""
        from .reporting.weeks import last_complete, monday

        if week is not None:
            monday(week)
            return week
        return last_complete(self.as_of or datetime.now(UTC), self.settings.time_zone)

    def _period(
        self, days: int | None, week: str | None, from_on: date | str | None, to_on: date | str | None
    ) -> Period:
        from .metrics.periods import Period

        if week is not None:
            last = Period.iso_week(self._week(week)).to_on
        else:
            newest = (self.as_of or datetime.now(UTC)).date()
            last = _day(to_on, "to_on") if to_on else newest - timedelta(days=1)
        start = date(2000, 1, 1) if days is None else last - timedelta(days=days - 1)
        first = _day(from_on, "from_on") if from_on else start
        if first > last:
            raise UsageError(f"from_on {first} is after to_on {last}. Swap them.")
        return Period(first, last, self.settings.time_zone)


def connect(home: Path | str | None = None, version: int | None = None, **settings: Any) -> Explorer:
    """Open the newest version of the warehouse (or a given one) for reading and exploring.

    Parameters
    ----------
    home
        The folder that holds data/ and reports/; default: WORKBENCH_HOME, else the current folder
        (the one above, of `notebooks`).
    version
        A version's number; default: WORKBENCH_VERSION, else the newest.
    settings
        Settings that differ from workbench.toml for this connection.

    Raises UsageError when there is no warehouse, or the version is not kept.
    """
    return Explorer.opened(home, version, **settings)


@cache
def _look() -> None:
    """The charts' theme and renderer, once: whoever asks for one of ours has asked for them."""
    from .display.theme import enable

    enable()


def _loaded(layer: str, place: str) -> Any:
    module, name = place.split(".")
    return getattr(importlib.import_module(f".{layer}.{module}", __package__), name)


def _day(given: date | str, name: str) -> date:
    if isinstance(given, date):
        return given
    try:
        return date.fromisoformat(given)
    except ValueError as e:
        raise UsageError(f"{name}={given!r} is not a date such as 2025-09-01.") from e
