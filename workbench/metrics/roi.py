"""Level 4: what was earned and spent, by whom and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
from ibis import _

from .counting import ratio
from .money import as_amount, between, in_period, narrow
from .periods import Period

UNITS = ("account_id", "va_id", "creator_id", "set_id", "platform")
"""Columns of posts that money is summed by."""


def unit_results(
    post_money: ibis.Table, gained: ibis.Table, posts: ibis.Table, period: Period, *, by: str
) -> ibis.Table:
    """Revenue, cost and what follows, of each account, VA, creator, set or platform within a period.

    Formula: payments and costs count with the days that lie in the period (see `metrics.money.between`), so periods
    add up to exactly what came in. roi = (revenue - cost) / cost; margin = (revenue - cost) / revenue;
    rpm = 1,000 revenue / views gained; cpm_cost = 1,000 cost / views gained; payback_days = days of revenue, at the
    period's pace, that pay for its cost.

    Parameters
    ----------
    gained
        post_id, gained_views: see `metrics.views_gained`.
    posts
        post_id, posted_local_on and `by`.

    Returns
    -------
    ibis.Table
        One row per `by`; that without a value holds posts without one, and money with no post at all. n_posts [posts
        that went up in the period], n_gaining [posts whose views gained are known], revenue, cost [reporting currency],
        n_unconverted [parts that no rate converts], profit, roi, margin, gained_views, rpm, cpm_cost, payback_days.
        NULL: profit and what follows where a rate is missing; roi at cost 0; margin and payback_days without
        revenue; rpm and cpm_cost without views.

    Source: metrics.md, Level 4. Version 1.
    """
    whose = posts.select("post_id", "posted_local_on", unit=posts[by])
    paid = _summed(_reported(post_money, period), paid_id="post_id")
    seen = gained.select("gained_views", seen_id="post_id")
    # One row a post, then one a unit: fewer joins than a table for each figure.
    each = whose.outer_join(paid, whose.post_id == paid.paid_id)
    each = each.left_join(seen, each.post_id == seen.seen_id)
    went_up = each.posted_local_on.between(period.from_on, period.to_on)
    units = each.group_by(unit=ibis.coalesce(each.unit, "")).agg(
        n_parts=_.n_parts.sum().fill_null(0),
        n_posts=went_up.sum().fill_null(0),
        n_gaining=_.gained_views.count(),
        n_unconverted=_.n_unconverted.sum().fill_null(0),
        earned=narrow(_.earned.sum()).fill_null(0),
        spent=narrow(_.spent.sum()).fill_null(0),
        gained_views=_.gained_views.sum(),
    )
    some = units.filter((_.n_parts > 0) | (_.n_posts > 0) | (_.n_gaining > 0))
    return _rated(some, period.days).select(_.unit.nullif("").name(by), *_RESULTS)


def _reported(post_money: ibis.Table, period: Period) -> ibis.Table:
    """What of posts' money lies in a period, in the reporting currency alone."""
    return in_period(
        post_money, period, keep=("post_id", "entry", "reported_amount"), amounts=("reported_amount",)
    )


_RESULTS = (
    "n_posts", "n_gaining", "revenue", "cost", "n_unconverted", "profit", "roi", "margin", "gained_views", "rpm",
    "cpm_cost", "payback_days",
)  # fmt: skip


def _summed(shared: ibis.Table, **by: str) -> ibis.Table:
    """earned and spent in ten-thousandths of the reporting currency, by `by`; of how many parts, and n_unconverted."""
    return shared.group_by(**{new: shared[old] for new, old in by.items()}).agg(
        n_parts=_.count(),
        earned=narrow(_.reported_amount_within.sum(where=_.entry == "revenue")),
        spent=narrow(_.reported_amount_within.sum(where=_.entry == "cost")),
        n_unconverted=_.reported_amount.isnull().sum(),
    )


