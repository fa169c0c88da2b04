"""A linear mixed model on cells: crossed, partially pooled effects by restricted maximum likelihood.

    value = fixed + effect of each random factor + effect of the inner factor + noise

Each factor's effects are draws around 0 with a spread of the factor's own. Only counts, means and squares
of cells are needed, so a million posts cost as much as their cells. Henderson's equations are solved in three steps,
each of which leaves fewer unknowns: the *inner* factor (such as an account's month) is taken out block by block,
the *wide* factor (such as the account) is diagonal after that and taken out too, and what remains is dense and small.

After Bates et al., Fitting linear mixed-effects models using lme4 (2015), sections 2-3; the spread of the factor
that is asked about is not fixed at its best value but averaged over (see `posterior`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.optimize import minimize

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_LEAST, _MOST = -14.0, 5.0
"""Bounds of ln(variance of a factor / variance of noise)."""
_FLAT = 1e-8
"""Precision of the fixed effects, in posts: as good as none, and collinear months do no harm."""


@dataclass(frozen=True)
class Cells:
    """Posts that share every factor, as counts and sums of the value."""

    n: Floats
    total: Floats
    squared: Floats

    @property
    def mean(self) -> Floats:
        return self.total / self.n

    @property
    def within(self) -> float:
        """Sum of squares around each cell's own mean."""
        return float(np.maximum(self.squared - self.total**2 / self.n, 0.0).sum())


@dataclass(frozen=True)
class Factor:
    """Which level each cell is of."""

    code: Ints
    size: int


@dataclass(frozen=True)
class _Solved:
    """The equations at one set of spreads."""

    deviance: float
    noise: float
    """Variance of the noise."""
    factor: tuple[Floats, bool]
    """Cholesky factor of the dense part."""
    solution: Floats
    """Of the dense part: fixed effects, then the dense factors in their order."""
    wide_solution: Floats
    wide_precision: Floats
    coupling: Floats
    """wide x dense."""


class MixedModel:
    """The model of one set of cells."""

    def __init__(
        self,
        cells: Cells,
        *,
        fixed: Sequence[Factor],
        wide: Factor,
        dense: Mapping[str, Factor],
        inner: Factor | None = None,
    ) -> None:
        self.names = [*(["inner"] if inner is not None else []), "wide", *dense]
        self.dense = dict(dense)
        n_cells = len(cells.n)
        mean, shift = cells.mean, float(cells.total.sum() / cells.n.sum())
        y = mean - shift
        parts = [np.ones((n_cells, 1))]
        parts += [_indicators(f).tocsc()[:, 1:] for f in fixed if f.size > 1]
        x = sparse.hstack([sparse.csr_matrix(p) for p in parts], format="csr")
        self.n_fixed = x.shape[1]
        design = sparse.hstack([x, *(_indicators(f) for f in dense.values())], format="csr")
        z = _indicators(wide)
        weights = sparse.diags(cells.n)
        weighed, z_weighed = weights @ design, weights @ z
        self._a_dd = (design.T @ weighed).toarray()
        self._a_wd = np.asarray((z.T @ weighed).toarray())
        self._a_ww = np.bincount(wide.code, cells.n, wide.size)
        self._r_d, self._r_w = design.T @ (cells.n * y), z.T @ (cells.n * y)
        self._c = float((cells.n * y**2).sum()) + cells.within
        self._inner = None
        if inner is not None:
            block = _indicators(inner).T.tocsr()
            self._inner = (
                np.bincount(inner.code, cells.n, inner.size),
                (block @ weighed).tocsr(),
                (block @ z_weighed).tocsr(),
                np.bincount(inner.code, cells.n * y, inner.size),
            )
        self.n = float(cells.n.sum())
        self.degrees = max(self.n - self.n_fixed, 1.0)
        self._starts = np.cumsum([self.n_fixed, *(f.size for f in dense.values())])

    def solved(self, log_ratios: Floats) -> _Solved:
        """Solve at ln(variance / noise) of each factor, in the order of `names`."""
        ratios = dict(zip(self.names, np.exp(log_ratios), strict=True))
        a_dd, a_wd, a_ww, r_d, r_w, c = (
            self._a_dd.copy(), self._a_wd, self._a_ww, self._r_d, self._r_w, self._c
        )  # fmt: skip
        logs = 0.0
        if self._inner is not None:
            n, g_d, g_w, g_y = self._inner
            d = ratios["inner"] / (1.0 + ratios["inner"] * n)
            scaled = sparse.diags(d)
            a_dd -= (g_d.T @ scaled @ g_d).toarray()
            a_wd = a_wd - (g_w.T @ scaled @ g_d).toarray()
            a_ww = a_ww - np.asarray((g_w.multiply(g_w)).T @ d).ravel()
            r_d, r_w = r_d - g_d.T @ (d * g_y), r_w - g_w.T @ (d * g_y)
            c -= float((d * g_y**2).sum())
            logs += float(np.log1p(ratios["inner"] * n).sum())
        precision = a_ww + 1.0 / ratios["wide"]
        logs += float(np.log(precision).sum()) + len(a_ww) * np.log(ratios["wide"])
        a_dd[np.diag_indices(self.n_fixed)] += _FLAT
        for name, start in zip(self.dense, self._starts, strict=False):
            at = np.arange(start, start + self.dense[name].size)
            a_dd[at, at] += 1.0 / ratios[name]
            logs += self.dense[name].size * np.log(ratios[name])
        share = a_wd / precision[:, None]
        factor = cho_factor(a_dd - a_wd.T @ share, lower=True, check_finite=False)
        solution = cho_solve(factor, r_d - share.T @ r_w, check_finite=False)
        wide_solution = (r_w - a_wd @ solution) / precision
        left = max(c - float(r_d @ solution + r_w @ wide_solution), 1e-12 * max(self._c, 1e-12))
        logs += 2.0 * float(np.log(np.diag(factor[0])).sum())
        deviance = self.degrees * np.log(left / self.degrees) + logs
        return _Solved(
            deviance, left / self.degrees, factor, solution, wide_solution, precision, share
        )  # fmt: skip

    def fitted(self) -> Floats:
        """ln(variance / noise) of each factor at the restricted maximum of the likelihood."""
        start = np.full(len(self.names), -2.0)
        found = minimize(
            lambda x: self.solved(x).deviance,
            start,
            method="L-BFGS-B",
            bounds=[(_LEAST, _MOST)] * len(start),
            options={"ftol": 1e-9, "maxiter": 60},
        )
        best: Floats = found.x
        return best

    def block(self, solved: _Solved, name: str) -> tuple[Floats, Floats]:
        """Posterior mean and covariance of a factor's effects at one set of spreads."""
        if name == "wide":
            half = solve_triangular(solved.factor[0], solved.coupling.T, lower=True, check_finite=False)
            # Only the diagonal: the wide factor may have many thousand levels.
            variance = solved.noise * (1.0 / solved.wide_precision + (half**2).sum(axis=0))
            return solved.wide_solution, variance
        start = int(self._starts[list(self.dense).index(name)])
        at = slice(start, start + self.dense[name].size)
        unit = np.zeros((len(solved.solution), self.dense[name].size))
        unit[at] = np.eye(self.dense[name].size)
        half = solve_triangular(solved.factor[0], unit, lower=True, check_finite=False)
        return solved.solution[at], solved.noise * half.T @ half


