"""What-if in words and plain tables: for the command line, and what its other faces share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..model.whatif import BY_NAME, INPUTS, OUTPUTS, WHY_UNKNOWN, Inputs, answer
from ..model.whatif_inputs import Start
from ..model.whatif_scenarios import loaded
from .numbers import DASH, compact, counted, day, figure, multiple, percent, whole

INTERVALS = ("profit", "views")
"""Outputs that have a median and an 80 % interval."""


def shown(name: str, value: float | None, currency: str = "") -> str:
    """An input or an output as people read it."""
    if value is None:
        return DASH
    unit = BY_NAME[name].unit if name in BY_NAME else OUTPUTS[name][1]
    if unit == "money":
        return figure(value) + (f"\N{NO-BREAK SPACE}{currency}" if currency else "")
    if unit == "fraction":
        return percent(value)
    if unit == "multiple":
        return multiple(value)
    if name == "views":
        return compact(value)
    if unit in ("posts", "views") and name not in ("posts_per_day", "posts_per_account"):
        return whole(value)
    return figure(value)


def interval(name: str, outputs: Mapping[str, float | None], currency: str = "") -> str:
    """`2,418 to 8,696`: in 8 of 10 draws; empty where there is none."""
    if name not in INTERVALS:
        return ""
    low, high = (shown(name, outputs[f"{name}_{end}"]) for end in ("low", "high"))
    return f"{low} to {high}" + (f" {currency}" if currency else "")


def summary(begin: Start) -> str:
    """What today is, and whether the formula agrees with the books."""
    weeks = counted(begin.period.days // 7, "week")
    said = f"Today is the {weeks} from {day(begin.period.from_on)} to {day(begin.period.to_on)}."
    booked, own = begin.booked.get("profit"), begin.outputs["profit"]
    if booked is not None and begin.sources["rpm"].is_assumed is False:
        said += (
            f" The books of these weeks come to a profit of {shown('profit', booked, begin.currency)} a month, "
            f"today's values to {shown('profit', own, begin.currency)}."
        )
    return said


def limits(begin: Start) -> list[str]:
    """What the figures don't say, and what is assumed."""
    told = list(begin.notes)
    if begin.assumed:
        told.append(f"Assumed, as the data say nothing of it: {', '.join(begin.assumed)}.")
    booked, own = begin.booked.get("revenue"), begin.outputs["revenue"]
    if booked is not None and own is not None and abs(own - booked) > 0.1 * abs(booked):
        told.append(
            f"The books come to a revenue of {shown('revenue', booked, begin.currency)} a month and today's values to "
            f"{shown('revenue', own, begin.currency)}: these count what posts had at 30 days, those what all posts "
            "gained in the weeks. Single hits move the two apart."
        )
    told.append(
        "The interval is the luck of the posts alone: 8 of 10 months drawn from the period's own posts lie in it. "
        "Whether more posts, VAs or accounts do as well as today's is not known."
    )
    return told


def scenarios(begin: Start, changed: Mapping[str, float], file: Path | None) -> dict[str, Inputs]:
    """What stands beside today: the scenarios of a file, else today's values, with the changes."""
    held = loaded(file, begin.inputs, currency=begin.currency) if file else {}
    if not held and changed:
        held = {"changed": begin.inputs}
    return {name: inputs.changed(changed) for name, inputs in held.items()}


def as_text(begin: Start, scenarios: Mapping[str, Inputs]) -> str:
    """Inputs and outputs of today and of each scenario, side by side."""
    columns = {"today": begin.inputs, **scenarios}
    answers = {name: answer(inputs, begin.basis) for name, inputs in columns.items()}
    head = ["", *columns]
    rows = [["Inputs", *([""] * len(columns))]]
    for about in INPUTS:
        values = [getattr(inputs, about.name) for inputs in columns.values()]
        label = f"  {about.name}" + (" (assumed)" if begin.sources[about.name].is_assumed else "")
        told = [shown(about.name, v) if k == 0 or v != values[0] else "=" for k, v in enumerate(values)]
        rows.append([label, *told])
    rows.append([f"A month, amounts in {begin.currency}", *([""] * len(columns))])
    for name, (label, _unit) in OUTPUTS.items():
        rows.append([f"  {label}", *(shown(name, a[name]) for a in answers.values())])
        if name in INTERVALS:
            rows.append(["    median", *(shown(name, a[f"{name}_median"]) for a in answers.values())])
            rows.append(["    8 in 10", *(interval(name, a) for a in answers.values())])
    unknown = {n: WHY_UNKNOWN[n] for n in WHY_UNKNOWN if any(a[n] is None for a in answers.values())}
    reasons = [f"{OUTPUTS[n][0]} {DASH}: {why}." for n, why in unknown.items()]
    return "\n".join([*_aligned([head, *rows]), "", summary(begin), *reasons, *limits(begin)])


def as_json(begin: Start, scenarios: Mapping[str, Inputs]) -> str:
    """The same for machines: all digits, None where unknown."""
    columns = {"today": begin.inputs, **scenarios}
    told: dict[str, Any] = {
        "currency": begin.currency,
        "from": begin.period.from_on.isoformat(),
        "to": begin.period.to_on.isoformat(),
        "sources": {
            n: {"sentence": s.sentence, "n": s.n, "is_assumed": s.is_assumed}
            for n, s in begin.sources.items()
        },
        "notes": list(begin.notes),
        "booked": dict(begin.booked),
        "columns": {
            name: {"inputs": inputs.values(), "outputs": answer(inputs, begin.basis)}
            for name, inputs in columns.items()
        },
    }
    return json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False)


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(len(r[k]) for r in rows) for k in range(len(rows[0]))]
    return [
        "  ".join(
            [r[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(r[1:], widths[1:], strict=True))]
        ).rstrip()
        for r in rows
    ]
