"""The figures of the accounts' page: expressions executed once, as small DataFrames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import ibis
import pandas as pd
from ibis import _

from ..metrics.account_review import account_review, compared_hours, usable_horizon
from ..metrics.accounts import posting_hours, size_effect
from ..metrics.periods import Period, reached
from ..metrics.weekly import weekly_followers, weekly_results
from .bootstrap import change_of_medians
from .frames import executed

USUAL_WEEKS = 8


@dataclass
class AccountFacts:
    """Level 2 of one week. Each fact is computed when it is first asked for."""

    tables: Callable[[str], ibis.Table]
    period: Period
    score_weeks: int = 4
    """Weeks that scores, rates and comparisons cover: one week rarely has five mature posts."""
    platform: str = ""
    """Only accounts of this platform; empty: all."""
    _performance: ibis.Table = field(init=False)

    def __post_init__(self) -> None:
        performance = self.tables("post_performance")
        self._performance = performance.filter(_.platform == self.platform) if self.platform else performance

    @property
    def window(self) -> Period:
        """The period of scores: `score_weeks` weeks that end with the week."""
        return self.period.widened(self.score_weeks)

    @property
    def _snapshots(self) -> ibis.Table:
        snapshots = self.tables("account_snapshots")
        if not self.platform:
            return snapshots
        return snapshots.semi_join(self._accounts, "account_id")

    @property
    def _accounts(self) -> ibis.Table:
        accounts = self.tables("accounts")
        return accounts.filter(_.platform == self.platform) if self.platform else accounts

    @cached_property
    def coverage(self) -> dict[str, int]:
        """Posts that reached 120 h and 720 h in the window, and of how many the count then is known."""
        row = executed(usable_horizon(self._performance, self.window)).iloc[0]
        return {str(k): int(v) for k, v in row.items()}

    @cached_property
    def horizon(self) -> str:
        """`120`, or `settled` where under half of the posts have a count at 120 h."""
        known = self.coverage
        if known["n_posts"] and known["n_known"] * 2 >= known["n_posts"]:
            return "120"
        return "settled" if known["n_settled"] else "120"

    @property
    def hours(self) -> int:
        return compared_hours(self.horizon)

    @property
    def views_column(self) -> str:
        return "views_settled" if self.horizon == "settled" else f"views_at_{self.horizon}"

    @property
    def outlier_column(self) -> str:
        return f"outlier_{self.horizon}"

    @cached_property
    def weekly(self) -> pd.DataFrame:
        """The week and the 8 before it, oldest first: results and followers. NaN where nothing is known."""
        results = weekly_results(
            self._performance, self.period, hours=self.hours, horizon=self.horizon, weeks=USUAL_WEEKS + 1
        )
        followers = weekly_followers(self._snapshots, self.period, weeks=USUAL_WEEKS + 1)
        weeks = [self.period.from_on + pd.Timedelta(days=-7 * back) for back in range(USUAL_WEEKS, -1, -1)]
        frame = pd.DataFrame({"week_on": pd.to_datetime(pd.Series(weeks))})
        for part in (executed(results), executed(followers)):
            part["week_on"] = pd.to_datetime(part["week_on"])
            frame = frame.merge(part, on="week_on", how="left")
        for counted in ("n_posts", "n_mature_posts", "n_viral_posts"):
            frame[counted] = frame[counted].fillna(0).astype(int)
        return frame

    @cached_property
    def review(self) -> pd.DataFrame:
        """Every account in one row (see `metrics.account_review`), best score first, unknown scores last."""
        expression = account_review(
            self._performance, self._accounts, self._snapshots, self.window, horizon=self.horizon
        )
        ordered = expression.order_by([ibis.desc("kpi_score"), ibis.desc("median_views"), "account_id"])
        return executed(ordered)

    @cached_property
    def changes(self) -> pd.DataFrame:
        """Each account's median outlier against the window before, with a 90 % bootstrap interval."""
        columns = ["account_id", self.outlier_column]
        now, before = (
            executed(reached(self._performance, p, self.hours).select(columns).order_by(columns))
            for p in (self.window, self.window.before())
        )
        return change_of_medians(before, now, by="account_id", value=self.outlier_column)

    @cached_property
    def size(self) -> pd.DataFrame:
        mature = reached(self._performance, self.period.widened(3 * self.score_weeks), self.hours)
        return executed(size_effect(mature, horizon=self.horizon).order_by("platform"))

    @cached_property
    def hours_of_day(self) -> pd.DataFrame:
        """Median outlier by local weekday and hour, over three windows: one has too few posts an hour."""
        mature = reached(self._performance, self.period.widened(3 * self.score_weeks), self.hours)
        found = posting_hours(mature, horizon=self.horizon).order_by(["weekday", "local_hour"])
        return executed(found)

    @cached_property
    def open_checks(self) -> pd.DataFrame:
        """Checks of the data that failed and were not resolved, the gravest first, and rows refused at load."""
        checks = self.tables("quality_checks").filter(_.resolved_at.isnull())
        summed = checks.group_by("severity", "table_name", "description").agg(
            failed=_.failed.sum(), checked=_.checked.sum()
        )
        found = executed(summed.order_by(["severity", "table_name", "description"]))
        grave = {"critical": 0, "high": 1, "medium": 2, "low": 3}
        return found.sort_values("severity", key=lambda s: s.map(grave), kind="stable")

    @cached_property
    def n_rejected(self) -> int:
        """Rows that a load refused, of all tables."""
        return int(executed(self.tables("rejected_rows").agg(n=_.count()))["n"].iloc[0])

    @cached_property
    def left_out(self) -> dict[str, int]:
        """Posts that no figure of the page covers, by reason."""
        posts = self._performance
        found = posts.agg(
            without_time=posts.posted_at.isnull().sum(),
            without_account=posts.account_id.isnull().sum(),
            without_snapshot=posts.n_snapshots.isnull().sum(),
            known_only_by_date=(posts.posted_at_precision == "day").sum(),
        )
        row = executed(found).iloc[0]
        return {str(k): int(v) if pd.notna(v) else 0 for k, v in row.items()}
