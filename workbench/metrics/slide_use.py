"""How slides are used: week by week, and whether an image wears out beyond the usual."""

from __future__ import annotations

import math
from collections.abc import Mapping

import ibis
import ibis.expr.types as ir
from ibis import _

from .counting import ratio
from .periods import Period
from .weekly import week_of_instant, weeks_up_to


def weekly_slides(slide_uses: ibis.Table, period: Period, *, weeks: int = 9) -> ibis.Table:
    """What was shown in each week, by the time of posting.

    Grain in: post_id, slide_index. Grain out: week_on, of weeks with slides; n_slide_posts [posts that show an image],
    n_images_used [images], n_new_images [images used for the first time], n_slides_used [slides],
    reused_slide_share [fraction: slides that show an image for the second time or later].

    Source: metrics.md, Level 1 (use number). Version 1.
    """
    shown = weeks_up_to(period, weeks)
    # The bounds stand alone too, so that an engine can skip what is out of range.
    within = slide_uses.filter(
        _.image_id.notnull()
        & (_.posted_at >= ibis.literal(shown[0].from_at, "timestamp"))
        & (_.posted_at < ibis.literal(shown[-1].to_at, "timestamp"))
    )
    dated = within.mutate(week_on=week_of_instant(within.posted_at, shown))
    totals = dated.group_by("week_on").agg(
        n_slide_posts=_.post_id.nunique(),
        n_images_used=_.image_id.nunique(),
        n_new_images=_.image_id.nunique(where=_.use_number == 1),
        n_slides_used=_.count(),
        n_reused=(_.use_number > 1).sum(),
    )
    return totals.mutate(reused_slide_share=ratio(totals.n_reused, totals.n_slides_used)).drop("n_reused")


def weekly_lifts(
    slide_uses: ibis.Table,
    lifts: ibis.Table,
    period: Period,
    *,
    weeks: int = 9,
    reuse_decay: Mapping[int, float] | None = None,
) -> ibis.Table:
    """How well each week chose what it showed again: what such images do at such a use.

    Formula: the median, over slides whose image was used before, of first_use_lift x decay at the slide's use number.
    Of new images the week's own posts are all that is known, so they are not in it; and with the decay taken at the
    use itself, what an image lost since doesn't make the weeks before look worse.

    Parameters
    ----------
    lifts
        image_id, first_use_lift [multiple: the image's lift, its wear taken off].
    reuse_decay
        Use number -> multiple of the first use; the largest holds for all later uses.

    Returns
    -------
    ibis.Table
        Grain week_on: median_slide_lift [multiple], n_lift_slides [reused slides whose image has a lift].

    Source: metrics.md, Level 1 (slide_lift, reuse_decay). Version 1.
    """
    shown = weeks_up_to(period, weeks)
    within = slide_uses.filter(
        (_.use_number > 1)
        & (_.posted_at >= ibis.literal(shown[0].from_at, "timestamp"))
        & (_.posted_at < ibis.literal(shown[-1].to_at, "timestamp"))
    )
    joined = within.select("image_id", "posted_at", "use_number").join(lifts, "image_id")
    dated = joined.select(
        week_on=week_of_instant(joined.posted_at, shown),
        lift=joined.first_use_lift * _usual(joined.use_number, reuse_decay or {}).exp(),
    )
    return dated.group_by("week_on").agg(median_slide_lift=_.lift.median(), n_lift_slides=_.count())


def image_halves(
    slide_uses: ibis.Table,
    performance: ibis.Table,
    *,
    horizon: str = "120",
    reuse_decay: Mapping[int, float] | None = None,
) -> ibis.Table:
    """The earlier and the later half of each image's uses, by what their posts did against the usual.

    Formula: the uses of an image whose log_outlier is known, in the order of posting, less ln of the usual decay at
    their use number; the earlier half (with the middle one, where their number is odd) against the later.

    Parameters
    ----------
    reuse_decay
        Use number -> multiple of the first use; the largest holds for all later uses. None: nothing is taken out.

    Returns
    -------
    ibis.Table
        Grain image_id: n_first, n_recent [posts], mean_first, mean_recent [natural log; NULL in an empty half],
        squares [sum of squared distances from the mean of their half].

    Source: metrics.md, Level 1 (tired slides). Version 1.
    """
    uses = slide_uses.filter(_.image_id.notnull() & _.use_number.notnull())
    once = uses.group_by("image_id", "post_id").agg(use_number=_.use_number.min())
    known = performance.select("post_id", value=performance[f"log_outlier_{horizon}"])
    joined = once.join(known.filter(_.value.notnull()), "post_id")
    order = ibis.window(group_by="image_id", order_by=["use_number", "post_id"])
    numbered = joined.mutate(
        place=ibis.row_number().over(order),
        n=_.count().over(ibis.window(group_by="image_id")),
        value=joined.value - _usual(joined.use_number, reuse_decay or {}),
    )
    halved = numbered.mutate(is_recent=_.place * 2 >= _.n)
    sums = halved.group_by("image_id").agg(
        n_first=(~halved.is_recent).sum(),
        n_recent=halved.is_recent.sum(),
        first=halved.value.sum(where=~halved.is_recent),
        recent=halved.value.sum(where=halved.is_recent),
        squared=(halved.value * halved.value).sum(),
    )
    means = sums.mutate(mean_first=ratio(_.first, _.n_first), mean_recent=ratio(_.recent, _.n_recent))
    around = means.squared - means["first"] * means.mean_first
    return means.select(
        "image_id",
        "n_first",
        "n_recent",
        "mean_first",
        "mean_recent",
        squares=around - (means.recent * means.mean_recent).fill_null(0.0),
    )


def _usual(use_number: ir.IntegerValue, reuse_decay: Mapping[int, float]) -> ir.FloatingValue:
    """ln of the usual decay at a use number; that of the largest known number for all later ones."""
    latest_first = sorted(reuse_decay.items(), reverse=True)
    if not latest_first:
        return ibis.literal(0.0)
    return ibis.cases(*[(use_number >= k, math.log(decay)) for k, decay in latest_first], else_=0.0)
