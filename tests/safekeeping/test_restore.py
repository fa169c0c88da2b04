"""Where a restore goes: into a folder that was named. What ends it, and what it says then."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.cli import main
from workbench.safekeeping import restore
from workbench.safekeeping.backup import backed_up, backup_store
from workbench.settings import load_settings


@pytest.fixture
def place(tmp_path: Path) -> str:
    """Where a backup lies of a home without a warehouse."""
    home = tmp_path / "home"
    (home / "analyses").mkdir(parents=True, mode=0o700)
    (home / "data").mkdir(mode=0o700)
    (home / "analyses" / "mine.ipynb").write_text("{}")
    settings = load_settings(home)
    backed_up(settings, backup_store(settings, str(tmp_path / "backups")))
    return str(tmp_path / "backups")


@pytest.mark.parametrize("into", ["file", "file/below", "file/two/below", "home"])
def test_a_file_is_no_folder_to_restore_into(
    place: str, tmp_path: Path, into: str, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "file").write_text("mine")
    (other / "home").mkdir()
    (other / "home" / "data").write_text("mine")
    assert main(["restore", place, "--into", str(other / into), "--home", str(tmp_path / "home")]) == 2
    file = other / "home" / "data" if into == "home" else other / "file"
    assert f"{file} is a file" in (said := capsys.readouterr().err) and "--into" in said
    assert file.read_text() == "mine" and not list((other / "home").glob("*.ipynb"))


def test_an_empty_word_is_not_the_same_as_none(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKBENCH_BACKUP_TO", place)
    kept = sorted(tmp_path.rglob("*"))
    for words, named in (
        (["restore", place, "--into", ""], "--into"),
        (["restore", place, "--at", " ", "--into", "back"], "--at"),
        (["restore", ""], "PLACE"),
        (["backup", ""], "PLACE"),
        (["backup", "", "--due"], "PLACE"),
    ):
        assert main(words) == 2
        assert f"{named} is empty" in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == kept


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), RuntimeError("Query interrupted")])
def test_ctrl_c_while_it_verifies_says_that_all_is_in_place(
    place: str,
    tmp_path: Path,
    stop: BaseException,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def stopped(*given: object, **named: object) -> None:
        raise stop

    monkeypatch.setattr(restore, "verified", stopped)
    back = tmp_path / "back"
    assert main(["restore", place, "--into", str(back), "--home", str(tmp_path / "home")]) == 130
    said = capsys.readouterr().err
    assert f"restored into {back}" in said and f"workbench verify --home {back}" in said
    assert "it is sound" not in said and "published" not in said
    assert (back / "analyses" / "mine.ipynb").read_text() == "{}"


def test_what_goes_wrong_while_it_verifies_is_no_ctrl_c(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: object, **named: object) -> None:
        raise RuntimeError("of another kind")

    monkeypatch.setattr(restore, "verified", broken)
    with pytest.raises(RuntimeError, match="of another kind"):
        restore.restored(backup_store(load_settings(tmp_path / "home"), place), tmp_path / "back")
