"""Level 2: which accounts grow."""

from __future__ import annotations

from datetime import timedelta
from functools import reduce
from operator import add

import ibis
import ibis.expr.types as ir
from ibis import _

from .counting import known_sum, ratio, share
from .outliers import BREAKOUT
from .periods import Period

FEWEST_MATURE_POSTS = 5
FEWEST_PEERS = 8
BANDS = ((1_000, "<1k"), (10_000, "1k-10k"), (100_000, "10k-100k"), (1_000_000, "100k-1M"))
LARGEST_BAND = ">1M"
WEIGHTS = {"reach": 0.30, "engagement": 0.25, "growth": 0.20, "consistency": 0.15, "breakout": 0.10}
ENGAGEMENT_WEIGHTS = {"likes": 1, "comments": 3, "shares": 5}
SAVE_WEIGHT = 4
STALE_HOURS = 7 * 24


def account_results(mature: ibis.Table, *, horizon: str = "120") -> ibis.Table:
    """What an account's posts of a period did, at one age.

    Formula: medians over posts whose count at that age is known; breakout_rate = share with outlier >= 3, of
    those whose outlier is known; views_per_follower = median of views / followers at posting.

    Parameters
    ----------
    mature
        Rows of `post_performance` of the period (see `periods.reached`).
    horizon
        `120` (hours), or `settled` where counts at 120 h are missing.

    Returns
    -------
    ibis.Table
        Grain account_id: n_posts [posts of the period], n_mature_posts [posts with a count at the age],
        median_views [views], median_outlier [multiple of usual], n_outliers [posts with an outlier],
        breakout_rate [fraction], views_per_follower [multiple], views [newest, summed over mature posts],
        engaged_views, likes, comments, shares, saves [the same, over those whose engagement is known],
        n_saves_known [mature posts whose saves are].

    Source: metrics.md, Level 2. Version 1.
    """
    views = mature["views_settled" if horizon == "settled" else f"views_at_{horizon}"]
    outlier = mature[f"outlier_{horizon}"]
    known = views.notnull()
    per_follower = ratio(views, mature.followers_at_posting)
    engaged = known & known_sum(mature, ["likes", "comments", "shares"]).notnull()
    counts = {c: mature[c].sum(where=engaged) for c in ("likes", "comments", "shares", "saves")}
    return (
        mature.filter(_.account_id.notnull())
        .group_by("account_id")
        .agg(
            n_posts=_.count(),
            n_mature_posts=known.sum(),
            median_views=views.median(),
            median_outlier=outlier.median(),
            n_outliers=outlier.count(),
            breakout_rate=share(outlier >= BREAKOUT),
            views_per_follower=per_follower.median(),
            n_saves_known=mature.saves.count(where=known),
            views=mature.views.sum(where=known),
            engaged_views=mature.views.sum(where=engaged),
            **counts,
        )
    )


def viral_rate(final: ibis.Table) -> ibis.Table:
    """Share of an account's posts that went viral, among those that reached 720 h in the period.

    Grain in: post_id, posts that reached 720 h. Grain out: account_id, where any has settled; n_final_posts
    [posts with views_settled], n_viral_posts [of these], viral_rate [fraction].

    Source: metrics.md, Level 2. Version 1.
    """
    known = final.filter(_.views_settled.notnull() & _.account_id.notnull())
    return known.group_by("account_id").agg(
        n_final_posts=_.count(), n_viral_posts=_.is_viral.sum(), viral_rate=share(known.is_viral)
    )


def follower_growth(account_snapshots: ibis.Table, period: Period) -> ibis.Table:
    """Followers at the two ends of a period.

    followers_first: the last known at or before the start, if it is at most 7 days older, else the first
    within the period. followers_last: the last known within the period. growth rate = (last - first) /
    first; NULL where first is 0, and with net_followers where the two are the same snapshot.

    Grain in: account_id, captured_at. Grain out: account_id, where followers are known within the period;
    followers_first, followers_last, net_followers [followers], follower_growth_rate [fraction],
    followers_first_at, followers_last_at [UTC].

    Source: metrics.md, Level 2, after Hootsuite. Version 1.
    """
    start, end = ibis.literal(period.from_at, "timestamp"), ibis.literal(period.to_at, "timestamp")
    earliest = start - ibis.interval(hours=STALE_HOURS)
    near = account_snapshots.filter(
        _.followers.notnull() & (_.captured_at >= earliest) & (_.captured_at < end)
    )
    before = near.captured_at <= start
    inside = near.captured_at > start
    ends = near.group_by("account_id").agg(
        before_at=near.captured_at.max(where=before),
        before_n=near.followers.argmax(near.captured_at, where=before),
        inside_at=near.captured_at.min(where=inside),
        inside_n=near.followers.argmin(near.captured_at, where=inside),
        followers_last_at=near.captured_at.max(where=inside),
        followers_last=near.followers.argmax(near.captured_at, where=inside),
    )
    both = ends.mutate(
        followers_first_at=ibis.coalesce(_.before_at, _.inside_at),
        followers_first=ibis.cases((_.before_at.notnull(), _.before_n), else_=_.inside_n),
    ).filter(_.followers_last_at.notnull())
    moved = both.followers_last_at > both.followers_first_at
    both = both.mutate(net_followers=ibis.cases((moved, both.followers_last - both.followers_first)))
    return both.mutate(follower_growth_rate=ratio(both.net_followers, both.followers_first)).drop(
        "before_at", "before_n", "inside_at", "inside_n"
    )


