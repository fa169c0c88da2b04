"""Effects of people and content, told apart from the accounts: VAs, creators, sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..metrics.effects import CELL_KEYS, effect_cells
from .effects_fit import Cells, Factor, Floats, Ints, MixedModel, posterior_draws
from .frames import executed

if TYPE_CHECKING:
    from .catalogue.metric import Asked

SEED = 20_250_101
LEVEL = 0.9
SEPARABLE_SHARE = 0.2
"""Share of a VA's posts on accounts that another VA has posted on too, from which both can be told apart."""

VA_COLUMNS = (
    "va_id", "n_posts", "n_posting_accounts", "raw_va_multiple", "va_effect", "va_effect_low", "va_effect_high",
    "p_above_median", "separable_share", "is_separable",
)  # fmt: skip
CREATOR_COLUMNS = (
    "creator_id", "n_posts", "n_posting_accounts", "raw_creator_multiple", "creator_effect", "creator_effect_low",
    "creator_effect_high",
)  # fmt: skip
SET_COLUMNS = (
    "set_id", "n_posts", "n_posting_accounts", "raw_set_multiple", "set_effect", "set_effect_low",
    "set_effect_high",
)  # fmt: skip


def va_effects(asked: Asked) -> pd.DataFrame:
    """What each VA does to views, as a multiple of the team's usual, told apart from the accounts.

    Formula: ln max(views at the horizon, floor) = month + post_type (fixed) + account + account's month + VA +
    creator (partially pooled, REML) + noise. va_effect: exp of the posterior mean of the VA's effect less the
    mean of the separable VAs; low and high: its 90 % interval; p_above_median: chance that the effect is above
    the median of the team's, over joint draws of all VAs (fixed seed). raw_va_multiple: exp of the mean ln views
    of the VA's posts less that of all posts, which is what a plain ranking shows: the accounts are in it.

    Grain out: va_id, best first. n_posts, n_posting_accounts; separable_share: of the VA's posts, those on
    accounts on which another VA has posted too [fraction]; is_separable: at least 0.2. The effect is NULL where
    there is no second VA to compare with.

    Source: metrics.md, Level 3 (va_effect). Version 1.
    """
    cells = _cells(asked)
    known = cells[cells["va_id"].notna()]
    vas = sorted(known["va_id"].unique())
    frame = _raw(known, "va_id", "raw_va_multiple")
    shared = known.groupby("account_id")["va_id"].transform("nunique") > 1
    on_shared = known["n_posts"].where(shared, 0).groupby(known["va_id"]).sum()
    frame["separable_share"] = frame["va_id"].map(on_shared).astype(float) / frame["n_posts"].astype(float)
    frame["is_separable"] = frame["separable_share"] >= SEPARABLE_SHARE
    if len(vas) >= 2:
        told = dict(zip(frame["va_id"], frame["is_separable"], strict=True))
        draws = _centred(_draws(cells, "va_id"), [bool(told[va]) for va in vas])
        fitted = _summed(vas, draws, "va_id", "va_effect")
        fitted["p_above_median"] = (draws > np.median(draws, axis=1, keepdims=True)).mean(axis=0)
        frame = frame.merge(fitted, on="va_id", how="left")
    return _finished(frame, VA_COLUMNS, "va_effect", "va_id")


def creator_effects(asked: Asked) -> pd.DataFrame:
    """What each creator's content does to views, told apart from accounts and VAs: as `va_effects`.

    A creator's images are part of the content: the effect is the creator's own and the mean of what the slides of
    the creator's posts do, worn as they are. What one image does beside others is its `slide_lift`. The effect is
    against the mean of the creators, NULL where there is no second one. An account that shows one creator only says
    little of that creator; the interval is as wide as that makes it.
    Grain out: creator_id, best first. Source: metrics.md, Level 3 (set and creator effects). Version 1.
    """
    cells = _cells(asked)
    return _content(cells, "creator_id", "creator", CREATOR_COLUMNS)


def set_effects(asked: Asked) -> pd.DataFrame:
    """What each set of slides does to views, told apart from accounts, VAs and creators: as `va_effects`.

    The effect is against the mean of the sets, and does not hold the creator's: the sets of a good creator aren't
    all good. NULL where there is no second one.
    Grain out: set_id, best first. Source: metrics.md, Level 3 (set and creator effects). Version 1.
    """
    cells = _cells(asked, (*CELL_KEYS, "set_id"))
    return _content(cells, "set_id", "set", SET_COLUMNS)


