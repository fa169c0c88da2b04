"""Where what-if starts: the real values of a period, each with what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import ibis
import numpy as np
import pandas as pd
from ibis import _
from numpy.typing import NDArray

from ..metrics.periods import Period, reached
from ..metrics.views_gained import views_gained
from ..metrics.whatif import period_posts, posts_per_account_day, prorated, reused_posts
from .frames import executed
from .level_facts import LevelFacts
from .whatif import BY_NAME, DAYS, Basis, Inputs, answer, basis_of

WEEKS = 4
"""What today is made of, up to the facts' week."""
FEWEST_POSTS = 20
"""Posts with a count at an age, for the age to be used; of reused and of new posts, to compare them."""
_USUAL_POSTS = 8.0
"""Posts a day that one VA is assumed to make where no post names its VA."""


@dataclass(frozen=True)
class Source:
    """What one start value rests on."""

    sentence: str
    n: int = 0
    """How many posts, payments, ... it was made of."""
    is_assumed: bool = False


@dataclass(frozen=True)
class Start:
    """Today: a value for every input, where each comes from, and how posts' views are spread."""

    inputs: Inputs
    basis: Basis
    sources: Mapping[str, Source]
    currency: str
    period: Period
    notes: tuple[str, ...] = ()
    """What limits the values, such as a missing exchange rate."""
    booked: Mapping[str, float | None] = field(default_factory=dict)
    """revenue, cost and profit of the books, scaled to a month; None where nothing is booked."""

    @cached_property
    def outputs(self) -> dict[str, float | None]:
        """The month that today's values give."""
        return answer(self.inputs, self.basis)

    @property
    def assumed(self) -> list[str]:
        """Labels of the inputs that the data say nothing of."""
        return [BY_NAME[name].label for name, source in self.sources.items() if source.is_assumed]


def start(facts: LevelFacts) -> Start:
    """Today's values: those of the four weeks that end with the facts' week, over all platforms."""
    return _Measuring(facts).start()


