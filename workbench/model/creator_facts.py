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
from .remembered import fact
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

    @fact
    def weekly(self) -> pd.DataFrame:
        """The week and the 8 before it, oldest first: what was delivered, and the tasks due."""
        delivered = pipeline_throughput(self._deliveries)
        due = weekly_tasks(self._task_rows, self.period, weeks=USUAL_WEEKS + 1)
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

    @fact
    def _sizes(self) -> dict[str, int]:
        names = ("creators", "sets", "content_items", "content_posts", "tasks", "slides")
        return {n: int(executed(self.tables(n).agg(n=_.count()))["n"].iloc[0]) for n in names}

    @property
    def _task_rows(self) -> ibis.Table:
        tasks = self.tables("tasks")
        return self._of_scope("tasks") if self.scope.is_narrow else tasks

    def _content_rows(self, name: str) -> ibis.Table:
        """Content items or sets: a creator's by whose they are; an account's or a client's by its posts."""
        table = self.tables(name)
        if not self.scope.is_narrow:
            return table
        if self.scope.creator:
            table = table.filter(_.creator_id == self.scope.creator)
        if not (self.scope.account or self.scope.client):
            return table
        if name == "sets":
            return table.semi_join(self.performance, "set_id")
        return table.semi_join(self._content_posts, "content_id")

    @property
    def _content_posts(self) -> ibis.Table:
        links = self.tables("content_posts")
        return links.semi_join(self.performance, "post_id") if self.scope.is_narrow else links

    @cached_property
    def _deliveries(self) -> ibis.Table:
        return weekly_deliveries(
            self._content_rows("content_items"),
            self._content_posts,
            self.tables("posts"),
            self._content_rows("sets"),
            self.period,
            weeks=USUAL_WEEKS + 1,
        )

    @fact
    def deliveries(self) -> pd.DataFrame:
        """What each creator delivered in each of these weeks."""
        found = executed(self._deliveries.order_by(["week_on", "creator_id"]))
        return found.assign(week_on=pd.to_datetime(found["week_on"]))

    @fact
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

    @fact
    def _shown_here(self) -> dict[str, set[str]]:
        """Creators and sets with a post on the scope's accounts in the long window: creator_id and set_id."""
        since = ibis.literal(self.long_window.from_at, "timestamp")
        rows = executed(
            self.performance.filter(_.posted_at >= since).select("creator_id", "set_id").distinct()
        )
        return {c: set(rows[c].dropna()) for c in ("creator_id", "set_id")}

    def _of_these(self, peers: pd.DataFrame, column: str) -> pd.DataFrame:
        """Rows of creators or sets that were shown on the scope's accounts, of what is known of all."""
        return peers[peers[column].isin(self._shown_here[column])].reset_index(drop=True)

    @cached_property
    def long_window(self) -> Period:
        """Half a year up to the week: effects are told apart by accounts that change hands, which takes months."""
        return self.period.widened(EFFECT_WEEKS)

    @fact
    def sets(self) -> pd.DataFrame:
        """Every set with a post in the long window: results, effect, interval and score, the best effect first.

        Of a scope, the sets that it showed, each with all that it did.
        """
        if self.scope.is_narrow:
            return self._of_these(self.peers.sets, "set_id")
        mature = reached(self.performance, self.long_window, self.hours)
        results = executed(set_results(mature, self.tables("sets"), horizon=self.horizon).order_by("set_id"))
        scores = set_scores(replace(self.asked, period=self.long_window))
        joined = results.merge(
            scores.drop(columns=["n_mature_posts", "breakout_rate"]), on="set_id", how="left"
        )
        return joined.sort_values(["set_effect", "set_id"], ascending=[False, True], ignore_index=True)

    @fact
    def creator_effects(self) -> pd.DataFrame:
        """What each creator's content does to views over the long window, told apart from the accounts, best first."""
        if self.scope.is_narrow:
            return self._of_these(self.peers.creator_effects, "creator_id")
        return creator_effects(replace(self.asked, period=self.long_window))

    @fact
    def money(self) -> pd.DataFrame:
        """What each creator's posts earned and cost over the last 12 weeks, most profit first: as on the money page."""
        return MoneyFacts(self.tables, self.period, MONEY_WEEKS, self.scope, self.settings).of_creators

    @cached_property
    def _linked(self) -> ibis.Table:
        links = linked_posts(self._content_posts, self.performance, horizon=self.horizon)
        return items_of(links, self.window, self.hours)

    @fact
    def content(self) -> pd.DataFrame:
        """Content items of which a post became old enough in the window, most views first."""
        totals = content_totals(self.tables("content_items"), self._linked)
        return executed(totals.order_by([ibis.desc("views"), "content_id"]))

    @fact
    def platforms(self) -> pd.DataFrame:
        """Platforms over these items."""
        totals = content_totals(self.tables("content_items"), self._linked)
        return executed(platform_totals(self._linked, totals).order_by([ibis.desc("n_posts"), "platform"]))

    @fact
    def stages(self) -> pd.DataFrame:
        """Open items by stage at the end of the week, in the order of the pipeline."""
        found = executed(pipeline_stages(self._content_rows("content_items"), self.period).order_by("stage"))
        place = found["stage"].str.strip().str.lower().map({name: n for n, name in enumerate(STAGES)})
        return (
            found.assign(place=place.fillna(len(STAGES)))
            .sort_values(["place", "stage"])
            .drop(columns="place")
        )

    @fact
    def overdue(self) -> pd.DataFrame:
        """Open items whose day has passed, the latest first."""
        found = overdue_items(self._content_rows("content_items"), self.period)
        return executed(found.order_by([ibis.desc("days_overdue"), "content_id"]))

    @fact
    def tasks(self) -> pd.DataFrame:
        """Tasks due in the window, by VA."""
        return executed(task_results(self._task_rows, self.window).order_by("va_id"))

    @fact
    def reel_lists(self) -> pd.DataFrame:
        """What each VA has to post next week (see `model.reel_lists`)."""
        return self.mine(self.peers.reel_lists) if self.scope.is_narrow else reel_lists(self.asked)

    @fact
    def unnamed(self) -> dict[str, int]:
        """Posts and items of the window that no creator's or set's figure covers."""
        posts = self.mature.agg(
            without_creator=self.mature.creator_id.isnull().sum(),
            without_set=self.mature.set_id.isnull().sum(),
        )
        row = executed(posts).iloc[0]
        return {str(k): int(v) if pd.notna(v) else 0 for k, v in row.items()}
