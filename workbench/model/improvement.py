"""What each VA could do differently, and what it may be worth: habits against those of the best quartile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..metrics.va_habits import HABITS, level_name, post_habits, va_task_weeks
from .frames import executed
from .habit_effects import HabitEffects, habit_effects
from .overdue import overdue_gaps, trusted

if TYPE_CHECKING:
    import ibis

    from ..metrics.periods import Period
    from .catalogue.metric import Asked

Floats = NDArray[np.float64]

FEWEST_POSTS = 10
"""Posts of a VA, below which no rule fires."""
FEWEST_VAS = 3
LEAST_GAIN = 1.02
"""Multiple of a post's views below which a gap is not worth talking about."""
_MOST_NAMED = 0.7
"""Levels are named until they make up this share of the gap."""
_Z90 = 1.6448536269514722

COLUMNS = {
    "va_id": "str", "habit": "str", "is_advised": "bool", "n_habit_posts": "int64",
    "less_of": "str", "own_less_share": "float64", "best_less_share": "float64", "less_multiple": "float64",
    "more_of": "str", "own_more_share": "float64", "best_more_share": "float64", "more_multiple": "float64",
    "gain_multiple": "float64", "gain_multiple_low": "float64", "gain_multiple_high": "float64",
    "extra_views_per_post": "float64",
    "extra_views_per_week": "float64", "extra_views_per_week_low": "float64", "extra_views_per_week_high": "float64",
}  # fmt: skip

LEVEL_COLUMNS = {
    "habit": "str", "habit_level": "int64", "level_name": "str", "n_posts": "int64", "habit_share": "float64",
    "habit_multiple": "float64", "habit_multiple_low": "float64", "habit_multiple_high": "float64",
}  # fmt: skip


def va_improvements(asked: Asked) -> pd.DataFrame:
    """Every habit of every VA against the best quartile's, with what closing the gap may be worth.

    Formula: a VA's mix of a habit is the share of each level in the posts of the period; its
    worth is the mean over the mix of the levels' effects (see `habit_effects`). Mixes are
    drawn to the team's as far as luck alone would make VAs differ. The best quartile are the VAs of the highest
    worth; gain_multiple = exp(worth of their mean mix - own worth), with a 90 % interval. extra_views_per_post = the
    VA's median views x (gain - 1); a week's are that times the VA's posts a week. is_advised: at least 10 posts, the
    interval excludes 1, the gain is 2 % or more. The habit `overdue` is about tasks (see `overdue_gaps`).

    The gain holds if the difference is due to the habit: posts of one VA on one account are compared, which rules
    out skill and account, but not everything. Gains of several habits do not simply add up.

    Grain out: va_id, habit, where 10 posts show it and 3 VAs or more can be compared. n_habit_posts [posts];
    less_of / more_of: levels that the VA has more / less often than the best and that do worse / better than the team's
    mix, with the share of the VA's and of the best quartile's posts [fractions] and what they do [multiple].

    Source: metrics.md, Level 3 (improvement plan). Version 1.
    """
    posts = executed(habits_asked(asked))
    return plan_of(posts, habit_effects(posts, HABITS), executed(task_weeks_asked(asked)), asked.period)


def plan_of(
    posts: pd.DataFrame, effects: HabitEffects | None, tasks: pd.DataFrame, period: Period
) -> pd.DataFrame:
    """See `va_improvements`, of posts, effects and tasks that are computed already."""
    views = posts.groupby("va_id")["habit_views"].median()
    rows: list[dict[str, Any]] = []
    for habit in effects.places if effects else ():
        assert effects is not None
        rows += _gaps(effects, habit, posts, views, period.days / 7)
    rows += overdue_gaps(tasks, views)
    made = pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
    return made.sort_values(["va_id", "habit"]).reset_index(drop=True)


def task_weeks_asked(asked: Asked) -> ibis.Table:
    """The VAs' weeks of tasks that the plan is made of."""
    weeks = va_task_weeks(asked.tables("tasks"), asked.tables("post_performance"), asked.period)
    return weeks.order_by(["va_id", "week_on"])


def habits_asked(asked: Asked) -> ibis.Table:
    """The posts with their habits that the plan is made of."""
    performance, uses = asked.tables("post_performance"), asked.tables("slide_uses")
    return post_habits(performance, uses, asked.period, horizon=asked.horizon)


def va_habit_levels(asked: Asked) -> pd.DataFrame:
    """What each level of each habit goes with, against the team's usual mix.

    Grain out: habit, habit_level; level_name, n_posts [posts of the level], habit_share [fraction of the posts that
    show the habit], habit_multiple with its 90 % interval. See `habit_effects`; no rows where it can't tell.

    Source: metrics.md, Level 3 (improvement plan). Version 1.
    """
    posts = executed(habits_asked(asked))
    return levels_of(posts, habit_effects(posts, HABITS))


def levels_of(posts: pd.DataFrame, effects: HabitEffects | None) -> pd.DataFrame:
    """See `va_habit_levels`, of posts and effects that are computed already."""
    rows: list[dict[str, Any]] = []
    for habit in effects.places if effects else ():
        assert effects is not None
        levels, mean, covariance = effects.of(habit)
        counted = posts[f"{habit}_level"].value_counts()
        counts = np.array([counted.get(level, 0) for level in levels], dtype=np.float64)
        shares = counts / counts.sum()
        against = np.eye(len(levels)) - shares
        centred = against @ mean
        margin = _Z90 * np.sqrt(np.maximum(np.diag(against @ covariance @ against.T), 0.0))
        low, high = np.exp(centred - margin), np.exp(centred + margin)
        for place, level in enumerate(levels):
            rows.append({
                "habit": habit, "habit_level": level, "level_name": level_name(habit, level),
                "n_posts": int(counts[place]), "habit_share": shares[place],
                "habit_multiple": np.exp(centred[place]), "habit_multiple_low": low[place],
                "habit_multiple_high": high[place],
            })  # fmt: skip
    made = pd.DataFrame(rows, columns=list(LEVEL_COLUMNS)).astype(LEVEL_COLUMNS)
    return made.sort_values(["habit", "habit_level"]).reset_index(drop=True)


