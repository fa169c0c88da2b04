"""Pooled effects of groups that overlap: against the same posterior with matrices inverted."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from workbench.model.shrinkage import Group, conjugate_gradients, pooled_effects


def shown(
    seed: int, n: int = 150, levels: int = 30, spread: float = 0.6
) -> tuple[np.ndarray, sparse.csr_matrix, np.ndarray]:
    """Posts that show two to four of the levels each: values, members, true effects."""
    random = np.random.default_rng(seed)
    members = np.zeros((n, levels))
    for post in range(n):
        members[post, random.choice(levels, random.integers(2, 5), replace=False)] = 1.0
    effects = random.normal(0, spread, levels)
    return members @ effects + random.normal(0, 0.5, n), sparse.csr_matrix(members), effects


def test_means_and_variances_are_those_of_the_inverted_equations() -> None:
    value, members, _ = shown(1)
    one = sparse.csr_matrix(np.ones((len(value), 1)))
    found = pooled_effects(value, [Group("all", one, 10.0), Group("image", members, 0.6)], seed=1)
    # With every spread given, the noise is what is left to find: read it off the solution.
    design = np.hstack([one.toarray(), members.toarray()])
    precision = np.diag(np.r_[1 / 10.0**2, np.full(30, 1 / 0.6**2)])
    best = None
    for noise in np.geomspace(0.05, 1.0, 400):
        inverse = np.linalg.inv(design.T @ design / noise + precision)
        mean = inverse @ design.T @ value / noise
        gap = np.abs(mean[1:] - found["image"].mean).max()
        if best is None or gap < best[0]:
            best = (gap, noise, np.diag(inverse)[1:])
    assert best is not None
    assert best[0] < 2e-3
    assert 0.15 < best[1] < 0.4  # it was 0.25
    assert found["image"].variance == pytest.approx(best[2], rel=0.1)


def test_spreads_are_found() -> None:
    spreads, noises = [], []
    for seed in range(6):
        value, members, _ = shown(seed, n=600, levels=120)
        found = pooled_effects(value, [Group("image", members)], seed=1)
        spreads.append(found["image"].spread)
        noises.append(value - members @ found["image"].mean)
    assert np.mean(spreads) == pytest.approx(0.6, rel=0.08)


def test_intervals_cover_the_truth() -> None:
    hits = []
    for seed in range(8):
        value, members, effects = shown(seed, n=200, levels=60)
        found = pooled_effects(value, [Group("image", members)], seed=1)["image"]
        hits.append(np.abs(found.mean - effects) <= 1.645 * np.sqrt(found.variance))
    assert 0.85 <= np.mean(hits) <= 0.95


def test_one_level_a_post_is_shrunk_as_the_textbook_has_it() -> None:
    """n / (n + noise / spread^2) of the mean, where each post has one level and all variances are known."""
    random = np.random.default_rng(3)
    counts = np.array([2, 8, 40])
    level = np.repeat(np.arange(3), counts)
    value = np.array([1.0, 1.0, 1.0])[level] + random.normal(0, 0.5, 50)
    members = sparse.csr_matrix((np.ones(50), (np.arange(50), level)), shape=(50, 3))
    found = pooled_effects(value, [Group("level", members, 0.5)], seed=1)["level"]
    means = np.bincount(level, value) / counts
    shrunk = found.mean / means
    # One number, the ratio of the variances, explains all three.
    ratios = counts * (1 / shrunk - 1)
    assert ratios == pytest.approx(np.full(3, ratios.mean()), rel=1e-2)
    assert ratios.mean() == pytest.approx(1.0, rel=0.5)  # 0.25 / 0.25


def test_no_effect_is_called_one() -> None:
    random = np.random.default_rng(4)
    _, members, _ = shown(4, n=400, levels=150)
    value = random.normal(0, 1, 400)
    found = pooled_effects(value, [Group("image", members)], seed=1)["image"]
    called = np.abs(found.mean) > 1.645 * np.sqrt(found.variance)
    assert called.mean() <= 0.05


@pytest.mark.parametrize("value", [np.zeros(1), np.ones(5), np.array([1.0, 2.0])])
def test_few_posts_and_equal_ones_are_answered(value: np.ndarray) -> None:
    n = len(value)
    groups = [
        Group("all", sparse.csr_matrix(np.ones((n, 1))), 10.0),
        Group("own", sparse.identity(n, format="csr")),
    ]
    found = pooled_effects(value, groups, seed=1)
    assert np.isfinite(found["own"].mean).all()
    assert (found["own"].variance > 0).all()


def test_the_same_seed_gives_the_same_answer() -> None:
    value, members, _ = shown(5)
    one, two = (pooled_effects(value, [Group("image", members)], seed=7)["image"] for _ in range(2))
    assert (one.mean == two.mean).all() and (one.variance == two.variance).all()


def test_conjugate_gradients_solve_several_right_sides() -> None:
    random = np.random.default_rng(6)
    root = random.normal(size=(20, 20))
    matrix = root @ root.T + 5 * np.eye(20)
    right = np.c_[random.normal(size=(20, 2)), np.zeros(20)]
    diagonal = np.diag(matrix)[:, None]
    found = conjugate_gradients(lambda x: matrix @ x, right, lambda x: x / diagonal, tolerance=1e-10)
    assert found == pytest.approx(np.linalg.solve(matrix, right), abs=1e-7)


def test_solving_small_groups_together_changes_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    value, members, _ = shown(7)
    account = sparse.csr_matrix(np.eye(20)[np.arange(len(value)) % 20])
    groups = [Group("all", sparse.csr_matrix(np.ones((len(value), 1))), 10.0), Group("account", account, 0.3)]
    groups.append(Group("image", members, 0.5))
    together = pooled_effects(value, groups, seed=7)
    monkeypatch.setattr("workbench.model.shrinkage._TOGETHER", 0)
    apart = pooled_effects(value, groups, seed=7)
    for name, found in together.items():
        assert found.mean == pytest.approx(apart[name].mean, abs=0.02)
        assert found.variance == pytest.approx(apart[name].variance, rel=0.05)


def test_members_through_another_group_are_those_of_the_product() -> None:
    random = np.random.default_rng(8)
    texts = sparse.csr_matrix(np.eye(12)[random.integers(0, 12, 200)])
    words = sparse.csr_matrix((random.random((12, 5)) < 0.4).astype(float))
    value = np.asarray((texts @ words) @ random.normal(0, 0.5, 5)) + random.normal(0, 0.4, 200)
    plain = [Group("text", texts), Group("word", (texts @ words).tocsr(), 0.3)]
    through = [plain[0], Group("word", plain[1].members, 0.3, (texts, words))]
    one, two = (pooled_effects(value, groups, seed=9, heavy_tails=True) for groups in (plain, through))
    for name, found in one.items():
        assert found.mean == pytest.approx(two[name].mean, abs=1e-3)
        assert found.variance == pytest.approx(two[name].variance, rel=1e-2)
