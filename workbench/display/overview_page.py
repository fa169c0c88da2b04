"""What the first page says: all levels in one view, what matters most, how good the data are."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..model.overview_facts import OverviewFacts
from . import charts
from .account_page import AccountPage
from .blocks import Box, Stacked, Tiles, note, text, tiles
from .level_page import LevelPage, known, usual_of
from .money_page import MoneyPage, made_money
from .numbers import counted, money
from .overview_findings import found
from .tables import Definitions, Table, definitions

_HOW = {
    "posts": "Import an export of the posts (`workbench import FILE`).",
    "post_snapshots": "Import exports with counts, or collect them daily.",
    "account_snapshots": "Import account_snapshots.csv, or scrape profiles weekly: without it nobody knows who grows.",
    "slides": "Import slides.csv or an export with slide addresses: without it page 1 is empty.",
    "vas": "Import vas.csv, and posts with the VA's name: without it page 3 is empty.",
    "tasks": "Import tasks.csv: without it nothing is known of punctuality.",
    "revenue": "Import revenue.csv: without it page 4 knows no profit.",
    "costs": "Import costs.csv with hours or amounts: without it page 4 knows no profit.",
    "content_items": "Import content_items.csv: without it page 5 has no pipeline.",
    "targets": "Import targets.csv to see figures beside what was aimed at.",
    "annotations": "Import annotations.csv, so that nobody takes a known event for chance.",
}
"""What to do where a part is missing, by table."""
_PAGES = (
    (
        "1 Slides",
        "Which images to show again, which are tired, what was posted twice, what each account could show next.",
    ),
    ("2 Accounts", "Who grows, the score in parts, what to push and to drop, when posts do well."),
    ("3 VAs", "What each VA does to views on the same accounts, efficiency, a plan for each."),
    ("4 Money", "Profit and loss, what loses money, payouts due, what if."),
    (
        "5 Creators and content",
        "Creators and sets, content over platforms, the pipeline, next week's reel lists.",
    ),
)


class OverviewPage(LevelPage):
    """The parts of the page, in its order."""

    facts: OverviewFacts
    _tables = (
        "account_assignments",
        "costs",
        "fx_rates",
        "media_files",
        "payouts",
        "revenue",
        "slides",
        "tasks",
    )
    _compared_with = (
        "Figures are of the posts on these accounts. Scores, verdicts, and effects of VAs and images are measured "
        "against everybody's posts; how much data there is and what is wrong with it is told of the whole warehouse."
    )

    def headline(self) -> Tiles:
        """The week's figures of all levels against the week before and the eight before it."""
        weekly = self.facts.weekly
        shown = [*self._reach_tiles(weekly), AccountPage(self.facts.account_level).followers_tile()]
        if not self.facts.money.empty:
            shown += MoneyPage(self.facts.money_level).result_tiles()
        if self.facts.has("tasks"):
            due = known(weekly["n_due_tasks"].iloc[-1])
            note = f"of {counted(int(due), 'task')} due" if due else ""
            shown.append(self.tile(weekly, "Tasks in time", "on_time_rate", note=note))
        if self.facts.has("content_items"):
            shown.append(
                self.tile(weekly, "Content out", "n_published_items", note="items whose first post went up")
            )
        return tiles(*shown)

    def changed(self) -> Box:
        """What changed, how broadly, what was noted of these days, and what it means for the money."""
        said = [
            self._views_moved(self.facts.weekly),
            AccountPage(self.facts.account_level).breadth(),
            self._events(),
            self._money_moved(),
        ]
        return text(
            " ".join(filter(None, said))
            or "Too little is known of this week and the one before to compare them."
        )

    def _events(self) -> str:
        """Events of this week and the one before: what may explain a part, never what does."""
        events, first = self.facts.annotations, self.facts.period.before().from_on
        ends = events["to_on"].where(events["to_on"].notna(), events["from_on"])
        # What was noted of one account stands with that account's finding.
        of_all = events["scope"].fillna("all") == "all"
        near = events[of_all & (ends >= first) & (events["from_on"] <= self.facts.period.to_on)]
        if near.empty:
            return ""
        labels = "; ".join(str(e["label"]).rstrip(".") for e in near.to_dict("records"))
        return f"Noted for these two weeks, and perhaps a part of the explanation: {labels}."

    def _money_moved(self) -> str:
        week = self.facts.weekly.iloc[-1]
        if pd.isna(week.get("profit")):
            return ""
        currency = self.facts.settings.reporting_currency
        usual = usual_of(self.facts.weekly, "profit")
        compared = (
            f", {usual.where(week['profit'])} the usual {money(usual.low)} to {money(usual.high, currency)}"
            if usual
            else ""
        )
        return (
            f"The week brought {money(week['revenue'], currency)} and cost {money(week['cost'], currency)}: "
            f"{'a profit' if week['profit'] >= 0 else 'a loss'} of {money(abs(week['profit']), currency)}{compared}."
        )

    def reach_chart(self) -> Any:
        return AccountPage(self.facts.account_level).weekly_chart()

    def profit_chart(self) -> Any:
        weeks = self.facts.money.dropna(subset=["profit"])
        if len(weeks) < 2:
            return note(
                "Fewer than two weeks have revenue or costs, so there is no profit to draw. Import revenue.csv and "
                "costs.csv."
            )
        currency = self.facts.settings.reporting_currency
        return charts.line(
            weeks,
            x="week_on",
            y="profit",
            unit=currency,
            reference=0.0,
            reference_label="break-even",
            zero=True,
            title=made_money(weeks, currency),
        )

    def findings(self) -> Stacked:
        """The few things to act on, the gravest first."""
        return found(self.facts)

    def targets(self) -> Any:
        """Targets set for everything, of all levels, beside what was reached."""
        week, review = self.facts.weekly.iloc[-1], self.facts.account_level.review
        final = review["n_final_posts"].sum()
        reached = {
            "median_views_120h": week["median_views"] if self.facts.horizon == "120" else None,
            "posts_per_week": week["n_posts"],
            "viral_rate": review["n_viral_posts"].sum() / final if final else None,
            "breakout_rate": week["breakout_rate"],
            "roi": week["profit"] / week["cost"] if known(week["cost"]) else None,
            "on_time_rate": week["on_time_rate"],
        }
        return self.against_targets(
            {(m, "all"): value for m, value in reached.items()},
            scope="all",
            over={"viral_rate": counted(self.facts.score_weeks, "week")},
        )

    def health(self) -> Any:
        """How much there is of everything, how new it is, and what to do where there is nothing."""
        end = pd.Timestamp(self.facts.period.to_at)
        parts = self.facts.parts
        late = (end - parts["newest_at"]).dt.total_seconds() / 86400
        empty = parts["n_rows"] == 0
        streams = ~parts["table_name"].isin(["targets", "annotations"])
        told = parts.assign(
            newest_on=parts["newest_at"].dt.date.where(parts["newest_at"].notna(), None),
            days_behind=late.clip(lower=0.0).round().where(streams),
            what_to_do=parts["table_name"].map(_HOW).where(empty),
        )
        missing = int(empty.sum())
        looked_at = told["table_name"].isin(["posts", "post_snapshots", "account_snapshots"])
        stale = told[(told["days_behind"] > 7) & looked_at]["part_name"].str.lower()
        caption = (
            f"{counted(missing, 'part')} of {len(parts)} missing"
            if missing
            else f"All {len(parts)} parts are there"
        )
        if self.facts.scope:
            caption = f"Of the whole warehouse: {caption[0].lower()}{caption[1:]}"
        if len(stale):
            caption += f"; {', '.join(stale)} over a week old at the week's end"
        return Table(
            told,
            caption=caption,
            columns={
                "part_name": "Part",
                # How much there is of everybody's is not for a page of one client's.
                **({} if self.facts.scope.is_narrow else {"n_rows": "Rows"}),
                "newest_on": "Newest",
                "days_behind": "Days behind",
                **({"what_to_do": "What to do"} if missing else {}),
            },
            missing={
                "newest_on": "bears no date",
                "days_behind": "set once, or bears no date",
                "what_to_do": "nothing",
            },
            define=False,
        )

    def missing(self) -> Box:
        """What no page can say until it is imported."""
        gone = self.facts.parts[self.facts.parts["n_rows"] == 0]
        if gone.empty:
            return note("Nothing: every level has data.", "What is missing")
        lines = [f"{p['part_name']}: {_HOW[p['table_name']]}" for p in gone.to_dict("records")]
        return note("\n\n".join(lines), "What is missing, and how to get it")

    def pages(self) -> Any:
        """The other pages, and what each answers."""
        frame = pd.DataFrame(_PAGES, columns=["page_name", "page_answers"])
        return Table(
            frame,
            caption="The other pages",
            columns={"page_name": "Page", "page_answers": "What it answers"},
            define=False,
        )

    def definitions(self) -> Definitions:
        return definitions(
            self.facts.views_column, self.facts.outlier_column, "median_views", "median_outlier", "breakout_rate",
            "net_followers", "revenue", "cost", "profit", "on_time_rate", "verdict", "usual_change", "va_effect",
            "slide_lift",
        )  # fmt: skip
