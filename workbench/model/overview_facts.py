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
from ..metrics.roi import profit_and_loss, unit_results
from ..metrics.views_gained import views_gained
from ..metrics.weekly import weeks_up_to
from .account_facts import AccountFacts
from .creator_facts import CreatorFacts
from .frames import executed
from .level_facts import USUAL_WEEKS, LevelFacts
from .slide_facts import SlideFacts
from .va_facts import VaFacts

Level = TypeVar("Level", bound=LevelFacts)
MONEY_WEEKS = 12
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

    def _level(self, kind: type[Level]) -> Level:
        made = kind(self.tables, self.period, self.score_weeks, self.platform, self.settings)
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
        """Revenue, cost and profit of these weeks in the reporting currency; no rows where none is recorded.

        Of the whole agency: a page of one platform has none.
        """

        def asked() -> ibis.Table:
            return profit_and_loss(self.tables("money_rows"), weeks_up_to(self.period, USUAL_WEEKS + 1))

        found = self._if_there(asked, ["starts_on", "currency", *MONEY])
        ours = found[found["currency"] == self.settings.reporting_currency]
        told = ours.rename(columns={"starts_on": "week_on"})[["week_on", *MONEY]]
        told = told.assign(week_on=pd.to_datetime(told["week_on"]))
        return told.astype(dict.fromkeys(MONEY, "float64")).sort_values("week_on", ignore_index=True)

    @cached_property
    def account_money(self) -> pd.DataFrame:
        """What each account earned and cost in 12 weeks, the largest loss first; no rows without money."""
        long = self.period.widened(MONEY_WEEKS)

        def asked() -> ibis.Table:
            performance = self.tables("post_performance")
            gained = views_gained(performance, self.tables("post_weeks"), long)
            return unit_results(self.tables("post_money"), gained, performance, long, by="account_id")

        found = self._if_there(asked, ["account_id", *MONEY])
        named = found[found["account_id"].fillna("") != ""].astype(dict.fromkeys(MONEY, "float64"))
        return named.sort_values(["profit", "account_id"], ignore_index=True)

    def _if_there(self, asked: Callable[[], ibis.Table], columns: list[str]) -> pd.DataFrame:
        """The rows of a question about money; none on a page of one platform, or before its marts are made."""
        if not self.platform:
            try:
                return executed(asked())
            except UsageError:
                pass
        return pd.DataFrame(columns=columns)

    @cached_property
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
