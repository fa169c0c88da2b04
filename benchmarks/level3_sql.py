"""Level 3 as somebody who knows the definitions and DuckDB would write it by hand.

Written from metrics.md and the docstrings, not from the expressions.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from .level2_sql import Asked


def va_results(a: Asked) -> str:
    """Saves are in the quality only where every mature post of every VA has them."""
    engaged = f"{a.views} IS NOT NULL AND views IS NOT NULL AND engagement IS NOT NULL"
    quality = "coalesce(likes, 0) + 3 * coalesce(comments, 0) + 5 * coalesce(shares, 0)"
    return f"""
    WITH posted AS (FROM {a.performance} WHERE {a.reached(a.age)} AND va_id IS NOT NULL),
    saved AS (SELECT count(*) = count(saves) AS all_saves FROM posted WHERE {a.views} IS NOT NULL),
    compared AS (
        SELECT va_id, count(*) AS n_posts, count(DISTINCT account_id) AS n_posting_accounts,
            count(DISTINCT posted_local_on) AS active_days, count({a.views}) AS n_mature_posts,
            median({a.views}) AS median_views, median({a.outlier}) AS median_outlier,
            count({a.outlier}) AS n_outliers,
            count(*) FILTER ({a.outlier} >= 3) / nullif(count({a.outlier}), 0) AS breakout_rate,
            count(*) / nullif(active_days, 0) AS posts_per_active_day,
            sum(engagement) FILTER ({engaged}) / nullif(sum(views) FILTER ({engaged}), 0)
                AS engagement_rate_by_views,
            sum({quality} + if(all_saves, 4 * saves, 0)) FILTER ({engaged})
                / nullif(sum(views) FILTER ({engaged}), 0) AS engagement_quality
        FROM posted, saved GROUP BY va_id
    ), final AS (
        SELECT va_id, count(*) AS n_final_posts, count(*) FILTER (is_viral) AS n_viral_posts,
            n_viral_posts / n_final_posts AS viral_rate
        FROM {a.performance}
        WHERE {a.reached("720 HOUR")} AND views_settled IS NOT NULL AND va_id IS NOT NULL GROUP BY va_id
    )
    FROM compared FULL JOIN final USING (va_id) ORDER BY va_id
    """


def va_efficiency(a: Asked) -> str:
    """Hours and cost of the days on which the posts went up; a row that reaches beyond them counts in part.

    A row without a currency is in that of the VA's pay.
    """
    back = timedelta(days=30 if a.horizon == "settled" else 5)
    first, last = f"DATE '{a.from_on - back}'", f"DATE '{a.to_on - back}'"
    return f"""
    WITH paid AS (
        SELECT va_id, work_hours * part AS hours, price * part * rate AS cost, price, rate
        FROM (
            SELECT va_id, coalesce(c.currency, v.currency) AS paid_in, work_hours::DOUBLE AS work_hours,
                if(paid_in IS NULL, NULL, coalesce(amount, work_hours * coalesce(c.hourly_pay,
                    CASE WHEN v.currency = paid_in THEN v.hourly_pay END)))::DOUBLE AS price,
                CASE WHEN paid_in = 'USD' THEN 1 ELSE (SELECT arg_max(rate, rate_on) FROM fx_rates r
                    WHERE r.currency = paid_in AND rate_on <= c.to_on) END AS rate,
                (least(to_on, {last}) - greatest(from_on, {first}) + 1) / (to_on - from_on + 1) AS part
            FROM (SELECT *, scope_id AS va_id FROM costs
                  WHERE kind = 'va_time' AND scope = 'va' AND from_on <= {last} AND to_on >= {first}) c
            LEFT JOIN (SELECT va_id, hourly_pay, currency FROM vas) v USING (va_id)
        )
    ), spent AS (
        SELECT va_id, CASE WHEN count(hours) < count(*) THEN 'some of the paid time has no hours'
                WHEN sum(hours) = 0 THEN 'no hour was paid' END AS without_hours,
            CASE WHEN count(price) < count(*) THEN 'some of the paid time has no price'
                WHEN count(cost) < count(*) THEN 'no exchange rate for some of the paid time' END AS without_cost,
            if(without_hours IS NULL, sum(hours), NULL) AS paid_hours,
            if(without_cost IS NULL, sum(cost), NULL) AS time_cost
        FROM paid WHERE va_id IS NOT NULL GROUP BY va_id
    ), posted AS (
        SELECT va_id, count(*) AS n_posts, count({a.views}) AS n_mature_posts, sum({a.views}) AS period_views
        FROM {a.performance} WHERE {a.reached(a.age)} AND va_id IS NOT NULL GROUP BY va_id
    )
    SELECT va_id, coalesce(n_posts, 0) AS n_posts, coalesce(n_mature_posts, 0) AS n_mature_posts, period_views,
        paid_hours, time_cost, coalesce(n_posts, 0) / paid_hours AS posts_per_paid_hour,
        period_views / paid_hours AS views_per_paid_hour,
        1000 * time_cost / nullif(period_views, 0) AS time_cost_per_1000_views,
        if(s.va_id IS NULL, 'no paid time was imported for these days', coalesce(without_hours, without_cost))
            AS missing_efficiency
    FROM posted FULL JOIN spent s USING (va_id) ORDER BY va_id
    """


def va_weekly(a: Asked) -> str:
    """The nine weeks that end with the days'."""
    nine = Asked(a.to_on - timedelta(days=62), a.to_on, a.horizon, a.platform)
    log_outlier = f"log_outlier_{a.horizon}"
    return f"""
    SELECT va_id, date_trunc('week', posted_at + INTERVAL {a.age})::DATE AS week_on, count(*) AS n_posts,
        count({a.views}) AS n_mature_posts, median({a.views}) AS median_views, median({a.outlier}) AS median_outlier,
        count({log_outlier}) AS n_log_outliers, avg({log_outlier}) AS mean_log_outlier,
        stddev_samp({log_outlier}) AS sd_log_outlier
    FROM {a.performance} WHERE {nine.reached(a.age)} AND va_id IS NOT NULL GROUP BY ALL ORDER BY va_id, week_on
    """


