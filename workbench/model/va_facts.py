"""The figures of the VAs' page: expressions executed once, as small DataFrames."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import ibis
import numpy as np
import pandas as pd
from ibis import _

from ..metrics.periods import reached
from ..metrics.tasks import task_results
from ..metrics.va_habits import HABITS, va_habits
from ..metrics.vas import paid_time, va_efficiency, va_results, va_rhythm, va_weekly, working_days
from ..metrics.weekly import weekly_results
from .catalogue.metric import Asked
from .effects import va_effects
from .frames import executed
from .habit_effects import HabitEffects, habit_effects
from .improvement import habits_asked, levels_of, plan_of, task_weeks_asked
from .level_facts import USUAL_WEEKS, LevelFacts
from .remembered import fact
from .va_quality import scored

HABIT_WEEKS = 13
"""Weeks whose habits are compared, and from which it is estimated what they go with."""
_FEWEST = 5
"""Posts of a week, to draw it."""
_Z90 = 1.6448536269514722


@dataclass
class VaFacts(LevelFacts):
    """Level 3 of one week."""

    effect_weeks: int = 52
    """Weeks from which the VAs' effects are estimated: a month is too short to tell people apart."""

    def asked(self, weeks: int) -> Asked:
        """The question of the `weeks` weeks that end with the week, for the model."""
        return Asked(self._tables, self.period.widened(weeks), self.horizon, self.settings)

    def _tables(self, name: str) -> ibis.Table:
        if name == "post_performance":
            return self.performance
        return self._of_scope(name) if name == "tasks" and self.scope.is_narrow else self.tables(name)

    @fact
    def va_ids(self) -> set[str]:
        """VAs who posted on the scope's accounts in the window or these nine weeks."""
        recent = self.period.widened(max(self.score_weeks, USUAL_WEEKS + 1))
        posted = self.performance.filter(_.posted_at >= ibis.literal(recent.from_at, "timestamp"))
        return set(executed(posted.drop_null("va_id").select("va_id").distinct())["va_id"])

    def _theirs(self, peers: pd.DataFrame) -> pd.DataFrame:
        """The rows of the scope's VAs, of what is known of all: a VA is judged by all of their posts."""
        return peers[peers["va_id"].isin(self.va_ids)].reset_index(drop=True)

    @fact
    def results(self) -> pd.DataFrame:
        """Raw results of every VA with posts in the window (see `metrics.vas.va_results`)."""
        if self.scope.is_narrow:
            return self._theirs(self.peers.results)
        found = va_results(self.performance, self.window, horizon=self.horizon)
        return executed(found.order_by("va_id"))

    @fact
    def effects(self) -> pd.DataFrame:
        """Every VA's effect over `effect_weeks`, best first (see `model.effects.va_effects`)."""
        if self.scope.is_narrow:
            return self._theirs(self.peers.effects)
        return va_effects(self.asked(self.effect_weeks))

    @fact
    def efficiency(self) -> pd.DataFrame:
        """What a paid hour brought in the window (see `metrics.vas.va_efficiency`)."""
        if self.scope.is_narrow:
            return self._theirs(self.peers.efficiency)
        paid = paid_time(
            self.tables("costs"),
            self.tables("vas"),
            self.tables("fx_rates"),
            working_days(self.window, self.horizon),
            currency=self.settings.reporting_currency,
        )
        found = va_efficiency(self.performance, paid, self.window, horizon=self.horizon)
        return executed(found.order_by("va_id"))

    @fact
    def tasks(self) -> pd.DataFrame:
        """Each VA's tasks that were due in the window."""
        if self.scope.is_narrow:
            return self._theirs(self.peers.tasks)
        found = task_results(self.tables("tasks"), self.window)
        return executed(found.drop_null("va_id").order_by("va_id"))

    @fact
    def scores(self) -> pd.DataFrame:
        """The quality score in its parts, best first, unknown last."""
        if self.scope.is_narrow:
            return self._theirs(self.peers.scores)
        found = scored(self.results, self.effects, self.tasks)
        return found.sort_values(["quality_score", "va_id"], ascending=[False, True], ignore_index=True)

    @fact
    def weekly(self) -> pd.DataFrame:
        """Each VA in the week and the 8 before: results, and the week against the VA's own usual.

        own_trend = exp(the week's mean log outlier less that of all nine weeks); its interval is that of a
        difference between a part and the whole. NaN under 5 posts in the week.
        """
        if self.scope.is_narrow:
            return self._theirs(self.peers.weekly)
        found = executed(
            va_weekly(self.performance, self.period, horizon=self.horizon, weeks=USUAL_WEEKS + 1).order_by(
                ["va_id", "week_on"]
            )
        )
        found["week_on"] = pd.to_datetime(found["week_on"])
        return with_own_trend(found)

    @fact
    def team(self) -> pd.DataFrame:
        """The week and the 8 before it, oldest first: the posts of all VAs, and their tasks."""
        ours = self.performance.drop_null("va_id")
        weekly = executed(
            weekly_results(ours, self.period, hours=self.hours, horizon=self.horizon, weeks=USUAL_WEEKS + 1)
        )
        weekly["week_on"] = pd.to_datetime(weekly["week_on"])
        tasks = self._recent_task_weeks.groupby("week_on", as_index=False)[
            ["n_due_tasks", "n_on_time_tasks"]
        ].sum()
        tasks["on_time_rate"] = tasks["n_on_time_tasks"] / tasks["n_due_tasks"]
        frame = self.weeks.merge(weekly, on="week_on", how="left").merge(tasks, on="week_on", how="left")
        for counted in ("n_posts", "n_mature_posts", "n_viral_posts"):
            frame[counted] = frame[counted].fillna(0).astype(int)
        return frame

    @fact
    def rhythm(self) -> pd.DataFrame:
        """Posts a week of each VA (see `metrics.vas.va_rhythm`)."""
        if self.scope.is_narrow:
            return self._theirs(self.peers.rhythm)
        return executed(va_rhythm(self.performance, self.period).order_by("va_id"))

    @fact
    def habits(self) -> pd.DataFrame:
        """How each VA worked in these weeks (see `metrics.va_habits.va_habits`)."""
        if self.scope.is_narrow:
            return self._theirs(self.peers.habits)
        # The posts are at hand, as the plan is made of them: their windows needn't be computed again.
        posts = ibis.memtable(self._habit_posts, schema=habits_asked(self.asked(HABIT_WEEKS)).schema())
        return executed(va_habits(posts).order_by("va_id"))

    @fact
    def habit_levels(self) -> pd.DataFrame:
        """What each level of each habit goes with (see `model.improvement.va_habit_levels`), by everybody's posts."""
        if self.scope.is_narrow:
            return self.peers.habit_levels
        return levels_of(self._habit_posts, self._habit_effects)

    @fact
    def improvements(self) -> pd.DataFrame:
        """Every habit of every VA against the best quartile's (see `model.improvement.va_improvements`)."""
        if self.scope.is_narrow:
            return self._theirs(self.peers.improvements)
        return plan_of(
            self._habit_posts, self._habit_effects, self._task_weeks, self.period.widened(HABIT_WEEKS)
        )

    @fact
    def idle(self) -> list[str]:
        """VAs in the register, not inactive, without a post in the window; of a scope nobody has to post on it."""
        if self.scope.is_narrow:
            return []
        working = self.tables("vas").filter(_.status.fill_null("").lower() != "inactive")
        known = executed(working.select("va_id").order_by("va_id"))["va_id"]
        return [str(va) for va in known if va not in set(self.results["va_id"])]

    @fact
    def n_without_va(self) -> int:
        """Posts that reached the compared age in the window and name no VA."""
        unnamed = reached(self.performance, self.window, self.hours).filter(_.va_id.isnull())
        return int(executed(unnamed.agg(n=_.count()))["n"].iloc[0])

    @cached_property
    def _habit_posts(self) -> pd.DataFrame:
        return executed(habits_asked(self.asked(HABIT_WEEKS)))

    @fact
    def _habit_effects(self) -> HabitEffects | None:
        return habit_effects(self._habit_posts, HABITS)

    @fact
    def _task_weeks(self) -> pd.DataFrame:
        found = executed(task_weeks_asked(self.asked(HABIT_WEEKS)))
        found["week_on"] = pd.to_datetime(found["week_on"])
        return found

    @fact
    def _recent_task_weeks(self) -> pd.DataFrame:
        return self._task_weeks[self._task_weeks["week_on"].isin(self.weeks["week_on"])]


def with_own_trend(weekly: pd.DataFrame) -> pd.DataFrame:
    """Weeks of VAs with own_trend and its 90 % interval, and typical_multiple. See `VaFacts.weekly`."""
    n = weekly["n_log_outliers"].astype("float64")
    mean, spread = weekly["mean_log_outlier"], weekly["sd_log_outlier"]
    by_va = weekly["va_id"]
    total = n.groupby(by_va).transform("sum")
    usual = (n * mean).groupby(by_va).transform("sum") / total
    freedom = (n - 1).clip(lower=0)
    pooled = (freedom * spread**2).groupby(by_va).transform("sum") / freedom.groupby(by_va).transform("sum")
    error = np.sqrt(pooled * (1 / n.where(n > 0) - 1 / total.where(total > 0)).clip(lower=0))
    drawn = n >= _FEWEST
    moved = (mean - usual).where(drawn)
    return weekly.assign(
        typical_multiple=np.exp(mean.where(drawn)),
        own_trend=np.exp(moved),
        own_trend_low=np.exp(moved - _Z90 * error),
        own_trend_high=np.exp(moved + _Z90 * error),
    )