def _indicators(factor: Factor) -> sparse.csr_matrix:
    rows = len(factor.code)
    return sparse.csr_matrix(
        (np.ones(rows), factor.code, np.arange(rows + 1)), shape=(rows, factor.size)
    )  # fmt: skip


_SPREADS = np.geomspace(0.005, 3.0, 25)
"""Standard deviations of a factor, in the value's unit, over which its posterior is averaged."""
_USUAL_SPREAD = 0.5
"""Scale of the half-Cauchy prior of a factor's spread: matters only where there are few levels."""
DRAWS = 4_000


def posterior_draws(model: MixedModel, name: str, best: Floats, *, seed: int) -> Floats:
    """Joint draws of a factor's effects, draws x levels, in the unit of the value.

    How far apart the levels of a factor are is itself uncertain, the more so the fewer they are; so the draws
    come from many spreads, each as often as the likelihood and a wide prior have it. The spread of the other
    factors is that of the best fit.
    """
    random = np.random.default_rng(seed)
    place = model.names.index(name)
    noise = model.solved(best).noise
    solved, weight = [], []
    for spread in _SPREADS:
        at = best.copy()
        at[place] = np.log(spread**2 / noise)
        one = model.solved(at)
        solved.append(one)
        weight.append(-one.deviance / 2 + np.log(spread) - np.log1p((spread / _USUAL_SPREAD) ** 2))
    chance = np.exp(np.array(weight) - max(weight))
    counts = np.diff(np.round(np.r_[0.0, np.cumsum(chance / chance.sum())] * DRAWS)).astype(int)
    parts = []
    for one, n in zip(solved, counts, strict=True):
        if n == 0:
            continue
        mean, covariance = model.block(one, name)
        normal = random.standard_normal((n, len(mean)))
        # The noise is known from as many posts as there are: heavier tails where these are few.
        heavy = np.sqrt(model.degrees / random.chisquare(model.degrees, (n, 1)))
        if covariance.ndim == 1:
            parts.append(mean + heavy * normal * np.sqrt(covariance))
        else:
            values, vectors = np.linalg.eigh(covariance)
            root = vectors * np.sqrt(np.maximum(values, 0.0))
            parts.append(mean + heavy * (normal @ root.T))
    return np.concatenate(parts)
