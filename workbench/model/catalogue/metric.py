"""What a named question is, and what it is asked of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import ibis
import pandas as pd

from ...metrics.account_review import compared_hours
from ...metrics.periods import Period, reached
from ...settings import Settings
from ..frames import executed

Tables = Callable[[str], ibis.Table]
"""Name of a table or mart -> its expression."""


@dataclass(frozen=True)
class Asked:
    """What a metric is asked of: the data, the days, and how posts are compared."""

    tables: Tables
    period: Period
    horizon: str = "120"
    """`120` or `settled`: the age at which posts are compared."""
    settings: Settings = field(default_factory=Settings)

    @property
    def mature(self) -> ibis.Table:
        """Rows of `post_performance` that reached the compared age in the period."""
        return reached(self.tables("post_performance"), self.period, compared_hours(self.horizon))


@dataclass(frozen=True)
class Metric:
    """A named question."""

    name: str
    sentence: str
    ask: Callable[[Asked], ibis.Table]
    """The answer; where `finish` makes it, the statistics that it is made of."""
    order: tuple[str, ...]
    """Columns that the answer is sorted by, so that two runs print the same."""
    days: int | None = 28
    """Length of the period where none is asked for; None: from the first post on."""
    finish: Callable[[Asked], pd.DataFrame] | None = None
    """What Ibis can't say: the answer in the order of `order`, with its columns even where it has no rows."""

    def answer(self, asked: Asked) -> pd.DataFrame:
        """The rows of the answer, in its order."""
        if self.finish is not None:
            return self.finish(asked)
        return executed(self.ask(asked).order_by(list(self.order)))
