"""The figures of the creators' page: expressions executed once, as small DataFrames."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import ibis
import pandas as pd
from ibis import _

from ..metrics.content import content_totals, items_of, linked_posts, platform_totals
from ..metrics.creators import creator_review, set_results
from ..metrics.periods import Period, reached
from ..metrics.pipeline import overdue_items, pipeline_stages, pipeline_throughput, weekly_deliveries
from ..metrics.tasks import task_results, weekly_tasks
from .catalogue.metric import Asked
from .effects import creator_effects
from .effects_score import set_scores
from .frames import executed
from .level_facts import USUAL_WEEKS, LevelFacts
from .money_facts import MoneyFacts
from .reel_lists import reel_lists
from .suggestions import week_after

EFFECT_WEEKS = 26
MONEY_WEEKS = 12
STAGES = ("idea", "script", "draft", "production", "editing", "review", "approved", "ready", "scheduled")
"""Stages in the order in which content passes them; words that aren't here come after them, by name."""


@dataclass
class CreatorFacts(LevelFacts):
    """Level 5 of one week."""

    @property
    def asked(self) -> Asked:
        """The question that the window's figures answer."""
        names = {"post_performance": self.performance, "accounts": self.accounts}
        return Asked(lambda n: names.get(n, self.tables(n)), self.window, self.horizon, self.settings)

    @property
    def next_week(self) -> Period:
        """The week that the reel lists are for."""
        return week_after(self.period)

    @cached_property
    def mature(self) -> ibis.Table:
        return reached(self.performance, self.window, self.hours)

    @cached_property
    def weekly(self) -> pd.DataFrame:
        """The week and the 8 before it, oldest first: what was delivered, and the tasks due."""
        delivered = pipeline_throughput(self._deliveries)
        due = weekly_tasks(self.tables("tasks"), self.period, weeks=USUAL_WEEKS + 1)
        frame = self.weeks
        for part in (executed(delivered), executed(due)):
            part["week_on"] = pd.to_datetime(part["week_on"])
            frame = frame.merge(part, on="week_on", how="left")
        counts = {"sets": ("n_new_sets",), "content_items": ("n_begun_items", "n_published_items")}
        for table, columns in counts.items():
            for column in columns:
                frame[column] = frame[column].fillna(0).astype(int) if self.has(table) else float("nan")
        return frame

    def has(self, table: str) -> bool:
        """Whether a table has a row at all, so that nothing and unknown can be told apart."""
        return self._sizes[table] > 0

    @cached_property
    def _sizes(self) -> dict[str, int]:
        names = ("creators", "sets", "content_items", "content_posts", "tasks", "slides")
        return {n: int(executed(self.tables(n).agg(n=_.count()))["n"].iloc[0]) for n in names}

    @cached_property
    def _deliveries(self) -> ibis.Table:
        return weekly_deliveries(
            self.tables("content_items"),
            self.tables("content_posts"),
            self.tables("posts"),
            self.tables("sets"),
            self.period,
            weeks=USUAL_WEEKS + 1,
        )

    @cached_property
    def deliveries(self) -> pd.DataFrame:
        """What each creator delivered in each of these weeks."""
        found = executed(self._deliveries.order_by(["week_on", "creator_id"]))
        return found.assign(week_on=pd.to_datetime(found["week_on"]))

    @cached_property
    def creators(self) -> pd.DataFrame:
        """Every creator in one row (see `metrics.creators.creator_review`), most mature posts first."""
        review = creator_review(
            self.performance,
            self.tables("creators"),
            self.accounts,
            self.account_snapshots,
            self.window,
            horizon=self.horizon,
        )
        return executed(review.order_by([ibis.desc("n_mature_posts"), "creator_id"]))

    @cached_property
    def long_window(self) -> Period:
        """Half a year up to the week: effects are told apart by accounts that change hands, which takes months."""
        return self.period.widened(EFFECT_WEEKS)

    @cached_property
    def sets(self) -> pd.DataFrame:
        """Every set with a post in the long window: results, effect, interval and score, the best effect first."""
        mature = reached(self.performance, self.long_window, self.hours)
        results = executed(set_results(mature, self.tables("sets"), horizon=self.horizon).order_by("set_id"))
        scores = set_scores(replace(self.asked, period=self.long_window))
        joined = results.merge(
            scores.drop(columns=["n_mature_posts", "breakout_rate"]), on="set_id", how="left"
        )
        return joined.sort_values(["set_effect", "set_id"], ascending=[False, True], ignore_index=True)

    @cached_property
    def creator_effects(self) -> pd.DataFrame:
        """What each creator's content does to views over the long window, told apart from the accounts, best first."""
        return creator_effects(replace(self.asked, period=self.long_window))

    @cached_property
    def money(self) -> pd.DataFrame:
        """What each creator's posts earned and cost over the last 12 weeks, most profit first: as on the money page."""
        return MoneyFacts(self.tables, self.period, MONEY_WEEKS, self.platform, self.settings).of_creators

    @cached_property
    def _linked(self) -> ibis.Table:
        links = linked_posts(self.tables("content_posts"), self.performance, horizon=self.horizon)
        return items_of(links, self.window, self.hours)

    @cached_property
    def content(self) -> pd.DataFrame:
        """Content items of which a post became old enough in the window, most views first."""
        totals = content_totals(self.tables("content_items"), self._linked)
        return executed(totals.order_by([ibis.desc("views"), "content_id"]))

    @cached_property
    def platforms(self) -> pd.DataFrame:
        """Platforms over these items."""
        totals = content_totals(self.tables("content_items"), self._linked)
        return executed(platform_totals(self._linked, totals).order_by([ibis.desc("n_posts"), "platform"]))

    @cached_property
    def stages(self) -> pd.DataFrame:
        """Open items by stage at the end of the week, in the order of the pipeline."""
        found = executed(pipeline_stages(self.tables("content_items"), self.period).order_by("stage"))
        place = found["stage"].str.strip().str.lower().map({name: n for n, name in enumerate(STAGES)})
        return (
            found.assign(place=place.fillna(len(STAGES)))
            .sort_values(["place", "stage"])
            .drop(columns="place")
        )

    @cached_property
    def overdue(self) -> pd.DataFrame:
        """Open items whose day has passed, the latest first."""
        found = overdue_items(self.tables("content_items"), self.period)
        return executed(found.order_by([ibis.desc("days_overdue"), "content_id"]))

    @cached_property
    def tasks(self) -> pd.DataFrame:
        """Tasks due in the window, by VA."""
        return executed(task_results(self.tables("tasks"), self.window).order_by("va_id"))

    @cached_property
    def reel_lists(self) -> pd.DataFrame:
        """What each VA has to post next week (see `model.reel_lists`)."""
        return reel_lists(self.asked)

    @cached_property
    def unnamed(self) -> dict[str, int]:
        """Posts and items of the window that no creator's or set's figure covers."""
        posts = self.mature.agg(
            without_creator=self.mature.creator_id.isnull().sum(),
            without_set=self.mature.set_id.isnull().sum(),
        )
        row = executed(posts).iloc[0]
        return {str(k): int(v) if pd.notna(v) else 0 for k, v in row.items()}
