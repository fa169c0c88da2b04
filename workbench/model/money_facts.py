"""The figures of the money page: expressions executed once, as small DataFrames."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import ibis
import pandas as pd
from ibis import _

from ..metrics import roi
from ..metrics.periods import Period
from ..metrics.views_gained import views_gained, weekly_views_gained
from ..metrics.weekly import weeks_up_to
from .frames import executed
from .level_facts import USUAL_WEEKS, LevelFacts
from .remembered import fact

_MONEY = ("revenue", "cost", "profit")
_RESTS_ON = {
    "revenue": ("revenue", "profit", "roi", "rpm", "payback_days"),
    "cost": ("cost", "profit", "roi", "cpm_cost", "payback_days"),
}
"""What can't be known where there are no payments, or no costs, at all: one side alone is neither profit nor loss."""


@dataclass
class MoneyFacts(LevelFacts):
    """Level 4 of one week."""

    @property
    def currency(self) -> str:
        """The currency of the reports."""
        return self.settings.reporting_currency

    @cached_property
    def money(self) -> ibis.Table:
        """Payments and costs: the mart `money_rows`; of a scope, the parts of its posts."""
        if not self.scope:
            return self.tables("money_rows")
        return self.post_money

    @cached_property
    def post_money(self) -> ibis.Table:
        """The mart `post_money`, of the scope."""
        parts = self.tables("post_money")
        return parts.semi_join(self.performance, "post_id") if self.scope else parts

    @fact
    def n_entries(self) -> dict[str, int]:
        """Payments and costs that there are at all."""
        counted = executed(self.tables("money_rows").group_by("entry").agg(n=_.count()).order_by("entry"))
        return {"revenue": 0, "cost": 0, **dict(zip(counted["entry"], counted["n"], strict=True))}

    @fact
    def paid_until(self) -> pd.DataFrame:
        """The last day of any payment that is not a correction, and of any cost: entry, to_on."""
        rows = self.tables("money_rows").filter(_.amount > 0)
        return executed(rows.group_by("entry").agg(to_on=_.to_on.max()).order_by("entry"))

    @fact
    def by_kind(self) -> pd.DataFrame:
        """Payments by source and costs by kind, of the week and the 8 before it (see `metrics.roi.money_by_kind`)."""
        found = roi.money_by_kind(self.money, weeks_up_to(self.period, USUAL_WEEKS + 1))
        return executed(found.order_by(["starts_on", "currency", "entry", "money_kind"]))

    @fact
    def weekly(self) -> pd.DataFrame:
        """The week and the 8 before it, oldest first: revenue, cost, profit, roi, rpm, cpm_cost, gained_views.

        Revenue and cost of a week without any are 0 where there is money at all; NaN where there is none.
        """
        kinds = self.by_kind[self.by_kind["currency"] == self.currency]
        each = {
            e: kinds[kinds["entry"] == e].groupby("starts_on")["amount"].sum() for e in ("revenue", "cost")
        }
        sums = pd.DataFrame(each, index=sorted(set(kinds["starts_on"])), columns=["revenue", "cost"])
        sums.index = pd.to_datetime(sums.index)
        frame = self.weeks.merge(sums, left_on="week_on", right_index=True, how="left")
        for entry in ("revenue", "cost"):
            is_known = self.n_entries[entry] and not (self.scope.is_narrow and self.account_names.empty)
            empty = 0.0 if is_known else None
            frame[entry] = frame[entry].astype(float).fillna(empty) if empty is not None else float("nan")
        views = executed(
            weekly_views_gained(
                self.performance, self.tables("post_weeks"), self.period, weeks=USUAL_WEEKS + 1
            )
        )
        views["week_on"] = pd.to_datetime(views["week_on"])
        frame = frame.merge(views, on="week_on", how="left")
        frame["profit"] = frame["revenue"] - frame["cost"]
        frame["roi"] = frame["profit"] / frame["cost"].where(frame["cost"] != 0)
        thousands = frame["gained_views"].where(frame["gained_views"] > 0) / 1000
        frame["rpm"], frame["cpm_cost"] = frame["revenue"] / thousands, frame["cost"] / thousands
        return frame

    @cached_property
    def gained(self) -> ibis.Table:
        return views_gained(self.performance, self.tables("post_weeks"), self.window)

    def _as_known(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Money as numbers, without what rests on payments or costs where there are none."""
        unknown = {c for entry, columns in _RESTS_ON.items() if not self.n_entries[entry] for c in columns}
        return frame.astype(dict.fromkeys(_MONEY, float)).assign(
            **{c: float("nan") for c in frame.columns if c in unknown}
        )

    def _units(self, by: str) -> pd.DataFrame:
        """Results of each unit over the window, most profit first; the row without one is left out."""
        found = roi.unit_results(self.post_money, self.gained, self.performance, self.window, by=by)
        return self._as_known(executed(found.drop_null(by).order_by([ibis.desc("profit"), by])))

    @fact
    def of_accounts(self) -> pd.DataFrame:
        return self._units("account_id")

    @fact
    def of_vas(self) -> pd.DataFrame:
        return self._units("va_id")

    @fact
    def of_creators(self) -> pd.DataFrame:
        return self._units("creator_id")

    @fact
    def of_sets(self) -> pd.DataFrame:
        return self._units("set_id")

    @fact
    def of_posts(self) -> pd.DataFrame:
        """Posts that went up in the window and have money: how many there are, and the 10 best and worst."""
        found = roi.post_results(self.post_money, self.performance, self.window).drop_null("profit")
        ranked = found.mutate(
            from_best=ibis.row_number().over(ibis.window(order_by=[ibis.desc("profit"), "post_id"])),
            from_worst=ibis.row_number().over(ibis.window(order_by=["profit", "post_id"])),
            n_posts=_.count().over(ibis.window()),
            n_losing=(_.profit < 0).sum().over(ibis.window()),
        )
        ends = ranked.filter((_.from_best < 10) | (_.from_worst < 10)).order_by("from_best")
        return self._as_known(executed(ends))

    @fact
    def unattributed(self) -> pd.DataFrame:
        """Payments and costs that touch the window and found no post: the largest first."""
        window: Period = self.window
        rows = self.tables("money_rows").filter(
            (_.n_posts == 0) & (_.from_on <= window.to_on) & (_.to_on >= window.from_on)
        )
        if self.scope.is_narrow:
            named = self.accounts.select(scope_id=_.account_id)
            rows = rows.filter(_.scope == "account").semi_join(named, "scope_id")
        columns = [
            "entry",
            "money_kind",
            "scope",
            "scope_id",
            "from_on",
            "to_on",
            "amount",
            "currency",
            "money_id",
        ]
        return executed(rows.select(columns).order_by([ibis.desc("amount"), "money_id"]))

    @fact
    def missing_rates(self) -> pd.DataFrame:
        found = roi.missing_rates(self.tables("money_rows")).filter(_.n_unconverted > 0)
        return executed(found.order_by("currency"))

    @fact
    def methods(self) -> pd.DataFrame:
        """How many payments that touch the window are spread by which method."""
        rows = self.tables("money_rows").filter(
            (_.entry == "revenue") & (_.from_on <= self.window.to_on) & (_.to_on >= self.window.from_on)
        )
        if self.scope.is_narrow:
            rows = rows.semi_join(self.post_money, "money_id")
        return executed(rows.group_by("method").agg(n_entries=_.count()).order_by("method"))

    @fact
    def payouts(self) -> pd.DataFrame:
        """Payouts of each VA by state and currency, of all time."""
        due = roi.payouts_due(self.tables("payouts"), self.tables("post_performance"))
        if self.scope:
            mine = self.tables("payouts").semi_join(self.performance, "post_id")
            due = roi.payouts_due(mine, self.performance)
        return executed(due.order_by(["va_id", "currency", "state"]))
