"""`workbench whatif`: the same figures as text and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from whatif_start import begin, random_inputs

from workbench import cli
from workbench.display.whatif_text import as_json, as_text, interval, scenarios, shown
from workbench.model.whatif import BY_NAME, OUTPUTS, answer
from workbench.model.whatif_scenarios import saved


def test_json_holds_every_digit_of_the_formula():
    columns = {str(k): inputs for k, inputs in enumerate(random_inputs(50))}
    told = json.loads(as_json(begin(), columns))
    assert told["currency"] == "USD" and told["from"] == "2025-09-08"
    assert told["columns"]["today"]["outputs"] == begin().outputs
    for name, inputs in columns.items():
        assert told["columns"][name]["outputs"] == answer(inputs, begin().basis)
        assert told["columns"][name]["inputs"] == inputs.values()


def test_the_table_shows_today_and_what_is_changed():
    text = as_text(begin(), {"changed": begin().inputs.changed({"posts_per_day": 4.0})})
    lines = [line.split() for line in text.splitlines()]
    assert lines[0] == ["today", "changed"]
    assert ["posts_per_day", "6.19", "4"] in lines and ["vas", "17", "="] in lines
    assert ["viral_rate", "17.9\u00a0%", "="] in [
        line.split(" ") for line in map(" ".join, lines)
    ] or "17.9" in text
    assert "tools (assumed)" in text and "Assumed, as the data say nothing of it: Tools a month." in text
    assert "8 in 10" in text and "A note." in text
    for label, _unit in OUTPUTS.values():
        assert label in text
    assert "The books of these weeks come to a profit of 3,885\u00a0USD a month" in text


def test_without_changes_only_today_is_shown():
    assert scenarios(begin(), {}, None) == {}
    assert as_text(begin(), {}).splitlines()[0].split() == ["today"]


def test_a_dash_comes_with_its_reason():
    text = as_text(begin(), {"idle": begin().inputs.changed({"vas": 0.0, "tools": 0.0})})
    assert "ROI –: there is no cost to compare with." in text
    assert "Break-even RPM –: there are no views." in text


def test_only_profit_and_views_have_an_interval():
    assert interval("profit", begin().outputs, "USD").endswith(" USD")
    assert interval("cost", begin().outputs) == ""
    assert shown("roi", None) == "–" and shown("vas", 17.0) == "17" and shown("rpm", 0.4637) == "0.464"


def test_changes_are_laid_over_every_scenario_of_a_file(tmp_path: Path):
    file = tmp_path / "plans.json"
    plans = {"a": begin().inputs.changed({"vas": 3.0}), "b": begin().inputs.changed({"rpm": 1.0})}
    saved(plans, file, currency="USD", period="")
    assert scenarios(begin(), {}, file) == plans
    both = scenarios(begin(), {"rpm": 2.0}, file)
    assert both["a"] == begin().inputs.changed({"vas": 3.0, "rpm": 2.0}) and both["b"].rpm == 2.0


def test_the_command_answers_for_a_home(demo_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    ask = ["whatif", "--home", str(demo_home), "--week", "2025-W40"]
    assert cli.main([*ask, "-p", "posts_per_day=4", "-p", "viral_rate=20%"]) == 0
    text = capsys.readouterr().out
    assert "posts_per_day" in text and "20.0\u00a0%" in text and "A month, amounts in USD" in text
    assert cli.main([*ask, "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told["columns"]) == ["today"] and set(told["sources"]) == set(BY_NAME)
    file = tmp_path / "plan.json"
    file.write_text('{"format": "workbench what-if 1", "scenarios": {"double": {"posts_per_day": 8}}}')
    assert cli.main([*ask, "--scenario", str(file), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["columns"]["double"]["inputs"]["posts_per_day"] == 8


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-p", "post_per_day=4", "-p", "rpm=x"], "Did you mean 'posts_per_day'?\nrpm = x: not a number"),
        (["--week", "2025-40"], "is not an ISO week"),
        (["--scenario", "no.json"], "no.json can't be read"),
    ],
)
def test_what_is_asked_wrongly_is_refused(
    arguments: list[str], said: str, demo_home: Path, capsys: pytest.CaptureFixture[str]
):
    assert cli.main(["whatif", "--home", str(demo_home), *arguments]) == 2
    assert said in capsys.readouterr().err


def test_without_a_warehouse_it_says_how_to_make_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["whatif", "--home", str(tmp_path)]) == 2
    assert "There is no warehouse" in capsys.readouterr().err
