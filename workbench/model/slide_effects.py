"""What images do to the posts that show them, and what showing them again does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse, special

from ..metrics.effects import last_uses, outcomes_from_the_start, uses_of_images
from .frames import executed
from .remembered import key_of, remembered
from .shrinkage import Floats, Group, Pooled, pooled_effects

if TYPE_CHECKING:
    from .catalogue.metric import Asked

SEED = 20_250_101
LEVEL = 0.9
FIRST_USES = np.array([1, 2, 3, 4, 5, 6, 8, 11, 16, 26])
"""Use numbers at which a step of the decay begins; the last one holds for all that follow."""
_WEEK_SPREAD, _COUNT_SPREAD, _DECAY_SPREAD = 0.5, 1.0, 1.0
"""Standard deviations, in natural logs, of what is hardly pooled: wide, and they keep a few posts from telling all."""
_MOST_SLIDES = 12

LIFT_COLUMNS = (
    "image_id",
    "n_lift_posts",
    "raw_slide_lift",
    "slide_lift",
    "slide_lift_low",
    "slide_lift_high",
)
HOOK_COLUMNS = ("image_id", "n_hook_posts", "raw_hook_lift", "hook_lift", "hook_lift_low", "hook_lift_high")
DECAY_COLUMNS = (
    "use_number", "to_use_number", "n_decay_uses", "median_gap_days", "raw_reuse_multiple",
    "reuse_decay", "reuse_decay_low", "reuse_decay_high",
)  # fmt: skip


@dataclass(frozen=True)
class SlideEffects:
    """Three tables: see `slide_lifts`, `hook_lifts`, `reuse_decay`.

    Hooks may need a fit of their own, which is made when they are asked for.
    """

    lifts: pd.DataFrame
    lifts_of_hooks: Callable[[], pd.DataFrame]
    decay: pd.DataFrame
    hooks_cost_a_fit: bool = False

    @cached_property
    def hooks(self) -> pd.DataFrame:
        return self.lifts_of_hooks()


def slide_lifts(asked: Asked) -> pd.DataFrame:
    """What each image does to a post that shows it, as a multiple of what images usually do.

    Formula: log_outlier of a post = week + number of slides + account + VA + sum over its images of (the image's
    effect + decay of its use number) + noise; account, VA and images partially pooled, hooks and later slides each
    with a spread of their own, the noise Student's t. An account's first posts have no baseline; in the fit the mean
    of its next 20 stands in for it (see `metrics.effects.outcomes_from_the_start`). slide_lift = exp(effect of the
    image + mean decay of its uses so far, less the mean of that over all uses). raw_slide_lift: exp of the mean log
    outlier of its posts: what other slides did is in it.

    The sum is what a plain mean of the image's posts estimates too, freed of the slides beside it, of the
    number of slides and of who posted, which are most of that mean's error.

    Grain out: image_id, best first; n_lift_posts; 90 % interval. Images without a post whose log outlier is known have
    no row.

    Source: metrics.md, Level 1 (slide_lift). Version 1.
    """
    return slide_effects(asked).lifts


def hook_lifts(asked: Asked) -> pd.DataFrame:
    """The same of first slides: what an image does where it is slide 1.

    An image that is a hook in some posts and a later slide in others counts as two, and only the first is here.
    Grain out: image_id, best first; n_hook_posts. Source: metrics.md, Level 1 (hook lift). Version 1.
    """
    return slide_effects(asked).hooks


def reuse_decay(asked: Asked) -> pd.DataFrame:
    """What the second, third, ... use of an image does against its first, from the same fit as `slide_lifts`.

    As each image has an effect of its own, winners that are used again don't hide the decay; as that is pooled
    over all its uses and not read off the first, a first post that was lucky doesn't add to it.
    Where images come back for a worth that no count shows, the decay comes out a little small (uses 2 to 4 by up to
    6 % in simulations, later ones by more). raw_reuse_multiple: exp of the mean log outlier of posts with such a use
    less that of first uses.

    Grain out: use_number (the first of a step of uses; to_use_number: its last, NULL where open). n_decay_uses;
    median_gap_days since the use before; reuse_decay [multiple of the first use], 90 % interval. Empty where no image
    was used twice.

    Source: metrics.md, Level 1 (reuse_decay). Version 1.
    """
    return slide_effects(asked).decay


def slide_effects(asked: Asked) -> SlideEffects:
    """Lifts, hooks' lifts and decay of the posts of a period, of one fit."""
    key = key_of(asked, ("post_performance", "slide_uses"))

    @cache
    def found() -> SlideEffects:
        return fitted(*_rows(asked))

    def at_hand() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame | None]:
        return found().lifts, found().decay, None if found().hooks_cost_a_fit else found().hooks

    lifts, decay, hooks = remembered("slide_effects", key, at_hand)

    def lifts_of_hooks() -> pd.DataFrame:
        return remembered("hook_lifts", key, lambda: found().hooks) if hooks is None else hooks

    return SlideEffects(lifts, lifts_of_hooks, decay, hooks is None)


