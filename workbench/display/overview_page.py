"""What the first page says: all levels in one view, what matters most, how good the data are."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..model.overview_facts import OverviewFacts
from . import charts
from .account_page import AccountPage
from .blocks import Box, Tiles, note, text, tiles
from .level_page import LevelPage, known
from .numbers import compact, counted, money, relative_change, whole
from .overview_findings import Findings, found
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
    ("4 ROI", "Profit and loss, what loses money, payouts due, what if."),
    ("5 Creators", "Creators and sets, content over platforms, the pipeline, next week's reel lists."),
)


class OverviewPage(LevelPage):
    """The parts of the page, in its order."""

    facts: OverviewFacts

    def headline(self) -> Tiles:
        """The week's figures of all levels against the week before and the eight before it."""
        weekly, currency = self.facts.weekly, self.facts.settings.reporting_currency
        shown = [
            self.tile(weekly, "Posts that matured", "n_mature_posts", note=f"counted at {self._age}"),
            self.tile(weekly, "Median views", "median_views", note=f"at {self._age}"),
            self.tile(weekly, "Against usual", "median_outlier", note="median post; 1 is usual"),
            self.tile(weekly, "Breakout rate", "breakout_rate", note="3 x usual or more"),
            self.tile(weekly, "Net followers", "net_followers"),
        ]
        if not self.facts.money.empty:
            shown += [
                self.tile(weekly, "Revenue", "revenue", note=currency),
                self.tile(weekly, "Cost", "cost", note=currency, better="down"),
                self.tile(weekly, "Profit", "profit", note=currency),
            ]
        if self.facts.has("tasks"):
            shown.append(self.tile(weekly, "Tasks in time", "on_time_rate", note="of those due in the week"))
        if self.facts.has("content_items"):
            shown.append(self.tile(weekly, "Items published", "n_published_items"))
        return tiles(*shown)

    @property
    def _age(self) -> str:
        return "30 days" if self.facts.horizon == "settled" else "5 days"

    def changed(self) -> Box:
        """What changed, how broadly, what was noted of these days, and what it means for the money."""
        said = [s for s in (self._views_moved(), self._breadth(), self._events(), self._money_moved()) if s]
        return text(" ".join(said) or "Too little is known of this week and the one before to compare them.")

    def _views_moved(self) -> str:
        weekly = self.facts.weekly
        now, before = weekly.iloc[-1], weekly.iloc[-2]
        moved = relative_change(known(now["median_views"]), known(before["median_views"]))
        if moved is None:
            return ""
        past = weekly["median_views"].iloc[:-1].dropna()
        low, high = (float(past.quantile(q)) for q in (0.25, 0.75))
        where = (
            "below the usual" if now["median_views"] < low
            else "above the usual" if now["median_views"] > high
            else "within the usual"
        )  # fmt: skip
        verb = "rose to" if moved > 0.02 else "fell to" if moved < -0.02 else "held at"
        return (
            f"Median views {verb} {compact(now['median_views'])} after {compact(before['median_views'])} "
            f"({whole(now['n_mature_posts'])} and {whole(before['n_mature_posts'])} posts), {where} of the eight weeks "
            f"before ({compact(low)} to {compact(high)})."
        )

    def _breadth(self) -> str:
        changes = self.facts.account_level.changes
        judged = changes.dropna(subset=["change_low"])
        if judged.empty:
            return ""
        up, down = int((judged["change_low"] > 0).sum()), int((judged["change_high"] < 0).sum())
        luck = 0.05 * len(judged)
        broad = "a broad move, not a few accounts" if max(up, down) > 3 * max(luck, 1) else "no broad move"
        return (
            f"Over {counted(self.facts.score_weeks, 'week')}, {whole(up)} of {len(judged)} accounts did clearly "
            f"better against their own usual than before, {whole(down)} clearly worse (about {whole(luck)} each by "
            f"luck): {broad}."
        )

    def _events(self) -> str:
        """Events of this week and the one before: what may explain a part, never what does."""
        events, first = self.facts.annotations, self.facts.period.before().from_on
        ends = events["to_on"].where(events["to_on"].notna(), events["from_on"])
        # What was noted of one account stands with that account's finding.
        of_all = events["scope"].fillna("all") == "all"
        near = events[of_all & (ends >= first) & (events["from_on"] <= self.facts.period.to_on)]
        if near.empty:
            return (
                "No event was noted for these two weeks."
                if len(events) or self.facts.has("annotations")
                else ""
            )
        labels = "; ".join(str(e["label"]).rstrip(".") for e in near.to_dict("records"))
        return f"Noted for these two weeks, and perhaps a part of the explanation: {labels}."

    def _money_moved(self) -> str:
        week = self.facts.weekly.iloc[-1]
        if pd.isna(week.get("profit")):
            return ""
        currency = self.facts.settings.reporting_currency
        usual = self.facts.weekly["profit"].iloc[:-1].median()
        compared = f"; the usual week has {money(usual, currency)}" if pd.notna(usual) else ""
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
        won = int((weeks["profit"] > 0).sum())
        total = money(weeks["profit"].sum(), self.facts.settings.reporting_currency)
        return charts.line(
            weeks,
            x="week_on",
            y="profit",
            reference=0.0,
            reference_label="break-even",
            zero=True,
            title=f"{won} of {len(weeks)} weeks made money, {total} together",
        )

    def findings(self) -> Findings:
        """The few things to act on, the gravest first."""
        return found(self.facts)

    def targets(self) -> Any:
        """Targets set for everything, of all levels, beside what was reached."""
        week, review = self.facts.weekly.iloc[-1], self.facts.account_level.review
        final = review["n_final_posts"].sum()
        long = self.facts.account_money
        cost = long["cost"].sum() if len(long) else 0
        reached = {
            "median_views_120h": week["median_views"] if self.facts.horizon == "120" else None,
            "posts_per_week": week["n_posts"],
            "viral_rate": review["n_viral_posts"].sum() / final if final else None,
            "breakout_rate": week["breakout_rate"],
            "roi": long["profit"].sum() / cost if cost else None,
            "on_time_rate": week["on_time_rate"],
        }
        return self.against_targets({(m, "all"): value for m, value in reached.items()}, scope="all")

    def health(self) -> Any:
        """How much there is of everything, how new it is, and what to do where there is nothing."""
        end = pd.Timestamp(self.facts.period.to_at)
        parts = self.facts.parts
        late = (end - parts["newest_at"]).dt.total_seconds() / 86400
        empty = parts["n_rows"] == 0
        told = parts.assign(
            days_behind=late.clip(lower=0.0).round(1),
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
        if len(stale):
            caption += f"; {', '.join(stale)} over a week old at the week's end"
        return Table(
            told,
            caption=caption,
            columns={
                "part_name": "Part",
                "n_rows": "Rows",
                "newest_at": "Newest",
                "days_behind": "Days before the week's end",
                **({"what_to_do": "What to do"} if missing else {}),
            },
            missing={"newest_at": "bears no time", "days_behind": "bears no time", "what_to_do": "nothing"},
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
