"""Posts by name."""

from __future__ import annotations

from .metric import Metric

METRICS = (
    Metric(
        "post_performance",
        "Posts that reached the compared age in the period: counts at the same age, outliers, pace.",
        lambda a: a.mature,
        ("posted_at", "post_id"),
    ),
)