class _Measuring:
    def __init__(self, facts: LevelFacts) -> None:
        self.tables, self.period = facts.tables, facts.period.widened(WEEKS)
        self.settings, self.currency = facts.settings, facts.settings.reporting_currency
        self.values: dict[str, float] = {}
        self.sources: dict[str, Source] = {}
        self.notes: list[str] = []
        if facts.platform:
            self.notes.append("What-if covers all platforms, as costs and many payments name none.")

    def start(self) -> Start:
        n_posts = self._work()
        views = self._views()
        factor = self._reuse()
        booked = self._money(n_posts)
        basis = basis_of(views, self.settings.viral_views, factor)
        inputs = Inputs(**{name: self.values[name] for name in BY_NAME})
        return Start(
            inputs,
            basis,
            {name: self.sources[name] for name in BY_NAME},
            self.currency,
            self.period,
            tuple(self.notes),
            booked,
        )

    def _found(self, name: str, value: float, sentence: str, n: float) -> None:
        self.values[name], self.sources[name] = float(value), Source(sentence, int(n))

    def _assume(self, name: str, why: str, value: float | None = None) -> None:
        self.values[name] = BY_NAME[name].assumed if value is None else value
        self.sources[name] = Source(f"Assumed: {why}", is_assumed=True)

    def _work(self) -> int:
        performance = self.tables("post_performance")
        row = executed(period_posts(performance, self.period)).iloc[0]
        n, vas, accounts = int(row["n_posts"]), int(row["n_vas"]), int(row["n_accounts"])
        days = self.period.days
        if not n:
            for name in ("posts_per_day", "vas", "accounts", "posts_per_account"):
                self._assume(name, "no post went up in the period.")
            return 0
        if vas:
            unnamed = n - int(row["n_with_va"])
            more = f" {unnamed:,} of the posts name no VA and are counted all the same." if unnamed else ""
            self._found("vas", vas, f"VAs who posted in the period.{more}", n)
        else:
            vas = max(1, round(n / days / _USUAL_POSTS))
            self._assume(
                "vas",
                f"no post names its VA; with {_USUAL_POSTS:g} posts a day each it would be so many.",
                vas,
            )
        self._found("posts_per_day", n / days / vas, f"{n:,} posts in {days} days by {vas} VAs.", n)
        if not accounts:
            for name in ("accounts", "posts_per_account"):
                self._assume(
                    name,
                    "no post names its account.",
                    float(np.ceil(n / days)) if name == "accounts" else 2.0,
                )
            return n
        self._found("accounts", accounts, "Accounts that were posted on in the period.", n)
        a_day = executed(posts_per_account_day(performance, self.period).select("n_posts"))["n_posts"]
        # Never less than what is done already.
        now = np.ceil(n / days / accounts * 100) / 100
        busiest = float(a_day.quantile(0.9)) if len(a_day) else 1.0
        said = f"On nine in ten days on which an account was posted on, it was {busiest:g} times or fewer."
        self._found("posts_per_account", max(busiest, now), said, len(a_day))
        return n

    def _views(self) -> NDArray[np.float64]:
        """Views of the posts that what-if draws from, and the three inputs that say how many they are."""
        views, age = self._counts()
        if not len(views) or np.median(views) <= 0:
            for name in ("median_views", "viral_rate", "viral_multiple"):
                self._assume(name, "no views of posts of the period are known." if not len(views)
                             else "most posts of the period have no views.")  # fmt: skip
            return np.empty(0)
        median, viral = float(np.median(views)), views[views >= self.settings.viral_views]
        self._found("median_views", median, f"Of {len(views):,} posts, {age}.", len(views))
        said = (
            f"{len(viral):,} of {len(views):,} posts have {self.settings.viral_views:,} views or more, {age}."
        )
        self._found("viral_rate", len(viral) / len(views), said, len(views))
        if len(viral):
            times = float(viral.mean()) / median
            self._found(
                "viral_multiple",
                times,
                f"{viral.mean():,.0f} views on average, of {len(viral):,} posts.",
                len(viral),
            )
        else:
            least = self.settings.viral_views / median
            self._assume("viral_multiple", "no post of the period went viral.",
                         max(BY_NAME["viral_multiple"].assumed, 2 * least))  # fmt: skip
        return views

    def _counts(self) -> tuple[NDArray[np.float64], str]:
        """Views at the highest age at which enough posts are known."""
        performance = self.tables("post_performance")
        posted = performance.filter(
            (_.posted_at >= ibis.literal(self.period.from_at, "timestamp"))
            & (_.posted_at < ibis.literal(self.period.to_at, "timestamp"))
        )
        ages = (
            ("views_settled", reached(performance, self.period, 720), "30 days old or older"),
            ("views_at_120", reached(performance, self.period, 120), "5 days old"),
            ("views", posted, "by their newest count, as too few are known at one age"),
        )
        views, told = np.empty(0), ""
        for column, posts, age in ages:
            told = age
            known = posts.drop_null([column])
            frame = executed(known.select("post_id", n=known[column].cast("float64")).order_by("post_id"))
            views = frame["n"].to_numpy(dtype=np.float64)
            if len(views) >= FEWEST_POSTS:
                break
        return views, told

    def _reuse(self) -> float:
        """The two inputs of reuse; what the measured mix of posts gets over new ones only."""
        mature = reached(self.tables("post_performance"), self.period, 120)
        reused = reused_posts(self.tables("slide_uses"))
        told = mature.left_join(reused, "post_id").select("is_reused", "log_outlier_120")
        found = executed(
            told.group_by(is_reused=_.is_reused.fill_null(False)).agg(
                n=_.count(), known=_.log_outlier_120.count(), mean=_.log_outlier_120.mean(),
                without_hash=_.is_reused.isnull().sum(),
            )
        )  # fmt: skip
        by = {bool(r["is_reused"]): r for r in found.to_dict("records")}
        n = sum(int(r["n"]) for r in by.values())
        if not n or (False in by and int(by[False]["without_hash"]) == n):
            self._assume("reuse_share", "no slide of the period's posts is known by its picture.")
            self._assume("reuse_multiple", "no post is known to reuse slides.")
            return 1.0
        again = int(by[True]["n"]) if True in by else 0
        share = again / n
        said = f"{again:,} of {n:,} posts; posts without slides count as new."
        self._found("reuse_share", share, said, n)
        enough = len(by) == 2 and min(int(r["known"]) for r in by.values()) >= FEWEST_POSTS
        if not enough:
            self._assume("reuse_multiple", f"fewer than {FEWEST_POSTS} reused or new posts can be compared.")
            return 1.0
        times = float(np.exp(by[True]["mean"] - by[False]["mean"]))
        n_compared = int(by[True]["known"]) + int(by[False]["known"])
        said = (
            f"{int(by[True]['known']):,} reused posts against {int(by[False]['known']):,} new ones, each against its "
            "account's usual. What is reused was chosen, so this is not what reuse does."
        )
        self._found("reuse_multiple", times, said, n_compared)
        return 1 - share + share * times

    def _money(self, n_posts: int) -> dict[str, float | None]:
        within = executed(
            prorated(self.tables("money_rows"), self.period, "reported_amount").select(
                "entry", "row_id", "money_kind", "currency", amount=_.within_reported_amount
            )
        )
        unknown = sorted(set(within.loc[within["amount"].isna(), "currency"].dropna()))
        if unknown:
            self.notes.append(
                f"There is no exchange rate from {', '.join(unknown)} to {self.currency} for these weeks, so such "
                "amounts are left out. Import fx_rates.csv with it."
            )
        known = within.dropna(subset=["amount"])
        revenue, costs = known[known["entry"] == "revenue"], known[known["entry"] == "cost"]
        self._earned(revenue)
        self._spent(costs, n_posts)
        a_month = DAYS / self.period.days
        earned = float(revenue["amount"].sum()) * a_month if len(revenue) else None
        spent = float(costs["amount"].sum()) * a_month if len(costs) else None
        profit = earned - spent if earned is not None and spent is not None else None
        return {"revenue": earned, "cost": spent, "profit": profit}

    def _earned(self, revenue: pd.DataFrame) -> None:
        if revenue.empty:
            self._assume("rpm", "no revenue is known for the period. Import revenue.csv.")
            return
        gained = views_gained(self.tables("post_performance"), self.tables("post_weeks"), self.period)
        row = executed(
            gained.agg(views=_.gained_views.sum(), known=_.gained_views.count(), n=_.count())
        ).iloc[0]
        views, total = float(row["views"] or 0), float(revenue["amount"].sum())
        if not np.isfinite(views) or views <= 0:
            self._assume("rpm", "no views are known to have been gained in the period.")
        elif total < 0:
            self._assume("rpm", "more was taken back in the period than was paid.", 0.0)
        else:
            said = (
                f"{total:,.0f} {self.currency} of {len(revenue):,} payments over {views:,.0f} views gained."
            )
            self._found("rpm", total / views * 1000, said, len(revenue))

    def _spent(self, costs: pd.DataFrame, n_posts: int) -> None:
        paid = costs[costs["money_kind"] == "va_time"]
        others = costs[costs["money_kind"] != "va_time"]
        worked = self.tables("costs").filter(_.kind == "va_time").drop_null(["work_hours"])
        hours = executed(
            prorated(worked, self.period, "work_hours").select("cost_id", hours=_.within_work_hours)
        )
        timed = paid[paid["row_id"].isin(hours["cost_id"])]
        n_hours = float(hours["hours"].sum())
        rate = float(timed["amount"].sum()) / n_hours if n_hours > 0 and len(timed) else None
        if rate is not None and rate > 0:
            self._found(
                "hourly_rate", rate, f"{n_hours:,.0f} paid hours in {len(timed):,} rows of costs.", len(timed)
            )
        else:
            rate = self._usual_rate()
        # An amount without hours stands for as many hours as it buys.
        bought = float(paid["amount"].sum()) / rate if rate else 0.0
        if n_posts and bought > 0:
            said = f"{bought:,.0f} paid hours for {n_posts:,} posts."
            self._found("hours_per_post", bought / n_posts, said, n_posts)
        else:
            self._assume("hours_per_post", "no paid hours are known for the period. Import costs.csv.")
        if len(others):
            a_month = float(others["amount"].sum()) * DAYS / self.period.days
            said = f"{len(others):,} rows of costs that are no VA's time, scaled to a month."
            self._found("tools", max(a_month, 0.0), said, len(others))
        else:
            self._assume("tools", "no cost of tools is known for the period. Import costs.csv.")

    def _usual_rate(self) -> float:
        """What VAs are paid by their own rows, in the reporting currency; else an assumption."""
        vas = self.tables("vas").filter((_.currency == self.currency) & (_.hourly_pay > 0))
        row = executed(vas.agg(pay=_.hourly_pay.cast("float64").mean(), n=_.count())).iloc[0]
        if int(row["n"]):
            self._found(
                "hourly_rate", float(row["pay"]), "The mean of what VAs are paid an hour.", int(row["n"])
            )
        else:
            self._assume("hourly_rate", "nobody's pay is known. Import costs.csv with hours.")
        return self.values["hourly_rate"]
