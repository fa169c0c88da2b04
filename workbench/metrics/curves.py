"""A post's counts over its age: from snapshots at whatever times to counts at the same age.

Posts can only be compared at the same age, and snapshots never fall on it; so counts are interpolated
between the two around it, where these are near enough, and unknown otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_

import ibis
import ibis.expr.types as ir
from ibis import _

from .counting import hours_between, known_sum

HORIZONS_HOURS = (24, 48, 72, 96, 120, 168, 720)
FINAL_HOURS = 720
COMPARED_HOURS = 120
SHORTEST_HOURS_OF_A_DATE = 48
"""Below this age, a posting time known only as a date says nothing."""


def aged_snapshots(posts: ibis.Table, post_snapshots: ibis.Table) -> ibis.Table:
    """Snapshots with the age of their post.

    Grain: post_id, captured_at, as `post_snapshots`; posts without a posting time have no age and are
    left out, and so are counts captured before the post went up (a clock or a time zone was wrong).

    Returns
    -------
    ibis.Table
        post_id, age_hours [h], is_dated (posting time known as a date only), captured_at, views, likes,
        comments, shares, saves, engagement [likes + comments + shares of those known; NULL if none is].

    Source: metrics.md, Posts (age_hours).
    """
    known = posts.filter(_.posted_at.notnull()).select(
        "post_id", "posted_at", is_dated=(_.posted_at_precision == "day").fill_null(False)
    )
    dated = post_snapshots.join(known, "post_id").mutate(age_hours=hours_between(_.captured_at, _.posted_at))
    return dated.filter(_.age_hours >= 0).select(
        "post_id", "captured_at", "age_hours", "is_dated", "views", "likes", "comments", "shares", "saves",
        engagement=known_sum(dated, ["likes", "comments", "shares"]),
    )  # fmt: skip


def steps(aged: ibis.Table, column: str = "views") -> ibis.Table:
    """Neighbouring snapshots of a post that know a count; the first follows age 0 with a count of 0.

    Grain: post_id, age_hours. Columns: is_dated, n [the count], previous_age_hours, previous_n, width_hours.
    """
    known = aged.filter(aged[column].notnull()).select("post_id", "age_hours", "is_dated", n=aged[column])
    window = ibis.window(group_by="post_id", order_by="age_hours")
    return known.mutate(
        previous_age_hours=_.age_hours.lag().over(window).fill_null(0.0),
        previous_n=_.n.lag().over(window).fill_null(0),
    ).mutate(width_hours=_.age_hours - _.previous_age_hours)


def counts_at(steps: ibis.Table, column: str, hours: Sequence[int] = HORIZONS_HOURS) -> ibis.Table:
    """Counts at the same age for every post: `views_at_24`, `views_at_48`, ...

    Formula: between the last snapshot at age <= h and the first at age >= h, a straight line; age 0 counts
    as 0. NULL when no snapshot has age >= h (not yet mature), or when the bracket is wider than the larger
    of 24 h and h / 2, or for h < 48 when only the date of posting is known. Never extrapolated.

    Grain in: see `steps`, of the same count. Grain out: post_id. Units: counts, as DOUBLE because of the
    interpolation.

    Source: metrics.md, Posts (views_at). Version 1.
    """
    crossing = reduce(or_, ((steps.previous_age_hours < h) & (steps.age_hours >= h) for h in hours))
    # A bracket around h that is narrow enough ends before this age.
    reach = max(h + _widest(h) for h in hours)
    near = steps.filter(
        crossing & ((steps.age_hours <= reach) | steps.age_hours.isin([float(h) for h in hours]))
    )
    return near.group_by("post_id").agg(
        **{
            f"{column}_at_{h}": _at(near, h).max(where=(near.previous_age_hours < h) & (near.age_hours >= h))
            for h in hours
        }
    )


def _at(steps: ibis.Table, h: int) -> ir.FloatingValue:
    """The count at age h, for the step that crosses it."""
    first = (steps.previous_age_hours, steps.previous_n)
    return count_between(h, first, (steps.age_hours, steps.n), steps.is_dated)


def count_between(
    h: int,
    first: tuple[ir.NumericValue, ir.NumericValue],
    last: tuple[ir.NumericValue, ir.NumericValue],
    is_dated: ir.BooleanValue,
) -> ir.FloatingValue:
    """The count at age h: on a straight line between the snapshots around it, each an age and a count."""
    width = last[0] - first[0]
    line = first[1] + (last[1] - first[1]) * ((h - first[0]) / width.nullif(0.0))
    exact, narrow = last[0] == h, width <= _widest(h)
    if h < SHORTEST_HOURS_OF_A_DATE:
        exact, narrow = exact & ~is_dated, narrow & ~is_dated
    return ibis.cases((exact, last[1].cast("float64")), (narrow, line), else_=ibis.null("float64"))


def _widest(h: float) -> float:
    """How far apart two snapshots around age h may be, in hours."""
    return max(24.0, h / 2)


def latest_counts(post_snapshots: ibis.Table) -> ibis.Table:
    """The newest known count of each kind, for every post that has a snapshot.

    Each count is the newest one *known*, so a scrape that saw no likes does not hide yesterday's.

    Grain out: post_id. captured_at: the newest snapshot's; n_snapshots: how many there are.
    """
    counts = ("views", "likes", "comments", "shares", "saves", "reposts", "downloads")
    return post_snapshots.group_by("post_id").agg(
        n_snapshots=_.count(),
        last_captured_at=_.captured_at.max(),
        **{
            c: post_snapshots[c].argmax(post_snapshots.captured_at, where=post_snapshots[c].notnull())
            for c in counts
        },
    )


def settled_views(counts: ibis.Table, aged: ibis.Table) -> ibis.Table:
    """Views once a post has settled: views_at(720), else the newest count taken at age >= 720 h.

    Grain out: post_id, as `counts`. views_settled [views; NULL while immature]; is_settled_late: TRUE where it
    is a later count and not views_at(720), NULL where views_settled is.

    Source: metrics.md, Posts (views_settled). Version 1.
    """
    late = aged.filter((_.age_hours >= FINAL_HOURS) & _.views.notnull()).group_by("post_id")
    late = late.agg(late_views=_.views.argmax(_.age_hours).cast("float64"))
    at_final = counts.select("post_id", final=_[f"views_at_{FINAL_HOURS}"])
    joined = at_final.outer_join(late, "post_id")
    return joined.select(
        post_id=ibis.coalesce(_.post_id, _.post_id_right),
        views_settled=ibis.coalesce(_.final, _.late_views),
        is_settled_late=ibis.cases(
            (_.final.notnull(), False), (_.late_views.notnull(), True), else_=ibis.null("boolean")
        ),
    )


def pace(steps: ibis.Table, settled: ibis.Table) -> ibis.Table:
    """How fast a post runs: its peak velocity and its half-life.

    peak_velocity_views_per_hour: the largest change of views an hour between neighbouring snapshots.
    half_life_hours: the first age at which views reach half of views_settled, on the straight line between the
    snapshots around it; NULL while immature. Neither is taken from neighbours further apart than the larger of
    24 h and half the later one's age, as what happened between them is unknown; nor, where only the date of
    posting is known, from the time of posting, and no half-life under 48 h then.

    Grain in: `steps` of views; `settled` (see `settled_views`). Grain out: post_id.
    Source: metrics.md, Posts (velocity, half_life_hours). Version 1.
    """
    goal = settled.select("post_id", half=_.views_settled / 2.0)
    between = steps.left_join(goal, "post_id").drop("post_id_right")
    between = between.mutate(gained=(_.n - _.previous_n).cast("float64"))
    near = (between.width_hours <= 24.0) | (between.width_hours <= between.age_hours / 2.0)
    since_a_date = between.is_dated & (between.previous_age_hours == 0)
    reached = (between.previous_n < between.half) & (between.n >= between.half)
    share = (between.half - between.previous_n) / between.gained.nullif(0.0)
    crossing = between.previous_age_hours + share * between.width_hours
    found = between.group_by("post_id").agg(
        peak_velocity_views_per_hour=(_.gained / _.width_hours.nullif(0.0)).max(where=near & ~since_a_date),
        is_dated=_.is_dated.any(),
        first_hours=crossing.min(where=reached),
        known_hours=crossing.min(where=reached & near),
    )
    # A later crossing is not the first: views can fall and rise again.
    is_known = (found.known_hours == found.first_hours) & (
        ~found.is_dated | (found.known_hours >= SHORTEST_HOURS_OF_A_DATE)
    )
    return found.select(
        "post_id", "peak_velocity_views_per_hour", half_life_hours=ibis.cases((is_known, found.known_hours))
    )


def ten_x_24h(steps: ibis.Table) -> ibis.Table:
    """Whether a post's engagement is at least ten times what it was 24 hours earlier, at its newest snapshot.

    Formula: engagement now >= 10 x engagement at (age now - 24 h), interpolated like views_at. NULL when the
    earlier count can't be known or is 0.

    Grain in: `steps` of engagement. Grain out: post_id; is_ten_x_24h [boolean].
    Source: metrics.md, Posts (ten_x_24h). Version 1.
    """
    now = steps.group_by("post_id").agg(now_n=_.n.argmax(_.age_hours), then_hours=_.age_hours.max() - 24.0)
    crossing = (
        steps.join(now.filter(_.then_hours > 0), "post_id")
        .filter((_.previous_age_hours < _.then_hours) & (_.age_hours >= _.then_hours))
        .filter(
            (_.width_hours <= 24.0) | (_.width_hours <= _.then_hours / 2.0) | (_.age_hours == _.then_hours)
        )
    )
    share = (crossing.then_hours - crossing.previous_age_hours) / crossing.width_hours.nullif(0.0)
    earlier = crossing.previous_n + (crossing.n - crossing.previous_n) * share
    return crossing.select("post_id", is_ten_x_24h=ibis.cases((earlier > 0, _.now_n >= 10.0 * earlier)))
