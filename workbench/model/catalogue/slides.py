"""Level 1 by name."""

from __future__ import annotations

import ibis

from ...metrics import recommendations as rested
from ...metrics import reposts, slides
from ...metrics.effects import outcomes_of_slides, uses_of_images
from ..recommendations import PER_ACCOUNT, recommendations
from ..slide_effects import hook_lifts, reuse_decay, slide_lifts
from ..slide_themes import text_themes, text_themes_asked
from .metric import Asked, Metric


def _results(a: Asked, *, hooks: bool) -> ibis.Table:
    return slides.slide_results(
        a.tables("slide_uses"), a.mature, at=a.period.to_at, horizon=a.horizon, hooks=hooks
    )


def _shown(a: Asked) -> ibis.Table:
    uses = a.tables("slide_uses")
    return uses_of_images(uses, outcomes_of_slides(a.mature, uses, horizon=a.horizon))


def _candidates(a: Asked) -> ibis.Table:
    """Images for each account by what their posts did, before chance and wear are taken off."""
    uses = a.tables("slide_uses")
    return rested.recommended_images(
        rested.raw_multiples(uses, a.mature, horizon=a.horizon),
        uses,
        a.tables("accounts"),
        at=a.period.to_at,
        per_account=PER_ACCOUNT,
    )


METRICS: tuple[Metric, ...] = (
    Metric(
        "slide_uses",
        "Uses of images by the posts of the period, and what these posts did.",
        lambda a: slides.uses_with_results(a.tables("slide_uses"), a.tables("post_performance"), a.period),
        ("posted_at", "post_id", "slide_index"),
        days=None,
    ),
    Metric(
        "slide_results",
        "Every image: what the posts did that show it, how often and when it was used.",
        lambda a: _results(a, hooks=False),
        ("image_id",),
        days=None,
    ),
    Metric(
        "hook_results",
        "Every image that was a first slide: what the posts did that begin with it.",
        lambda a: _results(a, hooks=True),
        ("image_id",),
        days=None,
    ),
    Metric(
        "text_results",
        "Every text of a slide: on how many images it stands (a reused hook: several), what the posts did.",
        lambda a: slides.text_results(
            a.tables("slide_uses"), a.tables("slides"), a.mature, at=a.period.to_at, horizon=a.horizon
        ),
        ("text_id",),
        days=None,
    ),
    Metric(
        "repost_pairs",
        "Posts of the period that share half of their images or more with an earlier one.",
        lambda a: reposts.repost_pairs(
            a.tables("slide_uses"),
            a.tables("slides"),
            a.tables("post_performance"),
            a.period,
            horizon=a.horizon,
        ),
        ("posted_at", "post_id", "earlier_post_id"),
    ),
    Metric(
        "slide_lift",
        "What each image does to a post that shows it, with its interval.",
        _shown,
        ("image_id",),
        days=None,
        finish=slide_lifts,
    ),
    Metric(
        "hook_lift",
        "What each image does to a post that opens with it, with its interval.",
        _shown,
        ("image_id",),
        days=None,
        finish=hook_lifts,
    ),
    Metric(
        "reuse_decay",
        "What the second, third and later use of an image does against its first.",
        _shown,
        ("use_number",),
        days=None,
        finish=reuse_decay,
    ),
    Metric(
        "text_themes",
        "Words on first slides, and how hooks with them did beyond other hooks, with their interval.",
        text_themes_asked,
        ("theme",),
        days=None,
        finish=text_themes,
    ),
    Metric(
        "recommendations",
        "Images that each account should show again, what to expect of them, and why.",
        _candidates,
        ("account_id", "place"),
        days=None,
        finish=recommendations,
    ),
)
