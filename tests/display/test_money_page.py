"""The money page says what is, and what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import ibis
import pytest

import workbench
from workbench.display.creator_page import CreatorPage
from workbench.display.money_page import MoneyPage
from workbench.metrics.periods import Period
from workbench.model.creator_facts import CreatorFacts
from workbench.model.money_facts import MoneyFacts
from workbench.model.overview_facts import OverviewFacts
from workbench.model.scope import Scope

WEEK = Period(date(2025, 9, 22), date(2025, 9, 28))
PARTS = (
    "basis", "checks", "headline", "changed", "profit_chart", "weekly_table", "events", "losers", "accounts_chart",
    "accounts_table", "vas_table", "creators_table", "sets_table", "posts_table", "payouts_table", "missing_money",
    "targets", "left_out", "definitions",
)  # fmt: skip
Tables = Callable[[str], ibis.Table]


@pytest.fixture(scope="module")
def tables(demo_home: Path) -> Iterator[Tables]:
    with workbench.connect(demo_home) as open_workbench:
        yield open_workbench.table


def lacking(tables: Tables, *names: str) -> Tables:
    return lambda name: tables(name).limit(0) if not names or name in names else tables(name)


def shown(facts: MoneyFacts) -> dict[str, str]:
    """What each part of the page says, in plain text."""
    page = MoneyPage(facts)
    return {part: repr(getattr(page, part)()) for part in PARTS}


def test_the_week_of_the_demo_is_told_in_figures(tables: Tables) -> None:
    facts = MoneyFacts(tables, WEEK, score_weeks=12)
    said = shown(facts)
    week = facts.weekly.iloc[-1]
    assert week["profit"] == pytest.approx(week["revenue"] - week["cost"])
    assert "Profit rose" in said["changed"] or "Profit fell" in said["changed"]
    assert "due for" in said["payouts_table"]
    for units in (facts.of_accounts, facts.of_vas, facts.of_creators):
        assert units["profit"].is_monotonic_decreasing and units["profit"].notna().all()


def test_the_week_is_what_payments_and_costs_of_its_days_are(tables: Tables) -> None:
    """The page's week against plain Python: each amount dealt to its days in turn."""
    facts = MoneyFacts(tables, WEEK)
    cents = {"revenue": 0, "cost": 0}
    for row in tables("money_rows").to_pyarrow().to_pylist():
        units, days = int(abs(row["reported_amount"]) * 100), (row["to_on"] - row["from_on"]).days + 1
        for day in range(days):
            mine = units // days + (day < units % days)
            at = row["from_on"].toordinal() + day
            if WEEK.from_on.toordinal() <= at <= WEEK.to_on.toordinal():
                cents[row["entry"]] += mine if row["reported_amount"] >= 0 else -mine
    week = facts.weekly.iloc[-1]
    # Hours times pay may end below the cent, which falls on a cost's first day.
    assert week["revenue"] == pytest.approx(cents["revenue"] / 100, abs=1e-9)
    assert week["cost"] == pytest.approx(cents["cost"] / 100, abs=0.05)


def test_a_page_of_nothing_says_what_to_import(tables: Tables) -> None:
    said = shown(MoneyFacts(lacking(tables), WEEK))
    assert "Import revenue.csv and costs.csv" in said["basis"]
    assert "payout_rules.csv" in said["payouts_table"]


@pytest.mark.parametrize(
    ("absent", "asked"),
    [(("revenue",), "import revenue.csv"), (("cost",), "import costs.csv")],
)
def test_one_side_alone_has_no_profit(tables: Tables, absent: tuple[str], asked: str) -> None:
    def some(name: str) -> ibis.Table:
        found = tables(name)
        return found.filter(found.entry != absent[0]) if name in ("money_rows", "post_money") else found

    facts = MoneyFacts(some, WEEK)
    said = shown(facts)
    assert asked in said["basis"]
    assert facts.weekly["profit"].isna().all()
    for units in (facts.of_accounts, facts.of_vas, facts.of_creators, facts.of_sets, facts.of_posts):
        assert len(units) and units[["profit", "roi", absent[0]]].isna().all(axis=None)
    for part in (
        "losers",
        "accounts_chart",
        "accounts_table",
        "vas_table",
        "creators_table",
        "sets_table",
        "posts_table",
    ):
        assert "Only one side is known" in said[part], part
    creators = CreatorPage(CreatorFacts(some, WEEK))
    assert "Only one side is known" in repr(creators.money_table())
    assert not (OverviewFacts(some, WEEK).account_money["profit"] < 0).any()


def test_without_views_there_is_money_and_no_rpm(tables: Tables) -> None:
    facts = MoneyFacts(lacking(tables, "post_weeks"), WEEK)
    shown(facts)
    assert facts.weekly["revenue"].notna().all() and facts.weekly["rpm"].isna().all()


def test_a_missing_rate_and_a_lost_payment_are_named(tables: Tables) -> None:
    def some(name: str) -> ibis.Table:
        found = tables(name)
        if name == "money_rows":
            euro = found.currency == "EUR"
            unknown = ibis.null("decimal(18, 4)")
            return found.mutate(
                reported_amount=ibis.cases((~euro, found.reported_amount), else_=unknown),
                n_posts=ibis.cases((found.scope == "post", 0), else_=found.n_posts),
            )
        return found

    said = shown(MoneyFacts(some, WEEK, score_weeks=12))["missing_money"]
    assert "No rate for EUR on 2025-" in said and "import fx_rates.csv" in said
    assert "found no post of their scope (post tiktok:" in said


def test_a_platform_that_nobody_posts_on_has_no_money(tables: Tables) -> None:
    facts = MoneyFacts(tables, WEEK, scope=Scope("twitch"))
    shown(facts)
    assert facts.weekly["revenue"].sum() == 0 and facts.of_accounts.empty
