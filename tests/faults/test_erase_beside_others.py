"""An erasure takes nothing from a backup that runs, from a recorder that records, or from others for want of room."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from workbench import record
from workbench.cli import main
from workbench.errors import WorkbenchError
from workbench.safekeeping import backup as backup_module
from workbench.safekeeping import erase as erase_module
from workbench.safekeeping import erase_batches, erase_versions
from workbench.safekeeping.backup import backed_up, backup_store
from workbench.safekeeping.backup_format import backups_in
from workbench.safekeeping.backup_held import HOLD, held
from workbench.safekeeping.retain import retain
from workbench.settings import load_settings


@pytest.fixture
def home(demo_home: Path, tmp_path: Path) -> Path:
    shutil.copytree(demo_home, tmp_path / "home")
    return tmp_path / "home"


def _account(home: Path) -> str:
    with duckdb.connect(str(home / "data" / "versions" / "v000001.duckdb"), read_only=True) as con:
        row = con.execute(
            "SELECT account_id FROM posts GROUP BY ALL ORDER BY count(*) DESC LIMIT 1"
        ).fetchone()
    assert row
    return str(row[0])


def test_nothing_is_erased_while_a_backup_holds_files(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings, account = load_settings(home), _account(home)
    with held(settings, secrets=False, media=True, reports=False) as found:
        before = sorted(found.files)
        assert main(["erase", "--account", account, "--yes", "--home", str(home)]) == 1
        assert [p for p in before if not found.files[p].exists()] == []
    said = capsys.readouterr().err
    assert "A backup is being made" in said
    assert "Nothing was changed" in said
    assert not (home / "data" / "erasing.json").exists()


def test_what_a_killed_backup_held_goes_and_backups_are_named_as_left_to_do(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, account = load_settings(home), _account(home)
    backed_up(settings, backup_store(settings, str(tmp_path / "elsewhere")), media=False)
    left = home / "data" / f"{HOLD}1-00000000"
    left.mkdir()
    (left / "v000001.duckdb").hardlink_to(home / "data" / "versions" / "v000001.duckdb")
    assert main(["erase", "--account", account, "--yes", "--home", str(home)]) == 0
    assert not left.exists()
    told = "".join(capsys.readouterr())
    assert "Backups made with workbench backup PLACE" in told


def test_a_backup_whose_files_were_taken_from_it_is_none(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(home)
    store = backup_store(settings, str(tmp_path / "elsewhere"))

    @contextmanager
    def robbed(*arguments, **options):  # type: ignore[no-untyped-def]
        with held(*arguments, **options) as found:
            found.files["data/versions/v000001.duckdb"].unlink()
            yield found

    monkeypatch.setattr(backup_module, "held", robbed)
    monkeypatch.setattr(backup_module, "without_hashes", lambda settings, found: None, raising=False)
    with pytest.raises(WorkbenchError, match=r"v000001\.duckdb is gone.*Nothing was backed up"):
        backed_up(settings, store, media=False)
    assert backups_in(store) == []


def test_a_full_disk_costs_no_waiting_batch(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows of others that wait in one batch with the person's are not thrown away with it."""
    record.snapshot(home=home, post_id="tiktok:1", captured_at="2026-01-01", views=7)
    record.event(home=home, event_id="e1", name="x", user_id="zqx-17", occurred_at="2026-01-01")
    write = erase_batches._write

    def full(*arguments):  # type: ignore[no-untyped-def]
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "batch.parquet")

    monkeypatch.setattr(erase_batches, "_write", full)
    assert main(["erase", "--user", "zqx-17", "--yes", "--home", str(home)]) == 1
    assert "No space left" in capsys.readouterr().err
    assert len([f for f in (home / "data" / "inbox").iterdir() if f.is_dir() and f.name[0] != "."]) == 1
    monkeypatch.setattr(erase_batches, "_write", write)
    assert main(["erase", "--home", str(home)]) == 0
    assert main(["load", "--home", str(home)]) == 0
    assert (
        main(["sql", "select views from post_snapshots where post_id = 'tiktok:1'", "--home", str(home)]) == 0
    )
    assert "7" in capsys.readouterr().out


def test_what_is_recorded_during_an_erasure_is_not_lost(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others' rows that name the person stay but for the name, whenever they were recorded."""
    record.event(home=home, event_id="before", name="x", user_id="zqx-17", occurred_at="2026-01-01")
    forget, forget_waiting = erase_versions.forget, erase_batches.forget_waiting

    def slowly(*arguments):  # type: ignore[no-untyped-def]
        record.event(home=home, event_id="first", name="x zqx-17", user_id="other", occurred_at="2026-01-01")
        return forget(*arguments)

    def at_last(*arguments, **options):  # type: ignore[no-untyped-def]
        record.event(home=home, event_id="then", name="y zqx-17", user_id="other", occurred_at="2026-01-01")
        return forget_waiting(*arguments, **options)

    monkeypatch.setattr(erase_module, "forget", slowly)
    monkeypatch.setattr(erase_module, "forget_waiting", at_last)
    assert main(["erase", "--user", "zqx-17", "--yes", "--home", str(home)]) == 0
    assert main(["load", "--home", str(home)]) == 0
    newest = max((home / "data" / "versions").glob("v*.duckdb"))
    with duckdb.connect(str(newest), read_only=True) as con:
        events = con.execute("SELECT event_id, event_name FROM app_events ORDER BY 1").fetchall()
    assert events == [("first", "x [erased]"), ("then", "y [erased]")]


def test_no_second_key_is_made_for_hashes(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With hashes by two keys no load could go on, whichever key is put back."""
    key = home / "data" / "private.key"
    assert main(["erase", "--user", "zqx-17", "--yes", "--home", str(home)]) == 0
    kept = key.read_text()
    key.unlink()
    assert main(["erase", "--user", "zqx-18", "--yes", "--home", str(home)]) == 1
    assert "private.key is gone" in capsys.readouterr().err
    assert not key.exists()
    assert not (home / "data" / "erasing.json").exists()
    key.write_text("k" * 64)
    assert main(["erase", "--user", "zqx-18", "--yes", "--home", str(home)]) == 1
    assert "is not the key" in capsys.readouterr().err
    key.write_text(kept)
    assert main(["erase", "--user", "zqx-18", "--yes", "--home", str(home)]) == 0
    record.snapshot(home=home, post_id="tiktok:1", captured_at="2026-01-01", views=7)
    assert main(["load", "--home", str(home)]) == 0


def test_a_home_without_a_file_of_its_archive_is_not_backed_up(home: Path, tmp_path: Path) -> None:
    """Such a backup would push the good ones out."""
    settings = load_settings(home, archive_after_days=30)
    assert retain(settings).months
    store = backup_store(settings, str(tmp_path / "elsewhere"))
    backed_up(settings, store, media=False)
    min(settings.archive.glob("post_snapshots/*/*.parquet")).unlink()
    with pytest.raises(WorkbenchError, match=r"\.parquet is missing"):
        backed_up(settings, store, media=False)
    assert len(backups_in(store)) == 1
