"""Two charts of the VAs' page: raw beside adjusted, and the weeks of each VA against their own usual."""

from __future__ import annotations

import altair as alt
import pandas as pd

from .chart_parts import axis, described, drawable, drawn_name, finished, reference_line, tooltip
from .escaping import plain
from .headings import heading
from .numbers import counted

_FIGURES = {"va_effect": "Adjusted: the VA", "raw_va_multiple": "Raw: with the accounts"}


def raw_beside_adjusted(effects: pd.DataFrame, *, title: str, subtitle: str = "") -> alt.LayerChart:
    """A row for each VA: the effect with its interval, and what a plain ranking would show.

    `effects` holds va_id, va_effect with its low and high, raw_va_multiple, n_posts and p_above_median, best first.
    """
    names = [
        "va_id", "va_effect", "va_effect_low", "va_effect_high", "raw_va_multiple", "p_above_median", "n_posts",
    ]  # fmt: skip
    frame = drawable(effects, names).dropna(subset=["va_effect"])
    order = [str(v) for v in frame["va_id"]]
    long = frame.melt(
        id_vars=["va_id", "va_effect_low", "va_effect_high", "p_above_median", "n_posts"],
        value_vars=list(_FIGURES),
        var_name="figure",
        value_name="multiple",
    )
    long["figure"] = long["figure"].map(_FIGURES)
    effect = heading("va_effect")
    down = alt.Y("va_id:N", sort=order, title=None).axis(labelLimit=170, labelPadding=8, grid=True)
    scale = alt.Scale(type="log", nice=False, padding=12)
    ruler = axis(effect, grid=True, values=[0.1, 0.2, 0.5, 1, 2, 5, 10])
    across = alt.X("multiple:Q", title="Views, as a multiple of the team's mean", scale=scale, axis=ruler)
    figures = list(_FIGURES.values())
    tips = [
        alt.Tooltip("va_id:N", title=heading("va_id").label),
        alt.Tooltip("figure:N", title="Figure"),
        alt.Tooltip("multiple:Q", title="Multiple", format=".2f"),
        alt.Tooltip("va_effect_low:Q", title="Adjusted, low", format=".2f"),
        alt.Tooltip("va_effect_high:Q", title="Adjusted, high", format=".2f"),
        alt.Tooltip("p_above_median:Q", title=heading("p_above_median").label, format=".0%"),
        alt.Tooltip("n_posts:Q", title=heading("n_posts").label, format=",.0f"),
    ]
    whisker = alt.Chart(frame).mark_rule(style="whisker")
    dots = alt.Chart(long).mark_point(filled=True, opacity=1, size=70)
    layers = [
        *reference_line(1.0, "team", vertical=True),
        whisker.encode(alt.X("va_effect_low:Q", scale=scale, axis=ruler), alt.X2("va_effect_high"), down),
        dots.encode(
            across,
            down,
            color=alt.Color("figure:N", title=None, scale=alt.Scale(domain=figures)),
            shape=alt.Shape("figure:N", title=None, scale=alt.Scale(domain=figures, range=["circle", "diamond"])),
            tooltip=tips,
        ),
    ]  # fmt: skip
    words = described(
        frame, "Ranked chart of the VAs' effects, raw beside adjusted", "va_effect", "va_id", effect
    )
    made: alt.LayerChart = finished(
        alt.layer(*layers), title, subtitle, words, height=max(80, 25 * len(order))
    )
    return made


def weeks_of_vas(weekly: pd.DataFrame, order: list[str], *, title: str, subtitle: str = "") -> alt.LayerChart:
    """A row for each VA, a column for each week: colour by how the week compares with the VA's own usual.

    A sign stands where the interval leaves no doubt: + above, a minus sign below. `weekly` holds va_id, week_on,
    own_trend with low and high, n_log_outliers.
    """
    names = ["va_id", "week_on", "own_trend", "own_trend_low", "own_trend_high", "n_log_outliers"]
    frame = drawable(weekly, names)
    frame["week"] = frame["week_on"].dt.strftime("%Y-%m-%d")
    sure = frame.assign(sign="")
    sure.loc[sure["own_trend_low"] > 1, "sign"] = "+"
    sure.loc[sure["own_trend_high"] < 1, "sign"] = "\N{MINUS SIGN}"
    weeks = sorted(frame["week"].unique())
    said = "timeFormat(toDate(datum.value), '%-d %b')"
    across = alt.X("week:O", title="Week from", sort=weeks).axis(
        labelAngle=0, labelOverlap=True, labelExpr=said, domain=False, ticks=False
    )
    down = alt.Y("va_id:N", sort=[drawn_name(v) for v in order], title=None)
    down = down.axis(labelLimit=170, labelPadding=8)
    known = frame.dropna(subset=["own_trend"])
    trend = heading("own_trend")
    scale = alt.Scale(type="log", domain=[0.5, 2.0], clamp=True, scheme="blueorange", reverse=True)
    legend = alt.Legend(values=[0.5, 0.7, 1, 1.4, 2], labelExpr="datum.label + '×'")
    tips = [tooltip(n, frame) for n in names]
    layers = [
        alt.Chart(frame).mark_rect(style="unknown", stroke=None).encode(across, down),
        alt.Chart(known)
        .mark_rect(cornerRadius=2)
        .encode(across, down, alt.Color("own_trend:Q", title=trend.label, scale=scale, legend=legend), tooltip=tips),
        alt.Chart(sure[sure["sign"] != ""])
        .mark_text(fontSize=14, fontWeight="bold", color="#1b2733")
        .encode(across, down, text="sign:N", tooltip=tips),
    ]  # fmt: skip
    words = (
        f"{plain(title)}. Heat map of {trend.label.lower()} by VA and week, {counted(len(known), 'cell')}."
    )
    made: alt.LayerChart = finished(
        alt.layer(*layers), title, subtitle, words, height=max(80, 22 * len(order))
    )
    return made