@dataclass(frozen=True)
class _Mix:
    """How often a VA uses each level, and what that is worth."""

    n: int
    shares: Floats
    believed: Floats
    """The shares drawn to the team's, as far as VAs differ by no more than luck."""
    variance: Floats
    """Of the believed worth: what luck leaves open."""


def _gaps(
    effects: HabitEffects, habit: str, posts: pd.DataFrame, views: pd.Series, weeks: float
) -> list[dict[str, Any]]:
    """A row for each VA whose posts show the habit."""
    levels, mean, covariance = effects.of(habit)
    mixes = _mixes(posts, f"{habit}_level", levels, mean)
    if len(mixes) < FEWEST_VAS:
        return []
    ranked = sorted(mixes, key=lambda va: (-float(mixes[va].believed @ mean), va))
    top = [mixes[va] for va in ranked[: -(-len(ranked) // 4)]]
    best = np.mean([m.shares for m in top], axis=0)
    believed_best = np.mean([m.believed for m in top], axis=0)
    luck_of_best = float(np.mean([m.variance for m in top])) / len(top)
    centred = mean - np.mean([m.shares for m in mixes.values()], axis=0) @ mean
    rows = []
    for va, mix in mixes.items():
        change = believed_best - mix.believed
        unsure = float(change @ covariance @ change) + float(mix.variance) + luck_of_best
        gain, spread = float(change @ mean), np.sqrt(max(unsure, 0.0))
        low, high = gain - _Z90 * spread, gain + _Z90 * spread
        usual, per_week = float(views.get(va, np.nan)), mix.n / weeks
        less = _named(habit, levels, mix.shares, best, centred, sign=-1)
        more = _named(habit, levels, mix.shares, best, centred, sign=1)
        rows.append({
            "va_id": va, "habit": habit, "n_habit_posts": mix.n,
            "is_advised": low > 0 and np.exp(gain) >= LEAST_GAIN,
            "less_of": less[0], "own_less_share": less[1], "best_less_share": less[2], "less_multiple": less[3],
            "more_of": more[0], "own_more_share": more[1], "best_more_share": more[2], "more_multiple": more[3],
            "gain_multiple": np.exp(gain), "gain_multiple_low": np.exp(low), "gain_multiple_high": np.exp(high),
            "extra_views_per_post": usual * np.expm1(gain),
            "extra_views_per_week": usual * np.expm1(gain) * per_week,
            "extra_views_per_week_low": usual * np.expm1(low) * per_week,
            "extra_views_per_week_high": usual * np.expm1(high) * per_week,
        })  # fmt: skip
    return rows


def _mixes(posts: pd.DataFrame, column: str, levels: Sequence[int], mean: Floats) -> dict[str, _Mix]:
    """The mix of each VA with 10 posts or more of which the level, and its effect, is known."""
    known = posts[posts[column].isin(levels)]
    table = pd.crosstab(known["va_id"], known[column]).reindex(columns=list(levels), fill_value=0)
    table = table[table.sum(axis=1) >= FEWEST_POSTS]
    if table.empty:
        return {}
    counts = table.to_numpy(dtype=np.float64)
    n = counts.sum(axis=1)
    shares = counts / n[:, None]
    team = shares.mean(axis=0)
    worth = shares @ mean
    luck = np.maximum(shares @ mean**2 - worth**2, 0.0) / n
    trust = trusted(worth, luck)
    believed = team + trust[:, None] * (shares - team)
    parts = zip(table.index, n, shares, believed, trust * luck, strict=True)
    return {str(va): _Mix(int(k), s, b, v) for va, k, s, b, v in parts}


def _named(
    habit: str, levels: Sequence[int], own: Floats, best: Floats, effect: Floats, *, sign: int
) -> tuple[str | None, float, float, float]:
    """The levels that make the gap: in words, the VA's and the best quartile's share of them, and what they do.

    sign -1: levels that do worse and that the VA has more often than the best; 1: that do better and are rarer.
    """
    part = np.where((np.sign(effect) == sign) & (np.sign(best - own) == sign), (best - own) * effect, 0.0)
    if part.sum() <= 0:
        return None, np.nan, np.nan, np.nan
    order = np.argsort(-part, kind="stable")
    enough = int(np.searchsorted(np.cumsum(part[order]), _MOST_NAMED * part.sum())) + 1
    chosen = sorted(i for i in order[:enough] if part[i] > 0)
    weight = best[chosen] if sign > 0 else own[chosen]
    done = float(np.exp(np.average(effect[chosen], weights=weight)))
    words = _spoken(habit, [levels[i] for i in chosen])
    return words, float(own[chosen].sum()), float(best[chosen].sum()), done


def _spoken(habit: str, levels: list[int]) -> str:
    """Levels in words; hours that follow each other as a stretch, over midnight too."""
    if habit != "hour":
        return " or ".join(level_name(habit, level) for level in levels)
    runs: list[list[int]] = []
    for hour in levels:
        if runs and hour == runs[-1][-1] + 1:
            runs[-1].append(hour)
        else:
            runs.append([hour])
    if len(runs) > 1 and runs[0][0] == 0 and runs[-1][-1] == 23:
        runs = [*runs[1:-1], runs[-1] + runs[0]]
    return ", ".join(f"{level_name(habit, r[0])}-{level_name(habit, (r[-1] + 1) % 24)}" for r in runs)
