"""Level 1 as somebody who knows the definitions and DuckDB would write it by hand.

Written from metrics.md and the docstrings, not from the expressions.
"""

from __future__ import annotations

from collections.abc import Callable

from .level2_sql import Asked


def slide_uses(a: Asked) -> str:
    return f"""
    SELECT u.*, url, views, views_at_48, views_at_120, views_settled, outlier_120, outlier_settled,
        log_outlier_120, log_outlier_settled, is_viral
    FROM slide_uses u JOIN {a.performance} p USING (post_id)
    WHERE p.posted_at >= {a.start} AND p.posted_at < {a.end} ORDER BY u.posted_at, post_id, slide_index
    """


def _results(a: Asked, key: str, uses: str) -> str:
    """A post that shows an image, or a text, twice counts once; without outliers the newest is the best."""
    return f"""
    SELECT {key}, count(*) AS n_posts, count({a.views}) AS n_mature_posts, median({a.views}) AS median_views,
        median({a.outlier}) AS median_outlier, count({a.outlier}) AS n_outliers,
        count(*) FILTER ({a.outlier} >= 3) / nullif(count({a.outlier}), 0) AS breakout_rate,
        arg_min({{'post_id': post_id, 'url': url}},
            (-coalesce({a.outlier}, -1), -epoch_us(posted_at), post_id)) AS best
    FROM (SELECT DISTINCT {key}, post_id FROM {uses} WHERE {key} IS NOT NULL) JOIN {a.performance} USING (post_id)
    WHERE {a.reached(a.age)} GROUP BY {key}
    """


def _image_results(a: Asked, uses: str) -> str:
    return f"""
    SELECT r.* EXCLUDE (best), n_uses, n_accounts_used, first_used_at, last_used_at,
        date_diff('second', last_used_at, {a.end}) // 86400 AS days_since_used,
        best.post_id AS example_post_id, best.url AS example_url
    FROM ({_results(a, "image_id", uses)}) r JOIN (
        SELECT image_id, count(DISTINCT post_id) AS n_uses, count(DISTINCT account_id) AS n_accounts_used,
            min(posted_at) AS first_used_at, max(posted_at) AS last_used_at
        FROM {uses} WHERE posted_at < {a.end} GROUP BY image_id
    ) USING (image_id) ORDER BY image_id
    """


def slide_results(a: Asked) -> str:
    return _image_results(a, "slide_uses")


def hook_results(a: Asked) -> str:
    return _image_results(a, "(FROM slide_uses WHERE is_hook)")


def text_results(a: Asked) -> str:
    return f"""
    SELECT r.* EXCLUDE (best), n_images, n_uses, last_used_at, ocr_text
    FROM ({_results(a, "text_id", "slide_uses")}) r JOIN (
        SELECT text_id, count(DISTINCT image_id) AS n_images, count(DISTINCT post_id) AS n_uses,
            max(u.posted_at) AS last_used_at, min(ocr_text) AS ocr_text
        FROM slide_uses u LEFT JOIN slides USING (post_id, slide_index) WHERE posted_at < {a.end} GROUP BY text_id
        HAVING n_images > 0
    ) USING (text_id) ORDER BY text_id
    """


def repost_pairs(a: Asked) -> str:
    """Half of the later post's images or more, two of them or all; the later one went up within the days."""
    same = "list_transform(list_zip(lf.files, ef.files), f -> f[1] = f[2])"
    return f"""
    WITH shown AS (
        SELECT post_id, posted_at, image_id, min(slide_index) AS place,
            count(*) OVER (PARTITION BY post_id) AS n_images
        FROM slide_uses WHERE image_id IS NOT NULL AND posted_at < {a.end} GROUP BY post_id, posted_at, image_id
    ), pairs AS (
        SELECT l.post_id, e.post_id AS earlier_post_id, count(*) AS n_shared_images,
            n_shared_images / l.n_images AS shared_share, list(e.place ORDER BY l.place) AS places
        FROM shown l JOIN shown e ON e.image_id = l.image_id AND e.post_id <> l.post_id
            AND (e.posted_at, e.post_id) < (l.posted_at, l.post_id)
        WHERE l.posted_at >= {a.start} GROUP BY l.post_id, e.post_id, l.n_images
        HAVING 2 * n_shared_images >= l.n_images AND (n_shared_images >= 2 OR n_shared_images = l.n_images)
    ), files AS (
        SELECT post_id, list(slide_index ORDER BY slide_index) AS spots, list(sha256 ORDER BY slide_index) AS files
        FROM slides
        WHERE post_id IN (SELECT post_id FROM pairs UNION ALL SELECT earlier_post_id FROM pairs) GROUP BY post_id
    ), compared AS (
        SELECT post_id, posted_at, account_id, {a.views} AS views, {a.outlier} AS outlier FROM {a.performance}
    )
    SELECT p.post_id, earlier_post_id, n_shared_images, shared_share,
        CASE WHEN n_shared_images > 1 THEN places = list_sort(places) END AS is_same_order,
        CASE WHEN lf.spots <> ef.spots OR list_bool_and({same}) = false THEN false
            WHEN len(lf.files) = list_count({same}) THEN true END AS is_exact_repost,
        l.posted_at, l.account_id, l.views AS compared_views,
        l.outlier AS compared_outlier, e.posted_at AS earlier_posted_at, e.account_id AS earlier_account_id,
        e.views AS earlier_views, e.outlier AS earlier_outlier, l.account_id = e.account_id AS is_same_account,
        date_diff('second', e.posted_at, l.posted_at) / 86400 AS days_between,
        coalesce(l.outlier > e.outlier, l.views > e.views) AS did_better
    FROM pairs p JOIN compared l ON l.post_id = p.post_id JOIN compared e ON e.post_id = earlier_post_id
    LEFT JOIN files lf ON lf.post_id = p.post_id LEFT JOIN files ef ON ef.post_id = earlier_post_id
    ORDER BY l.posted_at, p.post_id, earlier_post_id
    """


SQL: dict[str, Callable[[Asked], str]] = {
    "slide_uses": slide_uses,
    "slide_results": slide_results,
    "hook_results": hook_results,
    "text_results": text_results,
    "repost_pairs": repost_pairs,
}
