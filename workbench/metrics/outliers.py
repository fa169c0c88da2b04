"""How a post did against what its account usually does at the same age."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
from ibis import _

from .counting import ratio

PREVIOUS_POSTS = 100
FEWEST_POSTS = 5
FLOOR_VIEWS = 100.0
BREAKOUT = 3.0


def baseline_views(posts: ibis.Table, views: str) -> ibis.Table:
    """What the account's posts do at the same age: an interquartile mean.

    Formula: over the account's previous up to 100 posts of the same post_type, posted before this one, the
    mean of the middle half of the known `views` (a value on the edge of the half counts by the part of it that
    lies inside). NULL with fewer than 5 known.

    This is the definition, in portable expressions; `workbench.model.baselines` computes the same over arrays,
    forty times as fast, for the marts.

    Grain in: post_id, with account_id, post_type, posted_at and the column `views`. Grain out: post_id;
    baseline [views], n_baseline [posts].

    Source: metrics.md, Posts (baseline_views), after CrowdTangle's over-performing score. Version 1.
    """
    kind = posts.post_type.fill_null("")
    order = ibis.window(group_by=["account_id", "kind"], order_by=["posted_at", "post_id"])
    numbered = (
        posts.filter(_.posted_at.notnull() & _.account_id.notnull())
        .mutate(kind=kind)
        .select("post_id", "account_id", "kind", "posted_at", value=posts[views])
        .mutate(place=ibis.row_number().over(order))
    )
    instant = ibis.window(group_by=["account_id", "kind", "posted_at"])
    later = numbered.select("post_id", "account_id", "kind", end=_.place.min().over(instant))
    earlier = numbered.filter(_.value.notnull()).select(
        "account_id", "kind", earlier_place="place", earlier_id="post_id", value="value"
    )
    pairs = later.join(
        earlier,
        [
            "account_id",
            "kind",
            earlier.earlier_place < later.end,
            earlier.earlier_place >= later.end - PREVIOUS_POSTS,
        ],
    )
    mine = ibis.window(group_by="post_id")
    ranked = pairs.mutate(
        n=_.count().over(mine),
        r=ibis.row_number().over(ibis.window(group_by="post_id", order_by=["value", "earlier_id"])),
    )
    upper = ibis.least(ranked.r + 1.0, 0.75 * ranked.n)
    lower = ibis.greatest(ranked.r.cast("float64"), 0.25 * ranked.n)
    weighed = ranked.mutate(weight=ibis.greatest(upper - lower, 0.0))
    means = (
        weighed.filter(_.n >= FEWEST_POSTS)
        .group_by("post_id")
        .agg(baseline=ratio((_.weight * _.value).sum(), _.weight.sum()), n_baseline=_.n.max())
    )
    return means.select("post_id", "baseline", "n_baseline")


def outlier(
    views: ir.NumericValue, baseline: ir.NumericValue, floor: float = FLOOR_VIEWS
) -> ir.FloatingValue:
    """views / max(baseline, floor): 1 is usual. NULL where either is unknown."""
    return ibis.cases((baseline.notnull(), ratio(views, ibis.greatest(baseline, floor))))


def raw_log_outlier(
    views: ir.NumericValue, baseline: ir.NumericValue, floor: float = FLOOR_VIEWS
) -> ir.FloatingValue:
    """ln(max(views, floor) / max(baseline, floor)), before season and drift are taken out.

    NULL where either is unknown, or 0 while the floor is 0.
    """
    known = views.notnull() & baseline.notnull()
    multiple = ratio(ibis.greatest(views, floor), ibis.greatest(baseline, floor))
    return ibis.cases((known, multiple.nullif(0.0).ln()))


def less_week(table: ibis.Table, columns: Sequence[str]) -> ibis.Table:
    """Log outliers minus their mean over the platform and the week of posting: season and drift taken out.

    Grain: as `table`, which has platform and posted_week_on. NULL where the week of posting is unknown.
    Source: metrics.md, Posts (log_outlier). Version 1.
    """
    weeks = table.group_by("platform", "posted_week_on").agg(
        **{f"mean_{c}": table[c].mean() for c in columns}
    )
    joined = table.left_join(weeks, ["platform", "posted_week_on"])
    return joined.mutate(**{c: joined[c] - joined[f"mean_{c}"] for c in columns}).drop(
        *[c for c in joined.columns if c not in table.columns]
    )
