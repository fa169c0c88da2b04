"""Sufficient statistics of effects: what a mixed model and a shrunk mean need of the posts, in few rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import ibis
from ibis import _

from .accounts import engagement_quality
from .counting import known_sum, ratio, share
from .outliers import BREAKOUT, FLOOR_VIEWS

CELL_KEYS = ("account_id", "va_id", "creator_id", "month_on", "post_type")
"""What posts of one cell share."""


def log_views(views: ibis.Value, floor: float = FLOOR_VIEWS) -> ibis.Value:
    """ln(max(views, floor)); NULL where the views are unknown. The floor is at least 1 view."""
    floor = max(float(floor), 1.0)
    return ibis.cases((views.notnull(), ibis.greatest(views.cast("float64"), floor).ln()))


def effect_cells(
    mature: ibis.Table,
    *,
    horizon: str = "120",
    floor: float = FLOOR_VIEWS,
    by: Sequence[str] = CELL_KEYS,
) -> ibis.Table:
    """Posts as cells: number, sum and sum of squares of ln views, for each combination of who and when.

    Parameters
    ----------
    mature
        Rows of `post_performance` (see `Asked.mature`).
    horizon
        `120` or `settled`: which views.
    by
        Columns of a cell; `month_on` is the first day of the local month of posting.

    Returns
    -------
    ibis.Table
        One row per combination of `by` (NULL is one of its values), of the posts whose views and account are
        known: n_posts [posts], total_log_views [natural log], squared_log_views [its square, added up].

    Source: metrics.md, Level 3 (va_effect). Version 1.
    """
    views = mature.views_settled if horizon == "settled" else mature[f"views_at_{horizon}"]
    known = mature.mutate(
        value=log_views(views, floor),
        month_on=_.posted_local_on.truncate("M").cast("timestamp").cast("date"),
    ).filter(_.value.notnull() & _.account_id.notnull())
    return known.group_by(list(by)).agg(
        n_posts=_.count(),
        total_log_views=_.value.sum(),
        squared_log_views=(_.value * _.value).sum(),
    )


def outcomes_of_slides(mature: ibis.Table, slide_uses: ibis.Table, *, horizon: str = "120") -> ibis.Table:
    """Posts that show images, and how they did against their account's usual.

    Grain out: post_id, of posts with a known log outlier and a known image; account_id, platform,
    posted_week_on, log_outlier [natural log].

    Source: metrics.md, Level 1 (slide_lift). Version 1.
    """
    shown = slide_uses.filter(_.image_id.notnull())
    known = mature.filter(mature[f"log_outlier_{horizon}"].notnull() & _.account_id.notnull())
    return known.semi_join(shown, "post_id").select(
        "post_id", "account_id", "platform", "posted_week_on", log_outlier=known[f"log_outlier_{horizon}"]
    )


NEXT_POSTS = 20
"""Posts whose baselines stand in for that of an account's first posts."""


