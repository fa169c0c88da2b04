"""Level 5: content on its way: stages, age, throughput, what is overdue."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
from ibis import _

from .counting import hours_between
from .periods import Period
from .weekly import week_of_instant, weeks_up_to

PUBLISHED_STAGES = ("published", "posted", "live", "done")
"""Stages, in any case, that a finished item is in."""
DROPPED_STAGES = ("archived", "canceled", "cancelled", "dropped", "rejected")
"""Stages of items that nobody works on any more."""


def _is_one_of(stage: ir.StringValue, stages: tuple[str, ...]) -> ir.BooleanValue:
    return stage.fill_null("").strip().lower().isin(stages)


def open_items(content_items: ibis.Table, period: Period) -> ibis.Table:
    """Content items that are neither published nor dropped, with their age at the end of a period.

    Only an item's present stage is known. One that entered it after the period has no age in it: NULL.

    Grain out: content_id; title, creator_id, stage, stage_since_at, due_on, days_in_stage [days], days_overdue
    [days past due_on by the period's last day, from 1; NULL where not overdue]. Items made after the period are
    left out. Source: metrics.md, Level 5 (pipeline). Version 1.
    """
    end = ibis.literal(period.to_at, "timestamp")
    last_on = ibis.literal(period.to_on, "date")
    going = content_items.filter(
        ~_is_one_of(_.stage, PUBLISHED_STAGES + DROPPED_STAGES)
        & (ibis.coalesce(_.created_at, _.stage_since_at, end - ibis.interval(days=1)) < end)
    )
    return going.select(
        "content_id",
        "title",
        "creator_id",
        "stage",
        "stage_since_at",
        "due_on",
        days_in_stage=ibis.cases(
            (going.stage_since_at <= end, hours_between(end, going.stage_since_at) / 24.0)
        ),
        days_overdue=ibis.cases((going.due_on < last_on, last_on.delta(going.due_on, unit="day"))),
    )


def pipeline_stages(content_items: ibis.Table, period: Period) -> ibis.Table:
    """Open content items by stage at the end of a period.

    Grain out: stage [`unknown` where an item has none]; n_items, n_aged [of these, with a known age], n_overdue
    [content items], median_days_in_stage, longest_days_in_stage [days].

    Source: metrics.md, Level 5 (pipeline: items by stage, age in stage). Version 1.
    """
    items = open_items(content_items, period)
    return items.group_by(stage=_.stage.fill_null("unknown")).agg(
        n_items=_.count(),
        n_aged=_.days_in_stage.count(),
        n_overdue=_.days_overdue.count(),
        median_days_in_stage=_.days_in_stage.median(),
        longest_days_in_stage=_.days_in_stage.max(),
    )


def overdue_items(content_items: ibis.Table, period: Period) -> ibis.Table:
    """Open content items whose day has passed by the end of a period: see `open_items`.

    Source: metrics.md, Level 5 (pipeline: overdue). Version 1.
    """
    return open_items(content_items, period).filter(_.days_overdue.notnull())


def published_items(content_items: ibis.Table, content_posts: ibis.Table, posts: ibis.Table) -> ibis.Table:
    """When each content item came out.

    Formula: posting time of its first post; without one, when it entered a published stage.

    Grain out: content_id, where it did come out at a known time; creator_id, published_at [UTC].
    Source: metrics.md, Level 5 (pipeline: throughput). Version 1.
    """
    times = posts.select("post_id", posted="posted_at")
    first = (
        content_posts.left_join(times, "post_id")
        .group_by("content_id")
        .agg(first_at=ibis.coalesce(_.posted, _.posted_at).min())
    )
    joined = content_items.left_join(first, "content_id")
    entered = ibis.cases((_is_one_of(joined.stage, PUBLISHED_STAGES), joined.stage_since_at))
    dated = joined.select("content_id", "creator_id", published_at=ibis.coalesce(joined.first_at, entered))
    return dated.filter(_.published_at.notnull())


def weekly_deliveries(
    content_items: ibis.Table,
    content_posts: ibis.Table,
    posts: ibis.Table,
    sets: ibis.Table,
    period: Period,
    *,
    weeks: int = 9,
) -> ibis.Table:
    """What each creator delivered in each week: sets made, items begun, items out.

    Grain out: week_on, creator_id [NULL: nobody is named]; n_new_sets [sets], n_begun_items, n_published_items
    [content items]. A week in which nothing happened has no row.

    Source: metrics.md, Level 5 (pipeline: throughput a week). Version 1.
    """
    shown = weeks_up_to(period, weeks)
    nothing = ibis.literal(0, "int64")
    one = ibis.literal(1, "int64")
    begun = content_items.select(
        "creator_id",
        week_on=week_of_instant(_.created_at, shown),
        is_set=nothing,
        is_begun=one,
        is_out=nothing,
    )
    out = published_items(content_items, content_posts, posts).select(
        "creator_id",
        week_on=week_of_instant(_.published_at, shown),
        is_set=nothing,
        is_begun=nothing,
        is_out=one,
    )
    made = ibis.cases(
        *[(sets.created_on.between(w.from_on, w.to_on), ibis.literal(w.from_on, "date")) for w in shown]
    )
    new = sets.select("creator_id", week_on=made, is_set=one, is_begun=nothing, is_out=nothing)
    events = ibis.union(begun, out, new).filter(_.week_on.notnull())
    return events.group_by("week_on", "creator_id").agg(
        n_new_sets=_.is_set.sum(), n_begun_items=_.is_begun.sum(), n_published_items=_.is_out.sum()
    )


def pipeline_throughput(deliveries: ibis.Table) -> ibis.Table:
    """What all creators together delivered in each week (see `weekly_deliveries`).

    Grain out: week_on; n_new_sets [sets], n_begun_items, n_published_items [content items].
    Source: metrics.md, Level 5 (pipeline: throughput a week). Version 1.
    """
    return deliveries.group_by("week_on").agg(
        n_new_sets=_.n_new_sets.sum(),
        n_begun_items=_.n_begun_items.sum(),
        n_published_items=_.n_published_items.sum(),
    )
