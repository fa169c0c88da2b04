"""Level 3 by name."""

from __future__ import annotations

from .metric import Metric

METRICS: tuple[Metric, ...] = ()