def _rated(sums: ibis.Table, days: int | ir.IntegerValue) -> ibis.Table:
    """What follows from sums of revenue, cost and views."""
    known = sums.n_unconverted == 0
    left = sums.earned - sums.spent
    unknown = ibis.null("float64")

    def if_known(value: ir.FloatingValue) -> ir.FloatingValue:
        return ibis.cases((known, value), else_=unknown)

    tenth = 10.0  # 1,000 views, and ten-thousandths of money
    paid_back = ratio(sums.spent * days, ibis.cases((sums.earned > 0, sums.earned)))
    return sums.mutate(
        revenue=as_amount(sums.earned),
        cost=as_amount(sums.spent),
        profit=ibis.cases((known, as_amount(left)), else_=ibis.null("decimal(18, 4)")),
        roi=if_known(ratio(left, sums.spent)),
        margin=if_known(ratio(left, ibis.cases((sums.earned > 0, sums.earned)))),
        rpm=if_known(ratio(sums.earned, sums.gained_views) / tenth),
        cpm_cost=if_known(ratio(sums.spent, sums.gained_views) / tenth),
        payback_days=if_known(paid_back),
    )


def post_results(post_money: ibis.Table, performance: ibis.Table, period: Period) -> ibis.Table:
    """What the posts that went up in a period earned and cost until its end.

    A part is the post's own on all days of its payment or cost, also on those before the post went up.

    Formulas: see `unit_results`; views are the newest known, and payback_days counts at the pace since posting.

    Grain out: post_id, of posts with money; account_id, posted_at, views, revenue, cost, n_unconverted, profit, roi,
    margin, rpm, cpm_cost, payback_days. Source: metrics.md, Level 4. Version 1.
    """
    went_up = performance.filter(_.posted_local_on.between(period.from_on, period.to_on)).select(
        "post_id", "account_id", "posted_at", "posted_local_on", "views"
    )
    until = Period(date(2000, 1, 1), period.to_on, period.time_zone)
    money = _summed(_reported(post_money.semi_join(went_up, "post_id"), until), paid_id="post_id")
    joined = went_up.join(money, went_up.post_id == money.paid_id)
    filled = joined.mutate(
        earned=_.earned.fill_null(0), spent=_.spent.fill_null(0), gained_views=_.views.cast("float64")
    )
    age = ibis.literal(period.to_on, "date").delta(filled.posted_local_on, unit="day") + 1
    return _rated(filled, age).select(
        "post_id", "account_id", "posted_at", "views", "revenue", "cost", "n_unconverted", "profit", "roi", "margin",
        "rpm", "cpm_cost", "payback_days",
    )  # fmt: skip


def months_of(period: Period) -> list[Period]:
    """The calendar months that a period touches, oldest first."""
    first, found = period.from_on.replace(day=1), []
    while first <= period.to_on:
        following = (first + timedelta(days=31)).replace(day=1)
        found.append(Period(first, following - timedelta(days=1), period.time_zone))
        first = following
    return found


def money_by_kind(money: ibis.Table, periods: Sequence[Period]) -> ibis.Table:
    """Payments and costs of each week or month by what they were for.

    What lies within each period, to the unit: see `metrics.money.between`. Amounts that have a rate are in the
    reporting currency; the others stay in their own, in rows of their own, and are never added.

    Parameters
    ----------
    money
        The mart `money_rows`, or rows of `post_money`.

    Grain out: starts_on, currency, entry, money_kind; amount. Source: metrics.md, Level 4. Version 1.
    """
    first, last = (ibis.literal(d, "date") for d in (periods[0].from_on, periods[-1].to_on))
    touched = money.filter((_.from_on <= last) & (_.to_on >= first))
    starts = ibis.literal([p.from_on for p in periods], "array<date>")
    dated = touched.mutate(starts_on=starts.unnest())
    ends = ibis.cases(
        *[
            (dated.starts_on == ibis.literal(p.from_on, "date"), ibis.literal(p.to_on, "date"))
            for p in periods
        ]
    )
    dated = dated.mutate(ends_on=ends)
    dated = dated.filter((dated.from_on <= dated.ends_on) & (dated.to_on >= dated.starts_on))
    # Each row in one currency before it is dealt to the days, so that one amount is dealt and not two.
    has_rate = dated.reported_amount.notnull()
    told = dated.select(
        "from_on", "to_on", "starts_on", "ends_on", "entry", "money_kind",
        amount=ibis.coalesce(dated.reported_amount, dated.amount),
        currency=ibis.cases((has_rate, dated.reported_currency), else_=dated.currency),
        units_before=ibis.cases((has_rate, dated.reported_units_before), else_=dated.units_before),
    )  # fmt: skip
    keys = ("starts_on", "entry", "money_kind", "currency")
    summed = between(told, keep=keys, amounts=("amount",)).group_by(*keys).agg(number=_.amount_within.sum())
    return summed.select("starts_on", "currency", "entry", "money_kind", amount=as_amount(summed.number))


