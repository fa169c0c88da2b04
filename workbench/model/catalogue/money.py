"""Level 4 by name."""

from __future__ import annotations

from functools import partial

import ibis

from ...metrics import roi
from ...metrics.views_gained import views_gained
from ...metrics.weekly import weeks_up_to
from .metric import Asked, Metric

_WEEKS = 12


def _units(a: Asked, by: str) -> ibis.Table:
    performance = a.tables("post_performance")
    gained = views_gained(performance, a.tables("post_weeks"), a.period)
    return roi.unit_results(a.tables("post_money"), gained, performance, a.period, by=by)


def _weekly(a: Asked) -> ibis.Table:
    weeks = (a.period.to_on - a.period.from_on).days // 7 + 1
    return roi.profit_and_loss(a.tables("money_rows"), weeks_up_to(a.period, weeks))


METRICS = (
    Metric(
        "profit_and_loss",
        "Revenue, cost and profit of each week, to the cent; days of a payment share it evenly.",
        _weekly,
        ("starts_on", "currency"),
        days=7 * _WEEKS,
    ),
    Metric(
        "profit_and_loss_by_month",
        "Revenue, cost and profit of each month, to the cent.",
        lambda a: roi.profit_and_loss(a.tables("money_rows"), roi.months_of(a.period)),
        ("starts_on", "currency"),
        days=365,
    ),
    Metric(
        "money_by_kind",
        "Payments by source and costs by kind, week by week.",
        lambda a: roi.money_by_kind(
            a.tables("money_rows"), weeks_up_to(a.period, (a.period.to_on - a.period.from_on).days // 7 + 1)
        ),
        ("starts_on", "currency", "entry", "money_kind"),
        days=7 * _WEEKS,
    ),
    Metric(
        "post_roi",
        "What each post that went up in the period earned and cost until its end.",
        lambda a: roi.post_results(a.tables("post_money"), a.tables("post_performance"), a.period),
        ("post_id",),
        days=7 * _WEEKS,
    ),
    *(
        Metric(
            f"{unit}_roi",
            f"Revenue, cost, ROI, RPM and payback of each {told}; the row without one holds what has none.",
            partial(_units, by=column),
            (column,),
            days=7 * _WEEKS,
        )
        for unit, told, column in (
            ("account", "account", "account_id"),
            ("va", "VA", "va_id"),
            ("creator", "creator", "creator_id"),
            ("set", "set", "set_id"),
            ("platform", "platform", "platform"),
        )
    ),
    Metric(
        "unattributed",
        "How much of the payments and costs found no post, by scope and currency.",
        lambda a: roi.unattributed(a.tables("money_rows")),
        ("entry", "scope", "currency"),
        days=None,
    ),
    Metric(
        "missing_rates",
        "Currencies in use, and from when to when their exchange rates are missing.",
        lambda a: roi.missing_rates(a.tables("money_rows")),
        ("currency",),
        days=None,
    ),
    Metric(
        "payouts_due",
        "Payouts of each VA by state and currency.",
        lambda a: roi.payouts_due(a.tables("payouts"), a.tables("post_performance")),
        ("va_id", "currency", "state"),
        days=None,
    ),
)
