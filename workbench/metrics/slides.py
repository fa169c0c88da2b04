"""Level 1: uses of images, and what they did."""

from __future__ import annotations

from datetime import datetime

import ibis
import ibis.expr.types as ir
from ibis import _

from .counting import hours_between, joined_by, share
from .outliers import BREAKOUT
from .periods import Period
from .recommendations import image_examples, image_uses

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


RESULTS = (
    "url", "views", "views_at_48", "views_at_120", "views_settled", "outlier_120", "outlier_settled",
    "log_outlier_120", "log_outlier_settled", "is_viral",
)  # fmt: skip
"""What `uses_with_results` tells of a use's post."""


def uses_with_results(slide_uses: ibis.Table, performance: ibis.Table, period: Period) -> ibis.Table:
    """Uses of images by posts of a period, and what these posts did: the posts that use slide X, for one image_id.

    Grain in and out: post_id, slide_index; the posts went up within the period, so the youngest have no counts at
    the compared age yet. Columns: those of the mart, and RESULTS of `post_performance`.

    Source: metrics.md, Level 1. Version 1.
    """
    within = slide_uses.filter(
        (_.posted_at >= ibis.literal(period.from_at, "timestamp"))
        & (_.posted_at < ibis.literal(period.to_at, "timestamp"))
    )
    return joined_by(within, [performance.select("post_id", *RESULTS)], "post_id")


def slide_results(
    slide_uses: ibis.Table, mature: ibis.Table, *, at: datetime, horizon: str = "120", hooks: bool = False
) -> ibis.Table:
    """What the posts did that show each image, and how it has been used.

    Formula: medians over the posts that use the image and whose count at the compared age is known; breakout_rate =
    share with outlier >= 3, of those whose outlier is known. A post that shows the image twice counts once. These
    are raw figures: what is due to the image itself is its lift.

    Parameters
    ----------
    mature
        Rows of `post_performance` of the period (see `periods.reached`).
    at
        Uses are counted up to here; the instant after the period.
    horizon
        `120` (hours), or `settled`.
    hooks
        Only uses as the first slide.

    Returns
    -------
    ibis.Table
        Grain image_id, of images that a post of `mature` uses: n_posts, n_mature_posts, n_outliers [posts],
        median_views [views], median_outlier [multiple of usual], breakout_rate [fraction]; over all uses before
        `at`: n_uses [posts], n_accounts_used [accounts], first_used_at, last_used_at [UTC], days_since_used [days],
        example_post_id, example_url [the post of `mature` that did best against its
        account's usual; the newest where that is known of none].

    Source: metrics.md, Level 1. Version 1.
    """
    uses = slide_uses.filter(_.is_hook) if hooks else slide_uses
    results = results_by(uses, mature, "image_id", horizon=horizon)
    few = uses.semi_join(results, "image_id")
    shown = few.semi_join(mature, "post_id")
    parts = (image_uses(few, at), image_examples(shown, mature, at=at, horizon=horizon))
    return joined_by(results, parts, "image_id")


def results_by(slide_uses: ibis.Table, mature: ibis.Table, key: str, *, horizon: str = "120") -> ibis.Table:
    """What the posts did that use each image (`key` image_id) or each text (text_id). See `slide_results`."""
    posts = mature.select(
        "post_id",
        at_age=mature["views_settled" if horizon == "settled" else f"views_at_{horizon}"],
        multiple=mature[f"outlier_{horizon}"],
    )
    used = slide_uses.filter(_[key].notnull()).select(key, "post_id").distinct()
    joined = used.join(posts, "post_id")
    return joined.group_by(key).agg(
        n_posts=_.count(),
        n_mature_posts=joined.at_age.count(),
        median_views=joined.at_age.median(),
        median_outlier=joined.multiple.median(),
        n_outliers=joined.multiple.count(),
        breakout_rate=share(joined.multiple >= BREAKOUT),
    )


def text_results(
    slide_uses: ibis.Table,
    slides: ibis.Table,
    mature: ibis.Table,
    *,
    at: datetime,
    horizon: str = "120",
    least_images: int = 1,
) -> ibis.Table:
    """What the posts did that show each text. A text on several images is a reused hook.

    Grain out: text_id, of texts on `least_images` images or more before `at` that a post of `mature` shows; ocr_text
    [one reading of it], n_images [images], n_uses [posts], last_used_at [UTC]; n_posts, n_mature_posts, n_outliers,
    median_views, median_outlier, breakout_rate as in `slide_results`.

    Source: metrics.md, Level 1 (reused hook). Version 1.
    """
    uses = slide_uses.filter(_.text_id.notnull() & (_.posted_at < ibis.literal(at, "timestamp")))
    spread = (
        uses.group_by("text_id")
        .agg(n_images=_.image_id.nunique(), n_uses=_.post_id.nunique(), last_used_at=_.posted_at.max())
        .filter(_.n_images >= least_images)
    )
    few = uses.semi_join(spread, "text_id")
    read = few.join(slides.select("post_id", "slide_index", "ocr_text"), ["post_id", "slide_index"])
    said = read.group_by("text_id").agg(ocr_text=_.ocr_text.min())
    results = results_by(few, mature, "text_id", horizon=horizon)
    return joined_by(results, (spread, said), "text_id")
