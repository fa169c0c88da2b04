"""Money that can't be attributed or added up is not let in."""

from __future__ import annotations

from typing import Any

import pytest

import workbench
from workbench import record
from workbench.settings import Settings
from workbench.warehouse.load import load

REVENUE = {
    "revenue_id": "r1",
    "from_on": "2025-01-01",
    "to_on": "2025-01-31",
    "amount": "10.50",
    "currency": "EUR",
    "scope": "all",
}
COST = {
    "cost_id": "c1",
    "from_on": "2025-01-01",
    "to_on": "2025-01-31",
    "kind": "tool",
    "amount": "5",
    "currency": "EUR",
    "scope": "all",
}


def reasons(settings: Settings, table: str, row: dict[str, Any]) -> list[str]:
    record.rows(table, [row], home=settings.home)
    load(settings)
    with workbench.connect(settings.home) as wb:
        return [r["reason"] for r in wb.table("rejected_rows").to_pyarrow().to_pylist()]


@pytest.mark.parametrize(
    ("table", "row", "reason"),
    [
        ("revenue", {**REVENUE, "currency": "EURO"}, "currency: 'EURO' is not three letters such as EUR"),
        ("revenue", {**REVENUE, "to_on": "2024-12-31"}, "from_on is after to_on; swap them"),
        ("revenue", {**REVENUE, "scope": "va"}, "scope_id is missing; only scope all can do without"),
        ("costs", {**COST, "amount": None}, "a cost needs an amount, or work_hours and hourly_pay"),
        (
            "costs",
            {**COST, "amount": None, "work_hours": "3"},
            "a cost needs an amount, or work_hours and hourly_pay",
        ),
        ("costs", {**COST, "to_on": "2024-12-31"}, "from_on is after to_on; swap them"),
    ],
)
def test_a_row_that_contradicts_itself_is_rejected_with_the_reason(
    settings: Settings, table: str, row: dict[str, Any], reason: str
) -> None:
    assert reasons(settings, table, row) == [reason]


def test_hours_and_their_pay_stand_for_an_amount(settings: Settings) -> None:
    assert reasons(settings, "costs", {**COST, "amount": None, "work_hours": "3", "hourly_pay": "7.25"}) == []


def test_a_currency_is_one_whatever_its_case(settings: Settings) -> None:
    assert reasons(settings, "revenue", {**REVENUE, "currency": "eur"}) == []
    with workbench.connect(settings.home) as wb:
        assert wb.table("revenue").to_pyarrow()["currency"].to_pylist() == ["EUR"]
