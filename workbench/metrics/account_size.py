"""Whether an account was large or small when a post went up, and what goes with it."""

from __future__ import annotations

import ibis
from ibis import _

from .accounts import follower_band
from .counting import ratio, share
from .outliers import BREAKOUT


def size_at_posting(mature: ibis.Table, *, horizon: str = "120") -> ibis.Table:
    """Each post with the size that its account had when it went up.

    Formula: size_band of followers_at_posting: 1 under 1,000, 2 to 10,000, 3 to 100,000, 4 to 1 million,
    5 more; NULL where the followers then are unknown.

    Grain: post_id, as `mature` (see `periods.reached`). compared_views [views at the compared age],
    compared_outlier [multiple of usual], views_per_follower [views per follower].

    Source: metrics.md, Posts (followers at posting) and Level 2 (bands). Version 1.
    """
    views = mature["views_settled" if horizon == "settled" else f"views_at_{horizon}"]
    return mature.select(
        "post_id", "account_id", "platform", "posted_at", "followers_at_posting",
        size_band=follower_band(mature.followers_at_posting),
        compared_views=views,
        compared_outlier=mature[f"outlier_{horizon}"],
        views_per_follower=ratio(views, mature.followers_at_posting),
    )  # fmt: skip


def size_bands(mature: ibis.Table, *, horizon: str = "120") -> ibis.Table:
    """What posts did by the size of their account when they went up.

    Formula: medians over the posts of a band; breakout_rate = share with outlier >= 3, of those that have one.

    Grain out: platform, size_band [1-5], where followers at posting are known; n_posts, n_mature_posts [posts],
    n_posting_accounts [accounts], median_views [views], median_outlier [multiple of usual], breakout_rate
    [fraction], views_per_follower [median].

    Source: metrics.md, Level 2 (size effect, bands). Version 1.
    """
    sized = size_at_posting(mature, horizon=horizon).filter(_.size_band.notnull())
    return sized.group_by("platform", "size_band").agg(
        n_posts=_.count(),
        n_mature_posts=_.compared_views.count(),
        n_posting_accounts=_.account_id.nunique(),
        median_views=_.compared_views.median(),
        median_outlier=_.compared_outlier.median(),
        breakout_rate=share(_.compared_outlier >= BREAKOUT),
        views_per_follower=_.views_per_follower.median(),
    )
