"""Level 2 for one period: every account in one row."""

from __future__ import annotations

import ibis
from ibis import _

from .accounts import (
    account_results,
    engagement_quality,
    follower_growth,
    kpi_score,
    peer_groups,
    posting_rhythm,
    viral_rate,
)
from .counting import joined_by, known_sum, ratio
from .curves import COMPARED_HOURS, FINAL_HOURS
from .periods import Period, reached


def compared_hours(horizon: str) -> int:
    """The age in hours at which posts of a page are compared."""
    return FINAL_HOURS if horizon == "settled" else COMPARED_HOURS


def usable_horizon(performance: ibis.Table, period: Period) -> ibis.Table:
    """Whether a period's posts can be compared at 120 h.

    Grain out: one row; n_posts [posts that reached 120 h in the period], n_known [of these, with
    views_at(120)], n_reached_final, n_settled [the same at 720 h, with views_settled].
    A page on which under half of n_posts are known uses the settled figures and says so.
    """
    short, final = reached(performance, period, COMPARED_HOURS), reached(performance, period, FINAL_HOURS)
    at_short = short.agg(n_posts=_.count(), n_known=_.views_at_120.count())
    at_final = final.agg(n_reached_final=_.count(), n_settled=_.views_settled.count())
    return at_short.cross_join(at_final)


def account_review(
    performance: ibis.Table,
    accounts: ibis.Table,
    account_snapshots: ibis.Table,
    period: Period,
    *,
    horizon: str = "120",
) -> ibis.Table:
    """Every account with a post or a follower count in the period: results, growth, rhythm, score in parts.

    Parameters
    ----------
    performance
        The mart `post_performance`.
    horizon
        `120` or `settled` (see `usable_horizon`).

    Returns
    -------
    ibis.Table
        Grain account_id: platform, username, display_name, creator_id, va_id, followers [newest known until
        the period's end], engagement_rate_by_views [fraction, pooled over posts whose engagement is known], and
        the columns of `account_results`, `viral_rate`, `follower_growth`, `posting_rhythm`, `peer_groups` and
        `kpi_score`.

    Source: metrics.md, Level 2. Version 1.
    """
    mature = reached(performance, period, compared_hours(horizon))
    results = account_results(mature, horizon=horizon)
    growth = follower_growth(account_snapshots, period)
    viral = viral_rate(reached(performance, period, FINAL_HOURS))
    rhythm = posting_rhythm(performance, period)
    until = account_snapshots.filter(
        _.followers.notnull() & (_.captured_at < ibis.literal(period.to_at, "timestamp"))
    )
    newest = until.group_by("account_id").agg(followers=_.followers.argmax(_.captured_at))
    joined = accounts.select(
        "account_id", "platform", "username", "display_name", "creator_id", "va_id", "target_posts_per_week"
    )
    joined = joined_by(joined, (results, growth, viral, rhythm, newest), "account_id")
    present = joined.filter(_.n_posts.notnull() | _.followers_last.notnull()).mutate(
        n_posts=_.n_posts.fill_null(0),
        n_mature_posts=_.n_mature_posts.fill_null(0),
        engagement_rate_by_views=ratio(
            known_sum(joined, ["likes", "comments", "shares"]), joined.engaged_views
        ),
    )
    # What the score needs goes its own, narrow way: every step of a wide table is paid for in compiling it.
    narrow = present.select(
        "account_id", "platform", "followers", "n_mature_posts", "n_saves_known", "engaged_views", "likes",
        "comments", "shares", "saves", "median_views", "follower_growth_rate", "breakout_rate", "posts_per_week",
        "posts_cv", "target_posts_per_week",
    )  # fmt: skip
    compared = narrow.join(peer_groups(narrow).drop("platform"), "account_id")
    # Saves count only where every account of the peer group has them; short of that they would rank
    # accounts by how they are scraped.
    group = ibis.window(group_by=["platform", "peer_band"])
    without_saves = (compared.n_mature_posts - compared.n_saves_known).sum().over(group)
    measured = compared.mutate(
        engagement_quality=ibis.cases(
            (without_saves == 0, engagement_quality(compared, saves=True)),
            else_=engagement_quality(compared, saves=False),
        )
    )
    own = measured.select("account_id", "peer_band", "n_peers", "engagement_quality")
    return joined_by(present.drop("n_saves_known", "engaged_views"), (own, kpi_score(measured)), "account_id")
