"""Canonical tables under their own names."""

from __future__ import annotations

import duckdb
import pytest

from workbench.errors import SourceError, UsageError
from workbench.sources import canonical
from workbench.sources.sniff import open_file
from workbench.warehouse.tables import TABLES


def test_a_file_named_like_a_table_fits_it(write):
    assert canonical.SOURCE.fits(open_file(write("task_id,title\nt1,x\n", "tasks.csv"))) > 0
    assert canonical.SOURCE.fits(open_file(write("task_id,title\nt1,x\n", "tasks.2025-W40.csv"))) > 0
    assert canonical.SOURCE.fits(open_file(write("task_id,title\nt1,x\n", "chores.csv"))) == 0


def test_a_file_without_the_tables_key_does_not_fit(write):
    assert canonical.SOURCE.fits(open_file(write("title\nx\n", "tasks.csv"))) == 0


def test_values_stay_as_written_and_rows_are_numbered(write, read, rows_of):
    made = read(canonical.SOURCE, write("currency,rate_on,rate\nEUR,2026-01-02,1.10\n", "fx_rates.csv"))
    assert rows_of(made.tables["fx_rates"], "currency", "rate_on", "rate", "source_row") == [
        {"currency": "EUR", "rate_on": "2026-01-02", "rate": "1.10", "source_row": 1}
    ]


def test_lists_may_be_json_or_apart_by_bars(write, read, rows_of):
    text = 'post_id,hashtags\ntiktok:1,a|b\ntiktok:2,"[""c""]"\ntiktok:3,\n'
    made = read(canonical.SOURCE, write(text, "posts.csv"))
    assert [r["hashtags"] for r in rows_of(made.tables["posts"], "hashtags")] == ['["a","b"]', '["c"]', None]


def test_one_text_that_only_begins_like_a_list_does_not_end_the_import(write, read, rows_of):
    made = read(canonical.SOURCE, write("post_id,hashtags\nt:1,[a\\b\nt:2,c|d\n", "posts.csv"))
    assert [r["hashtags"] for r in rows_of(made.tables["posts"], "hashtags")] == ["[a\\b", '["c","d"]']


def test_parquet_keeps_types_and_lists(tmp_path, read, rows_of):
    path = tmp_path / "posts.parquet"
    duckdb.sql(
        f"copy (select 'tiktok:1' as post_id, ['a'] as hashtags, 3::bigint as slide_count) to '{path}'"
    )
    made = read(canonical.SOURCE, path)
    assert rows_of(made.tables["posts"], "post_id", "hashtags", "slide_count") == [
        {"post_id": "tiktok:1", "hashtags": ["a"], "slide_count": 3}
    ]


def test_columns_that_the_table_lacks_are_named_with_the_nearest(write, read):
    made = read(canonical.SOURCE, write("task_id,titel\nt1,x\n", "tasks.csv"))
    assert made.notes == ["tasks has no columns titel: left out. Did you mean 'title'?"]


def test_a_table_named_on_the_command_line_is_taken_at_its_word(write, read, rows_of):
    made = read(canonical.SOURCE, write("Task_ID,title\nt1,x\n", "chores.csv"), table="tasks")
    assert rows_of(made.tables["tasks"], "task_id") == [{"task_id": "t1"}]
    with pytest.raises(SourceError, match=r"rows of tasks need the column 'task_id'.* Did you mean 'taskid'"):
        read(canonical.SOURCE, write("taskid,title\nt1,x\n", "chores.csv"), table="tasks")


def test_a_file_of_another_name_asks_for_the_table(write, read):
    with pytest.raises(UsageError, match=r"which table is this\? Name the file after it"):
        read(canonical.SOURCE, write("task_id\nt1\n", "chores.csv"))


def test_every_table_has_the_columns_of_its_key():
    for table in TABLES.values():
        assert set(table.key) <= set(canonical.columns_of(table.name))
        assert "batch_id" not in canonical.columns_of(table.name)
