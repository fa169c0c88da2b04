"""Folders and files that may not be written or read: a line that names them and the remedy, and nothing is lost."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from machine import (
    Stock,
    assert_told,
    bound_by_permissions,
    command,
    demo_pictures,
    held_to_permissions,
    remounted,
    run,
    small_disk,
    stocked,
)

from workbench import record
from workbench.safekeeping.backup import backed_up, backup_store

sys.path.insert(0, str(Path(__file__).parents[1] / "media"))
from misbehaving import serving

__all__ = ["demo_pictures", "run", "stocked"]

RECORD = "import sys\nfrom workbench import record\nrecord.post(post_id='tiktok:1', home=sys.argv[-1])\n"


@contextmanager
def allowed(path: Path, mode: int) -> Iterator[None]:
    """Within the block a file or folder has these permissions."""
    before = path.stat().st_mode & 0o777
    path.chmod(mode)
    try:
        yield
    finally:
        path.chmod(before)


@pytest.fixture
def stock(stocked: Stock, tmp_path: Path) -> Stock:
    """A home with 300 posts in version 1 and 5 that wait to be loaded."""
    made = stocked.copied(tmp_path / "home")
    made.record(5)
    return made


@pytest.mark.parametrize(
    ("place", "mode"),
    [
        ("data", 0o500),
        ("data/versions", 0o500),
        ("data/inbox", 0o500),
        ("data/inbox/.journal", 0o500),
        ("data/load.lock", 0o400),
        ("data/versions/v000001.duckdb", 0o000),
        ("data/versions/current.json", 0o000),
    ],
)
def test_a_load_without_the_right_names_the_place_and_loses_nothing(stock, place, mode):
    with stock.stands(), allowed(stock.home / place, mode):
        said = command("load", home=stock.home, before=bound_by_permissions)
        assert_told(said, "Permission denied", str(stock.home / place), "Ask its owner for the right")
        assert "restore" not in said.err
    stock.works_again()


def test_commands_without_the_right_to_write_say_so_and_reading_goes_on(
    stock, small_demo, demo_pictures, tmp_path, figure
):
    refused = 0
    one = next(f for f in small_demo.files if f.suffix == ".csv")
    with stock.stands():
        for place, words in (
            ("data/inbox", ["import", "--no-load", str(one)]),
            ("data", ["media", "add", str(demo_pictures.parent), "--mapping", str(demo_pictures)]),
            ("data", ["demo", "--posts", "300"]),
            (".", ["report", "--only", "5"]),
        ):
            with allowed(stock.home / place, 0o500):
                said = command(*words, home=stock.home, before=bound_by_permissions)
            assert_told(said, "Permission denied", str(stock.home / place))
            refused += 1
        with allowed(stock.settings.inbox / ".journal", 0o500):
            said = command(home=stock.home, before=bound_by_permissions, script=RECORD)
        assert said.code == 1
        last = said.err.splitlines()[-1]
        assert "WorkbenchError: Rows of posts can't be recorded: Permission denied" in last
        for reading in (["status"], ["sql", "select count(*) from posts"], ["metric"]):
            with allowed(stock.settings.versions, 0o500), allowed(stock.settings.data, 0o500):
                assert command(*reading, home=stock.home, before=bound_by_permissions).code == 0
    stock.works_again()
    figure("permission_refusals", refused + 1, "commands", lost=0)


def test_another_users_unreadable_batch_stops_a_load_and_is_not_refused_as_damaged(stock, small_demo):
    one = next(f for f in small_demo.files if f.suffix == ".csv")
    assert command("import", "--no-load", str(one), home=stock.home).code == 0
    batch = next(d for d in stock.settings.inbox.iterdir() if not d.name.startswith("."))
    with stock.stands(), allowed(batch / "manifest.json", 0o000):
        said = command("load", home=stock.home, before=bound_by_permissions)
        assert_told(said, "Permission denied", str(batch / "manifest.json"))
        assert not (stock.settings.data / "refused").exists()
        assert batch.is_dir()
    said = command("load", home=stock.home)
    assert said.code == 0, said.err


def test_a_file_system_that_may_only_be_read_is_read_and_refuses_the_rest_in_a_line(stocked, tmp_path):
    with small_disk(tmp_path / "disk", 64) as disk:
        if disk is None:
            pytest.skip("nobody lets us mount a small disk here (root or sudo may)")
        stock = stocked.copied(disk.folder / "home")
        stock.record(5)
        with stock.stands(), remounted(disk.folder):
            for words in (["load"], ["demo", "--posts", "300"], ["report", "--only", "5"]):
                assert_told(command(*words, home=stock.home), "Read-only file system", str(stock.home))
            said = command(home=stock.home, script=RECORD)
            assert "can't be recorded: Read-only file system" in said.err.splitlines()[-1]
            for words in (["status"], ["sql", "select count(*) from posts"]):
                said = command(*words, home=stock.home)
                assert said.code == 0, said.err
        stock.works_again()


def test_a_folder_to_publish_to_that_may_not_be_written_is_named(demo_home, tmp_path):
    home, shelf = tmp_path / "home", tmp_path / "shelf"
    shutil.copytree(demo_home, home)
    assert command("report", "--only", "5", home=home).code == 0
    shelf.mkdir()
    with allowed(shelf, 0o500):
        said = command("publish", "--to", str(shelf), home=home, before=bound_by_permissions)
        assert_told(said, str(shelf))
    said = command("publish", "--to", str(shelf), home=home)
    assert said.code == 0, said.err


@pytest.fixture
def place(stock: Stock, tmp_path: Path) -> Path:
    """A backup of the home."""
    made = tmp_path / "backups"
    backed_up(stock.settings, backup_store(stock.settings, str(made)))
    return made


def test_a_backup_without_the_right_names_the_place_and_what_to_do_and_is_none(stock, place, run, figure):
    (stock.home / "analyses").mkdir(mode=0o700)
    mine = stock.home / "analyses" / "mine.ipynb"
    mine.write_text("{}")
    known, refused = sorted(place.rglob("*.json")), 0
    for path, mode, remedy in (
        (place, 0o000, "or name another place"),
        (place / ".building", 0o500, "or name another place"),
        (mine, 0o000, "ask its owner for the right, or move it elsewhere"),
        (mine.parent, 0o000, "Ask its owner for the right"),
        (stock.settings.data, 0o500, "Ask its owner for the right"),
    ):
        stock.record(1)
        with stock.stands(), allowed(path, mode), held_to_permissions():
            said = run("backup", str(place), home=stock.home)
            assert_told(said, "Permission denied", str(path), remedy)
        assert list(stock.settings.data.glob(".backup-*")) == []
        assert sorted(place.rglob("*.json")) == known
        refused += 1
    said = run("backup", str(place), home=stock.home)
    assert said.code == 0, said.err
    stock.works_again()
    figure("permission_refusals_of_backups", refused, "backups", lost=0)


def test_a_restore_without_the_right_names_the_place_and_brings_back_nothing(stock, place, run, tmp_path):
    back = tmp_path / "back"
    back.mkdir()
    part = next(p for p in (place / "blobs").rglob("*") if p.is_file())
    into = ("restore", str(place), "--quick", "--into")
    for path, mode, target, remedy in (
        (back, 0o500, back, "restore elsewhere"),
        (back, 0o500, back / "new", "restore elsewhere"),
        (place, 0o000, back, "or name another place"),
        (part, 0o000, back, "Ask its owner for the right"),
    ):
        with stock.stands(), allowed(path, mode), held_to_permissions():
            said = run(*into, str(target), home=stock.home)
            assert_told(said, "Permission denied", str(path), remedy)
            assert "--recheck" not in said.err and "--home" not in said.err
        assert {p.name for p in back.rglob("*") if p.is_file()} <= {"load.lock"}
        assert list(back.glob(".restoring*")) == []
    said = run(*into, str(back), home=stock.home)
    assert said.code == 0, said.err
    Stock(back, stock.acknowledged).works_again()


def test_retention_and_erasure_without_the_right_change_nothing(stock, run, whole):
    record.rows(
        "raw_payloads",
        [{"payload_id": "p", "fetched_at": datetime(2025, 1, 5), "payload": "{}"}],
        home=stock.home,
    )
    stock.works_again()
    erase = ("erase", "--account", "tiktok:a1", "--yes")
    for words in (("retain",), erase):
        for place in ("data/versions", *(("data", "data/versions/v000002.duckdb") if whole else ())):
            mode = 0o000 if place.endswith(".duckdb") else 0o500
            with stock.stands(), allowed(stock.home / place, mode):
                said = command(*words, home=stock.home, before=bound_by_permissions)
                assert_told(said, "Permission denied", str(stock.home / place), "Ask its owner for the right")
    note = stock.settings.data / "erasing.json"
    note.write_text("{}")
    with stock.stands(), allowed(note, 0o000):
        said = command(*erase, home=stock.home, before=bound_by_permissions)
        assert_told(said, "Permission denied", str(note), "Ask its owner for the right")
    note.unlink()
    said = run("retain", home=stock.home)
    assert said.code == 0, said.err
    assert "raw payload" in said.err
    said = run(*erase, home=stock.home)
    assert said.code == 0, said.err
    assert 0 < len(stock.loaded()) < 305


def test_fetching_into_a_folder_that_may_not_be_written_names_it_and_the_picture_is_fetched_later(
    stock, run, monkeypatch
):
    media = stock.settings.data / "media"
    media.mkdir(mode=0o700)
    with serving() as stub:
        record.rows(
            "slides",
            [{"post_id": "tiktok:1", "slide_index": 1, "slide_url": stub.address("/picture/1")}],
            home=stock.home,
        )
        stock.works_again()
        fetch = ("media", "fetch")
        monkeypatch.setenv("WORKBENCH_MEDIA_PRIVATE_HOSTS", stub.host)
        with allowed(media, 0o500), held_to_permissions():
            said = run(*fetch, home=stock.home)
            assert_told(said, "Permission denied", str(media), "Ask its owner for the right")
        assert [p for p in media.rglob("*") if p.is_file()] == []
        said = run(*fetch, home=stock.home)
        assert said.code == 0, said.err
        assert len([p for p in media.rglob("*") if p.is_file()]) == 1
    stock.works_again()
