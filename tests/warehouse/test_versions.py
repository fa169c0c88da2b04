"""Immutable versions, the pointer to the newest, the lock of the one loader, and readers beside it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time

import pytest
from given import POST, batch, loaded, query
from home_files import write_settings

import workbench
from workbench import record
from workbench.errors import UsageError, WorkbenchError
from workbench.safekeeping.verify import verified
from workbench.settings import load_settings
from workbench.warehouse import versions
from workbench.warehouse.load import load

POSTS = {"posts": [{"post_id": POST}]}


def post(n):
    return {"posts": [{"post_id": f"tiktok:{n}"}]}


def python(code, *arguments, **more):
    """Another process that runs code; its standard output is a pipe."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True, **more)


def said(process):
    line = process.stdout.readline()
    assert line, process.wait(10)
    return line.strip()


def end(process):
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return output


@pytest.mark.usefixtures("without_marts")
def test_a_published_version_never_changes(settings):
    loaded(settings, POSTS)
    first = (settings.versions / "v000001.duckdb").read_bytes()
    loaded(settings, post(2))
    assert (settings.versions / "v000001.duckdb").read_bytes() == first
    assert versions.current(settings.versions).file == "v000002.duckdb"


@pytest.mark.usefixtures("without_marts")
def test_a_version_is_private_and_has_no_log_beside_it(settings):
    loaded(settings, POSTS)
    assert sorted(p.name for p in settings.versions.iterdir()) == [
        "current.json",
        "v000001.duckdb",
        "v000001.json",
    ]
    assert all(p.stat().st_mode & 0o077 == 0 for p in (settings.versions, *settings.versions.iterdir()))


@pytest.mark.usefixtures("without_marts")
def test_the_newest_versions_stay_and_those_that_are_pinned(tmp_path):
    settings = load_settings(tmp_path, keep_versions=2)
    loaded(settings, post(1))
    (settings.versions / "v000001.pin").touch()
    outcomes = [loaded(settings, post(n)) for n in (2, 3, 4)]
    assert [o.pruned for o in outcomes] == [[], [], [2]]
    assert versions.kept_versions(settings.versions) == [1, 3, 4]
    assert not (settings.versions / "v000002.json").exists()
    with workbench.connect(tmp_path, version=1) as wb:
        assert wb.table("posts").count().execute() == 1


@pytest.mark.usefixtures("without_marts")
def test_an_older_version_can_be_read_and_an_absent_one_is_named(settings):
    loaded(settings, post(1))
    loaded(settings, post(2))
    with workbench.connect(settings.home, version=1) as wb:
        assert (wb.version, wb.table("posts").count().execute()) == (1, 1)
    with pytest.raises(UsageError, match=r"Version 9 of the warehouse is not here. Kept: 1, 2."):
        workbench.connect(settings.home, version=9)


def test_a_lost_pointer_loses_no_version(settings):
    for _ in range(2):
        load(settings, migrating=True)
        write_settings(settings.home, f"viral_views = {20_000 + _}\n")
        settings = load_settings(settings.home)
    kept = versions.kept_versions(settings.versions)
    assert kept == [1, 2]
    (settings.versions / "current.json").unlink()
    with pytest.raises(WorkbenchError, match=r"versions 1, 2 are here.*copy its v\*\.json to current\.json"):
        load(settings, migrating=True)
    assert versions.kept_versions(settings.versions) == kept


def test_a_first_version_without_a_pointer_is_named_by_the_next_load(settings):
    record.post(post_id=POST, home=settings.home)
    load(settings)
    pointer = settings.versions / "current.json"
    said = pointer.read_text()
    pointer.unlink()
    assert ("pointer", "low") in [(f.what, f.severity) for f in verified(settings, quick=True)]
    load(settings)
    assert pointer.read_text() == said
    assert query(settings, "SELECT post_id FROM posts") == [(POST,)]


def test_there_is_no_version_before_the_first_load(settings):
    assert versions.current(settings.versions) is None
    assert versions.kept_versions(settings.versions) == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 1}'])
def test_a_pointer_that_cannot_be_read_tells_how_to_mend_it(settings, text):
    settings.versions.mkdir(parents=True)
    (settings.versions / "current.json").write_text(text)
    with pytest.raises(WorkbenchError, match=r"current.json can't be read: .* newest v\*.duckdb beside it"):
        versions.current(settings.versions)


@pytest.mark.usefixtures("without_marts")
def test_the_pointer_can_be_mended_as_its_message_says(settings):
    loaded(settings, POSTS)
    (settings.versions / "current.json").write_text("{")
    (settings.versions / "current.json").write_bytes((settings.versions / "v000001.json").read_bytes())
    assert query(settings, "SELECT post_id FROM posts") == [(POST,)]


