"""Level 2 as somebody who knows the definitions and DuckDB would write it by hand.

Written from metrics.md and the docstrings, not from the expressions: what the expressions are measured against
is also what they have to agree with. Local days are UTC days here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Asked:
    """Days from `from_on` to `to_on`, both included; the age at which posts are compared; where to look."""

    from_on: date
    to_on: date
    horizon: str = "120"
    """`120` or `settled`."""
    platform: str = ""

    @property
    def age(self) -> str:
        return "720 HOUR" if self.horizon == "settled" else "120 HOUR"

    @property
    def views(self) -> str:
        return "views_settled" if self.horizon == "settled" else "views_at_120"

    @property
    def outlier(self) -> str:
        return f"outlier_{self.horizon}"

    @property
    def start(self) -> str:
        return f"TIMESTAMP '{self.from_on} 00:00:00'"

    @property
    def end(self) -> str:
        return f"TIMESTAMP '{self.to_on + timedelta(days=1)} 00:00:00'"

    @property
    def performance(self) -> str:
        return self._of_platform("post_performance")

    @property
    def accounts(self) -> str:
        return self._of_platform("accounts")

    @property
    def snapshots(self) -> str:
        if not self.platform:
            return "account_snapshots"
        return f"(FROM account_snapshots WHERE account_id IN (SELECT account_id FROM {self.accounts}))"

    def _of_platform(self, table: str) -> str:
        return f"(FROM {table} WHERE platform = '{self.platform}')" if self.platform else table

    def reached(self, age: str) -> str:
        """Condition: the post reached an age within the days."""
        return f"posted_at >= {self.start} - INTERVAL {age} AND posted_at < {self.end} - INTERVAL {age}"


def coverage(a: Asked) -> str:
    return f"""
    SELECT count(*) FILTER (is_short) AS n_posts, count(views_at_120) FILTER (is_short) AS n_known,
        count(*) FILTER (is_final) AS n_reached_final, count(views_settled) FILTER (is_final) AS n_settled
    FROM (SELECT views_at_120, views_settled, {a.reached("120 HOUR")} AS is_short,
              {a.reached("720 HOUR")} AS is_final FROM {a.performance})
    """


def weekly_results(a: Asked) -> str:
    """For the weeks that the days cover."""
    return f"""
    WITH compared AS (
        SELECT date_trunc('week', posted_at + INTERVAL {a.age})::DATE AS week_on, count(*) AS n_posts,
            count({a.views}) AS n_mature_posts, median({a.views}) AS median_views,
            median({a.outlier}) AS median_outlier,
            count(*) FILTER ({a.outlier} >= 3) / nullif(count({a.outlier}), 0) AS breakout_rate,
            sum(engagement) FILTER ({a.views} IS NOT NULL AND views IS NOT NULL)
                / nullif(sum(views) FILTER ({a.views} IS NOT NULL AND engagement IS NOT NULL), 0)
                AS engagement_rate_by_views
        FROM {a.performance} WHERE {a.reached(a.age)} GROUP BY ALL
    ), final AS (
        SELECT date_trunc('week', posted_at + INTERVAL 720 HOUR)::DATE AS week_on,
            count(*) FILTER (is_viral) AS n_viral_posts
        FROM {a.performance} WHERE {a.reached("720 HOUR")} AND views_settled IS NOT NULL GROUP BY ALL
    )
    FROM compared FULL JOIN final USING (week_on)
    """


def weekly_followers(a: Asked) -> str:
    """For the weeks that the days cover, and the one before, with which the first is compared."""
    return f"""
    WITH ends AS (
        SELECT account_id, date_trunc('week', captured_at)::DATE AS week_on,
            arg_max(followers, captured_at) AS followers
        FROM {a.snapshots}
        WHERE followers IS NOT NULL AND captured_at >= {a.start} - INTERVAL 7 DAY AND captured_at < {a.end}
        GROUP BY ALL
    )
    SELECT now.week_on, sum(now.followers)::BIGINT AS followers,
        sum(now.followers - before.followers)::BIGINT AS net_followers, count(before.account_id) AS n_accounts
    FROM ends now LEFT JOIN ends before
        ON before.account_id = now.account_id AND before.week_on = now.week_on - 7
    GROUP BY ALL
    """


def outliers(a: Asked) -> str:
    return f"""
    SELECT account_id, {a.outlier} FROM {a.performance} WHERE {a.reached(a.age)}
    ORDER BY account_id, {a.outlier}
    """


def size_effect(a: Asked) -> str:
    """Spearman: the correlation of ranks, ties at the middle of theirs."""
    return f"""
    WITH known AS (
        SELECT platform, followers_at_posting AS size, {a.views} AS result FROM {a.performance}
        WHERE {a.reached(a.age)} AND followers_at_posting IS NOT NULL AND {a.views} IS NOT NULL
    ), ranked AS (
        SELECT platform,
            rank() OVER (PARTITION BY platform ORDER BY size) + count(*) OVER (PARTITION BY platform, size) / 2 AS x,
            rank() OVER (PARTITION BY platform ORDER BY result)
                + count(*) OVER (PARTITION BY platform, result) / 2 AS y
        FROM known
    )
    SELECT platform, CASE WHEN count(*) >= 3 THEN corr(x, y) END AS size_effect_rho, count(*) AS n_pairs
    FROM ranked GROUP BY platform ORDER BY platform
    """


def posting_hours(a: Asked) -> str:
    return f"""
    SELECT isodow(posted_local_on) AS weekday, posted_local_hour AS local_hour, count(*) AS n_posts,
        median({a.outlier}) AS median_outlier
    FROM {a.performance}
    WHERE {a.reached(a.age)} AND posted_local_hour IS NOT NULL AND {a.outlier} IS NOT NULL
    GROUP BY ALL ORDER BY weekday, local_hour
    """


def left_out(a: Asked) -> str:
    return f"""
    SELECT count(*) FILTER (posted_at IS NULL) AS without_time,
        count(*) FILTER (account_id IS NULL) AS without_account,
        count(*) FILTER (n_snapshots IS NULL) AS without_snapshot,
        count(*) FILTER (posted_at_precision = 'day') AS known_only_by_date
    FROM {a.performance}
    """


def post_performance(a: Asked) -> str:
    return f"FROM {a.performance} WHERE {a.reached(a.age)} ORDER BY posted_at, post_id"


def account_daily(a: Asked) -> str:
    return f"""
    FROM account_daily WHERE day_on BETWEEN DATE '{a.from_on}' AND DATE '{a.to_on}' ORDER BY day_on, account_id
    """


def _results(a: Asked) -> str:
    engaged = f"{a.views} IS NOT NULL AND engagement IS NOT NULL"
    sums = ", ".join(
        f"sum({c}) FILTER ({engaged})::BIGINT AS {c}" for c in ("likes", "comments", "shares", "saves")
    )
    return f"""
    SELECT account_id, count(*) AS n_posts, count({a.views}) AS n_mature_posts, median({a.views}) AS median_views,
        median({a.outlier}) AS median_outlier, count({a.outlier}) AS n_outliers,
        count(*) FILTER ({a.outlier} >= 3) / nullif(count({a.outlier}), 0) AS breakout_rate,
        median({a.views} / nullif(followers_at_posting, 0)) AS views_per_follower,
        count(saves) FILTER ({a.views} IS NOT NULL) AS n_saves_known,
        sum(p.views) FILTER ({a.views} IS NOT NULL)::BIGINT AS views,
        sum(p.views) FILTER ({engaged})::BIGINT AS engaged_views, {sums}
    FROM {a.performance} p WHERE {a.reached(a.age)} AND account_id IS NOT NULL GROUP BY account_id
    """


def account_results(a: Asked) -> str:
    return f"{_results(a)} ORDER BY account_id"


def _viral(a: Asked) -> str:
    return f"""
    SELECT account_id, count(*) AS n_final_posts, count(*) FILTER (is_viral) AS n_viral_posts,
        count(*) FILTER (is_viral) / nullif(count(is_viral), 0) AS viral_rate
    FROM {a.performance}
    WHERE {a.reached("720 HOUR")} AND views_settled IS NOT NULL AND account_id IS NOT NULL GROUP BY account_id
    """


def viral_rate(a: Asked) -> str:
    return f"{_viral(a)} ORDER BY account_id"


def _growth(a: Asked) -> str:
    """The first snapshot: the last of the seven days up to the start, else the first within."""
    return f"""
    SELECT account_id, first.captured_at AS followers_first_at, first.followers AS followers_first,
        last.captured_at AS followers_last_at, last.followers AS followers_last,
        CASE WHEN last.captured_at > first.captured_at THEN last.followers - first.followers END AS net_followers,
        CASE WHEN last.captured_at > first.captured_at
            THEN (last.followers - first.followers) / nullif(first.followers, 0) END AS follower_growth_rate
    FROM (
        SELECT account_id,
            coalesce(max(s) FILTER (captured_at <= {a.start}), min(s) FILTER (captured_at > {a.start})) AS first,
            max(s) FILTER (captured_at > {a.start}) AS last
        FROM (SELECT account_id, captured_at, {{'captured_at': captured_at, 'followers': followers}} AS s
              FROM {a.snapshots} WHERE followers IS NOT NULL
              AND captured_at >= {a.start} - INTERVAL 7 DAY AND captured_at < {a.end})
        GROUP BY account_id
    ) WHERE last IS NOT NULL
    """


def follower_growth(a: Asked) -> str:
    return f"{_growth(a)} ORDER BY account_id"


def views_per_follower(a: Asked) -> str:
    return f"""
    SELECT account_id, n_mature_posts, median_views, views_per_follower FROM ({_results(a)}) ORDER BY account_id
    """


def usual_views(a: Asked) -> str:
    """The days asked for and the same days 26 weeks earlier; the variance by its two sums."""
    back = Asked(a.from_on - timedelta(days=182), a.to_on - timedelta(days=182), a.horizon, a.platform)
    return f"""
    WITH levels AS (
        SELECT account_id, ln(greatest({a.views}, 100)) AS x, {a.reached(a.age)} AS is_now
        FROM {a.performance}
        WHERE ({a.reached(a.age)} OR {back.reached(a.age)}) AND {a.views} IS NOT NULL AND account_id IS NOT NULL
    )
    SELECT account_id, count(*) FILTER (is_now) AS n_usual_now, count(*) FILTER (NOT is_now) AS n_usual_before,
        avg(x) FILTER (is_now) AS log_now, avg(x) FILTER (NOT is_now) AS log_before,
        var_samp(x) FILTER (is_now) AS variance_now, var_samp(x) FILTER (NOT is_now) AS variance_before
    FROM levels GROUP BY account_id ORDER BY account_id
    """


def _rhythm(a: Asked) -> str:
    """Posts of each of the eight ISO weeks that end with the period's last, also the weeks without any."""
    last = a.to_on - timedelta(days=a.to_on.weekday())
    weeks = [f"DATE '{last - timedelta(days=7 * back)}'" for back in range(8)]
    counts = ", ".join(f"count(*) FILTER (week_on = {week})" for week in weeks)
    return f"""
    SELECT account_id, list_sum(n) / 8 AS posts_per_week,
        sqrt(list_sum(list_transform(n, x -> (x - posts_per_week) ** 2)) / 8) / posts_per_week AS posts_cv
    FROM (
        SELECT account_id, [{counts}] AS n
        FROM (SELECT account_id, date_trunc('week', posted_local_on)::DATE AS week_on FROM {a.performance}
              WHERE account_id IS NOT NULL AND posted_local_on >= {weeks[-1]}
              AND posted_local_on < {weeks[0]} + 7)
        GROUP BY account_id
    )
    """


