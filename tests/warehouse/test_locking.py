"""A reader's connection: locked, with a folder of its own for what it writes and for what finds no room in memory."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from workbench.errors import UsageError
from workbench.warehouse.locking import Reader, sweep
from workbench.warehouse.select_only import refuse_unless_select


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "v000001.duckdb"
    with duckdb.connect(str(made)) as con:
        con.execute("CREATE TABLE posts AS SELECT 1 AS views")
    return made


@pytest.fixture
def reader(file: Path, tmp_path: Path):
    opened = Reader.of(file)
    (tmp_path / "archive").mkdir()
    opened.lock(spill_in=tmp_path, readable=[tmp_path / "archive"])
    yield opened
    opened.disconnect()


def test_it_reads_its_file_and_its_archive_and_nothing_beside(reader: Reader, tmp_path: Path) -> None:
    assert reader.con.execute("FROM posts").fetchall() == [(1,)]
    duckdb.sql("SELECT 2 AS a").write_parquet(str(tmp_path / "archive" / "in.parquet"))
    duckdb.sql("SELECT 2 AS a").write_parquet(str(tmp_path / "beside.parquet"))
    assert reader.con.execute(f"FROM '{tmp_path}/archive/in.parquet'").fetchall() == [(2,)]
    for path in (tmp_path / "beside.parquet", tmp_path / "archive" / ".." / "beside.parquet"):
        with pytest.raises(duckdb.PermissionException):
            reader.con.execute(f"FROM '{path}'")
    (tmp_path / "archive" / "link.parquet").symlink_to(tmp_path / "archive" / "in.parquet")
    assert reader.con.execute(f"FROM '{tmp_path}/archive/link.parquet'").fetchall() == [(2,)]


def test_an_answer_is_written_where_only_this_user_looks_and_then_where_it_is_wanted(
    reader: Reader, tmp_path: Path
) -> None:
    with reader.exchanged() as answer:
        assert stat.S_IMODE(reader.exchange.stat().st_mode) == 0o700
        assert stat.S_IMODE(answer.parent.stat().st_mode) == 0o700
    assert not reader.exchange.exists()
    reader.to_csv(reader.table("posts"), tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "views\n1\n"
    with pytest.raises(duckdb.PermissionException):
        reader.con.execute(f"COPY posts TO '{tmp_path}/other.csv'")


def test_a_name_with_quotes_is_a_name(tmp_path: Path) -> None:
    folder = tmp_path / "a'b\"; drop"
    folder.mkdir()
    made = folder / "v'1\".duckdb"
    with duckdb.connect(str(made)) as con:
        con.execute("CREATE TABLE posts AS SELECT 1 AS views")
    opened = Reader.of(made)
    opened.lock(spill_in=folder, readable=[folder])
    assert opened.con.execute("FROM posts").fetchall() == [(1,)]
    opened.disconnect()


def test_the_spill_of_a_process_that_is_gone_is_swept_after_an_hour_and_of_one_that_lives_never(
    tmp_path: Path,
) -> None:
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    long_ago = time.time() - 7200
    names = {
        "old and gone": f".spill-{int(gone.stdout)}-aa",
        "new and gone": f".spill-{int(gone.stdout)}-bb",
        "old and alive": f".spill-{os.getpid()}-cc",
        "something else": ".spill-x",
    }
    for what, name in names.items():
        (tmp_path / name).mkdir()
        if what.startswith(("old", "something")):
            os.utime(tmp_path / name, (long_ago, long_ago))
    sweep(tmp_path)
    assert {w for w, n in names.items() if (tmp_path / n).exists()} == set(names) - {"old and gone"}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from enable_logging()", r"^enable_logging\(\) can't stand after FROM: .* `workbench import`.$"),
        ("select 1; select 2", "^One SELECT can be run at a time"),
        ("pragma table_info('posts')", "^One SELECT can be run at a time"),
        ("pragma show_tables", "^One SELECT can be run at a time"),
        ("selec 1", "^That query can't be run: Parser Error"),
        ("\ud800", "^That query can't be run: "),
        ("select " + "abs(" * 5000 + "1" + ")" * 5000, "^That query can't be run: "),
    ],
)
def test_what_is_more_than_a_select_is_refused_with_the_reason(reader: Reader, query: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        refuse_unless_select(reader.con, query)
