"""Level 2's expressions against the same questions written by hand in SQL, and the code that times both."""

from __future__ import annotations

import dataclasses

import pytest

from benchmarks import level2
from benchmarks.agreement import Disagreement
from benchmarks.warehouse_of import LAST_WEEK
from workbench.model.account_facts import AccountFacts
from workbench.model.catalogue import accounts
from workbench.warehouse.reader import Workbench

QUERIES = [
    *(part[0] for parts in level2.FACTS.values() for part in parts),
    *(f"metric_{m}" for m in level2.METRIC_SQL),
]


CASES = [
    *((name, horizon, "") for name in QUERIES for horizon in ("120", "settled")),
    *((name, "120", "tiktok") for name in QUERIES if not name.startswith("metric_")),
]


@pytest.mark.parametrize(("name", "horizon", "platform"), CASES)
def test_the_expression_gives_what_the_sql_written_by_hand_gives(
    tiny: Workbench, name: str, horizon: str, platform: str
) -> None:
    found = {q.name: q for q in level2.queries(tiny, LAST_WEEK, horizon=horizon, platform=platform)}
    level2.check(tiny, [found[name]])


@pytest.mark.parametrize("name", QUERIES)
def test_a_question_about_a_time_without_posts_is_answered_alike(tiny: Workbench, name: str) -> None:
    found = {q.name: q for q in level2.queries(tiny, LAST_WEEK.replace(year=2021))}
    level2.check(tiny, [found[name]])


def test_every_fact_and_every_metric_has_its_sql() -> None:
    facts = {n for n, v in vars(AccountFacts).items() if type(v).__name__ == "cached_property"}
    assert set(level2.FACTS) == facts | {"coverage", "left_out"}
    # What the model finishes is held by tests of the model: SQL can't say it either.
    told_in_ibis = {m.name for m in accounts.METRICS if m.finish is None}
    assert set(level2.METRIC_SQL) == {"post_performance", *told_in_ibis}


def test_every_query_of_a_fact_is_compared(tiny: Workbench) -> None:
    week = level2.Period.week_of(LAST_WEEK)
    for fact, parts in level2.FACTS.items():
        facts = AccountFacts(tiny.table, week)
        if fact != "coverage":
            facts.horizon = "120"
        with level2.noted() as notes:
            getattr(facts, fact)
        assert len(notes) == len(parts), fact


def test_the_small_warehouse_asks_what_is_hard(tiny: Workbench) -> None:
    review = {q.name: q for q in level2.queries(tiny, LAST_WEEK)}["review"].ask()[0]
    assert review["kpi_score"].notna().sum() >= 10
    assert review["kpi_score"].isna().any(), "no account has too few posts for a score"
    assert review["peer_band"].nunique() >= 2
    assert review["follower_growth_rate"].isna().any()
    scored = review[review["kpi_score"].notna()]
    assert (scored["missing_parts"] != "").any(), "no part is missing anywhere"


def test_a_wrong_answer_is_named(tiny: Workbench) -> None:
    found = {q.name: q for q in level2.queries(tiny, LAST_WEEK)}["left_out"]
    wrong = dataclasses.replace(
        found, sql=f"SELECT * REPLACE (without_time + 1 AS without_time) FROM ({found.sql})"
    )
    with pytest.raises(Disagreement, match="left_out: without_time of row 0"):
        level2.check(tiny, [wrong])


def test_the_slowest_query_is_the_figure(tiny: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    few = [q for q in level2.queries(tiny, LAST_WEEK) if q.name in ("coverage", "size", "metric_viral_rate")]
    monkeypatch.setattr(level2, "queries", lambda *arguments: few)
    (query_ms, vs_sql), found = level2.measure(tiny, LAST_WEEK, "tiny", rounds=2)
    assert query_ms.name == "level2_query_ms_tiny"
    assert query_ms.value == pytest.approx(max(q.ms for q in found), abs=1e-3)
    assert vs_sql.name == "level2_vs_sql_tiny"
    assert vs_sql.ratio is not None
    assert [len(q.whole) for q in found] == [2, 2, 2]
    assert all(q.name in level2.listing(found) for q in found)
