"""Level 1: the stored files that show what images look like."""

from __future__ import annotations

import ibis
from ibis import _

_FILE = ("sha256", "storage_key")


def slide_pictures(slides: ibis.Table, media_files: ibis.Table) -> ibis.Table:
    """The stored file of each slide that has one.

    Grain out: post_id, slide_index; sha256, storage_key, both known.

    Source: metrics.md, Level 1. Version 1.
    """
    stored = media_files.filter(_.storage_key.notnull()).select(*_FILE)
    shown = slides.filter(_.sha256.notnull()).select("post_id", "slide_index", "sha256")
    return shown.join(stored, "sha256").select("post_id", "slide_index", *_FILE)


def image_pictures(slide_uses: ibis.Table, pictures: ibis.Table) -> ibis.Table:
    """A stored file to show for each image: the one that most of its slides show, of two the first by its hash.

    Formula: slides of the image are counted by file; images without a stored file are left out.

    Parameters
    ----------
    pictures
        See `slide_pictures`.

    Returns
    -------
    ibis.Table
        Grain image_id: sha256, storage_key.

    Source: metrics.md, Level 1. Version 1.
    """
    uses = slide_uses.filter(_.image_id.notnull()).select("post_id", "slide_index", "image_id")
    files = uses.join(pictures, ["post_id", "slide_index"])
    counted = files.group_by("image_id", *_FILE).agg(n_slides=_.count())
    order = ibis.window(group_by="image_id", order_by=[ibis.desc("n_slides"), "sha256"])
    most = counted.mutate(place=ibis.row_number().over(order)).filter(_.place == 0)
    return most.select("image_id", *_FILE)


def hook_images(slide_uses: ibis.Table) -> ibis.Table:
    """The images that each text opened posts on, with how many posts.

    Grain out: text_id, image_id; n_uses [posts].

    Source: metrics.md, Level 1 (reused hook). Version 1.
    """
    hooks = slide_uses.filter(_.is_hook & _.text_id.notnull() & _.image_id.notnull())
    return hooks.group_by("text_id", "image_id").agg(n_uses=_.post_id.nunique())


def slides_of(posts: ibis.Table, slide_uses: ibis.Table, slides: ibis.Table) -> ibis.Table:
    """The slides of some posts, with the image and the file that each shows and what is written on it.

    Grain out: post_id, slide_index; image_id, sha256, ocr_text, each NULL where unknown.

    Source: metrics.md, Level 1. Version 1.
    """
    images = slide_uses.semi_join(posts, "post_id").select("post_id", "slide_index", "image_id")
    said = slides.select("post_id", "slide_index", "sha256", "ocr_text")
    return images.join(said, ["post_id", "slide_index"]).select(
        "post_id", "slide_index", "image_id", "sha256", "ocr_text"
    )
