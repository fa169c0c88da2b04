"""Metrics by name, for the command line and for notebooks."""

from __future__ import annotations

from . import accounts, content, money, posts, quality, slides, vas
from .metric import Asked, Metric, Tables

__all__ = ["METRICS", "Asked", "Metric", "Tables"]

METRICS: dict[str, Metric] = {
    metric.name: metric
    for topic in (posts, slides, accounts, vas, money, content, quality)
    for metric in topic.METRICS
}
