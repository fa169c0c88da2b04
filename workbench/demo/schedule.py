"""Which account posts what, and when: everything about a post that does not depend on its views."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .model import Floats, Ints, Model
from .people import People, va_by_day, zone_offsets
from .scale import MAX_SLIDES, MIN_SLIDES, Scale

_HOURS = np.array(
    [2, 1, 1, 1, 1, 2, 4, 7, 9, 8, 7, 8, 10, 9, 8, 8, 9, 11, 13, 14, 13, 11, 7, 4], dtype=np.float64
)
"""How likely the team posts in each local hour."""
_WEEKDAYS = np.array([1.0, 1.05, 1.05, 1.0, 1.0, 0.85, 0.95])


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """One entry for each post, in the order of posting."""

    account: Ints
    va: Ints
    creator: Ints
    set_index: Ints
    sound: Ints
    """-1: none."""
    posted: Ints
    """Second since 1970, UTC."""
    day: Ints
    """UTC day of the agency's time, from 0."""
    local_hour: Floats
    external_id: Ints
    n_slides: Ints
    """0 for videos."""
    duration: Ints


def schedule(
    rng: np.random.Generator,
    content: np.random.Generator,
    size: Scale,
    who: People,
    model: Model,
    n_sounds: int,
) -> Schedule:
    """Draw exactly `size.posts` posts, at least one for each account."""
    n = size.posts
    share = who.posts_share / who.posts_share.sum()
    extra = rng.choice(size.accounts, n - size.accounts, p=share)
    account = np.concatenate([np.arange(size.accounts), extra])
    local_day = _days(rng, size, who, account)
    owner = va_by_day(who.terms, size)
    hour = np.where(
        rng.random(n) < model.va_hour_share,
        (who.va_hour[owner[account, local_day]] + rng.normal(0, 1.5, n)) % 24,
        rng.choice(24, n, p=_HOURS / _HOURS.sum()) + rng.random(n),
    )
    second = np.minimum((hour * 3600).astype(np.int64), 86_399)
    midnight = size.start_second + local_day * 86_400
    posted = midnight + second - zone_offsets(size)[who.zone[account], local_day]
    # Where a zone's day reaches outside the agency's time in UTC, the post goes up a day later or earlier.
    posted = np.where(posted < size.start_second, posted + 86_400, posted)
    posted = np.where(posted >= size.start_second + size.days * 86_400, posted - 86_400, posted)

    low = rng.integers(1, 2**32, n, dtype=np.int64)
    order = np.lexsort((low, posted))
    account, posted, low, second = account[order], posted[order], low[order], second[order]
    day = (posted - size.start_second) // 86_400
    creator = np.where(content.random(n) < 0.8, who.creator[account], who.second_creator[account])
    return Schedule(
        account=account,
        va=owner[account, day],
        creator=creator,
        set_index=_sets(content, who, creator, day),
        sound=_sounds(content, n, n_sounds),
        posted=posted,
        day=day,
        local_hour=second / 3600,
        external_id=(posted << 32) + low,
        n_slides=_slide_counts(content, size),
        duration=content.integers(6, 75, n),
    )


def _days(rng: np.random.Generator, size: Scale, who: People, account: Ints) -> Ints:
    """A day for each post, from its account's first day on, fewer on Saturdays."""
    weekday = (size.start_on.weekday() + np.arange(size.days)) % 7
    reach = np.concatenate([[0.0], np.cumsum(_WEEKDAYS[weekday])])
    first = reach[who.first_day[account]]
    at = first + (reach[-1] - first) * rng.random(account.size)
    found: Ints = np.clip(np.searchsorted(reach, at, side="right") - 1, 0, size.days - 1)
    return found


def _slide_counts(rng: np.random.Generator, size: Scale) -> Ints:
    """Slides of each post, exactly `size.slides` over exactly `size.slideshows` posts."""
    counts = np.arange(MIN_SLIDES, MAX_SLIDES + 1)
    usual = np.array([0.36, 0.28, 0.17, 0.09, 0.05, 0.03, 0.02])
    wanted = size.slides / size.slideshows
    low, high = -20.0, 20.0
    for _ in range(80):  # tilt the usual shares until their mean is the wanted one
        tilt = (low + high) / 2
        weight = usual * np.exp(tilt * (counts - MIN_SLIDES))
        low, high = (tilt, high) if (weight @ counts) / weight.sum() < wanted else (low, tilt)
    drawn = rng.choice(counts, size.slideshows, p=weight / weight.sum())
    while (missing := size.slides - int(drawn.sum())) != 0:
        step = 1 if missing > 0 else -1
        room = np.flatnonzero(drawn < MAX_SLIDES if step > 0 else drawn > MIN_SLIDES)
        picked = rng.choice(room, min(abs(missing), room.size), replace=False)
        drawn[picked] += step
    found = np.zeros(size.posts, dtype=np.int64)
    found[rng.permutation(size.posts)[: size.slideshows]] = drawn
    return found


def _sets(rng: np.random.Generator, who: People, creator: Ints, day: Ints) -> Ints:
    """One of the creator's newest four sets."""
    found = np.zeros(creator.size, dtype=np.int64)
    for c in range(len(who.creator_id)):
        sets = np.flatnonzero(who.set_creator == c)
        mine = np.flatnonzero(creator == c)
        newest = np.searchsorted(who.set_day[sets], day[mine], side="right") - 1
        found[mine] = sets[np.maximum(newest - rng.integers(0, 4, mine.size), 0)]
    return found


def _sounds(rng: np.random.Generator, n: int, n_sounds: int) -> Ints:
    """A few sounds are everywhere, most are rare; one post in twelve has none."""
    weight = 1.0 / (np.arange(n_sounds) + 3.0) ** 0.9
    found = rng.choice(n_sounds, n, p=weight / weight.sum())
    return np.where(rng.random(n) < 1 / 12, -1, found)
