"""The data themselves, by name."""

from __future__ import annotations

from ...metrics.quality import open_checks
from .metric import Metric

METRICS: tuple[Metric, ...] = (
    Metric(
        "data_quality",
        "The checks of the data that fail, the gravest first; of whatever time they are.",
        lambda a: open_checks(a.tables("quality_checks")),
        ("severity_place", "check_name", "table_name", "subject"),
    ),
)
