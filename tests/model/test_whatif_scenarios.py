"""Changes by name, and scenarios in files."""

from __future__ import annotations

import json

import pytest

from workbench.errors import UsageError
from workbench.model.whatif import INPUTS, Inputs
from workbench.model.whatif_scenarios import changes, loaded, saved

TODAY = Inputs(**{i.name: i.assumed for i in INPUTS})


def test_changes_are_numbers_and_shares_may_be_percentages():
    assert changes(["posts_per_day=4", "viral_rate = 20%", "reuse_share=0.5"]) == {
        "posts_per_day": 4.0, "viral_rate": 0.2, "reuse_share": 0.5,
    }  # fmt: skip
    assert changes([]) == {}


def test_all_that_is_wrong_is_said_at_once_with_the_nearest_name():
    with pytest.raises(UsageError) as e:
        changes(
            [
                "post_per_day=4",
                "viral_rate=20",
                "vas=2.5",
                "tools=-1",
                "rpm=cheap",
                "accounts",
                "rpm=1",
                "rpm=2",
            ]
        )
    told = str(e.value)
    for said in (
        "There is no input 'post_per_day'. Did you mean 'posts_per_day'?",
        "viral_rate = 20: a share is at most 1. Write 30 % as 0.3 or 30%.",
        "vas = 2.5: not a whole number.",
        "tools = -1: less than nothing. 0 is the least.",
        "'accounts' is not NAME=VALUE, such as posts_per_day=4.",
        "rpm is given twice. Give it once.",
        "Inputs: posts_per_day, vas, accounts",
    ):
        assert said in told
    assert e.value.exit_code == 2


@pytest.mark.parametrize("value", ["cheap", "nan", "inf", "", "20%", "True"])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(UsageError, match=r"rpm = .*: not a number such as 0\.5"):
        changes([f"rpm={value}"])


def test_a_file_of_scenarios_gives_back_what_was_saved(tmp_path):
    file = tmp_path / "plans.json"
    plans = {"more posts": TODAY.changed({"posts_per_day": 9.1}), 'fewer "VAs"': TODAY.changed({"vas": 0})}
    saved(plans, file, currency="USD", period="2025-09-08 to 2025-10-05")
    assert loaded(file, TODAY, currency="USD") == plans


def test_an_input_that_a_scenario_does_not_name_is_todays(tmp_path):
    file = tmp_path / "plan.json"
    file.write_text('{"format": "workbench what-if 1", "scenarios": {"a": {"posts_per_day": 8}}}')
    assert loaded(file, TODAY.changed({"rpm": 3.0}), currency="EUR")["a"] == TODAY.changed(
        {"posts_per_day": 8.0, "rpm": 3.0}
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "can't be read: No such file"),
        ("{", "is not JSON"),
        ("[1]", "holds no scenarios"),
        ('{"scenarios": {"a": {}}}', "holds no scenarios"),
        ('{"format": "workbench what-if 1", "scenarios": {}}', "holds no scenarios"),
        ('{"format": "workbench what-if 1", "scenarios": {"a": 3}}', "holds no scenarios"),
        ('{"format": "workbench what-if 1", "currency": "EUR", "scenarios": {"a": {}}}', "is in EUR, but"),
        (
            '{"format": "workbench what-if 1", "scenarios": {"my plan": {"rmp": 1, "vas": -1}}}',
            "scenario 'my plan':\nThere is no input 'rmp'. Did you mean 'rpm'?\nvas = -1",
        ),
    ],
)
def test_a_file_that_cannot_stand_is_refused_with_the_remedy(text, said, tmp_path):
    file = tmp_path / "plan.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(UsageError) as e:
        loaded(file, TODAY, currency="USD")
    assert said in str(e.value)


def test_a_folder_that_is_not_there_is_told_at_saving(tmp_path):
    with pytest.raises(UsageError, match="can't be written: No such file"):
        saved({"a": TODAY}, tmp_path / "no" / "plan.json", currency="USD", period="")


def test_the_file_says_what_it_is(tmp_path):
    saved({"a": TODAY}, tmp_path / "a.json", currency="USD", period="2025-09-08 to 2025-10-05")
    told = json.loads((tmp_path / "a.json").read_text())
    assert told["format"] == "workbench what-if 1" and told["currency"] == "USD"
    assert told["scenarios"]["a"] == TODAY.values()
