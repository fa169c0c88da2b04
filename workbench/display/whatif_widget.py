"""What-if in JupyterLab: a slider for each input, the month that they give, and scenarios to compare.

The only module that needs ipywidgets.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import UsageError, WorkbenchError
from ..model.whatif import BY_NAME, INPUTS, OUTPUTS, WHY_UNKNOWN, Inputs, answer
from ..model.whatif_inputs import Start
from ..model.whatif_scenarios import checked, loaded, saved
from . import theme
from .escaping import plain, prose
from .numbers import counted
from .tables import Table
from .whatif_chart import chart
from .whatif_text import INTERVALS, interval, limits, shown, summary

try:
    import ipywidgets as w
except ImportError as e:
    raise WorkbenchError(
        "The sliders need ipywidgets, which is not installed. Install them with `pip install 'workbench[lab]'`, or "
        "call display.whatif.static(...), which needs nothing."
    ) from e

_TODAY = "today"
_HEIGHTS = (170, 120)
"""Of the curve and of the histogram, in pixels."""


class Explorer(w.VBox):  # type: ignore[misc]
    """Sliders, the month that they give, and named scenarios.

    `inputs` and `outputs` are what is shown now, as numbers; `scenarios` what was saved.
    """

    def __init__(self, begin: Start) -> None:
        self.begin = begin
        self.scenarios: dict[str, Inputs] = {}
        self._quiet = False
        self._spec = _spec(begin)
        self.sliders = {i.name: _slider(begin, i.name) for i in INPUTS}
        for slider in self.sliders.values():
            slider.observe(self._moved, names="value")
        self.result = w.HTML()
        self.table = w.HTML()
        # As high as the chart is, so that nothing jumps when it is drawn anew.
        self.chart = w.Output(layout=w.Layout(min_height="470px"))
        self.told = w.HTML()
        self.compared = w.HTML()
        self.name = w.Text(placeholder="name of a scenario", layout=w.Layout(width="14rem"))
        self.chosen = w.Dropdown(options=[], layout=w.Layout(width="14rem"))
        self.file = w.Text(value="whatif.json", layout=w.Layout(width="14rem"))
        self.buttons = {
            label: _button(label, act)
            for label, act in {
                "Back to today": self.reset,
                "Save": lambda: self.save(self.name.value),
                "Show": lambda: self.show(self._choice()),
                "Delete": lambda: self.delete(self._choice()),
                "Write file": lambda: self.write(self.file.value),
                "Read file": lambda: self.read(self.file.value),
            }.items()
        }
        for label, button in self.buttons.items():
            button.on_click(lambda _clicked, label=label: self._tried(label))
        super().__init__(self._parts())
        self._update()

    @property
    def inputs(self) -> Inputs:
        return Inputs(**{name: float(slider.value) for name, slider in self.sliders.items()})

    @property
    def outputs(self) -> dict[str, float | None]:
        return answer(self.inputs, self.begin.basis)

    def show(self, scenario: str | Mapping[str, float] | Inputs) -> None:
        """Move the sliders to a saved scenario, or to values by name."""
        if isinstance(scenario, str):
            self._known(scenario)
            scenario = self.scenarios[scenario]
        values = scenario.values() if isinstance(scenario, Inputs) else checked(scenario)
        self._quiet = True
        try:
            for name, value in values.items():
                slider = self.sliders[name]
                slider.max = max(slider.max, value)
                slider.value = int(value) if BY_NAME[name].is_whole else value
        finally:
            self._quiet = False
        self._update()

    def reset(self) -> None:
        """Back to today's values."""
        self.show(self.begin.inputs)

    def save(self, name: str) -> None:
        """Keep what the sliders say under a name; the same name again replaces it."""
        name = plain(name, longest=40).strip()
        if not name or name == _TODAY:
            raise UsageError(f"A scenario needs a name of its own, not '{name}'. Write one beside Save.")
        self.scenarios[name] = self.inputs
        self._listed(name, f"Saved '{name}'.")

    def delete(self, name: str) -> None:
        self._known(name)
        del self.scenarios[name]
        self._listed(None, f"Deleted '{name}'.")

    def write(self, file: str | Path) -> None:
        """Save all scenarios to a JSON file."""
        if not self.scenarios:
            raise UsageError(
                "There is no scenario to write. Move the sliders, name what they say and save it."
            )
        period = f"{self.begin.period.from_on} to {self.begin.period.to_on}"
        saved(self.scenarios, Path(file), currency=self.begin.currency, period=period)
        self._say(f"Wrote {counted(len(self.scenarios), 'scenario')} to {file}.")

    def read(self, file: str | Path) -> None:
        """Add the scenarios of a JSON file; those of the same name are replaced."""
        found = loaded(Path(file), self.begin.inputs, currency=self.begin.currency)
        self.scenarios |= found
        self._listed(next(iter(found)), f"Read {counted(len(found), 'scenario')} from {file}.")

    def _choice(self) -> str:
        if self.chosen.value is None:
            raise UsageError("No scenario is saved yet. Name what the sliders say and press Save.")
        return str(self.chosen.value)

    def _known(self, name: str) -> None:
        if name not in self.scenarios:
            listed = ", ".join(self.scenarios) or "none"
            raise UsageError(f"There is no scenario '{name}'. Saved: {listed}.")

    def _tried(self, label: str) -> None:
        """What a button does; what is wrong is said beside it."""
        try:
            self.buttons[label].act()
        except WorkbenchError as e:
            self._say(str(e))

    def _say(self, text: str) -> None:
        self.told.value = f'<div role="status">{prose(text)}</div>'

    def _listed(self, chosen: str | None, said: str) -> None:
        self.chosen.options = list(self.scenarios)
        self.chosen.value = chosen if chosen is not None else next(iter(self.scenarios), None)
        self.compared.value = _comparison(self.begin, self.scenarios) if self.scenarios else ""
        self._say(said)

    def _moved(self, _change: Any) -> None:
        if not self._quiet:
            self._update()

    def _update(self) -> None:
        inputs = self.inputs
        outputs = answer(inputs, self.begin.basis)
        currency = self.begin.currency
        within = interval("profit", outputs, currency)
        # Not a list of terms as on a page: JupyterLab has styles of its own for those.
        self.result.value = (
            '<div class="wb-text">Profit a month<br><strong class="whatif-profit" style="font-size: 1.75rem; '
            f'line-height: 1.3">{prose(shown("profit", outputs["profit"], currency))}</strong><br>'
            f"8 in 10: {prose(within)}</div>"
        )
        self.table.value = _month(self.begin, outputs)
        self.chart.outputs = (_drawing(self._spec, inputs),)
        self.buttons["Back to today"].disabled = inputs == self.begin.inputs

    def _parts(self) -> list[Any]:
        groups = []
        for group in dict.fromkeys(i.group for i in INPUTS):
            rows = [w.HTML(f"<b>{group}</b>")]
            for i in (i for i in INPUTS if i.group == group):
                today = shown(i.name, getattr(self.begin.inputs, i.name))
                assumed = ", assumed" if self.begin.sources[i.name].is_assumed else ""
                rows.append(w.HBox([self.sliders[i.name], w.Label(f"today {today}{assumed}")]))
            groups.append(w.VBox(rows))
        b, row = self.buttons, w.Layout(flex_flow="row wrap", align_items="center")
        left = w.VBox([self.result, b["Back to today"], *groups], layout=w.Layout(flex="0 0 auto"))
        right = w.VBox([self.table, self.chart], layout=w.Layout(flex="1 1 26rem", min_width="0"))
        notes = "".join(f"<p>{prose(t)}</p>" for t in (summary(self.begin), *limits(self.begin)))
        return [
            w.HBox([left, right], layout=w.Layout(flex_flow="row wrap", grid_gap="1.5rem")),
            w.HTML("<b>Scenarios</b>"),
            w.HBox([self.name, b["Save"], self.chosen, b["Show"], b["Delete"]], layout=row),
            w.HBox([self.file, b["Write file"], b["Read file"]], layout=row),
            self.told,
            self.compared,
            w.HTML(f'<div class="wb-text">{notes}</div>'),
        ]


