"""Months in the archive read as if they had never been moved, and late rows merge with them."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest
from given import POST, batch, loaded, query

from workbench.errors import WorkbenchError
from workbench.warehouse import archive, versions
from workbench.warehouse.load import load
from workbench.warehouse.reader import Workbench
from workbench.warehouse.rewriting import rewritten

pytestmark = pytest.mark.usefixtures("without_marts")

JUNE, JULY = date(2025, 6, 1), date(2025, 7, 1)


def counted(at, views, **more):
    return {"post_id": POST, "captured_at": f"{at} 00:00:00", "views": str(views), **more}


def move(settings, table="post_snapshots", months=(JUNE,)):
    """Months moved into the archive, in a new version."""
    with versions.loader_lock(settings, "test"), rewritten(settings, "test") as to_be:
        for month in months:
            archive.archive_month(to_be.con, table, month)


@pytest.fixture
def june_moved(settings):
    loaded(settings, {"post_snapshots": [counted("2025-06-01", 5), counted("2025-07-01", 9)]})
    move(settings)
    return settings


def whole(settings, table="post_snapshots", columns="captured_at::DATE::VARCHAR, views"):
    with Workbench(settings) as wb:
        return wb.backend.con.execute(f"SELECT {columns} FROM {table} ORDER BY ALL").fetchall()


def stored(settings, table="post_snapshots"):
    return query(settings, f"SELECT captured_at::DATE::VARCHAR FROM {table} ORDER BY ALL")


BOTH = [("2025-06-01", 5), ("2025-07-01", 9)]


def test_a_moved_month_is_read_through_the_tables_own_name(june_moved):
    assert stored(june_moved) == [("2025-07-01",)]
    assert whole(june_moved) == BOTH
    with Workbench(june_moved) as wb:
        assert wb.table("post_snapshots").count().execute() == 2
        assert wb.sql("SELECT count(*) AS n FROM post_snapshots").execute()["n"].tolist() == [2]
        assert wb.tables.count("post_snapshots") == 1
        assert "column_ranks" not in wb.table("post_snapshots").columns


def test_a_moved_table_has_the_types_that_it_had(june_moved):
    with Workbench(june_moved) as now, Workbench(june_moved, 1) as before:
        for name in archive.ARCHIVED:
            assert now.table(name).schema() == before.table(name).schema()
        instants = [
            now.table(name).captured_at.max().as_table() for name in ("post_snapshots", "sound_snapshots")
        ]
        assert len(instants[0].union(instants[1]).execute()) == 2


def test_a_moved_file_is_the_owners_alone_in_zstd_and_in_order_of_keys(june_moved):
    (file,) = june_moved.archive.rglob("*.parquet")
    assert file.parent.relative_to(june_moved.archive).as_posix() == "post_snapshots/month=2025-06"
    assert file.stat().st_mode & 0o777 == 0o600
    assert {p.stat().st_mode & 0o777 for p in [june_moved.archive, file.parent, file.parent.parent]} == {
        0o700
    }
    codecs = duckdb.sql(f"SELECT DISTINCT compression FROM parquet_metadata('{file}')").fetchall()
    assert codecs == [("ZSTD",)]


def test_a_version_from_before_a_move_reads_its_own_rows(june_moved):
    with Workbench(june_moved, 1) as wb:
        assert wb.table("post_snapshots").count().execute() == 2


@pytest.mark.parametrize(
    ("late", "shown", "in_table"),
    [
        (counted("2025-06-01", 5), BOTH, ["2025-07-01"]),
        (counted("2025-06-01", 4), BOTH, ["2025-07-01"]),
        (counted("2025-06-01", 7), [("2025-06-01", 7), BOTH[1]], ["2025-06-01", "2025-07-01"]),
        (counted("2025-06-02", 6), [BOTH[0], ("2025-06-02", 6), BOTH[1]], ["2025-06-02", "2025-07-01"]),
        (counted("2025-05-02", 1), [("2025-05-02", 1), *BOTH], ["2025-05-02", "2025-07-01"]),
    ],
    ids=["the same", "a smaller count", "a larger count", "a new instant", "another month"],
)
def test_late_rows_merge_with_moved_ones_and_only_those_that_change_are_stored(
    june_moved, late, shown, in_table
):
    outcome = loaded(june_moved, {"post_snapshots": [late]})
    assert whole(june_moved) == shown
    assert [day for (day,) in stored(june_moved)] == in_table
    assert outcome.total("unchanged") == (1 if shown == BOTH else 0)


def test_a_moved_row_gains_the_counts_it_lacked(june_moved):
    loaded(june_moved, {"post_snapshots": [counted("2025-06-01", 5, likes="3")]})
    assert whole(june_moved, columns="views, likes") == [(5, 3), (9, None)]
    move(june_moved)
    assert stored(june_moved) == [("2025-07-01",)]
    assert whole(june_moved, columns="views, likes") == [(5, 3), (9, None)]


def test_a_month_moved_again_holds_old_and_late_rows_once(june_moved):
    loaded(june_moved, {"post_snapshots": [counted("2025-06-01", 7), counted("2025-06-30", 8)]})
    before = whole(june_moved, columns="* EXCLUDE (column_ranks)")
    move(june_moved)
    assert stored(june_moved) == [("2025-07-01",)]
    assert whole(june_moved, columns="* EXCLUDE (column_ranks)") == before
    assert query(june_moved, "SELECT rows FROM archive_files") == [(2,)]


def test_moved_followers_of_a_renamed_account_move_with_it(settings):
    def snapshot(account, at, followers):
        return {"account_id": account, "captured_at": f"{at} 00:00:00", "followers": followers}

    def named(account, seen_at):
        return {
            "account_id": account,
            "platform": "tiktok",
            "username": account.removeprefix("tiktok:"),
            "external_id": "1",
            "seen_at": f"{seen_at} 00:00:00",
        }

    rows = [snapshot("tiktok:new", "2025-06-01", "5"), snapshot("tiktok:old", "2025-06-01", "7")]
    rows += [snapshot("tiktok:new", "2025-06-02", "9"), snapshot("tiktok:other", "2025-06-02", "1")]
    loaded(settings, {"accounts": [named("tiktok:new", "2025-07-02")], "account_snapshots": rows})
    move(settings, "account_snapshots")
    assert stored(settings, "account_snapshots") == []
    loaded(settings, {"accounts": [named("tiktok:old", "2025-05-01")]})
    columns = "account_id, captured_at::DATE::VARCHAR, followers"
    assert whole(settings, "account_snapshots", columns) == [
        ("tiktok:old", "2025-06-01", 7),
        ("tiktok:old", "2025-06-02", 9),
        ("tiktok:other", "2025-06-02", 1),
    ]
    assert len(stored(settings, "account_snapshots")) == 1  # the moved one; the others lie in the archive


def test_rows_left_out_are_in_no_file_of_the_version(june_moved):
    with versions.loader_lock(june_moved, "test"), rewritten(june_moved, "test") as to_be:
        assert archive.leave_out(to_be.con, "post_snapshots", "views = 5") == 1
    assert whole(june_moved) == [BOTH[1]]
    with Workbench(june_moved, 2) as wb:
        assert wb.table("post_snapshots").count().execute() == 2


def test_sweeping_removes_files_that_no_kept_version_refers_to(june_moved):
    loaded(june_moved, {"post_snapshots": [counted("2025-06-30", 8)]})
    move(june_moved)
    assert len(list(june_moved.archive.rglob("*.parquet"))) == 2
    with Workbench(june_moved) as wb:
        kept = archive.files_of(wb.backend.con)
    archive.sweep(june_moved.archive, kept)
    assert [p.name for p in june_moved.archive.rglob("*.parquet")] == [kept[0].file.rpartition("/")[2]]
    assert len(whole(june_moved)) == 3


def test_a_missing_file_is_named_with_its_remedy(june_moved):
    (file,) = june_moved.archive.rglob("*.parquet")
    file.unlink()
    with pytest.raises(WorkbenchError, match=rf"{file.name} is missing.*post_snapshots of 2025-06.*restore"):
        Workbench(june_moved)
    batch(june_moved, {"post_snapshots": [counted("2025-06-30", 8)]})
    with pytest.raises(WorkbenchError, match="is missing"):
        load(june_moved)
    assert not list(june_moved.versions.glob(".building*"))


def test_a_file_that_was_cut_is_named_with_its_remedy(june_moved):
    (file,) = june_moved.archive.rglob("*.parquet")
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(WorkbenchError, match=rf"{file.name} can't be read.*restore"):
        Workbench(june_moved)


def test_a_file_of_other_rows_is_named_with_its_remedy(june_moved):
    (file,) = june_moved.archive.rglob("*.parquet")
    duckdb.sql("SELECT 1 AS views FROM range(3)").write_parquet(str(file))
    with pytest.raises(WorkbenchError, match=rf"{file.name} has not the 1 rows"):
        Workbench(june_moved)
