"""Day by day: which images are used, what the posts make of it, and who follows.

Which image comes back depends on how its first post did, followers depend on views and views on
followers; so this part can't be drawn all at once. It steps over days and creators, never over posts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .model import Floats, Ints, Model
from .people import People
from .scale import Scale
from .schedule import Schedule

_MATURE_DAYS = 5
"""After how many days a creator knows how a post did."""
_KERNEL = (0.30, 0.25, 0.15, 0.10, 0.08, 0.07, 0.05)
"""When the followers that a post wins come, by day."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What happened."""

    use_image: Ints
    """Image of each slide, in the order of posts and slides."""
    use_number: Ints
    first_use: Ints
    """Where each post's slides begin in `use_image`; one entry more than posts."""
    repeats: Ints
    """The earlier post that a slideshow repeats; -1 where it repeats none."""
    image_lift: Floats
    image_creator: Ints
    image_is_hook: np.ndarray
    slides_effect: Floats
    """Sum over a post's slides of lift and decay."""
    growth_effect: Floats
    log_final: Floats
    followers: Floats
    """At the start of each day, account x (days + 1)."""


class _Images:
    """The images made so far; arrays are as long as there are slides, `n` of them in use."""

    def __init__(self, capacity: int, creators: int) -> None:
        self.n = 0
        self.lift = np.zeros(capacity)
        self.creator = np.zeros(capacity, dtype=np.int64)
        self.is_hook = np.zeros(capacity, dtype=bool)
        self.day = np.zeros(capacity, dtype=np.int64)
        self.score = np.zeros(capacity)
        self.uses = np.zeros(capacity, dtype=np.int64)
        self.pools: dict[tuple[int, bool], list[Ints]] = {
            (c, hook): [] for c in range(creators) for hook in (True, False)
        }

    def add(self, rng: np.random.Generator, n: int, creator: int, hook: bool, day: int, sd: float) -> Ints:
        made = np.arange(self.n, self.n + n)
        self.n += n
        self.lift[made] = rng.standard_normal(n) * sd
        self.creator[made] = creator
        self.is_hook[made] = hook
        self.day[made] = day
        self.pools[creator, hook].append(made)
        return made

    def pool(self, creator: int, hook: bool) -> Ints:
        parts = self.pools[creator, hook]
        if len(parts) > 1:
            self.pools[creator, hook] = parts = [np.concatenate(parts)]
        return parts[0] if parts else np.zeros(0, dtype=np.int64)

    def count_uses(self, image: Ints) -> Ints:
        """Use numbers of images used in this order, noting the uses."""
        order = np.argsort(image, kind="stable")
        ordered = image[order]
        first = np.concatenate([[True], ordered[1:] != ordered[:-1]])
        starts = np.flatnonzero(first)
        within = np.arange(image.size) - np.repeat(starts, np.diff(np.append(starts, image.size)))
        number = np.empty(image.size, dtype=np.int64)
        number[order] = self.uses[ordered] + within + 1
        np.add.at(self.uses, image, 1)
        return number


