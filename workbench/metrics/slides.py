"""Level 1: uses of images, and what they did."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
from ibis import _

from .counting import hours_between

FIRST_SLIDE = 1


def slide_uses(slide_images: ibis.Table, posts: ibis.Table) -> ibis.Table:
    """Uses of images, one row a slide: which use of its image it is, and how long after the last one.

    Formula: uses of an image are numbered 1, 2, ... by posted_at, then post_id; a post that shows an image twice
    uses it once, and both slides bear that number. gap_days = days since the use before.

    Grain in: `slide_images`: post_id, slide_index; `posts`: post_id. Grain out: post_id, slide_index, for every
    slide.

    Returns
    -------
    ibis.Table
        post_id, slide_index, image_id, text_id, platform, account_id, creator_id, set_id, va_id, posted_at,
        is_hook (it is slide 1), use_number, gap_days [days], account_use_number, account_gap_days [days: on the
        same account]. NULL: image_id where the slide has neither hash nor address; numbers and gaps there too, and
        where posted_at is unknown; gaps at the first use; those of an account where it is unknown.

    Source: metrics.md, Level 1 (use number, gap_days). Version 1.
    """
    who = posts.select("post_id", "platform", "account_id", "creator_id", "set_id", "va_id", "posted_at")
    slides = slide_images.left_join(who, "post_id").drop("post_id_right")
    dated = slides.filter(_.image_id.notnull() & _.posted_at.notnull())
    once = dated.group_by("image_id", "post_id").agg(
        account_id=_.account_id.max(), posted_at=_.posted_at.max()
    )
    order = ["posted_at", "post_id"]
    anywhere = ibis.window(group_by="image_id", order_by=order)
    there = ibis.window(group_by=["image_id", "account_id"], order_by=order)
    on_account = once.account_id.notnull()
    uses = once.select(
        "image_id",
        "post_id",
        use_number=ibis.row_number().over(anywhere) + 1,
        gap_days=_days_between(once.posted_at, once.posted_at.lag().over(anywhere)),
        account_use_number=ibis.cases((on_account, ibis.row_number().over(there) + 1)),
        account_gap_days=ibis.cases(
            (on_account, _days_between(once.posted_at, once.posted_at.lag().over(there)))
        ),
    )
    joined = slides.left_join(uses, ["post_id", "image_id"])
    return joined.select(
        "post_id", "slide_index", "image_id", "text_id", "platform", "account_id", "creator_id", "set_id", "va_id",
        "posted_at", "use_number", "gap_days", "account_use_number", "account_gap_days",
        is_hook=joined.slide_index == FIRST_SLIDE,
    )  # fmt: skip


def _days_between(later: ir.TimestampValue, earlier: ir.TimestampValue) -> ir.FloatingValue:
    return hours_between(later, earlier) / 24.0
