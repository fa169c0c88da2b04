"""What killed processes leave is gone after the next load; what living ones write stays."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time

import pytest
from given import POST

from workbench import record
from workbench.settings import Settings
from workbench.warehouse import versions
from workbench.warehouse.batches import clear, sweep, waiting
from workbench.warehouse.load import load


@pytest.fixture
def loaded(settings: Settings) -> Settings:
    record.post(post_id=POST, home=settings.home)
    assert load(settings).published
    return settings


def test_a_load_with_nothing_to_do_clears_up_too(loaded: Settings) -> None:
    folder = loaded.versions
    before = sorted(p.name for p in folder.iterdir())
    spilled = folder / ".building-1-abc.duckdb.tmp"
    spilled.mkdir()
    (spilled / "duckdb_temp_storage_S32K-0.tmp").write_bytes(b"x")
    for name in (
        ".building-1-abc.duckdb", ".building-1-abc.duckdb.wal", "v000009.duckdb", "v000009.json", "v000008.json",
        "v000008.sha256", ".v000009.json.0a1b2c3d", ".current.json.0a1b2c3d",
    ):  # fmt: skip
        (folder / name).write_bytes(b"x")
    (loaded.data / ".load.holder.json.0a1b2c3d").write_bytes(b"x")
    assert not load(loaded).published
    assert sorted(p.name for p in folder.iterdir()) == before
    assert not list(loaded.data.glob(".load*"))


def test_small_files_of_others_go_when_they_are_old(loaded: Settings) -> None:
    young, old = (loaded.versions / f".v000001.{end}" for end in ("sha256.0a1b2c3d", "pin.0a1b2c3d"))
    for file in (young, old):
        file.write_bytes(b"x")
    os.utime(old, (time.time() - 4_000, time.time() - 4_000))
    load(loaded)
    assert young.exists()
    assert not old.exists()


def test_old_versions_go_by_a_load_with_nothing_to_do(loaded: Settings) -> None:
    for n in range(3):
        record.post(post_id=f"tiktok:{n}", home=loaded.home)
        load(loaded)
    assert versions.kept_versions(loaded.versions) == [1, 2, 3, 4]
    assert load(Settings(home=loaded.home, keep_versions=2)).pruned == [1, 2]


def test_an_unfinished_batch_goes_once_its_writer_is_gone(settings: Settings) -> None:
    settings.inbox.mkdir(parents=True)
    code = (
        "import sys, time; from pathlib import Path; from workbench.warehouse.batches import _building\n"
        "with _building(Path(sys.argv[1]), 'a') as folder: print(folder, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(settings.inbox)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        name = writer.stdout.readline().strip()
        sweep(settings.inbox)
        assert os.path.isdir(name)
        writer.kill()
        writer.wait()
    sweep(settings.inbox)
    assert not os.path.exists(name)


def test_where_folders_can_not_be_locked_an_unfinished_batch_goes_when_it_is_old(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(handle: int, operation: int) -> None:
        raise OSError("no locks here")

    monkeypatch.setattr(fcntl, "flock", refused)
    young, old = settings.inbox / ".building-young", settings.inbox / ".building-old"
    young.mkdir(parents=True)
    old.mkdir()
    os.utime(old, (time.time() - 4_000, time.time() - 4_000))
    sweep(settings.inbox)
    assert young.exists()
    assert not old.exists()


def test_a_batch_is_cleared_in_one_step(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = settings.inbox / "abc"
    batch.mkdir(parents=True)
    (batch / "manifest.json").write_text("{}")
    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", lambda *given, **more: None)  # killed before it
        clear([batch])
    assert waiting(settings.inbox) == []
    assert len(list(settings.inbox.iterdir())) == 1
    sweep(settings.inbox)
    assert not list(settings.inbox.iterdir())


def test_a_version_stands_never_without_its_record(loaded: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    replace = versions._replace

    def watched(path: os.PathLike[str], text: str) -> None:
        seen.append({p.name for p in loaded.versions.iterdir() if not p.name.startswith(".")})
        replace(path, text)  # type: ignore[arg-type]

    monkeypatch.setattr(versions, "_replace", watched)
    record.post(post_id="tiktok:2", home=loaded.home)
    load(loaded)
    assert any("v000002.json" in names and "v000002.duckdb" in names for names in seen)
    assert not any("v000002.duckdb" in names and "v000002.json" not in names for names in seen)
