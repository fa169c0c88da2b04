"""Restoring: never over data, one at a time, whole or not at all."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from backed_up_home import files_of, home, prepared

from workbench import record
from workbench.errors import UsageError, WorkbenchError
from workbench.safekeeping import restore
from workbench.safekeeping.backup import backed_up, backup_store
from workbench.safekeeping.restore import restored
from workbench.settings import load_settings
from workbench.warehouse.load import load

__all__ = ["home", "prepared"]


def test_a_backup_is_never_restored_over_data(home: Path, tmp_path: Path) -> None:
    settings = load_settings(home)
    store = backup_store(settings, str(tmp_path / "backups"))
    backed_up(settings, store)
    before = files_of(home)
    with pytest.raises(UsageError, match="never restored over data"):
        restored(store, home)
    assert files_of(home) == before
    other = tmp_path / "other"
    record.snapshot(home=other, post_id="tiktok:1", captured_at="2026-01-01", views=1)
    with pytest.raises(UsageError, match="never restored over data"):
        restored(store, other)
    with pytest.raises(UsageError, match="lies in what is backed up"):
        backup_store(settings, str(home / "data" / "backups"))


def test_the_id_of_a_home_without_data_gives_way_to_the_one_of_the_backup(home: Path, tmp_path: Path) -> None:
    other, store = tmp_path / "other", backup_store(load_settings(home), str(tmp_path / "backups"))
    (other / "data").mkdir(parents=True, mode=0o700)
    backed_up(load_settings(other), backup_store(load_settings(other), str(tmp_path / "empty")))
    backed_up(load_settings(home), store)
    ids = [h / "data" / "home.id" for h in (home, other)]
    assert ids[0].read_text() != ids[1].read_text()
    restored(store, other, quick=True)
    assert ids[0].read_text() == ids[1].read_text()


def test_a_killed_restore_can_be_started_again(home: Path, tmp_path: Path) -> None:
    settings = load_settings(home)
    store = backup_store(settings, str(tmp_path / "backups"))
    backed_up(settings, store)
    code = (
        "import sys, os; from pathlib import Path; from workbench.safekeeping import restore; "
        "from workbench.settings import Settings; from workbench.safekeeping.backup import backup_store; left = [3]\n"
        "def into(piece, target, real=restore._into):\n"
        "    left[0] -= 1\n"
        "    if not left[0]: os.kill(os.getpid(), 9)\n"
        "    real(piece, target)\n"
        "restore._into = into\n"
        "restore.restored(backup_store(Settings(), sys.argv[1]), Path(sys.argv[2]))"
    )
    back = tmp_path / "back"
    ended = subprocess.run([sys.executable, "-c", code, str(tmp_path / "backups"), str(back)], check=False)
    assert ended.returncode == -signal.SIGKILL
    record.snapshot(home=back, post_id="tiktok:5", captured_at="2026-01-01", views=1)
    with pytest.raises(UsageError, match="never restored over data"):
        restored(store, back)  # what somebody recorded meanwhile stays
    assert list((back / "data/inbox/.journal").glob("*.jsonl"))
    shutil.rmtree(back / "data" / "inbox")
    assert restored(store, back, quick=True).is_sound
    assert files_of(back) == files_of(home, beside=("private.key", "reports/"))


PAUSED = """
import sys, time
from pathlib import Path
from workbench.cli import main
from workbench.safekeeping import restore
mark = Path(sys.argv[1])
def compare(*given, real=restore._compare):
    mark.touch()
    while mark.exists():
        time.sleep(0.02)
    real(*given)
restore._compare = compare
sys.exit(main(sys.argv[2:]))
"""


def test_a_home_that_is_being_restored_takes_no_other_restore_and_no_load(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Callable[..., None]
) -> None:
    place, back, mark = tmp_path / "backups", tmp_path / "back", tmp_path / "fetched"
    store = backup_store(load_settings(home), str(place))
    backed_up(load_settings(home), store)
    words = ["restore", str(place), "--quick", "--home", str(back)]
    first = subprocess.Popen(
        [sys.executable, "-c", PAUSED, str(mark), *words], stderr=subprocess.PIPE, text=True
    )
    try:
        while not mark.exists() and first.poll() is None:
            time.sleep(0.02)
        monkeypatch.setenv("WORKBENCH_LOCK_SECONDS", "0.5")
        others = (lambda: restored(store, back), lambda: load(load_settings(back)))
        for other in others:
            with pytest.raises(WorkbenchError, match=rf"process {first.pid} \(workbench restore\)"):
                other()
    finally:
        mark.unlink(missing_ok=True)  # it goes on
        said = first.communicate()[1]
    assert first.returncode == 0, said
    assert "it is sound" in said
    assert files_of(back) == files_of(home, beside=("private.key", "reports/"))
    assert [p.name for p in back.glob(".restoring*")] == []
    figure("restores_beside_others", len(others), "refused", lost=0)


def test_two_restores_at_once_bring_back_one_whole_home(home: Path, tmp_path: Path, whole: bool) -> None:
    place, back = tmp_path / "backups", tmp_path / "back"
    if not whole:
        shutil.rmtree(home / "data" / "versions")  # to verify them takes most of the time
    backed_up(load_settings(home), backup_store(load_settings(home), str(place)))
    code = "import sys; from workbench.cli import main; sys.exit(main(sys.argv[1:]))"
    words = [sys.executable, "-c", code, "restore", str(place), "--quick", "--home", str(back)]
    both = [subprocess.Popen(words, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [p.communicate()[1] for p in both]
    assert sorted(p.returncode for p in both) == [0, 2], said
    assert sum("never restored over data" in s for s in said) == 1
    assert files_of(back) == files_of(home, beside=("private.key", "reports/"))


def test_what_was_recorded_while_a_backup_was_fetched_is_not_restored_over(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = backup_store(load_settings(home), str(tmp_path / "backups"))
    backed_up(load_settings(home), store)
    back = tmp_path / "back"

    def compare(*given: object, real: Callable[..., None] = restore._compare) -> None:
        real(*given)
        record.snapshot(home=back, post_id="tiktok:5", captured_at="2026-01-01", views=1)

    monkeypatch.setattr(restore, "_compare", compare)
    with pytest.raises(UsageError, match="never restored over data"):
        restored(store, back)
    assert list((back / "data/inbox/.journal").glob("*.jsonl"))
    assert not list((back / "data").glob("versions/*")) and not list(back.glob(".restoring*"))