def _rows(asked: Asked) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Posts, uses and totals, as `fitted` takes them."""
    slide_uses = asked.tables("slide_uses")
    floor = float(asked.settings.floor_views)
    outcomes = outcomes_from_the_start(asked.mature, slide_uses, horizon=asked.horizon, floor=floor)
    posts = executed(outcomes.order_by("post_id"))
    uses = executed(uses_of_images(slide_uses, outcomes).order_by(["image_id", "post_id"]))
    totals = executed(last_uses(slide_uses, asked.period.to_at).order_by("image_id"))
    return posts, uses, totals


def fitted(posts: pd.DataFrame, uses: pd.DataFrame, totals: pd.DataFrame) -> SlideEffects:
    """`slide_effects` of rows: see `metrics.effects` for the columns of each.

    va_id and against_next of the posts may be missing: nobody is told apart, and log_outlier is all there is.
    """
    posts = posts[posts.get("against_next", posts["log_outlier"]).notna()]
    shown = _plain(posts["post_id"]).get_indexer(_plain(uses["post_id"]).unique())
    posts = posts.iloc[np.sort(shown[shown >= 0])].reset_index(drop=True)
    if posts.empty:
        return SlideEffects(_empty(LIFT_COLUMNS), lambda: _empty(HOOK_COLUMNS), _empty(DECAY_COLUMNS))
    fit = _Fit(posts, uses, totals, np.zeros(len(uses), dtype=np.int64))
    lifts = fit.lifts("slide_lift", "n_lift_posts", LIFT_COLUMNS)
    is_hook = np.asarray(uses["is_hook"], dtype=bool)
    roles = uses.assign(is_hook=is_hook).groupby("image_id")["is_hook"].nunique()
    both = bool((roles > 1).any())

    def hooks() -> pd.DataFrame:
        apart = _Fit(posts, uses, totals, is_hook.astype(np.int64)) if both else fit
        return apart.lifts("hook_lift", "n_hook_posts", HOOK_COLUMNS, hooks_only=True)

    return SlideEffects(lifts, hooks, fit.decay(), both)


class _Fit:
    """The model of one set of uses; `role` tells uses of one image apart that are to count as two images."""

    def __init__(
        self, posts: pd.DataFrame, uses: pd.DataFrame, totals: pd.DataFrame, role: NDArray[np.int64]
    ) -> None:
        # Parallel sums differ in their last digits; see `effects`.
        value = np.asarray(posts.get("against_next", posts["log_outlier"]), dtype=np.float64)
        self.value = value.round(6)
        self.outcome = np.asarray(posts["log_outlier"], dtype=np.float64)
        self.uses = uses
        self.row = _plain(posts["post_id"]).get_indexer(_plain(uses["post_id"]))
        image, names = pd.factorize(_plain(uses["image_id"]), sort=True)
        keys, self.image = np.unique(image * 2 + role, return_inverse=True)
        self.names = np.asarray(names, dtype=object)[keys // 2]
        n_images = len(keys)
        self.n = np.bincount(self.image, minlength=n_images)
        hooks = np.bincount(self.image, np.asarray(uses["is_hook"], dtype=float), n_images)
        self.is_hook = hooks * 2 > self.n
        self.step = np.searchsorted(FIRST_USES, np.asarray(uses["use_number"]), side="right") - 1
        total = totals.set_index("image_id")["last_use_number"].reindex(self.names)
        self.total = np.maximum(np.asarray(total.fillna(0), dtype=np.int64), self.n)
        self.found = pooled_effects(self.value, self._groups(posts), seed=SEED, heavy_tails=True)

    def _groups(self, posts: pd.DataFrame) -> list[Group]:
        n_posts = len(self.value)
        week = _codes(posts["platform"].astype("str") + posts["posted_week_on"].astype("str"))
        count = np.minimum(np.bincount(self.row, minlength=n_posts), _MOST_SLIDES)
        used = _members(self.row, self.step, n_posts, len(FIRST_USES))[:, 1:]
        image = _members(self.row, self.image, n_posts, len(self.n))
        return [
            Group("all", sparse.csr_matrix(np.ones((n_posts, 1))), 10.0),
            Group("week", _one_each(week), _WEEK_SPREAD),
            Group("count", _one_each(_codes(pd.Series(count))), _COUNT_SPREAD),
            Group("decay", used, _DECAY_SPREAD),
            *(Group(key, _one_each(_codes(posts[key]))) for key in ("account_id", "va_id") if key in posts),
            *(
                Group(name, image[:, np.flatnonzero(chosen)])
                for name, chosen in (("hook", self.is_hook), ("later", ~self.is_hook))
                if chosen.any()
            ),
        ]

    def lifts(
        self, name: str, counted: str, columns: Sequence[str], *, hooks_only: bool = False
    ) -> pd.DataFrame:
        effect, variance = np.zeros(len(self.n)), np.zeros(len(self.n))
        for group, chosen in (("hook", self.is_hook), ("later", ~self.is_hook)):
            if chosen.any():
                effect[chosen], variance[chosen] = self.found[group].mean, self.found[group].variance
        decay = self.found["decay"]
        worn = _mean_decay(np.r_[0.0, decay.mean][:, None], self.total)[:, 0]
        in_use = effect + worn
        usual = float(np.average(in_use, weights=self.total))
        draws = _mean_decay(np.vstack([np.zeros(decay.deviations.shape[1]), decay.deviations]), self.total)
        draws = draws - np.average(draws, axis=0, weights=self.total)
        margin = self._quantile * np.sqrt(variance + (draws**2).mean(axis=1))
        outcome = self.outcome[self.row]
        n_known = np.bincount(self.image, np.isfinite(outcome), len(self.n))
        raw = np.bincount(self.image, np.nan_to_num(outcome), len(self.n)) / np.maximum(n_known, 1)
        frame = pd.DataFrame(
            {
                "image_id": self.names,
                counted: n_known,
                f"raw_{name}": np.exp(raw),
                name: np.exp(in_use - usual),
                f"{name}_low": np.exp(in_use - usual - margin),
                f"{name}_high": np.exp(in_use - usual + margin),
            }
        )
        frame = frame[(n_known > 0) & (self.is_hook | (not hooks_only))]
        ordered = frame.sort_values([name, "image_id"], ascending=[False, True], ignore_index=True)
        return ordered.reindex(columns=list(columns)).astype(_kinds(columns))

    def decay(self) -> pd.DataFrame:
        last = int(self.step.max())
        if last == 0:
            return _empty(DECAY_COLUMNS)
        found: Pooled = self.found["decay"]
        steps = np.arange(last + 1)
        mean = np.r_[0.0, found.mean][steps]
        margin = self._quantile * np.r_[0.0, np.sqrt(found.variance)][steps]
        grouped = self.uses.assign(step=self.step, value=self.outcome[self.row]).groupby("step")
        plain = grouped["value"].mean().reindex(steps)
        frame = pd.DataFrame(
            {
                "use_number": FIRST_USES[steps],
                "to_use_number": [*(FIRST_USES[1 : last + 1] - 1), None][: last + 1]
                if last == len(FIRST_USES) - 1
                else FIRST_USES[1 : last + 2] - 1,
                "n_decay_uses": grouped["value"].count().reindex(steps).to_numpy(),
                "median_gap_days": grouped["gap_days"].median().reindex(steps).to_numpy(),
                "raw_reuse_multiple": np.exp(plain - plain.iloc[0]).to_numpy(),
                "reuse_decay": np.exp(mean),
                "reuse_decay_low": np.exp(mean - margin),
                "reuse_decay_high": np.exp(mean + margin),
            }
        )
        return frame.reindex(columns=list(DECAY_COLUMNS)).astype(_kinds(DECAY_COLUMNS))

    @property
    def _quantile(self) -> float:
        return float(special.stdtrit(max(len(self.value) - 1, 1), (1 + LEVEL) / 2))


def _mean_decay(steps: Floats, total: NDArray[np.int64]) -> Floats:
    """Mean over uses 1 ... total of each image of the decay, whose steps are rows."""
    k = np.arange(1, int(total.max()) + 1)
    each = steps[np.searchsorted(FIRST_USES, k, side="right") - 1]
    out: Floats = (np.cumsum(each, axis=0) / k[:, None])[total - 1]
    return out


def _plain(ids: pd.Series) -> pd.Index:
    """Ids as Python strings, which pandas looks up much faster than Arrow's."""
    plain: pd.Index = pd.Index(ids.to_numpy(dtype=object), dtype=object)
    return plain


def _codes(values: pd.Series) -> NDArray[np.int64]:
    return np.asarray(pd.factorize(values, sort=True)[0], dtype=np.int64)


def _members(row: NDArray[np.int64], level: NDArray[np.int64], rows: int, levels: int) -> sparse.csr_matrix:
    return sparse.csr_matrix((np.ones(len(row)), (row, level)), shape=(rows, levels))


def _one_each(code: NDArray[np.int64]) -> sparse.csr_matrix:
    """Each post is of one level; what is unknown is of none."""
    known = np.flatnonzero(code >= 0)
    return _members(known, code[known], len(code), int(code.max(initial=0)) + 1)


def _kinds(columns: Sequence[str]) -> dict[str, str]:
    whole = {"use_number": "int64", "to_use_number": "Int64"}
    return {
        c: whole.get(c) or ("str" if c.endswith("_id") else "int64" if c.startswith("n_") else "float64")
        for c in columns
    }


def _empty(columns: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(columns=list(columns)).astype(_kinds(columns))