def _review(a: Asked) -> str:
    """A band with fewer than 8 accounts joins the next smaller one, the smallest the next larger."""
    parts = {
        "reach": ("median_views", 30),
        "engagement": ("engagement_quality", 25),
        "growth": ("follower_growth_rate", 20),
        "consistency": ("consistency", 15),
        "breakout": ("breakout_rate", 10),
    }
    # A percentile among the scored accounts of the group, ties at their middle.
    ranks = ", ".join(
        f"""CASE WHEN n_mature_posts >= 5 AND {value} IS NOT NULL THEN 100 * (
            rank() OVER (PARTITION BY platform, peer_band, n_mature_posts >= 5 ORDER BY {value}) - 1
            + count(*) OVER (PARTITION BY platform, peer_band, n_mature_posts >= 5, {value}) / 2
        ) / count({value}) OVER (PARTITION BY platform, peer_band, n_mature_posts >= 5) END AS {part}_part"""
        for part, (value, _) in parts.items()
    )
    points = " + ".join(f"coalesce({weight} * {part}_part, 0)" for part, (_, weight) in parts.items())
    weights = " + ".join(f"if({part}_part IS NULL, 0, {weight})" for part, (_, weight) in parts.items())
    missing = ", ".join(f"if({part}_part IS NULL, '{part}', NULL)" for part in parts)
    return f"""
    WITH present AS (
        SELECT account_id, platform, username, display_name, creator_id, va_id, target_posts_per_week,
            coalesce(n_posts, 0) AS n_posts, coalesce(n_mature_posts, 0) AS n_mature_posts,
            columns(* EXCLUDE (account_id, platform, username, display_name, creator_id, va_id,
                target_posts_per_week, n_posts, n_mature_posts))
        FROM (SELECT account_id, platform, username, display_name, creator_id, va_id, target_posts_per_week
              FROM {a.accounts})
        LEFT JOIN ({_results(a)}) USING (account_id)
        LEFT JOIN ({_growth(a)}) USING (account_id)
        LEFT JOIN ({_viral(a)}) USING (account_id)
        LEFT JOIN ({_rhythm(a)}) USING (account_id)
        LEFT JOIN (
            SELECT account_id, arg_max(followers, captured_at) AS followers FROM {a.snapshots}
            WHERE followers IS NOT NULL AND captured_at < {a.end} GROUP BY account_id
        ) USING (account_id)
        WHERE n_posts IS NOT NULL OR followers_last IS NOT NULL
    ), banded AS (
        SELECT *, CASE WHEN followers >= 1000000 THEN 5 WHEN followers >= 100000 THEN 4
            WHEN followers >= 10000 THEN 3 WHEN followers >= 1000 THEN 2 ELSE 1 END AS band
        FROM present
    ), sizes AS (
        SELECT platform, count(*) FILTER (band = 5) AS n5,
            count(*) FILTER (band = 4) + if(n5 < 8, n5, 0) AS n4,
            count(*) FILTER (band = 3) + if(n4 < 8, n4, 0) AS n3,
            count(*) FILTER (band = 2) + if(n3 < 8, n3, 0) AS n2,
            count(*) FILTER (band = 1) + if(n2 < 8, n2, 0) AS n1,
            list_filter([1, 2, 3, 4, 5], b -> [n1, n2, n3, n4, n5][b] >= 8) AS large
        FROM banded GROUP BY platform
    ), grouped AS (
        SELECT banded.* EXCLUDE (band),
            coalesce(list_max(list_filter(large, b -> b <= band)), list_min(large), 1) AS peer_band
        FROM banded JOIN sizes USING (platform)
    ), measured AS (
        SELECT * EXCLUDE (n_saves_known, engaged_views),
            count(*) OVER (PARTITION BY platform, peer_band) AS n_peers,
            (ifnull(likes, 0) + ifnull(comments, 0) + ifnull(shares, 0)) / nullif(engaged_views, 0)
                AS engagement_rate_by_views,
            (ifnull(likes, 0) + 3 * ifnull(comments, 0) + 5 * ifnull(shares, 0)
                + if(sum(n_mature_posts - n_saves_known) OVER (PARTITION BY platform, peer_band) = 0,
                    4 * ifnull(saves, 0), 0)) / nullif(engaged_views, 0) AS engagement_quality,
            least(1, posts_per_week / nullif(target_posts_per_week, 0)) * (1 - least(1, posts_cv))
                AS kept_evenly,
            CASE WHEN target_posts_per_week > 0 AND posts_cv IS NOT NULL THEN kept_evenly END AS consistency
        FROM grouped
    ), ranked AS (
        SELECT * EXCLUDE (kept_evenly), {ranks} FROM measured
    )
    SELECT *, CASE WHEN n_mature_posts >= 5 THEN ({points}) / nullif({weights}, 0) END AS kpi_score,
        concat_ws(' ', {missing}) AS missing_parts
    FROM ranked
    """


def account_review(a: Asked) -> str:
    return f"{_review(a)} ORDER BY account_id"


def review(a: Asked) -> str:
    """As the page lists it: best score first."""
    return f"{_review(a)} ORDER BY kpi_score DESC NULLS LAST, median_views DESC NULLS LAST, account_id"


def kpi_score(a: Asked) -> str:
    parts = ", ".join(f"{part}_part" for part in ("reach", "engagement", "growth", "consistency", "breakout"))
    return f"""
    SELECT account_id, platform, n_mature_posts, kpi_score, {parts}, missing_parts, peer_band, n_peers
    FROM ({_review(a)}) ORDER BY account_id
    """