def test_what_was_not_checkpointed_is_not_published(settings):
    building = versions.start(settings.versions, None)
    building.touch()
    building.with_name(building.name + ".wal").touch()
    with pytest.raises(WorkbenchError, match="was not checkpointed; it is not published"):
        versions.publish(settings.versions, building, number=1, schema=1, as_of=None, now="2026-01-01")
    assert versions.current(settings.versions) is None


HOLD = """
import sys
from workbench.settings import load_settings
from workbench.warehouse.versions import loader_lock
with loader_lock(load_settings(sys.argv[1]), "workbench import a.csv"):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.mark.usefixtures("without_marts")
def test_a_second_loader_waits_and_then_tells_who_holds_the_lock(tmp_path):
    settings = load_settings(tmp_path, lock_seconds=0.3)
    holder = python(HOLD, tmp_path)
    assert said(holder) == "held"
    began = time.monotonic()
    with pytest.raises(WorkbenchError) as error:
        load(settings)
    assert time.monotonic() - began >= 0.3
    assert f"by process {holder.pid} (workbench import a.csv) since 20" in str(error.value)
    assert "waited 0.3 s" in str(error.value) and "lock_seconds in workbench.toml" in str(error.value)
    holder.stdin.write("\n")
    end(holder)
    assert load(settings, migrating=True).published


@pytest.mark.usefixtures("without_marts")
def test_a_second_loader_goes_on_when_the_first_is_done(settings):
    holder = python(HOLD, settings.home)
    assert said(holder) == "held"
    waiting = python(
        "import sys; from workbench.settings import load_settings\n"
        "from workbench.warehouse import load, marts\n"
        "marts.refresh = lambda *a, **k: None\n"
        "print('begun', flush=True); print(load.load(load_settings(sys.argv[1]), migrating=True).published)",
        settings.home,
    )
    assert said(waiting) == "begun"
    time.sleep(0.3)
    assert versions.current(settings.versions) is None
    holder.stdin.write("\n")
    end(holder)
    assert end(waiting).split() == ["True"]


@pytest.mark.usefixtures("without_marts")
def test_a_loader_that_was_killed_holds_nothing(settings):
    holder = python(HOLD, settings.home)
    assert said(holder) == "held"
    holder.kill()
    holder.communicate()
    assert (settings.data / "load.holder.json").exists()
    assert load(settings, migrating=True).published
    assert not (settings.data / "load.holder.json").exists()


def test_a_lock_without_a_note_is_told_as_well(tmp_path):
    settings = load_settings(tmp_path, lock_seconds=0)
    holder = python(HOLD, tmp_path)
    assert said(holder) == "held"
    (settings.data / "load.holder.json").write_text("{}")
    with pytest.raises(WorkbenchError, match="is being loaded by another process; waited 0 s"):
        load(settings)
    holder.stdin.write("\n")
    end(holder)


READ = """
import sys, workbench
with workbench.connect(sys.argv[1]) as wb:
    posts = wb.table("posts")
    for line in sys.stdin:
        if line.strip() == "refresh":
            wb.refresh()
            posts = wb.table("posts")
        print(wb.version, posts.count().execute(), flush=True)
"""


@pytest.mark.usefixtures("without_marts")
def test_readers_keep_their_version_during_and_after_loads_and_pruning(tmp_path):
    settings = load_settings(tmp_path, keep_versions=1)
    loaded(settings, post(1))
    other = python(READ, tmp_path)

    def ask(word):
        other.stdin.write(word + "\n")
        other.stdin.flush()
        return said(other)

    assert ask("count") == "1 1"
    with workbench.connect(tmp_path) as wb:
        posts = wb.table("posts")
        for n in (2, 3):
            loaded(settings, post(n))
            assert (wb.version, posts.count().execute()) == (1, 1)
            assert ask("count") == "1 1"
        assert versions.kept_versions(settings.versions) == [3]
        assert wb.refresh() is wb
        assert (wb.version, wb.table("posts").count().execute()) == (3, 3)
        assert ask("refresh") == "3 3"
    end(other)


LOAD_FOREVER = """
import os, sys
sys.path.insert(0, sys.argv[2])
from given import batch
from workbench.settings import load_settings
from workbench.warehouse import load, marts
marts.refresh = lambda *a, **k: None
settings = load_settings(sys.argv[1], keep_versions=1)
n = 0
while True:
    ids = [f"tiktok:{n}-{i}" for i in range(5)]
    at = {"captured_at": "2026-01-01 00:00:00", "views": "1"}
    batch(settings, {"posts": [{"post_id": p} for p in ids], "post_snapshots": [{"post_id": p, **at} for p in ids]})
    assert not load.load(settings).failed
    n += 1
    print(n, flush=True)