def posting_rhythm(performance: ibis.Table, period: Period, weeks: int = 8) -> ibis.Table:
    """How many posts an account puts up a week, and how evenly.

    Grain out: account_id; posts_per_week [posts], posts_cv [coefficient of variation of the weekly counts
    over the last `weeks` ISO weeks that are over by the period's end, weeks without a post counted as 0; NULL
    without any post].

    Source: metrics.md, Level 2 (consistency). Version 1.
    """
    last = Period.week_of(period.to_on - timedelta(days=6)).from_on
    first = last - timedelta(days=7 * (weeks - 1))
    recent = performance.filter(_.posted_week_on.between(first, last) & _.account_id.notnull())
    weekly = recent.group_by("account_id", "posted_week_on").agg(n=_.count())
    sums = weekly.group_by("account_id").agg(total=_.n.sum(), squares=(_.n * _.n).sum())
    mean = sums.total / float(weeks)
    variance = ibis.greatest(sums.squares / float(weeks) - mean * mean, 0.0)
    return sums.select("account_id", posts_per_week=mean, posts_cv=ratio(variance.sqrt(), mean))


def engagement_quality(results: ibis.Table, *, saves: bool) -> ir.FloatingValue:
    """(likes + 3 comments + 5 shares + 4 saves) / views, pooled; saves only where asked for.

    Of the counts that are known, over the views of the posts where any is. NULL where those are 0 or none is.
    Source: metrics.md, Level 2 (kpi_score).
    """
    weights = {**ENGAGEMENT_WEIGHTS, "saves": SAVE_WEIGHT} if saves else ENGAGEMENT_WEIGHTS
    total = sum(weight * results[count].fill_null(0) for count, weight in weights.items())
    return ratio(total, results.engaged_views)


def follower_band(followers: ir.NumericValue) -> ir.IntegerValue:
    """1 to 5: under 1k, 1k-10k, 10k-100k, 100k-1M, more. NULL where unknown."""
    return ibis.cases(
        *[(followers < limit, place) for place, (limit, _name) in enumerate(BANDS, start=1)],
        (followers.notnull(), len(BANDS) + 1),
    )


def peer_groups(accounts: ibis.Table) -> ibis.Table:
    """Accounts of one platform and size, so that each is compared with at least 8 where there are that many.

    A band with fewer than 8 accounts joins the next smaller band, the smallest the next larger. Accounts whose
    followers are unknown count as the smallest.

    Grain in: account_id, with platform and followers. Grain out: account_id; platform, peer_band [1-5, the band
    that the others of the group joined], n_peers [accounts].

    Source: metrics.md, Level 2 (kpi_score). Version 1.
    """
    banded = accounts.select("account_id", "platform", band=follower_band(accounts.followers).fill_null(1))
    size = len(BANDS) + 1
    counts = banded.group_by("platform").agg(
        **{f"n{b}": (banded.band == b).sum() for b in range(1, size + 1)}
    )
    # From the largest band down: what is too small is carried to the next smaller one.
    kept = {size: counts[f"n{size}"]}
    for b in range(size - 1, 0, -1):
        above = kept[b + 1]
        kept[b] = counts[f"n{b}"] + ibis.cases((above < FEWEST_PEERS, above), else_=0)
    carried = counts.select("platform", **{f"c{b}": n for b, n in kept.items()})
    joined = banded.join(carried, "platform")
    enough = {b: joined[f"c{b}"] >= FEWEST_PEERS for b in range(1, size + 1)}
    downward = [((joined.band >= b) & enough[b], b) for b in range(size, 0, -1)]
    upward = [(enough[b], b) for b in range(1, size + 1)]
    placed = joined.select("account_id", "platform", peer_band=ibis.cases(*downward, *upward, else_=1))
    mine = ibis.window(group_by=["platform", "peer_band"])
    return placed.mutate(n_peers=_.count().over(mine))


def mid_rank(value: ir.NumericValue, groups: list[ir.Value]) -> ir.FloatingValue:
    """Percentile 0-100 of a value among the known values of its group, ties in their middle; NULL if unknown."""
    mine = ibis.window(group_by=groups)
    same = ibis.window(group_by=[*groups, value])
    below = value.rank().over(ibis.window(group_by=groups, order_by=value)).cast("float64")
    place = below + 0.5 * value.count().over(same)
    return ibis.cases((value.notnull(), 100.0 * place / value.count().over(mine).nullif(0)))


