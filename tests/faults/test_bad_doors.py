"""The other doors: batches that strangers wrote, recorded values, mappings, settings."""

# ruff: noqa: E501 - a line for each case

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from workbench import record
from workbench.errors import UsageError, WorkbenchError
from workbench.settings import Settings, load_settings
from workbench.sources.importing import import_paths
from workbench.sources.mapping_file import read_mapping
from workbench.warehouse.load import load

GOOD = "select 't1' as task_id, 'x' as title"
TABLES = {f"t{n}": {"file": "a", "rows": 1, "sha256": "a"} for n in range(10_000)}
MANIFESTS: dict[str, dict[str, Any]] = {
    "notes a number": {"notes": 5}, "notes a text": {"notes": "abc"}, "notes nested": {"notes": [1, [2]]}, "notes none": {"notes": None},
    "source a number": {"source": 5}, "source none": {"source": None}, "source half a character": {"source": "\ud800"},
    "entity an object": {"entity": {"a": 1}}, "file name a list": {"file_name": [1]}, "hash none": {"content_hash": None},
    "captured without dashes": {"captured_at": "20250101"}, "captured in a week": {"captured_at": "2025-W01-1"},
    "captured with an offset": {"captured_at": "2025-01-01T00:00:00+02:00"}, "captured on no day": {"captured_at": "2025-02-30"},
    "created a number": {"created_at": 5}, "window without dashes": {"window_from": "20250101"}, "tables a list": {"tables": []},
    "a table unknown": {"tables": {"x": {"file": "a", "rows": 1, "sha256": "a"}}}, "10,000 tables": {"tables": TABLES},
    "a path upwards": {"tables": {"tasks": {"file": "../x", "rows": 1, "sha256": "a"}}},
    "an absolute path": {"tables": {"tasks": {"file": "/etc/passwd", "rows": 1, "sha256": "a"}}},
    "a path with no end": {"tables": {"tasks": {"file": "..", "rows": 1, "sha256": "a"}}},
    "rows below 0": {"tables": {"tasks": {"file": "a", "rows": -1, "sha256": "a"}}}, "a newer format": {"format": 99},
    "a format in words": {"format": "1"}, "a member too many": {"extra": 1}, "another batch's id": {"batch_id": "../../x"},
}  # fmt: skip
RAW = {
    "deep": b"[" * 100_000,
    "a list": b"[]",
    "5,000 digits": b'{"format":' + b"9" * 5_000 + b"}",
    "empty": b"",
    "bytes": b"\xff\0",
}
PARQUETS = {
    "a struct as text": "select 't1' as task_id, {'a': 1} as title", "a list as text": "select 't1' as task_id, [1] as title",
    "bytes as text": "select 't1' as task_id, 'a\\xFF'::blob as title", "an unknown column": "select 't1' as task_id, 1 as \"x'; drop table posts;--\"",
    "1,000 columns": "select 't1' as task_id, " + ", ".join(f"1 as c{n}" for n in range(1_000)), "no key": "select 'x' as title",
    "a column of the loader": "select 't1' as task_id, 1 as file_row_number, 2 as file_row_number_1",
}  # fmt: skip


