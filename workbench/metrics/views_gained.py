"""Views at an instant, and what came between two."""

from __future__ import annotations

from datetime import timedelta

import ibis
from ibis import _

from .counting import hours_between
from .curves import FINAL_HOURS, SHORTEST_HOURS_OF_A_DATE
from .periods import Period
from .weekly import week_of_instant, weeks_up_to

KEPT_DAYS = 60
"""Age up to which views are kept week by week in the mart `post_weeks`; later a post has settled."""


def views_then(posts: ibis.Table, view_steps: ibis.Table, wanted: ibis.Table) -> ibis.Table:
    """A post's views at instants, such as the first of a month.

    Formula: views_at(h) of the age h that the post had then: a straight line between the snapshots around it, NULL
    where there is none after or they are further apart than the larger of 24 h and h / 2. Never extrapolated.

    Parameters
    ----------
    view_steps
        See `metrics.curves.steps`, of views.
    wanted
        post_id, seen_at.

    Grain out: post_id, seen_at, only where known; views_then [views]. Source: metrics.md, Posts (views_at). Version 1.
    """
    dated = posts.filter(_.posted_at.notnull()).select("post_id", "posted_at")
    asked = wanted.join(dated, "post_id").mutate(then_hours=hours_between(_.seen_at, _.posted_at))
    asked = asked.filter(_.then_hours > 0).select("post_id", "seen_at", "then_hours")
    met = asked.join(
        view_steps,
        [
            asked.post_id == view_steps.post_id,
            view_steps.previous_age_hours < asked.then_hours,
            view_steps.age_hours >= asked.then_hours,
        ],
    )
    near = (met.width_hours <= 24.0) | (met.width_hours <= met.then_hours / 2.0)
    exact = met.age_hours == met.then_hours
    too_young = met.is_dated & (met.then_hours < SHORTEST_HOURS_OF_A_DATE)
    share = (met.then_hours - met.previous_age_hours) / met.width_hours.nullif(0.0)
    return met.filter((near | exact) & ~too_young).select(
        "post_id", "seen_at", views_then=met.previous_n + (met.n - met.previous_n) * share
    )


def views_gained(performance: ibis.Table, weekly: ibis.Table, period: Period) -> ibis.Table:
    """Views that each post gained within whole ISO weeks.

    Of posts that were up before the period's end and not yet 720 h old at its start. Falls count 0; a post past 720 h
    at the end without a count near it is taken at its settled views; NULL where one of the ends can't be known.

    Parameters
    ----------
    weekly
        The mart `post_weeks`: post_id, week_on, views_then [views at the start of the week]; only where known.

    Grain out: post_id; gained_views [views; NULL where unknown]. Source: metrics.md, Level 4 (rpm). Version 1.
    """
    begin, end = (ibis.literal(at, "timestamp") for at in (period.from_at, period.to_at))
    age = ibis.interval(hours=FINAL_HOURS)
    posts = performance.filter((_.posted_at < end) & (_.posted_at + age > begin)).select(
        "post_id", "posted_at", "views_settled"
    )
    first = weekly.filter(_.week_on == ibis.literal(period.from_on, "date")).select(
        begin_id="post_id", views_begin="views_then"
    )
    after = period.shifted(period.days).from_on
    last = weekly.filter(_.week_on == ibis.literal(after, "date")).select(
        end_id="post_id", views_end="views_then"
    )
    seen = posts.left_join(first, posts.post_id == first.begin_id).left_join(
        last, posts.post_id == last.end_id
    )
    start = ibis.cases((seen.posted_at >= begin, 0.0), else_=seen.views_begin)
    stop = ibis.coalesce(seen.views_end, ibis.cases((seen.posted_at + age <= end, seen.views_settled)))
    return seen.select(
        "post_id",
        gained_views=ibis.cases(
            (start.notnull() & stop.notnull(), ibis.greatest(stop - start, 0.0)), else_=ibis.null("float64")
        ),
    )


def weekly_views_gained(
    performance: ibis.Table, weekly: ibis.Table, period: Period, *, weeks: int = 9
) -> ibis.Table:
    """Views that posts gained in each week.

    Of posts that were not yet 720 h old when it began and whose views are known at both its ends; of those that went
    up in it, at its end. Falls count 0.

    Grain out: week_on; gained_views [views], n_gaining [posts in it]. Source: metrics.md, Level 4 (rpm). Version 1.
    """
    shown = weeks_up_to(period, weeks)
    first, last = shown[0].from_on, shown[-1].shifted(7).from_on
    near = weekly.filter(_.week_on.between(first, last))
    young = performance.filter(
        _.posted_at >= ibis.literal(shown[0].from_at - timedelta(hours=FINAL_HOURS), "timestamp")
    )
    new = young.mutate(week_on=week_of_instant(young.posted_at, shown)).filter(_.week_on.notnull())
    new = new.select("post_id", "week_on", views_begin=ibis.literal(0.0))
    begun = near.join(young.select("post_id", "posted_at"), "post_id")
    old = begun.filter(begun.posted_at + ibis.interval(hours=FINAL_HOURS) > begun.week_on.cast("timestamp"))
    begins = ibis.union(new, old.select("post_id", "week_on", views_begin="views_then"))
    ends = near.select(end_id="post_id", end_on="week_on", views_end="views_then")
    after = begins.week_on + ibis.interval(days=7)
    met = begins.join(ends, [begins.post_id == ends.end_id, after == ends.end_on])
    return met.group_by("week_on").agg(
        gained_views=ibis.greatest(met.views_end - met.views_begin, 0.0).sum(), n_gaining=_.count()
    )
