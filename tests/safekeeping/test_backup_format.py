"""What a backup's texts may say, and what is refused of them."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pytest

from workbench.errors import UsageError, WorkbenchError
from workbench.safekeeping.backup_format import (
    HEAD_BYTES,
    PART_BYTES,
    Head,
    KeptFile,
    Listing,
    backups_in,
    chosen,
    key_of,
    part_sizes,
    read_head,
    read_listing,
)
from workbench.stores import open_store


def head(**changes: object) -> Head:
    facts: dict[str, object] = {
        "made_at": "x", "workbench": "1", "encryption": "none", "version": 1, "n_files": 0, "n_bytes": 0,
        "listing": [], "blobs": {},
    }  # fmt: skip
    return Head(**{**facts, **changes})  # type: ignore[arg-type]


def test_a_listing_reads_as_it_was_written() -> None:
    listing = Listing([KeptFile("data/x", 3, "ab", 7, ["blobs/a"])], {"posts": 2}, ["no pictures"])
    assert read_listing(listing.text()) == listing


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "data/../../x", "", "data/a\nb", "data\\..\\x"])
def test_a_path_that_leads_out_of_a_home_is_refused(path: str) -> None:
    entry = {"path": path, "size": 1, "sha256": "a", "mtime_ns": 1, "parts": []}
    with pytest.raises(WorkbenchError, match="lies in no home"):
        read_listing(json.dumps({"files": [entry]}).encode())


def test_the_headers_of_a_version_are_a_part_of_their_own() -> None:
    assert list(islice(part_sizes("data/versions/v000001.duckdb"), 3)) == [HEAD_BYTES, PART_BYTES, PART_BYTES]
    assert next(part_sizes("x.parquet")) == PART_BYTES


def test_backups_are_found_by_the_begin_of_their_id(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with pytest.raises(UsageError, match="There is no backup"):
        chosen(store, None)
    text = head().text()
    for day in ("20260101", "20260102", "20260202"):
        store.put(key_of(f"{day}T000000.000000Z", text), text)
    (tmp_path / "backups" / "notes.txt").write_text("mine")
    assert [b.backup_id[:8] for b in backups_in(store)] == ["20260101", "20260102", "20260202"]
    assert chosen(store, None).backup_id.startswith("20260202")
    assert chosen(store, "20260102").backup_id.startswith("20260102")
    with pytest.raises(UsageError, match="2 backups are of '202601'"):
        chosen(store, "202601")


def test_a_text_of_another_hash_or_format_is_refused(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    text = head(format=2).text()
    store.put(key_of("20260101T000000.000000Z", text), text)
    with pytest.raises(WorkbenchError, match="Update the workbench"):
        read_head(store, chosen(store, None))
    store.put(chosen(store, None).key, text + b" ")
    with pytest.raises(WorkbenchError, match="is damaged"):
        read_head(store, chosen(store, None))
