"""Tables whose columns vary, and what their numbers stand for."""

from __future__ import annotations

import contextlib
import sqlite3

import ibis
import pytest

from workbench.sources.file_tables import followed, not_read, references, table_called
from workbench.sources.memory import in_memory
from workbench.sources.sniff import open_file

SYNONYMS = {"views": ("views", "view_count"), "seen": ("seen_at", "seen"), "absent": ("absent",)}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.db"
    with contextlib.closing(sqlite3.connect(path)) as lite:
        lite.executescript(
            'CREATE TABLE Posts ("View Count", seen, more); '
            "INSERT INTO Posts VALUES (5, '2026-01-01 10:00', 1);"
        )
    return open_file(path, time_zone="Europe/Berlin")


def test_a_column_is_found_by_any_of_its_names(file):
    table = table_called(file, ["posts"], SYNONYMS)
    assert file.con.to_pyarrow(table.rows.mutate(seen=table.instant("absent", "seen"))).to_pylist() == [
        {"source_row": 1, "views": "5", "seen": "2026-01-01 09:00:00", "absent": None}
    ]
    assert table.has == {"views", "seen"}
    assert table.notes == ("Table Posts: Not understood and left out: more.",)


def test_a_table_that_is_not_there_is_one_without_rows(file):
    table = table_called(file, ["videos"], SYNONYMS)
    assert file.con.to_pyarrow(table.rows.count()).as_py() == 0
    assert table.notes == ()


def test_a_table_that_nobody_reads_is_told(file):
    assert not_read(file, ["posts"]) == []
    assert not_read(file, ["videos"]) == ["Tables not understood and left out: Posts (1 rows)."]


def test_a_reference_is_followed_by_the_earlier_key_and_the_first_row():
    people = ibis.memtable(
        [("1", "2", "x", 1), ("2", "b", "y", 2), ("2", "c", "z", 3)],
        schema={"id": "string", "name": "string", "person": "string", "source_row": "int64"},
    )
    rows = ibis.memtable([("1",), ("2",), ("c",), ("9",), (None,)], schema={"who": "string"})
    found = followed(rows, "who", references(people, "id", "name", person="person"))
    assert {row["who"]: row["person"] for row in in_memory().to_pyarrow(found).to_pylist()} == {
        "1": "x",
        "2": "y",
        "c": "z",
        "9": None,
        None: None,
    }
