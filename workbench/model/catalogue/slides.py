"""Level 1 by name."""

from __future__ import annotations

from .metric import Metric

METRICS: tuple[Metric, ...] = ()