def va_terms(a: Asked) -> str:
    days = f"greatest(from_on, DATE '{a.from_on}') AND least(coalesce(to_on, DATE '{a.to_on}'), DATE '{a.to_on}')"
    return f"""
    SELECT t.account_id, t.va_id, from_on, to_on AS term_to_on, count(post_id) AS n_posts
    FROM account_assignments t LEFT JOIN {a.performance} p
        ON p.account_id = t.account_id AND p.va_id = t.va_id AND posted_local_on BETWEEN {days}
    WHERE from_on <= DATE '{a.to_on}' AND coalesce(to_on >= DATE '{a.from_on}', true)
    GROUP BY t.account_id, t.va_id, from_on, to_on ORDER BY t.account_id, t.va_id, from_on
    """


def _earlier(a: Asked, key: str, uses: str, fewest: int, prior: int) -> str:
    """Whether the posts of the 13 weeks before with the same key, old enough by then, did better than usual."""
    log_outlier = f"log_outlier_{a.horizon}"
    return f"""
    SELECT l.post_id, count(e.x) >= {fewest} AND exp(sum(e.x) / (count(e.x) + {prior})) >= 1.25 AS is_strong
    FROM (SELECT DISTINCT post_id, {key}, posted_at FROM {uses} WHERE {a.reached(a.age)} AND {key} IS NOT NULL) l
    LEFT JOIN (
        SELECT u.{key}, p.posted_at, {log_outlier} AS x FROM (SELECT DISTINCT post_id, {key} FROM {uses}) u
        JOIN {a.performance} p USING (post_id) WHERE {log_outlier} IS NOT NULL
    ) e ON e.{key} = l.{key} AND e.posted_at <= l.posted_at - INTERVAL {a.age}
        AND e.posted_at >= l.posted_at - INTERVAL 91 DAY
    GROUP BY l.post_id
    """


def va_habits(a: Asked) -> str:
    return f"""
    WITH gaps AS (
        SELECT post_id, date_diff('second', lag(timed_at) OVER course, timed_at) / 3600 AS gap_hours
        FROM (SELECT *, if(posted_at_precision = 'day', NULL, posted_at) AS timed_at FROM {a.performance})
        WHERE account_id IS NOT NULL AND posted_at IS NOT NULL
        WINDOW course AS (PARTITION BY account_id ORDER BY posted_at, post_id)
    ), tired AS (
        SELECT post_id, avg(use_number) AS mean_use FROM slide_uses WHERE image_id IS NOT NULL GROUP BY post_id
    ), hooks AS ({_earlier(a, "image_id", "(FROM slide_uses WHERE is_hook)", 1, 1)}),
    sounds AS ({_earlier(a, "sound_id", a.performance, 3, 4)}),
    posted AS (
        SELECT *, hooks.is_strong AS strong_hook, sounds.is_strong AS strong_sound,
            avg(log_outlier_{a.horizon}) OVER (PARTITION BY posted_local_hour) > 0 AS is_good_hour
        FROM {a.performance} LEFT JOIN gaps USING (post_id) LEFT JOIN tired USING (post_id)
        LEFT JOIN hooks USING (post_id) LEFT JOIN sounds USING (post_id)
        WHERE {a.reached(a.age)} AND va_id IS NOT NULL AND account_id IS NOT NULL
    )
    SELECT va_id, count(*) AS n_posts, count(*) FILTER (post_type = 'slideshow') AS n_slideshows,
        count(*) FILTER (posted_local_hour IS NOT NULL AND is_good_hour) / nullif(count(posted_local_hour), 0)
            AS good_hour_share,
        avg(slide_count) FILTER (post_type = 'slideshow') AS mean_slides,
        count(*) FILTER (strong_hook) / nullif(count(strong_hook), 0) AS strong_hook_share,
        count(*) FILTER (mean_use >= 4) / nullif(count(mean_use), 0) AS tired_share,
        count(*) FILTER (strong_sound) / nullif(count(strong_sound), 0) AS strong_sound_share,
        median(gap_hours) AS median_gap_hours
    FROM posted GROUP BY va_id ORDER BY va_id
    """


SQL: dict[str, Callable[[Asked], str]] = {
    "va_results": va_results,
    "va_efficiency": va_efficiency,
    "va_weekly": va_weekly,
    "va_terms": va_terms,
    "va_habits": va_habits,
}
