"""Level 5 as somebody who knows the definitions and DuckDB would write it by hand.

Written from metrics.md and the docstrings, not from the expressions. Local days are UTC days here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from .level2_sql import Asked, follower_growth

DONE = "('done', 'completed', 'closed')"
CANCELED = "('canceled', 'cancelled', 'dropped')"
PUBLISHED = "('published', 'posted', 'live', 'done')"
OVER = "('published', 'posted', 'live', 'done', 'archived', 'canceled', 'cancelled', 'dropped', 'rejected')"


def _content_results(a: Asked, key: str) -> str:
    engaged = f"{a.views} IS NOT NULL AND views IS NOT NULL AND engagement IS NOT NULL"
    return f"""
    SELECT {key}, count(*) AS n_posts, count({a.views}) AS n_mature_posts,
        count(DISTINCT account_id) AS n_posting_accounts, median({a.views}) AS median_views,
        median({a.outlier}) AS median_outlier, count({a.outlier}) AS n_outliers,
        count(*) FILTER ({a.outlier} >= 3) / nullif(count({a.outlier}), 0) AS breakout_rate,
        sum(p.views) FILTER ({a.views} IS NOT NULL)::BIGINT AS views,
        sum(engagement) FILTER ({engaged}) / nullif(sum(p.views) FILTER ({engaged}), 0) AS engagement_rate_by_views
    FROM {a.performance} p WHERE {a.reached(a.age)} AND {key} IS NOT NULL GROUP BY {key}
    """


def set_results(a: Asked) -> str:
    return f"""
    SELECT r.*, set_code, creator_id, created_on
    FROM ({_content_results(a, "set_id")}) r LEFT JOIN sets USING (set_id) ORDER BY set_id
    """


def creator_review(a: Asked) -> str:
    return f"""
    WITH final AS (
        SELECT creator_id, count(*) AS n_final_posts, count(*) FILTER (is_viral) AS n_viral_posts,
            n_viral_posts / n_final_posts AS viral_rate
        FROM {a.performance}
        WHERE {a.reached("720 HOUR")} AND views_settled IS NOT NULL AND creator_id IS NOT NULL GROUP BY creator_id
    ), owned AS (
        SELECT creator_id, count(*) AS n_own_accounts, count(net_followers) AS n_grown_known,
            sum(net_followers)::BIGINT AS net_followers
        FROM {a.accounts} LEFT JOIN ({follower_growth(a)}) USING (account_id)
        WHERE creator_id IS NOT NULL GROUP BY creator_id
    ), named AS (SELECT creator_id, name, status FROM creators)
    SELECT creator_id, name, status, coalesce(n_posts, 0) AS n_posts, coalesce(n_mature_posts, 0) AS n_mature_posts,
        coalesce(n_posting_accounts, 0) AS n_posting_accounts, median_views, median_outlier,
        coalesce(n_outliers, 0) AS n_outliers, breakout_rate, views, engagement_rate_by_views, n_final_posts,
        n_viral_posts, viral_rate, coalesce(n_own_accounts, 0) AS n_own_accounts,
        coalesce(n_grown_known, 0) AS n_grown_known, net_followers
    FROM ({_content_results(a, "creator_id")}) FULL JOIN owned USING (creator_id)
    FULL JOIN final USING (creator_id) LEFT JOIN named USING (creator_id) ORDER BY creator_id
    """


def _linked(a: Asked) -> str:
    """Posts of content items that went up on the days."""
    return f"""
    SELECT content_id, p.post_id, p.platform, p.posted_at, views, engagement, {a.outlier} AS outlier
    FROM content_posts c JOIN {a.performance} p USING (post_id)
    WHERE p.posted_at >= {a.start} AND p.posted_at < {a.end}
    """


def content_platforms(a: Asked) -> str:
    return f"""
    SELECT content_id, platform, count(*) AS n_posts, count(views) AS n_counted_posts, sum(views)::BIGINT AS views,
        sum(engagement)::BIGINT AS engagement, median(outlier) AS median_outlier, count(outlier) AS n_outliers
    FROM ({_linked(a)}) GROUP BY content_id, platform ORDER BY content_id, platform
    """


def content_totals(a: Asked) -> str:
    """The best by outlier where every platform with known views has one, else by views; ties by name."""
    return f"""
    SELECT t.* EXCLUDE (by_outlier, best_outlier, most_views, best), first_posted_at, title, creator_id, stage,
        best.platform AS best_platform,
        CASE WHEN best IS NOT NULL THEN if(by_outlier, 'outlier', 'views') END AS best_by,
        best.outlier AS best_platform_outlier, best.views AS best_platform_views
    FROM (
        SELECT content_id, sum(n_posts)::BIGINT AS n_posts, sum(n_counted_posts)::BIGINT AS n_counted_posts,
            count(platform) AS n_platforms, sum(views)::BIGINT AS views, sum(engagement)::BIGINT AS engagement,
            count(median_outlier) > 0 AND bool_and(median_outlier IS NOT NULL OR views IS NULL) AS by_outlier,
            arg_max({{'platform': platform, 'outlier': median_outlier, 'views': views}},
                if(median_outlier IS NULL, NULL, (median_outlier, -place))) AS best_outlier,
            arg_max({{'platform': platform, 'outlier': median_outlier, 'views': views}},
                if(views IS NULL, NULL, (views, -place))) AS most_views,
            if(by_outlier, best_outlier, most_views) AS best
        FROM (SELECT *, rank() OVER (ORDER BY platform) AS place FROM ({content_platforms(a)})) GROUP BY content_id
    ) t JOIN (SELECT content_id, min(posted_at) AS first_posted_at FROM ({_linked(a)}) GROUP BY ALL) USING (content_id)
    LEFT JOIN (SELECT content_id, title, creator_id, stage FROM content_items) USING (content_id) ORDER BY content_id
    """


def platform_totals(a: Asked) -> str:
    """An item is another platform's too, and best here, only where it is on several."""
    return f"""
    WITH linked AS ({_linked(a)}), totals AS (SELECT content_id, n_platforms, best_platform FROM ({content_totals(a)}))
    SELECT platform, count(*) AS n_posts, count(DISTINCT content_id) AS n_items,
        count(DISTINCT content_id) FILTER (n_platforms > 1) AS n_items_elsewhere,
        count(DISTINCT content_id) FILTER (n_platforms > 1 AND best_platform = platform) AS n_best,
        sum(views)::BIGINT AS views, median(outlier) AS median_outlier, count(outlier) AS n_outliers
    FROM linked JOIN totals USING (content_id) GROUP BY platform ORDER BY platform
    """


