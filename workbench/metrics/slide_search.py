"""Level 1: images that were found by a text or a picture, and what is known of each."""

from __future__ import annotations

from datetime import datetime

import ibis
from ibis import _

from .counting import joined_by
from .image_pictures import image_pictures, slide_pictures
from .recommendations import CLEAR_CONFIDENCE, image_examples


def with_keys(slide_uses: ibis.Table) -> ibis.Table:
    """Uses by what they are found as: the image, else (where it has neither hash nor address) the text.

    Grain post_id, slide_index, of slides with one or the other: `slide_uses` with image_id so filled.
    """
    keyed = slide_uses.mutate(image_id=ibis.coalesce(slide_uses.image_id, slide_uses.text_id))
    return keyed.filter(_.image_id.notnull())


def distinct_texts(slides: ibis.Table) -> ibis.Table:
    """What was read on slides, each reading once: ocr_text."""
    return slides.filter(_.ocr_text.notnull()).select("ocr_text").distinct()


def images_that_say(slide_uses: ibis.Table, slides: ibis.Table, matches: ibis.Table) -> ibis.Table:
    """Images on which one of these texts was read, with how often they were used.

    Parameters
    ----------
    matches
        ocr_text, match_rate [fraction].

    Returns
    -------
    ibis.Table
        Grain image_id (see `with_keys`): match_rate [of its best text], image_text [that text; of several
        the one read most clearly],
        n_uses [posts], n_accounts_used [accounts], last_used_at [UTC].

    Source: metrics.md, Level 1 (use number). Version 1.
    """
    keyed = with_keys(slide_uses)
    clear = slides.ocr_confidence.fill_null(CLEAR_CONFIDENCE)
    read = slides.select("post_id", "slide_index", "ocr_text", confidence=clear).join(matches, "ocr_text")
    found = keyed.select("post_id", "slide_index", "image_id").join(read, ["post_id", "slide_index"])
    order = [ibis.desc("match_rate"), ibis.desc("confidence"), "ocr_text", "post_id"]
    best = ibis.window(group_by="image_id", order_by=order)
    placed = found.mutate(place=ibis.row_number().over(best)).filter(_.place == 0)
    said = placed.select("image_id", "match_rate", image_text="ocr_text")
    return joined_by(said, [uses_of(keyed.semi_join(said, "image_id"))], "image_id")


def uses_of(keyed: ibis.Table) -> ibis.Table:
    """How often images were used: image_id; n_uses, n_accounts_used, last_used_at as `recommendations.image_uses`."""
    return keyed.group_by("image_id").agg(
        n_uses=_.post_id.nunique(),
        n_accounts_used=_.account_id.nunique(),
        last_used_at=_.posted_at.max(),
    )


def what_is_known(
    few: ibis.Table,
    slide_uses: ibis.Table,
    slides: ibis.Table,
    media_files: ibis.Table,
    performance: ibis.Table,
    *,
    at: datetime,
    horizon: str = "120",
) -> ibis.Table:
    """A post to look at and a stored picture for each of a few images.

    Grain out: image_id of `few`; example_url [NULL where it is unknown], sha256, storage_key [NULL where no file is
    stored].

    Source: metrics.md, Level 1. Version 1.
    """
    uses = with_keys(slide_uses).semi_join(few, "image_id")
    examples = image_examples(uses, performance, at=at, horizon=horizon).drop("example_post_id")
    stored = image_pictures(uses, slide_pictures(slides.semi_join(uses, "post_id"), media_files))
    return joined_by(few.select("image_id"), [examples, stored], "image_id")


def distinct_pictures(slide_uses: ibis.Table, slides: ibis.Table) -> ibis.Table:
    """Pictures of images as slides show them, each once: image_id, sha256, phash, ocr_text (NULL where unread).

    Source: metrics.md, Level 1. Version 1.
    """
    images = slide_uses.filter(_.image_id.notnull()).select("post_id", "slide_index", "image_id", "text_id")
    shown = slides.select("post_id", "slide_index", "sha256", "phash", "ocr_text")
    both = images.join(shown, ["post_id", "slide_index"])
    read = ibis.cases((both.text_id.notnull(), both.ocr_text))
    return both.select("image_id", "text_id", "sha256", "phash", ocr_text=read).distinct()
