"""Agencies of the demo's model as rows of the marts, without files: many, where few say little.

A share of intervals pooled over the hundred VAs of eight agencies is off by 0.03 by chance alone, the more so as the
VAs of one agency err together. What takes half a minute to write, import and load takes a second to draw.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis
import numpy as np
import pandas as pd

from workbench.demo.model import Model
from workbench.demo.scale import scale
from workbench.demo.world import World
from workbench.demo.world import world as make_world
from workbench.metrics.periods import Period
from workbench.model.baselines import interquartile_means, window_ends
from workbench.model.catalogue import Asked

UNSEEN = 0.05
"""Share of the posts that are old enough and whose count at 120 hours is unknown."""
END = date(2025, 10, 5)


@dataclass(frozen=True)
class Drawn:
    """One agency."""

    asked: Asked
    posts: pd.DataFrame
    """va_id and creator_id of each post, and the true summands of its ln views: effect_*."""
    vas: pd.DataFrame
    """va_id, effect, is_separable."""
    decay: pd.DataFrame
    """use_number, effect."""


def drawn_agency(seed: int, *, posts: int, accounts: int, vas: int, model: Model | None = None) -> Drawn:
    """Draw an agency; the same seed as `make_demo`'s is the same agency."""
    size = scale(
        posts=posts, accounts=accounts, vas=vas, creators=None, days=None, slides=None, end_on=END
    )  # fmt: skip
    world = make_world(size, model or Model(), seed)
    frame = _posts(world, np.random.default_rng([seed, 120]))
    effects = {f"effect_{name}": effect for name, effect in world.effects.items()}
    true = frame[["va_id", "creator_id"]].assign(**effects)
    hour = true["effect_hour"] - true["effect_hour"].mean()
    of_va = (true["effect_va"] + hour).groupby(true["va_id"]).mean().rename("effect").reset_index()
    loner = f"va_{world.who.loner:02d}"
    k = np.arange(1, int(world.outcome.use_number.max()) + 1)
    tables = {
        "post_performance": ibis.memtable(_compared(frame)),
        "slide_uses": ibis.memtable(_uses(world, frame)),
    }
    period = Period(date(2000, 1, 1), date(2025, 12, 31))
    decay = pd.DataFrame({"use_number": k, "effect": world.model.reuse_decay(k)})
    vas_true = of_va.assign(is_separable=of_va["va_id"] != loner)
    return Drawn(Asked(tables.__getitem__, period), true, vas_true, decay)


def _posts(world: World, random: np.random.Generator) -> pd.DataFrame:
    plan, n = world.plan, world.size.posts
    views = world.views(np.arange(n), np.full(n, 120.0))
    young = world.size.as_of_second - plan.posted < 120 * 3600
    return pd.DataFrame(
        {
            "post_id": [f"post_{i:06d}" for i in range(n)],
            "platform": "tiktok",
            "account_id": [f"account_{i:03d}" for i in plan.account],
            "va_id": [f"va_{i:02d}" for i in plan.va],
            "creator_id": [f"creator_{i:02d}" for i in plan.creator],
            "post_type": np.where(plan.n_slides > 0, "slideshow", "video"),
            "posted_at": pd.to_datetime(plan.posted, unit="s"),
            "views_at_120": np.where(young | (random.random(n) < UNSEEN), np.nan, np.round(views)),
        }
    )


def _compared(frame: pd.DataFrame) -> pd.DataFrame:
    """Posts against their accounts' baselines: the definitions of `metrics.outliers`."""
    posts = frame.sort_values(["account_id", "post_type", "posted_at", "post_id"], ignore_index=True)
    group = np.asarray(posts.groupby(["account_id", "post_type"]).ngroup(), dtype=np.int64)
    start, end = window_ends(group, np.asarray(posts["posted_at"].astype("int64"), dtype=np.int64))
    views = np.asarray(posts["views_at_120"], dtype=np.float64)
    usual = np.maximum(interquartile_means(views, start, end, np.ones(len(posts), bool)), 100.0)
    day = posts["posted_at"].dt.normalize()
    week = (day - pd.to_timedelta(day.dt.day_of_week, unit="D")).dt.date
    raw = pd.Series(np.log(np.maximum(views, 100.0) / usual))
    return posts.assign(
        posted_local_on=day.dt.date,
        posted_week_on=week,
        outlier_120=views / usual,
        log_outlier_120=raw - raw.groupby(week).transform("mean"),
    )


def _uses(world: World, frame: pd.DataFrame) -> pd.DataFrame:
    n_slides = world.plan.n_slides
    post = np.repeat(np.arange(len(n_slides)), n_slides)
    index = np.arange(len(post)) - np.repeat(np.cumsum(n_slides) - n_slides, n_slides)
    uses = pd.DataFrame(
        {
            "post_id": frame["post_id"].to_numpy()[post],
            "image_id": [f"image_{i:05d}" for i in world.outcome.use_image],
            "posted_at": frame["posted_at"].to_numpy()[post],
            "is_hook": index == 0,
        }
    ).sort_values(["posted_at", "post_id"], kind="stable", ignore_index=True)
    images = uses.groupby("image_id")
    gap = images["posted_at"].diff().dt.total_seconds() / 86_400
    return uses.assign(use_number=images.cumcount() + 1, gap_days=gap)
