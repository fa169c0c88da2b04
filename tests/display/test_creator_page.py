"""The creators' page: every part says what it found, or what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import nbformat
import pandas as pd
import pytest
from ibis import _

import workbench
from workbench.display.blocks import Box
from workbench.display.creator_page import CreatorPage
from workbench.display.tables import Table
from workbench.metrics.periods import Period
from workbench.model.creator_facts import CreatorFacts

Tables = Callable[[str], ibis.Table]
WEEK = Period(date(2025, 9, 22), date(2025, 9, 28))
NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "5_creators.ipynb"


AFTER_ANOTHER = {"platform_table", "content_table", "stage_table", "overdue_table", "reel_table"}
"""Parts that say nothing of their own where the part before them tells what is missing."""


def parts() -> list[str]:
    """What the notebook calls, in its order."""
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    calls = [
        line
        for c in cells
        if c.cell_type == "code"
        for line in c.source.splitlines()
        if line.startswith("page.")
    ]
    return [call.removeprefix("page.").removesuffix("()") for call in calls]


@pytest.fixture(scope="module")
def tables(demo_home: Path) -> Iterator[Tables]:
    with workbench.connect(demo_home) as open_workbench:
        yield open_workbench.table


@pytest.fixture(scope="module")
def page(tables: Tables) -> CreatorPage:
    return CreatorPage(CreatorFacts(tables, WEEK))


def without(tables: Tables, *names: str) -> CreatorPage:
    return CreatorPage(CreatorFacts(lambda n: tables(n).limit(0) if n in names else tables(n), WEEK))


def shown(found: Any) -> str:
    """A part in words, whatever it is."""
    return found.to_json() if hasattr(found, "to_json") else f"{found!r} {found._repr_html_()}"


def test_the_notebook_calls_every_part_of_the_page() -> None:
    own = {
        n for n in vars(CreatorPage) | vars(CreatorPage.__mro__[1]) if not n.startswith("_") and n != "facts"
    }
    assert own <= set(parts())


@pytest.mark.parametrize("part", parts())
def test_a_part_shows_something_on_the_demo(page: CreatorPage, part: str) -> None:
    assert len(shown(getattr(page, part)())) > 20


@pytest.mark.parametrize("part", parts())
def test_a_part_of_nothing_says_so_or_leaves_it_to_the_part_before(tables: Tables, part: str) -> None:
    empty = CreatorPage(CreatorFacts(lambda n: tables(n).limit(0), WEEK))
    found = getattr(empty, part)()
    assert not isinstance(found, Table)
    assert repr(found).strip() or part in AFTER_ANOTHER


@pytest.mark.parametrize(
    ("missing", "part", "said"),
    [
        (("content_items", "content_posts"), "throughput_chart", "content_items.csv"),
        (("content_items", "content_posts"), "platform_finding", "content_posts.csv"),
        (("content_items", "content_posts"), "stage_chart", "content_items.csv"),
        (("tasks",), "task_table", "workbench tasks accept"),
        (("creators",), "creator_table", "creators.csv"),
        (("targets",), "targets", "targets.csv"),
        (("tasks", "content_items", "slides", "slide_uses"), "reel_summary", "slides.csv"),
    ],
)
def test_what_is_missing_is_named_with_how_to_get_it(
    tables: Tables, missing: tuple[str, ...], part: str, said: str
) -> None:
    found = getattr(without(tables, *missing), part)()
    assert isinstance(found, Box) and said in repr(found)


def test_unknown_figures_of_the_week_are_dashes_and_no_zeros(tables: Tables) -> None:
    tiles = {t.label: t for t in without(tables, "content_items", "tasks", "sets").headline().tiles}
    unknown = ("Content out", "New sets", "Tasks in time", "On their way")
    assert [label for label in unknown if pd.notna(tiles[label].value)] == []


def test_a_week_in_which_nothing_came_out_counts_as_0(tables: Tables) -> None:
    facts = CreatorFacts(tables, Period(date(2024, 1, 1), date(2024, 1, 7)))
    assert facts.weekly["n_published_items"].tolist() == [0] * 9


def test_the_best_platform_is_told_where_content_is_on_several(tables: Tables) -> None:
    def on_two(name: str) -> ibis.Table:
        """Every item's later posts as if they were YouTube's."""
        found = tables(name)
        first = tables("content_posts").group_by("content_id").agg(post_id=_.post_id.min())
        if name == "post_performance":
            firsts = first.select(first_id="post_id")
            marked = found.left_join(firsts, found.post_id == firsts.first_id)
            return marked.mutate(platform=ibis.ifelse(_.first_id.isnull(), "youtube", "tiktok")).drop(
                "first_id"
            )
        return found

    whole = Period(date(2025, 7, 7), date(2025, 9, 28))
    page = CreatorPage(CreatorFacts(on_two, whole, score_weeks=20))
    several = page.facts.content[page.facts.content["n_platforms"] > 1]
    assert len(several) > 0
    best = several["best_platform"].value_counts()
    assert f"was the best platform of {best.max()} of {len(several)} item" in repr(page.platform_finding())
    assert set(page.platform_table().frame["platform"]) == {"tiktok", "youtube"}


def test_what_the_creators_names_hold_is_escaped(tables: Tables) -> None:
    def hostile(name: str) -> ibis.Table:
        found = tables(name)
        if name == "content_items":
            return found.mutate(title=ibis.literal("<script>alert(1)</script>"))
        return found

    page = CreatorPage(CreatorFacts(hostile, WEEK))
    html = "".join(getattr(page, p)()._repr_html_() for p in ("content_table", "overdue_table", "reel_table"))
    assert "<script>" not in html and "&lt;script&gt;" in html
