"""What goes with more views, and how VAs work: the part of the VAs' page about habits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..model.va_facts import VaFacts
from . import charts
from .blocks import note
from .numbers import multiple, percent
from .tables import Table

_CLEAR = 0.05
"""How far from the usual mix a level must be to be shown."""
_EARLIER = ("new", "did worse", "did as usual", "did better")
_HOUR_COLUMNS = ("habit_multiple", "habit_multiple_low", "habit_multiple_high")


def habits_chart(facts: VaFacts) -> Any:
    """Levels of habits that go clearly with more or fewer views, by the same VA on the same account."""
    shown = clear_levels(facts.habit_levels)
    if shown.empty:
        return note(
            "No hour, number of slides, first image, sound or gap between posts goes clearly with more or "
            "fewer views, or too few posts are known to tell."
        )
    ordered = shown.sort_values("habit_multiple")
    best, worst = ordered.iloc[-1], ordered.iloc[0]
    return charts.ranked(
        shown.assign(habit=shown["label"]),
        label="habit",
        value="habit_multiple",
        low="habit_multiple_low",
        high="habit_multiple_high",
        reference=1.0,
        reference_label="usual mix",
        title=f"{best['label']}: {multiple(best['habit_multiple'])} the views of the team's usual mix; "
        f"{worst['label'].lower()}: {multiple(worst['habit_multiple'])}",
        subtitle="By the same VA on the same account, the other habits held; 90 % intervals. Only what differs "
        "clearly, by 5 % or more",
        tooltips=["habit_share", "n_posts"],
        limit=40,
    )


def clear_levels(levels: pd.DataFrame) -> pd.DataFrame:
    """Levels that differ clearly, each with a label; hours of one kind that follow each other as a stretch."""
    clear = (levels["habit_multiple_low"] > 1) | (levels["habit_multiple_high"] < 1)
    strong = levels[clear & (np.log(levels["habit_multiple"]).abs() >= np.log1p(_CLEAR))]
    hours = _stretches(strong[strong["habit"] == "hour"].sort_values("habit_level"))
    others = strong[strong["habit"] != "hour"]
    others = others.assign(label=[_label(str(h), int(n), str(w)) for h, n, w in _named(others)])
    both: pd.DataFrame = pd.concat([others, hours], ignore_index=True)
    return both


def _named(rows: pd.DataFrame) -> Any:
    return zip(rows["habit"], rows["habit_level"], rows["level_name"], strict=True)


def _stretches(hours: pd.DataFrame) -> pd.DataFrame:
    """Hours that follow each other, above or below, as one row: means weighed by posts."""
    up = hours["habit_multiple"] > 1
    broken = (hours["habit_level"].diff() != 1) | (up != up.shift())
    rows = []
    for _number, run in hours.groupby(broken.cumsum()):
        weight = run["n_posts"] / run["n_posts"].sum()
        first, last = int(run["habit_level"].iloc[0]), int(run["habit_level"].iloc[-1])
        rows.append({
            "habit": "hour", "label": f"Posted {first:02d}:00-{(last + 1) % 24:02d}:00",
            "n_posts": int(run["n_posts"].sum()), "habit_share": run["habit_share"].sum(),
            **{c: float(np.exp((weight * np.log(run[c])).sum())) for c in _HOUR_COLUMNS},
        })  # fmt: skip
    return pd.DataFrame(rows, columns=["habit", "label", "n_posts", "habit_share", *_HOUR_COLUMNS])


def _label(habit: str, level: int, name: str) -> str:
    if habit in ("hook", "sound"):
        what = "first image" if habit == "hook" else "sound"
        return f"{what.capitalize()} that {_EARLIER[level]} before" if level else f"New {what}"
    return {
        "slides": f"{name} slides",
        "tired": f"Images shown {name} times",
        "gap": f"{name} h after the last post",
    }[habit]


def habits_table(facts: VaFacts) -> Any:
    """How each VA works."""
    habits = facts.habits
    if habits.empty:
        return note("How VAs work is not known: no post of these weeks names a VA.")
    share = habits["good_hour_share"]
    caption = (
        f"Between {percent(share.min(), digits=0)} and {percent(share.max(), digits=0)} of a VA's posts go up "
        "at good hours"
        if share.notna().any()
        else "How VAs work"
    )
    if len(habits) == 1 and share.notna().any():
        caption = (
            f"{percent(share.iloc[0], digits=0)} of {habits['va_id'].iloc[0]}'s posts go up at good hours"
        )
    return Table(
        habits,
        caption=caption,
        columns=[
            "va_id", "n_posts", "good_hour_share", "median_gap_hours", "n_slideshows", "mean_slides",
            "strong_hook_share", "tired_share", "strong_sound_share",
        ],
        missing="no posts whose earlier uses are known",
        limit=60,
    )  # fmt: skip
