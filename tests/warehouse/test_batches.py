"""Batches as files: visible whole or not at all, named by their content."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import duckdb
import pytest
from given import NOON, POST, batch

from workbench.errors import WorkbenchError
from workbench.warehouse.batches import content_hash, read_manifest, utc_text, waiting, write_batch

POSTS = {"posts": [{"post_id": POST}]}


def test_the_same_content_is_one_batch(settings):
    assert batch(settings, POSTS) == batch(settings, POSTS)
    assert len(waiting(settings.inbox)) == 1


def test_a_content_hash_tells_parts_apart():
    assert content_hash("a", "bc") != content_hash("ab", "c")
    assert content_hash({"a": 1, "b": 2}) == content_hash({"b": 2, "a": 1})


def test_a_manifest_tells_what_the_batch_holds(settings):
    folder = batch(settings, POSTS, file_name="a.csv", window=(NOON, NOON + timedelta(days=1)), notes=["n"])
    manifest = read_manifest(folder)
    assert manifest.batch_id == folder.name == manifest.content_hash[:32]
    assert (manifest.captured_at, manifest.window_to) == ("2026-01-01 12:00:00", "2026-01-02 12:00:00")
    assert (manifest.file_name, list(manifest.notes)) == ("a.csv", ["n"])
    assert manifest.tables["posts"]["rows"] == 1
    assert (folder / manifest.tables["posts"]["file"]).is_file()


def test_a_table_without_rows_is_left_out(settings):
    with duckdb.connect() as con:
        queries = {"posts": "SELECT 'tiktok:1' AS post_id WHERE false", "vas": "SELECT 'v' AS va_id"}
        folder = write_batch(settings.inbox, con, queries, source="t", content="c" * 64, captured_at=NOON)
    assert [p.name for p in folder.glob("*.parquet")] == ["vas.parquet"]
    assert list(read_manifest(folder).tables) == ["vas"]


def test_a_table_that_does_not_exist_is_refused_when_it_is_written(settings):
    with (
        duckdb.connect() as con,
        pytest.raises(WorkbenchError, match=r"names tables that don't exist: \['plosts'\]"),
    ):
        write_batch(
            settings.inbox, con, {"plosts": "SELECT 1"}, source="t", content="c" * 64, captured_at=NOON
        )


def test_what_fails_while_it_is_written_leaves_nothing(settings):
    queries = {"vas": "SELECT 'v' AS va_id", "posts": "SELECT no_such_column"}
    with duckdb.connect() as con, pytest.raises(duckdb.BinderException):
        write_batch(settings.inbox, con, queries, source="t", content="c" * 64, captured_at=NOON)
    assert list(settings.inbox.iterdir()) == []


def test_a_batch_that_is_being_written_is_not_waiting(settings):
    folder = batch(settings, POSTS)
    folder.rename(folder.with_name(f".building-{folder.name}"))
    assert waiting(settings.inbox) == []


def test_nothing_waits_without_an_inbox(settings):
    assert waiting(settings.inbox) == []


def test_batches_are_private(settings):
    assert batch(settings, POSTS).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (datetime(2026, 1, 2, 3), "2026-01-02 03:00:00"),
        (datetime(2026, 1, 2, 3, tzinfo=UTC), "2026-01-02 03:00:00"),
        (datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=5))), "2026-01-01 22:00:00"),
    ],
)
def test_an_instant_is_written_in_utc(instant, text):
    assert utc_text(instant) == text


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda m: "{", "can't be read as a manifest"),
        (lambda m: "[]", "can't be read as a manifest"),
        (lambda m: {**m, "colour": "red"}, "colour"),
        (lambda m: {k: v for k, v in m.items() if k != "source"}, "source"),
        (lambda m: {**m, "captured_at": "soon"}, "soon"),
        (lambda m: {**m, "captured_at": None}, "can't be read as a manifest"),
        (lambda m: {**m, "window_to": "soon"}, "soon"),
        (lambda m: {**m, "batch_id": "x"}, "it is of batch x"),
        (lambda m: {**m, "tables": ["posts"]}, "can't be read as a manifest"),
        (lambda m: {**m, "tables": {"posts": {"rows": 1}}}, "file"),
        (lambda m: {**m, "tables": {"posts": {"file": "a", "rows": "?", "sha256": ""}}}, "'?'"),
        (lambda m: {**m, "format": 99}, "manifest format 99, this one reads 1). Update the workbench"),
    ],
)
def test_a_manifest_that_is_not_right_is_refused_with_what_is_wrong(settings, change, told):
    folder = batch(settings, POSTS)
    changed = change(json.loads((folder / "manifest.json").read_text()))
    (folder / "manifest.json").write_text(changed if isinstance(changed, str) else json.dumps(changed))
    with pytest.raises(WorkbenchError) as error:
        read_manifest(folder)
    assert told in str(error.value)


def test_a_batch_without_a_manifest_is_refused(settings):
    folder = batch(settings, POSTS)
    (folder / "manifest.json").unlink()
    with pytest.raises(WorkbenchError, match="can't be read as a manifest"):
        read_manifest(folder)
