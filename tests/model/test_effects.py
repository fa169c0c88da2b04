"""Effects told apart from the accounts: against the same likelihood written out, by hand, and against the truth."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest
from model.other_agency import other_agency
from scipy import stats

from workbench.metrics.effects import effect_cells
from workbench.metrics.periods import Period
from workbench.model.catalogue.metric import Asked
from workbench.model.effects import creator_effects, set_effects, va_effects
from workbench.model.effects_fit import Cells, Factor, MixedModel, posterior_draws
from workbench.model.effects_score import scored, set_scores

YEAR = Period(date(2025, 1, 1), date(2025, 12, 31))


def asked_of(posts: pd.DataFrame) -> Asked:
    """Posts with account_id, va_id and log_views, the rest filled in."""
    if posts.empty:  # typed as a row would be, and without it
        one = asked_of(pd.DataFrame({"account_id": ["a"], "va_id": ["v"], "log_views": [8.0]}))
        return Asked(lambda name: one.tables(name).limit(0), YEAR)
    filled = pd.DataFrame(
        {
            "post_id": [f"p{i:05d}" for i in range(len(posts))],
            "platform": "tiktok",
            "account_id": posts["account_id"].astype("str"),
            "va_id": posts["va_id"].astype("str"),
            "creator_id": posts.get("creator_id", pd.Series("c", index=posts.index)).astype("str"),
            "set_id": posts.get("set_id", pd.Series("s", index=posts.index)).astype("str"),
            "post_type": "slideshow",
            "posted_at": pd.Timestamp("2025-03-03 12:00"),
            "posted_local_on": date(2025, 3, 3),
            "views_at_120": np.exp(posts["log_views"].astype(float)),
            "views_settled": np.nan,
            "outlier_120": 1.0,
            **dict.fromkeys(("views", "likes", "comments", "shares", "saves"), 10),
        }
    )  # fmt: skip
    return Asked({"post_performance": ibis.memtable(filled)}.__getitem__, YEAR)


def crossed(
    seed: int, n_posts: int = 240
) -> tuple[Cells, Factor, Factor, Factor, np.ndarray, list[np.ndarray]]:
    """Posts one a cell, with account, VA and an account's month."""
    random = np.random.default_rng(seed)
    account, va, month = (random.integers(0, k, n_posts) for k in (6, 4, 3))
    inner = account * 3 + month
    y = (
        random.normal(0, 0.8, 6)[account]
        + random.normal(0, 0.4, 4)[va]
        + random.normal(0, 0.3, 18)[inner]
        + random.normal(0, 0.6, n_posts)
    )
    cells = Cells(np.ones(n_posts), y, y**2)
    return cells, Factor(account, 6), Factor(va, 4), Factor(inner, 18), y, [account, va, inner]


def model_of(seed: int) -> tuple[MixedModel, np.ndarray, list[np.ndarray]]:
    cells, account, va, inner, y, codes = crossed(seed)
    model = MixedModel(cells, fixed=[], wide=account, inner=inner, dense={"va_id": va})
    return model, y, codes


def written_out(y: np.ndarray, codes: list[np.ndarray], ratios: dict[str, float]) -> tuple[float, np.ndarray]:
    """-2 ln restricted likelihood (noise profiled out, constants left out) and the VAs' BLUP, by n x n matrices."""
    n = len(y)
    z = {
        name: np.eye(code.max() + 1)[code]
        for name, code in zip(("wide", "va_id", "inner"), codes, strict=True)
    }
    v = np.eye(n) + sum(ratios[k] * z[k] @ z[k].T for k in z)
    x = np.ones((n, 1))
    inverse = np.linalg.inv(v)
    information = x.T @ inverse @ x
    beta = np.linalg.solve(information, x.T @ inverse @ y)
    left = y - x @ beta
    noise = left @ inverse @ left / (n - 1)
    deviance = (n - 1) * np.log(noise) + np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1]
    return deviance, ratios["va_id"] * z["va_id"].T @ inverse @ left


