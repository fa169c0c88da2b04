"""Reading: one version, read-only, without the loader's bookkeeping."""

from __future__ import annotations

import json
import threading
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from given import POST, loaded

import workbench
from workbench.errors import UsageError, WorkbenchError
from workbench.settings import load_settings
from workbench.warehouse.status import status


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with one post, one count and one refused row."""
    folder = tmp_path_factory.mktemp("home")
    at = {"post_id": POST, "captured_at": "2026-01-01 00:00:00"}
    rows = [{**at, "views": "9"}, {**at, "views": "7"}, {**at, "views": "-1"}]
    loaded(load_settings(folder), {"post_snapshots": rows})
    return folder


@pytest.fixture
def wb(home):
    with workbench.connect(home) as opened:
        yield opened


def test_without_a_warehouse_the_way_to_one_is_told(settings):
    with pytest.raises(UsageError, match=r"There is no warehouse in .*data yet. .*`workbench import FILE"):
        workbench.connect(settings.home)
    assert not settings.data.exists()


def test_a_version_tells_its_number_and_how_new_it_is(wb):
    assert wb.version == 1
    assert wb.as_of == datetime(2026, 1, 1)
    assert repr(wb).startswith("<workbench version 1, data as of 2026-01-01 00:00 UTC, ")


def test_an_empty_warehouse_is_as_of_nothing(settings):
    loaded(settings, {})
    with workbench.connect(settings.home) as wb:
        assert wb.table("posts").count().execute() == 0
        assert status(wb)["rows"].keys() <= {"batches", "schema_versions"}


def test_tables_and_marts_are_listed_without_what_is_internal(wb):
    assert {"posts", "post_snapshots", "post_performance", "account_daily", "rejected_rows"} <= set(wb.tables)
    assert "mart_state" not in wb.tables
    assert list(wb.tables) == sorted(wb.tables)


def test_a_table_does_not_show_the_loaders_bookkeeping(wb):
    for name in wb.tables:
        assert "column_ranks" not in wb.table(name).columns, name
    assert "batch_id" in wb["posts"].columns


def test_a_name_that_is_no_table_gets_the_nearest(wb):
    with pytest.raises(
        UsageError, match=r"There is no table 'post_snapshot'. Did you mean 'post_snapshots'\? Tables: "
    ):
        wb.table("post_snapshot")


def test_sql_selects(wb):
    assert wb.sql("SELECT views FROM post_snapshots").execute()["views"].tolist() == [9]


@pytest.mark.parametrize(
    "query",
    [
        "INSERT INTO posts (post_id, platform) VALUES ('tiktok:2', 'tiktok')",
        "DELETE FROM posts",
        "DROP TABLE posts",
        "CREATE TABLE x AS SELECT 1 AS a",
        "SELECT no_such_column FROM posts",
        "SELECT FROM WHERE",
        "SELECT 1 AS a; DROP TABLE posts",
        "SELECT 1 AS a; COPY (SELECT 1) TO 'written.csv'",
        "",
    ],
)
def test_sql_that_is_no_select_on_this_version_is_refused_in_one_line(wb, query):
    with pytest.raises(UsageError) as error:
        wb.sql(query).execute()
    assert str(error.value).startswith(("That query can't be run: ", "One SELECT can be run at a time"))
    assert "\n" not in str(error.value)
    assert wb["posts"].count().execute() == 1


def test_the_connection_itself_is_read_only(wb):
    with pytest.raises(Exception, match="read-only"):
        wb.backend.con.execute("DELETE FROM posts")


def test_instants_are_in_utc_whatever_the_machine_thinks(home, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    with workbench.connect(home) as wb:
        assert wb.backend.con.execute("SELECT current_setting('TimeZone')").fetchall() == [("UTC",)]


def test_settings_may_differ_for_one_connection(home):
    with workbench.connect(home, viral_views=5, memory_limit="200MB") as wb:
        assert wb.settings.viral_views == 5
        [[limit]] = wb.backend.con.execute("SELECT current_setting('memory_limit')").fetchall()
        assert limit.startswith("190")  # MiB


def test_the_environment_may_name_home_and_version(home, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", str(home))
    monkeypatch.setenv("WORKBENCH_VERSION", "1")
    with workbench.connect() as wb:
        assert wb.version == 1
    monkeypatch.setenv("WORKBENCH_VERSION", "newest")
    with pytest.raises(UsageError, match="WORKBENCH_VERSION: 'newest' is no version's number"):
        workbench.connect()


def test_the_environment_may_name_the_threads_of_a_query(home, monkeypatch):
    monkeypatch.setenv("WORKBENCH_THREADS", "1")
    with workbench.connect(home) as wb:
        assert wb.backend.raw_sql("SELECT current_setting('threads')").fetchone() == (1,)
    for wrong in ("0", "two"):
        monkeypatch.setenv("WORKBENCH_THREADS", wrong)
        with pytest.raises(UsageError, match=f"WORKBENCH_THREADS: '{wrong}' is no number of threads"):
            workbench.connect(home)


def test_a_file_that_is_no_database_is_told_with_what_to_do(settings):
    loaded(settings, {})
    (settings.versions / "v000001.duckdb").write_bytes(b"no database")
    with pytest.raises(
        WorkbenchError, match=r"v000001.duckdb can't be opened: .* Restore a backup: workbench restore\.$"
    ):
        workbench.connect(settings.home)


def test_an_interrupt_while_a_version_is_opened_is_no_damaged_file(home, monkeypatch):
    def interrupted(_file):
        with duckdb.connect() as con:
            threading.Timer(0.2, con.interrupt).start()
            con.execute(
                "SELECT count(*) FROM range(100_000) a, range(1_000_000) b WHERE a.range + b.range = 7"
            )

    monkeypatch.setattr("workbench.warehouse.reader.Reader.of", interrupted)
    with pytest.raises(KeyboardInterrupt):
        workbench.connect(home)


def test_status_counts_rows_and_names_what_is_open(wb):
    found = status(wb)
    assert found["version"] == 1
    assert found["rows"]["post_snapshots"] == 1
    assert found["rejected_rows"] == 1
    assert found["waiting"] == 0
    assert [(c["check_name"], c["failed"]) for c in found["checks"]] == [
        ("conflicting_counts", 1),
        ("rejected_rows", 1),
    ]
    assert found["age"].endswith(" old")


def test_a_warehouse_of_an_older_workbench_is_named_with_the_command_that_brings_it_up(
    demo_copy: Path,
) -> None:
    pointer = demo_copy / "data" / "versions" / "current.json"
    said = json.loads(pointer.read_text(encoding="utf-8"))
    pointer.write_text(json.dumps({**said, "schema_version": said["schema_version"] - 1}), encoding="utf-8")
    with pytest.raises(
        WorkbenchError, match=r"has schema \d+; this workbench reads \d+\..*workbench migrate"
    ):
        workbench.connect(demo_copy)
