"""The figures of the first page: the headlines of every level, and how fresh and whole the data are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import ibis
import pandas as pd
from ibis import _

from ..errors import UsageError
from .account_facts import AccountFacts
from .creator_facts import MONEY_WEEKS, CreatorFacts
from .frames import executed
from .level_facts import LevelFacts
from .money_facts import MoneyFacts
from .remembered import fact
from .slide_facts import SlideFacts
from .va_facts import VaFacts

Level = TypeVar("Level", bound=LevelFacts)
MONEY = ("revenue", "cost", "profit")
PARTS = (
    ("Posts", "posts", "posted_at"),
    ("Counts of posts", "post_snapshots", "captured_at"),
    ("Followers", "account_snapshots", "captured_at"),
    ("Slides", "slides", ""),
    ("VAs", "vas", ""),
    ("Tasks", "tasks", "due_on"),
    ("Revenue", "revenue", "to_on"),
    ("Costs", "costs", "to_on"),
    ("Content items", "content_items", "created_at"),
    ("Targets", "targets", "from_on"),
    ("Events noted", "annotations", "from_on"),
)
"""What the pages are made of: what to call it, its table, the column that tells how new it is."""


@dataclass
class OverviewFacts(LevelFacts):
    """All levels of one week."""

    @cached_property
    def account_level(self) -> AccountFacts:
        return self._level(AccountFacts)

    @cached_property
    def va_level(self) -> VaFacts:
        return self._level(VaFacts)

    @cached_property
    def slide_level(self) -> SlideFacts:
        return self._level(SlideFacts)

    @cached_property
    def creator_level(self) -> CreatorFacts:
        return self._level(CreatorFacts)

    @cached_property
    def money_level(self) -> MoneyFacts:
        """Level 4, over as many weeks as its own page covers: an account's money is lumpy."""
        return MoneyFacts(self.tables, self.period, MONEY_WEEKS, self.scope, self.settings)

    def _level(self, kind: type[Level]) -> Level:
        made = kind(self.tables, self.period, self.score_weeks, self.scope, self.settings)
        made.horizon = self.horizon
        return made

    @cached_property
    def weekly(self) -> pd.DataFrame:
        """The week and the 8 before it, oldest first: posts, followers, work and money. NaN where unknown."""
        work = self.creator_level.weekly[["week_on", "on_time_rate", "n_due_tasks", "n_published_items"]]
        frame = self.account_level.weekly.merge(work, on="week_on", how="left")
        return frame.merge(self.money, on="week_on", how="left")

    @cached_property
    def money(self) -> pd.DataFrame:
        """Revenue, cost and profit of these weeks in the currency of the reports; no rows where none is recorded."""
        none = pd.DataFrame(columns=["week_on", *MONEY]).astype({"week_on": "datetime64[us]"})
        return self._of_money(lambda level: level.weekly[["week_on", *MONEY]], none)

    @cached_property
    def account_money(self) -> pd.DataFrame:
        """What each account earned and cost in the window of level 4, the largest loss first; no rows without money."""
        none = pd.DataFrame(columns=["account_id", *MONEY])
        found = self._of_money(lambda level: level.of_accounts, none)
        return found.sort_values(["profit", "account_id"], ignore_index=True)

    @cached_property
    def missing_rates(self) -> pd.DataFrame:
        """Currencies whose payments and costs are in no sum, as a rate is missing: currency, n_unconverted."""
        return self._of_money(
            lambda level: level.missing_rates, pd.DataFrame(columns=["currency", "n_unconverted"])
        )

    def _of_money(self, asked: Callable[[MoneyFacts], pd.DataFrame], none: pd.DataFrame) -> pd.DataFrame:
        """A fact of level 4; none where there is no money, or the warehouse's version has no marts of it yet."""
        try:
            level = self.money_level
            return asked(level) if any(level.n_entries.values()) else none
        except UsageError:
            return none

    @fact
    def parts(self) -> pd.DataFrame:
        """What the pages are made of: part_name, table_name, n_rows, newest_at [NaT where nothing tells]."""
        rows = []
        for name, table_name, column in PARTS:
            table = self.tables(table_name)
            newest = table[column].max().cast("timestamp") if column else ibis.null("timestamp")
            row = executed(table.agg(n=_.count(), newest=newest)).iloc[0]
            rows.append((name, table_name, int(row["n"]), pd.Timestamp(row["newest"])))
        found = pd.DataFrame(rows, columns=["part_name", "table_name", "n_rows", "newest_at"])
        return found.astype({"newest_at": "datetime64[us]"})

    def has(self, table_name: str) -> bool:
        """Whether a part has any row."""
        return bool(self.parts.set_index("table_name").loc[table_name, "n_rows"])
