"""How many of those who saw posts did something about it, week by week."""

from __future__ import annotations

from datetime import timedelta

import ibis
from ibis import _

from .account_review import compared_hours
from .counting import ratio
from .periods import Period, reached


def engagement_over_time(performance: ibis.Table, period: Period, *, horizon: str = "120") -> ibis.Table:
    """Engagement by views of each week's posts, at the same age, pooled.

    Formula: sum(engagement at 120 h) / sum(views at 120 h) over the posts of which both are known; on the
    settled basis the newest counts of the posts that have settled. Only weeks of posting of which every post
    became old enough within the period.

    Grain out: platform, posted_week_on; n_mature_posts [posts in the sums], compared_views [views],
    compared_engagement [engagements], engagement_rate_by_views [fraction; NULL where views are 0].

    Source: metrics.md, Posts (engagement_rate_by_views). Version 1.
    """
    hours = compared_hours(horizon)
    age = timedelta(hours=hours)
    views, engagement = (
        ("views", "engagement") if horizon == "settled" else ("views_at_120", "engagement_at_120")
    )
    old = reached(performance, period, hours)
    if horizon == "settled":
        old = old.filter(_.views_settled.notnull())
    whole = old.filter(
        (_.posted_week_on >= period.from_on - age)
        & (_.posted_week_on <= period.to_on - age - timedelta(days=6))
    )
    known = whole.filter(whole[views].notnull() & whole[engagement].notnull())
    sums = known.group_by("platform", "posted_week_on").agg(
        n_mature_posts=_.count(),
        compared_views=known[views].sum().cast("float64"),
        compared_engagement=known[engagement].sum().cast("float64"),
    )
    return sums.mutate(engagement_rate_by_views=ratio(sums.compared_engagement, sums.compared_views))
