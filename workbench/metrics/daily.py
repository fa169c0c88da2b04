"""Accounts day by day."""

from __future__ import annotations

import ibis
from ibis import _


def account_daily(performance: ibis.Table, account_snapshots: ibis.Table) -> ibis.Table:
    """One row for an account and a day on which it posted or was looked at.

    Days are local for posts (the account's zone) and UTC for snapshots. followers, following, total_posts,
    total_likes, total_views: the day's last known. followers_gained: against the last known day before,
    which `days_since_known` tells. n_posts: posts of the day; views_posted: their newest views.

    Grain in: post_id (see `post_performance`); account_id, captured_at. Grain out: account_id, day_on.
    Units: counts; NULL where nothing was known that day. Source: metrics.md, Level 2. Version 1.
    """
    counts = ("followers", "following", "total_posts", "total_likes", "total_views")
    looked = (
        account_snapshots.mutate(day_on=_.captured_at.date())
        .group_by("account_id", "day_on")
        .agg(
            **{
                c: account_snapshots[c].argmax(
                    account_snapshots.captured_at, where=account_snapshots[c].notnull()
                )
                for c in counts
            }
        )
    )
    by_day = ibis.window(group_by="account_id", order_by="day_on")
    known = looked.filter(_.followers.notnull()).select("account_id", "day_on", "followers")
    gained = known.mutate(
        previous=_.followers.lag().over(by_day), previous_on=_.day_on.lag().over(by_day)
    ).select(
        "account_id",
        "day_on",
        followers_gained=_.followers - _.previous,
        days_since_known=_.day_on.delta(_.previous_on, unit="day"),
    )
    posted = (
        performance.filter(_.posted_local_on.notnull() & _.account_id.notnull())
        .group_by("account_id", day_on=_.posted_local_on)
        .agg(n_posts=_.count(), views_posted=_.views.sum())
    )
    keys = [
        t.select(account_id=_.account_id.cast("string"), day_on=_.day_on.cast("date"))
        for t in (looked, posted)
    ]
    days = ibis.union(*keys, distinct=True)
    joined = days
    for part in (looked, gained, posted):
        joined = joined.left_join(part, ["account_id", "day_on"]).drop("account_id_right", "day_on_right")
    return joined.mutate(n_posts=_.n_posts.fill_null(0))
