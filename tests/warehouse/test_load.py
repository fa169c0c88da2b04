"""The one writer: what becomes of batches, good, bad, seen before and interrupted."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta

import duckdb
import pytest
from given import NOON, POST, batch, content, loaded, query

import workbench
from workbench import record
from workbench.errors import WorkbenchError
from workbench.settings import load_settings
from workbench.warehouse import load as loader
from workbench.warehouse import marts, versions
from workbench.warehouse.batches import file_sha256, waiting
from workbench.warehouse.load import known_batches, known_files, load
from workbench.warehouse.schema import schema
from workbench.warehouse.tables import TABLES

POSTS = {"posts": [{"post_id": POST, "account_id": "tiktok:ann"}]}
OTHERS = {"posts": [{"post_id": "tiktok:2"}]}


@pytest.fixture
def plain(without_marts, settings):
    """Settings of an empty home whose loads leave out the marts."""
    return settings


def rewrite(folder, **changes):
    """Change a batch's manifest."""
    file = folder / "manifest.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def swap(folder, table, sql):
    """Put other rows, with the right hash, into a batch's file."""
    file = folder / f"{table}.parquet"
    with duckdb.connect() as con:
        con.execute(f"COPY ({sql}) TO '{file}' (FORMAT parquet)")
    tables = json.loads((folder / "manifest.json").read_text())["tables"]
    rewrite(folder, tables={**tables, table: {**tables[table], "sha256": file_sha256(file)}})


def damage(folder):
    file = folder / "posts.parquet"
    whole = bytearray(file.read_bytes())
    whole[10] ^= 1
    file.write_bytes(whole)


def escape(folder):
    (folder.parent.parent / "outside.parquet").write_bytes((folder / "posts.parquet").read_bytes())
    sha256 = file_sha256(folder / "posts.parquet")
    rewrite(folder, tables={"posts": {"file": "../../outside.parquet", "rows": 1, "sha256": sha256}})


def not_parquet(folder):
    (folder / "posts.parquet").write_bytes(b"post_id\n")
    sha256 = file_sha256(folder / "posts.parquet")
    rewrite(folder, tables={"posts": {"file": "posts.parquet", "rows": 1, "sha256": sha256}})


def unknown_table(folder):
    tables = json.loads((folder / "manifest.json").read_text())["tables"]
    rewrite(folder, tables={"plosts": tables["posts"]})


