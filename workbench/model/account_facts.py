"""The figures of the accounts' page: expressions executed once, as small DataFrames."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import pandas as pd

from ..metrics.account_review import account_review
from ..metrics.accounts import posting_hours, size_effect
from ..metrics.periods import reached
from ..metrics.usual_views import usual_views
from ..metrics.weekly import weekly_followers, weekly_results
from .account_verdicts import account_verdicts
from .bootstrap import change_of_medians
from .frames import executed
from .level_facts import USUAL_WEEKS, LevelFacts
from .remembered import fact
from .usual_change import usual_change
from .wilson import with_rate_intervals


@dataclass
class AccountFacts(LevelFacts):
    """Level 2 of one week."""

    @fact
    def weekly(self) -> pd.DataFrame:
        """The week and the 8 before it, oldest first: results and followers. NaN where nothing is known."""
        results = weekly_results(
            self.performance, self.period, hours=self.hours, horizon=self.horizon, weeks=USUAL_WEEKS + 1
        )
        followers = weekly_followers(self.account_snapshots, self.period, weeks=USUAL_WEEKS + 1)
        frame = self.weeks
        for part in (executed(results), executed(followers)):
            part["week_on"] = pd.to_datetime(part["week_on"])
            frame = frame.merge(part, on="week_on", how="left")
        for counted in ("n_posts", "n_mature_posts", "n_viral_posts"):
            frame[counted] = frame[counted].fillna(0).astype(int)
        return frame

    @fact
    def review(self) -> pd.DataFrame:
        """Every account in one row (see `metrics.account_review`), best score first, unknown scores last.

        The score's parts are percentiles among all peers, in the scope or not.
        """
        if self.scope.is_narrow:
            return self.mine(self.peers.review)
        expression = account_review(
            self.performance, self.accounts, self.account_snapshots, self.window, horizon=self.horizon
        )
        ordered = expression.order_by([ibis.desc("kpi_score"), ibis.desc("median_views"), "account_id"])
        return executed(ordered)

    @fact
    def changes(self) -> pd.DataFrame:
        """Each account's median outlier against the window before, with a 90 % bootstrap interval."""
        columns = ["account_id", self.outlier_column]
        now, before = (
            executed(reached(self.performance, p, self.hours).select(columns).order_by(columns))
            for p in (self.window, self.window.before())
        )
        return change_of_medians(before, now, by="account_id", value=self.outlier_column)

    @fact
    def usual(self) -> pd.DataFrame:
        """Each account's usual views of the last 12 weeks against those of the same weeks half a year ago."""
        if self.scope.is_narrow:
            return self.mine(self.peers.usual)
        long = self.period.widened(3 * self.score_weeks)
        statistics = usual_views(
            self.performance, long, horizon=self.horizon, floor=float(self.settings.floor_views)
        )
        return usual_change(executed(statistics.order_by("account_id")))

    @property
    def rates(self) -> pd.DataFrame:
        """The review with the intervals of its rates."""
        return with_rate_intervals(self.review)

    @property
    def verdicts(self) -> pd.DataFrame:
        """What speaks for pushing, dropping or checking each account that posted."""
        # An account that falls with everybody has no problem of its own: everybody decides what is usual.
        return self.mine(account_verdicts(self.peers.review, self.changes, self.peers.usual))

    @fact
    def size(self) -> pd.DataFrame:
        mature = reached(self.performance, self.period.widened(3 * self.score_weeks), self.hours)
        return executed(size_effect(mature, horizon=self.horizon).order_by("platform"))

    @fact
    def hours_of_day(self) -> pd.DataFrame:
        """Median outlier by local weekday and hour, over three windows: one has too few posts an hour.

        Of all peers' posts: an hour of a weekday takes more of them than a few accounts have.
        """
        if self.scope.is_narrow:
            return self.peers.hours_of_day
        mature = reached(self.performance, self.period.widened(3 * self.score_weeks), self.hours)
        found = posting_hours(mature, horizon=self.horizon).order_by(["weekday", "local_hour"])
        return executed(found)
