"""Payouts are frozen once; the method of a payment is chosen once; what people import stands."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

import workbench
from workbench import record
from workbench.settings import Settings
from workbench.warehouse.load import load

TIERS = '[{"from_views": 0, "per_1000": 0.5}, {"from_views": 1000, "per_1000": "1.00"}]'
RULE = {"rule_id": "all", "base_amount": "0.10", "tiers": TIERS, "cap_amount": "3", "currency": "USD"}


def rows(settings: Settings, table: str) -> list[dict[str, Any]]:
    with workbench.connect(settings.home) as wb:
        found = wb.table(table)
        return list(found.order_by(found.columns[0]).to_pyarrow().to_pylist())


def given(settings: Settings, **tables: list[dict[str, Any]]) -> None:
    for table, each in tables.items():
        record.rows(table, each, home=settings.home)
    outcome = load(settings)
    assert not outcome.failed, outcome.failed


def post(name: str, day: str, **more: Any) -> dict[str, Any]:
    return {
        "post_id": f"tiktok:{name}",
        "platform": "tiktok",
        "posted_at": f"{day} 00:00:00",
        "va_id": "v",
        **more,
    }


def seen(name: str, day: str, views: int) -> dict[str, Any]:
    return {"post_id": f"tiktok:{name}", "captured_at": f"{day} 00:00:00", "views": views}


def payouts(settings: Settings) -> dict[str, tuple[Any, ...]]:
    return {
        r["post_id"].removeprefix("tiktok:"): (r["rule_id"], r["state"], r["frozen_views"], r["amount"])
        for r in rows(settings, "payouts")
    }


def test_a_payout_is_a_base_and_tiers_up_to_a_cap_on_the_views_at_168_hours(settings: Settings) -> None:
    given(
        settings,
        payout_rules=[RULE],
        posts=[post("few", "2025-01-01"), post("some", "2025-01-01"), post("many", "2025-01-01"),
               post("none", "2025-01-01"), post("gone", "2025-01-01", is_deleted=True), post("young", "2025-01-12")],
        post_snapshots=[seen("few", "2025-01-08", 900), seen("some", "2025-01-08", 2_001),
                        seen("many", "2025-01-08", 50_000), seen("young", "2025-01-13", 5)],
    )  # fmt: skip
    assert payouts(settings) == {
        "few": ("all", "due", 900, Decimal("0.55")),  # 0.10 + 0.9 x 0.50
        "some": ("all", "due", 2_001, Decimal("1.60")),  # 0.10 + 0.50 + 1.001 x 1.00, rounded
        "many": ("all", "due", 50_000, Decimal("3")),
        "none": ("all", "unmeasured", None, None),
        "gone": ("all", "canceled", None, None),
        "young": ("all", "upcoming", None, None),
    }


def test_what_is_frozen_never_changes_and_what_is_not_is_frozen_once_it_can_be(settings: Settings) -> None:
    given(
        settings,
        payout_rules=[RULE],
        posts=[post("a", "2025-01-01"), post("b", "2025-01-07")],
        post_snapshots=[
            seen("a", "2025-01-07", 600),
            seen("a", "2025-01-09", 1_000),
            seen("b", "2025-01-09", 5),
        ],
    )
    frozen = payouts(settings)
    assert frozen == {"a": ("all", "due", 800, Decimal("0.50")), "b": ("all", "upcoming", None, None)}
    given(
        settings,
        # A later count at exactly 168 hours, a better rule, another tier: all too late for a, in time for b.
        post_snapshots=[seen("a", "2025-01-08", 9_000), seen("b", "2025-01-14", 300)],
        payout_rules=[{**RULE, "rule_id": "v", "va_id": "v", "base_amount": "5", "cap_amount": None}],
    )
    assert payouts(settings) == {"a": frozen["a"], "b": ("v", "due", 300, Decimal("5.15"))}


def test_what_people_import_of_a_payout_stands(settings: Settings) -> None:
    given(
        settings,
        payout_rules=[RULE],
        posts=[post("a", "2025-01-01")],
        post_snapshots=[seen("a", "2025-01-08", 1_000)],
    )
    given(
        settings,
        payouts=[{"post_id": "tiktok:a", "rule_id": "all", "state": "paid", "paid_on": "2025-01-20"}],
    )
    given(settings, post_snapshots=[seen("a", "2025-02-01", 90_000)])
    assert payouts(settings) == {"a": ("all", "paid", 1_000, Decimal("0.60"))}


@pytest.mark.parametrize(
    ("rules", "chosen"),
    [
        ([{"rule_id": "g"}, {"rule_id": "c", "creator_id": "c"}], "c"),
        ([{"rule_id": "c", "creator_id": "c"}, {"rule_id": "v", "va_id": "v"}], "v"),
        ([{"rule_id": "v", "va_id": "v"}, {"rule_id": "x", "va_id": "v", "creator_id": "c"}], "x"),
        ([{"rule_id": "g"}, {"rule_id": "h", "from_on": "2025-01-01"}], "h"),
        ([{"rule_id": "g"}, {"rule_id": "late", "va_id": "v", "from_on": "2025-01-02"}], "g"),
        ([{"rule_id": "g"}, {"rule_id": "old", "va_id": "v", "to_on": "2024-12-31"}], "g"),
        ([{"rule_id": "b"}, {"rule_id": "a"}], "a"),
    ],
)
def test_the_most_specific_rule_of_the_posting_day_pays(
    settings: Settings, rules: list[dict[str, Any]], chosen: str
) -> None:
    given(
        settings,
        payout_rules=[
            {**RULE, "va_id": None, "creator_id": None, "from_on": None, "to_on": None, **r} for r in rules
        ],
        posts=[post("a", "2025-01-01", creator_id="c")],
    )
    assert [r[0] for r in payouts(settings).values()] == [chosen]


@pytest.mark.parametrize(
    "tiers", ["50 cents", '{"from_views": 0}', '[{"from_views": 0}]', '[{"from_views": -1, "per_1000": 1}]']
)
def test_tiers_that_cannot_be_read_are_refused_with_the_form(settings: Settings, tiers: str) -> None:
    given(settings, payout_rules=[{**RULE, "tiers": tiers}])
    [refused] = rows(settings, "rejected_rows")
    assert refused["reason"].startswith('tiers is not JSON such as [{"from_views": 0, "per_1000": 0.5}')


def test_a_payments_method_is_chosen_once_and_stays(settings: Settings) -> None:
    paid = {"from_on": "2025-01-02", "to_on": "2025-01-03", "amount": "9", "currency": "USD", "scope": "all"}
    given(
        settings,
        posts=[post("a", "2025-01-01"), post("b", "2025-01-01")],
        post_snapshots=[
            seen("a", "2025-01-02", 100),
            seen("a", "2025-01-04", 300),
            seen("b", "2025-01-09", 50),
        ],
        revenue=[{"revenue_id": "r", **paid}],
        revenue_methods=[{"revenue_id": "mine", "method": "equal"}],
    )
    assert {r["revenue_id"]: r["method"] for r in rows(settings, "revenue_methods")} == {
        "mine": "equal",
        "r": "total",
    }
    # By all known views, 300 and 50: 7.71 and 1.29.
    assert {r["post_id"]: r["amount"] for r in rows(settings, "post_money")} == {
        "tiktok:a": Decimal("7.71"), "tiktok:b": Decimal("1.29"),
    }  # fmt: skip
    given(
        settings,
        post_snapshots=[seen("b", "2025-01-02", 10), seen("b", "2025-01-04", 40)],
        revenue=[{"revenue_id": "mine", **paid}, {"revenue_id": "new", **paid}],
    )
    methods = {r["revenue_id"]: r["method"] for r in rows(settings, "revenue_methods")}
    assert methods == {"mine": "equal", "r": "total", "new": "gained"}
    new = {r["post_id"]: r["amount"] for r in rows(settings, "post_money") if r["money_id"] == "revenue:new"}
    assert new == {"tiktok:a": Decimal("7.83"), "tiktok:b": Decimal("1.17")}  # 200 and 30 views gained


def test_money_without_a_post_is_kept_and_follows_when_the_post_comes(settings: Settings) -> None:
    cost = {"cost_id": "c", "from_on": "2025-01-01", "to_on": "2025-01-07", "kind": "va_time", "work_hours": "3",
            "hourly_pay": "4.33", "currency": "USD", "scope": "va", "scope_id": "v"}  # fmt: skip
    given(settings, costs=[cost])
    assert [(r["post_id"], r["amount"]) for r in rows(settings, "post_money")] == [(None, Decimal("12.99"))]
    given(settings, posts=[post("a", "2025-01-01"), post("b", "2025-01-07")])
    assert {r["post_id"]: r["amount"] for r in rows(settings, "post_money")} == {
        "tiktok:a": Decimal("6.50"), "tiktok:b": Decimal("6.49"),
    }  # fmt: skip
