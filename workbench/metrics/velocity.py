"""A post's course between its snapshots, and its counts at whatever age is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import ibis
from ibis import _
from ibis.expr import types as ir

from .counting import joined_by, ratio
from .curves import COMPARED_HOURS, HORIZONS_HOURS, aged_snapshots, count_between

COUNTS = ("views", "likes", "comments", "shares", "saves")


def counts_at_age(
    posts: ibis.Table,
    post_snapshots: ibis.Table,
    *,
    hours: Sequence[int] = (COMPARED_HOURS,),
    columns: Sequence[str] = COUNTS,
) -> ibis.Table:
    """Counts of every kind at exactly the ages asked for: `views_at_36`, `likes_at_36`, ...

    Formula: see `curves.counts_at`; each kind is interpolated between the snapshots that know it. Any age
    will do, not only the horizons of the marts.

    Grain in: post_id; post_id, captured_at. Grain out: post_id, for every post of `posts`. Units: counts, as
    DOUBLE because of the interpolation; NULL while younger, and where the snapshots around the age are too
    far apart.

    Source: metrics.md, Posts (views_at, likes_at, ...). Version 1.
    """
    aged = aged_snapshots(posts, post_snapshots)
    around: dict[str, ir.Value] = {}
    for c, h in product(columns, hours):
        until, since = (aged[c].notnull() & near for near in (aged.age_hours <= h, aged.age_hours >= h))
        around |= {
            f"{c}_{h}_from": aged.age_hours.max(where=until),
            f"{c}_{h}_first": aged[c].argmax(aged.age_hours, where=until),
            f"{c}_{h}_to": aged.age_hours.min(where=since),
            f"{c}_{h}_last": aged[c].argmin(aged.age_hours, where=since),
        }
    known = aged.group_by("post_id", "is_dated").agg(**around)
    counts = known.select(
        "post_id",
        **{
            f"{c}_at_{h}": count_between(
                h,
                (known[f"{c}_{h}_from"].fill_null(0.0), known[f"{c}_{h}_first"].fill_null(0)),
                (known[f"{c}_{h}_to"], known[f"{c}_{h}_last"]),
                known.is_dated,
            )
            for c, h in product(columns, hours)
        },
    )
    return joined_by(posts.select("post_id").view(), [counts], "post_id")


def post_velocity(posts: ibis.Table, post_snapshots: ibis.Table) -> ibis.Table:
    """How a post's views moved between neighbouring snapshots.

    Formula: views_gained = views - views of the snapshot before; velocity_views_per_hour = views_gained /
    hours between the two; velocity_score = views_gained / views before; acceleration = (velocity - velocity
    of the step before) / |velocity of the step before|. The first snapshot follows age 0 with 0 views, so its
    velocity_score is NULL; its velocity too where only the date of posting is known. NULL where a divisor is 0.

    Grain out: post_id, captured_at, where views are known. Units: step_hours, age_hours [h]; views_gained
    [views; negative where the platform took some back]; velocity_views_per_hour [views per hour];
    velocity_score, acceleration [fractions of what was before].

    Source: metrics.md, Posts (velocity, velocity_score, acceleration). Version 1.
    """
    aged = aged_snapshots(posts, post_snapshots)
    known = aged.filter(_.views.notnull())
    in_time = ibis.window(group_by="post_id", order_by="captured_at")
    paired = known.mutate(
        is_first=_.views.lag().over(in_time).isnull(),
        views_before=_.views.lag().over(in_time).fill_null(0),
        step_hours=_.age_hours - _.age_hours.lag().over(in_time).fill_null(0.0),
    )
    moved = paired.mutate(views_gained=_.views - _.views_before)
    moved = moved.mutate(
        velocity_views_per_hour=ibis.cases(
            (~(moved.is_first & moved.is_dated), ratio(moved.views_gained, moved.step_hours))
        ),
        velocity_score=ratio(moved.views_gained, moved.views_before),
    )
    run = moved.mutate(slower=_.velocity_views_per_hour.lag().over(in_time))
    return run.select(
        "post_id", "captured_at", "age_hours", "step_hours", "views", "views_gained", "velocity_views_per_hour",
        "velocity_score", acceleration=ratio(run.velocity_views_per_hour - run.slower, run.slower.abs()),
    )  # fmt: skip


def passed_within(performance: ibis.Table, *, views: int, hours: int = 48) -> ibis.Table:
    """Posts that had passed a number of views by an age: more than 10,000 within 48 hours, unless told otherwise.

    Formula: views_at(hours) > views. A post whose count at that age can't be known is not in it.

    Grain: post_id. `hours` is a horizon of the mart. Source: metrics.md, Posts (views_at). Version 1.
    """
    at = f"views_at_{hours}"
    return performance.filter(performance[at] > views).select(
        "post_id", "account_id", "va_id", "posted_at", at, "views", "outlier_120"
    )


def views_at_horizons(performance: ibis.Table) -> ibis.Table:
    """Every post's views at exactly 24, 48, 72, 96, 120, 168 and 720 hours.

    Grain: post_id. Units: views; NULL where a post was younger, or its snapshots lie too far apart.
    Source: metrics.md, Posts (views_at). Version 1.
    """
    at = [f"views_at_{h}" for h in HORIZONS_HOURS]
    return performance.select("post_id", "account_id", "post_type", "posted_at", *at, "views_settled")
