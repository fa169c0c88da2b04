"""Level 3: how VAs work: when, with how many slides, which hooks, how tired the slides, how far apart, which sounds.

A habit is told in levels (an hour, a number of slides, ...), so that its effect can be any shape. Each level is
known at the time of posting: what a hook or a sound "did before" counts only posts that were old enough by then.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise

import ibis
import ibis.expr.types as ir
from ibis import _

from .counting import hours_between, joined_by, ratio, share
from .curves import COMPARED_HOURS, FINAL_HOURS
from .periods import Period, reached
from .tasks import done_on_time, is_canceled, is_done

HABITS = ("hour", "slides", "hook", "tired", "gap", "sound")
MOST_SLIDES = 8
GAP_HOURS = (3.0, 6.0, 12.0, 24.0, 48.0)
"""Bounds of the levels 0 to 5 of the time since the account's post before."""
USES = (2.0, 4.0, 8.0)
"""Bounds of the levels 0 to 3 of how often the post's slides were shown, this time included: the mean."""
TIRED_USES = USES[1]
WEAK, STRONG = 0.8, 1.25
"""Below and from these multiples of the usual, an image or a sound did worse or better before."""
NEW, WORSE, USUAL, BETTER = range(4)
"""Levels of hook and sound: too little was known of it, its earlier posts did worse, as usual, better."""
EARLIER_DAYS = 91
"""How far back the earlier posts of a hook or a sound count."""
FEWEST_EARLIER = {"hook": 1, "sound": 3}
PRIOR_POSTS = {"hook": 1.0, "sound": 4.0}
"""Usual posts that are added to the earlier ones, so that one lucky post makes no good hook."""


def post_habits(
    performance: ibis.Table, slide_uses: ibis.Table, period: Period, *, horizon: str = "120"
) -> ibis.Table:
    """The posts of VAs with the level of each habit, and how they did for their account.

    Formula: hour = local hour of posting; slides = number of slides, 8 for 8 or more; gap = hours since the
    account's post before, in levels (under 3, 6, 12, 24, 48, more); tired = mean use number of the post's images
    (under 2, 4, 8, more); hook and sound = what the earlier posts with the first slide's image, or with the
    sound, did in the 13 weeks before: exp of their mean log_outlier, a usual post (4 for sounds) added, under
    0.8, under 1.25 or more; too few known earlier posts (1, for sounds 3) make it new.

    Parameters
    ----------
    slide_uses
        The mart of that name: post_id, slide_index, image_id, use_number.

    Returns
    -------
    ibis.Table
        Grain post_id, of the posts that reached the compared age in the period and have a VA and an account:
        va_id, account_id, post_type, habit_views [views at the compared age], log_outlier [ln], hour_level,
        slides_level, hook_level, tired_level, gap_level, sound_level [whole numbers; NULL where unknown or where
        the post has no such thing], gap_hours [h], mean_use_number [uses].

    Source: metrics.md, Level 3 (improvement plan). Version 1.
    """
    hours = FINAL_HOURS if horizon == "settled" else COMPARED_HOURS
    log_outlier = f"log_outlier_{horizon}"
    # What can have a say in the period: its posts, and those that came before each by 13 weeks at most.
    since = ibis.literal(period.from_at - timedelta(hours=hours, days=EARLIER_DAYS), "timestamp")
    until = ibis.literal(period.to_at, "timestamp")
    near = (performance.posted_at >= since) & (performance.posted_at < until)
    dated = performance.filter(near & _.account_id.notnull()).select(
        "post_id", "va_id", "account_id", "sound_id", "post_type", "posted_at", "posted_at_precision",
        "posted_local_hour", "slide_count", log_outlier,
        views=performance["views_settled" if horizon == "settled" else f"views_at_{horizon}"],
    )  # fmt: skip
    images = slide_uses.filter(_.image_id.notnull())
    hooks = images.filter(_.slide_index == 1).select("post_id", "image_id")
    parts = (
        _gaps(dated),
        _earlier(
            dated.select("post_id", "posted_at", log_outlier, "sound_id"),
            "sound",
            "sound_id",
            log_outlier,
            hours,
        ),
        _earlier(
            dated.select("post_id", "posted_at", log_outlier).inner_join(hooks, "post_id"),
            "hook",
            "image_id",
            log_outlier,
            hours,
        ),
        images.group_by("post_id").agg(mean_use_number=_.use_number.mean()),
    )
    joined = joined_by(reached(dated, period, hours).filter(_.va_id.notnull()), parts, "post_id")
    slides = ibis.cases((joined.slide_count > 0, ibis.least(joined.slide_count, MOST_SLIDES)))
    return joined.select(
        "post_id", "va_id", "account_id", "post_type",
        habit_views="views",
        log_outlier=joined[log_outlier],
        hour_level=joined.posted_local_hour,
        slides_level=ibis.cases((joined.post_type == "slideshow", slides)),
        hook_level="hook_level",
        tired_level=_level(joined.mean_use_number, USES),
        gap_level=_level(joined.gap_hours, GAP_HOURS),
        sound_level="sound_level",
        gap_hours="gap_hours",
        mean_use_number="mean_use_number",
    )  # fmt: skip


def _level(value: ir.NumericValue, bounds: tuple[float, ...]) -> ir.IntegerValue:
    """How many bounds a value has reached; NULL where it is unknown."""
    below = [(value < bound, ibis.literal(n, "int64")) for n, bound in enumerate(bounds)]
    return ibis.cases(*below, (value.notnull(), ibis.literal(len(bounds), "int64")))