class _Acting(w.Button):  # type: ignore[misc]
    act: Any = None


def _button(label: str, act: Any) -> _Acting:
    made = _Acting(description=label, layout=w.Layout(width="auto", align_self="flex-start"))
    made.act = act
    return made


def _slider(begin: Start, name: str) -> Any:
    about, today = BY_NAME[name], getattr(begin.inputs, name)
    low, high, step = about.slider(today)
    label = f"{about.label} ({begin.currency})" if about.unit == "money" else about.label
    shared = {
        "description": label,
        "continuous_update": False,
        "style": {"description_width": "11.5rem"},
        "layout": w.Layout(width="24rem"),
        "tooltip": f"{about.sentence} {begin.sources[name].sentence}",
    }
    if about.is_whole:
        return w.IntSlider(value=int(today), min=int(low), max=int(high), step=int(step), **shared)
    decimals = next(d for d in range(9) if round(step * 10**d, 9).is_integer())
    return w.FloatSlider(value=today, min=low, max=high, step=step, readout_format=f".{decimals}f", **shared)


def _spec(begin: Start) -> dict[str, Any]:
    made: dict[str, Any] = chart(begin, bound=False, tiles=False).to_dict()
    # Beside the sliders there is less room than on a page, and the heading stands above already.
    parts = [
        {**part, "width": 420, "height": height}
        for part, height in zip(made["vconcat"], _HEIGHTS, strict=True)
    ]
    return {k: v for k, v in {**made, "vconcat": parts}.items() if k not in ("title", "usermeta")}