def test_the_likelihood_is_that_of_the_matrices_written_out() -> None:
    model, y, codes = model_of(1)
    differences = []
    for logs in itertools.product((-3.0, 0.0), repeat=3):
        ratios = dict(zip(model.names, np.exp(logs), strict=True))
        ours = model.solved(np.array(logs)).deviance
        differences.append(ours - written_out(y, codes, ratios)[0])
    assert np.ptp(differences) < 1e-6  # they differ by a constant


def test_the_effects_are_the_best_predictors_of_the_matrices_written_out() -> None:
    model, y, codes = model_of(2)
    best = model.fitted()
    ratios = dict(zip(model.names, np.exp(best), strict=True))
    effects, _ = model.block(model.solved(best), "va_id")
    assert effects == pytest.approx(written_out(y, codes, ratios)[1], abs=1e-7)


def test_the_fit_is_where_the_likelihood_is_largest() -> None:
    model, _, _ = model_of(3)
    best = model.fitted()
    least = model.solved(best).deviance
    for place, step in itertools.product(range(3), (-0.2, 0.2)):
        moved = best.copy()
        moved[place] += step
        assert model.solved(moved).deviance > least - 1e-4


def test_cells_say_what_their_posts_say() -> None:
    """Three posts of one cell, or three cells of one post: the same answer."""
    _, account, va, _, y, _ = crossed(4)
    code = account.code * 4 + va.code
    n, total, squared = (np.bincount(code, w, 24) for w in (np.ones(len(y)), y, y**2))
    pooled = MixedModel(
        Cells(n, total, squared),
        fixed=[],
        wide=Factor(np.repeat(np.arange(6), 4), 6),
        dense={"va_id": Factor(np.tile(np.arange(4), 6), 4)},
    )
    single = MixedModel(Cells(np.ones(len(y)), y, y**2), fixed=[], wide=account, dense={"va_id": va})
    at = np.array([0.3, -1.2])
    a, b = pooled.solved(at), single.solved(at)
    assert a.noise == pytest.approx(b.noise, rel=1e-9)
    assert pooled.block(a, "va_id")[0] == pytest.approx(single.block(b, "va_id")[0], abs=1e-9)


def test_a_balanced_table_has_its_textbook_variances() -> None:
    """Balanced one way: noise = MS within, variance of the groups = (MS between - MS within) / n."""
    random = np.random.default_rng(5)
    groups, n = 8, 20
    y = random.normal(0, 1, groups)[:, None] + random.normal(0, 0.5, (groups, n))
    cells = Cells(np.full(groups, float(n)), y.sum(axis=1), (y**2).sum(axis=1))
    model = MixedModel(cells, fixed=[], wide=Factor(np.arange(groups), groups), dense={})
    solved = model.solved(model.fitted())
    within = y.var(axis=1, ddof=1).mean()
    between = n * y.mean(axis=1).var(ddof=1)
    ratio = (between - within) / n / within
    assert solved.noise == pytest.approx(within, rel=1e-3)
    assert np.exp(model.fitted()[0]) == pytest.approx(ratio, rel=1e-2)
    shrunk = ratio * n / (1 + ratio * n) * (y.mean(axis=1) - y.mean())
    assert model.block(solved, "wide")[0] == pytest.approx(shrunk, abs=1e-3)


def test_draws_have_the_mean_and_the_spread_of_the_posterior() -> None:
    model, _, _ = model_of(6)
    best = model.fitted()
    draws = posterior_draws(model, "va_id", best, seed=1)
    mean, covariance = model.block(model.solved(best), "va_id")
    spread = draws.std(axis=0)
    assert draws.mean(axis=0) == pytest.approx(mean, abs=0.1)
    assert (
        spread > 0.9 * np.sqrt(np.diag(covariance))
    ).all()  # and wider, as the variances are uncertain too
    assert (posterior_draws(model, "va_id", best, seed=1) == draws).all()


