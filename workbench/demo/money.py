"""Revenue, costs, exchange rates and payout rules. Amounts are made in whole cents."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from .columns import Column, cents, dates, joined, numbered, take, where, write_csv
from .histories import account_ids, first_day
from .model import Floats, Ints
from .texts import Texts
from .world import World

Rows = list[tuple[int, int, int, str, str, str, str | None]]
"""(first day, last day, cents, currency, source or kind, scope, scope's id)."""


def write_money(folder: Path, world: World, words: Texts) -> list[Path]:
    return [
        write_csv(folder / "revenue.csv", _revenue(world, words)),
        write_csv(folder / "costs.csv", _costs(world)),
        write_csv(folder / "fx_rates.csv", _rates(world)),
        write_csv(folder / "payout_rules.csv", _rules(world)),
    ]


def months(world: World) -> list[tuple[int, int]]:
    """First and last day of each 30 days of the agency's time, counted from its start."""
    days = world.size.days
    return [(start, min(start + 29, days - 1)) for start in range(0, days, 30)]


def _views_by(world: World, key: Ints, n: int, first: int, last: int) -> Floats:
    inside = (world.plan.day >= first) & (world.plan.day <= last)
    return np.bincount(key[inside], np.exp(world.outcome.log_final[inside]), n).astype(np.float64)


def _revenue(world: World, words: Texts) -> dict[str, Column]:
    """What platforms, brands and shops paid; now and then something is taken back."""
    rng = world.rng["money"]
    size, who, plan = world.size, world.who, world.plan
    ids = account_ids(world)
    a_thousand = rng.lognormal(np.log(22.0), 0.4, size.accounts)  # cents per 1,000 views
    rows: Rows = []
    for first, last in months(world):
        views = _views_by(world, plan.account, size.accounts, first, last)
        for account in np.flatnonzero(views > 30_000):
            paid = int(views[account] / 1000 * a_thousand[account])
            rows.append((first, last, paid, "USD", "creator_fund", "account", ids[account]))
            if rng.random() < 0.02:
                rows.append((first, last, -int(paid * 0.2) - 1, "USD", "correction", "account", ids[account]))
        by_creator = _views_by(world, plan.creator, size.creators, first, last)
        for creator in range(size.creators):
            if rng.random() < 0.5:
                paid = int(by_creator[creator] / 1000 * 12) + 5_000
                rows.append((first, last, paid, "EUR", "brand_deal", "creator", who.creator_id[creator]))
        paid = int(by_creator.sum() / 1000 * 6)
        rows.append((first, last, paid, "EUR", "affiliate", "all", None))
        rows.append((first, last, -int(paid * 0.03), "EUR", "correction", "all", None))
    external = words.post_id.to_pylist()
    n_sponsored = max(3, size.posts // 560)
    for post in np.sort(rng.choice(size.posts, n_sponsored, replace=False)):
        day = int(plan.day[post])
        paid = int(rng.integers(4_000, 60_000))
        last = min(day + 13, size.days - 1)
        rows.append(
            (day, last, paid, "USD" if rng.random() < 0.7 else "EUR", "sponsored", "post", external[post])
        )
    return {
        "revenue_id": numbered("rev_", np.arange(len(rows)) + 1),
        **_dated(world, rows),
        "amount": cents(np.array([r[2] for r in rows])),
        "currency": [r[3] for r in rows],
        "source": [r[4] for r in rows],
        **_scoped(rows),
    }


def _dated(world: World, rows: Rows) -> dict[str, Column]:
    day = first_day(world)
    return {
        "from": dates(day + np.array([r[0] for r in rows])),
        "to": dates(day + np.array([r[1] for r in rows])),
    }


def _scoped(rows: Rows) -> dict[str, Column]:
    return {"scope": [r[5] for r in rows], "scope_id": pa.array([r[6] for r in rows], pa.string())}


def _costs(world: World) -> dict[str, Column]:
    """VAs' hours week by week, tools and others month by month."""
    rng = world.rng["money"]
    size, who, plan = world.size, world.who, world.plan
    pace = rng.lognormal(np.log(0.42), 0.18, size.vas)  # hours per post
    rows: Rows = []
    hours: list[int] = []
    pay: list[int] = []
    for first in range(0, size.days, 7):
        last = min(first + 6, size.days - 1)
        inside = (plan.day >= first) & (plan.day <= last)
        done = np.bincount(plan.va[inside], minlength=size.vas)
        for va in np.flatnonzero(done):
            # Hours in quarters, held in hundredths.
            quarters = max(1, round(float(done[va] * pace[va] * rng.uniform(0.85, 1.15) * 4)))
            rows.append((first, last, 0, "USD", "va_time", "va", who.va_id[va]))
            hours.append(quarters * 25)
            pay.append(round(float(who.hourly_pay[va]) * 100))
    part = size.posts / size.days / 150
    for first, last in months(world):
        for kind, amount, currency, scope, scope_id in (
            ("tool", 24_900, "USD", "all", None),
            ("tool", 8_900, "EUR", "all", None),
            ("tool", 4_500, "USD", "creator", who.creator_id[0]),
            ("other", 15_000, "USD", "account", account_ids(world)[who.breaks_out]),
            ("other", 9_900, "EUR", "creator", who.creator_id[-1]),
        ):
            rows.append((first, last, max(100, round(amount * part)), currency, kind, scope, scope_id))
            hours.append(-1)
            pay.append(-1)
    kinds = {"va_time": "timesheet", "tool": "subscription", "other": 'props, "misc"'}
    worked = np.array(hours) >= 0
    return {
        "cost_id": numbered("cost_", np.arange(len(rows)) + 1),
        **_dated(world, rows),
        "kind": [r[4] for r in rows],
        "amount": where(~worked, cents(np.array([r[2] for r in rows]))),
        "hours": where(worked, cents(np.abs(hours))),
        "hourly_pay": where(worked, cents(np.abs(pay))),
        "currency": [r[3] for r in rows],
        **_scoped(rows),
        "notes": [kinds[r[4]] for r in rows],
    }


def _rates(world: World) -> dict[str, Column]:
    """What a euro was in dollars, each Monday and on the first day."""
    rng = world.rng["money"]
    size = world.size
    weekday = (size.start_on.weekday() + np.arange(size.days)) % 7
    day = np.flatnonzero((weekday == 0) | (np.arange(size.days) == 0))
    points = np.round(10_800 + 300 * np.sin(day / 60) + rng.normal(0, 25, day.size)).astype(np.int64)
    rate = joined(points // 10_000, ".", numbered("", points % 10_000, 4))
    return {
        "currency": take(["EUR"], np.zeros(day.size, dtype=np.int64)),
        "rate_on": dates(first_day(world) + day),
        "rate": rate,
    }


def _rules(world: World) -> dict[str, Column]:
    """What posts are paid for: all of them; from the middle on one creator's in euros, and one VA's better."""
    who, day, middle = world.who, first_day(world), world.size.days // 2
    columns: dict[str, Column] = {
        "rule_id": ["rule_all", "rule_creator", "rule_va"],
        "name": ["every post", "own studio", "senior"],
        "va_id": pa.array([None, None, who.va_id[0]], pa.string()),
        "creator_id": pa.array([None, who.creator_id[0], None], pa.string()),
        "base_amount": cents(np.array([10, 0, 15])),
        "tiers": [_tiers("0.02", "0.04"), _tiers("0.03", "0.06"), _tiers("0.03", "0.05")],
        "cap_amount": cents(np.array([1_500, 4_000, 2_500])),
        "currency": ["USD", "EUR", "USD"],
        "from_on": dates(np.array([day, day + middle, day + middle])),
    }
    return columns


def _tiers(first: str, later: str) -> str:
    return f'[{{"from_views": 0, "per_1000": {first}}}, {{"from_views": 10000, "per_1000": {later}}}]'