def _drawing(spec: dict[str, Any], inputs: Inputs) -> dict[str, Any]:
    """The chart at `inputs`: made once, with other values for its parameters."""
    values = inputs.values()
    params = [
        {**p, "value": values.get(p["name"], p.get("value"))} if "value" in p else p for p in spec["params"]
    ]
    data = {theme.MIME: {**spec, "params": params}, "text/plain": "Chart"}
    return {"output_type": "display_data", "data": data, "metadata": {}}


def _month(begin: Start, outputs: dict[str, float | None]) -> str:
    rows = [
        {
            "what": label,
            "today": shown(name, begin.outputs[name]),
            "now": shown(name, outputs[name])
            + (f" ({WHY_UNKNOWN[name]})" if outputs[name] is None and name in WHY_UNKNOWN else ""),
            "interval": interval(name, outputs) if name in INTERVALS else "",
        }
        for name, (label, _unit) in OUTPUTS.items()
    ]
    columns = {"what": "A month", "today": "Today", "now": "Sliders", "interval": "8 in 10"}
    caption = f"The month that the sliders give, amounts in {begin.currency}"
    return Table(pd.DataFrame(rows), caption=caption, columns=columns, define=False)._repr_html_()


def _comparison(begin: Start, scenarios: Mapping[str, Inputs]) -> str:
    columns = {"Today": begin.inputs, **scenarios}
    answers = {name: answer(inputs, begin.basis) for name, inputs in columns.items()}
    rows = [
        {"what": label, **{f"s{k}": shown(name, a[name]) for k, a in enumerate(answers.values())}}
        for name, (label, _unit) in OUTPUTS.items()
    ]
    rows += [
        {"what": i.label, **{f"s{k}": shown(i.name, v) for k, v in enumerate(values)}}
        for i in INPUTS
        if len(set(values := [getattr(inputs, i.name) for inputs in columns.values()])) > 1
    ]
    headings = {"what": "A month", **{f"s{k}": plain(name, longest=40) for k, name in enumerate(columns)}}
    best = max(answers, key=lambda name: answers[name]["profit"] or 0.0)
    caption = f"Of {counted(len(columns), 'scenario')}, '{best}' gives the highest profit"
    return Table(pd.DataFrame(rows), caption=caption, columns=headings, define=False)._repr_html_()