def test_a_strong_account_is_not_a_good_va() -> None:
    """va_b posts on an account of e times the views; on the account that both share they do the same."""
    rows = [("weak", "va_a", 7.0)] * 30 + [("strong", "va_b", 9.0)] * 30
    rows += [("both", va, 8.0) for va in ("va_a", "va_b")] * 30
    random = np.random.default_rng(7)
    posts = pd.DataFrame(rows, columns=["account_id", "va_id", "log_views"])
    posts["log_views"] += random.normal(0, 0.2, len(posts))
    found = va_effects(asked_of(posts)).set_index("va_id")
    assert found.loc["va_b", "raw_va_multiple"] / found.loc["va_a", "raw_va_multiple"] > 2
    assert found["va_effect"].to_numpy() == pytest.approx(1.0, abs=0.1)
    assert (found["va_effect_low"] < 1).all() and (found["va_effect_high"] > 1).all()
    assert found["separable_share"].tolist() == [0.5, 0.5]


def test_a_va_whose_accounts_nobody_shares_is_not_separable() -> None:
    posts = pd.DataFrame(
        [("a", "va_a"), ("a", "va_b"), ("b", "va_c"), ("b", "va_c"), ("c", "va_c"), ("a", "va_c")] * 4,
        columns=["account_id", "va_id"],
    ).assign(log_views=lambda t: 8 + 0.01 * np.arange(len(t)))
    found = va_effects(asked_of(posts)).set_index("va_id")
    assert found["separable_share"].to_dict() == {"va_a": 1.0, "va_b": 1.0, "va_c": 0.25}
    alone = posts[posts["account_id"] != "a"]
    lonely = va_effects(asked_of(pd.concat([posts[posts["va_id"] != "va_c"], alone])))
    assert dict(zip(lonely["va_id"], lonely["is_separable"], strict=True)) == {
        "va_a": True, "va_b": True, "va_c": False,
    }  # fmt: skip


def test_cells_count_add_up_and_square_the_logarithms() -> None:
    posts = pd.DataFrame({"account_id": "a", "va_id": "v", "log_views": np.log([50.0, 200.0, 400.0])})
    cells = effect_cells(asked_of(posts).mature).to_pandas()
    logs = np.log([100.0, 200.0, 400.0])  # the floor is 100 views
    assert cells["n_posts"].tolist() == [3]
    assert cells["total_log_views"].tolist() == pytest.approx([logs.sum()])
    assert cells["squared_log_views"].tolist() == pytest.approx([(logs**2).sum()])
    assert cells["month_on"].astype("str").tolist() == ["2025-03-01"]


def test_posts_without_views_or_account_are_in_no_cell() -> None:
    posts = pd.DataFrame({"account_id": ["a", "a"], "va_id": "v", "log_views": [8.0, np.nan]})
    assert effect_cells(asked_of(posts).mature).to_pandas()["n_posts"].tolist() == [1]


EDGES: dict[str, Callable[[], pd.DataFrame]] = {
    "one VA": lambda: pd.DataFrame({"account_id": ["a", "b"] * 5, "va_id": "v", "log_views": np.arange(10.0)}),
    "one account": lambda: pd.DataFrame(
        {"account_id": "a", "va_id": ["v", "w"] * 5, "log_views": 8 + np.arange(10.0) / 10}
    ),
    "all equal": lambda: pd.DataFrame({"account_id": ["a", "b"] * 6, "va_id": ["v", "w", "x"] * 4, "log_views": 8.0}),
    "one post each": lambda: pd.DataFrame({"account_id": ["a", "a"], "va_id": ["v", "w"], "log_views": [8.0, 9.0]}),
    "one post": lambda: pd.DataFrame({"account_id": ["a"], "va_id": ["v"], "log_views": [8.0]}),
    "none": lambda: pd.DataFrame({"account_id": [], "va_id": [], "log_views": []}),
}  # fmt: skip


