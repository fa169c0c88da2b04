"""What a notebook declares, and how what is given is checked against it."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from workbench.errors import UsageError, WorkbenchError
from workbench.reporting.parameters import checked, declared, given_on_command_line

TOY = Path(__file__).parent / "notebooks" / "2_accounts.ipynb"

ALL = """
week: str = "2025-W40"  # ISO week
from_on: str = "2025-09-29"  # first day
min_views: int = 100  # views from which a post counts
share: float = 0.5  # fraction of posts
deleted: bool = False  # with deleted posts
peers: list[str] = ["a"]  # accounts
horizons: list[int] = [24, 120]  # hours
platform: str | None = None  # all unless given
title = "Report"
"""


@pytest.fixture
def known(tmp_path):
    return {"1_all": declared(notebook(tmp_path / "1_all.ipynb", ALL))}


def notebook(path: Path, source: str) -> Path:
    cell = nbformat.v4.new_code_cell(source.strip(), metadata={"tags": ["parameters"]})
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    return path


def refusal(given, known) -> str:
    with pytest.raises(UsageError) as e:
        checked(given, known)
    return str(e.value)


def test_names_kinds_defaults_and_help_are_read_from_the_cell(known):
    found = known["1_all"]
    assert [(p.name, p.kind, p.default) for p in found.values()] == [
        ("week", "week", "2025-W40"),
        ("from_on", "date", "2025-09-29"),
        ("min_views", "int", 100),
        ("share", "float", 0.5),
        ("deleted", "bool", False),
        ("peers", "list", ["a"]),
        ("horizons", "list", [24, 120]),
        ("platform", "str", None),
        ("title", "str", "Report"),
    ]
    assert found["min_views"].help == "views from which a post counts" and found["platform"].optional


def test_papermill_reads_the_same_parameters():
    from papermill import inspect_notebook

    theirs = inspect_notebook(TOY)
    assert {n: p["help"] for n, p in theirs.items()} == {n: p.help for n, p in declared(TOY).items()}


def test_text_becomes_the_declared_type(known):
    given = {
        "week": "2020-W53",
        "from_on": "2025-01-31",
        "min_views": "1_000",
        "share": "1e-3",
        "deleted": "Yes",
        "peers": "a, b",
        "horizons": "[24, 48]",
        "platform": "none",
        "title": "x=y",
    }
    assert checked(given, known)["1_all"] == {
        "week": "2020-W53",
        "from_on": "2025-01-31",
        "min_views": 1000,
        "share": 0.001,
        "deleted": True,
        "peers": ["a", "b"],
        "horizons": [24, 48],
        "platform": None,
        "title": "x=y",
    }


def test_an_unknown_name_is_told_with_the_nearest_and_what_there_is():
    assert refusal({"min_view": "3"}, {"2_accounts": declared(TOY)}) == (
        "notebook 2_accounts has no parameter 'min_view'. Did you mean 'min_views'?\n"
        "It declares: week, min_views, peers. Nothing was run."
    )


def test_an_unknown_name_among_several_notebooks_names_all_that_they_declare(tmp_path, known):
    other = declared(notebook(tmp_path / "2_b.ipynb", "depth: int = 1"))
    told = refusal({"zzz": "3"}, {"2_b": other, "1_b": other})
    assert told == "none of the notebooks has a parameter 'zzz'.\nThey declare: depth. Nothing was run."


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("min_views", "3.5", "wants a whole number, not '3.5'."),
        ("min_views", "", "wants a whole number, not ''."),
        ("share", "half", "wants a number, not 'half'."),
        ("share", "nan", "wants a number, not 'nan' (it has to be finite)."),
        ("deleted", "maybe", "wants true or false, not 'maybe'."),
        ("from_on", "2025-02-30", "wants a date such as 2025-09-29, not '2025-02-30'"),
        ("from_on", "30.1.2025", "wants a date such as 2025-09-29, not '30.1.2025'."),
        ("week", "2025-W54", "(There is no week '2025-W54': 2025 has weeks W01 to W52)."),
        ("horizons", "24,x", "wants a list such as a,b,c, not '24,x'."),
        ("horizons", "[24", "wants a list such as a,b,c, not '[24' (not valid JSON"),
    ],
)
def test_a_value_of_a_wrong_type_is_told_with_what_is_wanted(known, name, text, told):
    message = refusal({name: text}, known)
    assert message.startswith(f"parameter '{name}' of notebook 1_all wants") and told in message
    assert message.endswith("Nothing was run.")


def test_all_problems_are_told_at_once(known):
    told = refusal({"min_views": "x", "sahre": "1", "deleted": "?"}, known)
    assert told.count("\n") == 3 and all(name in told for name in ("min_views", "'sahre'", "deleted"))


def test_a_value_goes_to_each_notebook_that_declares_it(tmp_path, known):
    known["2_b"] = declared(notebook(tmp_path / "2_b.ipynb", "min_views: int = 1"))
    known["3_c"] = {}
    assert checked({"min_views": "7"}, known) == {
        "1_all": {"min_views": 7},
        "2_b": {"min_views": 7},
        "3_c": {},
    }


def test_a_notebook_without_parameters_says_so_when_given_one():
    assert (
        refusal({"x": "1"}, {"a": {}})
        == "notebook a has no parameter 'x'.\nIt declares no parameters. Nothing was run."
    )


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("x: int = 1 +", "is not valid Python"),
        ("print(1)", "Line 1 of the parameters cell of notebook n is no parameter: 'print(1)'"),
        ("x: int = len('a')", "The default of parameter 'x' of notebook n is computed"),
    ],
)
def test_a_parameters_cell_that_cannot_be_checked_is_refused(tmp_path, source, told):
    with pytest.raises(WorkbenchError, match="parameter") as e:
        declared(notebook(tmp_path / "n.ipynb", source))
    assert told in str(e.value)


def test_a_file_that_is_no_notebook_is_refused_by_name(tmp_path):
    (tmp_path / "n.ipynb").write_text("# not json")
    with pytest.raises(WorkbenchError, match=r"n\.ipynb can't be read as a notebook"):
        declared(tmp_path / "n.ipynb")


def test_arguments_of_the_command_line_are_split_at_the_first_equals_sign():
    assert given_on_command_line(["a=1", "b=x=y", "c="]) == {"a": "1", "b": "x=y", "c": ""}
    for wrong, told in (
        (["a"], "not of the form"),
        (["=1"], "not of the form"),
        (["a=1", "a=2"], "given twice"),
    ):
        with pytest.raises(UsageError, match=told):
            given_on_command_line(wrong)
