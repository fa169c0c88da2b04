"""The first page: on the demo agency, on nothing, and on a warehouse that lacks whole parts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from copy import copy
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pytest

import workbench
from workbench.display.level_page import LevelPage
from workbench.display.overview_findings import MOST
from workbench.display.overview_page import OverviewPage
from workbench.errors import UsageError
from workbench.metrics.periods import Period
from workbench.model.overview_facts import PARTS, OverviewFacts

WEEK = Period(date(2025, 9, 22), date(2025, 9, 28))
NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "0_overview.ipynb"
Tables = Callable[[str], ibis.Table]
MONEY = ("revenue", "costs", "money_rows", "post_money")
SLIDES = ("slides", "slide_uses")


def parts() -> list[str]:
    """What the notebook calls, in its order."""
    source = "".join("".join(c["source"]) + "\n" for c in json.loads(NOTEBOOK.read_text("utf-8"))["cells"])
    return re.findall(r"^page\.(\w+)\(\)", source, flags=re.M)


@pytest.fixture(scope="module")
def tables(demo_home: Path) -> Iterator[Tables]:
    with workbench.connect(demo_home) as open_workbench:
        yield open_workbench.table


@pytest.fixture(scope="module")
def page(tables: Tables) -> OverviewPage:
    return OverviewPage(OverviewFacts(tables, WEEK))


def without(tables: Tables, *names: str) -> OverviewPage:
    return OverviewPage(OverviewFacts(lambda n: tables(n).limit(0) if n in names else tables(n), WEEK))


@pytest.fixture(scope="module")
def empty(tables: Tables) -> OverviewPage:
    return OverviewPage(OverviewFacts(lambda n: tables(n).limit(0), WEEK))


def shown(found: Any) -> str:
    return found.to_json() if hasattr(found, "to_json") else f"{found!r} {found._repr_html_()}"


def test_the_notebook_calls_every_part_of_the_page() -> None:
    own = {
        n
        for n in vars(OverviewPage) | vars(LevelPage)
        if not n.startswith("_") and n not in ("facts", "tile")
    }
    assert own - {"against_targets"} <= set(parts())


@pytest.mark.parametrize("part", parts())
def test_a_part_shows_something_on_the_demo(page: OverviewPage, part: str) -> None:
    assert len(shown(getattr(page, part)())) > 20


@pytest.mark.parametrize("part", parts())
def test_a_part_of_nothing_says_so(empty: OverviewPage, part: str) -> None:
    said = shown(getattr(empty, part)())
    assert len(said) > 20 and "nan" not in said.replace("finance", "")


def test_the_week_is_told_with_all_levels(page: OverviewPage) -> None:
    labels = [t.label for t in page.headline().tiles]
    assert labels[:2] == ["Comparable posts", "Median views"]
    assert {"Net followers", "Revenue", "Cost", "Profit", "Tasks in time", "Content out"} <= set(labels)


def test_the_profit_of_a_week_is_its_revenue_less_its_cost(page: OverviewPage) -> None:
    money = page.facts.money
    assert money["week_on"].is_monotonic_increasing and money["week_on"].iloc[-1].date() == WEEK.from_on
    assert (money["profit"] - (money["revenue"] - money["cost"])).abs().max() < 1e-6
    week = money.iloc[-1]
    assert f"{'a profit' if week['profit'] >= 0 else 'a loss'} of" in repr(page.changed())


@pytest.mark.parametrize(
    ("missing", "label", "said"),
    [
        (MONEY, "Revenue", "Revenue: Import revenue.csv"),
        (("tasks",), "Tasks in time", "Tasks: Import tasks.csv"),
        (("content_items",), "Content out", "Content items: Import content_items.csv"),
        (SLIDES, "Images", "Slides: Import slides.csv"),
        (("vas",), "VAs", "VAs: Import vas.csv"),
    ],
)
def test_a_part_that_is_missing_has_no_tile_and_says_how_to_get_it(
    tables: Tables, missing: tuple[str, ...], label: str, said: str
) -> None:
    lacking = without(tables, *missing)
    assert label not in [t.label for t in lacking.headline().tiles]
    assert said in repr(lacking.missing())
    assert len(lacking.health().frame) == len(PARTS)


def test_a_warehouse_whose_marts_of_money_are_not_made_yet_has_none(tables: Tables) -> None:
    def older(name: str) -> ibis.Table:
        if name in ("money_rows", "post_money", "post_weeks"):
            raise UsageError(f"There is no table '{name}'.")
        return tables(name)

    facts = OverviewFacts(older, WEEK)
    assert facts.money.empty and facts.account_money.empty
    assert "revenue.csv" in repr(OverviewPage(facts).profit_chart())


def test_payments_that_no_rate_converts_are_told_before_any_loss(page: OverviewPage) -> None:
    astray = pd.DataFrame({"currency": ["SEK"], "n_unconverted": [3]})
    titles = [box.title for box in given(page, missing_rates=astray).findings().boxes]
    told = next(n for n, title in enumerate(titles) if title == "3 payments and costs in SEK are in no sum")
    assert [title for title in titles[:told] if "lost money" in title] == []


def test_there_are_at_most_eight_findings_and_each_rests_on_something(page: OverviewPage) -> None:
    boxes = page.findings().boxes
    assert 0 < len(boxes) <= MOST
    assert all(box.kind == "finding" and re.search(r"\d|page", box.body) for box in boxes)


def given(page: OverviewPage, **facts: Any) -> OverviewPage:
    """The page with other facts, all else as it is."""
    changed = copy(page.facts)
    for name, value in facts.items():
        setattr(changed, name, value)
    return OverviewPage(changed)


def noted(from_on: date, scope: str | None, scope_id: str | None) -> pd.DataFrame:
    return pd.DataFrame({"from_on": [from_on], "to_on": [None], "label": ["The feed changed."], "scope": [scope],
                         "scope_id": [scope_id]}, dtype=object)  # fmt: skip


def test_what_was_noted_of_these_weeks_stands_beside_the_change_not_as_its_cause(page: OverviewPage) -> None:
    told = given(page, annotations=noted(date(2025, 9, 20), "all", None)).changed()
    assert "perhaps a part of the explanation: The feed changed." in repr(told)
    for other in (noted(date(2025, 9, 14), "all", None), noted(date(2025, 9, 20), "account", "tiktok:x")):
        assert "explanation" not in repr(given(page, annotations=other).changed())


def test_median_views_clearly_below_all_weeks_come_first(page: OverviewPage) -> None:
    def first(last: float) -> str:
        weekly = page.facts.weekly.assign(median_views=[100.0] * 8 + [last])
        return str(given(page, weekly=weekly).findings().boxes[0].title)

    assert first(94.0) == "Median views are the lowest of nine weeks: 94"
    assert "lowest" not in first(96.0)
