"""Level 5: whose content does well, and which sets of it."""

from __future__ import annotations

import ibis
from ibis import _

from .account_review import compared_hours
from .accounts import follower_growth
from .counting import joined_by, known_sum, ratio, share
from .curves import FINAL_HOURS
from .outliers import BREAKOUT
from .periods import Period, reached


def content_results(mature: ibis.Table, *, by: str, horizon: str = "120") -> ibis.Table:
    """What the posts of each creator or set did, at one age.

    Formula: medians over posts whose count at that age is known; breakout_rate = share with outlier >= 3, of
    those whose outlier is known; engagement_rate_by_views = sum(likes + comments + shares) / sum(views), over
    the mature posts where any of them is known.

    Parameters
    ----------
    mature
        Rows of `post_performance` of the period (see `periods.reached`).
    by
        `creator_id` or `set_id`; posts without one are left out.

    Returns
    -------
    ibis.Table
        Grain `by`: n_posts, n_mature_posts [posts], n_posting_accounts [accounts], median_views [views],
        median_outlier [multiple of usual], n_outliers [posts], breakout_rate, engagement_rate_by_views
        [fractions], views [newest, summed over mature posts].

    Source: metrics.md, Level 5 (creator roll-ups). Version 1.
    """
    views = mature["views_settled" if horizon == "settled" else f"views_at_{horizon}"]
    outlier = mature[f"outlier_{horizon}"]
    known = views.notnull()
    engaged = known_sum(mature, ["likes", "comments", "shares"])
    both = known & engaged.notnull() & mature.views.notnull()
    summed = (
        mature.filter(mature[by].notnull())
        .group_by(by)
        .agg(
            n_posts=_.count(),
            n_mature_posts=known.sum(),
            n_posting_accounts=_.account_id.nunique(),
            median_views=views.median(),
            median_outlier=outlier.median(),
            n_outliers=outlier.count(),
            breakout_rate=share(outlier >= BREAKOUT),
            views=mature.views.sum(where=known),
            engaged=engaged.sum(where=both),
            seen=mature.views.sum(where=both),
        )
    )
    return summed.mutate(engagement_rate_by_views=ratio(summed.engaged, summed.seen)).drop("engaged", "seen")


def creator_viral_rate(final: ibis.Table) -> ibis.Table:
    """Share of a creator's posts that went viral, among those that reached 720 h in the period.

    Grain in: post_id, posts that reached 720 h. Grain out: creator_id, where any has settled; n_final_posts,
    n_viral_posts [posts], viral_rate [fraction]. Source: metrics.md, Level 5 and Level 2. Version 1.
    """
    known = final.filter(_.views_settled.notnull() & _.creator_id.notnull())
    return known.group_by("creator_id").agg(
        n_final_posts=_.count(), n_viral_posts=_.is_viral.sum(), viral_rate=share(known.is_viral)
    )


def creator_followers(accounts: ibis.Table, account_snapshots: ibis.Table, period: Period) -> ibis.Table:
    """Followers that the accounts of each creator won in the period.

    Formula: sum of net_followers (see `accounts.follower_growth`) over the accounts whose own creator it is;
    what a creator's content wins on other accounts is not in it.

    Grain out: creator_id; n_own_accounts [accounts], n_grown_known [accounts of which it is known],
    net_followers [followers; NULL where known of none]. Source: metrics.md, Level 5. Version 1.
    """
    growth = follower_growth(account_snapshots, period).select("account_id", "net_followers")
    own = accounts.filter(_.creator_id.notnull()).select("account_id", "creator_id")
    joined = joined_by(own, (growth,), "account_id")
    return joined.group_by("creator_id").agg(
        n_own_accounts=_.count(), n_grown_known=_.net_followers.count(), net_followers=_.net_followers.sum()
    )


def creator_review(
    performance: ibis.Table,
    creators: ibis.Table,
    accounts: ibis.Table,
    account_snapshots: ibis.Table,
    period: Period,
    *,
    horizon: str = "120",
) -> ibis.Table:
    """Every creator with a post in the period, or an account of their own, in one row.

    Returns
    -------
    ibis.Table
        Grain creator_id: name, status, and the columns of `content_results`, `creator_viral_rate` and
        `creator_followers`.

    Source: metrics.md, Level 5. Version 1.
    """
    results = content_results(
        reached(performance, period, compared_hours(horizon)), by="creator_id", horizon=horizon
    )
    viral = creator_viral_rate(reached(performance, period, FINAL_HOURS))
    followers = creator_followers(accounts, account_snapshots, period)
    known = creators.select("creator_id", "name", "status")
    joined = joined_by(known, (results, viral, followers), "creator_id")
    present = joined.filter(_.n_posts.notnull() | _.n_own_accounts.notnull() | _.n_final_posts.notnull())
    return present.mutate(
        n_posts=_.n_posts.fill_null(0),
        n_mature_posts=_.n_mature_posts.fill_null(0),
        n_posting_accounts=_.n_posting_accounts.fill_null(0),
        n_outliers=_.n_outliers.fill_null(0),
        n_own_accounts=_.n_own_accounts.fill_null(0),
        n_grown_known=_.n_grown_known.fill_null(0),
    )


def set_results(mature: ibis.Table, sets: ibis.Table, *, horizon: str = "120") -> ibis.Table:
    """What the posts of each set did: see `content_results`.

    Grain out: set_id, where it has a post in the period; set_code, creator_id, created_on, and the columns of
    `content_results`. Source: metrics.md, Level 3 (set effects) and Level 5. Version 1.
    """
    results = content_results(mature, by="set_id", horizon=horizon)
    known = sets.select("set_id", "set_code", "creator_id", "created_on")
    return joined_by(results, (known,), "set_id")
