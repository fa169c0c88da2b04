"""Money dealt out to posts and days: nothing is lost, nothing is dealt twice, at any level."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.metrics import attribution, roi
from workbench.metrics.money import TEN_THOUSANDTHS, dealt, in_period
from workbench.metrics.periods import Period

FIRST = date(2025, 9, 1)
CENT = {"USD": 2, "JPY": 0, "KWD": 3}
RATES = {"JPY": Decimal("0.00671234")}
"""KWD has none."""
MONEY = pa.decimal128(18, 4)
FEW = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


def memory(columns: dict[str, tuple[Any, list[Any]]]) -> ibis.Table:
    return ibis.memtable(pa.table({n: pa.array(v, type=k) for n, (k, v) in columns.items()}))


def records(expression: ibis.Table) -> list[dict[str, Any]]:
    return list(expression.to_pyarrow().to_pylist())


amounts = st.one_of(
    st.just(Decimal(0)),
    st.decimals(-5_000, 50_000, places=4),
    st.decimals(-100, 3_000, places=2),
    st.sampled_from([Decimal("8999999999999.9999"), Decimal("-0.0001"), Decimal("0.0099")]),
)


# -- one amount ---------------------------------------------------------------------------------------------


def by_hand(amount: Decimal, digits: int, weights: dict[str, int]) -> dict[str, Decimal]:
    """Largest remainder in fractions: every post's floor, then one more to the largest remainders."""
    coin = Fraction(1, 10**digits)
    size = Fraction(abs(amount))
    units = size // coin
    total = sum(weights.values())
    quotas = {
        p: units * Fraction(w, total) if total else Fraction(units, len(weights)) for p, w in weights.items()
    }
    parts = {p: Fraction(q.numerator // q.denominator) for p, q in quotas.items()}
    order = sorted(weights, key=lambda p: (-(quotas[p] - parts[p]), p))
    for p in order[: int(units - sum(parts.values()))]:
        parts[p] += 1
    told = {p: parts[p] * coin for p in weights}
    told[order[0]] += size - units * coin
    sign = -1 if amount < 0 else 1
    return {p: sign * Decimal(f.numerator) / Decimal(f.denominator) for p, f in told.items()}


@FEW
@given(
    st.lists(
        st.tuples(
            amounts, st.sampled_from(list(CENT)), st.lists(st.integers(0, 10**9), min_size=1, max_size=12)
        ),
        min_size=1,
        max_size=12,
    )
)
def test_every_amount_is_dealt_as_fractions_say(groups: list[tuple[Decimal, str, list[int]]]) -> None:
    pairs = [
        (f"m{g}", f"p{p:02}", a, c, w)
        for g, (a, c, weights) in enumerate(groups)
        for p, w in enumerate(weights)
    ]
    money, post, amount, currency, weight = (list(column) for column in zip(*pairs, strict=True))
    table = memory(
        {"money_id": (pa.string(), money), "post_id": (pa.string(), post), "amount": (MONEY, amount),
         "currency": (pa.string(), currency), "weight": (pa.int64(), weight)}
    )  # fmt: skip
    found = records(dealt(table, by="money_id", weight="weight", amounts={"amount": "currency"}))
    for g, (a, c, weights) in enumerate(groups):
        mine = {r["post_id"]: r["amount_part"] for r in found if r["money_id"] == f"m{g}"}
        assert mine == by_hand(a, CENT[c], {f"p{p:02}": w for p, w in enumerate(weights)})
        assert sum(mine.values()) == a


@pytest.mark.parametrize(
    ("amount", "currency", "weights", "parts"),
    [
        ("10.00", "USD", [1, 1, 1], ["3.34", "3.33", "3.33"]),
        ("-10.00", "USD", [1, 1, 1], ["-3.34", "-3.33", "-3.33"]),
        ("0.00", "USD", [5, 1], ["0", "0"]),
        ("1.0001", "USD", [0, 3], ["0.0001", "1"]),
        ("10", "JPY", [2, 1, 1], ["5", "3", "2"]),
        ("0.001", "KWD", [1, 2], ["0", "0.001"]),
        ("9.00", "USD", [0, 0, 0], ["3", "3", "3"]),
        ("7.00", "USD", [2**40, 2**40, 0], ["3.50", "3.50", "0"]),
    ],
)
def test_cents_go_to_the_largest_remainders_and_of_equals_to_the_first(
    amount: str, currency: str, weights: list[int], parts: list[str]
) -> None:
    n = len(weights)
    table = memory(
        {"money_id": (pa.string(), ["m"] * n), "post_id": (pa.string(), [f"p{i}" for i in range(n)]),
         "amount": (MONEY, [Decimal(amount)] * n), "currency": (pa.string(), [currency] * n),
         "weight": (pa.int64(), weights)}
    )  # fmt: skip
    found = dealt(table, by="money_id", weight="weight", amounts={"amount": "currency"}).order_by("post_id")
    assert [r["amount_part"] for r in records(found)] == [Decimal(p) for p in parts]


# -- a whole agency -----------------------------------------------------------------------------------------

posts_drawn = st.lists(
    st.tuples(
        st.sampled_from(["a1", "a2", "a3"]), st.sampled_from(["v1", "v2", None]), st.sampled_from(["c1", None]),
        st.integers(-70, 40), st.one_of(st.none(), st.integers(0, 10**6)), st.one_of(st.none(), st.floats(0, 10**6)),
    ),
    max_size=14,
)  # fmt: skip
scopes = st.sampled_from(
    [
        ("all", None),
        ("account", "a1"),
        ("account", "a9"),
        ("va", "v1"),
        ("creator", "c1"),
        ("post", "p00"),
        ("post", "x"),
    ]
)
money_drawn = st.lists(
    st.tuples(amounts, st.sampled_from(list(CENT)), scopes, st.integers(-20, 20), st.integers(0, 33)),
    min_size=1,
    max_size=10,
)


def agency(posts: list[Any], revenue: list[Any], costs: list[Any]) -> dict[str, ibis.Table]:
    """Tables of the draws, and the money dealt out."""
    days = [FIRST + timedelta(days=p[3]) for p in posts]
    ids = [f"p{n:02}" for n in range(len(posts))]
    table = memory(
        {"post_id": (pa.string(), ids), "account_id": (pa.string(), [p[0] for p in posts]),
         "va_id": (pa.string(), [p[1] for p in posts]), "creator_id": (pa.string(), [p[2] for p in posts]),
         "set_id": (pa.string(), [f"s{n % 2}" for n in range(len(posts))]),
         "platform": (pa.string(), ["tiktok"] * len(posts)), "posted_local_on": (pa.date32(), days)}
    )  # fmt: skip

    def rows(key: str, kind: str, drawn: list[Any]) -> dict[str, tuple[Any, list[Any]]]:
        starts = [FIRST + timedelta(days=m[3]) for m in drawn]
        return {
            key: (pa.string(), [f"m{n}" for n in range(len(drawn))]), kind: (pa.string(), ["tool"] * len(drawn)),
            "amount": (MONEY, [m[0] for m in drawn]), "currency": (pa.string(), [m[1] for m in drawn]),
            "scope": (pa.string(), [m[2][0] for m in drawn]), "scope_id": (pa.string(), [m[2][1] for m in drawn]),
            "from_on": (pa.date32(), starts),
            "to_on": (pa.date32(), [s + timedelta(days=m[4]) for s, m in zip(starts, drawn, strict=True)]),
        }  # fmt: skip

    hours = {"work_hours": (MONEY, [None] * len(costs)), "hourly_pay": (MONEY, [None] * len(costs))}
    rates = memory(
        {"currency": (pa.string(), list(RATES)), "rate_on": (pa.date32(), [date(2025, 1, 1)] * len(RATES)),
         "rate": (pa.decimal128(18, 8), list(RATES.values()))}
    )  # fmt: skip
    entries = attribution.money_entries(
        memory(rows("revenue_id", "source", revenue)),
        memory(rows("cost_id", "kind", costs) | hours),
        rates,
        "USD",
    ).cache()
    keyed = attribution.keyed(table)
    weighed = attribution.revenue_candidates(entries, keyed).join(
        memory({"post_id": (pa.string(), ids), "views": (pa.int64(), [p[4] for p in posts]),
                "views_gained": (pa.float64(), [p[5] for p in posts])}),
        "post_id",
    )  # fmt: skip
    methods = attribution.chosen_methods(weighed)
    spent = attribution.cost_weights(attribution.cost_candidates(entries, keyed))
    weights = ibis.union(attribution.revenue_weights(weighed, methods), spent).cache()
    parts = attribution.post_money(entries, weights).cache()
    told = weights.select("money_id", "method").distinct()
    return {
        "entries": entries, "posts": table, "weights": weights,
        "post_money": attribution.named(parts, entries, told).cache(),
        "money_rows": attribution.money_rows(entries, parts, told).cache(),
    }  # fmt: skip


def candidates_by_hand(posts: list[Any], row: Any, entry: str) -> dict[str, int]:
    """The posts that a payment or a cost belongs to, with their weights, in plain Python."""
    _amount, _currency, (scope, scope_id), start, length = row
    end = start + length
    if scope == "post":
        known = {f"p{n:02}": p for n, p in enumerate(posts) if f"p{n:02}" == scope_id}
    else:
        place = {"account": 0, "va": 1, "creator": 2}.get(scope)
        mine = {
            f"p{n:02}": p
            for n, p in enumerate(posts)
            if (place is None or p[place] == scope_id) and p[3] <= end
        }
        if entry == "cost":
            known = {k: p for k, p in mine.items() if p[3] >= start}
        else:
            known = {k: p for k, p in mine.items() if p[3] > start - 30} or mine
    if entry == "cost":
        return dict.fromkeys(known, 1)
    if all(p[5] is not None for p in known.values()):
        return {k: int(p[5] + 0.5) for k, p in known.items()}
    if all(p[4] is not None for p in known.values()):
        return {k: p[4] for k, p in known.items()}
    return dict.fromkeys(known, 1)


@settings(FEW, max_examples=4)
@given(posts_drawn, money_drawn, money_drawn)
def test_attribution_is_what_plain_python_finds(
    posts: list[Any], revenue: list[Any], costs: list[Any]
) -> None:
    made = records(agency(posts, revenue, costs)["post_money"])
    assert len({(r["money_id"], r["post_id"]) for r in made}) == len(made), "nothing is dealt twice"
    for entry, drawn in (("revenue", revenue), ("cost", costs)):
        for n, row in enumerate(drawn):
            mine = {r["post_id"]: r for r in made if r["money_id"] == f"{entry}:m{n}"}
            weights = candidates_by_hand(posts, row, entry)
            expected = by_hand(row[0], CENT[row[1]], weights) if weights else {None: row[0]}
            assert {p: r["amount"] for p, r in mine.items()} == expected
            rate = {"USD": Decimal(1), **RATES}.get(row[1])
            if rate is None:
                assert {r["reported_amount"] for r in mine.values()} == {None}
            else:
                cent = Decimal("0.01")
                whole = row[0] if row[1] == "USD" else (row[0] * rate).quantize(cent, ROUND_HALF_UP)
                assert sum(r["reported_amount"] for r in mine.values()) == whole


@pytest.mark.long
@settings(FEW, max_examples=3)
@given(
    posts_drawn,
    money_drawn,
    money_drawn,
    st.lists(st.integers(-25, 60), max_size=2),
    st.sampled_from(roi.UNITS),
)
def test_posts_days_and_units_all_add_up_to_what_came_in(
    posts: list[Any], revenue: list[Any], costs: list[Any], cuts: list[int], by: str
) -> None:
    """Any cut of the time into periods, by post, account, VA, creator, set or platform, per currency, to the cent."""
    made = agency(posts, revenue, costs)
    ends = sorted({*cuts, -26, 90})
    periods = [Period(FIRST + timedelta(days=a + 1), FIRST + timedelta(days=b)) for a, b in pairwise(ends)]
    came_in: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    converted: dict[str, Decimal] = defaultdict(Decimal)
    for r in records(made["entries"]):
        came_in[r["entry"], r["currency"]] += r["amount"]
        converted[r["entry"]] += r["reported_amount"] or 0
    found: dict[tuple[str, str], int] = defaultdict(int)
    for period in periods:
        of_rows = {r["money_id"]: r["amount_within"] for r in records(in_period(made["money_rows"], period))}
        of_posts: dict[str, int] = defaultdict(int)
        for r in records(in_period(made["post_money"], period)):
            of_posts[r["money_id"]] += r["amount_within"]
            found[r["entry"], r["currency"]] += r["amount_within"]
            assert r["amount_within"] * (-1 if r["amount"] < 0 else 1) >= 0, "no post gets what another loses"
        assert dict(of_posts) == of_rows
    assert {k: Decimal(v) / TEN_THOUSANDTHS for k, v in found.items()} == dict(came_in)
    no_views = memory({"post_id": (pa.string(), []), "gained_views": (pa.float64(), [])})
    summed = {"revenue": Decimal(0), "cost": Decimal(0)}
    for period in periods:
        for r in records(roi.unit_results(made["post_money"], no_views, made["posts"], period, by=by)):
            summed["revenue"] += r["revenue"]
            summed["cost"] += r["cost"]
    assert summed == {e: converted.get(e, Decimal(0)) for e in ("revenue", "cost")}
    shown = records(roi.profit_and_loss(made["money_rows"], periods))
    assert sum(r["revenue"] for r in shown if r["currency"] == "USD") == converted.get("revenue", 0)
    assert sum(r["cost"] for r in shown if r["currency"] == "KWD") == came_in.get(("cost", "KWD"), 0)


def test_days_are_dealt_in_turn() -> None:
    """7 cents over 3 days: 3, 2 and 2; of two posts with 4 and 3 cents, the second begins where the first ended."""
    rows = {
        "from_on": (pa.date32(), [FIRST] * 2), "to_on": (pa.date32(), [FIRST + timedelta(days=2)] * 2),
        "post_id": (pa.string(), ["p1", "p2"]), "currency": (pa.string(), ["USD"] * 2),
        "amount": (MONEY, [Decimal("0.04"), Decimal("0.03")]), "units_before": (pa.int64(), [0, 4]),
        "reported_currency": (pa.string(), ["USD"] * 2), "reported_amount": (MONEY, [None, None]),
        "reported_units_before": (pa.int64(), [None, None]),
    }  # fmt: skip
    by_day = []
    for n in range(3):
        day = FIRST + timedelta(days=n)
        by_day.append(
            [
                r["amount_within"] // 100
                for r in records(in_period(memory(rows), Period(day, day)).order_by("post_id"))
            ]
        )
    assert by_day == [[2, 1], [1, 1], [1, 1]]
