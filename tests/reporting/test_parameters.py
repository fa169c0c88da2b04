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
    with pytest.raises(UsageError, match=r"(?s)'a' is not.*'=1' is not.*b is given twice"):
        given_on_command_line(["a", "=1", "b=1", "b=2"])


ALLOWED = """
week: str = "2025-W40"  # ISO week [2024-W01 or more]
from_on: str = "2025-09-29"  # first day [2025-01-01 to 2025-12-31]
weeks: int = 4  # weeks [1 to 26]
share: float = 0.5  # fraction of posts [0 to 1]
most: int = 5  # posts [-10 or less]
horizon: str = "120"  # hours [120 | settled]
hours: list[int] = [24]  # hours [24 | 48]
platform: str = ""  # empty for all [accounts.platform]
peers: list[str] = []  # accounts [accounts.account_id]
views: int = 0  # how many [views]
"""


@pytest.fixture
def limited(tmp_path):
    text = ALLOWED.replace("most: int = 5", "most: int = -11")
    return {"1_all": declared(notebook(tmp_path / "1_all.ipynb", text))}


def data(column: str) -> list[str]:
    there = {"accounts.platform": ["tiktok", "youtube"], "accounts.account_id": ["t:a", "t:b"]}
    if column not in there:
        raise UsageError(f"the data have no column {column}")
    return there[column]


@pytest.mark.parametrize(
    ("name", "good", "bad", "wants"),
    [
        ("week", "2024-W01", "2023-W52", "an ISO week such as 2025-W40 of 2024-W01 or more, not '2023-W52'."),
        ("from_on", "2025-12-31", "2026-01-01", "from 2025-01-01 to 2025-12-31, not '2026-01-01'."),
        ("weeks", "26", "27", "a whole number from 1 to 26, not '27'."),
        ("weeks", "1", "0", "a whole number from 1 to 26, not '0'."),
        ("share", "1", "1.01", "a number from 0.0 to 1.0, not '1.01'."),
        ("most", "-10", "-9", "a whole number of -10 or less, not '-9'."),
        ("horizon", "settled", "121", "one of 120, settled, not '121'."),
        ("hours", "24,48", "24,72", "one of 24, 48, not '24,72'."),
        (
            "platform",
            "tiktok",
            "tiktock",
            "not 'tiktock' (not in the data. Did you mean 'tiktok'? There are: tiktok, ",
        ),
        (
            "platform",
            "",
            "x",
            "text that is among accounts.platform, not 'x' (not in the data. There are: tiktok, ",
        ),
        (
            "peers",
            "t:a, t:b",
            "t:a,t:c",
            "that is among accounts.account_id, not 't:a,t:c' (not in the data.",
        ),
        ("views", "-5", "a", "wants a whole number, not 'a'."),
    ],
)
def test_a_value_is_in_its_range_among_its_choices_and_in_the_data(limited, name, good, bad, wants):
    assert name in checked({name: good}, limited, data)["1_all"]
    with pytest.raises(UsageError) as e:
        checked({name: bad}, limited, data)
    assert str(e.value).startswith(f"parameter '{name}' of notebook 1_all wants ") and wants in str(e.value)


def test_an_empty_text_stands_for_all_only_where_it_is_the_default(limited):
    assert checked({"platform": ""}, limited, data)["1_all"] == {"platform": ""}
    with pytest.raises(UsageError):
        checked({"horizon": ""}, limited, data)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("weeks: int = 40  # weeks [1 to 26]", "its default 40 is not a whole number from 1 to 26"),
        ("weeks: int = 4  # weeks [26 to 1]", "[26 to 1] ends before it begins"),
        ("weeks: int = 4  # weeks [a to b]", "'a' is no int"),
        ("weeks: int = 4  # weeks [about four weeks]", "is no range and no choice"),
        ('kind: str = "c"  # what [a | b]', "its default 'c' is not one of a, b"),
    ],
)
def test_brackets_that_cannot_be_followed_are_an_error_of_the_notebook(tmp_path, line, said):
    with pytest.raises(WorkbenchError) as e:
        declared(notebook(tmp_path / "n.ipynb", line))
    assert said in str(e.value) and "notebook n" in str(e.value)


def test_what_all_notebooks_want_of_a_name_is_said_once(limited):
    known = {"1_a": limited["1_all"], "2_b": limited["1_all"], "3_c": {}}
    with pytest.raises(UsageError) as e:
        checked({"weeks": "0", "platform": "x"}, known, data)
    assert str(e.value).count("parameter 'weeks' of notebooks 1_a, 2_b wants") == 1
    assert "all notebooks" not in str(e.value)


def test_the_parameters_of_our_notebooks_are_typed_limited_and_read_alike_by_papermill():
    from papermill import inspect_notebook

    from workbench.reporting.notebook_folders import OURS

    for file in sorted(OURS.glob("*.ipynb")):
        found = declared(file)
        assert list(found)[-4:] == ["platform", "account", "creator", "client"]
        assert all(p.help.endswith("]") or p.kind == "week" for p in found.values()), file.stem
        assert {n: p["inferred_type_name"] for n, p in inspect_notebook(file).items()} == {
            n: "int" if p.kind == "int" else "str" for n, p in found.items()
        }
