"""What the charts share: clean data, axes and tooltips by the registry, references, descriptions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from .escaping import plain
from .frames import frame_of
from .headings import Heading, heading
from .numbers import counted, in_unit, is_missing

_FEW_DAYS = 16
# d3 writes G for 10^9; people who count views say billion.
_COUNTS = "replace(datum.label, 'G', 'B')"


def drawable(data: Any, names: Sequence[str | None]) -> pd.DataFrame:
    """Only the columns that are drawn: what isn't shown must not travel in the page. Text is cleaned."""
    wanted = list(dict.fromkeys(n for n in names if n))
    frame = frame_of(data)[wanted].copy()
    for name in wanted:
        if frame[name].dtype == object or pd.api.types.is_string_dtype(frame[name].dtype):
            first = next((v for v in frame[name] if not is_missing(v)), None)
            if isinstance(first, str):
                frame[name] = [drawn_name(v) if isinstance(v, str) else v for v in frame[name]]
            elif first is not None and hasattr(first, "isoformat"):
                frame[name] = pd.to_datetime(frame[name])
            elif first is not None:
                frame[name] = pd.to_numeric(frame[name])
    return frame


def drawn_name(text: str) -> str:
    """A text as a chart's data hold it; an order of names is found again in them by nothing else."""
    return plain(text, longest=80)


def number_format(of: Heading) -> dict[str, Any]:
    """How an axis or a legend writes its numbers: 40 %, 1.5×, 1.2M."""
    if of.unit == "fraction":
        return {"format": "~%"}
    if of.unit in ("multiple", "times", "ratio", "x"):
        return {"format": "~g", "labelExpr": "datum.label + '×'"}
    return {
        "format": "~s",
        "labelExpr": f"abs(datum.value) < 1 ? format(datum.value, '~g') : {_COUNTS}",
    }


def axis(of: Heading, **more: Any) -> alt.Axis:
    """An axis with few, readable numbers."""
    return alt.Axis(**number_format(of), **{"tickCount": 5, "labelOverlap": True, **more})


def log_ticks(values: pd.Series) -> dict[str, Any]:
    """Ticks at the powers of ten, with 2 and 5 between them where there are few: d3's own run together."""
    if values.empty:
        return {}
    low, high = math.floor(math.log10(values.min())), math.ceil(math.log10(values.max()))
    steps = (1,) if high - low > 2 else (1, 2, 5)
    return {"values": [step * 10.0**power for power in range(low, high + 1) for step in steps]}


def time_axis(values: pd.Series) -> dict[str, Any]:
    """Ticks at the days that have a figure, as long as they are few; 5 Oct and not Sun 05."""
    days = sorted({v.date() for v in values.dropna()})
    ticks = [alt.DateTime(year=d.year, month=d.month, date=d.day) for d in days]
    return {"format": "%-d %b", **({"values": ticks} if len(ticks) <= _FEW_DAYS else {})}


def tooltip(name: str, frame: pd.DataFrame) -> alt.Tooltip:
    """One line of a tooltip, in the column\'s unit."""
    about = heading(name)
    kind = frame[name].dtype
    if pd.api.types.is_datetime64_any_dtype(kind):
        return alt.Tooltip(f"{name}:T", title=about.label, format="%-d %b %Y")
    if not pd.api.types.is_numeric_dtype(kind):
        return alt.Tooltip(f"{name}:N", title=about.label)
    form = ".1~%" if about.unit == "fraction" else ",.0f" if pd.api.types.is_integer_dtype(kind) else ",.3~r"
    return alt.Tooltip(f"{name}:Q", title=about.axis, format=form)


def reference_line(at: float, label: str, *, vertical: bool) -> list[alt.Chart]:
    """A dashed line at a value, and its name."""
    base = alt.Chart(pd.DataFrame({"at": [at], "label": [plain(label)]}))
    place = alt.X("at:Q") if vertical else alt.Y("at:Q")
    text = (
        base.mark_text(style="reference-label", align="left", baseline="bottom", dx=4, dy=-2).encode(
            place, y=alt.value(0), text="label:N"
        )
        if vertical
        else base.mark_text(style="reference-label", align="right", baseline="bottom", dx=-2, dy=-3).encode(
            place, x=alt.value("width"), text="label:N"
        )
    )
    return [base.mark_rule(style="reference").encode(place), text]


def described(frame: pd.DataFrame, what: str, value: str, label: str, about: Heading) -> str:
    """What there is to see, with its highest and lowest point."""
    known = frame.dropna(subset=[value])
    if known.empty:
        return f"{what}. No figure is known."
    rising = known.sort_values(value)
    top, end = rising.iloc[-1], rising.iloc[0]

    def said(row: Any) -> str:
        where = row[label].date() if label.endswith("_on") and hasattr(row[label], "date") else row[label]
        return f"{in_unit(row[value], about.unit, short=True)} ({in_unit(where)})"

    return f"{what}, {counted(len(known), 'point')}. Highest {said(top)}, lowest {said(end)}."


def finished(chart: Any, title: str, subtitle: str, description: str, *, height: int) -> Any:
    """The chart with its words, as wide as its place."""
    heads = alt.Title(plain(title), subtitle=plain(subtitle, longest=1000) if subtitle else alt.Undefined)
    return chart.properties(
        title=heads,
        description=plain(description, longest=1000),
        width="container",
        height=height,
        autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
    )