def _content(cells: pd.DataFrame, key: str, noun: str, columns: Sequence[str]) -> pd.DataFrame:
    known = cells[cells[key].notna()]
    frame = _raw(known, key, f"raw_{noun}_multiple")
    if len(frame) >= 2:
        draws = _draws(cells, key)
        draws = draws - draws.mean(axis=1, keepdims=True)
        frame = frame.merge(_summed(list(frame[key]), draws, key, f"{noun}_effect"), on=key, how="left")
    return _finished(frame, columns, f"{noun}_effect", key)


def _cells(asked: Asked, by: Sequence[str] = CELL_KEYS) -> pd.DataFrame:
    floor = float(asked.settings.floor_views)
    return executed(effect_cells(asked.mature, horizon=asked.horizon, floor=floor, by=by).order_by(list(by)))


def _raw(cells: pd.DataFrame, key: str, name: str) -> pd.DataFrame:
    """Posts and accounts of each level of `key`, and its plain mean as a multiple of everybody's."""
    grouped = cells.groupby(key, sort=True)
    frame = grouped.agg(
        n_posts=("n_posts", "sum"),
        n_posting_accounts=("account_id", "nunique"),
        total=("total_log_views", "sum"),
    ).reset_index()
    everybody = frame["total"].sum() / max(frame["n_posts"].sum(), 1)
    frame[name] = np.exp(frame["total"] / frame["n_posts"] - everybody)
    return frame.drop(columns="total")


def _factor(values: pd.Series) -> Factor:
    """Levels in the order of their names; what is unknown is a level of its own, the last."""
    codes, levels = pd.factorize(values, sort=True)
    codes = np.asarray(codes, dtype=np.int64)
    unknown = codes < 0
    return Factor(np.where(unknown, len(levels), codes), len(levels) + int(unknown.any()))


def _draws(cells: pd.DataFrame, key: str) -> Floats:
    """Posterior draws of the effects of a key's known levels in order, draws x levels."""
    factors = {name: _factor(cells[name]) for name in ("account_id", "va_id", "creator_id")}
    month = _factor(cells["month_on"])
    fixed = [month, _factor(cells["post_type"])]
    if key == "set_id":
        model = MixedModel(_as_cells(cells), fixed=fixed, wide=_factor(cells[key]), dense=factors)
    else:
        account = factors.pop("account_id")
        inner = _crossed(account.code, month.code)
        if key == "creator_id":
            # A creator's months differ by the images that are in use then.
            factors["creator_month"] = _crossed(factors[key].code, month.code)
        model = MixedModel(_as_cells(cells), fixed=fixed, wide=account, inner=inner, dense=factors)
    name = "wide" if key == "set_id" else key
    return posterior_draws(model, name, model.fitted(), seed=SEED)[:, : cells[key].nunique()]


def _as_cells(cells: pd.DataFrame) -> Cells:
    # Parallel sums differ in their last digits, and a search for the best fit would carry that into the answer.
    columns = cells[["n_posts", "total_log_views", "squared_log_views"]].to_numpy(dtype=np.float64)
    n, total, squared = columns.round(6).T
    return Cells(n, total, squared)


def _crossed(a: Ints, b: Ints) -> Factor:
    levels, code = np.unique(a * (int(b.max(initial=0)) + 1) + b, return_inverse=True)
    return Factor(code.astype(np.int64), len(levels))


def _centred(draws: Floats, within: Sequence[bool]) -> Floats:
    """Effects against the mean of the team: of the levels `within`, of all where these are under two."""
    chosen = np.array(within)
    team = draws[:, chosen] if chosen.sum() >= 2 else draws
    centred: Floats = draws - team.mean(axis=1, keepdims=True)
    return centred


def _summed(levels: Sequence[str], draws: Floats, key: str, name: str) -> pd.DataFrame:
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    columns = {key: levels, name: np.exp(draws.mean(axis=0)), f"{name}_low": np.exp(low)}
    return pd.DataFrame({**columns, f"{name}_high": np.exp(high)})


def _finished(frame: pd.DataFrame, columns: Sequence[str], rank: str, key: str) -> pd.DataFrame:
    """All columns in their types, best first; what can't be told last."""
    made = pd.DataFrame(index=frame.index)
    for name in columns:
        values = frame[name] if name in frame else pd.Series(np.nan, index=frame.index)
        if name.endswith("_id"):
            made[name] = values.astype("str")
        elif name.startswith("n_"):
            made[name] = values.astype("int64")
        else:
            made[name] = values.astype("boolean" if name.startswith("is_") else "float64")
    return made.sort_values([rank, key], ascending=[False, True]).reset_index(drop=True)
