"""Small files that are whole or not there."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from workbench.whole_files import sweep_halves, write_whole


def test_a_file_is_for_its_owner_only_and_replaces_the_old_one(tmp_path):
    file = tmp_path / "a.html"
    for text in ("old", "new"):
        write_whole(file, text)
    assert file.read_text() == "new" and stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [f.name for f in tmp_path.iterdir()] == ["a.html"]


def test_half_a_file_of_a_killed_run_goes_when_the_file_is_written_again(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    file = tmp_path / "index[1].html"
    half, living = (
        tmp_path / f".{file.name}.{process}-abcd1234" for process in (int(ended.stdout), os.getpid())
    )
    half.write_text("<p>ha")
    living.write_text("<p>ha")
    write_whole(file, "whole")
    assert not half.exists() and living.exists() and file.read_text() == "whole"


def test_of_several_who_write_a_file_at_once_one_is_first_for_all(tmp_path):
    file = tmp_path / "key"

    def write_and_read(n: int) -> str:
        write_whole(file, f"{n}" * 64, only_new=True)
        return file.read_text()

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(write_and_read, range(32)))) == 1
    assert [f.name for f in tmp_path.iterdir()] == ["key"]


def test_halves_of_all_names_go_and_nothing_else_does(tmp_path):
    ended = 2**22 + 1  # no system numbers processes so high
    others = [
        ".hidden",
        ".note.json.12-ab",
        f".note.json.{os.getpid()}-abcd1234",
        f"note.json.{ended}-abcd1234",
    ]
    for name in (f".note.json.{ended}-abcd1234", f".v000001.pin.{ended}-00000000", *others):
        (tmp_path / name).touch()
    sweep_halves(tmp_path)
    assert sorted(f.name for f in tmp_path.iterdir()) == sorted(others)


def test_what_can_not_be_written_leaves_the_old_file_and_no_half(tmp_path):
    file = tmp_path / "note"
    write_whole(file, "old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(OSError, match=r"File too large: '.*note'"):
            write_whole(file, "new" * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert file.read_text() == "old" and [f.name for f in tmp_path.iterdir()] == ["note"]
