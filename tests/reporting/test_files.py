"""Folders that are whole or not there."""

from __future__ import annotations

import stat
import subprocess
import sys

import pytest

from workbench.errors import WorkbenchError
from workbench.reporting import files


def test_a_folder_appears_whole_and_replaces_the_old_one(tmp_path):
    final = tmp_path / "2025-W40"
    for text in ("old", "new"):
        with files.replaced(final) as building:
            (building / text).write_text(text)
            assert building.name.startswith(".") and not (final / text).exists()
    assert [f.name for f in final.iterdir()] == ["new"] and stat.S_IMODE(final.stat().st_mode) == 0o700
    assert [f.name for f in tmp_path.iterdir()] == ["2025-W40"]


def test_a_folder_that_could_not_be_built_leaves_the_old_one(tmp_path):
    final = tmp_path / "2025-W40"
    with files.replaced(final) as building:
        (building / "old").write_text("old")
    with pytest.raises(KeyboardInterrupt):
        _build_half(final)
    assert [f.name for f in final.iterdir()] == ["old"]
    assert [f.name for f in tmp_path.iterdir()] == ["2025-W40"]


def _build_half(final):
    with files.replaced(final) as building:
        (building / "new").write_text("half")
        raise KeyboardInterrupt


def test_it_also_replaces_where_the_system_cannot_swap(tmp_path, monkeypatch):
    monkeypatch.setattr(files.ctypes, "CDLL", lambda *a, **k: object())
    test_a_folder_appears_whole_and_replaces_the_old_one(tmp_path)


def test_what_a_killed_run_left_behind_is_cleared_and_a_living_one_is_left_alone(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    dead = tmp_path / f".building-2025-W40-{int(ended.stdout)}-abcd1234"
    alive = tmp_path / ".building-2025-W40-1-abcd1234"
    dead.mkdir()
    alive.mkdir()
    with files.replaced(tmp_path / "2025-W40"):
        pass
    assert sorted(f.name for f in tmp_path.iterdir()) == [alive.name, "2025-W40"]


def test_a_folder_that_was_set_aside_by_a_killed_run_comes_back(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    aside = tmp_path / f".building-2025-W40-{int(ended.stdout)}-abcd1234-old"
    aside.mkdir()
    (aside / "old").write_text("old")
    with files.replaced(tmp_path / "2025-W41"):
        pass
    assert sorted(f.name for f in tmp_path.iterdir()) == ["2025-W40", "2025-W41"]
    assert (tmp_path / "2025-W40" / "old").exists()


def test_a_set_that_another_run_makes_for_too_long_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_LONGEST_WAIT", 0)
    with (
        files.one_at_a_time(tmp_path / "2025-W40", tmp_path),
        pytest.raises(WorkbenchError, match="Another run has been making"),
        files.one_at_a_time(tmp_path / "2025-W40", tmp_path),
    ):
        pass
    with (
        files.one_at_a_time(tmp_path / "2025-W41", tmp_path),
        files.one_at_a_time(tmp_path / "2025-W40", tmp_path),
    ):
        pass