def _gaps(dated: ibis.Table) -> ibis.Table:
    """post_id, gap_hours: since the account's post before; NULL for its first, and where either has a day only."""
    order = ibis.window(group_by="account_id", order_by=["posted_at", "post_id"])
    is_timed = dated.posted_at_precision.fill_null("") != "day"
    timed = dated.mutate(timed_at=ibis.cases((is_timed, dated.posted_at)))
    lagged = timed.mutate(previous_at=_.timed_at.lag().over(order))
    return lagged.select("post_id", gap_hours=hours_between(lagged.timed_at, lagged.previous_at))


def _earlier(posts: ibis.Table, habit: str, key: str, log_outlier: str, hours: int) -> ibis.Table:
    """post_id, <habit>_level: what the posts with the same `key` had done that were `hours` old by then."""
    oldest, youngest = ibis.interval(hours=24 * EARLIER_DAYS), ibis.interval(hours=hours)
    before = ibis.range_window(group_by=key, order_by="posted_at", preceding=(oldest, youngest))
    keyed = posts.filter(posts[key].notnull())
    known = keyed.mutate(
        n=keyed[log_outlier].count().over(before), total=keyed[log_outlier].sum().over(before)
    )
    enough = known.n >= FEWEST_EARLIER[habit]
    multiple = ratio(known.total, known.n + PRIOR_POSTS[habit]).exp()
    level = ibis.cases(
        (enough & (multiple < WEAK), ibis.literal(WORSE, "int64")),
        (enough & (multiple < STRONG), ibis.literal(USUAL, "int64")),
        (enough, ibis.literal(BETTER, "int64")),
        else_=ibis.literal(NEW, "int64"),
    )
    return known.select("post_id", **{f"{habit}_level": level})


def va_habits(habits: ibis.Table) -> ibis.Table:
    """How each VA works, in one row.

    Formula: shares are of the posts for which the habit is known; good hours are those of the day at which the
    posts of all VAs did better than usual (mean log_outlier above 0).

    Parameters
    ----------
    habits
        See `post_habits`.

    Returns
    -------
    ibis.Table
        Grain va_id: n_posts, n_slideshows [posts], good_hour_share [fraction], mean_slides [slides, of slideshows],
        strong_hook_share, tired_share [mean use number of 4 or more], strong_sound_share [fractions],
        median_gap_hours [h]. NULL where no post has what it takes.

    Source: metrics.md, Level 3 (improvement plan). Version 1.
    """
    by_hour = habits.filter(_.hour_level.notnull()).group_by("hour_level")
    hours = by_hour.agg(hour_outlier=_.log_outlier.mean())
    joined = habits.left_join(hours, "hour_level")
    return joined.group_by("va_id").agg(
        n_posts=_.count(),
        n_slideshows=_.slides_level.count(),
        good_hour_share=share(joined.hour_outlier > 0),
        mean_slides=_.slides_level.mean(),
        strong_hook_share=share(joined.hook_level == BETTER),
        tired_share=share(joined.mean_use_number >= TIRED_USES),
        strong_sound_share=share(joined.sound_level == BETTER),
        median_gap_hours=_.gap_hours.median(),
    )


def va_task_weeks(tasks: ibis.Table, performance: ibis.Table, period: Period) -> ibis.Table:
    """Each VA's weeks: tasks that were due, those done in time, and posts that went up.

    Grain va_id, week_on [Monday of the due dates and of the local days of posting], of weeks with a task due:
    n_due_tasks, n_on_time_tasks [tasks, as in `tasks.task_results`; those done at an unknown time left out],
    n_week_posts [posts]. Source: metrics.md, Level 3 (improvement plan). Version 1.
    """
    first, last = ibis.literal(period.from_on, "date"), ibis.literal(period.to_on, "date")
    due = tasks.filter(_.va_id.notnull() & _.due_on.between(first, last))
    judged = due.filter(~is_canceled(due) & ~(is_done(due) & due.done_at.isnull()))
    by_week = judged.mutate(
        week_on=_monday(judged.due_on), in_time=(is_done(judged) & done_on_time(judged)).fill_null(False)
    )
    weekly = by_week.group_by("va_id", "week_on").agg(n_due_tasks=_.count(), n_on_time_tasks=_.in_time.sum())
    posted = performance.filter(_.va_id.notnull() & _.posted_local_on.between(first, last))
    posts = posted.group_by("va_id", week_on=_monday(posted.posted_local_on)).agg(n_week_posts=_.count())
    joined = weekly.left_join(posts, ["va_id", "week_on"])
    return joined.select(
        "va_id", "week_on", "n_due_tasks", "n_on_time_tasks", n_week_posts=_.n_week_posts.fill_null(0)
    )


def _monday(day: ir.DateValue) -> ir.DateValue:
    # DuckDB truncates a date to a timestamp, and Ibis takes a cast of a date to a date for none.
    return day.truncate("W").cast("timestamp").cast("date")


def level_name(habit: str, level: int) -> str:
    """A level of a habit in words."""
    return _names(habit)[level]


def _names(habit: str) -> Mapping[int, str]:
    bounds = [f"{b:.0f}" for b in GAP_HOURS]
    uses = [f"{b:.0f}" for b in USES]
    known = ("is new or little known", "did worse before", "did as usual before", "did better before")
    every = {
        "hour": {h: f"{h:02d}:00" for h in range(24)},
        "slides": {n: f"{n}" if n < MOST_SLIDES else f"{n} or more" for n in range(1, MOST_SLIDES + 1)},
        "hook": dict(enumerate(known)),
        "sound": dict(enumerate(known)),
        "tired": dict(enumerate([f"under {uses[0]}", *_between(uses), f"{uses[-1]} or more"])),
        "gap": dict(enumerate([f"under {bounds[0]}", *_between(bounds), f"{bounds[-1]} or more"])),
    }
    return every[habit]


def _between(bounds: list[str]) -> list[str]:
    return [f"{low} to {high}" for low, high in pairwise(bounds)]
