"""What is true of the simulated agency, as Parquet tables beside the files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from .columns import Column, dates, instants, joined, table, take
from .histories import account_ids, first_day
from .model import HORIZONS
from .slides import Slides
from .texts import Texts
from .world import FAR, World, event_days, turning_days


def write_truth(folder: Path, world: World, words: Texts, made: Slides, *, seed: int) -> Path:
    tables = {
        "posts": _posts(world, words),
        "vas": _vas(world),
        "accounts": _accounts(world),
        "creators": {"creator_id": world.who.creator_id, "effect": world.who.creator_effect},
        "sets": {"set_id": world.who.set_id, "effect": world.who.set_effect},
        "images": _images(world),
        "slide_uses": _uses(world, words, made),
        "reuse_decay": _decay(world),
        "hour_effect": _hours(world),
        "followers": _followers(world),
        "days": _days(world),
    }
    for name, columns in tables.items():
        pq.write_table(table(columns), folder / f"{name}.parquet", compression="zstd")
    first, last = event_days(world.size, world.model)
    falls, rises = turning_days(world.size)
    day = world.size.start_on.toordinal()
    said = {
        "seed": seed,
        "as_of": world.size.as_of.isoformat(sep=" "),
        "loner": world.who.va_id[world.who.loner],
        "collapses": account_ids(world)[world.who.collapses],
        "breaks_out": account_ids(world)[world.who.breaks_out],
        "event_from_on": str(world.size.start_on.fromordinal(day + first)),
        "event_to_on": str(world.size.start_on.fromordinal(day + last)),
        "collapse_on": str(world.size.start_on.fromordinal(day + falls)),
        "breakout_on": str(world.size.start_on.fromordinal(day + rises)),
        "size": {k: str(v) if k == "end_on" else v for k, v in asdict(world.size).items()},
        "model": asdict(world.model),
    }
    (folder / "agency.json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    return folder


def _posts(world: World, words: Texts) -> dict[str, Column]:
    plan = world.plan
    posts = np.arange(world.size.posts)
    found: dict[str, Column] = {
        "post_id": words.post_id,
        "account_id": take(account_ids(world), plan.account),
        "va_id": words.va,
        "creator_id": words.creator,
        "set_id": take(world.who.set_id, plan.set_index),
        "posted_at": instants(plan.posted),
        "deleted_at": instants(world.deleted_at, world.deleted_at < FAR),
        "n_slides": plan.n_slides,
        "local_hour": plan.local_hour,
        "log_final_views": world.outcome.log_final,
    }
    found |= {f"effect_{name}": effect for name, effect in world.effects.items()}
    found |= {f"views_{h}": world.views(posts, np.full(posts.size, float(h))) for h in HORIZONS}
    found |= {
        "fast": world.curve.fast,
        "fast_hours": world.curve.fast_hours,
        "slow_hours": world.curve.slow_hours,
    }
    return found | {"followers_at_post": world.followers_at(plan.account, plan.posted)}


def _vas(world: World) -> dict[str, Column]:
    who, plan = world.who, world.plan
    n = world.size.vas
    n_posts = np.bincount(plan.va, minlength=n)
    hours = np.bincount(plan.va, world.effects["hour"], n) / np.maximum(n_posts, 1)
    # What a VA does to views: skill, and the hours at which the VA posts.
    effect = who.skill + hours - world.effects["hour"].mean()
    accounts = [len({int(a) for a in who.terms[who.terms[:, 1] == va, 0]}) for va in range(n)]
    return {
        "va_id": who.va_id,
        "skill": who.skill,
        "mean_hour_effect": hours,
        "effect": effect,
        "punctuality": who.punctuality,
        "n_posts": n_posts,
        "n_accounts": accounts,
        "is_separable": np.arange(n) != who.loner,
    }


def _accounts(world: World) -> dict[str, Column]:
    who = world.who
    return {
        "account_id": account_ids(world),
        "strength": who.strength,
        "first_followers": world.outcome.followers[:, 0],
        "last_followers": world.outcome.followers[:, -1],
        "n_posts": np.bincount(world.plan.account, minlength=world.size.accounts),
    }


def _images(world: World) -> dict[str, Column]:
    """Each image's log lift; `log_lift_in_use` adds the decay of its uses, against the mean use."""
    outcome = world.outcome
    n = outcome.image_lift.size
    uses = np.bincount(outcome.use_image, minlength=n)
    decay = np.bincount(outcome.use_image, world.model.reuse_decay(outcome.use_number), n) / uses
    in_use = outcome.image_lift + decay
    return {
        "image_id": joined("image_", np.arange(n)),
        "creator_id": take(world.who.creator_id, outcome.image_creator),
        "is_hook": pa.array(outcome.image_is_hook),
        "log_lift": outcome.image_lift,
        "log_lift_in_use": in_use - (in_use * uses).sum() / uses.sum(),
        "n_uses": uses,
    }


def _uses(world: World, words: Texts, made: Slides) -> dict[str, Column]:
    return {
        "post_id": words.post_id.take(pa.array(made.post)),
        "slide_index": made.index,
        "image_id": made.image_id,
        "use_number": world.outcome.use_number,
    }


def _decay(world: World) -> dict[str, Column]:
    k = np.arange(1, int(world.outcome.use_number.max()) + 1)
    return {"use_number": k, "effect": world.model.reuse_decay(k)}


def _hours(world: World) -> dict[str, Column]:
    """Mean effect of posting within each local hour."""
    minutes = (np.arange(24 * 60) + 0.5) / 60
    return {
        "local_hour": np.arange(24),
        "effect": world.model.hour_effect(minutes).reshape(24, 60).mean(axis=1),
    }


def _followers(world: World) -> dict[str, Column]:
    size = world.size
    account = np.repeat(np.arange(size.accounts), size.days + 1)
    day = np.tile(np.arange(size.days + 1), size.accounts)
    return {
        "account_id": take(account_ids(world), account),
        "at": instants(size.start_second + day * 86_400),
        "followers": world.outcome.followers.ravel(),
    }


def _days(world: World) -> Mapping[str, Column]:
    """What all posts of a day shared: drift, season and the event; NULL on a day without posts."""
    size, day = world.size, world.plan.day
    n = np.bincount(day, minlength=size.days)
    found: dict[str, Column] = {"on": dates(first_day(world) + np.arange(size.days)), "n_posts": n}
    for name in ("drift", "season", "event"):
        total = np.bincount(day, world.effects[name], size.days)
        found[f"effect_{name}"] = pa.array(total / np.maximum(n, 1), mask=n == 0)
    return found