def profit_and_loss(money: ibis.Table, periods: Sequence[Period]) -> ibis.Table:
    """Revenue, cost and profit of each week or month, unattributed money included.

    Grain out: starts_on, currency (that of the reports, and one row for each other that has no rate); revenue, cost,
    profit, roi, margin. Source: metrics.md, Level 4. Version 1.
    """
    kinds = money_by_kind(money, periods)
    cent = (kinds.amount.cast("decimal(38, 4)") * 10_000).cast("int64")
    kinds = kinds.mutate(number=cent)
    sums = kinds.group_by("starts_on", "currency").agg(
        earned=_.number.sum(where=_.entry == "revenue"), spent=_.number.sum(where=_.entry == "cost")
    )
    filled = sums.mutate(
        earned=_.earned.fill_null(0),
        spent=_.spent.fill_null(0),
        n_unconverted=0,
        gained_views=ibis.null("float64"),
    )
    return _rated(filled, 7).select("starts_on", "currency", "revenue", "cost", "profit", "roi", "margin")


def unattributed(money_rows: ibis.Table) -> ibis.Table:
    """How much of the payments and costs found no post, by scope.

    Grain out: entry, scope, currency; n_entries, amount, n_unattributed, unattributed_amount. Each is in its own
    currency. Source: metrics.md, Level 4. Version 1.
    """
    astray = money_rows.n_posts == 0
    return money_rows.group_by("entry", "scope", "currency").agg(
        n_entries=_.count(),
        amount=_.amount.sum().cast("decimal(18, 4)"),
        n_unattributed=astray.sum(),
        unattributed_amount=ibis.coalesce(
            money_rows.amount.sum(where=astray).cast("decimal(18, 4)"), ibis.literal(0).cast("decimal(18, 4)")
        ),
    )


def missing_rates(money_rows: ibis.Table) -> ibis.Table:
    """Currencies that are not the reports' own, and where their rates are missing.

    Grain out: currency; n_entries, n_unconverted [payments and costs], missing_on [the first day for which a rate is
    missing; NULL where none is], missing_until_on [the last]. Source: metrics.md, Level 4. Version 1.
    """
    foreign = money_rows.filter(_.currency != _.reported_currency)
    without = foreign.reported_amount.isnull()
    return foreign.group_by("currency").agg(
        n_entries=_.count(),
        n_unconverted=without.sum(),
        missing_on=foreign.to_on.min(where=without),
        missing_until_on=foreign.to_on.max(where=without),
    )


def payouts_due(payouts: ibis.Table, posts: ibis.Table) -> ibis.Table:
    """Payouts of each VA by state and currency.

    Grain out: va_id, currency, state; n_posts, amount [NULL where no views are frozen].

    Source: metrics.md, Level 4. Version 1.
    """
    whose = payouts.left_join(posts.select("post_id", "va_id"), "post_id").drop("post_id_right")
    return whose.group_by("va_id", "currency", "state").agg(
        n_posts=_.count(), amount=_.amount.sum().cast("decimal(18, 4)")
    )
