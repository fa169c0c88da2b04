"""The sliders of JupyterLab, without JupyterLab (tests/browser has the real one)."""

from __future__ import annotations

import builtins
import sys
import time
from pathlib import Path

import pytest
from whatif_start import begin, random_inputs

from workbench.display import theme
from workbench.errors import UsageError, WorkbenchError
from workbench.model.whatif import INPUTS, answer

pytest.importorskip("ipywidgets", reason="ipywidgets is not installed: pip install 'workbench[lab]'")

from workbench.display.whatif import widget
from workbench.display.whatif_widget import Explorer


@pytest.fixture
def explorer() -> Explorer:
    return widget(begin())


def drawn(explorer: Explorer) -> dict[str, float]:
    """The values of the parameters in the chart that is shown."""
    (output,) = explorer.chart.outputs
    return {p["name"]: p["value"] for p in output["data"][theme.MIME]["params"] if "value" in p}


def test_it_begins_with_todays_values_exactly(explorer):
    assert explorer.inputs == begin().inputs
    assert explorer.outputs == begin().outputs
    assert set(explorer.sliders) == {i.name for i in INPUTS}
    assert all(s.continuous_update is False for s in explorer.sliders.values())
    assert explorer.buttons["Back to today"].disabled


def test_every_input_that_it_shows_gives_what_the_formula_says(explorer):
    for inputs in random_inputs(50):
        explorer.show(inputs)
        assert explorer.inputs == inputs
        assert explorer.outputs == answer(inputs, begin().basis)


def test_a_move_changes_the_number_the_table_and_the_chart(explorer):
    before = explorer.result.value
    explorer.sliders["vas"].value = 3
    expected = answer(begin().inputs.changed({"vas": 3}), begin().basis)
    assert explorer.result.value != before
    assert f"{expected['profit']:,.0f}".replace("-", "\N{MINUS SIGN}") in explorer.result.value
    assert f"{expected['posts']:,.0f}" in explorer.table.value
    assert drawn(explorer)["vas"] == 3 and drawn(explorer)["rpm"] == begin().inputs.rpm
    assert "bind" not in str(explorer.chart.outputs)
    explorer.reset()
    assert explorer.result.value == before and explorer.inputs == begin().inputs


def test_a_move_is_answered_within_100_ms(explorer):
    taken = []
    for n in range(15):
        start = time.perf_counter()
        explorer.sliders["posts_per_day"].value = 2 + n / 10
        taken.append(time.perf_counter() - start)
    assert sorted(taken)[len(taken) // 2] < 0.1


def test_what_cannot_be_known_says_why(explorer):
    explorer.show({"hourly_rate": 0, "tools": 0, "rpm": 0, "vas": 0})
    assert "there is no cost to compare with" in explorer.table.value
    assert "there are no views" in explorer.table.value


def test_scenarios_are_saved_compared_shown_and_deleted(explorer):
    explorer.show({"posts_per_day": 9})
    explorer.save("more posts")
    explorer.reset()
    explorer.show({"vas": 5})
    explorer.save("fewer <b>VAs</b>")
    assert list(explorer.scenarios) == list(explorer.chosen.options) == ["more posts", "fewer <b>VAs</b>"]
    assert "more posts" in explorer.compared.value and "fewer &lt;b&gt;VAs" in explorer.compared.value
    assert "Of 3 scenarios, &#x27;more posts&#x27; gives the highest profit" in explorer.compared.value
    assert ">VAs<" in explorer.compared.value and ">RPM<" not in explorer.compared.value
    explorer.show("more posts")
    assert explorer.inputs == begin().inputs.changed({"posts_per_day": 9.0})
    explorer.delete("more posts")
    assert list(explorer.scenarios) == ["fewer <b>VAs</b>"]
    explorer.delete("fewer <b>VAs</b>")
    assert explorer.compared.value == "" and explorer.chosen.value is None


def test_scenarios_go_to_a_file_and_come_back(explorer, tmp_path):
    explorer.show({"posts_per_day": 9})
    explorer.save("more posts")
    explorer.write(tmp_path / "plans.json")
    other = widget(begin())
    other.read(tmp_path / "plans.json")
    assert other.scenarios == explorer.scenarios
    other.buttons["Show"].click()
    assert other.inputs.posts_per_day == 9


def test_a_scenario_beyond_a_slider_widens_it(explorer):
    explorer.show({"posts_per_day": 90})
    assert explorer.sliders["posts_per_day"].max >= 90 and explorer.inputs.posts_per_day == 90


@pytest.mark.parametrize(
    ("button", "said"),
    [
        ("Save", "A scenario needs a name of its own"),
        ("Show", "No scenario is saved yet"),
        ("Delete", "No scenario is saved yet"),
        ("Write file", "There is no scenario to write"),
        ("Read file", "can&#x27;t be read: No such file"),
    ],
)
def test_a_button_that_cannot_says_why_beside_it(button, said, explorer, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    explorer.buttons[button].click()
    assert said in explorer.told.value and 'role="status"' in explorer.told.value


def test_names_that_cannot_be_are_refused(explorer):
    with pytest.raises(UsageError, match=r"There is no scenario 'x'\. Saved: none"):
        explorer.show("x")
    with pytest.raises(UsageError, match="Did you mean 'rpm'"):
        explorer.show({"rmp": 3})
    with pytest.raises(UsageError, match="name of its own, not 'today'"):
        explorer.save("today")


def test_without_ipywidgets_the_error_says_how_to_install_them(monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **more):
        if name.split(".")[0] == "ipywidgets":
            raise ImportError("No module named 'ipywidgets'")
        return real(name, *rest, **more)

    monkeypatch.delitem(sys.modules, "workbench.display.whatif_widget")
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(WorkbenchError, match=r"pip install 'workbench\[lab\]'"):
        widget(begin())


def test_a_page_needs_no_ipywidgets():
    source = (Path(__file__).parents[2] / "workbench" / "display").glob("*.py")
    assert [p.name for p in source if "import ipywidgets" in p.read_text("utf-8")] == ["whatif_widget.py"]
