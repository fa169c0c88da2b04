"""The written model behind the demo: every parameter, and the curves in formulas.

docs/demo.md tells the same in prose. Effects are natural logarithms of a factor on views.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HORIZONS = (24, 48, 72, 96, 120, 168, 336, 720)
"""Ages in hours at which the truth holds each post's views."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """Parameters of ln(final views); sd is a standard deviation."""

    level: float = 9.3
    drift_per_year: float = -0.30
    season_amplitude: float = 0.10
    season_week_sd: float = 0.05
    event_effect: float = -0.50
    event_days: int = 12
    account_sd: float = 0.80
    account_by_size: float = 0.50
    """Correlation of an account's strength with the logarithm of its first follower count."""
    collapse_effect: float = -1.80
    breakout_effect: float = 1.60
    va_sd: float = 0.25
    va_match: float = 0.55
    """How strongly better VAs are put on stronger accounts (weight in the dealing of terms)."""
    creator_sd: float = 0.10
    set_sd: float = 0.08
    hook_sd: float = 0.50
    body_sd: float = 0.36
    """Log lift of an image, first and later slides. A post gets the sum over its images."""
    decay_floor: float = -0.75
    decay_uses: float = 3.5
    """Effect of use k: decay_floor * (1 - exp(-(k - 1) / decay_uses))."""
    per_slide: float = 0.33
    """Effect of each slide beyond the usual number, before what the slides themselves do."""
    usual_slides: float = 3.3
    video_effect: float = -0.9
    hour_amplitude: float = 0.16
    hour_second: float = 0.06
    va_hour_share: float = 0.3
    """How many of a VA's posts go up around the VA's own favourite hour."""
    size_elasticity: float = 0.20
    """Effect of ln(followers now / followers at the start)."""
    luck_sd: float = 0.45
    boost_share: float = 0.035
    boost_mean: float = 1.3
    boost_most: float = 5.5
    """A few posts get an exponential boost on top, up to a limit: the heavy tail."""
    reuse_by_merit: float = 0.8
    reuse_by_luck: float = 0.8
    """Weight in ln(chance of coming back) of an image's log lift and of whatever else its first post had
    (luck and the other slides). Equal weights: by the first result, as a person sees it."""
    new_image_share: float = 0.13
    image_life_days: float = 45.0
    repost_share: float = 0.03
    """Slideshows that repeat an earlier one's images in the same order."""
    conversion: float = 0.0012
    """Followers won per view, in the middle of accounts."""

    def equalized(self) -> Model:
        """The same agency where who posts, and with which images, makes no difference.

        Accounts, hours, seasons and luck stay.
        """
        return replace(
            self,
            level=self.level + self.video_effect,  # what slides take away on average is gone too
            video_effect=0.0,
            va_sd=0.0,
            va_hour_share=0.0,
            creator_sd=0.0,
            set_sd=0.0,
            hook_sd=0.0,
            body_sd=0.0,
            decay_floor=0.0,
            per_slide=0.0,
        )

    def reuse_decay(self, use_number: NDArray[np.int64] | int) -> Floats:
        """Effect of the k-th use of an image against its first."""
        k = np.asarray(use_number, dtype=np.float64)
        return self.decay_floor * (1.0 - np.exp(-(k - 1.0) / self.decay_uses))

    def hour_effect(self, hour: Floats) -> Floats:
        """Effect of the local hour of posting (0 to 24): best about 19, worst about 5."""
        turn = 2 * np.pi / 24
        return self.hour_amplitude * np.cos(turn * (hour - 18.5)) + self.hour_second * np.cos(
            2 * turn * (hour - 7.5)
        )


@dataclass(frozen=True)
class Growth:
    """How a post's views come in: a fast and a slow saturating part.

    share of final views at age t hours
        = fast * (1 - exp(-t / fast_hours)) + (1 - fast) * (1 - exp(-t / slow_hours))
    """

    fast: Floats
    fast_hours: Floats
    slow_hours: Floats

    def share(self, post: Ints, age_hours: Floats) -> Floats:
        fast = self.fast[post]
        quick = -np.expm1(-age_hours / self.fast_hours[post])
        slow = -np.expm1(-age_hours / self.slow_hours[post])
        return fast * quick + (1.0 - fast) * slow


def growth(rng: np.random.Generator, n_posts: int) -> Growth:
    """Draw each post's curve; one post in twenty burns slowly."""
    fast = rng.beta(12.0, 6.0, n_posts)
    fast_hours = np.exp(rng.normal(np.log(14.0), 0.30, n_posts))
    slow_hours = np.exp(rng.normal(np.log(110.0), 0.20, n_posts))
    slow_burner = rng.random(n_posts) < 0.05
    fast = np.where(slow_burner, fast * 0.5, fast)
    slow_hours = np.where(slow_burner, slow_hours * 2.0, slow_hours)
    return Growth(fast, fast_hours, slow_hours)


def streams(seed: int) -> dict[str, np.random.Generator]:
    """A random generator for each part, so that a change in one does not shift the others."""
    parts = (
        "people",
        "schedule",
        "content",
        "luck",
        "reuse",
        "growth",
        "snapshots",
        "slides",
        "words",
        "tracker",
        "money",
        "work",
        "comments",
        "pictures",
    )
    return {
        name: np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, number])))
        for number, name in enumerate(parts)
    }
