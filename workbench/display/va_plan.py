"""The improvement plan in words: for each VA what to try, on what evidence, what it may bring, and what to keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ..model.va_facts import HABIT_WEEKS, VaFacts
from .blocks import Box, Stacked, finding, note
from .numbers import compact, counted, is_missing, multiple, percent
from .va_words import HABIT_NAMES, NO_VAS, listed

_DOING = {
    "hour": "posts at {}",
    "slides": "slideshows of {} slides",
    "hook": "slideshows whose first image {}",
    "tired": "slideshows whose images were shown {} times on average",
    "gap": "posts {} hours after the account's last",
    "sound": "posts whose sound {}",
}
_KEPT = 1.005
"""A gap of less than half a percent to the best quartile is none."""


def plan_finding(facts: VaFacts) -> Box:
    """How many VAs have something to try, what was compared, and what could not be."""
    found = facts.improvements
    if found.empty:
        reason = "A habit is compared where three VAs or more have ten posts each that show it."
        return finding("There is no plan yet", NO_VAS if facts.results.empty else reason)
    advised = found[found["is_advised"]]
    compared = [name for habit, name in HABIT_NAMES.items() if habit in set(found["habit"])]
    differ = [name for habit, name in HABIT_NAMES.items() if habit in set(advised["habit"])]
    vas = advised["va_id"].nunique()
    title = (
        f"{counted(vas, 'VA')} could gain by working like the best quartile"
        if vas
        else "No VA's habits are clearly worse than the best quartile's"
    )
    return finding(
        title,
        f"Compared over {counted(HABIT_WEEKS, 'week')}: {listed(compared, most=9)}. VAs differ by more than luck in "
        f"{listed(differ, 'none of them', 9)}. {not_compared(found)}What is expected holds if the difference "
        "is due to the habit, and several gains do not add up: try one at a time, for some weeks.",
    )


def not_compared(found: pd.DataFrame) -> str:
    """Which rules could not be asked, and what would let them."""
    asked = set(found["habit"])
    words = []
    if not asked & {"hook", "tired"}:
        words.append(
            "First slides and rested slides are not compared, because no images are known (import slides.csv). "
        )
    if "overdue" not in asked:
        words.append("Tasks in time are not compared: under three VAs had ten tasks due (import tasks.csv). ")
    return "".join(words)


def plan(facts: VaFacts) -> Any:
    """A box for each VA with something to try, the largest gain first; then who has nothing to change."""
    found = facts.improvements
    advised = found[found["is_advised"]]
    if found.empty:
        return note("There is nothing to compare yet.")
    if advised.empty:
        return note(
            "Nobody's habits differ from the best quartile's by more than luck and by 2 % of the views."
        )
    gains = advised.assign(gain=advised["extra_views_per_week"].where(advised["habit"] != "overdue", 0.0))
    order = gains.groupby("va_id")["gain"].max().fillna(0).sort_values(ascending=False, kind="stable").index
    differ = set(advised["habit"])
    boxes = [_of_va(str(va), found[found["va_id"] == va], differ) for va in order]
    rest = [str(va) for va in found["va_id"].unique() if va not in set(order)]
    if rest:
        boxes.append(note(f"Nothing clear to change: {listed(rest, most=30)}."))
    return Stacked(boxes)


def _of_va(va: str, rows: pd.DataFrame, differ: set[str]) -> Box:
    """What to try, why, and what to keep; `differ` are the habits in which anybody falls short."""
    advised = rows[rows["is_advised"]].sort_values("extra_views_per_week", ascending=False, kind="stable")
    lines: list[str] = []
    for r in advised.to_dict("records"):
        lines += overdue_words(r) if r["habit"] == "overdue" else habit_words(r)
    kept = rows[~rows["is_advised"] & rows["habit"].isin(differ) & (rows["gain_multiple"] < _KEPT)]
    if len(kept):
        names = listed([HABIT_NAMES[str(h)] for h in kept["habit"]])
        lines.append(f"Keep: {names} as good as the best quartile's.")
    gain = advised.loc[advised["habit"] != "overdue", "extra_views_per_week"].max()
    if not is_missing(gain):
        title = f"{va}: about {compact(gain)} views more a week"
    else:
        title = f"{va}: more tasks in time" if len(advised) else f"{va}: nothing clear to change"
    return finding(title, "\n\n".join(lines))


def habit_words(r: Mapping[Any, Any]) -> list[str]:
    """One gap in three sentences: what to try, why, what it may bring."""
    doing = _DOING[r["habit"]]
    tries, whys = [], []
    for end, verb in (("more", "more"), ("less", "fewer")):
        if not is_missing(r[f"{end}_of"]):
            own, best = (percent(r[f"{who}_{end}_share"], digits=0) for who in ("own", "best"))
            tries.append(f"{verb} {doing.format(r[f'{end}_of'])} ({own} now; the best quartile {best})")
            whys.append(f"{verb.replace('more', 'the first').replace('fewer', 'the others')} get "
                        f"{multiple(r[f'{end}_multiple'])}")  # fmt: skip
    if len(whys) == 1:
        whys = [whys[0].replace("the first", "these").replace("the others", "these")]
    gain, low, high = (percent(r[f"gain_multiple{end}"] - 1, signed=True) for end in ("", "_low", "_high"))
    why = f"Why: by the same VA on the same account, {', '.join(whys)} the views of the team's usual mix."
    brings = (
        f"May bring: {gain} views a post ({low} to {high}), {compact(r['extra_views_per_week'])} a week, if the "
        f"difference is due to it. {counted(r['n_habit_posts'], 'post')} looked at."
    )
    return [f"Try: {', '.join(tries)}.", why, brings]


def overdue_words(r: Mapping[Any, Any]) -> list[str]:
    """Late tasks: how many, and whether they cost views."""
    own, best = percent(r["own_less_share"], digits=0), percent(r["best_less_share"], digits=0)
    low, gain, high = (compact(r[f"extra_views_per_week{end}"]) for end in ("_low", "", "_high"))
    tried = f"Try: tasks by their due date. {own} came late or are open; of the best quartile's, {best}."
    if is_missing(r["extra_views_per_week"]):
        return [f"{tried} What that costs in views is not known: too few weeks with tasks, or no views."]
    if r["extra_views_per_week_low"] <= 0:
        cost = (
            f"Weeks with late tasks do not clearly have fewer posts ({low} to {high} views a week), so what it costs "
            "is others' time and a fifth of the quality score."
        )
        return [f"{tried} {cost}"]
    cost = f"Weeks with late tasks have fewer posts: {gain} views a week ({low} to {high}), if that is due to it."
    return [f"{tried} {cost}"]
