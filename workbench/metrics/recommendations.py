"""Which images an account may show again: rested, of its own creators, the best of them first."""

from __future__ import annotations

from datetime import datetime, timedelta

import ibis
import ibis.expr.types as ir
from ibis import _

from .counting import hours_between
from .effects import outcomes_of_slides, uses_of_images

REST_HERE_DAYS = 60
"""Days that an image rests on an account before it comes back to it."""
REST_ANYWHERE_DAYS = 14
"""Days that an image rests everywhere."""
CLEAR_CONFIDENCE = 0.5
"""Confidence of reading from which a slide's text counts as read."""


def uses_before(slide_uses: ibis.Table, at: datetime) -> ibis.Table:
    """Uses of images before an instant; uses of unknown time are left out.

    Grain: post_id, slide_index, as `slide_uses`.
    """
    return slide_uses.filter(_.image_id.notnull() & (_.posted_at < ibis.literal(at, "timestamp")))


def days_since(at: datetime, used_at: ir.TimestampValue) -> ir.IntegerValue:
    """Whole days from a use to `at`; NULL where there was none."""
    days: ir.IntegerValue = (
        (hours_between(ibis.literal(at, "timestamp"), used_at) / 24.0).floor().cast("int64")
    )
    return days


def image_uses(slide_uses: ibis.Table, at: datetime) -> ibis.Table:
    """How often each image was used before an instant, and when last.

    Two slides of one post that show the same image are one use.

    Grain in: post_id, slide_index. Grain out: image_id; n_uses [posts], n_accounts_used [accounts],
    first_used_at, last_used_at [UTC], days_since_used [whole days up to `at`].

    Source: metrics.md, Level 1 (reuse recommendation). Version 1.
    """
    images = uses_before(slide_uses, at).group_by("image_id")
    totals = images.agg(
        n_uses=_.post_id.nunique(),
        n_accounts_used=_.account_id.nunique(),
        first_used_at=_.posted_at.min(),
        last_used_at=_.posted_at.max(),
    )
    return totals.mutate(days_since_used=days_since(at, totals.last_used_at))


def uses_so_far(slide_uses: ibis.Table, at: datetime) -> ibis.Table:
    """`image_uses` of all images at once: only n_uses, last_used_at and days_since_used.

    Uses of an image are numbered without gaps, so the last number is how many there were.
    """
    images = uses_before(slide_uses, at).group_by("image_id")
    totals = images.agg(n_uses=_.use_number.max(), last_used_at=_.posted_at.max())
    return totals.mutate(days_since_used=days_since(at, totals.last_used_at))


def recommended_images(
    images: ibis.Table,
    slide_uses: ibis.Table,
    accounts: ibis.Table,
    *,
    at: datetime,
    per_account: int,
) -> ibis.Table:
    """The first `per_account` images for each account, of those worth showing again.

    An account is offered images of its own creators (`accounts.creator_id`, and those whose content it has
    posted) and images it has used itself. An image is left out where it was used on the account less than 60 days
    before `at`, or anywhere less than 14. Accounts marked inactive or removed are left out, and so are accounts of
    platforms on which no slide was ever used.

    Parameters
    ----------
    images
        The images that are worth showing again: image_id, and expected_multiple [of the account's usual views].

    Returns
    -------
    ibis.Table
        Grain account_id, image_id: place [1 is best: by expected_multiple, then image_id], expected_multiple,
        last_used_here_at [UTC; NULL where the account never used it], days_since_used_here.

    Source: metrics.md, Level 1 (reuse recommendation). Version 1.
    """
    used = uses_before(slide_uses, at)
    recent = used.filter(_.posted_at > ibis.literal(at - timedelta(days=REST_ANYWHERE_DAYS), "timestamp"))
    rested = images.select("image_id", "expected_multiple").anti_join(recent, "image_id")
    # One pass over the uses: who showed what of whom, and when last.
    shown = used.semi_join(rested, "image_id")
    by_whom = shown.group_by("image_id", "account_id", "creator_id").agg(last_used_here_at=_.posted_at.max())
    here = by_whom.filter(_.account_id.notnull()).group_by("account_id", "image_id")
    here = here.agg(last_used_here_at=_.last_used_here_at.max())
    pairs = _own_images(by_whom, here, used, accounts)
    pairs = pairs.semi_join(_open_accounts(slide_uses, accounts), "account_id")
    joined = pairs.left_join(here, ["account_id", "image_id"]).select(
        "account_id", "image_id", "last_used_here_at"
    )
    long_ago = ibis.literal(at - timedelta(days=REST_HERE_DAYS), "timestamp")
    free = joined.filter(_.last_used_here_at.isnull() | (_.last_used_here_at <= long_ago))
    order = ibis.window(group_by="account_id", order_by=[ibis.desc("expected_multiple"), "image_id"])
    ranked = free.join(rested, "image_id").mutate(place=ibis.row_number().over(order) + 1)
    first = ranked.filter(_.place <= per_account).select(
        "account_id", "place", "image_id", "expected_multiple", "last_used_here_at"
    )
    return first.mutate(days_since_used_here=days_since(at, first.last_used_here_at))


def raw_multiples(slide_uses: ibis.Table, mature: ibis.Table, *, horizon: str = "120") -> ibis.Table:
    """What the posts of each image did, before chance is taken off: what `recommended_images` can be asked of at once.

    Formula: exp of the mean log_outlier of the posts that use the image. Images that did no better than usual are left
    out. Grain out: image_id; expected_multiple.

    Source: metrics.md, Level 1 (slide_lift). Version 1.
    """
    outcomes = outcomes_of_slides(mature, slide_uses, horizon=horizon)
    uses = uses_of_images(slide_uses, outcomes).select("post_id", "image_id")
    joined = uses.join(outcomes.select("post_id", "log_outlier"), "post_id")
    means = joined.group_by("image_id").agg(expected_multiple=_.log_outlier.mean().exp())
    return means.filter(_.expected_multiple > 1)


