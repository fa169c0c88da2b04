"""Partially pooled effects of many groups that overlap, such as images: a post shows several, each in many posts.

    value = sum over the post's members of each group of (their effect) + noise

The effects of a group are draws around 0 with a spread that is either given (what is hardly pooled: weeks) or found
from the data by restricted maximum likelihood. The noise may be Student's t: a few posts that go far beyond all
others (every platform has them) would else make all others look like noise. There may be hundreds of thousands of
effects: nothing is inverted; means come from conjugate gradients, uncertainty from exact posterior draws made the
same way.

After Papandreou & Yuille, Gaussian sampling by local perturbations (2010); Siden et al., Efficient covariance
approximations (2018), for variances from few draws; Gilmour et al., Average information REML (1995); Lange, Little &
Taylor, Robust statistical modeling using the t distribution (1989).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import cho_factor, cho_solve
from scipy.special import gammaln

Floats = NDArray[np.float64]

_ROUNDS, _LEAST_ROUNDS = 10, 3
_CLOSE = 0.02
"""Relative change of every spread at which the search for them ends."""
_DRAWN = 150_000
"""Effects times draws: few draws do where there are many effects, as sums over effects are what matters then."""
_LEAST_DRAWS, _MOST_DRAWS = 24, 400
_TAILS = (3.0, 4.0, 5.0, 7.0, 10.0, 20.0, 100.0)
"""Degrees of freedom that the noise may have; the last is as good as normal."""
_SMALL = 1e-6
_ROUGH = 1e-2
"""Tolerance where only the length of a step depends on it."""
_TOGETHER = 1_000
"""Effects that are solved for together in each step of the search for all of them."""


@dataclass(frozen=True)
class Group:
    """Effects of one kind."""

    name: str
    members: sparse.csr_matrix
    """posts x levels: how often each level counts in each post."""
    spread: float | None = None
    """Standard deviation of the effects; None: found from the data."""
    through: tuple[sparse.csr_matrix, sparse.csr_matrix] | None = None
    """Two matrices of which `members` is the product, where they are smaller: posts x texts, texts x words."""


@dataclass(frozen=True)
class Pooled:
    """What is known of the effects of one group afterwards."""

    mean: Floats
    variance: Floats
    deviations: Floats
    """levels x draws: posterior draws less their mean, joint with those of the other groups."""
    spread: float


class _Design:
    """Which effects each post has, and what doesn't change while their variances do."""

    def __init__(self, groups: Sequence[Group]) -> None:
        self.rows = sparse.hstack([g.members for g in groups], format="csr")
        # What is smaller than the rows, and whose product they are.
        first = [g.through[0] if g.through else g.members for g in groups]
        second = [g.through[1] if g.through else sparse.identity(g.members.shape[1]) for g in groups]
        is_shorter = any(g.through for g in groups)
        self._first = sparse.hstack(first, format="csr") if is_shorter else self.rows
        self._second = sparse.block_diag(second, format="csr") if is_shorter else None
        self._first_transposed = self._first.T.tocsr()
        self._second_transposed = None if self._second is None else self._second.T.tocsr()
        self.sizes = [g.members.shape[1] for g in groups]
        bounds = np.r_[0, np.cumsum(self.sizes)]
        self.places = [slice(bounds[i], bounds[i + 1]) for i in range(len(groups))]
        self.squares = np.asarray(self.rows.multiply(self.rows).sum(axis=0)).ravel()
        chosen, left = [], _TOGETHER
        for i in sorted(range(len(groups)), key=lambda i: self.sizes[i]):
            if self.sizes[i] <= left:
                chosen.append(i)
                left -= self.sizes[i]
        self.together = np.concatenate(
            [np.arange(bounds[i], bounds[i + 1]) for i in sorted(chosen)] or [np.arange(0)]
        )
        """Effects of the small groups: nearly every post has one of each, which ties all equations to one another."""
        few = self.rows[:, self.together]
        self.products = (few.T @ few).toarray()

    def of_posts(self, effects: Floats) -> Floats:
        """The sums of its effects for each post."""
        out: Floats = self._first @ (effects if self._second is None else self._second @ effects)
        return out

    def of_effects(self, values: Floats) -> Floats:
        """The sums of its posts' values for each effect."""
        out: Floats = self._first_transposed @ values
        return out if self._second_transposed is None else self._second_transposed @ out


@dataclass(frozen=True)
class _Equations:
    """Mixed-model equations at given variances."""

    design: _Design
    precision: Floats
    """Of each effect, before the data."""
    noise: float

    @cached_property
    def diagonal(self) -> Floats:
        out: Floats = self.design.squares / self.noise + self.precision
        return out

    def apply(self, x: Floats) -> Floats:
        out = self.design.of_effects(self.design.of_posts(x))
        out /= self.noise
        out += self.precision[:, None] * x
        return out

    @cached_property
    def _inverse(self) -> Floats:
        """Of the equations of the small groups."""
        own: Floats = self.design.products / self.noise
        own[np.diag_indices_from(own)] += self.precision[self.design.together]
        if not len(own):
            return own
        out: Floats = cho_solve(cho_factor(own, lower=True, check_finite=False), np.eye(len(own)))
        return out

    def nearly_solved(self, right: Floats) -> Floats:
        """The equations solved as if only the small groups were tied to one another."""
        out: Floats = right / self.diagonal[:, None]
        out[self.design.together] = self._inverse @ right[self.design.together]
        return out


