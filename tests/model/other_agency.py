"""An agency by another model than the demo's, as rows of the marts: what finds the truth there is no fit to the demo.

Few accounts and VAs, of very unequal size; VAs are dealt by chance and week by week; noise is Student's t with 3
degrees; accounts are spread evenly, VAs in two camps, images skewed (shifted exponentials), their effects
independent of creators; reuse follows Zipf's law and chases nothing; uses tire by the logarithm of their number;
nothing drifts over the weeks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis
import numpy as np
import pandas as pd

from workbench.metrics.periods import Period
from workbench.model.baselines import interquartile_means, window_ends
from workbench.model.catalogue.metric import Asked

DECAY = -0.25
"""Effect of use k: DECAY x ln(k), up to TIRED uses."""
TIRED = 20


@dataclass(frozen=True)
class OtherAgency:
    posts: pd.DataFrame
    uses: pd.DataFrame
    vas: pd.Series
    """True effect by va_id."""
    images: pd.DataFrame
    """By image_id: lift_in_use, centred on all uses; n_uses."""

    @property
    def asked(self) -> Asked:
        tables = {"post_performance": ibis.memtable(self.posts), "slide_uses": ibis.memtable(self.uses)}
        return Asked(tables.__getitem__, Period(date(2025, 1, 1), date(2025, 12, 31)))


def other_agency(
    seed: int, *, posts: int = 3_000, accounts: int = 12, vas: int = 5, weeks: int = 26, equal: bool = False
) -> OtherAgency:
    random = np.random.default_rng(seed)
    account_share = random.pareto(1.5, accounts) + 0.3
    account = random.choice(accounts, posts, p=account_share / account_share.sum())
    minute = np.sort(random.integers(0, weeks * 7 * 1440, posts))
    week = minute // (7 * 1440)
    va_share = random.dirichlet(np.full(vas, 3.0))
    va = random.choice(vas, (accounts, weeks), p=va_share)[account, week]
    creator = random.integers(0, 3, posts)
    camp = np.where(random.random(vas) < 0.5, -0.35, 0.25)
    va_effect = np.zeros(vas) if equal else camp + random.uniform(-0.1, 0.1, vas)
    use_post, use_index, image, number, lift = _uses(random, posts, equal)
    worn = 0.0 if equal else DECAY * np.log(np.minimum(number, TIRED))
    effect = np.bincount(use_post, lift[image] + worn, posts)
    noise = np.clip(random.standard_t(3, posts) * 0.45, -5, 5)
    log_views = 9.5 + random.uniform(-1.2, 1.2, accounts)[account] + va_effect[va] + effect + noise
    ids = [f"tiktok:{i:06d}" for i in range(posts)]
    frame = pd.DataFrame(
        {
            "post_id": ids,
            "platform": "tiktok",
            "account_id": [f"tiktok:account_{a:02d}" for a in account],
            "va_id": [f"va_{v}" for v in va],
            "creator_id": [f"creator_{c}" for c in creator],
            "set_id": [f"set_{s:02d}" for s in random.integers(0, 40, posts)],
            "post_type": "slideshow",
            "posted_at": pd.Timestamp("2025-01-06") + pd.to_timedelta(minute, unit="m"),
            "views_at_120": np.where(random.random(posts) < 0.05, np.nan, np.round(np.exp(log_views))),
        }
    )
    frame = _against_baselines(frame)
    uses = pd.DataFrame(
        {
            "post_id": np.array(ids)[use_post],
            "slide_index": use_index,
            "image_id": [f"image_{i:05d}" for i in image],
            "posted_at": frame.set_index("post_id")["posted_at"].loc[np.array(ids)[use_post]].to_numpy(),
            "is_hook": use_index == 1,
            "use_number": number,
        }
    )
    uses["gap_days"] = uses.groupby("image_id")["posted_at"].diff().dt.total_seconds() / 86_400
    in_use = pd.Series(lift[image] + worn).groupby(uses["image_id"]).agg(["mean", "size"])
    in_use["mean"] -= (in_use["mean"] * in_use["size"]).sum() / in_use["size"].sum()
    return OtherAgency(
        frame,
        uses,
        pd.Series(va_effect, index=[f"va_{v}" for v in range(vas)]),
        in_use.rename(columns={"mean": "lift_in_use", "size": "n_uses"}),
    )


def _uses(
    random: np.random.Generator, posts: int, equal: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Post, slide, image and use number of each slide, in time; and each image's lift."""
    n_slides = random.integers(1, 7, posts)
    post, index, image, number = [], [], [], []
    counts: list[int] = []
    for p in range(posts):
        shown: set[int] = set()
        for s in range(n_slides[p]):
            made = len(counts)
            old = int(made * random.random() ** 3)  # the first images are used most
            chosen = old if made and random.random() < 0.8 and old not in shown else made
            if chosen == made:
                counts.append(0)
            shown.add(chosen)
            counts[chosen] += 1
            for column, value in ((post, p), (index, s + 1), (image, chosen), (number, counts[chosen])):
                column.append(value)
    lift = np.zeros(len(counts)) if equal else random.exponential(0.4, len(counts)) - 0.4
    return np.array(post), np.array(index), np.array(image), np.array(number), lift


def _against_baselines(frame: pd.DataFrame) -> pd.DataFrame:
    ordered = frame.sort_values(["account_id", "posted_at", "post_id"], ignore_index=True)
    group = ordered.groupby("account_id").ngroup().to_numpy(np.int64)
    start, end = window_ends(group, ordered["posted_at"].astype("int64").to_numpy())
    views = ordered["views_at_120"].to_numpy(float)
    usual = interquartile_means(views, start, end, np.ones(len(ordered), bool))
    day = ordered["posted_at"].dt.normalize()
    ordered["posted_local_on"] = day.dt.date
    ordered["posted_week_on"] = (day - pd.to_timedelta(day.dt.day_of_week, unit="D")).dt.date
    ordered["outlier_120"] = views / np.maximum(usual, 100)
    raw = np.log(np.maximum(views, 100) / np.maximum(usual, 100))
    ordered["log_outlier_120"] = raw - pd.Series(raw).groupby(ordered["posted_week_on"]).transform("mean")
    return ordered