def outcomes_from_the_start(
    mature: ibis.Table, slide_uses: ibis.Table, *, horizon: str = "120", floor: float = FLOOR_VIEWS
) -> ibis.Table:
    """`outcomes_of_slides`, and an account's first posts too, which have no baseline yet.

    Formula: where log_outlier is unknown, ln max(views, floor) less the mean ln baseline of the account's first 20
    posts of the type that have one, less what log_outlier takes out for the week. First posts show images for the
    first time; without them, how an image began is unknown just where it was used most since.

    Grain out: post_id, of posts with known views and a known image; account_id, platform, posted_week_on, va_id,
    log_outlier [natural log; NULL without a baseline], against_next [the same, stood in for where it is NULL].

    Source: metrics.md, Level 1 (reuse_decay). Version 1.
    """
    shown = slide_uses.filter(_.image_id.notnull())
    views = mature["views_settled" if horizon == "settled" else f"views_at_{horizon}"]
    known = mature.filter(_.account_id.notnull()).select(
        "post_id", "account_id", "platform", "posted_week_on", "posted_at", "va_id",
        kind=mature.post_type.fill_null(""),
        value=log_views(views, floor),
        usual=ratio(views, mature[f"outlier_{horizon}"]).nullif(0.0).ln(),
        log_outlier=mature[f"log_outlier_{horizon}"],
    )  # fmt: skip
    with_usual = known.filter(_.usual.notnull())
    order = ibis.window(group_by=["account_id", "kind"], order_by=["posted_at", "post_id"])
    first = with_usual.mutate(place=ibis.row_number().over(order)).filter(_.place < NEXT_POSTS)
    next_usual = first.group_by("account_id", "kind").agg(next_usual=_.usual.mean())
    weeks = with_usual.group_by("platform", "posted_week_on").agg(
        of_week=(_.value - _.usual - _.log_outlier).mean()
    )
    joined = known.semi_join(shown, "post_id").left_join(next_usual, ["account_id", "kind"])
    joined = joined.left_join(weeks, ["platform", "posted_week_on"])
    stood_in = joined.value - joined.next_usual - joined.of_week.fill_null(0.0)
    told = joined.mutate(against_next=ibis.coalesce(joined.log_outlier, stood_in))
    return told.filter(_.against_next.notnull()).select(
        "post_id", "account_id", "platform", "posted_week_on", "va_id", "log_outlier", "against_next"
    )


def uses_of_images(slide_uses: ibis.Table, outcomes: ibis.Table) -> ibis.Table:
    """Which images those posts show: a post uses an image once, however many of its slides show it.

    Grain out: post_id, image_id; is_hook [it is the first slide], use_number, gap_days [days].
    Source: metrics.md, Level 1 (use number). Version 1.
    """
    known = slide_uses.filter(_.image_id.notnull() & _.use_number.notnull()).semi_join(outcomes, "post_id")
    return known.group_by("post_id", "image_id").agg(
        is_hook=_.is_hook.any(), use_number=_.use_number.min(), gap_days=_.gap_days.min()
    )


def last_uses(slide_uses: ibis.Table, until: datetime) -> ibis.Table:
    """How often each image was used before an instant.

    Grain out: image_id; last_use_number [its uses, as they are numbered without gaps].
    """
    past = slide_uses.filter(_.image_id.notnull() & (_.posted_at < ibis.literal(until, "timestamp")))
    return past.group_by("image_id").agg(last_use_number=_.use_number.max())


def quality_of_sets(mature: ibis.Table, *, horizon: str = "120") -> ibis.Table:
    """How the posts of each set broke out and were liked.

    Grain out: set_id; n_mature_posts [posts with a count at the age], breakout_rate [fraction, of those with an
    outlier], engagement_quality [fraction: (likes + 3 comments + 5 shares + 4 saves) / views, pooled; saves only
    where every mature post of every set has them].

    Source: metrics.md, Level 3 (set score). Version 1.
    """
    views = mature["views_settled" if horizon == "settled" else f"views_at_{horizon}"]
    known = views.notnull()
    engaged = known & known_sum(mature, ["likes", "comments", "shares"]).notnull()
    found = (
        mature.filter(_.set_id.notnull())
        .group_by("set_id")
        .agg(
            n_mature_posts=known.sum(),
            breakout_rate=share(mature[f"outlier_{horizon}"] >= BREAKOUT),
            n_saves_known=mature.saves.count(where=known),
            engaged_views=mature.views.sum(where=engaged),
            **{c: mature[c].sum(where=engaged) for c in ("likes", "comments", "shares", "saves")},
        )
    )
    without_saves = (found.n_mature_posts - found.n_saves_known).sum().over(ibis.window())
    quality = ibis.cases(
        (without_saves == 0, engagement_quality(found, saves=True)),
        else_=engagement_quality(found, saves=False),
    )
    return found.select("set_id", "n_mature_posts", "breakout_rate", engagement_quality=quality)