def kpi_score(measured: ibis.Table) -> ibis.Table:
    """A score from 0 to 100 in five parts, each the percentile among accounts of the same platform and size.

    Formula: 30 % reach (median views), 25 % engagement quality, 20 % follower growth, 15 % consistency
    (min(1, posts per week / target) x (1 - min(1, coefficient of variation of weekly posts))), 10 % breakout
    rate. A part that is unknown gives its weight to the others in proportion and is named in missing_parts.
    Accounts with fewer than 5 mature posts have no score, and nobody is ranked against them.

    Parameters
    ----------
    measured
        Grain account_id: platform, peer_band (see `peer_groups`), n_mature_posts, median_views,
        engagement_quality, follower_growth_rate, breakout_rate, posts_per_week, posts_cv,
        target_posts_per_week.

    Returns
    -------
    ibis.Table
        Grain account_id: consistency [fraction], reach_part, engagement_part, growth_part, consistency_part,
        breakout_part [0-100], kpi_score [0-100], missing_parts [text].

    Source: metrics.md, Level 2 (kpi_score). Version 1.
    """
    kept = ratio(measured.posts_per_week, measured.target_posts_per_week)
    # The least of 1 and an unknown is 1 in some engines and unknown in others.
    evenly = ibis.cases(
        (
            kept.notnull() & measured.posts_cv.notnull(),
            ibis.least(1.0, kept) * (1.0 - ibis.least(1.0, measured.posts_cv)),
        )
    )
    judged = measured.select(
        "account_id", "platform", "peer_band", "n_mature_posts",
        reach=measured.median_views.cast("float64"),
        engagement=measured.engagement_quality.cast("float64"),
        growth=measured.follower_growth_rate.cast("float64"),
        consistency=evenly,
        breakout=measured.breakout_rate.cast("float64"),
    )  # fmt: skip
    # A row for each account and part, so that one pass ranks all five.
    long = judged.filter(_.n_mature_posts >= FEWEST_MATURE_POSTS).mutate(
        part=ibis.array(list(WEIGHTS)).unnest()
    )
    value = ibis.cases(*[(long.part == p, long[p]) for p in WEIGHTS])
    weight = ibis.cases(*[(long.part == p, w) for p, w in WEIGHTS.items()])
    valued = long.select("account_id", "platform", "peer_band", "part", value=value, weight=weight)
    valued = valued.filter(_.value.notnull())
    ranked = valued.mutate(points=mid_rank(valued["value"], [valued.platform, valued.peer_band, valued.part]))
    scored = ranked.group_by(scored_id="account_id").agg(
        **{f"{p}_part": ranked.points.max(where=ranked.part == p) for p in WEIGHTS},
        kpi_score=ratio((ranked.points * ranked.weight).sum(), ranked.weight.sum()),
    )
    joined = judged.left_join(scored, judged.account_id == scored.scored_id)
    named = [ibis.cases((joined[f"{p}_part"].isnull(), f"{p} "), else_="") for p in WEIGHTS]
    parts = [f"{p}_part" for p in WEIGHTS]
    return joined.select(
        "account_id", "consistency", *parts, "kpi_score", missing_parts=reduce(add, named).strip()
    )


def size_effect(mature: ibis.Table, *, horizon: str = "120") -> ibis.Table:
    """Whether larger accounts get more views: Spearman's correlation of followers at posting and views.

    Ranks ignore the scale, so the correlation of logarithms is the same. Grain out: platform;
    size_effect_rho [-1..1; NULL with fewer than 3 posts, or where one side is all the same], n_pairs [posts].

    Source: metrics.md, Level 2 (size effect). Version 1.
    """
    views = "views_settled" if horizon == "settled" else f"views_at_{horizon}"
    known = mature.filter(_.followers_at_posting.notnull() & mature[views].notnull()).select(
        "platform", size=_.followers_at_posting.cast("float64"), result=mature[views]
    )
    ranked = known.mutate(
        size_rank=mid_rank(known["size"], [known.platform]),
        result_rank=mid_rank(known.result, [known.platform]),
    )
    found = ranked.group_by("platform").agg(
        n_pairs=_.count(),
        rho=_.size_rank.corr(_.result_rank, how="pop"),
        # Where one side is all the same, the correlation is NaN in some engines and NULL in others.
        varies=(_.size_rank.min() < _.size_rank.max()) & (_.result_rank.min() < _.result_rank.max()),
    )
    return found.select(
        "platform", size_effect_rho=ibis.cases(((_.n_pairs >= 3) & _.varies, _.rho)), n_pairs="n_pairs"
    )


def posting_hours(mature: ibis.Table, *, horizon: str = "120") -> ibis.Table:
    """How posts do by the local weekday and hour at which they went up.

    Grain out: weekday [1 Monday - 7 Sunday], local_hour [0-23]; n_posts, median_outlier [multiple of usual].
    Posts of which only the date is known are left out. Source: metrics.md, Level 2. Version 1.
    """
    outlier = mature[f"outlier_{horizon}"]
    timed = mature.filter(_.posted_local_hour.notnull() & outlier.notnull())
    return timed.group_by(
        weekday=_.posted_local_on.day_of_week.index() + 1, local_hour=_.posted_local_hour
    ).agg(n_posts=_.count(), median_outlier=timed[f"outlier_{horizon}"].median())