def _open_items(a: Asked) -> str:
    return f"""
    SELECT content_id, title, creator_id, stage, stage_since_at, due_on,
        CASE WHEN stage_since_at <= {a.end} THEN date_diff('second', stage_since_at, {a.end}) / 86400 END
            AS days_in_stage,
        CASE WHEN due_on < DATE '{a.to_on}' THEN DATE '{a.to_on}' - due_on END AS days_overdue
    FROM content_items
    WHERE coalesce(lower(trim(stage)) NOT IN {OVER}, true) AND coalesce(created_at < {a.end}, true)
    """


def pipeline_stages(a: Asked) -> str:
    return f"""
    SELECT coalesce(stage, 'unknown') AS stage, count(*) AS n_items, count(days_in_stage) AS n_aged,
        count(days_overdue) AS n_overdue, median(days_in_stage) AS median_days_in_stage,
        max(days_in_stage) AS longest_days_in_stage
    FROM ({_open_items(a)}) GROUP BY ALL ORDER BY ALL
    """


def overdue_items(a: Asked) -> str:
    return f"FROM ({_open_items(a)}) WHERE days_overdue > 0 ORDER BY due_on, content_id"


def creator_deliveries(a: Asked) -> str:
    """An item is out with its first post, else when it entered a published stage."""
    weeks = -(-((a.to_on - a.from_on).days + 1) // 7)
    start = f"DATE '{a.to_on - timedelta(days=7 * weeks - 1)}'"
    return f"""
    WITH events AS (
        SELECT creator_id, created_on::TIMESTAMP AS happened_at, 'set' AS what FROM sets
        UNION ALL SELECT creator_id, created_at, 'begun' FROM content_items
        UNION ALL SELECT creator_id, coalesce(first_at,
            CASE WHEN lower(trim(stage)) IN {PUBLISHED} THEN stage_since_at END), 'out'
        FROM content_items LEFT JOIN (
            SELECT content_id, min(coalesce(p.posted_at, c.posted_at)) AS first_at
            FROM content_posts c LEFT JOIN posts p USING (post_id) GROUP BY content_id
        ) USING (content_id)
    )
    SELECT date_trunc('week', happened_at)::DATE AS week_on, creator_id,
        count(*) FILTER (what = 'set') AS n_new_sets, count(*) FILTER (what = 'begun') AS n_begun_items,
        count(*) FILTER (what = 'out') AS n_published_items
    FROM events WHERE happened_at >= {start} AND happened_at < {a.end} GROUP BY ALL ORDER BY week_on, creator_id
    """


def pipeline_throughput(a: Asked) -> str:
    return f"""
    SELECT week_on, sum(n_new_sets)::BIGINT AS n_new_sets, sum(n_begun_items)::BIGINT AS n_begun_items,
        sum(n_published_items)::BIGINT AS n_published_items
    FROM ({creator_deliveries(a)}) GROUP BY week_on ORDER BY week_on
    """


def task_results(a: Asked) -> str:
    """Done without a time is neither in time nor late; what is due on the last day is not overdue yet."""
    return f"""
    SELECT va_id, count(*) AS n_due_tasks, count(*) FILTER (is_done) AS n_done_tasks,
        count(*) FILTER (is_done AND done_at < due_on + 1) AS n_on_time_tasks,
        count(*) FILTER (NOT is_done) AS n_open_tasks,
        count(*) FILTER (NOT is_done AND due_on < DATE '{a.to_on}') AS n_overdue_tasks,
        n_on_time_tasks / nullif(count(*) FILTER (NOT is_done OR done_at IS NOT NULL), 0) AS on_time_rate
    FROM (SELECT *, lower(trim(coalesce(status, ''))) AS word, word IN {DONE} OR done_at IS NOT NULL AS is_done
          FROM tasks)
    WHERE due_on BETWEEN DATE '{a.from_on}' AND DATE '{a.to_on}' AND word NOT IN {CANCELED}
    GROUP BY va_id ORDER BY va_id
    """


SQL: dict[str, Callable[[Asked], str]] = {
    "creator_review": creator_review,
    "set_results": set_results,
    "content_totals": content_totals,
    "content_platforms": content_platforms,
    "platform_totals": platform_totals,
    "pipeline_stages": pipeline_stages,
    "overdue_items": overdue_items,
    "pipeline_throughput": pipeline_throughput,
    "creator_deliveries": creator_deliveries,
    "task_results": task_results,
}
