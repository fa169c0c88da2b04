"""Level 3 by name."""

from __future__ import annotations

from ...metrics.effects import effect_cells
from ..effects import va_effects
from .metric import Metric

METRICS: tuple[Metric, ...] = (
    Metric(
        "va_effect",
        "What each VA does to views, told apart from the accounts, with its interval.",
        lambda a: effect_cells(a.mature, horizon=a.horizon, floor=float(a.settings.floor_views)),
        ("va_id",),
        days=364,
        finish=va_effects,
    ),
)
