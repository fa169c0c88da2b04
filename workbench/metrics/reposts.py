"""Level 1: posts that show what an earlier post showed."""

from __future__ import annotations

import ibis
from ibis import _

from .counting import hours_between, joined_by, ratio
from .periods import Period

LEAST_SHARE = 0.5
"""A post repeats an earlier one where it shares at least this share of its images..."""
FEWEST_SHARED = 2
"""... and so many of them, or all."""


def repost_pairs(
    slide_uses: ibis.Table,
    slides: ibis.Table,
    performance: ibis.Table,
    period: Period,
    *,
    horizon: str = "120",
    least_share: float = LEAST_SHARE,
) -> ibis.Table:
    """Pairs of posts that share images, the later one posted within the period.

    Formula: an image that a post shows twice counts once, at its first place. shared_share = shared images / images
    of the later post. Pairs with less than `least_share` are left out, and those that share one image of several, or
    every popular image would pair all the posts that ever used it.

    Parameters
    ----------
    slides
        post_id, slide_index, sha256: where known, it tells exact copies.
    horizon
        `120` (hours), or `settled`: the age at which the two are compared.

    Returns
    -------
    ibis.Table
        Grain post_id, earlier_post_id: posted_at, account_id, earlier_posted_at, earlier_account_id,
        n_shared_images [images], shared_share [fraction], is_same_order [the shared images stand in the same order;
        NULL where they share one], is_same_account, is_exact_repost [every slide the same file, in the same place;
        NULL where files are unknown], days_between [days], compared_outlier, earlier_outlier [multiples of usual],
        compared_views, earlier_views [views], did_better [the later one: by the multiple of the usual, else by
        views; NULL where neither is known of both].

    Source: metrics.md, Level 1 (repost pairs, exact repost). Version 1.
    """
    known = slide_uses.filter(_.use_number.notnull())
    within = known.filter(
        (_.posted_at >= ibis.literal(period.from_at, "timestamp"))
        & (_.posted_at < ibis.literal(period.to_at, "timestamp"))
    )
    later = within.group_by("post_id", "image_id").agg(
        place=_.slide_index.min(), use_number=_.use_number.max()
    )
    earlier = known.select(
        "image_id", earlier_post_id="post_id", earlier_index="slide_index", earlier_use="use_number"
    )
    pair = ["post_id", "earlier_post_id"]
    shared = _shared(later, earlier, least_share)
    counted = shared.group_by(pair).agg(n_shared_images=_.count(), n_images=_.n_images.max())
    kept = (
        counted.mutate(shared_share=ratio(counted.n_shared_images, counted.n_images))
        .filter(
            (_.shared_share >= least_share)
            & ((_.n_shared_images >= FEWEST_SHARED) | (_.n_shared_images == _.n_images))
        )
        .drop("n_images")
    )
    told = kept.left_join(_same_order(shared.semi_join(kept, pair)), pair, rname="{name}_of_order")
    told = told.left_join(_exact_reposts(kept, slides), pair, rname="{name}_of_files")
    return _compared(told.select(*kept.columns, "is_same_order", "is_exact_repost"), performance, horizon)


def _shared(later: ibis.Table, earlier: ibis.Table, least_share: float) -> ibis.Table:
    """Images that pairs share, of pairs that may share enough: they share one of the later post's less used images.

    A pair that shares r of n images shares one of any n - r + 1. So the r - 1 most used ones, which would pair a post
    with half of all, are looked for only where a pair shares another. Grain out: post_id, earlier_post_id, image_id;
    place, earlier_place [of the image in each], n_images [of the later post].
    """
    mine = ibis.window(group_by="post_id")
    most_used = ibis.window(group_by="post_id", order_by=[ibis.desc("use_number"), "image_id"])
    ranked = later.mutate(n_images=later.image_id.count().over(mine), rank=ibis.row_number().over(most_used))
    # Rounded down: a candidate too many is looked at, and none is missed.
    needed = ibis.least(
        ibis.greatest((ranked.n_images * least_share).floor(), FEWEST_SHARED), ranked.n_images
    )
    ranked = ranked.filter(_.use_number > 1).mutate(is_common=ranked.rank < needed - 1)
    columns = ("post_id", "earlier_post_id", "image_id", "place", "earlier_index", "n_images")
    rare = ranked.filter(~_.is_common)
    by_rare = rare.join(earlier, ["image_id", earlier.earlier_use < rare.use_number]).select(*columns)
    common = ranked.filter(_.is_common)
    by_common = by_rare.select("post_id", "earlier_post_id").distinct().join(common, "post_id")
    by_common = by_common.join(earlier, ["earlier_post_id", "image_id"]).select(*columns)
    return (
        by_rare.union(by_common)
        .group_by("post_id", "earlier_post_id", "image_id")
        .agg(place=_.place.max(), earlier_place=_.earlier_index.min(), n_images=_.n_images.max())
    )


