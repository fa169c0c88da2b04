"""What first slides say, and how the posts did that open with it."""

from __future__ import annotations

import ibis
from ibis import _

from .recommendations import CLEAR_CONFIDENCE, image_texts


def hook_posts(
    slide_uses: ibis.Table, slides: ibis.Table, mature: ibis.Table, *, horizon: str = "120"
) -> ibis.Table:
    """Posts by what their first slide says, and how they did against their account's usual.

    Formula: a hook says what the clearest reading of its image says (see `recommendations.image_texts`), so that a
    misreading makes no other words; a slide whose image is unknown says what was read on itself.

    Parameters
    ----------
    mature
        Rows of `post_performance` (see `Asked.mature`).
    horizon
        `120` or `settled`: the age at which posts are compared.

    Returns
    -------
    ibis.Table
        Grain post_id, of posts with a known log outlier and account whose first slide is read: account_id, hook_text
        [as it was read], use_number [of its image; NULL where that is unknown], log_outlier [natural log].

    Source: metrics.md, Level 1 (slide_lift). Version 1.
    """
    hooks = slide_uses.filter(_.is_hook).select("post_id", "slide_index", "image_id", "use_number")
    outcome = mature[f"log_outlier_{horizon}"]
    known = mature.filter(outcome.notnull() & mature.account_id.notnull())
    known = known.select("post_id", "account_id", log_outlier=outcome)
    confidence = _.ocr_confidence.fill_null(CLEAR_CONFIDENCE)
    read = slides.filter(_.ocr_text.notnull() & (confidence >= CLEAR_CONFIDENCE))
    own = read.select("post_id", "slide_index", own_text=_.ocr_text)
    posts = hooks.join(known, "post_id").left_join(own, ["post_id", "slide_index"])
    posts = posts.drop("post_id_right", "slide_index_right")
    told = posts.left_join(image_texts(hooks, slides), "image_id")
    said = told.mutate(hook_text=ibis.coalesce(told.image_text, told.own_text))
    return said.filter(_.hook_text.notnull()).select(
        "post_id", "account_id", "hook_text", "use_number", "log_outlier"
    )