"""


@pytest.mark.long
def test_readers_see_whole_versions_only_while_a_loader_loops(tmp_path):
    loader = python(LOAD_FOREVER, tmp_path, os.path.dirname(__file__))
    said(loader)
    seen = []
    began = time.monotonic()
    while len(set(seen)) < 4 or time.monotonic() < began + 2:
        assert time.monotonic() < began + 60
        with workbench.connect(tmp_path) as wb:
            [[n_posts, n_snapshots]] = wb.backend.con.execute(
                "SELECT (SELECT count(*) FROM posts), (SELECT count(*) FROM post_snapshots)"
            ).fetchall()
            seen.append((wb.version, n_posts))
            assert n_posts == n_snapshots == 5 * wb.version
    loader.kill()
    loader.communicate()
    assert seen == sorted(seen)


@pytest.mark.usefixtures("without_marts")
@pytest.mark.long
def test_a_loader_killed_at_any_moment_leaves_a_whole_version(tmp_path):
    for delay in (0.02, 0.1, 0.2):
        loader = python(LOAD_FOREVER, tmp_path, os.path.dirname(__file__))
        said(loader)
        time.sleep(delay)
        loader.kill()
        loader.communicate()
        settings = load_settings(tmp_path)
        [[posts, snapshots]] = query(
            settings, "SELECT (SELECT count(*) FROM posts), (SELECT count(*) FROM post_snapshots)"
        )
        assert posts == snapshots and posts % 5 == 0
        assert not load(settings).failed


@pytest.mark.usefixtures("without_marts")
def test_a_reader_of_a_version_that_was_pruned_as_it_opened_gets_the_next(tmp_path, monkeypatch):
    settings = load_settings(tmp_path, keep_versions=1)
    loaded(settings, post(1))
    stale = versions.current(settings.versions)
    loaded(settings, post(2))
    found = iter([stale])
    read = versions.current
    monkeypatch.setattr(versions, "current", lambda folder: next(found, None) or read(folder))
    with workbench.connect(tmp_path) as wb:
        assert wb.version == 2


def test_the_record_of_a_version_tells_what_it_is(settings):
    loaded(settings, POSTS)
    record = json.loads((settings.versions / "v000001.json").read_text())
    assert record == json.loads((settings.versions / "current.json").read_text())
    assert (record["version"], record["file"], record["as_of"]) == (
        1,
        "v000001.duckdb",
        "2026-01-01 12:00:00",
    )


@pytest.mark.usefixtures("without_marts")
def test_a_pin_keeps_a_version_that_the_pointer_has_left(settings):
    loaded(settings, post(1))
    batch(settings, post(2))
    load(settings)
    (settings.versions / "v000001.pin").touch()
    assert versions.prune(settings.versions, 1) == []
    (settings.versions / "v000001.pin").unlink()
    assert versions.prune(settings.versions, 1) == [1]


def given_versions(folder, *numbers):
    for n in numbers:
        (folder / f"v{n:06d}.duckdb").write_bytes(b"%d" % n)
        (folder / f"v{n:06d}.json").write_text("{}")


def test_the_hash_of_a_version_is_kept_beside_it_and_goes_with_it(tmp_path):
    given_versions(tmp_path, 1, 2)
    found = versions.sha256_of(tmp_path, 1)
    assert found == hashlib.sha256(b"1").hexdigest()
    kept = tmp_path / "v000001.sha256"
    kept.write_text(kept.read_text().replace(found, "0" * 64))
    assert versions.sha256_of(tmp_path, 1) == "0" * 64, "the file was read again"
    (tmp_path / "v000001.duckdb").write_bytes(b"other")
    assert versions.sha256_of(tmp_path, 1) == hashlib.sha256(b"other").hexdigest()
    kept.write_text("garbled")
    assert versions.sha256_of(tmp_path, 1) == hashlib.sha256(b"other").hexdigest()
    assert versions.sha256_of(tmp_path, 9) == ""
    versions.prune(tmp_path, 1)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["v000002.duckdb", "v000002.json"]


def test_versions_that_the_newest_reports_name_are_pinned_and_later_let_go(tmp_path):
    given_versions(tmp_path, 1, 2, 3, 4)
    (tmp_path / "v000001.pin").write_text("the audit")
    versions.pin_reported(tmp_path, [1, 2, 9])
    assert sorted(p.name for p in tmp_path.glob("*.pin")) == ["v000001.pin", "v000002.pin"]
    assert versions.prune(tmp_path, 1) == [3]
    versions.pin_reported(tmp_path, [4])
    assert sorted(p.name for p in tmp_path.glob("*.pin")) == ["v000001.pin", "v000004.pin"], (
        "people's pins stay"
    )
    assert (tmp_path / "v000001.pin").read_text() == "the audit"