@pytest.mark.parametrize("edge", EDGES)
def test_edges_are_answered(edge: str) -> None:
    posts = EDGES[edge]()
    found = va_effects(asked_of(posts))
    assert len(found) == posts["va_id"].nunique()
    known = found.dropna(subset=["va_effect"])
    assert len(known) == (0 if len(found) < 2 else len(found))
    assert (known["va_effect_low"] <= known["va_effect"]).all()
    assert (known["va_effect"] <= known["va_effect_high"]).all()
    assert (known["va_effect_low"] <= 1.0 + 1e-9).all()
    assert {len(creator_effects(asked_of(posts))), len(set_effects(asked_of(posts)))} <= {0, 1}


def test_where_all_vas_are_equal_none_is_called_different() -> None:
    found = va_effects(other_agency(1, equal=True).asked)
    assert (found["va_effect_low"] < 1).all() and (found["va_effect_high"] > 1).all()


@pytest.fixture(scope="module")
def agencies() -> pd.DataFrame:
    """VAs of five agencies of another model than the demo's: found, low, high, raw, true as logarithms."""
    parts = []
    for seed in range(1, 6):
        agency = other_agency(seed, posts=2_000)
        found = va_effects(agency.asked)
        true = agency.vas.loc[found["va_id"]].to_numpy()
        logs = {
            c: np.log(found[c]) for c in ("va_effect", "va_effect_low", "va_effect_high", "raw_va_multiple")
        }
        parts.append(pd.DataFrame({**logs, "true": true - true.mean(), "p": found["p_above_median"]}))
    return pd.concat(parts)


def test_the_truth_of_another_model_is_found(agencies: pd.DataFrame) -> None:
    assert np.corrcoef(agencies["va_effect"], agencies["true"])[0, 1] >= 0.85
    assert 0.75 <= np.polyfit(agencies["true"], agencies["va_effect"], 1)[0] <= 1.25
    covered = (agencies["va_effect_low"] <= agencies["true"]) & (
        agencies["true"] <= agencies["va_effect_high"]
    )
    assert covered.mean() >= 0.75  # 25 VAs: seven in a hundred runs of a true 0.9 are below 0.8


def test_plain_means_are_further_from_the_truth(agencies: pd.DataFrame) -> None:
    ours, raw = (((agencies[c] - agencies["true"]) ** 2).mean() for c in ("va_effect", "raw_va_multiple"))
    assert raw > 3 * ours


def test_who_is_above_the_median_is_told_with_the_chance_of_it(agencies: pd.DataFrame) -> None:
    assert stats.spearmanr(agencies["p"], agencies["true"])[0] > 0.8
    assert agencies["p"].between(0, 1).all()


def test_a_set_score_weighs_the_percentiles_of_its_parts() -> None:
    measured = pd.DataFrame(
        {
            "set_id": ["a", "b", "c"],
            "n_mature_posts": [5, 5, 4],
            "set_effect": [1.2, 0.9, 2.0],
            "set_effect_low": np.nan,
            "set_effect_high": np.nan,
            "breakout_rate": [0.1, 0.2, 0.9],
            "engagement_quality": [0.3, np.nan, 0.9],
        }
    )
    found = scored(measured).set_index("set_id")
    # Of two sets the better is at 75, the other at 25; alone is at 50; c has too few posts.
    assert found.loc["a", "set_score"] == pytest.approx(0.6 * 75 + 0.2 * 25 + 0.2 * 50)
    assert found.loc["b", "set_score"] == pytest.approx((0.6 * 25 + 0.2 * 75) / 0.8)
    assert found.loc["b", "missing_set_parts"] == "engagement"
    assert np.isnan(found.loc["c", "set_score"])


def test_sets_are_scored_from_the_posts() -> None:
    agency = other_agency(2, posts=400)
    for count in ("views", "likes", "comments", "shares", "saves"):
        agency.posts[count] = 100
    found = set_scores(agency.asked)
    assert found["set_score"].between(0, 100).sum() > 30
    assert found["engagement_quality"].dropna().unique() == pytest.approx([1 + 3 + 5 + 4])
