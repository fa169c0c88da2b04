"""Who does well, apart from the accounts: the part of the VAs' page that ranks people."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..model.va_facts import VaFacts
from .blocks import Box, finding, note, warning
from .numbers import counted, multiple, percent, whole
from .tables import Table
from .va_charts import raw_beside_adjusted
from .va_words import NO_VAS, listed, number

_ADJUSTED = ("va_effect", "va_effect_low", "va_effect_high", "p_above_median")


def told_apart(effects: pd.DataFrame) -> pd.DataFrame:
    """VAs whose effect is known and separable from their accounts, best first."""
    return effects[_separable(effects) & effects["va_effect"].notna()].reset_index(drop=True)


def ranking_finding(facts: VaFacts) -> Box:
    """Who leads, who can't be told apart, and about whom raw views are wrong."""
    told = told_apart(facts.effects)
    if facts.effects.empty:
        return finding("Who is good at it is not known", NO_VAS)
    if len(told) == 1 and facts.scope.is_narrow:
        row = told.iloc[0]
        return finding(
            f"{row['va_id']}: {multiple(row['va_effect'])} the views of the team's mean on the same accounts",
            f"90 % interval {multiple(row['va_effect_low'])} to {multiple(row['va_effect_high'])}, over "
            f"{counted(facts.effect_weeks, 'week')} and {whole(row['n_posts'])} posts on all accounts.",
        )
    if len(told) < 2:
        return finding(
            "The VAs can't be compared",
            "An effect needs two VAs or more who have posted on the same accounts. Let accounts change hands "
            "once in a while, and they can be told apart.",
        )
    return finding(
        who_leads(told),
        ("Of the VAs who posted on these accounts. " if facts.scope.is_narrow else "")
        + f"Over {counted(facts.effect_weeks, 'week')} and {whole(told['n_posts'].sum())} posts. The adjusted "
        "figure is what remains of the VA when accounts, creators, months and types of the posts are taken "
        f"out; VAs whose intervals overlap are no different. {raw_against(told)}",
    )


def who_leads(told: pd.DataFrame) -> str:
    """Who is first and who is last, in words that say who can't be told apart (rows best first)."""
    best, last = told.iloc[0], told.iloc[-1]
    level = int((told["va_effect_high"] >= best["va_effect_low"]).cumprod().sum())
    if level == len(told):
        return f"None of {counted(level, 'VA')} can be told apart: all intervals overlap the first one's"
    trailing = int((told["va_effect_low"] <= last["va_effect_high"]).iloc[::-1].cumprod().sum())
    if level == 1:
        ahead = f"{best['va_id']} is ahead of all others: {multiple(best['va_effect'])} the views of the team's mean"
    else:
        ahead = f"The first {number(level)} can't be told apart: {listed(told['va_id'].iloc[:level])}"
    if trailing == 1:
        return f"{ahead}; {last['va_id']} is behind all others"
    return f"{ahead}; the last {number(trailing)} can't be told apart either" if level > 1 else (
        f"{ahead}; the last {number(trailing)} can't be told apart"
    )  # fmt: skip


def raw_against(told: pd.DataFrame) -> str:
    """How far a plain ranking goes wrong, and about whom most."""
    raw = told["raw_va_multiple"].rank(ascending=False, method="first").to_numpy()
    own = told["va_effect"].rank(ascending=False, method="first").to_numpy()
    moved = np.abs(raw - own)
    if not moved.max():
        return "The raw ranking has the same order here, but not the same distances."
    most = int(moved.argmax())
    return (
        f"Raw views rank the accounts too: {told['va_id'].iloc[most]} is number {raw[most]:.0f} by raw views "
        f"and number {own[most]:.0f} by what the VA does."
    )


def ranking_chart(facts: VaFacts) -> Any:
    """Adjusted effects with their intervals, and the raw figure beside each."""
    told = told_apart(facts.effects)
    if len(told) < 2:
        return note("There is no ranking to draw.")
    raw, own = (told[c].max() / told[c].min() for c in ("raw_va_multiple", "va_effect"))
    return raw_beside_adjusted(
        told,
        title=f"By raw views the first is {multiple(raw)} the last; by what they do themselves {multiple(own)}",
        subtitle="Adjusted with its 90 % interval. Where the diamond is far from the dot, the accounts speak",
    )


def not_separable(facts: VaFacts) -> Box:
    """Who can't be told from the accounts, and why."""
    effects = facts.effects
    astray = effects[~_separable(effects)]
    if astray.empty:
        return note(
            "Every VA has posted on accounts that others have posted on too: all can be compared."
            if len(effects)
            else "There are no VAs to tell from their accounts."
        )
    lines = [
        f"{r['va_id']}: {percent(r['separable_share'], digits=0)} of {counted(r['n_posts'], 'post')} are on "
        "accounts that another VA has posted on too; 20 % are needed."
        for r in astray.to_dict("records")
    ]
    why = (
        "Whether it is the VA or the accounts can't be known. Hand one of the accounts to another VA for some "
        "weeks, and it can."
    )
    return warning("\n\n".join([*lines, why]), "Not separable from their accounts, so not ranked")


def results_table(facts: VaFacts) -> Any:
    """Raw results of the window beside the adjusted effect."""
    if facts.results.empty:
        return note("There are no results to show: no post of these weeks names a VA.")
    effects = facts.effects[["va_id", *_ADJUSTED, "is_separable"]]
    shown = facts.results.merge(effects, on="va_id", how="left")
    shown.loc[~_separable(shown), list(_ADJUSTED)] = np.nan
    shown = shown.sort_values(["va_effect", "va_id"], ascending=[False, True], ignore_index=True)
    weeks = counted(facts.score_weeks, "week")
    unknown = "can't be told from the accounts"
    return Table(
        shown,
        caption=_most_views(shown, weeks),
        columns=[
            "va_id", "va_effect", "p_above_median", "n_posts", "n_posting_accounts", "active_days",
            "posts_per_active_day", "median_views", "median_outlier", "breakout_rate", "n_viral_posts",
            "engagement_rate_by_views",
        ],
        missing={"va_effect": unknown, "p_above_median": unknown},
        note=f"Adjusted: over {counted(facts.effect_weeks, 'week')}. All else is raw, of the posts that became "
        f"old enough in {weeks}.",
        limit=60,
    )  # fmt: skip


def _most_views(shown: pd.DataFrame, weeks: str) -> str:
    """The raw leader, and the place that the adjusted ranking gives it (rows by adjusted effect)."""
    if shown["median_views"].isna().all():
        return f"No views at the compared age are known in {weeks}"
    if len(shown) == 1:
        return f"{shown['va_id'].iloc[0]} in {weeks}"
    most = int(shown["median_views"].to_numpy(dtype=float, na_value=-1).argmax())
    said = f"Most median views in {weeks}: {shown['va_id'].iloc[most]}"
    ranked = int(shown["va_effect"].notna().sum())
    return f"{said}, number {most + 1} of {ranked} by what the VA does" if most < ranked else said


def _separable(rows: pd.DataFrame) -> pd.Series:
    return rows["is_separable"].fillna(False).astype(bool)