def stranger(settings: Settings, what: str, query: str = GOOD, raw: bytes | None = None, **said: Any) -> Path:
    """A batch as a stranger may write it."""
    batch_id = hashlib.md5(what.encode(), usedforsecurity=False).hexdigest()
    folder = settings.inbox / batch_id
    folder.mkdir(parents=True)
    file = folder / "tasks.parquet"
    duckdb.sql(f"copy ({query}) to '{file}'")
    tables = {
        "tasks": {"file": file.name, "rows": 1, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
    }
    at = "2025-01-01 00:00:00"
    manifest = {
        "batch_id": batch_id,
        "source": "x",
        "captured_at": at,
        "content_hash": batch_id,
        "tables": tables,
        "created_at": at,
        "format": 1,
    }
    (folder / "manifest.json").write_bytes(json.dumps(manifest | said).encode() if raw is None else raw)
    return folder


def test_batches_of_strangers_are_refused_one_by_one_and_stop_no_other(
    tmp_path: Path, figure: Callable[..., None]
) -> None:
    settings = load_settings(tmp_path / "home")
    good = stranger(settings, "good")
    for what, said in MANIFESTS.items():
        stranger(settings, what, **said)
    for what, content in RAW.items():
        stranger(settings, what, raw=content)
    for what, query in PARQUETS.items():
        stranger(settings, what, query)
    for what, make in (
        ("pipe", os.mkfifo),
        ("device", lambda path: path.symlink_to("/dev/zero")),
        ("folder", Path.mkdir),
    ):
        file = stranger(settings, what) / "manifest.json"
        file.unlink()
        make(file)
    elsewhere = tmp_path / "elsewhere"
    linked = stranger(settings, "a link")
    linked.rename(elsewhere)
    linked.symlink_to(elsewhere)
    (settings.inbox / os.fsdecode(b"a\xff")).mkdir()
    n = len(list(settings.inbox.iterdir()))
    outcome = load(settings)
    done = [b.batch_id for b in outcome.batches if b.status == "completed"]
    assert done == [good.name]
    assert len(outcome.failed) == n - 1 and all(b.error for b in outcome.failed)
    assert not list(settings.inbox.iterdir())
    assert elsewhere.is_dir() and (elsewhere / "tasks.parquet").is_file()
    assert not load(settings).batches
    figure("strange_batches", n - 1, "batches", refused=len(outcome.failed), loaded=len(done), tracebacks=0)


def circle() -> list[Any]:
    held: list[Any] = []
    held.append(held)
    return held


@pytest.mark.parametrize(
    "entry",
    [
        {"post_id": "\ud800"}, {"post_id": b"x"}, {"post_id": object()}, {"nothing": 1}, {"caption": circle()}, {"caption": 10**5000},
        {"batch_id": "x"}, {"caption": {"a": circle()}}, 5, "text", {5: 1},
    ],
    ids=lambda e: type(next(iter(e.values()), None)).__name__ if isinstance(e, dict) else str(e),
)  # fmt: skip
def test_what_can_not_be_recorded_is_told_and_nothing_is_written(tmp_path: Path, entry: Any) -> None:
    with pytest.raises(UsageError):
        record.rows("posts", [{"post_id": "tiktok:1"}, entry], home=tmp_path)
    assert not load(load_settings(tmp_path)).batches


def test_hostile_recorded_values_are_loaded_as_they_are_or_rejected_by_row(
    tmp_path: Path, figure: Callable[..., None]
) -> None:
    texts = [
        "'; drop table posts;--",
        "../../x",
        "$(touch x)",
        "a\0b",
        "\u202e",
        "=1+1",
        "x" * 1_000_000,
        "\ufeff",
        "{}",
        "[" * 1_000,
    ]
    for n, caption in enumerate(texts, 1):
        record.post(post_id=f"tiktok:{n}", caption=caption, home=tmp_path)
    bad = [-1, 1e400, 2**63, "1.2K", "2,426", 1.5, "NaN", [1], {"a": 1}]
    for n, views in enumerate(bad, 1):
        record.snapshot(post_id=f"tiktok:{n}", captured_at="2025-01-01", views=views, home=tmp_path)
    record.post(post_id="../../x", home=tmp_path)
    record.post(post_id="tiktok:7.2e18", home=tmp_path)
    settings = load_settings(tmp_path)
    outcome = load(settings)
    assert not outcome.failed
    assert outcome.version is not None
    with duckdb.connect(str(settings.versions / outcome.version.file), read_only=True) as con:
        loaded = con.execute("select caption from posts order by external_id::int").fetchall()
        (rejected,) = con.execute("select count(*) from rejected_rows").fetchone() or (0,)
        assert con.execute("select count(*) from post_snapshots").fetchall() == [(0,)]
    assert [text for (text,) in loaded] == texts
    assert rejected == len(bad) + 2
    figure("recorded_hostile_values", len(texts) + rejected, "values", loaded=len(texts), rejected=rejected)


POSTS = '[posts]\npost_id = {template = "tiktok:{id}"}\n'
MAPPINGS = [
    "a = " + "[" * 100_000, "a = " + "9" * 5_000, "file = 5\n" + POSTS, "posts = 5", "[[posts]]\npost_id = 1", POSTS + "caption = 5",
    POSTS + 'caption = {column = "id", remove = 5}', POSTS + 'caption = {column = "id", format = 5}', POSTS + 'caption = {column = "id", format = []}',
    POSTS + 'caption = {column = "id", pattern = "(?=x)(y)"}', POSTS + 'caption = {column = "id", pattern = "(a)\\\\1"}',
    POSTS + 'caption = {column = "id", percent = "no"}', POSTS + 'posted_at = {column = "id", time_zone = "../../etc/passwd"}',
    POSTS + 'caption = {template = ""}', "a" + ".a" * 100_000 + " = 1", "\0", "# " + "x" * 300_000, POSTS + "caption = {column = \"id\", values = [1]}",
    'x = """' + "y" * 100,
]  # fmt: skip


@pytest.mark.parametrize("text", MAPPINGS, ids=range(len(MAPPINGS)))
def test_a_hostile_mapping_is_refused_with_a_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "m.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"m\.toml"):
        read_mapping(path)


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 100_000,
        "keep_versions = " + "9" * 5_000,
        "time_zone = '../../etc/passwd'",
        "\0",
        "keep_versions = nan",
        "[data]\nx = 1",
    ],
)
def test_hostile_settings_are_refused_with_a_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "workbench.toml"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(WorkbenchError, match=r"workbench\.toml"):
        load_settings(tmp_path)


def test_a_mapping_fills_no_table_but_those_it_names_and_values_stay_values(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "home")
    (tmp_path / "m.toml").write_text(
        '[tasks]\ntask_id = "id"\ntitle = {template = "{a}\'; drop table posts;-- {b}"}\n'
    )
    (tmp_path / "f.csv").write_text("id,a,b\nt1,{b},'; select 1\n")
    import_paths([tmp_path / "f.csv"], settings, options={"mapping": tmp_path / "m.toml"})
    outcome = load(settings)
    assert outcome.version is not None
    with duckdb.connect(str(settings.versions / outcome.version.file), read_only=True) as con:
        assert con.execute("select title from tasks").fetchall() == [
            ("{b}'; drop table posts;-- '; select 1",)
        ]
