"""Opening a file: its kind, its as-of, its Parquet types."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta, timezone

import duckdb
import pytest

from workbench.errors import SourceError
from workbench.sources.sniff import open_file


def test_the_as_of_is_the_modification_time_unless_given(write):
    path = write("a,b\n1,2\n")
    os.utime(path, (1_767_225_600, 1_767_225_600))
    assert open_file(path).as_of == datetime(2026, 1, 1)
    assert open_file(path, as_of=datetime(2025, 5, 1)).as_of == datetime(2025, 5, 1)


def test_an_as_of_with_a_zone_becomes_utc(write):
    path = write("a,b\n1,2\n")
    east = timezone(timedelta(hours=2))
    assert open_file(path, as_of=datetime(2025, 5, 1, 2, tzinfo=east)).as_of == datetime(2025, 5, 1)
    assert open_file(path, as_of=datetime(2025, 5, 1, tzinfo=UTC)).as_of.tzinfo is None


def test_parquet_keeps_its_types_and_numbers_its_rows(tmp_path):
    path = tmp_path / "fx_rates.parquet"
    duckdb.sql(f"copy (select 'EUR' as currency, date '2026-01-02' as rate_on, 1.1 as rate) to '{path}'")
    file = open_file(path)
    assert file.kind == "parquet"
    assert file.rows.schema()["rate_on"].is_date()
    assert file.con.con.execute("select source_row from rows").fetchall() == [(1,)]


def test_a_parquet_file_that_is_cut_off_is_refused(write):
    with pytest.raises(SourceError, match="the Parquet file is cut off or damaged"):
        open_file(write(b"PAR1" + bytes(50), "posts.parquet"))


def test_a_quote_in_a_files_name_is_harmless(write):
    assert open_file(write("a,b\n1,2\n", 'o\'clock "x".csv')).columns == ("a", "b", "source_row")
