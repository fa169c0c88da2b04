"""A disk that is full at any point of a command: one line, nothing lost, nothing left behind, and on it goes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
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
from workbench.safekeeping.backup import backup_store
from workbench.safekeeping.backup_format import backups_in, chosen, read_head
from workbench.safekeeping.restore import tried
from workbench.safekeeping.verify import verified
from workbench.warehouse import versions
from workbench.warehouse.load import load

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


def test_a_full_disk_leaves_no_half_notebook_and_the_answer_that_stands(disk, stock, run):
    answer = disk.folder / "posts.csv"
    ask = ("sql", "select * from posts", "--out", str(answer))
    assert run(*ask, home=stock.home).code == 0
    stands = answer.read_bytes()
    disk.leave(0)
    new, asked = run("new", "mine", home=stock.home), run(*ask, home=stock.home)
    disk.empty()
    assert_told(new, "No space left on device", "Free some space")
    assert asked.code == 2 and "No space left on device" in asked.error
    assert answer.read_bytes() == stands and not list(disk.folder.glob(".*.building"))
    assert not list(stock.home.rglob("*.ipynb"))
    assert run("new", "mine", home=stock.home).code == 0


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
    figure("disk_full_reports", stopped, "reports stopped", lost=0)

    shelf = disk.folder / "shelf"
    publish = ("publish", "--to", str(shelf))
    points = (0, 40, *((100, 200, 400) if whole else ()))
    refused = published_on_a_full_disk(disk, shelf, lambda: run(*publish, home=home), points)
    assert run(*publish, home=home).code == 0
    there = files_below(shelf)
    assert there
    assert run("report", "--only", "5", home=home).code == 0
    refused += published_on_a_full_disk(disk, shelf, lambda: run(*publish, home=home), points)
    assert files_below(shelf).keys() == there.keys()
    assert run(*publish, home=home).code == 0
    figure("disk_full_publishing", refused, "times refused", lost=0)


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def published_on_a_full_disk(
    disk: SmallDisk, shelf: Path, publish: Callable[[], Said], points: Iterable[int]
) -> int:
    """How often publishing was refused for want of room; what was there stood each time."""
    refused = 0
    for free in points:
        before = files_below(shelf)
        disk.leave(free * KILO)
        said = publish()
        disk.empty()
        if said.code:
            refused += 1
            assert_told(said, "No space left", str(shelf), "make space")
            assert files_below(shelf) == before
    assert refused
    return refused


@pytest.fixture(scope="module")
def aged(stocked: Stock, tmp_path_factory: pytest.TempPathFactory) -> Stock:
    """A home with a hash of an address, old raw payloads and old counts, in version 2."""
    made = stocked.copied(tmp_path_factory.mktemp("aged") / "home")
    long_ago, now = datetime(2025, 1, 5), datetime.now(UTC).replace(tzinfo=None)
    ids = sorted(made.acknowledged)[:20]
    record.rows(
        "post_snapshots",
        [{"post_id": p, "captured_at": t, "views": 5} for p in ids for t in (long_ago, now)],
        home=made.home,
    )
    record.rows(
        "raw_payloads",
        [{"payload_id": f"p{n}", "fetched_at": long_ago, "payload": "{}"} for n in range(20)],
        home=made.home,
    )
    record.rows(
        "app_events",
        [{"event_id": "e1", "event_name": "x", "occurred_at": now, "ip_hash": "0" * 64}],
        home=made.home,
    )
    made.works_again()
    return made


@pytest.fixture
def kept(aged: Stock, tmp_path: Path) -> Stock:
    """A copy of that home which is not on the small disk."""
    return aged.copied(tmp_path / "home")


def test_a_full_place_takes_no_backup_and_keeps_those_that_are_there(disk, kept, run, figure, whole):
    place = disk.folder / "backups"
    assert run("backup", str(place), home=kept.home).code == 0
    store = backup_store(kept.settings, str(place))
    stopped = 0
    for free in (0, 40, 600, *((8, 16, 100, 200, 400, 1000, 2000, 4000) if whole else ())):
        kept.record(50, caption="word " * 200)
        load(kept.settings)
        before = files_below(place / "backups")
        disk.leave(free * KILO)
        with kept.stands():
            said = run("backup", str(place), "--keep", "1", home=kept.home)
        disk.empty()
        if said.code:
            stopped += 1
            assert_told(said, "No space left on device", str(place), "Make room there")
            assert files_below(place / "backups") == before
        assert list((place / ".building").iterdir()) == []
        assert list(kept.settings.data.glob(".backup-*")) == []
    assert stopped >= 2
    said = run("backup", str(place), "--keep", "1", home=kept.home)
    assert said.code == 0, said.err
    assert len(backups_in(store)) == 1
    assert tried(store, quick=True).is_sound
    figure("disk_full_backup_places", stopped, "backups stopped", lost=0)


def test_a_home_that_is_full_is_backed_up_whole_or_not_at_all(disk, kept, run, tmp_path, figure, whole):
    stock, place = kept.copied(disk.folder / "home"), tmp_path / "backups"
    store, stopped = backup_store(stock.settings, str(place)), 0
    for free in (0, 8, 4000, *((4, 40, 400, 8000, 12000, 16000) if whole else ())):
        stock.record(50, caption="word " * 200)
        known = len(backups_in(store))
        disk.leave(free * KILO)
        with stock.stands():
            said = run("backup", str(place), home=stock.home)
        disk.empty()
        assert list(stock.settings.data.glob(".backup-*")) == []
        if said.code:
            stopped += 1
            assert_told(said, "No space left on device", str(stock.home), "Free some space")
            assert len(backups_in(store)) == known
    assert stopped >= 2
    stock.works_again()
    assert run("backup", str(place), home=stock.home).code == 0
    assert tried(store, quick=True).is_sound
    figure("disk_full_homes_backed_up", stopped, "backups stopped", lost=0)


def test_a_full_disk_restores_all_or_nothing(disk, kept, run, tmp_path, figure, whole):
    place, back, stopped = tmp_path / "backups", disk.folder / "back", 0
    assert run("backup", str(place), home=kept.home).code == 0
    store = backup_store(kept.settings, str(place))
    size = read_head(store, chosen(store, None)).n_bytes
    words = ("restore", str(place), "--into", str(back), "--quick")
    for free in (
        0,
        64 * KILO,
        size + 8 * KILO,
        *((size + n * 4 * KILO for n in range(3, 20)) if whole else ()),
    ):
        disk.leave(free)
        said = run(*words, home=kept.home)
        disk.empty()
        if said.code == 0:
            assert stopped >= 3
            shutil.rmtree(back)
            continue
        stopped += 1
        assert_told(
            said, "No space left on device|has room for", str(back), "[Mm]ake room, or restore elsewhere"
        )
        assert {p.name for p in back.rglob("*") if p.is_file()} <= {"load.lock"}
        assert list(back.glob(".restoring*")) == []
    assert stopped >= 3
    with kept.stands():
        said = run(*words, home=kept.home)
        assert said.code == 0, said.err
    Stock(back, kept.acknowledged).works_again()
    figure("disk_full_restores", stopped, "restores stopped", lost=0)


def test_a_full_disk_stops_retention_and_nothing_that_was_to_go_or_stay_is_half_gone(
    disk, kept, run, figure, whole
):
    stock, stopped = kept.copied(disk.folder / "home"), 0
    pointed = versions.current(stock.settings.versions)
    size = (stock.settings.versions / pointed.file).stat().st_size
    for share in (0, 0.5, 1.1, *((i / 20 for i in range(1, 50)) if whole else ())):
        disk.leave(int(size * share))
        before = stock.state(), files_below(stock.settings.archive)
        said = run("retain", home=stock.home)
        disk.empty()
        assert stock.leftovers() == []
        if said.code == 0:
            break
        stopped += 1
        assert (stock.state(), files_below(stock.settings.archive)) == before
        assert_told(said, "No space left on device", str(stock.home), "Free some space")
    assert stopped >= 2
    assert "raw payloads" in run("retain", home=stock.home).err or said.code == 0
    assert [f for f in verified(stock.settings, quick=True) if f.severity == "grave"] == []
    stock.works_again()
    figure("disk_full_retentions", stopped, "retentions stopped", lost=0)


def test_a_full_disk_stops_an_erasure_that_the_next_one_finishes(disk, kept, run, figure, whole):
    stopped = 0
    for share in (1.1, *((i / 10 for i in range(30)) if whole else ())):
        stock = kept.copied(disk.folder / "home")
        gone = {p for p in stock.acknowledged if int(p.partition(":")[2]) % 7 == 2}  # of tiktok:a1
        pointed = versions.current(stock.settings.versions)
        disk.leave(int((stock.settings.versions / pointed.file).stat().st_size * share))
        said = run("erase", "--account", "tiktok:a1", "--yes", home=stock.home)
        disk.empty()
        if said.code:
            stopped += 1
            assert_told(said, "No space left on device", str(stock.home), "Free some space")
            assert set(stock.loaded()) in (stock.acknowledged, stock.acknowledged - gone)
            said = run("erase", "--account", "tiktok:a1", "--yes", home=stock.home)
            assert said.code == 0, said.err
        stock.acknowledged -= gone
        stock.works_again()
        shutil.rmtree(stock.home)
    assert stopped
    figure("disk_full_erasures", stopped, "erasures stopped", lost=0)


def test_a_first_demo_that_finds_no_room_says_so_and_can_be_had_again(disk, run, figure, whole):
    home, stopped = disk.folder / "new", 0
    demo = ("demo", "--posts", "60", "--pictures", "0")
    for free in (300, *((0, 100, 1000, 6000, 2000, 4000, 12000, 16000) if whole else ())):
        disk.leave(free * KILO)
        said = run(*demo, home=home)
        disk.empty()
        if said.code == 0:
            shutil.rmtree(home)
            continue
        stopped += 1
        assert_told(said, "No space left on device", str(home), "Free some space")
        assert Stock(home).state() == ("", "")
        assert Stock(home).leftovers() == []
    assert stopped
    said = run(*demo, home=home)
    assert said.code == 0, said.err
    assert len(Stock(home).loaded()) == 60
    figure("disk_full_first_demos", stopped, "demos stopped", lost=0)


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
