"""Tasks that come too late: how much later than the best quartile's, and whether posts are missing in such weeks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEWEST_TASKS = 10
FEWEST_POSTS = 10
FEWEST_VAS = 3
LEAST_GAP = 0.1
"""Share of the tasks, below which coming later than the best is not worth talking about."""
_FEWEST_WEEKS = 30
"""Weeks of VAs, from which it is asked what a late week costs."""
_Z90 = 1.6448536269514722


def overdue_gaps(weeks: pd.DataFrame, views: pd.Series) -> list[dict[str, Any]]:
    """Each VA's share of late tasks against the best quartile's, as rows of `va_improvements`.

    Formula: late share = 1 - tasks in time / tasks due, drawn to the team's as far as luck
    alone would make VAs differ; the best quartile are the VAs of the lowest. Advised where the VA has 10 tasks
    and 10 posts or more, the gap is a tenth of the tasks or more and its 90 % interval excludes 0. What it may be
    worth: posts a week explained by the week's late share, within VAs, by least squares, times the gap and the VA's
    median views, with a 90 % interval; NaN under 30 weeks of VAs. Where it includes 0, lateness costs no posts.

    Parameters
    ----------
    weeks
        See `va_task_weeks`.
    views
        Median views by VA.
    """
    sums = weeks.groupby("va_id")[["n_due_tasks", "n_on_time_tasks", "n_week_posts"]].sum()
    able = sums[sums["n_due_tasks"] >= FEWEST_TASKS]
    if len(able) < FEWEST_VAS:
        return []
    n = np.asarray(able["n_due_tasks"], dtype=np.float64)
    late = 1 - np.asarray(able["n_on_time_tasks"], dtype=np.float64) / n
    luck = late.mean() * (1 - late.mean()) / n
    trust = trusted(late, luck)
    believed = late.mean() + trust * (late - late.mean())
    top = np.argsort(believed, kind="stable")[: -(-len(late) // 4)]
    gaps = believed - believed[top].mean()
    margins = _Z90 * np.sqrt(trust * luck + (trust * luck)[top].mean() / len(top))
    slope, error = _posts_per_late_share(weeks)
    rows = []
    for place, (va, row) in enumerate(able.iterrows()):
        gap = max(float(gaps[place]), 0.0)
        is_late = gap >= LEAST_GAP and gap > margins[place]
        usual = float(views.get(va, np.nan))
        extra, margin = -slope * gap * usual, _Z90 * error * gap * usual
        rows.append({
            "va_id": str(va), "habit": "overdue", "n_habit_posts": int(row["n_week_posts"]),
            "is_advised": is_late and row["n_week_posts"] >= FEWEST_POSTS,
            "less_of": "late tasks" if gap else None, "own_less_share": float(late[place]),
            "best_less_share": float(late[top].mean()),
            "extra_views_per_week": extra, "extra_views_per_week_low": extra - margin,
            "extra_views_per_week_high": extra + margin,
        })  # fmt: skip
    return rows


def trusted(values: Floats, luck: Floats) -> Floats:
    """How far each value is to be believed: the share of its variance between VAs that is not luck.

    Formula: t / (t + luck), t = variance of the values - mean variance by luck, at least 0 (moments).
    """
    between = max(float(values.var(ddof=1)) - float(luck.mean()), 0.0) if len(values) > 1 else 0.0
    return np.asarray(between / np.maximum(between + luck, 1e-300))


def _posts_per_late_share(weeks: pd.DataFrame) -> tuple[float, float]:
    """Posts a week that go with a week in which all tasks are late, against none, and its standard error."""
    due = weeks[weeks["n_due_tasks"] > 0]
    late = 1 - due["n_on_time_tasks"] / due["n_due_tasks"]
    # Seasons and absences move everybody's weeks; what is asked is the VA's own.
    x = late - late.groupby(due["va_id"]).transform("mean")
    y = due["n_week_posts"] - due.groupby("va_id")["n_week_posts"].transform("mean")
    squares = float((x * x).sum())
    freedom = len(due) - due["va_id"].nunique() - 1
    if len(due) < _FEWEST_WEEKS or squares == 0 or freedom < 1:
        return np.nan, np.nan
    slope = float((x * y).sum()) / squares
    left = float(((y - slope * x) ** 2).sum()) / freedom
    return slope, float(np.sqrt(left / squares))
