"""What is one user's alone: settings that others may read, and code that others may change, are refused."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from home_files import write_settings

from workbench import cli
from workbench.errors import UsageError
from workbench.private_files import refuse_foreign_code, refuse_open_to_others
from workbench.reporting.notebook_folders import OURS, find_notebooks
from workbench.settings import load_settings


def given_away(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have it belong to another user."""
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
    else:
        monkeypatch.setattr(os, "getuid", lambda: path.stat().st_uid + 1)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o666, 0o777, 0o700 | 0o010])
def test_settings_that_others_can_read_are_refused_with_the_chmod_to_type(tmp_path, mode):
    file = write_settings(tmp_path, "viral_views = 5\n")
    file.chmod(mode)
    with pytest.raises(UsageError) as error:
        load_settings(tmp_path)
    done, command = str(error.value).rsplit("Run: ", 1)
    assert f"(mode {mode:04o})" in done
    assert os.system(command) == 0
    assert load_settings(tmp_path).viral_views == 5


def test_settings_of_a_home_with_a_blank_and_a_quote_in_its_name_are_mended_by_what_is_said(tmp_path):
    home = tmp_path / "a b'c; $(d)"
    home.mkdir()
    write_settings(home, "").chmod(0o644)
    with pytest.raises(UsageError) as error:
        load_settings(home)
    assert os.system(str(error.value).rsplit("Run: ", 1)[1]) == 0
    load_settings(home)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_settings_of_the_owner_alone_are_read(tmp_path, mode):
    write_settings(tmp_path, "viral_views = 5\n").chmod(mode)
    assert load_settings(tmp_path).viral_views == 5


def test_settings_of_another_user_are_refused(tmp_path, monkeypatch):
    given_away(write_settings(tmp_path, "viral_views = 5\n"), monkeypatch)
    with pytest.raises(UsageError, match=r"belongs to another user .* sudo chown "):
        load_settings(tmp_path)


def test_a_command_says_it_in_one_line(tmp_path, capsys):
    write_settings(tmp_path, "").chmod(0o644)
    assert cli.main(["status", "--home", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("Error: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("what", ["folder", "notebook"])
def test_notebooks_that_others_may_change_are_not_run(tmp_path, what):
    own = tmp_path / "analyses"
    own.mkdir()
    shutil.copy(OURS / "3_vas.ipynb", own / "mine.ipynb")
    path = own if what == "folder" else own / "mine.ipynb"
    find_notebooks(tmp_path, "analyses")
    path.chmod(path.stat().st_mode | 0o002)
    with pytest.raises(UsageError, match="can be changed by other users") as error:
        find_notebooks(tmp_path, "analyses")
    assert os.system(str(error.value).rsplit("run: ", 1)[1]) == 0
    find_notebooks(tmp_path, "analyses")


@pytest.mark.parametrize("what", ["folder", "notebook"])
def test_notebooks_of_another_user_are_not_run(tmp_path, monkeypatch, what):
    own = tmp_path / "notebooks"
    own.mkdir()
    shutil.copy(OURS / "3_vas.ipynb", own)
    given_away(own if what == "folder" else own / "3_vas.ipynb", monkeypatch)
    with pytest.raises(UsageError, match="belongs to another user"):
        find_notebooks(tmp_path)


def test_a_group_that_is_this_user_s_alone_may_write_and_another_may_not(tmp_path, monkeypatch):
    import grp
    import pwd

    me, own = pwd.getpwuid(os.getuid()), tmp_path / "own"
    own.mkdir()
    own.chmod(0o775)
    mine = grp.struct_group((me.pw_name, "x", me.pw_gid, []))
    monkeypatch.setattr(grp, "getgrgid", lambda _: mine)
    refuse_foreign_code(own)
    for others in (
        grp.struct_group((me.pw_name, "x", me.pw_gid, ["somebody"])),
        grp.struct_group(("staff", "x", me.pw_gid, [])),
    ):
        monkeypatch.setattr(grp, "getgrgid", lambda _, others=others: others)
        with pytest.raises(UsageError, match="can be changed by other users"):
            refuse_foreign_code(own)


def test_passwords_of_the_schedule_that_others_can_read_stop_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    file = tmp_path / "config" / "workbench" / "environment"
    file.parent.mkdir(parents=True)
    file.write_text("WORKBENCH_SMTP_PASSWORD='geheim-geheim'\n")
    file.chmod(0o644)
    for words in (["schedule", "install", "--with", "cron"], ["report", "--due"]):
        assert cli.main([*words, "--home", str(tmp_path)]) == 2
        said = capsys.readouterr().err
        assert f"chmod 600 {file}" in said
        assert "geheim" not in said
    file.chmod(0o600)
    refuse_open_to_others(file, "passwords")
