"""A disk that is full at any point of a command: one line, nothing lost, nothing left behind, and on it goes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from machine import (
    COMMAND,
    Said,
    SmallDisk,
    Stock,
    assert_told,
    command,
    demo_pictures,
    run,
    small_disk,
    stocked,
)

from workbench import record
from workbench.errors import WorkbenchError
from workbench.warehouse import versions

__all__ = ["demo_pictures", "run", "stocked"]

KILO = 1024


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", 128) as made:
        if made is None:
            pytest.skip("nobody lets us mount a small disk here (root or sudo may)")
        yield made
        made.empty()


@pytest.fixture
def stock(disk: SmallDisk, stocked: Stock) -> Stock:
    """A home on the small disk with 300 posts in version 1."""
    return stocked.copied(disk.folder / "home")


def test_a_full_disk_stops_a_load_anywhere_and_loses_nothing(disk, stock, run, figure, whole):
    pointed = versions.current(stock.settings.versions)
    size = (stock.settings.versions / pointed.file).stat().st_size
    shares = [0.01, 0.5, 1.0, 1.02, 1.05, 1.1, 1.2, 1.4] if not whole else [i / 40 for i in range(1, 70)]
    stopped, places = 0, set()
    for free in [0, 4 * KILO, 12 * KILO, *(int(size * share) for share in shares)]:
        stock.record(50, caption="word " * 200)
        disk.leave(free)
        before = stock.state()
        said = run("load", home=stock.home)
        disk.empty()
        assert stock.leftovers() == []
        if said.code == 0:
            continue
        stopped += 1
        assert stock.state() == before
        assert_told(said, "No space left on device", str(stock.home), "Free some space")
        places.add(next((w for w in PLACES if w in said.error), "elsewhere"))
    stock.works_again()
    assert stopped >= 5
    assert places >= {"holder", "inbox", "versions"}
    figure("disk_full_loads", stopped, "loads stopped", places=sorted(places), lost=0, doubled=0)


PLACES = ("holder", "inbox", ".wal", "versions")


def test_a_full_disk_refuses_a_record_whole_and_every_acknowledged_one_is_loaded_once(disk, stock, figure):
    disk.leave(64 * KILO)
    refused, said = 0, set()
    for _ in range(200):
        try:
            stock.record(3, caption="word " * 100)
        except WorkbenchError as e:
            refused += 1
            said.add(str(e))
            disk.leave(8 * KILO if refused < 5 else 0)
    disk.empty()
    assert refused > 5
    for words in ("No space left on device", str(stock.home), "Nothing of the call was written."):
        assert all(words in error for error in said), said
    stock.record(1)
    stock.works_again()
    figure("disk_full_records", refused, "records refused", acknowledged=len(stock.acknowledged), lost=0)


def test_rows_recorded_on_a_disk_that_is_full_while_they_are_sealed_are_not_taken_for_damaged(
    disk, stock, run
):
    stock.record(500, caption="word " * 100)
    disk.leave(8 * KILO)
    assert_told(run("load", home=stock.home), "No space left", r"inbox/\.building-")
    disk.empty()
    assert not list(stock.home.rglob("*.damaged"))
    stock.works_again()


def test_a_full_disk_stops_an_import_and_leaves_no_half_batch(disk, stock, run, small_demo, figure, whole):
    stopped = 0
    for free in (0, 8, 64, *((128, 256, 512) if whole else ())):
        disk.leave(free * KILO)
        with stock.stands():
            said = run("import", "--no-load", *map(str, small_demo.files), home=stock.home)
        disk.empty()
        if said.code:
            stopped += 1
            assert "Traceback" not in said.err
            assert "No space left" in said.err
            assert str(stock.home) in said.err
        for folder in (d for d in stock.settings.inbox.iterdir() if not d.name.startswith(".")):
            assert (folder / "manifest.json").is_file()
    assert stopped >= 2
    said = run("import", *map(str, small_demo.files), home=stock.home)
    assert said.code == 0, said.err
    assert stock.leftovers() == []
    figure("disk_full_imports", stopped, "imports stopped", lost=0)


def test_a_full_disk_leaves_the_report_that_stands_whole(disk, demo_home, run, figure, whole):
    home = disk.folder / "home"
    shutil.copytree(demo_home, home)
    assert run("report", "--only", "5", home=home).code == 0
    stands = {p: p.read_bytes() for p in (home / "reports").rglob("*") if p.is_file()}
    stopped = 0
    for free in (0, 40, *((100, 200, 400, 800) if whole else ())):
        disk.leave(free * KILO)
        said = run("report", "--only", "5", home=home)
        disk.empty()
        assert {p.name for p in (home / "reports").iterdir()} == {
            p.relative_to(home / "reports").parts[0] for p in stands
        }
        if said.code:
            stopped += 1
            assert_told(said, "No space left", str(home))
            assert {p: p.read_bytes() for p in (home / "reports").rglob("*") if p.is_file()} == stands
    assert stopped
    assert run("report", "--only", "5", home=home).code == 0
    figure("disk_full_reports", stopped, "reports stopped", lost=0)


def test_a_full_disk_stops_the_demo_and_media_with_one_line(disk, stock, run, demo_pictures):
    adding = ("media", "add", str(demo_pictures.parent), "--mapping", str(demo_pictures))
    disk.leave(300 * KILO)
    with stock.stands():
        said = run("demo", "--posts", "300", "--pictures", "0", home=stock.home)
        assert_told(said, "No space left", str(stock.home))
        disk.leave(8 * KILO)
        said = run(*adding, home=stock.home)
        assert_told(said, "No space left", str(stock.home))
    disk.empty()
    assert run(*adding, home=stock.home).code == 0


def test_an_answer_that_finds_no_room_is_an_error_without_a_traceback(stock):
    with open("/dev/full", "w") as full:
        ran = subprocess.run(
            [sys.executable, "-c", COMMAND, "sql", "select * from posts", "--home", str(stock.home)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert_told(Said(ran.returncode, "", ran.stderr), "No space left on device")


def test_what_did_not_fit_into_memory_is_swept_after_a_kill(stock):
    spilled = stock.settings.versions / ".building-1-deadbeef.duckdb.tmp"
    spilled.mkdir()
    (spilled / "duckdb_temp_storage-0.tmp").write_bytes(b"x")
    stock.record(1)
    stock.works_again()
    assert not spilled.exists()
    assert record.posts([], home=stock.home) == 0
    assert command("status", home=stock.home).code == 0
