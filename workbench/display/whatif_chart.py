"""What-if as a chart with sliders, for a page without Python.

It computes by Vega expressions that `model.whatif.month` itself wrote: there is one formula.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import altair as alt
import pandas as pd
from altair.expr.core import ConstExpression

from ..model.whatif import INPUTS, OUTPUTS, WHY_UNKNOWN, Basis, Inputs, drawn_views, month
from ..model.whatif_inputs import Start
from .chart_parts import axis
from .escaping import plain
from .headings import heading
from .numbers import DASH
from .whatif_text import INTERVALS, shown, summary

_TILES = ("profit", "roi", "revenue", "cost", "views", "posts", "breakeven_rpm", "breakeven_posts")
_WIDTH = 640
"""Where no page says how wide it is."""
_MONEY_AXIS = alt.Axis(
    format="~s", labelExpr="replace(datum.label, 'G', 'B')", tickCount=5, labelOverlap=True
)
_CURVE = 60
"""Points of the profit by posts a day."""


class _Expressions:
    """The operations as Vega expressions."""

    null = None
    least = staticmethod(alt.expr.min)
    most = staticmethod(alt.expr.max)
    sqrt = staticmethod(alt.expr.sqrt)
    where = staticmethod(alt.expr.if_)

    def ratio(self, a: Any, b: Any) -> Any:
        return alt.expr.if_(b == 0, None, a / b)


class _Signals(_Expressions):
    """Each named step becomes a parameter of the chart, which the page computes anew at every move."""

    def __init__(self) -> None:
        self.steps: list[alt.Parameter] = []

    def named(self, name: str, value: Any) -> Any:
        self.steps.append(alt.param(name=name, expr=str(value)))
        return ConstExpression(name)


class _Rows(_Expressions):
    """Each named step becomes a column of the data."""

    def __init__(self) -> None:
        self.steps: dict[str, str] = {}

    def named(self, name: str, value: Any) -> Any:
        self.steps[name] = str(value)
        return alt.datum[name]


def chart(begin: Start, inputs: Inputs | None = None, *, bound: bool = True, tiles: bool = True) -> Any:
    """The figures and both charts at `inputs` (today's unless given), with sliders where `bound`."""
    inputs = inputs or begin.inputs
    sliders = [_slider(begin, inputs, i.name, bound) for i in INPUTS]
    given = {i.name: ConstExpression(i.name) for i in INPUTS}
    signals, basis = _Signals(), begin.basis
    found = month(SimpleNamespace(**given), basis, signals)
    views = [_tiles(begin)] if tiles else []
    views += [_curve(begin, inputs, given, basis), _draws(begin, found, given)]
    fixed = [alt.param(name="columns", value=4), alt.param(name="draws", value=list(basis.z))]
    whole = alt.vconcat(*views, spacing=28).add_params(*sliders, *signals.steps, *fixed)
    profit, rpm = (shown(n, begin.outputs[n], begin.currency) for n in ("profit", "breakeven_rpm"))
    kept = begin.booked.get("profit")
    books = (
        "" if kept is None else f"; the books of these weeks come to {shown('profit', kept, begin.currency)}"
    )
    return whole.properties(
        title=alt.Title(
            f"By the model, today's values earn {profit} a month and break even at an RPM of {rpm}{books}",
            subtitle=f"{summary(begin)} Figures are for a month, amounts in {begin.currency}.",
        ),
        description=f"Sliders for {len(INPUTS)} inputs, and the month that they give.",
        usermeta={"workbench": {"controls": _controls(begin, inputs), "page": "width"}},
    )


def _slider(begin: Start, inputs: Inputs, name: str, bound: bool) -> alt.Parameter:
    about = next(i for i in INPUTS if i.name == name)
    today, value = getattr(begin.inputs, name), getattr(inputs, name)
    low, high, step = about.slider(today, value)
    label = f"{about.label} ({begin.currency})" if about.unit == "money" else about.label
    bind = alt.binding_range(min=low, max=high, step=step, name=plain(label)) if bound else alt.Undefined
    return alt.param(name=name, value=value, bind=bind)


def _controls(begin: Start, inputs: Inputs) -> list[dict[str, Any]]:
    """What the page's script writes beside each slider."""
    return [
        {
            "name": i.name,
            "group": i.group,
            "unit": i.unit,
            "today": getattr(begin.inputs, i.name),
            "said": shown(i.name, getattr(begin.inputs, i.name)),
            "source": begin.sources[i.name].sentence,
        }
        for i in INPUTS
    ]


def _tiles(begin: Start) -> Any:
    """The month's figures in large, each with today's under it."""
    rows = [
        {
            "key": name,
            "at": place,
            "label": OUTPUTS[name][0],
            "today": f"today {shown(name, begin.outputs[name])}",
        }
        for place, name in enumerate(_TILES)
    ]
    figures = _chosen({name: _formatted(name) for name in _TILES})
    ranges = _chosen(
        {n: f"'8 in 10: ' + {_formatted(n, '_low')} + ' to ' + {_formatted(n, '_high')}" for n in INTERVALS}
    )
    base = (
        alt.Chart(pd.DataFrame(rows))
        .transform_calculate(
            column="datum.at % columns", row="floor(datum.at / columns)", figure=figures, range=ranges
        )
        .encode(
            alt.X("column:Q", axis=None, scale=alt.Scale(domain=[0, alt.ExprRef("columns")], nice=False)),
            alt.Y("row:O", axis=None, scale=alt.Scale(type="band", padding=0)),
        )
    )
    lines = (("label", "label", -36), ("figure", "figure", -11), ("note", "today", 13), ("note", "range", 29))
    layers = [
        base.mark_text(style=f"tile-{style}", align="left", baseline="middle", dy=dy).encode(text=f"{of}:N")
        for style, of, dy in lines
    ]
    return alt.layer(*layers).properties(width=_WIDTH, height=alt.Step(96))


def _curve(begin: Start, inputs: Inputs, given: dict[str, Any], basis: Basis) -> Any:
    """Profit by posts a day, all else as the sliders say."""
    about = INPUTS[0]
    _low, high, _step = about.slider(begin.inputs.posts_per_day, inputs.posts_per_day)
    rows = _Rows()
    month(SimpleNamespace(**{**given, "posts_per_day": alt.datum.posts_a_day}), basis, rows)
    points = alt.Chart(alt.sequence(0, _CURVE + 1, as_="step")).transform_calculate(
        posts_a_day=f"datum.step * {high / _CURVE!r}"
    )
    for name, expression in rows.steps.items():
        points = points.transform_calculate(**{name: expression})
    across = alt.X("posts_a_day:Q", title=about.label, scale=alt.Scale(domain=[0, high], nice=False)).axis(
        tickCount=6
    )
    money = heading("profit", label=f"Profit a month ({begin.currency})", unit="")
    up = alt.Y("profit_median:Q", title=money.label, axis=axis(money))
    here = alt.Chart(alt.InlineData(values=[{}])).transform_calculate(
        posts_a_day="posts_per_day", profit_median="profit_median", zero="0"
    )
    return alt.layer(
        points.mark_area(style="interval").encode(
            across, alt.Y("profit_low:Q", title=money.label), alt.Y2("profit_high")
        ),
        here.mark_rule(style="reference").encode(y="zero:Q"),
        points.mark_line().encode(across, up),
        here.mark_rule(style="reference").encode(across),
        here.mark_point(size=90, filled=True, opacity=1).encode(across, up),
        title=alt.Title(
            "Profit by posts per day", subtitle="Line: median. Band: 8 of 10 months. Dot: the sliders."
        ),
        width=_WIDTH,
        height=220,
    )


def _draws(begin: Start, found: dict[str, Any], given: dict[str, Any]) -> Any:
    """The draws as a histogram of profit."""
    views = drawn_views(found, ConstExpression("draws[datum.draw]"), _Expressions())
    profit = given["rpm"] * views / 1000 - found["cost"]
    money = heading("profit", label=f"Profit a month ({begin.currency})", unit="")
    bars = (
        alt.Chart(alt.sequence(0, len(begin.basis.z), as_="draw"))
        .transform_calculate(profit_drawn=str(profit))
        .transform_bin(["from", "to"], "profit_drawn", bin=alt.Bin(maxbins=40))
        .transform_aggregate(n_draws="count()", groupby=["from", "to"])
        .transform_calculate(ends="datum.to <= 0 ? 'Loss' : 'Profit'")
        .mark_bar()
        .encode(
            alt.X("from:Q", bin="binned", title=money.label, axis=axis(money)),
            alt.X2("to"),
            alt.Y("n_draws:Q", stack=None, title="Draws", axis=alt.Axis(tickCount=4)),
            alt.Color("ends:N", legend=None, scale=alt.Scale(domain=["Profit", "Loss"])),
        )
    )
    ends = alt.Chart(alt.InlineData(values=[{}])).transform_calculate(
        **{f"profit_{end}": f"profit_{end}" for end in ("low", "median", "high")}
    )
    rules = [
        ends.mark_rule(style="reference").encode(x=f"profit_{end}:Q") for end in ("low", "median", "high")
    ]
    return alt.layer(
        bars,
        *rules,
        title=alt.Title("How a month may turn out",
                        subtitle=f"{len(begin.basis.z):,} draws. Dashed: the median, and where 8 of 10 lie."),
        width=_WIDTH,
        height=180,
    )  # fmt: skip


def _chosen(texts: dict[str, str]) -> str:
    """The text of the row's key; empty for a key without one."""
    chain = "''"
    for key, text in reversed(texts.items()):
        chain = f"datum.key === '{key}' ? {text} : {chain}"
    return chain


def _formatted(name: str, end: str = "") -> str:
    """A parameter as text, by its unit; a dash where it is null."""
    x, unit = name + end, OUTPUTS[name][1]
    text = {
        "money": f"format({x}, abs({x}) < 1000 ? ',.3~r' : ',.0f')",
        "fraction": f"format({x} * 100, ',.1f') + '\u00a0%'",
        "views": f"replace(format({x}, abs({x}) < 1000 ? ',.0f' : '.3~s'), 'G', 'B')",
        "posts": f"format({x}, ',.0f')",
    }[unit]
    return f"({x} === null ? '{DASH}' : {text})" if name in WHY_UNKNOWN else text
