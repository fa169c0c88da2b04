"""What a month would be, if: posts, views, revenue, cost and profit from thirteen inputs.

The formula is written once, in `month` and `drawn_views`, over the operations that it is given: with
`Numbers` it computes, with a chart library's it writes down the expressions that a page computes by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

DAYS = 30.4375
"""Days in a month: 365.25 / 12."""
DRAWS = 2_000
_SEED = 20_250_101
_POSTS_A_DRAW = 4_000
_INTERVAL = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class Input:
    """One thing that a manager can change."""

    name: str
    label: str
    unit: str
    """money, fraction, multiple, or what is counted."""
    group: str
    sentence: str
    assumed: float
    """Taken where the data say nothing."""
    is_whole: bool = False

    @property
    def most(self) -> float | None:
        return 1.0 if self.unit == "fraction" else None

    def slider(self, today: float, *others: float) -> tuple[float, float, float]:
        """Lowest, highest and step of a slider that starts at `today`: up to about three times as much."""
        far = max(today * 3, *others, 0.0) or self.assumed * 3 or 1.0
        high = _nice(max(far, 5.0 if self.is_whole else 0.0))
        if self.most is not None:
            high = self.most if high > self.most / 2 else high
        return 0.0, high, 1.0 if self.is_whole else _nice(high / 300, (1, 2, 5, 10))


INPUTS = (
    Input("posts_per_day", "Posts per day and VA", "posts", "Work",
          "Posts that one VA puts up on an average day, weekends included.", 6.0),
    Input("vas", "VAs", "people", "Work", "Virtual assistants who post.", 1.0, is_whole=True),
    Input("accounts", "Accounts", "accounts", "Work", "Accounts that are posted on.", 10.0, is_whole=True),
    Input("posts_per_account", "Most posts per account", "posts", "Work",
          "Posts that one account takes a day; VAs post no more than all accounts take.", 2.0),
    Input("hours_per_post", "Hours per post", "hours", "Work", "Paid hours that a post takes.", 0.5),
    Input("median_views", "Median views", "views", "Views", "Views of the post in the middle.", 1_000.0),
    Input("viral_rate", "Viral rate", "fraction", "Views", "Share of posts that go viral.", 0.05),
    Input("viral_multiple", "Viral post, times median", "multiple", "Views",
          "Mean views of a viral post over the median.", 20.0),
    Input("reuse_share", "Reused posts", "fraction", "Views",
          "Share of posts of which at least half of the slides were used before.", 0.0),
    Input("reuse_multiple", "Reused post, times new", "multiple", "Views",
          "Views of a reused post over those of a new one. Reuse changes views here and saves no hours.", 1.0),
    Input("rpm", "RPM", "money", "Money", "Revenue per 1,000 views gained.", 0.5),
    Input("hourly_rate", "Hourly rate", "money", "Money", "Pay for one hour of a VA's work.", 6.0),
    Input("tools", "Tools a month", "money", "Money", "Tools and all else that doesn't depend on posts.", 100.0),
)  # fmt: skip
BY_NAME = {i.name: i for i in INPUTS}


@dataclass(frozen=True)
class Inputs:
    """A value for every input."""

    posts_per_day: float
    vas: float
    accounts: float
    posts_per_account: float
    hours_per_post: float
    median_views: float
    viral_rate: float
    viral_multiple: float
    reuse_share: float
    reuse_multiple: float
    rpm: float
    hourly_rate: float
    tools: float

    def changed(self, changes: Mapping[str, float]) -> Inputs:
        return replace(self, **changes)

    def values(self) -> dict[str, float]:
        return asdict(self)


@dataclass(frozen=True)
class Basis:
    """What the period's posts say and nobody changes: how views are spread. It travels with a page."""

    ordinary_multiple: float = 1.0
    """Mean views of a post that isn't viral, over the median."""
    ordinary_cv: float = 1.0
    """Standard deviation over mean, of posts that aren't viral."""
    viral_cv: float = 1.0
    reuse_factor: float = 1.0
    """Mean views of the measured posts over those of new ones: 1 - s + s x, of the measured s and x."""
    z: tuple[float, ...] = (0.0,)
    """Standardized means of resampled posts, rising."""
    z_low: float = 0.0
    z_median: float = 0.0
    z_high: float = 0.0