BROKEN = {
    "damaged": (damage, "posts.parquet is damaged: its hash differs. Import the source again."),
    "missing": (lambda f: (f / "posts.parquet").unlink(), "posts.parquet is missing from the batch"),
    "outside": (escape, "outside.parquet is missing from the batch"),
    "no parquet": (not_parquet, "posts.parquet"),
    "unknown table": (unknown_table, "the batch names table 'plosts', which does not exist"),
    "unknown column": (
        lambda f: swap(f, "posts", "SELECT 'tiktok:1' AS post_id, 'x' AS captoin"),
        "table posts has no column 'captoin'. Did you mean 'caption'? Its columns: post_id,",
    ),
    "no key": (
        lambda f: swap(f, "posts", "SELECT 'x' AS caption"),
        "rows of table posts lack the column 'post_id'",
    ),
    "no manifest": (lambda f: (f / "manifest.json").unlink(), "can't be read as a manifest"),
    "newer format": (
        lambda f: rewrite(f, format=2),
        "manifest format 2, this one reads 1). Update the workbench",
    ),
    "foreign": (lambda f: rewrite(f, batch_id="x"), "it is of batch x"),
    "no instant": (lambda f: rewrite(f, captured_at="soon"), "soon"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_batch_is_set_aside_with_the_reason_and_the_others_are_applied(plain, how):
    broken, good = batch(plain, POSTS), batch(plain, OTHERS)
    spoil, told = BROKEN[how]
    spoil(broken)
    outcome = load(plain)
    [failed] = outcome.failed
    assert failed.batch_id == broken.name and told in (failed.error or "")
    assert query(plain, "SELECT post_id FROM posts") == [("tiktok:2",)]
    [[status, kept]] = query(
        plain, f"SELECT status, error_message FROM batches WHERE batch_id = '{broken.name}'"
    )
    assert (status, kept) == ("failed", failed.error)
    assert (plain.data / "refused" / broken.name).is_dir()
    assert not broken.exists() and not good.exists()
    assert known_batches(plain) == {broken.name: "failed", good.name: "completed"}


def test_a_batch_that_failed_is_tried_again_when_it_comes_again(plain):
    folder = batch(plain, POSTS)
    damage(folder)
    assert load(plain).failed
    assert batch(plain, POSTS) == folder
    assert not load(plain).failed
    assert query(plain, "SELECT status FROM batches") == [("completed",)]


def test_a_batch_without_rows_is_completed(plain):
    folder = batch(plain, {})
    assert [b.status for b in load(plain).batches] == ["completed"]
    assert known_batches(plain) == {folder.name: "completed"}


def test_a_failure_in_the_middle_leaves_nothing_of_the_batch(plain):
    loaded(plain, OTHERS)
    before = content(plain)
    tables = {"accounts": [{"account_id": "tiktok:x", "external_id": "1"}], "posts": POSTS["posts"]}
    tables |= {"slides": [{"post_id": POST, "slide_index": "-1"}], "vas": [{"va_id": "v"}]}
    folder = batch(plain, tables)
    swap(folder, "vas", "SELECT 'v' AS va_id, 1 AS colour")  # the last table in order
    [failed] = load(plain).failed
    assert (failed.read, failed.accepted, failed.rejected) == (1 + 1 + 1, 0, 0)
    assert content(plain) == before
    assert query(plain, "SELECT count(*) FROM rejected_rows") == [(0,)]


def test_a_batch_seen_before_is_unchanged_and_makes_no_version(settings):
    loaded(settings, POSTS)
    batch(settings, POSTS)
    outcome = load(settings)
    assert not outcome.published
    assert (outcome.version.version, outcome.total("read"), outcome.total("unchanged")) == (1, 1, 1)
    assert waiting(settings.inbox) == []


def test_the_same_rows_in_another_batch_are_unchanged(plain):
    loaded(plain, POSTS)
    before = content(plain)
    outcome = loaded(plain, POSTS | {"vas": [{"va_id": "v"}]})
    assert (outcome.total("accepted"), outcome.total("unchanged")) == (1, 1)
    assert content(plain) == before | {"vas": content(plain)["vas"]}


def test_a_load_with_nothing_to_do_publishes_nothing(settings):
    loaded(settings, POSTS)
    outcome = load(settings)
    assert not outcome.published and outcome.batches == [] and outcome.version.version == 1


def test_a_batch_that_comes_while_a_load_looks_around_is_not_lost(settings, monkeypatch):
    loaded(settings, POSTS)
    batch(settings, POSTS)  # seen before
    looked = loader._marts_are_old

    def meanwhile(*arguments):
        batch(settings, OTHERS)
        return looked(*arguments)

    monkeypatch.setattr(loader, "_marts_are_old", meanwhile)
    assert not load(settings).published
    monkeypatch.setattr(loader, "_marts_are_old", looked)
    load(settings)
    assert query(settings, "SELECT post_id FROM posts ORDER BY ALL") == [(POST,), ("tiktok:2",)]


def test_a_first_load_of_nothing_makes_nothing_but_a_migration_an_empty_warehouse(settings):
    assert not load(settings).published
    assert not settings.versions.exists()
    outcome = load(settings, migrating=True)
    assert outcome.published and outcome.version.version == 1 and outcome.version.as_of is None
    assert query(settings, "FROM post_performance") == []


def test_null_never_overwrites_and_the_later_capture_wins_in_any_order(plain):
    later = {"posts": [{"post_id": POST, "caption": "new", "title": None}]}
    earlier = {"posts": [{"post_id": POST, "caption": "old", "title": "kept"}]}
    loaded(plain, later, NOON + timedelta(days=1))
    loaded(plain, earlier, NOON)
    assert query(plain, "SELECT caption, title FROM posts") == [("new", "kept")]
    loaded(plain, {"posts": [{"post_id": POST, "title": "between"}]}, NOON + timedelta(hours=1))
    assert query(plain, "SELECT caption, title FROM posts") == [("new", "between")]


def test_a_row_s_own_time_of_capture_goes_before_the_batch_s(plain):
    loaded(plain, {"posts": [{"post_id": POST, "caption": "old"}]}, NOON)
    row = {"post_id": POST, "caption": "older", "seen_at": "2025-12-01 00:00:00"}
    loaded(plain, {"posts": [row]}, NOON + timedelta(days=9))
    assert query(plain, "SELECT caption FROM posts") == [("old",)]


def test_of_conflicting_counts_at_one_instant_the_largest_views_win_and_a_check_tells(plain):
    at = {"post_id": POST, "captured_at": "2026-01-01 00:00:00"}
    loaded(plain, {"post_snapshots": [{**at, "views": "9", "likes": "1"}]})
    assert query(plain, "FROM quality_checks") == []
    loaded(plain, {"post_snapshots": [{**at, "views": "7", "likes": "3", "shares": "2"}]})
    assert query(plain, "SELECT views, likes, shares FROM post_snapshots") == [(9, 1, 2)]
    assert query(plain, "SELECT check_name, table_name, checked, failed, severity FROM quality_checks") == [
        ("conflicting_counts", "post_snapshots", 1, 1, "low")
    ]


def test_two_likes_beside_the_same_views_are_a_conflict_too(plain):
    at = {"post_id": POST, "captured_at": "2026-01-01 00:00:00", "views": "9"}
    loaded(plain, {"post_snapshots": [{**at, "likes": "1"}, {**at, "likes": "2"}]})
    assert query(plain, "SELECT failed FROM quality_checks") == [(1,)]


def test_counts_that_complete_each_other_are_no_conflict(plain):
    at = {"post_id": POST, "captured_at": "2026-01-01 00:00:00"}
    loaded(
        plain,
        {"post_snapshots": [{**at, "views": "9"}, {**at, "likes": "2"}, {**at, "views": "9", "shares": "1"}]},
    )
    assert query(plain, "SELECT views, likes, shares FROM post_snapshots") == [(9, 2, 1)]
    assert query(plain, "FROM quality_checks") == []


def test_what_rows_refer_to_is_there(plain):
    post = {
        "post_id": POST,
        "account_id": "tiktok:ann",
        "va_id": "v",
        "set_id": "s",
        "creator_id": "c",
        "sound_id": "o",
    }
    loaded(plain, {"posts": [post], "trend_sources": [{"trend_id": "t", "post_id": "tiktok:2"}]})
    for table, key in {
        "accounts": "tiktok:ann",
        "vas": "v",
        "sets": "s",
        "creators": "c",
        "sounds": "o",
    }.items():
        assert query(plain, f"SELECT {table.removesuffix('s')}_id FROM {table}") == [(key,)]
    assert query(plain, "SELECT platform, external_id FROM posts WHERE post_id = 'tiktok:2'") == [
        ("tiktok", "2")
    ]


def least(table):
    """A row with only what a table requires and refers to."""
    values = {"BIGINT": "1", "DATE": "2026-01-01", "TIMESTAMP": "2026-01-01 00:00:00", "VARCHAR": "x"}
    ids = {"post_id": POST, "account_id": "tiktok:ann", "follower_id": "tiktok:fan", "platform": "tiktok"}
    ids |= {"currency": "USD", "scope": "all"}
    row = {"amount": "1"} if table.name == "costs" else {}
    for column in (*table.key, *table.required, *table.refers):
        allowed = table.choices.get(column, (values.get(schema()[table.name][column], "1"),))
        row[column] = ids.get(column, allowed[0])
    return row


@pytest.mark.parametrize("name", TABLES)
def test_the_least_row_of_any_table_stands_and_makes_what_it_refers_to(plain, name):
    table = TABLES[name]
    outcome = loaded(plain, {name: [least(table)]})
    assert outcome.total("rejected") == 0, query(plain, "SELECT reason FROM rejected_rows")
    for other in table.refers.values():
        assert query(plain, f"SELECT count(*) FROM {other}") == [(1,)]


def test_local_days_follow_the_settings_the_account_and_daylight_saving(tmp_path, without_marts):
    settings = load_settings(tmp_path, time_zone="Europe/Berlin")
    posts = [
        {"post_id": "tiktok:1", "posted_at": "2026-01-01 23:30:00"},
        {"post_id": "tiktok:2", "posted_at": "2026-07-01 22:30:00"},
        {"post_id": "tiktok:3", "posted_at": "2026-01-01 23:30:00", "posted_at_precision": "day"},
        {"post_id": "tiktok:4", "posted_at": "2026-01-01 23:30:00", "account_id": "tiktok:ann"},
    ]
    accounts = [{"account_id": "tiktok:ann", "time_zone": "America/New_York"}]
    loaded(settings, {"posts": posts, "accounts": accounts})
    assert query(
        settings, "SELECT posted_local_on::VARCHAR, posted_local_hour FROM posts ORDER BY post_id"
    ) == [
        ("2026-01-02", 0),
        ("2026-07-02", 0),
        ("2026-01-01", None),
        ("2026-01-01", 18),
    ]


def test_what_the_loader_writes_itself_is_not_taken_from_a_batch(plain):
    row = {
        "post_id": POST,
        "posted_at": "2026-01-01 00:00:00",
        "posted_local_on": "1999-01-01",
        "batch_id": "x",
    }
    loaded(plain, {"posts": [row]})
    [[day, batch_id]] = query(plain, "SELECT posted_local_on::VARCHAR, batch_id FROM posts")
    assert day == "2026-01-01" and batch_id in known_batches(plain)


def test_interrupted_builds_are_swept(plain):
    loaded(plain, POSTS)
    stale = plain.versions / ".building-1-x.duckdb"
    stale.write_bytes(b"half")
    (plain.versions / ".building-1-x.duckdb.wal").write_bytes(b"half")
    loaded(plain, OTHERS)
    assert [p.name for p in plain.versions.iterdir() if p.name.startswith(".")] == []


def test_an_interrupted_load_leaves_the_version_and_the_inbox_as_they_were(plain, monkeypatch):
    loaded(plain, POSTS)
    folder = batch(plain, OTHERS)

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(marts, "refresh", interrupt)
        with pytest.raises(KeyboardInterrupt):
            load(plain)
    assert folder.is_dir()
    assert versions.current(plain.versions).version == 1
    assert sorted(p.name for p in plain.versions.iterdir()) == [
        "current.json",
        "v000001.duckdb",
        "v000001.json",
    ]
    assert load(plain).total("accepted") == 1


def test_a_pointer_that_can_not_be_moved_leaves_the_version_before_and_the_next_load_loads(
    plain, monkeypatch
):
    loaded(plain, POSTS)
    batch(plain, OTHERS)

    replace = versions._write

    def crash(path, text):
        if path.name == versions.POINTER:
            raise OSError("no space left on device")
        replace(path, text)

    with monkeypatch.context() as patch:
        patch.setattr(versions, "_write", crash)
        with pytest.raises(OSError, match="no space"):
            load(plain)
    assert not list(plain.versions.glob("*2*"))  # what a kill leaves: tests/faults/test_killed_loading.py
    assert versions.current(plain.versions).version == 1
    assert query(plain, "SELECT post_id FROM posts") == [(POST,)]
    outcome = load(plain)
    assert (outcome.version.version, outcome.total("accepted")) == (2, 1)
    assert query(plain, "SELECT count(*) FROM posts") == [(2,)]


def test_a_crash_before_the_inbox_is_cleared_loads_nothing_twice(plain):
    folder = batch(plain, POSTS)
    copy = shutil.copytree(folder, plain.home / "copy")
    load(plain)
    shutil.copytree(copy, folder)
    assert load(plain).total("unchanged") == 1
    assert not folder.exists()


def test_a_file_is_known_by_its_content_and_its_reader(plain):
    batch(plain, POSTS, digest="d")
    load(plain)
    known = known_files(plain)
    assert known("d", "test") == NOON
    assert known("d", "other") is None and known("e", "test") is None


def test_a_version_is_as_of_its_newest_count(plain):
    at = {"post_id": POST, "captured_at": "2026-01-01 09:00:00", "views": "9"}
    assert loaded(plain, {"post_snapshots": [at]}).version.as_of == "2026-01-01 09:00:00"


def test_a_warehouse_of_a_newer_schema_is_refused_even_if_nothing_waits(settings):
    loaded(settings, POSTS)
    for file in (settings.versions / "current.json", settings.versions / "v000001.json"):
        file.write_text(json.dumps({**json.loads(file.read_text()), "schema_version": 99}))
    with pytest.raises(WorkbenchError, match=r"v000001.duckdb has schema 99; .* Update the workbench"):
        load(settings)


@pytest.mark.parametrize("waits", [True, False])
def test_a_version_that_cannot_be_opened_is_told_with_what_to_do(settings, waits):
    loaded(settings, POSTS)
    (settings.versions / "v000001.duckdb").write_bytes(b"no database")
    if waits:
        batch(settings, OTHERS)
    with pytest.raises(
        WorkbenchError, match=r"v000001.duckdb can't be opened: .* Nothing was loaded. Copy an older"
    ):
        load(settings)
    assert len(waiting(settings.inbox)) == waits


def test_progress_is_told_for_each_batch(plain):
    batch(plain, POSTS)
    batch(plain, OTHERS)
    told = []
    load(plain, progress=lambda name, n, total: told.append((n, total)))
    assert told == [(0, 2), (1, 2)]


@pytest.mark.usefixtures("without_marts")
def test_a_home_may_be_called_anything(tmp_path):
    settings = load_settings(tmp_path / 'it\'s "my"; home é [1]*')
    loaded(settings, POSTS)
    record.post(post_id="tiktok:2", home=settings.home)
    assert not load(settings).failed
    with workbench.connect(settings.home) as wb:
        assert wb.table("posts").count().execute() == 2
