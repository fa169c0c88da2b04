"""The simulated agency: people, plan, effects and outcome together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .model import Floats, Growth, Ints, Model, growth, streams
from .people import People, people
from .reuse import Outcome, simulate
from .scale import Scale
from .schedule import Schedule, schedule


@dataclass(frozen=True, kw_only=True)
class World:
    """All that is true."""

    size: Scale
    model: Model
    who: People
    plan: Schedule
    outcome: Outcome
    curve: Growth
    effects: dict[str, Floats]
    """Every summand of ln(final views) by name, one entry per post; they add up to `log_final`."""
    rates: Floats
    """Likes, comments, shares and saves per view, post x 4."""
    deleted_at: Ints
    """Second when a post was deleted; the far future where it was not."""
    failed: np.ndarray
    """Posts whose last scrape failed, so that their lifetime counts are unknown."""
    n_sounds: int
    rng: dict[str, np.random.Generator]

    def views(self, post: Ints, age_hours: Floats) -> Floats:
        """True views of posts at ages, not rounded."""
        return np.exp(self.outcome.log_final[post]) * self.curve.share(post, age_hours)

    def counts(self, post: Ints, at: Ints, dip: np.ndarray | None = None) -> Ints:
        """Views, likes, comments, shares and saves of posts at instants, n x 5.

        Where `dip` is true, likes, comments and shares lie a little lower than they were (people take
        likes back, platforms clear out spam).
        """
        age = (at - self.plan.posted[post]) / 3600
        views = np.floor(self.views(post, np.maximum(age, 0.0)) + 0.5)
        found = np.empty((post.size, 5), dtype=np.int64)
        found[:, 0] = views
        engaged = views[:, None] * self.rates[post]
        if dip is not None:
            engaged[:, :3] *= np.where(dip, 0.93, 1.0)[:, None]
        found[:, 1:] = np.minimum(np.floor(engaged + 0.5), views[:, None])
        return found

    def followers_at(self, account: Ints, at: Ints) -> Ints:
        """Followers of accounts at instants, between days in a straight line."""
        day = np.clip((at - self.size.start_second) / 86_400, 0, self.size.days)
        before = np.minimum(day.astype(np.int64), self.size.days - 1)
        part = day - before
        known = self.outcome.followers
        between = known[account, before] * (1 - part) + known[account, before + 1] * part
        whole: Ints = np.floor(between).astype(np.int64)
        return whole


FAR = 2**40
_RATES = (0.055, 0.0042, 0.0065, 0.011)


def world(size: Scale, model: Model, seed: int) -> World:
    """Draw an agency. Same arguments, same agency."""
    rng = streams(seed)
    who = people(rng["people"], size, model)
    n_sounds = max(20, size.posts // 15)
    plan = schedule(rng["schedule"], rng["content"], size, who, model, n_sounds)
    luck = _luck(rng["luck"], size.posts, model)
    effects = _fixed_effects(rng["growth"], size, who, plan, model)
    effects["luck"] = luck
    fixed = np.sum(list(effects.values()), axis=0)
    outcome = simulate(rng["reuse"], size, who, plan, model, fixed, luck)
    effects |= {"slides": outcome.slides_effect, "followers": outcome.growth_effect}
    noise = rng["growth"].normal(0, [0.25, 0.45, 0.40, 0.40], (size.posts, 4))
    lasting = rng["growth"].exponential(40 * 86_400, size.posts).astype(np.int64) + 6 * 3600
    deleted = rng["growth"].random(size.posts) < 0.015
    deleted_at = np.where(deleted, plan.posted + lasting, FAR)
    deleted_at = np.where(deleted_at < size.as_of_second - 3600, deleted_at, FAR)
    return World(
        size=size,
        model=model,
        who=who,
        plan=plan,
        outcome=outcome,
        curve=growth(rng["growth"], size.posts),
        effects=effects,
        rates=np.minimum(np.array(_RATES) * np.exp(who.rates[plan.account] + noise), [0.3, 0.05, 0.08, 0.1]),
        deleted_at=deleted_at,
        failed=(rng["growth"].random(size.posts) < 0.01) & (deleted_at == FAR),
        n_sounds=n_sounds,
        rng=rng,
    )


def _luck(rng: np.random.Generator, n: int, model: Model) -> Floats:
    boosted = rng.random(n) < model.boost_share
    boost = np.minimum(rng.exponential(model.boost_mean, n), model.boost_most)
    luck = rng.normal(0, 1, n) * model.luck_sd + np.where(boosted, boost, 0.0)
    return luck - model.boost_share * model.boost_mean


def event_days(size: Scale, model: Model) -> tuple[int, int]:
    """First and last day of the platform's event."""
    first = round(size.days * 0.62)
    return first, min(first + min(model.event_days, size.days // 5), size.days) - 1


def turning_days(size: Scale) -> tuple[int, int]:
    """The days when one account collapses and another breaks out."""
    return round(size.days * 0.70), round(size.days * 0.66)


def week_effect(rng: np.random.Generator, size: Scale, model: Model) -> Floats:
    """Season of each day: a slow wave over the year and what each ISO week has of its own."""
    ordinal = size.start_on.toordinal() + np.arange(size.days)
    week = (ordinal - 1) // 7  # day 1 of the calendar was a Monday
    own = rng.normal(0, 1, int(week[-1] - week[0]) + 1) * model.season_week_sd
    wave: Floats = model.season_amplitude * np.cos(2 * np.pi * (ordinal - 20) / 365.25)
    season: Floats = wave + own[week - week[0]]
    return season


def _fixed_effects(
    rng: np.random.Generator, size: Scale, who: People, plan: Schedule, model: Model
) -> dict[str, Floats]:
    """All that is settled before anybody looks at views."""
    day = plan.day
    first, last = event_days(size, model)
    falls, rises = turning_days(size)
    ramp = np.clip((day - rises + 1) / 14, 0, 1)
    turn = np.where((plan.account == who.collapses) & (day >= falls), model.collapse_effect, 0.0)
    turn += np.where(plan.account == who.breaks_out, model.breakout_effect * ramp, 0.0)
    shown = plan.n_slides > 0
    return {
        "level": np.full(size.posts, model.level),
        "drift": model.drift_per_year * day / 365.0,
        "season": week_effect(rng, size, model)[day],
        "event": np.where((day >= first) & (day <= last), model.event_effect, 0.0),
        "account": who.strength[plan.account],
        "turn": turn,
        "va": who.skill[plan.va],
        "creator": who.creator_effect[plan.creator],
        "set": who.set_effect[plan.set_index],
        "post_type": np.where(shown, 0.0, model.video_effect),
        "slide_count": np.where(shown, model.per_slide * (plan.n_slides - model.usual_slides), 0.0),
        "hour": model.hour_effect(plan.local_hour),
    }
