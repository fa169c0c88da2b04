"""The accounts' page: on the demo agency, on nothing, and without followers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import pytest

import workbench
from workbench.display.account_page import AccountPage
from workbench.display.blocks import Box
from workbench.display.level_page import LevelPage
from workbench.display.numbers import counted
from workbench.display.tables import Table
from workbench.metrics.periods import Period
from workbench.model.account_facts import AccountFacts

WEEK = Period(date(2025, 9, 22), date(2025, 9, 28))
NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "2_accounts.ipynb"
Tables = Callable[[str], ibis.Table]


def parts() -> list[str]:
    """What the notebook calls, in its order."""
    source = "".join("".join(c["source"]) + "\n" for c in json.loads(NOTEBOOK.read_text("utf-8"))["cells"])
    return re.findall(r"^page\.(\w+)\(\)", source, flags=re.M)


@pytest.fixture(scope="module")
def tables(demo_home: Path) -> Iterator[Tables]:
    with workbench.connect(demo_home) as open_workbench:
        yield open_workbench.table


@pytest.fixture(scope="module")
def page(tables: Tables) -> AccountPage:
    return AccountPage(AccountFacts(tables, WEEK, score_weeks=8))


@pytest.fixture(scope="module")
def empty(tables: Tables) -> AccountPage:
    return AccountPage(AccountFacts(lambda n: tables(n).limit(0), WEEK))


def shown(found: Any) -> str:
    return found.to_json() if hasattr(found, "to_json") else f"{found!r} {found._repr_html_()}"


def test_the_notebook_calls_every_part_of_the_page() -> None:
    own = {n for n in vars(AccountPage) | vars(LevelPage) if not n.startswith("_")}
    assert own - {"facts", "tile", "against_targets", "breadth", "followers_tile"} <= set(parts())


@pytest.mark.parametrize("part", parts())
def test_a_part_shows_something_on_the_demo(page: AccountPage, part: str) -> None:
    assert len(shown(getattr(page, part)())) > 20


@pytest.mark.parametrize("part", parts())
def test_a_part_of_nothing_says_so(empty: AccountPage, part: str) -> None:
    found = getattr(empty, part)()
    assert len(shown(found)) > 20 and not isinstance(found, Table)


def test_every_account_with_a_verdict_to_act_on_stands_in_the_table_with_its_reason(
    page: AccountPage,
) -> None:
    acted = page.facts.verdicts[page.facts.verdicts["verdict"].isin(["push", "drop", "check"])]
    assert len(acted) > 0
    found = page.verdict_table()
    told = (found if isinstance(found, Table) else found.boxes[-1].table).frame
    assert sorted(told["account_id"]) == sorted(acted["account_id"])
    assert told["verdict"].tolist() == sorted(told["verdict"], key=["push", "drop", "check"].index)
    assert told["verdict_reason"].str.contains(r"\d").all()
    push, drop, check = (int((acted["verdict"] == v).sum()) for v in ("push", "drop", "check"))
    title = f"{counted(push, 'account')} to push, {drop or 'none'} to drop, {check or 'none'} to check"
    assert page.verdicts().title == title[0].upper() + title[1:]


def test_rates_are_drawn_with_their_intervals_beside_all_posts_together(page: AccountPage) -> None:
    chart = page.breakout_chart().to_dict()
    known = page.facts.rates.query("n_outliers >= 5")
    pooled = (known["breakout_rate"] * known["n_outliers"]).sum() / known["n_outliers"].sum()
    assert chart["title"]["text"].startswith(f"{100 * pooled:.1f}")
    assert f"n = {int(known['n_outliers'].sum()):,}" in chart["title"]["subtitle"]


def test_targets_of_the_whole_agency_stand_beside_what_was_reached(page: AccountPage) -> None:
    told = page.targets()
    assert isinstance(told, Table) and {"Viral share", "Posts a week"} <= set(told.frame["target_metric"])


def test_without_followers_growth_is_not_known_and_nobody_is_pushed(tables: Tables) -> None:
    blind = AccountPage(
        AccountFacts(lambda n: tables(n).limit(0) if n == "account_snapshots" else tables(n), WEEK, 8)
    )
    assert isinstance(blind.growth_chart(), Box) and "account_snapshots.csv" in repr(blind.growth_chart())
    assert "push" not in set(blind.facts.verdicts["verdict"])
