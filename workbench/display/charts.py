"""The charts of the reports. Each takes a small DataFrame, or an Ibis table of few rows, and
returns an Altair chart.

A title states the finding ("Reach fell for the third week"), not the contents ("Reach by week").
Headings, units and number formats come from the registry of columns. Each chart describes itself in
words for people who can't see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from ..errors import UsageError
from .chart_parts import (
    axis,
    described,
    drawable,
    finished,
    log_ticks,
    number_format,
    reference_line,
    time_axis,
    tooltip,
)
from .escaping import plain
from .headings import heading
from .numbers import counted, in_unit

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def line(
    data: Any,
    *,
    x: str,
    y: str,
    title: str,
    low: str | None = None,
    high: str | None = None,
    series: str | None = None,
    reference: float | None = None,
    reference_label: str = "usual",
    zero: bool = False,
    unit: str | None = None,
    subtitle: str = "",
    description: str = "",
) -> alt.LayerChart:
    """A figure over time, with its interval as a band where `low` and `high` name the columns.

    `x` holds dates, instants, or text such as ISO weeks, in the order of the rows. `series` draws a
    line for each of its values. `reference` is a dashed line at that height. `unit` stands in for the registry's,
    such as a currency.
    """
    frame = drawable(data, [x, y, low, high, series])
    value, over = heading(y, unit=unit), heading(x)
    in_time = pd.api.types.is_datetime64_any_dtype(frame[x])
    days = time_axis(frame[x]) if in_time else {}
    in_words = not in_time and not pd.api.types.is_numeric_dtype(frame[x])
    across = alt.X(
        f"{x}:{'T' if in_time else 'O'}",
        title=None if in_time else over.axis,
        sort=[str(v) for v in dict.fromkeys(frame[x])] if in_words else alt.Undefined,
    ).axis(labelAngle=0, labelOverlap=True, **days)
    scale = alt.Scale(zero=zero, nice=True)
    up = alt.Y(f"{y}:Q", title=value.axis, scale=scale, axis=axis(value))
    colour: Any = {"color": alt.Color(f"{series}:N", title=None)} if series else {}
    # Told apart without colours too: in print, and by whoever sees few of them.
    dashes = {"strokeDash": alt.StrokeDash(f"{series}:N", title=None)} if series else {}
    tips = [tooltip(n, frame) for n in (series, x, y, low, high) if n]
    base = alt.Chart(frame)
    layers: list[alt.Chart] = []
    if low and high:
        band = base.mark_area(style="interval", interpolate="monotone")
        layers.append(
            band.encode(
                across,
                alt.Y(f"{low}:Q", scale=scale, title=value.axis),
                alt.Y2(high),
                **colour,
            )
        )
    if reference is not None:
        layers += reference_line(reference, reference_label, vertical=False)
    drawn = base.mark_line(interpolate="monotone", point=alt.OverlayMarkDef(size=40, filled=True))
    layers.append(drawn.encode(across, up, tooltip=tips, **colour, **dashes))
    words = description or described(
        frame, f"Line chart of {value.axis} by {over.label.lower()}", y, x, value
    )
    made: alt.LayerChart = finished(alt.layer(*layers), title, subtitle, words, height=260)
    return made


def ranked(
    data: Any,
    *,
    label: str,
    value: str,
    title: str,
    low: str | None = None,
    high: str | None = None,
    reference: float | None = None,
    reference_label: str = "usual",
    dots: bool | None = None,
    tooltips: Sequence[str] = (),
    limit: int = 30,
    axis_title: str = "",
    unit: str | None = None,
    subtitle: str = "",
    description: str = "",
) -> alt.LayerChart:
    """Things in order of a figure, the largest on top; as dots with whiskers where there is an interval.

    Bars start at 0; dots need not, so an effect of 0.9 to 1.2 keeps its differences. More than `limit`
    are cut from the end, and the subtitle says so. `axis_title` and `unit` stand in for the registry's.
    """
    known = drawable(data, [label, value, low, high, *tooltips])
    known = known.dropna(subset=[value]).sort_values([value, label], ascending=[False, True])
    frame = known.head(limit)
    figure = heading(value, label=axis_title, unit=unit)
    as_dots = dots if dots is not None else low is not None
    order = [str(v) for v in dict.fromkeys(frame[label])]
    down = alt.Y(f"{label}:N", sort=order, title=None).axis(labelLimit=170, labelPadding=8, grid=as_dots)
    scale = alt.Scale(zero=not as_dots, nice=True)
    ruler = axis(figure, grid=True)
    tips = [tooltip(n, frame) for n in (label, value, low, high, *tooltips) if n]
    base = alt.Chart(frame)
    mark = (
        base.mark_point(size=80, filled=True, opacity=1) if as_dots else base.mark_bar(height={"band": 0.7})
    )
    shown = mark.encode(
        alt.X(f"{value}:Q", title=figure.axis, scale=scale, axis=ruler),
        down,
        tooltip=tips,
    )
    layers: list[alt.Chart] = []
    if reference is not None:
        layers += reference_line(reference, reference_label, vertical=True)
    if low and high:
        whisker = base.mark_rule(style="whisker")
        layers.append(
            whisker.encode(
                alt.X(f"{low}:Q", title=figure.axis, scale=scale, axis=ruler),
                alt.X2(high),
                down,
                tooltip=tips,
            )
        )
    layers.append(shown)
    if len(known) > limit:
        subtitle = " ".join(filter(None, [subtitle, f"The first {limit} of {len(known):,}."]))
    words = description or described(frame, f"Ranked chart of {figure.axis}", value, label, figure)
    made: alt.LayerChart = finished(
        alt.layer(*layers), title, subtitle, words, height=max(60, 24 * len(order))
    )
    return made


def heat_map(
    data: Any,
    *,
    weekday: str,
    hour: str,
    value: str,
    title: str,
    n: str | None = None,
    tooltips: Sequence[str] = (),
    subtitle: str = "",
    description: str = "",
) -> alt.LayerChart:
    """A figure by weekday (1 is Monday, 7 Sunday) and hour of the day; hours without a figure stay pale."""
    frame = drawable(data, [weekday, hour, value, n, *tooltips])
    strange = sorted({d for d in frame[weekday] if d not in range(1, 8)})
    if strange:
        raise UsageError(
            f"{weekday} holds {strange[0]}, which is no weekday. Weekdays are 1 for Monday to 7 for Sunday."
        )
    frame = frame.assign(weekday_name=[WEEKDAYS[int(d) - 1] for d in frame[weekday]])
    figure = heading(value)
    # The hours that nobody posted in are drawn too, or the map would have holes that look like paper.
    empty = pd.DataFrame([(d, h) for d in WEEKDAYS for h in range(24)], columns=["weekday_name", hour])
    across = alt.X(f"{hour}:O", title="Hour of the day", scale=alt.Scale(domain=list(range(24)))).axis(
        labelAngle=0,
        labelOverlap=True,
        values=list(range(0, 24, 3)),
        domain=False,
        ticks=False,
    )
    down = alt.Y("weekday_name:O", sort=list(WEEKDAYS), title=None)
    colour = alt.Color(f"{value}:Q", title=figure.axis, legend=alt.Legend(**number_format(figure)))
    tips = [
        alt.Tooltip("weekday_name:O", title="Weekday"),
        alt.Tooltip(f"{hour}:O", title="Hour"),
    ]
    tips += [tooltip(c, frame) for c in (value, n, *tooltips) if c]
    layers = alt.layer(
        alt.Chart(empty).mark_rect(style="unknown", stroke=None).encode(across, down),
        alt.Chart(frame.dropna(subset=[value]))
        .mark_rect(cornerRadius=2)
        .encode(across, down, colour, tooltip=tips),
    )
    best = frame.dropna(subset=[value]).sort_values(value, ascending=False)
    words = description or f"{plain(title)}. Heat map of {figure.axis} by weekday and hour." + (
        f" Highest on {best.iloc[0]['weekday_name']} at {int(best.iloc[0][hour])}:00 with "
        f"{in_unit(best.iloc[0][value], figure.unit, short=True)}."
        if len(best)
        else " No hour has a figure."
    )
    made: alt.LayerChart = finished(layers, title, subtitle, words, height=200)
    return made


def scatter(
    data: Any,
    *,
    x: str,
    y: str,
    title: str,
    label: str | None = None,
    colour: str | None = None,
    log: bool = True,
    tooltips: Sequence[str] = (),
    subtitle: str = "",
    description: str = "",
) -> alt.Chart:
    """Two figures of each thing against each other, on logarithmic axes unless told otherwise.

    Zeros have no place on a logarithmic axis: they are left out, and the subtitle says how many.
    """
    frame = drawable(data, [x, y, label, colour, *tooltips])
    known = frame.dropna(subset=[x, y])
    shown = known[(known[x] > 0) & (known[y] > 0)] if log else known
    left_out = len(known) - len(shown)
    across, up = heading(x), heading(y)
    scale = alt.Scale(type="log", nice=True) if log else alt.Scale(zero=False, nice=True)
    tips = [tooltip(n, shown) for n in (label, x, y, colour, *tooltips) if n]
    across_axis = axis(across, grid=True, **(log_ticks(shown[x]) if log else {}))
    up_axis = axis(up, **(log_ticks(shown[y]) if log else {}))
    # One colour tells nothing apart, and a legend of one is noise.
    told_apart = {}
    if colour is not None and len(set(shown[colour])) > 1:
        told_apart = {"color": alt.Color(f"{colour}:N", title=heading(colour).label)}
    chart = (
        alt.Chart(shown)
        .mark_circle()
        .encode(
            alt.X(f"{x}:Q", title=across.axis, scale=scale, axis=across_axis),
            alt.Y(f"{y}:Q", title=up.axis, scale=scale, axis=up_axis),
            tooltip=tips,
            **told_apart,
        )
    )
    if left_out:
        subtitle = " ".join(
            filter(
                None,
                [subtitle, f"{counted(left_out, 'point')} at 0 can't be shown here."],
            )
        )
    words = description or (
        f"{plain(title)}. Scatter chart of {up.axis} against {across.axis}, {counted(len(shown), 'point')}."
    )
    made: alt.Chart = finished(chart, title, subtitle, words, height=320)
    return made
