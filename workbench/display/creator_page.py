"""What the creators' page says: sentences, charts and tables made from `model.creator_facts`.

Every part is one call, returns one thing to look at, and says what is missing where it has nothing.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..model.creator_facts import EFFECT_WEEKS, MONEY_WEEKS, CreatorFacts
from . import charts
from .blocks import Box, Tile, Tiles, note, text, tiles
from .content_page import NO_CONTENT, ContentPage
from .level_page import known, usual_of
from .numbers import counted, figure, money, multiple, percent, whole
from .tables import Definitions, Table, definitions

SHOWN_SETS = 8
"""Sets shown from each end."""
FEWEST_POSTS = 5
"""Mature posts from which a creator or a set is compared."""
_NO_CREATORS = (
    "No post of these weeks names its creator. Import creators.csv, and posts with a column creator_id (or sets.csv "
    "and posts with set_id)."
)


class CreatorPage(ContentPage):
    """The parts of the page, in its order."""

    facts: CreatorFacts
    _compared_with = (
        "The effects of creators and sets are fitted on everybody's posts, and listed where one was shown on these "
        "accounts. A creator's items and sets are all of theirs; those of an account or a client are the ones that "
        "were posted there. Reel lists are dealt over all accounts, as an image goes to one only, and cut to these."
    )

    def headline(self) -> Tiles:
        """The week's figures against the week before and the eight before it."""
        facts, weekly = self.facts, self.facts.weekly
        has_items = facts.has("content_items")
        open_items = int(facts.stages["n_items"].sum()) if has_items else None
        lists = facts.reel_lists
        return tiles(
            self.tile(weekly, "Content out", "n_published_items", note="items whose first post went up"),
            self.tile(weekly, "Content begun", "n_begun_items"),
            self.tile(weekly, "New sets", "n_new_sets"),
            self.tile(
                weekly, "Tasks in time", "on_time_rate", note=_of(weekly["n_due_tasks"].iloc[-1], "due")
            ),
            Tile(
                label="On their way",
                value=open_items,
                unit="items",
                compared=False,
                better="",
                reason="no content items",
                note=f"{counted(len(facts.overdue), 'item')} overdue" if has_items else "",
            ),
            Tile(
                label="To post next week",
                value=len(lists) if len(lists) else None,
                unit="posts",
                compared=False,
                reason="no task, image or item to post",
                better="",
                note=f"for {counted(lists['va_id'].nunique(), 'VA')}, see the reel lists"
                if len(lists)
                else "",
            ),
        )

    def changed(self) -> Box:
        """What moved, in sentences."""
        weekly, sentences = self.facts.weekly, []
        out, usual = weekly["n_published_items"].iloc[-1], usual_of(weekly, "n_published_items")
        if pd.notna(out):
            compared = (
                f", {usual.where(out)} the usual {whole(usual.low)} to {whole(usual.high)} a week"
                if usual
                else ""
            )
            told = f"{counted(int(out), 'content item')} came out{compared}."
            sentences.append(told[:1].upper() + told[1:])
        stages = self.facts.stages
        if not stages.empty:
            slowest = stages.sort_values(["median_days_in_stage", "stage"], ascending=[False, True]).iloc[0]
            if pd.notna(slowest["median_days_in_stage"]):
                sentences.append(
                    f"Content waits longest in {slowest['stage']}: half of its {whole(slowest['n_items'])} items for "
                    f"{figure(round(slowest['median_days_in_stage'], 1))} days or more."
                )
        late = self.facts.overdue
        if len(late):
            sentences.append(
                f"{counted(len(late), 'item')} of {whole(stages['n_items'].sum())} on their way "
                f"{'is' if len(late) == 1 else 'are'} overdue, by {whole(late['days_overdue'].median())} days at the "
                "median."
            )
        states = self.facts.reel_lists["list_state"].value_counts()
        if states.get("suggested", 0):
            sentences.append(
                f"{counted(int(states['suggested']), 'image is', 'images are')} worth showing again next week "
                f"and nobody has accepted {'it' if states['suggested'] == 1 else 'them'} yet: "
                "`workbench tasks accept --top 20` does."
            )
        return text(" ".join(sentences) or "Nothing was delivered, begun or due in these weeks.")

    def throughput_chart(self) -> Any:
        weekly = self.facts.weekly
        if not self.facts.has("content_items"):
            return note(NO_CONTENT)
        return self._course(
            weekly, "n_published_items", "Content items that came out:", shown=whole, zero=True,
            subtitle="A week, by their first post", nothing=NO_CONTENT,
        )  # fmt: skip

    # --- creators ------------------------------------------------------------------------------------

    def creator_chart(self) -> Any:
        effects = self.facts.creator_effects.dropna(subset=["creator_effect_low"])
        if effects.empty:
            return note(
                "Creators can't be told apart from the accounts that they are posted on: that takes at least two "
                "creators, and accounts that post content of more than one."
                if len(self.facts.creators)
                else _NO_CREATORS
            )
        clear = effects[(effects["creator_effect_low"] > 1) | (effects["creator_effect_high"] < 1)]
        best = effects.iloc[0]
        said = (
            f"{best['creator_id']}'s content does {multiple(best['creator_effect'])} the usual creator's, "
            f"{'a clear' if len(clear) else 'no clear'} difference"
        )
        title = (
            said
            if len(effects) == 1
            else (
                f"{counted(len(clear), 'creator')} of {len(effects)} can be told from the usual; the best is "
                f"{best['creator_id']} with {multiple(best['creator_effect'])}"
                if len(clear)
                else f"None of {counted(len(effects), 'creator')} can be told from the others"
            )
        )
        return charts.ranked(
            effects.assign(creator=effects["creator_id"]),
            label="creator",
            value="creator_effect",
            low="creator_effect_low",
            high="creator_effect_high",
            reference=1.0,
            reference_label="usual creator",
            title=title,
            subtitle=f"What the content does to views on whatever account; {EFFECT_WEEKS} weeks, 90 % interval",
            tooltips=["n_posts", "n_posting_accounts", "raw_creator_multiple"],
        )

    def creator_table(self) -> Any:
        found = self.facts.creators
        found = found[(found["n_posts"] > 0) | (found["n_own_accounts"] > 0)]
        if found.empty:
            return note(_NO_CREATORS)
        viral = found.dropna(subset=["viral_rate"]).sort_values(
            ["viral_rate", "creator_id"], ascending=[False, True]
        )
        caption = (
            f"{'Largest share of viral posts: ' if len(found) > 1 else 'Viral posts: '}{viral.iloc[0]['creator_id']}, "
            f"{percent(viral.iloc[0]['viral_rate'])} of {counted(viral.iloc[0]['n_final_posts'], 'post')}"
            if len(viral)
            else f"{counted(len(found), 'creator')}, none with posts that are 30 days old"
        )
        return Table(
            found.sort_values(["median_views", "creator_id"], ascending=[False, True]),
            caption=caption,
            columns=[
                "creator_id", "n_mature_posts", "n_posting_accounts", "median_views", "median_outlier",
                "breakout_rate",
                "viral_rate", "engagement_rate_by_views", "n_own_accounts", "net_followers",
            ],
            missing="too few posts or counts",
            signed=["net_followers"],
            note="Views depend on the accounts that a creator is posted on, and against its own usual a creator who "
            "owns the account competes with themselves: the chart above takes both out.",
            limit=40,
        )  # fmt: skip

    def money_table(self) -> Any:
        found = self.facts.money
        found = found[(found[["revenue", "cost"]].fillna(0) != 0).any(axis="columns")]
        if found.empty:
            return note("No money is attributed to any creator. Import revenue.csv and costs.csv.")
        told, currency = found["profit"].dropna(), self.facts.settings.reporting_currency
        losing = told[told < 0]
        caption = (
            f"{counted(len(losing), 'creator')} of {len(told)} lost money, {money(-losing.sum(), currency)} together"
            if len(losing)
            else f"None of {counted(len(told), 'creator')} lost money"
            if len(told)
            else "Only one side is known, so no creator's profit"
        )
        return Table(
            found,
            caption=caption,
            columns=["creator_id", "n_posts", "revenue", "cost", "profit", "roi", "rpm"],
            missing="no rate to convert by, or nothing to divide by",
            signed=["roi"],
            note=f"In {currency}, over {MONEY_WEEKS} weeks, by the creators' posts; more on page 4, Money.",
            limit=40,
        )

    def delivery_table(self) -> Any:
        found, n_weeks = self.facts.deliveries, len(self.facts.weeks)
        if found.empty:
            return note("No creator delivered a set or a content item in these weeks. " + NO_CONTENT)
        columns = ["n_new_sets", "n_begun_items", "n_published_items"]
        per_week = found.groupby("creator_id", dropna=False)[columns].sum() / n_weeks
        table = per_week.reset_index().sort_values(
            ["n_published_items", "creator_id"], ascending=[False, True]
        )
        named = table.dropna(subset=["creator_id"])
        much = figure(round(named.iloc[0]["n_published_items"], 1)) if len(named) else ""
        caption = (
            f"{named.iloc[0]['creator_id']} brings out {'most: ' if len(named) > 1 else ''}{much} "
            "items a week"
            if len(named)
            else "Nobody is named as the creator of what was delivered"
        )
        return Table(
            table,
            caption=caption,
            columns={
                "creator_id": "Creator",
                "n_new_sets": "Sets a week",
                "n_begun_items": "Items begun a week",
                "n_published_items": "Items out a week",
            },
            units=dict.fromkeys(columns, "number"),
            missing="nobody named",
            note=f"Means over {counted(n_weeks, 'week')}.",
            define=False,
            limit=40,
        )

    # --- sets ----------------------------------------------------------------------------------------

    def set_table(self) -> Any:
        """The best and the worst sets, with what can be said of them."""
        sets = self.facts.sets
        if sets.empty:
            return note(
                "No post of these weeks names its set. Import sets.csv, and posts with a column set_id."
            )
        ordered = sets[(sets["n_mature_posts"] >= FEWEST_POSTS) & sets["set_effect_low"].notna()]
        if len(ordered) < 2:
            return note(
                f"Sets can't be compared: that takes two of them with {FEWEST_POSTS} posts of that age each."
            )
        ends = ordered
        if len(ordered) > 2 * SHOWN_SETS:
            ends = pd.concat([ordered.head(SHOWN_SETS), ordered.tail(SHOWN_SETS)])
        clear = ordered[(ordered["set_effect_low"] > 1) | (ordered["set_effect_high"] < 1)]
        caption = (
            f"{counted(len(clear), 'set')} of {len(ordered)} can be told from the usual set"
            if len(clear)
            else f"None of {counted(len(ordered), 'set')} can be told from the usual set: their order is chance"
        )
        left = len(ordered) - len(ends)
        cut = (
            f"The {SHOWN_SETS} best and the {SHOWN_SETS} worst; {left} between them are left out. "
            if left
            else ""
        )
        return Table(
            ends.assign(set_id=ends["set_code"].fillna(ends["set_id"])),
            caption=caption,
            columns=[
                "set_id", "creator_id", "n_mature_posts", "set_effect", "set_effect_low", "set_effect_high",
                "set_score", "breakout_rate", "engagement_quality", "median_views",
            ],
            missing="not known",
            note=f"{cut}Sets with {FEWEST_POSTS} comparable posts or more, over {EFFECT_WEEKS} weeks; 90 % intervals. "
            "A set's effect is against the mean of all sets, its creator's share taken out.",
        )  # fmt: skip

    # --- the end -------------------------------------------------------------------------------------

    def targets(self) -> Any:
        names = (
            "viral_rate",
            "breakout_rate",
            "median_views",
            "median_outlier",
            "engagement_rate_by_views",
            "net_followers",
        )
        actual = {
            (name, str(row["creator_id"])): known(row[name])
            for row in self.facts.creators.to_dict("records")
            for name in names
        }
        weeks = counted(self.facts.score_weeks, "week")
        return self.against_targets(actual, scope="creator", over=dict.fromkeys(names, weeks))

    def _left_out(self) -> Box:
        unnamed = self.facts.unnamed
        said = [
            f"{counted(unnamed['without_creator'], 'post')} "
            f"{'names' if unnamed['without_creator'] == 1 else 'name'} no "
            "creator"
            if unnamed["without_creator"]
            else "",
            f"{whole(unnamed['without_set'])} no set" if unnamed["without_set"] else "",
        ]
        told = ", ".join(filter(None, said))
        more = (
            f" Of the posts that are compared, {told}: no creator's or set's figure has them." if told else ""
        )
        return note(super()._left_out().body + more, "Left out, and why")

    def definitions(self) -> Definitions:
        return definitions(
            self.facts.views_column, self.facts.outlier_column, "median_views", "median_outlier", "breakout_rate",
            "viral_rate", "engagement_rate_by_views", "net_followers", "creator_effect", "set_effect", "set_score",
            "best_platform", "n_published_items", "days_in_stage", "days_overdue", "on_time_rate", "list_state",
            "expected_views",
        )  # fmt: skip


def _of(n: Any, what: str) -> str:
    return f"of {whole(n)} {what}" if pd.notna(n) else ""
