"""Level 3 by name."""

from __future__ import annotations

import ibis

from ...metrics import vas
from ...metrics.effects import effect_cells
from ...metrics.va_habits import va_habits
from ..effects import va_effects
from ..improvement import habits_asked, va_habit_levels, va_improvements
from ..va_quality import va_quality
from .metric import Asked, Metric


def _results(a: Asked) -> ibis.Table:
    return vas.va_results(a.tables("post_performance"), a.period, horizon=a.horizon)


def _efficiency(a: Asked) -> ibis.Table:
    paid = vas.paid_time(
        a.tables("costs"),
        a.tables("vas"),
        a.tables("fx_rates"),
        vas.working_days(a.period, a.horizon),
        currency=a.settings.reporting_currency,
    )
    return vas.va_efficiency(a.tables("post_performance"), paid, a.period, horizon=a.horizon)


METRICS: tuple[Metric, ...] = (
    Metric(
        "va_results",
        "What each VA's posts did, as it stands: the accounts are in it.",
        _results,
        ("va_id",),
    ),
    Metric(
        "va_effect",
        "What each VA does to views, told apart from the accounts, with its interval.",
        lambda a: effect_cells(a.mature, horizon=a.horizon, floor=float(a.settings.floor_views)),
        ("va_id",),
        days=364,
        finish=va_effects,
    ),
    Metric(
        "va_quality_score",
        "The score of each VA in its four parts.",
        _results,
        ("va_id",),
        finish=va_quality,
    ),
    Metric(
        "va_efficiency",
        "What a paid hour of each VA brought, and what 1,000 views cost.",
        _efficiency,
        ("va_id",),
    ),
    Metric(
        "va_weekly",
        "Each VA week by week.",
        lambda a: vas.va_weekly(a.tables("post_performance"), a.period, horizon=a.horizon),
        ("va_id", "week_on"),
    ),
    Metric(
        "va_terms",
        "VAs' terms on accounts, with the posts put up in them.",
        lambda a: vas.va_terms(a.tables("account_assignments"), a.tables("post_performance"), a.period),
        ("account_id", "va_id", "from_on"),
    ),
    Metric(
        "va_habits",
        "How each VA works: hours, slides, hooks, tired images, sounds, gaps.",
        lambda a: va_habits(habits_asked(a)),
        ("va_id",),
        days=91,
    ),
    Metric(
        "va_habit_levels",
        "What each hour, number of slides, hook, sound and gap goes with, by the same VA on the same account.",
        habits_asked,
        ("habit", "habit_level"),
        days=91,
        finish=va_habit_levels,
    ),
    Metric(
        "va_improvements",
        "Each VA's habits against the best quartile's, and what closing the gap may be worth.",
        habits_asked,
        ("va_id", "habit"),
        days=91,
        finish=va_improvements,
    ),
)
