"""What the creators' page says of content: platforms, pipeline, tasks, and next week's reel lists."""

from __future__ import annotations

from typing import Any

from ..model.creator_facts import CreatorFacts
from ..model.reel_lists import STATES
from ..model.suggestions import iso_week
from . import charts
from .blocks import Box, finding, note, text
from .level_page import LevelPage
from .numbers import compact, counted, day, figure, percent, whole
from .scope_words import platform_name
from .tables import Table

NO_CONTENT = (
    "There are no content items. Import content_items.csv, and content_posts.csv for the posts they became."
)

_SAID = text("")
"""For a part that has nothing to add to what the part before it said is missing."""


class ContentPage(LevelPage):
    """The parts of the creators' page that are about content on its way and out."""

    facts: CreatorFacts
    _tables = ("content_items", "content_posts", "creators", "sets", "tasks")

    # --- platforms -----------------------------------------------------------------------------------

    def platform_finding(self) -> Box:
        platforms, content = self.facts.platforms, self.facts.content
        if content.empty:
            return note(
                "No content item of these weeks has a post that can be counted. " + NO_CONTENT
                if not self.facts.has("content_posts")
                else "No post of a content item became old enough to compare in these weeks."
            )
        several = int((content["n_platforms"] > 1).sum())
        if not several:
            only = platforms.iloc[0]
            return finding(
                f"All content went to {platform_name(only['platform'])} alone"
                if len(platforms) == 1
                else f"All content went to one platform each, most of it to {platform_name(only['platform'])}",
                f"{counted(len(content), 'item')} became {counted(int(content['n_posts'].sum()), 'post')}. Which "
                "platform is best for an item can be told once it is posted on two.",
            )
        best = platforms.sort_values(["n_best", "platform"], ascending=[False, True]).iloc[0]
        return finding(
            f"{platform_name(best['platform'])} was the best platform of {whole(best['n_best'])} of "
            f"{counted(several, 'item')} that "
            "were posted on several",
            "Platforms count views differently (YouTube Shorts since 31 March 2025, Instagram since 21 April "
            "2025), so "
            "an item's platforms are compared by how its posts did against the accounts' usual there, and by views "
            "only where that isn't known.",
        )

    def platform_table(self) -> Any:
        platforms = self.facts.platforms
        if len(platforms) < 2:
            return _SAID
        return Table(
            platforms,
            caption=f"{platforms.iloc[0]['platform']} has most of the posts",
            columns=[
                "platform",
                "n_items",
                "n_posts",
                "n_items_elsewhere",
                "n_best",
                "views",
                "median_outlier",
                "n_outliers",
            ],
            missing="no baseline yet",
        )

    def content_table(self) -> Any:
        content = self.facts.content
        if content.empty:
            return _SAID
        first = content.iloc[0]
        share = first["views"] / content["views"].sum() if content["views"].sum() else float("nan")
        caption = (
            f"The most viewed of {counted(len(content), 'item')} has {whole(first['views'])} views, "
            f"{percent(share)} of all"
        )
        # Of items on one platform each, no platform is best.
        best = ["n_platforms", "best_platform", "best_by"] if (content["n_platforms"] > 1).any() else []
        return Table(
            content.assign(best_by=content["best_by"].replace("outlier", "times the usual")),
            caption=caption,
            columns=["title", "creator_id", "n_posts", *best, "views", "best_platform_outlier", "first_posted_at"],
            missing="no count or no baseline",
            limit=15,
        )  # fmt: skip

    # --- pipeline ------------------------------------------------------------------------------------

    def stage_chart(self) -> Any:
        stages = self.facts.stages.dropna(subset=["median_days_in_stage"])
        if stages.empty:
            return note(
                "No content item is on its way, or since when isn't known."
                if self.facts.has("content_items")
                else NO_CONTENT
            )
        top = stages.sort_values(["median_days_in_stage", "stage"], ascending=[False, True]).iloc[0]
        return charts.ranked(
            stages,
            label="stage",
            value="median_days_in_stage",
            title=f"Content waits longest in {top['stage']}: {figure(round(top['median_days_in_stage'], 1))} days",
            subtitle=f"Median days in the stage on {day(self.facts.period.to_on)}",
            tooltips=["n_items", "longest_days_in_stage", "n_overdue"],
        )

    def stage_table(self) -> Any:
        stages = self.facts.stages
        if stages.empty:
            return _SAID
        total, late = int(stages["n_items"].sum()), int(stages["n_overdue"].sum())
        return Table(
            stages,
            caption=f"{counted(total, 'item')} on their way, {late} of them overdue",
            columns=["stage", "n_items", "median_days_in_stage", "longest_days_in_stage", "n_overdue"],
            missing="since when isn't known",
            note="In the order of the pipeline, at the end of the week.",
        )

    def overdue_table(self) -> Any:
        late = self.facts.overdue
        if late.empty:
            return note("No content item is overdue.") if self.facts.has("content_items") else _SAID
        worst = late.iloc[0]
        return Table(
            late,
            caption=f"{counted(len(late), 'item')} overdue, the oldest by {counted(int(worst['days_overdue']), 'day')}",
            columns=["title", "creator_id", "stage", "due_on", "days_overdue", "days_in_stage"],
            missing="not named",
            limit=20,
        )

    def task_table(self) -> Any:
        tasks = self.facts.tasks
        if tasks.empty:
            return note(
                "No task was due in these weeks. Accept recommendations with `workbench tasks accept`, or import "
                "tasks.csv."
            )
        done, due = int(tasks["n_on_time_tasks"].sum()), int(tasks["n_due_tasks"].sum())
        return Table(
            tasks.sort_values(["on_time_rate", "va_id"], ascending=[True, True]),
            caption=f"{done} of {counted(due, 'task')} due in {counted(self.facts.score_weeks, 'week')} were done in "
            "time",
            columns=[
                "va_id",
                "n_due_tasks",
                "n_done_tasks",
                "n_on_time_tasks",
                "on_time_rate",
                "n_open_tasks",
                "n_overdue_tasks",
            ],
            missing="nobody's, or no time known",
            limit=40,
        )

    # --- reel lists ----------------------------------------------------------------------------------

    def reel_summary(self) -> Any:
        lists, week = self.facts.reel_lists, self.facts.next_week
        if lists.empty:
            return note(
                f"Nothing is to be posted in the week of {day(week.from_on)}: no task is open, no item is ready, "
                "and no image is recommended"
                + (
                    "."
                    if self.facts.has("slides")
                    else ", as no slide is known. Import slides.csv for recommendations."
                )
            )
        counts = lists.assign(n=1).pivot_table(
            index=lists["va_id"].fillna("nobody"),
            columns="list_state",
            values="n",
            aggfunc="sum",
            fill_value=0,
        )
        counts = counts.reindex(columns=list(STATES), fill_value=0).astype(int)
        views = lists.groupby(lists["va_id"].fillna("nobody"))["expected_views"].sum(min_count=1)
        table = counts.assign(total=counts.sum(axis=1), expected=views).reset_index()
        return Table(
            table.sort_values(["total", "va_id"], ascending=[False, True]),
            caption=f"{counted(len(lists), 'post')} for the week of {day(week.from_on)}: "
            + ", ".join(f"{int(counts[s].sum())} {s}" for s in STATES if counts[s].sum()),
            columns={
                "va_id": "VA",
                "total": "To post",
                "overdue": "Overdue",
                "accepted": "Accepted",
                "suggested": "Suggested",
                "ready": "Ready items",
                "expected": "Expected views",
            },
            units={"expected": "views"},
            missing="not known",
            define=False,
            note=f"As files: the folder reel_lists beside this page has {iso_week(week.from_on)}-reel_lists.xlsx, with "
            "a sheet for each VA, and a CSV file for each. Without a page: workbench tasks lists. Accepted are open "
            "tasks; suggested are recommendations that nobody accepted yet; ready are content items, dealt to their "
            "creator's accounts.",
            limit=60,
        )

    def reel_table(self) -> Any:
        lists = self.facts.reel_lists
        if lists.empty:
            return _SAID
        best = lists.dropna(subset=["expected_views"]).sort_values("expected_views", ascending=False)
        caption = "What to post, by VA and day"
        if len(best):
            first = best.iloc[0]
            caption = f"The most promising: {first['account_id']}, {compact(first['expected_views'])} views expected"
        return Table(
            lists,
            caption=caption,
            columns=["va_id", "due_on", "account_id", "list_state", "title", "expected_views", "slide_lift"],
            missing="not a recommendation",
            links={"title": "example_url"},
            note="A title leads to a post that showed the image before.",
            limit=40,
        )
