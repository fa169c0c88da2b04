"""When posts were looked at. Counts follow from the instants (`World.counts`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .model import Ints
from .world import World

_DAILY = (0, 1, 2, 3, 4, 5)
_LATER = (7, 10, 14, 21, 30)
"""Ages in days after which the tracker's next session takes a snapshot."""
_SESSION_HOUR = 4
_DROPPED, _LATE, _DIPS, _VIEW_FALLS = 0.05, 0.05, 0.02, 0.001
"""Shares of looks that never came, came hours late, and found fewer likes, comments and shares, or
views, than there had been."""


@dataclass(frozen=True, kw_only=True)
class Looks:
    """Posts at instants."""

    post: Ints
    at: Ints
    session: Ints
    """Tracker's session, counted from 0; -1 for looks outside of sessions."""
    counts: Ints
    """Views, likes, comments, shares, saves; n x 5."""


@dataclass(frozen=True, kw_only=True)
class Observed:
    """All that anybody saw of the posts."""

    logged: np.ndarray
    """Posts in the export with day columns."""
    day_views: Ints
    """Views at 24, 48, ... 120 h exactly, post x 5; -1 where there is none."""
    last_at: Ints
    """When the export's scraper was last at each post."""
    last_counts: Ints
    lifetime: Ints
    """Counts at the end, post x 5."""
    is_known: np.ndarray
    """Whether the lifetime counts are known: neither deleted nor failed."""
    tracker: Looks
    session_failed: np.ndarray
    """Account x session: the tracker could not read that account then."""
    early: Looks
    """Hour by hour on the first day, for some posts."""


def session_second(world: World, session: Ints) -> Ints:
    """When sessions begin: each morning, the last one after the last day."""
    return world.size.start_second + session * 86_400 + _SESSION_HOUR * 3600


def observe(world: World) -> Observed:
    rng = world.rng["snapshots"]
    posts = np.arange(world.size.posts)
    posted, end = world.plan.posted, world.size.as_of_second
    # Four VAs in five log their posts from the start, the others only now and then.
    logging = rng.permutation(world.size.vas) < 0.8 * world.size.vas
    logged = np.where(logging[world.plan.va], rng.random(posts.size) < 0.88, rng.random(posts.size) < 0.2)
    failed = rng.random((world.size.accounts, world.size.days + 1)) < 0.01
    done_with = posted + 30 * 86_400 + rng.integers(0, 86_400, posts.size)
    last = np.minimum(done_with, end - rng.integers(600, 20_000, posts.size))
    last = np.minimum(np.maximum(last, posted + 60), world.deleted_at - 60)
    return Observed(
        logged=logged,
        day_views=_day_views(rng, world),
        last_at=last,
        last_counts=world.counts(posts, last, rng.random(posts.size) < _DIPS),
        lifetime=world.counts(posts, np.full(posts.size, end)),
        is_known=~world.failed & (world.deleted_at > end),
        tracker=_tracker(rng, world, logged, failed),
        session_failed=failed,
        early=_early(rng, world),
    )


def _day_views(rng: np.random.Generator, world: World) -> Ints:
    """The day columns: at whole days of age by their definition, some never filled."""
    n = world.size.posts
    found = np.full((n, 5), -1, dtype=np.int64)
    for day in range(1, 6):
        at = world.plan.posted + day * 86_400
        seen = (rng.random(n) >= _DROPPED) & (at <= world.size.as_of_second) & (at < world.deleted_at)
        post = np.flatnonzero(seen)
        found[post, day - 1] = world.counts(post, at[post])[:, 0]
    return found


def _tracker(rng: np.random.Generator, world: World, logged: np.ndarray, failed: np.ndarray) -> Looks:
    """The tracker's snapshots: daily for posts that nobody logged, later ones for all."""
    plan, size = world.plan, world.size
    posts, ages = [], []
    for days in (*_DAILY, *_LATER):
        chosen = np.flatnonzero(~logged) if days in _DAILY else np.arange(size.posts)
        posts.append(chosen)
        ages.append(np.full(chosen.size, days))
    post, age = np.concatenate(posts), np.concatenate(ages)
    due = plan.posted[post] + age * 86_400
    session = -((session_second(world, np.zeros_like(due)) - due) // 86_400)  # rounded up
    session = np.maximum(session, 0)
    at = session_second(world, session) + plan.account[post] * 17 % 3_000 + rng.integers(0, 240, post.size)
    at += np.where(rng.random(post.size) < _LATE, rng.integers(3 * 3600, 9 * 3600, post.size), 0)
    seen = (rng.random(post.size) >= _DROPPED) & (at < size.as_of_second) & (at < world.deleted_at[post])
    seen &= at > plan.posted[post]
    seen[seen] &= ~failed[plan.account[post[seen]], session[seen]]
    order = np.flatnonzero(seen)
    order = order[np.lexsort((post[order], at[order]))]
    post, at, session = post[order], at[order], session[order]
    counts = world.counts(post, at, rng.random(post.size) < _DIPS)
    falls = rng.random(post.size) < _VIEW_FALLS
    counts[falls, 0] = np.maximum(counts[falls, 0] * 49 // 50, counts[falls, 1:].max(axis=1, initial=0))
    return Looks(post=post, at=at, session=session, counts=counts)


def _early(rng: np.random.Generator, world: World) -> Looks:
    """About hourly looks on the first day, at one post in seven."""
    watched = np.flatnonzero(rng.random(world.size.posts) < 0.15)
    hours = np.array([1.0, 2.0, 4.0, 8.0, 12.0, 18.0])
    post = np.repeat(watched, hours.size)
    age = np.tile(hours, watched.size) * rng.uniform(0.85, 1.15, post.size)
    at = world.plan.posted[post] + (age * 3600).astype(np.int64)
    seen = (
        (rng.random(post.size) >= _DROPPED) & (at < world.size.as_of_second) & (at < world.deleted_at[post])
    )
    post, at = post[seen], at[seen]
    return Looks(post=post, at=at, session=np.full(post.size, -1), counts=world.counts(post, at))
