"""Today's values for what-if: measured where the data say something, assumed and named where not."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import workbench
from workbench.metrics.periods import Period
from workbench.model.level_facts import LevelFacts
from workbench.model.scope import Scope
from workbench.model.whatif import BY_NAME, DAYS, answer
from workbench.model.whatif_inputs import start

WEEK = Period.iso_week("2025-W40")
FIRST = datetime(2025, 8, 5, 12)


def posts() -> pd.DataFrame:
    """Two posts a day for nine weeks: `a` by one VA, new; `b` by another, reused. Every tenth `a` goes viral."""
    made = [
        {
            "post_id": f"{which}{d}",
            "platform": "tiktok",
            "account_id": f"acc{(d + k) % 4}",
            "va_id": f"va_{which}",
            "posted_at": FIRST + timedelta(days=d, hours=k),
            "posted_local_on": (FIRST + timedelta(days=d)).date(),
            "views": 7,
            "views_at_120": 600.0,
            "views_settled": 20_000.0 if which == "a" and d % 10 == 0 else 1_000.0,
            "log_outlier_120": 0.0 if which == "a" else float(np.log(0.8)),
        }
        for d in range(62)
        for k, which in enumerate("ab")
    ]
    frame = pd.DataFrame(made)
    return frame.astype({"views": "float64"})


def money(*rows: tuple[str, str, str, date, date, str | None]) -> pd.DataFrame:
    names = ["row_id", "entry", "money_kind", "from_on", "to_on", "amount"]
    frame = pd.DataFrame(rows, columns=names)
    return frame.assign(
        currency=["USD" if pd.notna(a) else "EUR" for a in frame["amount"]],
        reported_amount=[Decimal(a) if pd.notna(a) else None for a in frame["amount"]],
    ).drop(columns="amount")


FROM, TO = date(2025, 9, 8), date(2025, 10, 5)
MONEY = money(
    ("r1", "revenue", "fund", date(2025, 9, 1), date(2025, 9, 30), "300"),
    ("r2", "revenue", "deal", FROM, TO, None),
    ("c1", "cost", "va_time", FROM, TO, "280"),
    ("c2", "cost", "va_time", FROM, TO, "80"),
    ("t1", "cost", "tool", date(2025, 9, 1), date(2025, 9, 30), "60"),
    ("r0", "revenue", "fund", date(2025, 1, 1), date(2025, 1, 31), "999"),
)
SCHEMAS: dict[str, dict[str, str]] = {
    "post_performance": {
        "post_id": "string", "platform": "string", "account_id": "string", "va_id": "string",
        "posted_at": "timestamp", "posted_local_on": "date", "views": "float64", "views_at_120": "float64",
        "views_settled": "float64", "log_outlier_120": "float64",
    },
    "slide_uses": {"post_id": "string", "slide_index": "int64", "use_number": "int64"},
    "money_rows": {
        "row_id": "string", "entry": "string", "money_kind": "string", "from_on": "date", "to_on": "date",
        "currency": "string", "reported_amount": "decimal(18, 4)",
    },
    "post_weeks": {"post_id": "string", "week_on": "date", "views_then": "float64"},
    "costs": {
        "cost_id": "string", "kind": "string", "from_on": "date", "to_on": "date", "work_hours": "decimal(18, 4)",
    },
    "vas": {"va_id": "string", "hourly_pay": "decimal(18, 4)", "currency": "string"},
}  # fmt: skip


def facts(**frames: pd.DataFrame) -> LevelFacts:
    """A warehouse of these tables; the others are empty."""

    def tables(name: str) -> ibis.Table:
        schema = ibis.schema(SCHEMAS[name])
        frame = frames.get(name, pd.DataFrame(columns=list(schema)))
        # Through Arrow: Ibis can't take pandas' missing decimals.
        rows = pa.Table.from_pandas(frame[list(schema)], schema.to_pyarrow(), preserve_index=False)
        return ibis.memtable(rows, schema=schema)

    return LevelFacts(tables, WEEK)


def agency(**others: Any) -> LevelFacts:
    frame = posts()
    uses = pd.DataFrame(
        [
            {"post_id": p, "slide_index": k, "use_number": 2 if p[0] == "b" and k == 1 else 1}
            for p in frame["post_id"]
            for k in (1, 2)
        ]
    )
    recent = frame[frame["posted_at"] >= datetime(2025, 9, 8)]
    weeks = pd.DataFrame({"post_id": recent["post_id"], "week_on": date(2025, 10, 6), "views_then": 500.0})
    costs = pd.DataFrame([("c1", "va_time", FROM, TO, Decimal(35))], columns=list(SCHEMAS["costs"]))
    given = {
        "post_performance": frame, "slide_uses": uses, "money_rows": MONEY, "post_weeks": weeks, "costs": costs,
    }  # fmt: skip
    return facts(**{**given, **others})


def test_every_input_is_what_the_four_weeks_were():
    found = start(agency())
    assert found.inputs.values() == pytest.approx(
        {
            "vas": 2,
            "posts_per_day": 56 / 28 / 2,
            "accounts": 4,
            "posts_per_account": 1,
            # 280 + 80 for time; 35 hours cost 280, so an hour costs 8 and 45 were bought.
            "hourly_rate": 280 / 35,
            "hours_per_post": (280 + 80) / 8 / 56,
            # 23 of the 30 days lie in the four weeks.
            "tools": 60 * 23 / 30 * DAYS / 28,
            "rpm": 300 * 23 / 30 / (56 * 500) * 1000,
            # Posts of 9 August to 5 September became 30 days old; on the 15th, the 25th and the 4th one went viral.
            "median_views": 1_000,
            "viral_rate": 3 / 56,
            "viral_multiple": 20,
            "reuse_share": 0.5,
            "reuse_multiple": 0.8,
        }
    )
    assert found.basis.reuse_factor == pytest.approx(0.5 + 0.5 * 0.8)
    assert found.basis.ordinary_multiple == 1 and found.basis.ordinary_cv == 0
    assert found.assumed == []


def test_the_start_gives_the_posts_views_and_cost_that_were():
    found = start(agency())
    month = DAYS / 28
    assert found.outputs["posts"] == pytest.approx(56 * month)
    assert found.outputs["views_per_post"] == pytest.approx((3 * 20_000 + 53 * 1_000) / 56)
    assert found.outputs["cost"] == pytest.approx((280 + 80 + 60 * 23 / 30) * month)
    assert found.outputs["cost"] == pytest.approx(found.booked["cost"])
    assert found.booked["revenue"] == pytest.approx(230 * month)
    assert found.booked["profit"] == pytest.approx((230 - 406) * month)


def test_amounts_without_a_rate_are_left_out_and_named():
    found = start(agency())
    assert "no exchange rate from EUR to USD" in found.notes[0]
    assert "fx_rates.csv" in found.notes[0]


def test_every_source_says_what_it_rests_on():
    for name, source in start(agency()).sources.items():
        assert source.sentence.endswith("."), name
        assert source.n > 0, name


def test_nothing_known_is_assumed_and_named():
    found = start(facts())
    assert found.inputs.values() == {name: i.assumed for name, i in BY_NAME.items()}
    assert len(found.assumed) == len(BY_NAME)
    assert all(s.sentence.startswith("Assumed: ") and s.n == 0 for s in found.sources.values())
    assert found.booked == {"revenue": None, "cost": None, "profit": None}
    assert found.outputs["profit_low"] < found.outputs["profit_high"]


@pytest.mark.parametrize(
    ("without", "assumed"),
    [
        ({"money_rows": MONEY[MONEY["entry"] == "cost"]}, {"rpm"}),
        ({"money_rows": MONEY[MONEY["entry"] == "revenue"]}, {"hours_per_post", "hourly_rate", "tools"}),
        ({"post_performance": posts().assign(va_id=None)}, {"vas"}),
        ({"post_performance": posts().assign(account_id=None)}, {"accounts", "posts_per_account"}),
        (
            {"slide_uses": pd.DataFrame(columns=list(SCHEMAS["slide_uses"]))},
            {"reuse_share", "reuse_multiple"},
        ),
        ({"post_performance": posts().assign(log_outlier_120=None)}, {"reuse_multiple"}),
        ({"post_weeks": pd.DataFrame(columns=list(SCHEMAS["post_weeks"]))}, {"rpm"}),
        (
            {"post_performance": posts().assign(views=None, views_at_120=None, views_settled=None)},
            {"median_views", "viral_rate", "viral_multiple"},
        ),
        ({"post_performance": posts().assign(views_settled=900.0)}, {"viral_multiple"}),
        (
            {"post_performance": posts().assign(views_settled=0.0)},
            {"median_views", "viral_rate", "viral_multiple"},
        ),
    ],
)
def test_a_part_that_is_missing_is_assumed_and_the_others_are_measured(without, assumed):
    found = start(agency(**without))
    assert {name for name, source in found.sources.items() if source.is_assumed} == assumed
    assert all(np.isfinite(v) and v >= 0 for v in found.inputs.values().values())


def test_without_vas_posts_stay_as_many():
    found = start(agency(post_performance=posts().assign(va_id=None)))
    assert found.inputs.vas == 1
    assert found.outputs["posts"] == pytest.approx(56 * DAYS / 28)


def test_accounts_take_at_least_what_they_take_today():
    # All posts of one account on one day: nine in ten account-days say less than the mean.
    frame = posts().assign(account_id="acc")
    crowd = pd.concat(
        [frame, *[frame[frame["post_id"] == "a60"].assign(post_id=f"c{k}") for k in range(200)]]
    )
    found = start(agency(post_performance=crowd))
    assert found.outputs["room_used"] <= 1
    assert found.outputs["posts"] == pytest.approx(256 * DAYS / 28)


def test_younger_counts_stand_in_where_few_are_settled():
    young = posts().assign(views_settled=None)
    found = start(agency(post_performance=young))
    assert found.inputs.median_views == 600 and "5 days old" in found.sources["median_views"].sentence
    newest = young.assign(views_at_120=None)
    found = start(agency(post_performance=newest))
    assert found.inputs.median_views == 7 and "newest count" in found.sources["median_views"].sentence


def test_pay_of_vas_stands_in_where_no_hours_are_known():
    vas = pd.DataFrame(
        [("x", Decimal(10), "USD"), ("y", Decimal(20), "USD"), ("z", Decimal(1), "EUR")],
        columns=list(SCHEMAS["vas"]),
    )
    found = start(agency(costs=pd.DataFrame(columns=list(SCHEMAS["costs"])), vas=vas))
    assert found.inputs.hourly_rate == 15
    assert found.inputs.hours_per_post == pytest.approx(360 / 15 / 56)
    assert found.outputs["cost"] == pytest.approx(found.booked["cost"])


def test_more_taken_back_than_paid_is_an_rpm_of_0():
    back = MONEY.assign(
        reported_amount=[
            Decimal(-5) if e == "revenue" else a
            for e, a in zip(MONEY["entry"], MONEY["reported_amount"], strict=True)
        ]
    )
    found = start(agency(money_rows=back))
    assert found.inputs.rpm == 0 and found.sources["rpm"].is_assumed


def test_a_platform_is_said_to_be_left_aside():
    own = agency()
    whole = LevelFacts(own.tables, WEEK, scope=Scope("tiktok"))
    assert "all platforms" in start(whole).notes[0]


def test_a_demo_week_is_measured_in_full_and_close_to_its_books(demo_home: Path):
    with workbench.connect(demo_home) as wb:
        found = start(LevelFacts(wb.table, WEEK, settings=wb.settings))
        nothing = start(LevelFacts(lambda name: wb.table(name).limit(0), WEEK, settings=wb.settings))
    assert set(found.assumed) <= {BY_NAME["reuse_multiple"].label}
    assert found.notes == ()
    assert found.outputs["cost"] == pytest.approx(found.booked["cost"])
    assert found.outputs == answer(found.inputs, found.basis)
    assert len(nothing.assumed) == len(BY_NAME)
