"""Raw rows made ready once."""

from __future__ import annotations

import pytest

from workbench.sources import fields
from workbench.sources.prepared import not_understood, once_each, plain_names, prepared, spellings
from workbench.sources.sniff import open_file


@pytest.fixture
def rows(write):
    return open_file(write("Post URL,tags\nu1,#b #a\nu2,#b #a\nu3,\n")).rows


def test_names_are_plain_unless_two_would_clash(rows, write):
    assert plain_names(rows).columns == ("post_url", "tags", "source_row")
    clashing = open_file(write("a b,a_b\n1,2\n", "clash.csv")).rows
    assert plain_names(clashing).columns == ("a b", "a_b", "source_row")


def test_equal_texts_are_taken_apart_once_and_every_row_stays(rows, rows_of):
    made = once_each(rows, "tags", "list", fields.tags)
    assert rows_of(made, "source_row", "list") == [
        {"source_row": 1, "list": ["a", "b"]},
        {"source_row": 2, "list": ["a", "b"]},
        {"source_row": 3, "list": None},
    ]


def test_a_column_stays_typed_only_where_every_text_could_be_read(write, rows_of):
    file = open_file(write("good,bad\n2026-01-01,2026-01-01\n2026-01-02,soon\n"))
    expression = file.rows.mutate(
        x=fields.instant(file.rows.good, "UTC"), y=fields.instant(file.rows.bad, "UTC")
    )
    made = prepared(file, "ready", expression, {"x": "good", "y": "bad"})
    assert made.x.type().is_timestamp()
    assert [row["y"] for row in rows_of(made, "y")] == ["2026-01-01 00:00:00", "soon"]


def test_the_first_spelling_of_a_name_is_kept(write, rows_of):
    rows = open_file(write("k,n\na,Ann\na,ANN\n,x\n")).rows
    assert rows_of(spellings(rows, "k", "n"), "k", "name", "source_row") == [
        {"k": "a", "name": "Ann", "source_row": 1}
    ]


def test_columns_that_nobody_reads_are_named():
    assert not_understood(["a", "b", "source_row"], ["a"]) == ["Not understood and left out: b."]
    assert not_understood(["a", "source_row"], ["a"]) == []
