"""What killed processes leave is gone after the next load; what living ones write stays."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from given import POST

from workbench import record
from workbench.settings import Settings
from workbench.warehouse import versions
from workbench.warehouse.batches import clear, sweep, waiting
from workbench.warehouse.load import load

ENDED = 2**22 + 1
"""A process that has ended: no system numbers them so high."""


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
        "v000008.sha256", f".v000009.json.{ENDED}-0a1b2c3d", f".current.json.{ENDED}-0a1b2c3d",
        f".v000001.sha256.{ENDED}-0a1b2c3d",
    ):  # fmt: skip
        (folder / name).write_bytes(b"x")
    for name in ("load.holder.json", "private.key", "backup.key", "home.id"):
        (loaded.data / f".{name}.{ENDED}-0a1b2c3d").write_bytes(b"x")
    assert not load(loaded).published
    assert sorted(p.name for p in folder.iterdir()) == before
    assert not list(loaded.data.glob(".*"))


def test_halves_that_somebody_is_writing_stay(loaded: Settings) -> None:
    half = loaded.versions / f".v000001.sha256.{os.getpid()}-0a1b2c3d"
    half.write_bytes(b"x")
    load(loaded)
    assert half.exists()


_REPLACING = """
import json, os, shutil, sys
from pathlib import Path
from workbench.settings import Settings
from workbench.warehouse import versions

def changes(event, arguments):
    if event in ("os.rename", "os.remove") or event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR):
        left.append(event)
        if len(left) == n:
            os.kill(os.getpid(), 9)

seen = []
for n in range(1, 100):
    home = Path(sys.argv[1]) / str(n)
    settings = Settings(home=home)
    folder = settings.versions
    folder.mkdir(parents=True)
    version = versions.Version(1, "v000001.duckdb", "2026-01-01 00:00:00", None, 8)
    for name in ("v000001.json", "current.json"):
        (folder / name).write_text(json.dumps(vars(version)))
    (folder / version.file).write_text("8")
    (folder / "v000001.sha256").write_text("of 8")
    building = folder / ".building-1-abc-small.duckdb"
    building.write_text("9")
    if not (child := os.fork()):
        left = []
        sys.addaudithook(changes)
        versions.replace(folder, version, building, schema=9)
        os._exit(0)
    died = os.waitpid(child, 0)[1]
    with versions.loader_lock(settings, "load"):
        versions.sweep(folder)
    found = [json.loads((folder / name).read_text())["schema_version"] for name in ("v000001.json", "current.json")]
    file = (folder / version.file).read_text()
    names = sorted(p.name for p in folder.iterdir() if p.suffix != ".sha256")
    print(json.dumps([int(file), *found, (folder / "v000001.sha256").exists(), names]), flush=True)
    if not died:
        break
"""


def test_a_version_written_anew_has_the_record_of_its_file_wherever_its_writer_was_killed(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _REPLACING, str(tmp_path)], capture_output=True, text=True, check=True
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) > 8
    for file, record_says, pointer_says, hashed, names in found:
        assert record_says == pointer_says == file
        assert not (hashed and file == 9)
        assert names == ["current.json", "v000001.duckdb", "v000001.json"]
    assert [found[0][0], found[-1][0]] == [8, 9]


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
    replace = versions._write

    def watched(path: os.PathLike[str], text: str) -> None:
        seen.append({p.name for p in loaded.versions.iterdir() if not p.name.startswith(".")})
        replace(path, text)  # type: ignore[arg-type]

    monkeypatch.setattr(versions, "_write", watched)
    record.post(post_id="tiktok:2", home=loaded.home)
    load(loaded)
    assert any("v000002.json" in names and "v000002.duckdb" in names for names in seen)
    assert not any("v000002.duckdb" in names and "v000002.json" not in names for names in seen)
