"""performance_trends becomes snapshots where it is clear, and is reported where it isn't."""

from __future__ import annotations

import contextlib
import sqlite3

import ibis
import pytest

from workbench.sources.analytics_trends import trend_snapshots
from workbench.sources.sniff import open_file


@pytest.fixture
def trends(tmp_path):
    def made(script: str):
        path = tmp_path / "a.db"
        with contextlib.closing(sqlite3.connect(path)) as lite:
            lite.executescript(script)
        file = open_file(path)
        posts = file.con.create_table(
            "known_posts",
            ibis.memtable(
                [("1", "tiktok:77", "2026-01-01 10:00:00")],
                schema={"called": "string", "post_id": "string", "posted_at": "string"},
            ),
        )
        tables, notes = trend_snapshots(file, posts)
        found = [
            {k: v for k, v in row.items() if v is not None}
            for table in tables
            for row in file.con.to_pyarrow(table.order_by("source_row").drop("source_row")).to_pylist()
        ]
        return found, notes

    return made


def day(number: int, views: str) -> dict[str, str]:
    return {
        "post_id": "tiktok:77",
        "captured_at": f"2026-01-0{1 + number} 10:00:00",
        "views": views,
        "method": "day_n column",
    }


def test_a_column_for_each_day_is_the_count_at_that_age(trends):
    found, notes = trends(
        "CREATE TABLE performance_trends (post_id, day1_views, day_2_views); "
        "INSERT INTO performance_trends VALUES (1, 5, 9);"
    )
    assert found == [day(1, "5"), day(2, "9")]
    assert notes == []


def test_a_row_for_each_day_is_the_count_at_that_age(trends):
    found, notes = trends(
        "CREATE TABLE Performance_Trends (post_id, day INT, views, slope); "
        "INSERT INTO Performance_Trends VALUES (1, 1, 5, 0), (1, 2, 9, 0);"
    )
    assert found == [day(1, "5"), day(2, "9")]
    assert notes == ["Table Performance_Trends: Not understood and left out: slope."]


def test_a_row_for_each_date_is_the_count_at_that_instant(trends):
    found, _ = trends(
        "CREATE TABLE performance_trends (post_id, date, views); "
        "INSERT INTO performance_trends VALUES (1, '2026-01-04 08:00:00', 5);"
    )
    assert found == [
        {"post_id": "tiktok:77", "captured_at": "2026-01-04 08:00:00", "views": "5", "method": "scraped"}
    ]


def test_a_day_that_is_no_number_stays_as_written_for_the_loader_to_refuse(trends):
    found, _ = trends(
        "CREATE TABLE performance_trends (post_id, day, views); "
        "INSERT INTO performance_trends VALUES (1, 'first', 5);"
    )
    assert found[0]["captured_at"] == "first"


@pytest.mark.parametrize("columns", ["account, date, views", "post_id, views", "post_id, date, slope"])
def test_a_table_that_is_not_clear_is_left_out_and_told(trends, columns):
    found, notes = trends(
        f"CREATE TABLE performance_trends ({columns}); INSERT INTO performance_trends DEFAULT VALUES;"
    )
    assert found == []
    assert notes[0].endswith(f"Its columns: {columns}.")


def test_without_the_table_there_is_nothing_to_tell(trends):
    assert trends("CREATE TABLE t (a); INSERT INTO t VALUES (1);") == ([], [])
