"""The whole agency, week by week."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
from ibis import _

from .counting import known_sum, ratio, share
from .curves import FINAL_HOURS
from .outliers import BREAKOUT
from .periods import Period, reached


def weeks_up_to(period: Period, weeks: int) -> list[Period]:
    """The `weeks` weeks that end with the period's, oldest first."""
    last = Period.week_of(period.to_on, period.time_zone)
    return [last.shifted(-7 * back) for back in range(weeks - 1, -1, -1)]


def week_of_instant(at: ir.TimestampValue, weeks: list[Period]) -> ir.DateValue:
    """The Monday of the local week that an instant (UTC) lies in; NULL outside the given weeks."""
    return ibis.cases(
        *[
            (
                (at >= ibis.literal(w.from_at, "timestamp")) & (at < ibis.literal(w.to_at, "timestamp")),
                ibis.literal(w.from_on, "date"),
            )
            for w in weeks
        ]
    )


def weekly_results(
    performance: ibis.Table, period: Period, *, hours: int, horizon: str, weeks: int = 9
) -> ibis.Table:
    """What the posts that reached the compared age in each week did.

    Grain out: week_on; n_posts, n_mature_posts [posts], median_views [views], median_outlier [multiple of usual],
    breakout_rate, engagement_rate_by_views [fractions, pooled]; n_viral_posts [posts, of those that reached 720 h
    in the week and have settled; NULL where none has].

    Source: metrics.md, Level 2. Version 1.
    """
    shown = weeks_up_to(period, weeks)
    dated = _reached_in_weeks(performance, hours, shown)
    views = dated["views_settled" if horizon == "settled" else f"views_at_{horizon}"]
    outlier = dated[f"outlier_{horizon}"]
    engaged = known_sum(dated, ["likes", "comments", "shares"])
    known = views.notnull()
    totals = dated.group_by("week_on").agg(
        n_posts=_.count(),
        n_mature_posts=known.sum(),
        median_views=views.median(),
        median_outlier=outlier.median(),
        breakout_rate=share(outlier >= BREAKOUT),
        engaged=engaged.sum(where=known & dated.views.notnull()),
        seen=dated.views.sum(where=known & engaged.notnull()),
    )
    rated = totals.mutate(engagement_rate_by_views=ratio(totals.engaged, totals.seen)).drop("engaged", "seen")
    final = _reached_in_weeks(performance, FINAL_HOURS, shown).filter(_.views_settled.notnull())
    viral = final.group_by("week_on").agg(n_viral_posts=_.is_viral.sum())
    return (
        rated.outer_join(viral, "week_on")
        .mutate(week_on=ibis.coalesce(_.week_on, _.week_on_right))
        .drop("week_on_right")
    )


def _reached_in_weeks(performance: ibis.Table, hours: int, weeks: list[Period]) -> ibis.Table:
    """Posts with the week in which they reached an age, of the weeks given."""
    whole = Period(weeks[0].from_on, weeks[-1].to_on, weeks[0].time_zone)
    reached_at = _.posted_at + ibis.interval(hours=hours)
    return reached(performance, whole, hours).mutate(week_on=week_of_instant(reached_at, weeks))


def weekly_followers(account_snapshots: ibis.Table, period: Period, *, weeks: int = 9) -> ibis.Table:
    """Followers at the end of each week, and how many came.

    Grain out: week_on; followers [of the accounts known in the week], net_followers [followers: the
    difference to the week before, over the accounts known in both], n_accounts [accounts known in both].

    Source: metrics.md, Level 2 (follower growth). Version 1.
    """
    shown = weeks_up_to(period, weeks + 1)
    # The range first, which an engine can skip by; then the week of what is left.
    within = account_snapshots.filter(
        _.followers.notnull()
        & (_.captured_at >= ibis.literal(shown[0].from_at, "timestamp"))
        & (_.captured_at < ibis.literal(shown[-1].to_at, "timestamp"))
    )
    ends = (
        within.mutate(week_on=week_of_instant(_.captured_at, shown))
        .group_by("account_id", "week_on")
        .agg(followers=_.followers.argmax(_.captured_at))
    )
    by_week = ibis.window(group_by="account_id", order_by="week_on")
    moved = ends.mutate(previous=_.followers.lag().over(by_week), previous_on=_.week_on.lag().over(by_week))
    both = moved.previous_on.notnull() & (moved.previous_on + ibis.interval(days=7) == moved.week_on)
    return moved.group_by("week_on").agg(
        followers=_.followers.sum(),
        net_followers=(moved.followers - moved.previous).sum(where=both),
        n_accounts=both.sum(),
    )