def _same_order(shared: ibis.Table) -> ibis.Table:
    """Grain post_id, earlier_post_id; is_same_order: going along the later post, the earlier places only rise."""
    along = ibis.window(group_by=["post_id", "earlier_post_id"], order_by=["place", "image_id"])
    stepped = shared.mutate(before=shared.earlier_place.lag().over(along))
    counts = stepped.group_by("post_id", "earlier_post_id").agg(
        n_steps=_.before.count(), n_back=(_.earlier_place < _.before).sum()
    )
    return counts.select(
        "post_id", "earlier_post_id", is_same_order=ibis.cases((counts.n_steps > 0, counts.n_back == 0))
    )


def _exact_reposts(pairs: ibis.Table, slides: ibis.Table) -> ibis.Table:
    """Grain post_id, earlier_post_id; is_exact_repost: as many slides, each the same file in the same place."""
    files = slides.select("post_id", "slide_index", "sha256")
    theirs = files.select(
        "slide_index", earlier_post_id="post_id", earlier_sha256="sha256", is_there=ibis.literal(True)
    )
    n_theirs = (
        files.semi_join(pairs, files.post_id == pairs.earlier_post_id)
        .group_by(earlier_post_id="post_id")
        .agg(n_earlier=_.count())
    )
    slides = pairs.select("post_id", "earlier_post_id").join(files, "post_id")
    both = slides.left_join(theirs, ["earlier_post_id", "slide_index"])
    counts = both.group_by("post_id", "earlier_post_id").agg(
        n_slides=_.count(),
        n_missing=_.is_there.isnull().sum(),
        n_differ=(both.sha256 != both.earlier_sha256).sum(),
        n_unknown=(both.sha256.isnull() | both.earlier_sha256.isnull()).sum(),
    )
    known = counts.join(n_theirs, "earlier_post_id")
    differs = (known.n_missing > 0) | (known.n_slides != known.n_earlier) | (known.n_differ.fill_null(0) > 0)
    return known.select(
        "post_id",
        "earlier_post_id",
        is_exact_repost=ibis.cases((differs, False), (known.n_unknown == 0, True)),
    )


def _compared(pairs: ibis.Table, performance: ibis.Table, horizon: str) -> ibis.Table:
    """The pairs with who posted, when, and what each did."""
    views = performance["views_settled" if horizon == "settled" else f"views_at_{horizon}"]
    results = performance.select(
        "post_id",
        "posted_at",
        "account_id",
        compared_views=views,
        compared_outlier=performance[f"outlier_{horizon}"],
    )
    earlier = results.select(
        earlier_post_id="post_id",
        earlier_posted_at="posted_at",
        earlier_account_id="account_id",
        earlier_views="compared_views",
        earlier_outlier="compared_outlier",
    )
    joined = joined_by(joined_by(pairs, [results], "post_id"), [earlier], "earlier_post_id")
    both = joined.compared_outlier.notnull() & joined.earlier_outlier.notnull()
    return joined.mutate(
        is_same_account=joined.account_id == joined.earlier_account_id,
        days_between=hours_between(joined.posted_at, joined.earlier_posted_at) / 24.0,
        did_better=ibis.cases(
            (both, joined.compared_outlier > joined.earlier_outlier),
            else_=joined.compared_views > joined.earlier_views,
        ),
    )
