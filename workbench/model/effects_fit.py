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
from scipy.linalg.lapack import dpotri
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
                np.bincount(inner.code, cells.n * y, inner.size),
                (block @ weighed).tocsr(),
                (block @ z_weighed).tocsr(),
            )
            g_d, g_w = self._inner[2:]
            # What the inner factor takes from each product, as a linear map of its shrinkage: no product of sparse
            # matrices is left to the search.
            self._taken = (_products(g_d, g_d), _products(g_w, g_d), g_w.multiply(g_w).T.tocsr())
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
            n, g_y, g_d, g_w = self._inner
            d = ratios["inner"] / (1.0 + ratios["inner"] * n)
            from_dd, from_wd, from_ww = self._taken
            a_dd -= (from_dd @ d).reshape(a_dd.shape)
            a_wd = a_wd - (from_wd @ d).reshape(a_wd.shape)
            a_ww = a_ww - from_ww @ d
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
        # A matrix by itself is half the work of two that differ.
        rooted = a_wd / np.sqrt(precision)[:, None]
        factor = cho_factor(a_dd - rooted.T @ rooted, lower=True, check_finite=False)
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
        # With an inner factor the slope would cost more than it saves.
        found = minimize(
            self._sloped if self._inner is None else lambda x: self.solved(x).deviance,
            start,
            method="L-BFGS-B",
            jac=self._inner is None,
            bounds=[(_LEAST, _MOST)] * len(start),
            options={"ftol": 1e-9, "maxiter": 60},
        )
        best: Floats = found.x
        return best

    def _sloped(self, log_ratios: Floats) -> tuple[float, Floats]:
        """The deviance without an inner factor, and its slope.

        Of a factor of q levels, effects u (in units of the noise's variance) and C the inverse of the equations:
        q - trace(C) / ratio - degrees u'u / (ratio x what is left).
        """
        solved = self.solved(log_ratios)
        ratios = dict(zip(self.names, np.exp(log_ratios), strict=True))
        lower, left = solved.factor[0], solved.noise * self.degrees
        inverse, _failed = dpotri(lower, lower=1)
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        of_wide = float(
            (1.0 / solved.wide_precision).sum() + (inverse * (solved.coupling.T @ solved.coupling)).sum()
        )
        slope = [self._slope(solved.wide_solution, of_wide, ratios["wide"], left)]
        diagonal = np.diag(inverse)
        for name, start in zip(self.dense, self._starts, strict=False):
            at = slice(start, start + self.dense[name].size)
            slope.append(self._slope(solved.solution[at], float(diagonal[at].sum()), ratios[name], left))
        return solved.deviance, np.array(slope)

    def _slope(self, effects: Floats, trace: float, ratio: float, left: float) -> float:
        drawn = self.degrees * float(effects @ effects) / left
        return float(len(effects) - (trace + drawn) / ratio)

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


def _products(a: sparse.csr_matrix, b: sparse.csr_matrix) -> sparse.csr_matrix:
    """The matrix that takes weights of the rows to the elements, row by row, of a.T @ diag(weights) @ b."""
    n_a, n_b = np.diff(a.indptr), np.diff(b.indptr)
    row = np.repeat(np.arange(a.shape[0]), n_a * n_b)
    within = np.arange(len(row)) - np.repeat(np.cumsum(n_a * n_b) - n_a * n_b, n_a * n_b)
    of_a, of_b = a.indptr[row] + within // n_b[row], b.indptr[row] + within % n_b[row]
    element = a.indices[of_a].astype(np.int64) * b.shape[1] + b.indices[of_b]
    size = a.shape[1] * b.shape[1], a.shape[0]
    return sparse.csr_matrix((a.data[of_a] * b.data[of_b], (element, row)), shape=size)


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
