"""Notebooks of one's own: started from a template, and taken in beside the workbench's."""

from __future__ import annotations

import json
import stat
from datetime import datetime
from pathlib import Path

import nbformat
import pytest
from home_files import write_settings

from workbench.errors import UsageError
from workbench.reporting.checking.written import house_rules
from workbench.reporting.new import new_notebook
from workbench.reporting.notebook_folders import OURS, find_notebooks, names_of, own_folder, spoken
from workbench.reporting.run import make_reports
from workbench.settings import Settings, load_settings

NAMES = sorted(n.stem for n in OURS.glob("*.ipynb"))


def started(folder: Path, name: str = "my_hashtags", **options) -> Path:
    return new_notebook(name, folder, [OURS / "2_accounts.ipynb"], **options)


def refused(folder: Path, name: str) -> str:
    with pytest.raises(UsageError) as e:
        started(folder, name)
    return str(e.value)


def own(home: Path, *names: str, folder: str = "analyses", source: str = "1/0") -> None:
    """Notebooks of a home's own, each with one cell of code."""
    (home / folder).mkdir(exist_ok=True)
    for name in names:
        cell = nbformat.v4.new_code_cell(source)
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), home / folder / name)


def test_a_new_notebook_asks_its_question_names_its_author_and_has_no_outputs(tmp_path):
    file = started(tmp_path / "analyses", title="Tags\nthat work", question="Which?", author="Ada")
    assert file == tmp_path / "analyses" / "my_hashtags.ipynb" and stat.S_IMODE(file.stat().st_mode) == 0o600
    notebook = nbformat.read(file, as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[0].source == "# Tags that work\n\nWhich?"
    assert notebook.metadata["authors"] == [{"name": "Ada"}]
    assert notebook.cells[1].metadata == {"tags": ["parameters"]} and notebook.cells[1].source.startswith(
        "week: str"
    )
    assert all(not c.outputs for c in notebook.cells if c.cell_type == "code")
    told = house_rules(notebook)
    assert told.says.count("template's words") == 1 and told.says.endswith("words.")


def test_without_a_title_the_name_is_one(tmp_path):
    assert (
        nbformat.read(started(tmp_path, "6_my_hashtags.ipynb"), 4)
        .cells[0]
        .source.startswith("# My hashtags\n")
    )


def test_words_given_are_words_whatever_is_in_them(tmp_path):
    words = '{{ 7 * 6 }} %% code\n{% raw %} "quoted" </script>'
    notebook = nbformat.read(started(tmp_path, title=words, question=words, author=words), as_version=4)
    assert notebook.cells[0].source == "# {0}\n\n{0}".format(" ".join(words.split()))
    assert len(notebook.cells) == len(nbformat.read(started(tmp_path, "other"), as_version=4).cells)


def test_a_notebook_that_is_there_stays_as_it_is(tmp_path):
    file = started(tmp_path)
    file.write_text("mine")
    for name in ("my_hashtags", "My_Hashtags", "my_hashtags.ipynb"):
        assert "already, and it stays as it is" in refused(tmp_path, name)
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    "name",
    ["", "../x", "/tmp/x", "a b", "x.html", "-x", "_x", "über", "a" * 61, "nul", "COM1", "index", "a\nb"],
)
def test_a_name_that_cannot_be_a_pages_is_refused(tmp_path, name):
    assert "can't be the name of a page" in refused(tmp_path / "analyses", name)
    assert not (tmp_path / "analyses").exists()


@pytest.mark.parametrize("name", ["2_accounts", "accounts", "Accounts", "2", "2_mine", "9_accounts"])
def test_a_name_of_the_workbenchs_is_refused(tmp_path, name):
    assert "one of the workbench's notebooks is called" in refused(tmp_path / "analyses", name)