def _own_images(by_whom: ibis.Table, here: ibis.Table, used: ibis.Table, accounts: ibis.Table) -> ibis.Table:
    """Pairs of an account and an image of one of its creators, or that it has used itself."""
    assigned = accounts.filter(_.creator_id.notnull()).select("account_id", "creator_id")
    posted = used.filter(_.creator_id.notnull() & _.account_id.notnull()).select("account_id", "creator_id")
    creators = _either(assigned, posted.distinct())
    made = by_whom.filter(_.creator_id.notnull()).select("image_id", "creator_id").distinct()
    by_creator = creators.join(made, "creator_id").select("account_id", "image_id")
    return _either(by_creator, here.select("account_id", "image_id"))


def _either(one: ibis.Table, other: ibis.Table) -> ibis.Table:
    """Rows of ids in one or the other, each once; an id that can't be NULL meets one that can."""
    nullable = dict.fromkeys(one.columns, "string")
    return ibis.union(one.cast(nullable), other.cast(nullable), distinct=True)


def _open_accounts(slide_uses: ibis.Table, accounts: ibis.Table) -> ibis.Table:
    """Accounts that may be posted on: not inactive or removed, of a platform that shows slides."""
    closed = ~_.is_active.fill_null(True) | _.checked_state.fill_null("").isin(["removed", "private"])
    platforms = slide_uses.select("platform").distinct()
    return accounts.filter(~closed).semi_join(platforms, "platform").select("account_id")


def slideshow_baselines(performance: ibis.Table, *, at: datetime, horizon: str = "120") -> ibis.Table:
    """What each account's slideshows usually get: the newest known baseline.

    The baseline of the account's latest slideshow before `at`; of its latest post of any kind where no slideshow has
    one (of posts of one instant, that whose id comes first). Grain out: account_id; usual_views [views]. Accounts
    without a baseline have no row.

    Source: metrics.md, Posts (baseline_views). Version 1.
    """
    column = "baseline_views_settled" if horizon == "settled" else f"baseline_views_at_{horizon}"
    known = performance.filter(
        performance[column].notnull() & _.account_id.notnull() & (_.posted_at < ibis.literal(at, "timestamp"))
    ).select(
        "post_id",
        "account_id",
        "posted_at",
        usual_views=performance[column],
        has_slides=(_.post_type.fill_null("") == "slideshow") | (_.slide_count.fill_null(0) > 0),
    )
    latest = known.group_by("account_id").agg(
        slides_at=_.posted_at.max(where=_.has_slides), any_at=_.posted_at.max()
    )
    chosen = known.join(latest, "account_id").filter(
        ibis.cases(
            (_.slides_at.notnull(), _.has_slides & (_.posted_at == _.slides_at)),
            else_=_.posted_at == _.any_at,
        )
    )
    first = ibis.window(group_by="account_id", order_by="post_id")
    placed = chosen.mutate(newest=ibis.row_number().over(first))
    return placed.filter(_.newest == 0).select("account_id", "usual_views")


def image_texts(slide_uses: ibis.Table, slides: ibis.Table) -> ibis.Table:
    """What is written on each image: the text of its clearest reading.

    Of the uses of an image, the reading of most confidence (of two as clear, the first slide of the post whose id
    comes first); readings of confidence under 0.5 and empty ones don't count. Grain out: image_id; image_text.

    Source: metrics.md, Level 1. Version 1.
    """
    confidence = _.ocr_confidence.fill_null(CLEAR_CONFIDENCE)
    read = slides.filter(_.ocr_text.notnull() & (confidence >= CLEAR_CONFIDENCE))
    read = read.select("post_id", "slide_index", "ocr_text", confidence=confidence)
    uses = slide_uses.filter(_.image_id.notnull()).select("post_id", "slide_index", "image_id")
    joined = uses.join(read, ["post_id", "slide_index"])
    # Ranked and not filtered: an engine would look at the text of every slide there is before it joins the few.
    told = joined.mutate(blank=ibis.cases((_.ocr_text.strip() == "", 1), else_=0))
    order = ibis.window(
        group_by="image_id", order_by=["blank", ibis.desc("confidence"), "slide_index", "post_id"]
    )
    clearest = told.mutate(clearest=ibis.row_number().over(order))
    kept = clearest.filter((_.clearest == 0) & (_.blank == 0))
    return kept.select("image_id", image_text="ocr_text")


def image_examples(
    slide_uses: ibis.Table, performance: ibis.Table, *, at: datetime, horizon: str = "120"
) -> ibis.Table:
    """A post to look at for each image: the one that did best against its account's usual.

    Posts whose outlier is unknown come after those with one, the newest first. Grain out: image_id;
    example_post_id, example_url [NULL where the post's address is unknown].

    Source: metrics.md, Level 1. Version 1.
    """
    used = uses_before(slide_uses, at).select("image_id", "post_id", "posted_at")
    told = performance.select("post_id", "url", outlier=performance[f"outlier_{horizon}"])
    joined = used.left_join(told, "post_id").mutate(outlier=_.outlier.fill_null(-1.0))
    order = ibis.window(
        group_by="image_id", order_by=[ibis.desc("outlier"), ibis.desc("posted_at"), "post_id"]
    )
    best = joined.mutate(best=ibis.row_number().over(order)).filter(_.best == 0)
    return best.select("image_id", example_post_id="post_id", example_url="url")
