"""`workbench new` and `workbench check`, as their users meet them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nbformat
import pytest

from workbench import cli
from workbench.cli import sample_homes
from workbench.settings import load_settings
from workbench.warehouse.load import load

pytestmark = pytest.mark.xdist_group("check")


@pytest.fixture
def cache(demo_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the user's, whose samples come from what other tests have made already."""

    def make(folder: Path) -> None:
        shutil.copytree(demo_home, folder / "small")
        load(load_settings(folder / "empty"), migrating=True)

    monkeypatch.setattr(sample_homes, "_make", make)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return sample_homes.cache_folder()


def test_a_notebook_is_started_checked_and_told_of_in_lines(
    cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(tmp_path / "home")]
    assert cli.main(["new", "my_tags", "--question", "Which?", "--author", "Ada", *home]) == 0
    shown = capsys.readouterr()
    file = tmp_path / "home" / "analyses" / "my_tags.ipynb"
    assert shown.out.strip() == str(file) and "workbench check my_tags" in shown.err
    assert cli.main(["check", "my_tags", "--quick", *home]) == 0
    said = capsys.readouterr()
    assert "this is done once" in said.err and "It can join the reports. 1 piece of advice." in said.out
    assert "  ok      small data    ran on 600 posts" in said.out
    notebook = nbformat.read(file, as_version=4)
    notebook.cells[3].source = "1/0"
    nbformat.write(notebook, file)
    assert cli.main(["check", "--quick", *home]) == 1
    said = capsys.readouterr()
    assert (
        said.err == ""
        and "  failed  empty data    ZeroDivisionError: division by zero in cell 4 (“1/0”)." in said.out
    )
    assert (
        "It can't join the reports yet: 2 failed." in said.out and max(map(len, said.out.splitlines())) <= 100
    )
    assert cli.main(["check", str(file), "--quick", "--format", "json", *home]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [c["check"] for c in found[0]["checks"] if c["status"] == "failed"] == ["small data", "empty data"]
    assert not (tmp_path / "home" / "data").exists()


def test_what_cannot_be_started_or_checked_is_refused(
    cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = ["--home", str(tmp_path)]
    for arguments, said in (
        (["new", "../x"], "can't be the name of a page"),
        (["new", "roi"], "one of the workbench's notebooks is called 'roi'"),
        (["check"], "Which notebook? There is none of your own yet."),
        (["check", "4_rio"], "There is no notebook 4_rio. Did you mean '4_roi'? Nothing was checked."),
    ):
        assert cli.main([*arguments, *home]) == 2
        assert said in capsys.readouterr().err
    monkeypatch.setenv("WORKBENCH_NOTEBOOKS", "")
    assert cli.main(["new", "x", *home]) == 2 and "The setting notebooks is empty" in capsys.readouterr().err
    assert not list(cache.iterdir())


def test_samples_of_another_version_make_way(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    (cache / "samples-0123456789abcdef").mkdir(parents=True)
    found = sample_homes.samples(cache, said.append)
    assert [f.name for f in cache.glob("samples-*")] == [found.small.home.parent.name] and len(said) == 1
    assert (found.week, found.small.what, found.empty.what) == ("2025-W40", "600 posts", "no data")
    assert sample_homes.samples(cache, said.append) == found and len(said) == 1


def test_where_no_cache_can_be_kept_a_temporary_folder_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert sample_homes.cache_folder().parent == tmp_path
