"""Level 5: content items over all the platforms that they were posted on."""

from __future__ import annotations

from datetime import timedelta

import ibis
from ibis import _

from .counting import joined_by, known_sum
from .periods import Period, reached


def linked_posts(content_posts: ibis.Table, performance: ibis.Table, *, horizon: str = "120") -> ibis.Table:
    """The posts that content items became, with what they did.

    Grain out: content_id, post_id; platform, url, posted_at, views [newest], engagement, views_known [at the
    compared age], outlier [multiple of usual]. A link to a post of which nothing is known keeps its platform.
    """
    results = performance.select(
        "post_id",
        "url",
        "views",
        platform_of_post="platform",
        posted_at_of_post="posted_at",
        engagement=known_sum(performance, ["likes", "comments", "shares"]),
        views_known=performance["views_settled" if horizon == "settled" else f"views_at_{horizon}"],
        outlier=performance[f"outlier_{horizon}"],
    )
    links = content_posts.select("content_id", "post_id", "platform", "posted_at")
    joined = links.left_join(results, "post_id").drop("post_id_right")
    return joined.mutate(
        platform=ibis.coalesce(_.platform_of_post, _.platform),
        posted_at=ibis.coalesce(_.posted_at_of_post, _.posted_at),
    ).drop("platform_of_post", "posted_at_of_post")


def items_of(linked: ibis.Table, period: Period, hours: int) -> ibis.Table:
    """All posts, of that age by the period's end, of the items of which one reached the age within the period.

    So an item is compared over all its platforms, although they had it in different weeks. Grain: as `linked`.
    """
    of_age = linked.filter(_.posted_at < ibis.literal(period.to_at - timedelta(hours=hours), "timestamp"))
    return of_age.semi_join(reached(of_age, period, hours), "content_id")


def content_platforms(linked: ibis.Table) -> ibis.Table:
    """Each content item on each platform.

    Formula: sums of the newest counts; median outlier of the posts that have one. Platforms count views
    differently (YouTube Shorts since 2025-03-31, Instagram since 2025-04-21), so views compare platforms less
    fairly than outliers.

    Grain in: see `linked_posts`. Grain out: content_id, platform; n_posts [posts], n_counted_posts [with views],
    views, engagement [NULL where unknown of all], median_outlier [multiple of usual], n_outliers [posts].

    Source: metrics.md, Level 5 (content item). Version 1.
    """
    return (
        linked.filter(_.platform.notnull())
        .group_by("content_id", "platform")
        .agg(
            n_posts=_.count(),
            n_counted_posts=_.views.count(),
            views=_.views.sum(),
            engagement=_.engagement.sum(),
            median_outlier=_.outlier.median(),
            n_outliers=_.outlier.count(),
        )
    )


def content_totals(content_items: ibis.Table, linked: ibis.Table) -> ibis.Table:
    """Each content item over all its posts, with the platform on which it did best.

    Formula: totals of the newest counts that are known. Best platform: by the median outlier where every platform
    of the item whose views are known has one, else by views, as a multiple and a count can't be compared; of two
    alike, the first by name. `best_by` says which of the two it was.

    Parameters
    ----------
    linked
        See `linked_posts`; items without a post in it have no row.

    Returns
    -------
    ibis.Table
        Grain content_id: title, creator_id, stage, n_posts, n_counted_posts [posts], n_platforms [platforms],
        views, engagement [NULL where unknown of all posts], best_platform, best_by [outlier or views; both NULL
        where nothing is known to compare], best_platform_outlier [multiple of usual], best_platform_views [views],
        first_posted_at [UTC].

    Source: metrics.md, Level 5 (content item). Version 1.
    """
    platforms = content_platforms(linked)
    totals = linked.group_by("content_id").agg(
        n_posts=_.count(),
        n_counted_posts=_.views.count(),
        n_platforms=_.platform.nunique(),
        views=_.views.sum(),
        engagement=_.engagement.sum(),
        first_posted_at=_.posted_at.min(),
    )
    whole = ibis.window(group_by="content_id")
    compared = platforms.mutate(
        without_outlier=(_.median_outlier.isnull() & _.views.notnull()).sum().over(whole),
        with_outlier=_.median_outlier.count().over(whole),
    ).mutate(is_by_outlier=(_.without_outlier == 0) & (_.with_outlier > 0))
    worth = compared.mutate(
        worth=ibis.cases(
            (compared.is_by_outlier, compared.median_outlier), else_=compared["views"].cast("float64")
        )
    ).filter(_.worth.notnull())
    order = ibis.window(group_by="content_id", order_by=[ibis.desc("worth"), "platform", "content_id"])
    best = (
        worth.mutate(place=ibis.row_number().over(order))
        .filter(_.place == 0)
        .select(
            "content_id",
            best_platform="platform",
            best_by=ibis.cases((_.is_by_outlier, "outlier"), else_="views"),
            best_platform_outlier="median_outlier",
            best_platform_views="views",
        )
    )
    items = content_items.select("content_id", "title", "creator_id", "stage")
    return joined_by(totals, (items, best), "content_id")


def platform_totals(linked: ibis.Table, totals: ibis.Table) -> ibis.Table:
    """Each platform over all content items: how much goes there, and how often it is an item's best.

    Grain out: platform; n_posts [posts], n_items [content items], n_items_elsewhere [of these, also on another
    platform], n_best [of those, best here], views, median_outlier [multiple of usual], n_outliers [posts].

    Source: metrics.md, Level 5 (content item). Version 1.
    """
    placed = linked.filter(_.platform.notnull())
    several = totals.filter(_.n_platforms > 1).select("content_id", "best_platform")
    joined = placed.left_join(several, "content_id")
    return joined.group_by("platform").agg(
        n_posts=_.count(),
        n_items=_.content_id.nunique(),
        n_items_elsewhere=_.content_id_right.nunique(),
        n_best=_.content_id.nunique(where=_.best_platform == _.platform),
        views=_.views.sum(),
        median_outlier=_.outlier.median(),
        n_outliers=_.outlier.count(),
    )
