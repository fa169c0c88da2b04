"""What is known of each post, in one row."""

from __future__ import annotations

import ibis
from ibis import _

from .counting import hours_between, joined_by, known_sum, ratio
from .curves import (
    COMPARED_HOURS,
    FINAL_HOURS,
    HORIZONS_HOURS,
    aged_snapshots,
    counts_at,
    latest_counts,
    pace,
    settled_views,
    steps,
    ten_x_24h,
)
from .outliers import BREAKOUT, FLOOR_VIEWS, less_week, outlier, raw_log_outlier

VIRAL_VIEWS = 10_000
NEAREST_DAYS = 7
BASELINES = (*(f"views_at_{h}" for h in HORIZONS_HOURS), "views_settled")
"""Columns of `post_curves` that get a baseline and an outlier."""


def post_curves(posts: ibis.Table, post_snapshots: ibis.Table) -> ibis.Table:
    """Everything about a post that follows from its own snapshots alone.

    Grain out: post_id, for every post with a snapshot: latest counts, views_at and engagement_at of every
    horizon, views_settled, peak velocity, half-life, ten_x_24h. Units and definitions: `metrics.curves`.
    """
    aged = aged_snapshots(posts, post_snapshots)
    return curves_of(post_snapshots, aged, steps(aged, "views"), steps(aged, "engagement"))


CURVES = (
    "n_snapshots", "last_captured_at", "views", "likes", "comments", "shares", "saves", "reposts", "downloads",
    *(f"views_at_{h}" for h in HORIZONS_HOURS), *(f"engagement_at_{h}" for h in HORIZONS_HOURS),
    "views_settled", "is_settled_late", "peak_velocity_views_per_hour", "half_life_hours", "is_ten_x_24h",
)  # fmt: skip
"""Columns of `post_curves`, its key left out."""


def curves_of(
    post_snapshots: ibis.Table, aged: ibis.Table, view_steps: ibis.Table, engagement_steps: ibis.Table
) -> ibis.Table:
    """`post_curves` of steps that are computed already."""
    counts = counts_at(view_steps, "views")
    final = settled_views(counts, aged)
    parts = (
        counts,
        counts_at(engagement_steps, "engagement"),
        final,
        pace(view_steps, final),
        ten_x_24h(engagement_steps),
    )
    joined = latest_counts(post_snapshots)
    return joined_by(joined, parts, "post_id")


def followers_at_posting(posts: ibis.Table, account_snapshots: ibis.Table) -> ibis.Table:
    """Followers of the account when the post went up.

    The nearest account snapshot within 7 days of posting (of two as near, the earlier), else the value stored
    with the post, else NULL. Grain out: post_id; followers_at_posting [followers].

    Source: metrics.md, Posts (engagement_rate_by_followers). Version 1.
    """
    dated = posts.filter(_.posted_at.notnull()).select("post_id", "account_id", "posted_at")
    known = account_snapshots.filter(_.followers.notnull()).select("account_id", "captured_at", "followers")
    pairs = dated.join(
        known,
        [
            "account_id",
            known.captured_at >= dated.posted_at - ibis.interval(days=NEAREST_DAYS),
            known.captured_at <= dated.posted_at + ibis.interval(days=NEAREST_DAYS),
        ],
    ).mutate(offset=hours_between(_.captured_at, _.posted_at))
    # Of two as near, the earlier: a second more decides.
    pairs = pairs.mutate(distance=_.offset.abs() + ibis.cases((_.offset > 0, 1e-6), else_=0.0))
    near = pairs.group_by("post_id").agg(near=_.followers.argmin(_.distance))
    return posts.left_join(near, "post_id").select(
        "post_id", followers_at_posting=ibis.coalesce(_.near, _.followers_at_post)
    )


def post_performance(
    posts: ibis.Table,
    curves: ibis.Table,
    baselines: ibis.Table,
    followers: ibis.Table,
    *,
    viral_views: int = VIRAL_VIEWS,
    floor_views: float = FLOOR_VIEWS,
) -> ibis.Table:
    """One row for each post: who, when, counts, counts at the same age, and how these compare.

    Parameters
    ----------
    curves
        See `post_curves`; posts without a snapshot have no row there.
    baselines
        post_id, and `baseline_<column>` for every column of BASELINES (see `metrics.outliers`).
    followers
        See `followers_at_posting`.

    Returns
    -------
    ibis.Table
        Grain post_id. engagement_rate_by_views, engagement_rate_by_followers, share_rate, save_rate,
        comment_rate [fractions]; outlier_<column> [multiple of usual]; log_outlier_<column> for age 120 h and
        settled [ln, season and drift taken out]; is_viral, is_breakout, is_breakout_settled [booleans].

    Source: metrics.md, Posts. Version 1.
    """
    joined = posts.select(
        "post_id", "platform", "account_id", "va_id", "creator_id", "set_id", "sound_id", "post_type", "url",
        "posted_at", "posted_at_precision", "posted_local_on", "posted_local_hour", "slide_count", "duration_seconds",
        "is_deleted",
    )  # fmt: skip
    joined = joined_by(joined, (curves, baselines, followers), "post_id")
    counted = joined.mutate(
        # DuckDB truncates a date to a timestamp, and Ibis takes a cast of a date to a date for none.
        posted_week_on=_.posted_local_on.truncate("W").cast("timestamp").cast("date"),
        age_hours=hours_between(_.last_captured_at, _.posted_at),
        engagement=known_sum(joined, ["likes", "comments", "shares"]),
    )
    rated = counted.mutate(
        engagement_rate_by_views=ratio(counted.engagement, counted.views),
        engagement_rate_by_followers=ratio(counted.engagement, counted.followers_at_posting),
        share_rate=ratio(counted.shares, counted.views),
        save_rate=ratio(counted.saves, counted.views),
        comment_rate=ratio(counted.comments, counted.views),
        views_per_follower=ratio(counted[f"views_at_{COMPARED_HOURS}"], counted.followers_at_posting),
        is_viral=ibis.coalesce(counted[f"views_at_{FINAL_HOURS}"], counted.views.cast("float64"))
        >= viral_views,
        **{_outlier(c): outlier(counted[c], counted[f"baseline_{c}"], floor_views) for c in BASELINES},
        **{
            f"log_outlier_{name}": raw_log_outlier(counted[c], counted[f"baseline_{c}"], floor_views)
            for name, c in (("120", "views_at_120"), ("settled", "views_settled"))
        },
    )
    return less_week(rated, ["log_outlier_120", "log_outlier_settled"]).mutate(
        is_breakout=_.outlier_120 >= BREAKOUT,
        is_breakout_settled=_.outlier_settled >= BREAKOUT,
    )


def _outlier(column: str) -> str:
    return "outlier_" + column.removeprefix("views_at_").removeprefix("views_")