class Numbers:
    """The operations on floats and arrays; an unknown is NaN."""

    null = float("nan")

    @staticmethod
    def named(name: str, value: Any) -> Any:
        """A step of the formula. Here nothing but its value."""
        return value

    @staticmethod
    def least(a: Any, b: Any) -> Any:
        return np.minimum(a, b)

    @staticmethod
    def most(a: Any, b: Any) -> Any:
        return np.maximum(a, b)

    @staticmethod
    def sqrt(a: Any) -> Any:
        return np.sqrt(a)

    @staticmethod
    def where(condition: Any, a: Any, b: Any) -> Any:
        return np.where(condition, a, b)[()]

    @classmethod
    def ratio(cls, a: Any, b: Any) -> Any:
        """a / b; unknown where b is 0."""
        return cls.where(b == 0, cls.null, a / cls.where(b == 0, 1.0, b))


def month(given: Any, basis: Basis, ops: Any = Numbers) -> dict[str, Any]:
    """A month by the inputs `given`: an `Inputs`, or anything with the same names that `ops` works on.

    Formula: posts = min(posts_per_day x vas, posts_per_account x accounts) x 30.4375;
    views_per_post = median_views x ((1 - viral_rate) x ordinary_multiple + viral_rate x viral_multiple)
    x (1 - reuse_share + reuse_share x reuse_multiple) / reuse_factor; views = posts x views_per_post;
    revenue = rpm x views / 1,000; cost = posts x hours_per_post x hourly_rate + tools;
    profit = revenue - cost; roi = profit / cost; break-even RPM = 1,000 x cost / views; break-even posts =
    tools / (what a post earns - what it costs). The interval: see `drawn_views`.

    Units: money in the reporting currency, posts and views a month, roi and room_used as fractions.
    NULL: roi at cost 0; break-even RPM without views; break-even posts where a post costs as much as it
    earns, or more; room_used without accounts. Source: metrics.md, Level 4 (what-if). Version 1.
    """
    named = ops.named
    wanted = given.posts_per_day * given.vas
    room = given.posts_per_account * given.accounts
    posts = named("posts", ops.least(wanted, room) * DAYS)
    ordinary = (1 - given.viral_rate) * basis.ordinary_multiple
    viral = given.viral_rate * given.viral_multiple
    reuse = (1 - given.reuse_share + given.reuse_share * given.reuse_multiple) / basis.reuse_factor
    per_post = named("views_per_post", given.median_views * (ordinary + viral) * reuse)
    cv = named("views_cv", _cv(ordinary, viral, given, basis, ops))
    views = named("views", posts * per_post)
    revenue = named("revenue", given.rpm * views / 1000)
    post_cost = given.hours_per_post * given.hourly_rate
    cost = named("cost", posts * post_cost + given.tools)
    profit = named("profit", revenue - cost)
    margin = given.rpm * per_post / 1000 - post_cost
    found = {
        "posts": posts,
        "views_per_post": per_post,
        "views_cv": cv,
        "views": views,
        "revenue": revenue,
        "cost": cost,
        "profit": profit,
        "roi": named("roi", ops.ratio(profit, cost)),
        "breakeven_rpm": named("breakeven_rpm", ops.ratio(1000 * cost, views)),
        "breakeven_posts": named(
            "breakeven_posts", ops.where(margin > 0, ops.ratio(given.tools, margin), ops.null)
        ),
        "room_used": named("room_used", ops.ratio(wanted, room)),
    }
    for end, z in (("low", basis.z_low), ("median", basis.z_median), ("high", basis.z_high)):
        found[f"views_{end}"] = named(f"views_{end}", drawn_views(found, z, ops))
        found[f"profit_{end}"] = named(f"profit_{end}", given.rpm * found[f"views_{end}"] / 1000 - cost)
    return found