def test_own_notebooks_come_after_ours_and_drafts_do_not(tmp_path):
    own(tmp_path, "z.ipynb", "00_first.ipynb", "_draft.ipynb", ".hidden.ipynb", "notes.txt")
    found = [n.stem for n in find_notebooks(tmp_path, "analyses")]
    assert found == [*NAMES, "00_first", "z"]
    assert [n.stem for n in find_notebooks(tmp_path)] == NAMES
    own(tmp_path, "1_only.ipynb", folder="notebooks")
    assert [n.stem for n in find_notebooks(tmp_path, "analyses")] == ["1_only", "00_first", "z"]


def test_own_notebooks_whose_names_cannot_stand_are_told_all_at_once(tmp_path):
    own(tmp_path, "2_mine.ipynb", "roi.ipynb", "my tags.ipynb", "fine.ipynb", "twice.ipynb", "Twice.ipynb")
    with pytest.raises(UsageError) as e:
        find_notebooks(tmp_path, "analyses")
    for said in (
        *("'2_mine.ipynb' is called '2' as one of", "'roi.ipynb' is called 'roi' as one of"),
        *(
            "'my tags.ipynb' can't be the name of a page",
            "'Twice.ipynb' differs from another one only in large",
        ),
    ):
        assert said in str(e.value)
    assert "fine" not in str(e.value) and str(e.value).endswith("Nothing was run.")


def test_a_setting_that_names_no_folder_or_one_that_is_taken_is_refused(tmp_path):
    assert find_notebooks(tmp_path, "analyses")
    with pytest.raises(UsageError, match="there is no folder"):
        find_notebooks(tmp_path, "mine")
    for taken in ("notebooks", ".", str(OURS)):
        with pytest.raises(UsageError, match="takes the place of the workbench's"):
            own_folder(tmp_path, taken)
    assert own_folder(tmp_path, "../x") == (tmp_path.parent / "x").resolve()


def test_a_notebook_is_called_by_its_number_and_its_name():
    assert spoken("10_more_tags") == ("10", "more_tags") and spoken("my_tags") == ()
    assert names_of([Path("2_Accounts.ipynb")]) == {"2_accounts", "2", "accounts"}


def test_the_folder_of_own_notebooks_is_a_setting(tmp_path, monkeypatch):
    assert load_settings(tmp_path).notebooks == "analyses"
    write_settings(tmp_path, 'notebooks = "mine"')
    assert load_settings(tmp_path).notebooks == "mine"
    (tmp_path / "analyses").mkdir()
    monkeypatch.chdir(tmp_path / "analyses")
    assert load_settings().home == tmp_path.resolve()


def test_a_report_has_a_page_for_each_own_notebook_and_a_failed_one_names_its_owner(tmp_path):
    own(tmp_path, "1_ours.ipynb", folder="notebooks", source="print('fine')")
    own(tmp_path, "b_fine.ipynb", "00_fails.ipynb", source="print('fine')")
    file = tmp_path / "analyses" / "00_fails.ipynb"
    notebook = nbformat.read(file, as_version=4)
    notebook.cells[0].source, notebook.metadata["authors"] = "1/0", [{"name": "Ada"}]
    nbformat.write(notebook, file)
    run = make_reports(Settings(home=tmp_path), version=1, as_of=datetime(2025, 10, 6, 4))
    assert [(p.name, p.error) for p in run.pages] == [
        ("1_ours", ""),
        ("00_fails", "ZeroDivisionError: division by zero"),
        ("b_fine", ""),
    ]
    assert run.exit_code == 1 and "Its owner: Ada." in run.pages[1].path.read_text()
    text = run.pages[0].path.read_text()
    assert text.index("1_ours.html") < text.index("00_fails.html") < text.index("b_fine.html")
    only = make_reports(Settings(home=tmp_path), version=1, as_of=datetime(2025, 10, 6, 4), only="b_fine")
    assert [p.name for p in only.pages] == ["b_fine"]
    names = [p["name"] for p in json.loads((only.folder / "manifest.json").read_text())["pages"]]
    assert sorted(names) == ["00_fails", "1_ours", "b_fine"]