def pooled_effects(
    value: Floats, groups: Sequence[Group], *, seed: int, heavy_tails: bool = False
) -> dict[str, Pooled]:
    """Posterior means, variances and joint draws of every group's effects, and the spread of each group.

    Parameters
    ----------
    value
        (n,) what each post did; all known, n >= 1.
    groups
        Effects that add up. Those without a spread are searched for it, with a prior that keeps it off 0
        (density in proportion to the spread, as in Chung et al. 2013), which matters where there are few levels.
    heavy_tails
        The noise is Student's t with as many degrees of freedom as the residuals tell, not normal.
    """
    design = _Design(groups)
    places = design.places
    n, p = design.rows.shape
    n_draws = int(np.clip(_DRAWN // max(p, 1), _LEAST_DRAWS, _MOST_DRAWS))
    random = np.random.default_rng(seed)
    # The same chance in every round: the search sees a smooth likelihood, and each round starts where the last ended.
    chance = random.standard_normal((n, n_draws)), random.standard_normal((p, n_draws))
    variances, noise = _moments(value, groups)
    solution, seen = np.zeros((p, n_draws + 1)), value
    for left in range(_ROUNDS, -1, -1):
        equations = _Equations(design, np.repeat(1.0 / variances, design.sizes), noise)
        solution, variance = _solved(equations, value, chance, solution)
        if not left:
            break
        before = np.r_[variances, noise]
        moved = _stepped(equations, value, groups, places, variances, solution[:, 0], variance)
        close = np.abs(np.r_[moved[0], moved[1]] / before - 1.0).max() < _CLOSE
        if close and (left <= _ROUNDS - _LEAST_ROUNDS or not heavy_tails):
            break
        variances, noise = moved
        if heavy_tails:
            value = _drawn_in(seen, design.of_posts(solution), noise)
    return {
        g.name: Pooled(solution[at, 0], variance[at], solution[at, 1:], float(np.sqrt(v)))
        for g, at, v in zip(groups, places, variances, strict=True)
    }


def _moments(value: Floats, groups: Sequence[Group]) -> tuple[Floats, float]:
    """A first guess of the variances: posts that share members are alike by as much as these vary.

    Products of the values of two posts, summed over all pairs, against how many members the two share (Haseman &
    Elston): no pair is ever formed, only sums over levels.
    """
    given = [g.members for g in groups if g.spread is not None]
    left = value - value.mean()
    if given:
        x = sparse.hstack(given, format="csr")
        spreads = np.repeat(
            [g.spread or 1.0 for g in groups if g.spread is not None], [m.shape[1] for m in given]
        )
        gram = (x.T @ x).toarray()
        gram[np.diag_indices_from(gram)] += max(float(left.var()), _SMALL) / spreads**2
        left = left - x @ np.linalg.solve(gram, x.T @ left)
    sought = [g.members for g in groups if g.spread is None]
    total = max(float((left**2).mean()), _SMALL)
    own = [np.asarray(m.multiply(m).sum(axis=1)).ravel() for m in sought]
    shared = np.empty((len(sought), len(sought)))
    for i, a in enumerate(sought):
        for j, b in enumerate(sought[: i + 1]):
            both = a.T @ b
            shared[i, j] = shared[j, i] = both.multiply(both).sum() - own[i] @ own[j]
    alike = np.array([((m.T @ left) ** 2).sum() - o @ left**2 for m, o in zip(sought, own, strict=True)])
    guess = np.linalg.lstsq(shared, alike, rcond=None)[0] if sought else np.zeros(0)
    guess = np.clip(guess, 0.01 * total, total)
    noise = max(total - sum(v * o.mean() for v, o in zip(guess, own, strict=True)), 0.1 * total)
    found = iter(guess)
    return np.array([next(found) if g.spread is None else g.spread**2 for g in groups]), float(noise)


def _solved(
    equations: _Equations, value: Floats, chance: tuple[Floats, Floats], start: Floats
) -> tuple[Floats, Floats]:
    """Posterior mean (the first column) with draws around it, and the variance of each effect.

    A draw solves the same equations with values and priors perturbed. An effect's variance is that given all
    others (exact) plus the mean square, over the draws, of what the others make of it.
    """
    right = np.empty_like(start)
    right[:, 0] = equations.design.of_effects(value) / equations.noise
    right[:, 1:] = equations.design.of_effects(chance[0] / np.sqrt(equations.noise))
    right[:, 1:] += np.sqrt(equations.precision)[:, None] * chance[1]
    diagonal = equations.diagonal
    solution = conjugate_gradients(equations.apply, right, equations.nearly_solved, start=start)
    deviations = solution[:, 1:]
    by_others = deviations - equations.apply(deviations) / diagonal[:, None]
    return solution, 1.0 / diagonal + (by_others**2).mean(axis=1)


def _drawn_in(seen: Floats, fitted: Floats, noise: float) -> Floats:
    """The values, those far from what is fitted drawn in, so that normal equations give the effects under t noise.

    At scale s a residual r counts w r / k: w = (t + 1) / (t + r^2 / s^2) is its weight, t the degrees of freedom and
    k = (t + 1) / (t + 3) the information of a post. So the effects solve the equations of the t, with its (Fisher's)
    information; the variance of what is drawn in is s^2 / k, so s^2 = k noise.

    Parameters
    ----------
    fitted
        posts x (1 + draws): the posterior mean, and draws less it.
    """
    left = seen - fitted[:, 0]
    squared = left**2 + (fitted[:, 1:] ** 2).mean(axis=1)
    tails = _tails(left**2)
    kept = (tails + 1.0) / (tails + 3.0)
    weight = (tails + 1.0) / (tails + squared / (kept * noise))
    drawn_in: Floats = fitted[:, 0] + weight / kept * left
    return drawn_in


def _tails(squared: Floats) -> float:
    """Degrees of freedom under which squared residuals are likeliest, each with the scale that fits it best."""
    best, least = _TAILS[-1], np.inf
    middle = max(float(np.median(squared)) / 0.455, _SMALL**2)
    for t in _TAILS:
        scale = middle
        for _ in range(8):
            scale = float(((t + 1.0) / (t + squared / scale) * squared).mean())
            scale = max(scale, _SMALL**2)
        rate = 0.5 * (t + 1.0) * float(np.log1p(squared / (t * scale)).mean()) + 0.5 * np.log(t * scale)
        rate += gammaln(t / 2) - gammaln((t + 1.0) / 2)
        if rate < least:
            best, least = t, rate
    return best


def conjugate_gradients(
    apply: Callable[[Floats], Floats],
    right: Floats,
    nearly_solved: Callable[[Floats], Floats],
    *,
    start: Floats | None = None,
    tolerance: float = 1e-3,
    most: int = 400,
) -> Floats:
    """Solve a symmetric positive system for several right sides at once; `nearly_solved` is its preconditioner."""
    solution = np.zeros_like(right) if start is None else start.copy()
    residual = right.copy() if start is None else right - apply(solution)
    aim = tolerance**2 * _products(right, nearly_solved(right))
    step = nearly_solved(residual)
    length = _products(residual, step)
    for _ in range(most):
        if (length <= aim).all():
            break
        forward = apply(step)
        curvature = _products(step, forward)
        size = np.divide(length, curvature, out=np.zeros_like(length), where=curvature > 0)
        solution += size * step
        residual -= size * forward
        scaled = nearly_solved(residual)
        new = _products(residual, scaled)
        step *= np.divide(new, length, out=np.zeros_like(new), where=length > 0)
        step += scaled
        length = new
    return solution


def _products(a: Floats, b: Floats) -> Floats:
    """Of each column of one with that of the other."""
    out: Floats = np.einsum("ij,ij->j", a, b)
    return out


def _stepped(
    equations: _Equations,
    value: Floats,
    groups: Sequence[Group],
    places: Sequence[slice],
    variances: Floats,
    mean: Floats,
    variance: Floats,
) -> tuple[Floats, float]:
    """One step of average-information REML: the variances nearer to where the likelihood is largest."""
    noise = equations.noise
    error = value - equations.design.of_posts(mean)
    scaled = error / noise
    known = sum(
        g.members.shape[1] - variance[at].sum() / v
        for g, at, v in zip(groups, places, variances, strict=True)
    )
    columns, score, prior = [], [], []
    sought = [i for i, g in enumerate(groups) if g.spread is None]
    for i in sought:
        members, at, v = groups[i].members, places[i], variances[i]
        pull = members.T @ scaled
        trace = (members.shape[1] - variance[at].sum() / v) / v
        score.append(-0.5 * (trace - pull @ pull) + 0.5 / v)
        prior.append(0.5 / v**2)
        columns.append(members @ pull)
    score.append(-0.5 * ((len(value) - known) / noise - scaled @ scaled))
    prior.append(0.0)
    columns.append(scaled)
    working = np.array(columns).T
    right = equations.design.of_effects(working) / noise
    inside = conjugate_gradients(equations.apply, right, equations.nearly_solved, tolerance=_ROUGH)
    information = 0.5 * working.T @ (working - equations.design.of_posts(inside)) / noise + np.diag(prior)
    old = np.r_[variances[sought], noise]
    new = old + np.linalg.lstsq(information, np.array(score), rcond=None)[0]
    new = np.clip(new, np.maximum(0.2 * old, _SMALL), 5.0 * old)
    moved = variances.copy()
    moved[sought] = new[:-1]
    return moved, float(new[-1])
