"""Accounts over time: followers and totals, the same in every file that tells them."""

from __future__ import annotations

import numpy as np

from .columns import Column, instants, take
from .model import Ints
from .world import World


def account_ids(world: World) -> list[str]:
    return [f"tiktok:{handle}" for handle in world.who.handle]


def first_day(world: World) -> int:
    """The first day, in days since 1970."""
    return world.size.start_second // 86_400


def totals(world: World, account: Ints, day: Ints) -> dict[str, Column]:
    """Following, posts and likes of accounts at the end of days; each had some before the agency."""
    size, plan = world.size, world.plan
    n_posts = np.zeros((size.accounts, size.days), dtype=np.int64)
    views = np.zeros((size.accounts, size.days))
    np.add.at(n_posts, (plan.account, plan.day), 1)
    np.add.at(views, (plan.account, plan.day), np.exp(world.outcome.log_final))
    n_posts = np.cumsum(n_posts, axis=1)
    likes = 0.06 * (np.cumsum(views, axis=1) + 30 * world.who.first_followers[:, None])
    return {
        "following": 5 + account * 37 % 800,
        "total_videos": n_posts[account, day] + 10 + account * 3 % 50,
        "total_likes": likes[account, day].astype(np.int64),
    }


def histories(world: World) -> dict[str, Column]:
    """Followers and totals each night, for nine in ten nights."""
    rng = world.rng["work"]
    size = world.size
    account = np.repeat(np.arange(size.accounts), size.days)
    day = np.tile(np.arange(size.days), size.accounts)
    kept = (day >= world.who.first_day[account]) & (rng.random(account.size) < 0.9)
    account, day = account[kept], day[kept]
    at = size.start_second + day * 86_400 + 82_800 + account * 7 % 1_500 + rng.integers(0, 60, account.size)
    found = totals(world, account, day)
    return {
        "account_id": take(account_ids(world), account),
        "captured_at": instants(at),
        "followers": world.followers_at(account, at),
        "following": found["following"],
        "total_posts": found["total_videos"],
        "total_likes": found["total_likes"],
    }
