"""Whose posts a page shows, and what stays everybody's: fits, percentiles, medians."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import ibis
import pandas as pd
import pytest
from ibis import _
from text_tables import rows, table

import workbench
from workbench.metrics.periods import Period
from workbench.model.account_facts import AccountFacts
from workbench.model.frames import executed
from workbench.model.level_facts import LevelFacts
from workbench.model.money_facts import MoneyFacts
from workbench.model.scope import Scope
from workbench.model.slide_themes import themes_on
from workbench.model.va_facts import VaFacts

WEEK = Period(date(2025, 9, 22), date(2025, 9, 28))
Tables = Callable[[str], ibis.Table]
ACCOUNTS = """
    account_id | platform | creator_id | client
    t:a        | tiktok   | ann        | own
    t:b        | tiktok   | ann        | one
    y:a        | youtube  | ann        | one
    y:c        | youtube  |            | one
"""
POSTS = """
    post_id | platform | account_id
    1       | tiktok   | t:a
    2       | tiktok   | t:b
    3       | youtube  | y:a
    4       | youtube  | y:c
    5       | tiktok   |
"""


@pytest.fixture(scope="module")
def tables(demo_home: Path) -> Iterator[Tables]:
    with workbench.connect(demo_home) as open_workbench:
        yield open_workbench.table


@pytest.mark.parametrize(
    ("scope", "posts"),
    [
        (Scope(), "12345"),
        (Scope(platform="tiktok"), "125"),
        (Scope(account="t:a"), "1"),
        (Scope(creator="ann"), "123"),
        (Scope(client="one"), "234"),
        (Scope(platform="tiktok", client="one"), "2"),
        (Scope(creator="ann", client="one"), "23"),
        (Scope(platform="youtube", account="t:a"), ""),
        (Scope(client="nobody"), ""),
    ],
)
def test_a_scope_is_what_all_its_parts_hold_and_a_post_of_no_account_is_in_none(
    scope: Scope, posts: str
) -> None:
    found = rows(scope.of(table(POSTS), table(ACCOUNTS, client="string")))
    assert sorted(str(r["post_id"]) for r in found) == list(posts)


def test_only_what_is_narrower_than_a_platform_is_compared_with_others() -> None:
    assert not Scope() and not Scope("tiktok").is_narrow and Scope(client="one").is_narrow
    assert Scope("tiktok", account="t:a").peers == Scope("tiktok")


@pytest.mark.parametrize(
    ("scope", "targets_of"),
    [
        (Scope(), ("all", "all")),
        (Scope("tiktok"), ("platform", "tiktok")),
        (Scope(account="t:a", client="one"), ("account", "t:a")),
        (Scope(client="one"), ("client", "one")),
        (Scope(creator="ann", client="one"), ("", "")),
    ],
)
def test_targets_are_those_of_just_these_accounts(scope: Scope, targets_of: tuple[str, str]) -> None:
    assert scope.own == targets_of


def test_an_accounts_score_is_the_percentile_among_all_and_its_verdict_beside_everybodys_median(
    tables: Tables,
) -> None:
    everybody = AccountFacts(tables, WEEK, score_weeks=8)
    best = str(everybody.review["account_id"].iloc[0])
    one = AccountFacts(tables, WEEK, score_weeks=8, scope=Scope(account=best))
    assert pd.notna(one.review["kpi_score"].iloc[0]) and len(one.review) == 1
    for facts in ("review", "verdicts", "usual"):
        whole = getattr(everybody, facts)
        own = whole[whole["account_id"] == best].reset_index(drop=True)
        pd.testing.assert_frame_equal(getattr(one, facts), own)


def test_the_money_of_all_clients_is_that_of_all_accounts_with_one_to_the_cent(tables: Tables) -> None:
    named = executed(tables("accounts").select("account_id", "client"))
    clients = sorted(named["client"].dropna().unique())
    parts = [MoneyFacts(tables, WEEK, 12, Scope(client=c)).weekly[["revenue", "cost"]].sum() for c in clients]
    of_accounts = tables("post_money").join(tables("posts").select("post_id", "account_id"), "post_id")
    one_by_one = MoneyFacts(tables, WEEK, 12).weekly[["revenue", "cost"]].sum()
    assert len(clients) > 1 and of_accounts.count().execute() > 0
    assert sum(parts)["cost"] == pytest.approx(one_by_one["cost"], abs=0.005)
    assert 0 < sum(parts)["revenue"] <= one_by_one["revenue"] + 0.005


def test_a_va_is_judged_by_all_their_work_and_listed_where_they_posted(tables: Tables) -> None:
    everybody = VaFacts(tables, WEEK)
    post = executed(
        tables("posts")
        .drop_null("va_id")
        .filter(_.posted_at > ibis.literal("2025-09-10", "timestamp"))
        .limit(1)
    ).iloc[0]
    one = VaFacts(tables, WEEK, scope=Scope(account=post["account_id"]))
    assert post["va_id"] in set(one.effects["va_id"]) and len(one.effects) < len(everybody.effects)
    known = everybody.effects[everybody.effects["va_id"].isin(one.va_ids)].reset_index(drop=True)
    pd.testing.assert_frame_equal(one.effects, known)


def test_what_was_noted_of_others_accounts_is_not_told() -> None:
    notes = """
        from_on    | to_on | label         | scope    | scope_id
        2025-09-23 |       | of all        | all      |
        2025-09-23 |       | of a          | account  | t:a
        2025-09-23 |       | of b          | account  | t:b
        2025-09-23 |       | of the client | client   | own
        2025-09-23 |       | of ann        | creator  | ann
        2025-09-23 |       | of bob        | creator  | bob
    """
    known = {
        "annotations": table(notes, label="string", scope="string"),
        "accounts": table(ACCOUNTS, {"username": "string"}, client="string"),
    }
    facts = LevelFacts(lambda name: known[name], WEEK, scope=Scope(account="t:a"))
    assert facts.annotations["label"].tolist() == ["of a", "of all", "of ann", "of the client"]


def test_a_theme_is_a_scopes_where_all_its_words_stand_on_one_of_its_hooks() -> None:
    themes = pd.DataFrame(
        {
            "theme": ["cold coffee", "(a number) ways", "maps"],
            "example_text": ["others'", "others'", "others'"],
        }
    )
    found = themes_on(themes, ["7 ways to sleep", "Cold days", "hot coffee"])
    assert found.to_dict("records") == [{"theme": "(a number) ways", "example_text": "7 ways to sleep"}]
    assert themes_on(themes, []).empty
