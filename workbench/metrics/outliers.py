"""How a post did against what its account usually does at the same age."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
from ibis import _

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
    first = numbered.mutate(
        start=_.place.min().over(ibis.window(group_by=["account_id", "kind", "posted_at"]))
    )
    others = numbered.filter(_.value.notnull()).select(
        "account_id", "kind", other_place="place", other_id="post_id", value="value"
    )
    pairs = first.select("post_id", "account_id", "kind", "start").join(
        others,
        [
            "account_id",
            "kind",
            _.other_place < _.start,
            _.other_place >= _.start - PREVIOUS_POSTS,
        ],
    )
    mine = ibis.window(group_by="post_id")
    ranked = pairs.mutate(
        n=_.count().over(mine),
        r=ibis.row_number().over(ibis.window(group_by="post_id", order_by=["value", "other_id"])),
    )
    upper = ibis.least(ranked.r + 1.0, 0.75 * ranked.n)
    lower = ibis.greatest(ranked.r.cast("float64"), 0.25 * ranked.n)
    weighed = ranked.mutate(weight=ibis.greatest(upper - lower, 0.0))
    means = (
        weighed.filter(_.n >= FEWEST_POSTS)
        .group_by("post_id")
        .agg(baseline=(_.weight * _.value).sum() / _.weight.sum(), n_baseline=_.n.max())
    )
    return means.select("post_id", "baseline", "n_baseline")


def outlier(views: ir.NumericValue, baseline: ir.NumericValue, floor: float = FLOOR_VIEWS) -> ir.FloatingValue:
    """views / max(baseline, floor): 1 is usual. NULL where either is unknown."""
    return ibis.cases(
        (baseline.notnull(), views / ibis.greatest(baseline, floor)), else_=ibis.null("float64")
    )


def raw_log_outlier(views: ir.NumericValue, baseline: ir.NumericValue, floor: float = FLOOR_VIEWS) -> ir.FloatingValue:
    """ln(max(views, floor) / max(baseline, floor)), before season and drift are taken out."""
    known = views.notnull() & baseline.notnull()
    return ibis.cases(
        (known, (ibis.greatest(views, floor) / ibis.greatest(baseline, floor)).ln()), else_=ibis.null("float64")
    )


def less_week(table: ibis.Table, column: str) -> ir.FloatingValue:
    """A log outlier minus its mean over the platform and the week of posting: season and drift taken out.

    Source: metrics.md, Posts (log_outlier). Version 1.
    """
    week = ibis.window(group_by=[table.platform, table.posted_local_on.truncate("W")])
    return table[column] - table[column].mean().over(week)