def simulate(
    rng: np.random.Generator,
    size: Scale,
    who: People,
    plan: Schedule,
    model: Model,
    fixed: Floats,
    luck: Floats,
) -> Outcome:
    """Step through the days. `fixed`: all of ln(final views) but slides and followers, luck included."""
    first_use = np.concatenate([[0], np.cumsum(plan.n_slides)])
    use_image = np.zeros(size.slides, dtype=np.int64)
    use_number = np.zeros(size.slides, dtype=np.int64)
    images = _Images(size.slides, size.creators)
    slides_effect = np.zeros(size.posts)
    growth_effect = np.zeros(size.posts)
    log_final = np.zeros(size.posts)
    followers = np.zeros((size.accounts, size.days + 1))
    followers[:, 0] = who.first_followers
    coming = np.zeros((size.accounts, size.days + len(_KERNEL)))
    walk = rng.normal(0, 0.0015, (size.accounts, size.days))
    reposts = _Reposts(rng, size, plan, model)
    bounds = np.searchsorted(plan.day, np.arange(size.days + 1))
    for day in range(size.days):
        today = np.arange(bounds[day], bounds[day + 1])
        shows = today[plan.n_slides[today] > 0]
        for creator in np.unique(plan.creator[shows]):
            mine = shows[plan.creator[shows] == creator]
            image = _choose(
                rng, size, plan, model, images, reposts, mine, int(creator), day, use_image, first_use
            )
            number = images.count_uses(image)
            owner = np.repeat(np.arange(mine.size), plan.n_slides[mine])
            effect = np.bincount(owner, images.lift[image] + model.reuse_decay(number), mine.size)
            at = np.repeat(first_use[mine], plan.n_slides[mine]) + _within(plan.n_slides[mine])
            use_image[at], use_number[at] = image, number
            slides_effect[mine] = effect
            fresh = number == 1
            made, theirs = image[fresh], mine[owner[fresh]]
            images.score[made] = model.reuse_by_merit * images.lift[made] + model.reuse_by_luck * (
                slides_effect[theirs] + luck[theirs] - images.lift[made]
            )
        account = plan.account[today]
        ratio = followers[:, day] / who.first_followers
        growth_effect[today] = model.size_elasticity * np.log(ratio)[account]
        log_final[today] = fixed[today] + slides_effect[today] + growth_effect[today]
        won = np.bincount(account, np.exp(log_final[today]), size.accounts) * who.conversion
        for later, share in enumerate(_KERNEL):
            coming[:, day + later] += share * won
        # Nobody wins more than half of what they have in a day, whatever went viral.
        gain = np.minimum(coming[:, day], 0.5 * followers[:, day] + 200)
        followers[:, day + 1] = np.maximum(followers[:, day] * (0.9996 + walk[:, day]) + gain, 50)
    return Outcome(
        use_image=use_image,
        use_number=use_number,
        first_use=first_use,
        repeats=reposts.repeats,
        image_lift=images.lift[: images.n],
        image_creator=images.creator[: images.n],
        image_is_hook=images.is_hook[: images.n],
        slides_effect=slides_effect,
        growth_effect=growth_effect,
        log_final=log_final,
        followers=followers,
    )


def _within(counts: Ints) -> Ints:
    """0, 1, ... within each group of the given sizes."""
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    within: Ints = np.arange(int(counts.sum())) - np.repeat(starts, counts)
    return within


class _Reposts:
    """Which slideshows repeat an earlier one of the same creator and length."""

    def __init__(self, rng: np.random.Generator, size: Scale, plan: Schedule, model: Model) -> None:
        chosen = (rng.random(size.posts) < model.repost_share) & (plan.n_slides > 0)
        self.repeats = np.full(size.posts, -1, dtype=np.int64)
        kind = plan.creator * 100 + plan.n_slides
        for k in np.unique(kind[chosen]):
            posts = np.flatnonzero(kind == k)
            wanting = np.flatnonzero(chosen[posts])
            # Only what went up at least three weeks before, or nothing.
            known = np.searchsorted(plan.day[posts], plan.day[posts[wanting]] - 21, side="right")
            able = known > 0
            pick = (rng.random(wanting.size) * known).astype(np.int64)
            self.repeats[posts[wanting[able]]] = posts[pick[able]]


def _choose(
    rng: np.random.Generator,
    size: Scale,
    plan: Schedule,
    model: Model,
    images: _Images,
    reposts: _Reposts,
    mine: Ints,
    creator: int,
    day: int,
    use_image: Ints,
    first_use: Ints,
) -> Ints:
    """Images of the slides of one creator's posts of one day, in order."""
    counts = plan.n_slides[mine]
    within = _within(counts)
    owner = np.repeat(mine, counts)
    source = reposts.repeats[owner]
    image = np.where(source >= 0, use_image[np.where(source >= 0, first_use[source] + within, 0)], -1)
    for hook in (True, False):
        slots = np.flatnonzero((image < 0) & ((within == 0) == hook))
        pool = images.pool(creator, hook)
        if pool.size and slots.size:
            again = slots[rng.random(slots.size) >= max(model.new_image_share, 6 / (6 + pool.size))]
            age = day - images.day[pool]
            score = np.where(age >= _MATURE_DAYS, images.score[pool], 0.0)
            chance = np.cumsum(np.exp(np.clip(score, -4, 3) - age / model.image_life_days))
            picked = np.searchsorted(chance, rng.random(again.size) * chance[-1], side="right")
            image[again] = pool[np.minimum(picked, pool.size - 1)]
            # The same image twice in one post: the second is made new.
            key = owner * size.slides + image
            _, first = np.unique(key, return_index=True)
            twice = np.ones(image.size, dtype=bool)
            twice[first] = False
            image[slots[twice[slots]]] = -1
        new = slots[image[slots] < 0]
        sd = model.hook_sd if hook else model.body_sd
        image[new] = images.add(rng, new.size, creator, hook, day, sd)
    return image