def drawn_views(found: Mapping[str, Any], z: Any, ops: Any = Numbers) -> Any:
    """Views of a month that draws z: n x mean x (1 + z x cv / sqrt(n)), never under 0.

    Written as mean x (n + z x cv x sqrt(n)), which is the same and needs no n above 0. It rises with z, so a
    quantile of views, or of profit, is its value at that quantile of z.
    """
    n = found["posts"]
    return ops.most(found["views_per_post"] * (n + z * found["views_cv"] * ops.sqrt(n)), 0)


def _cv(ordinary: Any, viral: Any, given: Any, basis: Basis, ops: Any) -> Any:
    """Standard deviation over mean of a post's views: of viral and other posts mixed as `given` says."""
    mean = ordinary + viral
    square = ordinary * (basis.ordinary_multiple * (1 + basis.ordinary_cv * basis.ordinary_cv)) + viral * (
        given.viral_multiple * (1 + basis.viral_cv * basis.viral_cv)
    )
    return ops.sqrt(ops.most(ops.where(mean == 0, 1, ops.ratio(square, mean * mean)) - 1, 0))


OUTPUTS = {
    "profit": ("Profit", "money"),
    "revenue": ("Revenue", "money"),
    "cost": ("Cost", "money"),
    "roi": ("ROI", "fraction"),
    "posts": ("Posts", "posts"),
    "views": ("Views", "views"),
    "breakeven_rpm": ("Break-even RPM", "money"),
    "breakeven_posts": ("Break-even posts", "posts"),
    "room_used": ("Room on accounts used", "fraction"),
}
"""What is shown of a month: name -> label and unit."""
WHY_UNKNOWN = {
    "roi": "there is no cost to compare with",
    "breakeven_rpm": "there are no views",
    "breakeven_posts": "a post costs as much as it earns, or more",
    "room_used": "there are no accounts",
}


def answer(inputs: Inputs, basis: Basis) -> dict[str, float | None]:
    """`month` as plain numbers; None where unknown."""
    found = {name: float(value) for name, value in month(inputs, basis).items()}
    return {name: None if isnan(value) else value for name, value in found.items()}


def basis_of(views: NDArray[np.float64], viral_views: float, reuse_factor: float = 1.0) -> Basis:
    """How the views of the period's posts are spread. Without posts: a usual spread, normally drawn."""
    random = np.random.default_rng(_SEED)
    if len(views) < 2 or views.std() == 0:
        z = np.sort(random.standard_normal(DRAWS))
        cv = 1.0 if len(views) < 2 else 0.0
        return _drawn(Basis(ordinary_cv=cv, viral_cv=cv, reuse_factor=reuse_factor), z)
    size = min(len(views), _POSTS_A_DRAW)
    # A draw at a time: all at once would take a gigabyte.
    means = np.array([views[random.integers(0, len(views), size)].mean() for _ in range(DRAWS)])
    z = np.sort((means - views.mean()) / (views.std() / np.sqrt(size)))
    ordinary, viral = views[views < viral_views], views[views >= viral_views]
    median = float(np.median(views))
    known = bool(median > 0 and len(ordinary))
    measured = Basis(
        ordinary_multiple=float(ordinary.mean()) / median if known else 1.0,
        ordinary_cv=_cv_of(ordinary),
        viral_cv=_cv_of(viral),
        reuse_factor=reuse_factor,
    )
    return _drawn(measured, z)


def _drawn(basis: Basis, z: NDArray[np.float64]) -> Basis:
    rounded = np.round(z, 4)
    low, median, high = (float(q) for q in np.quantile(rounded, _INTERVAL))
    return replace(basis, z=tuple(float(v) for v in rounded), z_low=low, z_median=median, z_high=high)


def _cv_of(views: NDArray[np.float64]) -> float:
    return float(views.std() / views.mean()) if len(views) and views.mean() > 0 else 0.0


def _nice(value: float, heads: Sequence[float] = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)) -> float:
    """The next round number: one of `heads` times a power of ten."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(round(next(h for h in heads if h * power >= value * (1 - 1e-9)) * power, 10))
