"""Posts by name."""

from __future__ import annotations

import ibis

from ...metrics import velocity
from ...metrics.account_size import size_at_posting, size_bands
from ...metrics.curves import COMPARED_HOURS
from ...metrics.engagement import engagement_over_time
from ...metrics.periods import reached
from .metric import Asked, Metric

_FAST_HOURS = 48


def _of_mature(a: Asked, table: str) -> ibis.Table:
    """Rows of a table that belong to the posts which reached the compared age in the period."""
    return a.tables(table).semi_join(a.mature, "post_id")


METRICS = (
    Metric(
        "post_performance",
        "Posts that reached the compared age in the period: counts at the same age, outliers, pace.",
        lambda a: a.mature,
        ("posted_at", "post_id"),
    ),
    Metric(
        "viral_within_48h",
        "Posts that had passed the views of a viral one (a setting: 10,000) when they were 48 hours old.",
        lambda a: velocity.passed_within(
            reached(a.tables("post_performance"), a.period, _FAST_HOURS),
            views=a.settings.viral_views,
            hours=_FAST_HOURS,
        ),
        ("posted_at", "post_id"),
    ),
    Metric(
        "post_horizons",
        "Views of each post at exactly 24, 48, 72, 96, 120, 168 and 720 hours.",
        lambda a: velocity.views_at_horizons(a.mature),
        ("posted_at", "post_id"),
    ),
    Metric(
        "post_counts",
        "Views, likes, comments, shares and saves of each post at exactly 120 hours.",
        lambda a: velocity.counts_at_age(
            _of_mature(a, "posts"), _of_mature(a, "post_snapshots"), hours=(COMPARED_HOURS,)
        ),
        ("post_id",),
    ),
    Metric(
        "post_velocity",
        "How each post's views moved between neighbouring snapshots: velocity, score, acceleration.",
        lambda a: velocity.post_velocity(_of_mature(a, "posts"), _of_mature(a, "post_snapshots")),
        ("post_id", "captured_at"),
    ),
    Metric(
        "engagement_over_time",
        "Engagement by views of each week's posts at the same age, pooled.",
        lambda a: engagement_over_time(a.tables("post_performance"), a.period, horizon=a.horizon),
        ("platform", "posted_week_on"),
        days=84,
    ),
    Metric(
        "size_at_posting",
        "Whether the account was large or small when each post went up, and what the post did.",
        lambda a: size_at_posting(a.mature, horizon=a.horizon),
        ("posted_at", "post_id"),
    ),
    Metric(
        "size_bands",
        "What posts did by the size of their account when they went up.",
        lambda a: size_bands(a.mature, horizon=a.horizon),
        ("platform", "size_band"),
    ),
)
