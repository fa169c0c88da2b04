"""What every level's page is made of: the period, the age at which posts are compared, what limits both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Self

import ibis
import pandas as pd
from ibis import _

from ..metrics.account_review import compared_hours, usable_horizon
from ..metrics.periods import Period, reached
from ..settings import Settings
from .frames import executed
from .quality import SEVERITIES, SHOWN_SEVERITIES
from .remembered import fact
from .scope import Scope

USUAL_WEEKS = 8
HISTORY_WEEKS = 26


@dataclass
class LevelFacts:
    """One week as a level's page sees it. Each fact is computed when it is first asked for."""

    tables: Callable[[str], ibis.Table]
    period: Period
    score_weeks: int = 4
    """Weeks that scores, rates and comparisons cover: one week rarely has five mature posts."""
    scope: Scope = field(default_factory=Scope)
    """Whose posts are shown; empty: everybody's."""
    settings: Settings = field(default_factory=Settings)

    @property
    def window(self) -> Period:
        """The period of scores: `score_weeks` weeks that end with the week."""
        return self.period.widened(self.score_weeks)

    @property
    def platform(self) -> str:
        return self.scope.platform

    @cached_property
    def peers(self) -> Self:
        """The same week of everybody that the scope is compared with: what is fitted, and not what is shown."""
        if not self.scope.is_narrow:
            return self
        found = replace(self, scope=self.scope.peers)
        found.horizon = self.horizon
        return found

    @cached_property
    def performance(self) -> ibis.Table:
        """The mart `post_performance`, of the scope."""
        return self._of_scope("post_performance")

    @cached_property
    def accounts(self) -> ibis.Table:
        """The accounts of the scope."""
        return self.scope.accounts_of(self.tables("accounts")) if self.scope else self.tables("accounts")

    @cached_property
    def account_snapshots(self) -> ibis.Table:
        """Snapshots of the scope's accounts."""
        return self._of_scope("account_snapshots")

    def _of_scope(self, name: str) -> ibis.Table:
        table = self.tables(name)
        return self.scope.of(table, self.tables("accounts")) if self.scope else table

    @fact
    def account_names(self) -> pd.DataFrame:
        """The scope's accounts: account_id, platform, username, creator_id, client."""
        columns = ["account_id", "platform", "username", "creator_id", "client"]
        return executed(self.accounts.select(columns).order_by("account_id"))

    def mine(self, peers: pd.DataFrame) -> pd.DataFrame:
        """The rows of the scope's accounts, of a frame of everybody's."""
        if not self.scope.is_narrow:
            return peers
        return peers[peers["account_id"].isin(self.account_names["account_id"])].reset_index(drop=True)

    @cached_property
    def coverage(self) -> dict[str, int]:
        """Posts that reached 120 h and 720 h in the window, and of how many the count then is known."""
        row = executed(usable_horizon(self.performance, self.window)).iloc[0]
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

    @property
    def weeks(self) -> pd.DataFrame:
        """The week and the 8 before it, oldest first, as a column `week_on` to merge with."""
        weeks = [self.period.from_on + pd.Timedelta(days=-7 * back) for back in range(USUAL_WEEKS, -1, -1)]
        return pd.DataFrame({"week_on": pd.to_datetime(pd.Series(weeks))})

    @fact
    def targets(self) -> pd.DataFrame:
        """Targets that hold in the week: metric, scope, scope_id, target."""
        targets = self.tables("targets")
        holding = targets.filter(
            (_.from_on <= self.period.to_on) & (_.to_on.isnull() | (_.to_on >= self.period.from_on))
        )
        # Of two that hold, the one set last.
        newest = ibis.window(
            group_by=["metric", "scope", "scope_id"], order_by=[ibis.desc("from_on"), "scope_id"]
        )
        only = holding.mutate(place=ibis.row_number().over(newest)).filter(_.place == 0)
        return executed(
            only.select("metric", "scope", "scope_id", "target").order_by(["metric", "scope", "scope_id"])
        )

    @fact
    def annotations(self) -> pd.DataFrame:
        """What people noted of the week and the 8 before it: from_on, to_on, label, scope, scope_id."""
        shown = self.period.widened(USUAL_WEEKS + 1)
        noted = self.tables("annotations").filter(
            (_.from_on <= shown.to_on) & (ibis.coalesce(_.to_on, _.from_on) >= shown.from_on)
        )
        found = executed(
            noted.select("from_on", "to_on", "label", "scope", "scope_id").order_by(["from_on", "label"])
        )
        if not self.scope.is_narrow:
            return found
        # What was noted of others' accounts is theirs.
        named = self.account_names
        own = {
            *(("account", i) for i in named["account_id"]),
            *((kind, i) for kind in ("platform", "client") for i in named[kind].dropna()),
            *(("creator", i) for i in named["creator_id"].dropna()),
        }
        of_all = found["scope"].fillna("all") == "all"
        is_own = [(s, i) in own for s, i in zip(found["scope"], found["scope_id"], strict=True)]
        return found[of_all | pd.Series(is_own, index=found.index, dtype=bool)].reset_index(drop=True)

    def any_row(self, table: str) -> bool:
        """Whether a table has a row at all, of whatever time."""
        return not executed(self.tables(table).limit(1)).empty

    @fact
    def newest_reached_on(self) -> date | None:
        """The day on which the newest post became 120 hours old; None where no posting time is known."""
        newest = executed(self.performance.agg(at=_.posted_at.max()))["at"].iloc[0]
        return None if pd.isna(newest) else (newest + timedelta(hours=120)).date()

    @fact
    def open_checks(self) -> pd.DataFrame:
        """Checks of the data that fail gravely enough to be told, the gravest first; of a platform, what is about it.

        check_name, table_name, severity, description.
        """
        checks = self.tables("quality_checks").filter(
            _.resolved_at.isnull() & _.severity.isin(SHOWN_SEVERITIES)
        )
        platforms = set(self.account_names["platform"]) if self.scope.is_narrow else {self.scope.platform}
        if self.scope:
            checks = checks.filter(_.platform.isnull() | _.platform.isin(sorted(platforms)))
        found = executed(
            checks.select("check_name", "table_name", "severity", "description").order_by(
                ["table_name", "check_name", "description"]
            )
        )
        return found.sort_values("severity", key=lambda s: s.map(SEVERITIES.index), kind="stable")

    @fact
    def compared_kinds(self) -> pd.DataFrame:
        """Platforms and types of the posts that the page compares, with those of the half year before, which make
        their usual: platform, post_type, n_posts, first_at, last_at; n_window: posts of the window."""
        whole = self.window.widened(HISTORY_WEEKS + self.score_weeks)
        compared = reached(self.performance, whole, self.hours)
        since = ibis.literal(self.window.from_at - timedelta(hours=self.hours), "timestamp")
        kinds = compared.group_by("platform", "post_type").agg(
            n_posts=_.count(),
            n_window=(compared.posted_at >= since).sum(),
            first_at=_.posted_at.min(),
            last_at=_.posted_at.max(),
        )
        return executed(kinds.order_by(["platform", "post_type"]))

    @fact
    def left_out(self) -> dict[str, int]:
        """Posts that no figure of the page covers, by reason."""
        posts = self.performance
        found = posts.agg(
            without_time=posts.posted_at.isnull().sum(),
            without_account=posts.account_id.isnull().sum(),
            without_snapshot=posts.n_snapshots.isnull().sum(),
            known_only_by_date=(posts.posted_at_precision == "day").sum(),
        )
        row = executed(found).iloc[0]
        return {str(k): int(v) if pd.notna(v) else 0 for k, v in row.items()}
