"""What is asked of single posts, as somebody who knows the definitions and DuckDB would write it by hand.

Written from metrics.md and the docstrings, not from the expressions. Local days are UTC days here.
"""

from __future__ import annotations

from collections.abc import Callable

from .level2_sql import Asked, post_performance

VIRAL_VIEWS = 10_000
COUNTS = ("views", "likes", "comments", "shares", "saves")


def viral_within_48h(a: Asked) -> str:
    return f"""
    SELECT post_id, account_id, va_id, posted_at, views_at_48, views, outlier_120 FROM {a.performance}
    WHERE {a.reached("48 HOUR")} AND views_at_48 > {VIRAL_VIEWS} ORDER BY posted_at, post_id
    """


def post_horizons(a: Asked) -> str:
    ages = ", ".join(f"views_at_{h}" for h in (24, 48, 72, 96, 120, 168, 720))
    return f"""
    SELECT post_id, account_id, post_type, posted_at, {ages}, views_settled FROM {a.performance}
    WHERE {a.reached(a.age)} ORDER BY posted_at, post_id
    """


def _aged(a: Asked) -> str:
    """Snapshots of the posts, none from before they went up."""
    return f"""
    SELECT s.*, posted_at_precision = 'day' AS is_dated, date_diff('second', posted_at, captured_at) / 3600 AS age
    FROM post_snapshots s JOIN posts USING (post_id) WHERE {a.reached(a.age)} AND captured_at >= posted_at
    """


def post_counts(a: Asked) -> str:
    """A straight line between the last count up to 120 h and the first from then on, 60 h apart at most."""
    ends = ", ".join(
        f"""
        coalesce(max(age) FILTER (age <= 120 AND {c} IS NOT NULL), 0) AS {c}_from,
        coalesce(arg_max({c}, age) FILTER (age <= 120 AND {c} IS NOT NULL), 0) AS {c}_first,
        min(age) FILTER (age >= 120 AND {c} IS NOT NULL) AS {c}_to,
        arg_min({c}, age) FILTER (age >= 120 AND {c} IS NOT NULL) AS {c}_last"""
        for c in COUNTS
    )
    lines = ", ".join(
        f"""CASE WHEN {c}_to = 120 THEN {c}_last
            WHEN {c}_to - {c}_from <= 60
            THEN {c}_first + ({c}_last - {c}_first) * (120 - {c}_from) / ({c}_to - {c}_from) END AS {c}_at_120"""
        for c in COUNTS
    )
    return f"""
    SELECT post_id, {lines}
    FROM (SELECT post_id FROM posts WHERE {a.reached(a.age)})
    LEFT JOIN (SELECT post_id, {ends} FROM ({_aged(a)}) GROUP BY post_id) USING (post_id) ORDER BY post_id
    """


def post_velocity(a: Asked) -> str:
    return f"""
    SELECT post_id, captured_at, age AS age_hours, step AS step_hours, views, gained AS views_gained,
        velocity AS velocity_views_per_hour, gained / nullif(before, 0) AS velocity_score,
        (velocity - lag(velocity) OVER course) / nullif(abs(lag(velocity) OVER course), 0) AS acceleration
    FROM (
        SELECT post_id, captured_at, age, views, lag(views, 1, 0) OVER course AS before,
            age - lag(age, 1, 0) OVER course AS step, views - before AS gained,
            CASE WHEN NOT is_dated OR lag(age) OVER course IS NOT NULL THEN gained / nullif(step, 0) END AS velocity
        FROM ({_aged(a)}) WHERE views IS NOT NULL
        WINDOW course AS (PARTITION BY post_id ORDER BY captured_at)
    )
    WINDOW course AS (PARTITION BY post_id ORDER BY captured_at) ORDER BY post_id, captured_at
    """


def engagement_over_time(a: Asked) -> str:
    """Of weeks that reached the age from their first instant to their last within the days."""
    views, engagement = (
        ("views", "engagement") if a.horizon == "settled" else ("views_at_120", "engagement_at_120")
    )
    return f"""
    SELECT platform, posted_week_on, count(*) AS n_mature_posts, sum({views})::DOUBLE AS compared_views,
        sum({engagement})::DOUBLE AS compared_engagement,
        sum({engagement}) / nullif(sum({views}), 0) AS engagement_rate_by_views
    FROM {a.performance}
    WHERE posted_week_on >= {a.start} - INTERVAL {a.age} AND posted_week_on + 7 <= {a.end} - INTERVAL {a.age}
        AND {a.views} IS NOT NULL AND {views} IS NOT NULL AND {engagement} IS NOT NULL
    GROUP BY platform, posted_week_on ORDER BY platform, posted_week_on
    """


def size_at_posting(a: Asked) -> str:
    return f"""
    SELECT post_id, account_id, platform, posted_at, followers_at_posting,
        CASE WHEN followers_at_posting < 1000 THEN 1 WHEN followers_at_posting < 10000 THEN 2
            WHEN followers_at_posting < 100000 THEN 3 WHEN followers_at_posting < 1000000 THEN 4
            WHEN followers_at_posting IS NOT NULL THEN 5 END AS size_band,
        {a.views} AS compared_views, {a.outlier} AS compared_outlier,
        {a.views} / nullif(followers_at_posting, 0) AS views_per_follower
    FROM {a.performance} WHERE {a.reached(a.age)} ORDER BY posted_at, post_id
    """


def size_bands(a: Asked) -> str:
    return f"""
    SELECT platform, size_band, count(*) AS n_posts, count(compared_views) AS n_mature_posts,
        count(DISTINCT account_id) AS n_posting_accounts, median(compared_views) AS median_views,
        median(compared_outlier) AS median_outlier,
        count(*) FILTER (compared_outlier >= 3) / nullif(count(compared_outlier), 0) AS breakout_rate,
        median(views_per_follower) AS views_per_follower
    FROM ({size_at_posting(a)}) WHERE size_band IS NOT NULL
    GROUP BY platform, size_band ORDER BY platform, size_band
    """


SQL: dict[str, Callable[[Asked], str]] = {
    "post_performance": post_performance,
    "viral_within_48h": viral_within_48h,
    "post_horizons": post_horizons,
    "post_counts": post_counts,
    "post_velocity": post_velocity,
    "engagement_over_time": engagement_over_time,
    "size_at_posting": size_at_posting,
    "size_bands": size_bands,
}
