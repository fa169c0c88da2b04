"""Temporary files go with their process, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from workbench.settings import Settings
from workbench.sources.memory import in_memory
from workbench.warehouse.load import load
from workbench.warehouse.scratch import scratch

HELD = (
    "from workbench.warehouse.scratch import scratch; import time\n"
    "(scratch() / 'file').touch(); print(scratch(), flush=True); time.sleep(60)"
)


def test_what_a_killed_process_left_is_swept_by_the_next_one(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    found = []
    for _ in range(2):
        with subprocess.Popen(
            [sys.executable, "-c", HELD], stdout=subprocess.PIPE, text=True, env=environment
        ) as one:
            assert one.stdout is not None
            found.append(Path(one.stdout.readline().strip()))
            if len(found) == 1:
                unlocked = tmp_path / "workbench-run-1-killed-before-its-lock"
                unlocked.mkdir()
                os.utime(unlocked, (time.time() - 4_000, time.time() - 4_000))
            one.send_signal(signal.SIGKILL)
            one.wait()
    assert list(tmp_path.iterdir()) == [found[1]]


def test_a_load_with_nothing_to_do_sweeps_it_and_leaves_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left = tmp_path / "workbench-run-1-killed"
    left.mkdir()
    (left / "lock").touch()
    own = scratch()
    assert not load(Settings(home=tmp_path / "home")).published
    assert list(tmp_path.glob("workbench-run-*")) == [own]
    assert (own / "lock").exists()


def test_files_that_are_read_spill_into_the_folder_of_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    con = in_memory()
    found = con.con.execute("SELECT current_setting('temp_directory')").fetchone()
    con.disconnect()
    assert found is not None
    assert Path(found[0]).parent == scratch()
