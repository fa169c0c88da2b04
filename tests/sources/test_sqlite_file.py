"""SQLite files are read as they are written, or refused."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import ibis
import pytest
from ibis.backends.duckdb import Backend

from workbench.errors import SourceError
from workbench.sources.sqlite_file import open_sqlite


@pytest.fixture
def con():
    con = ibis.duckdb.connect()
    con.raw_sql("SET timezone = 'UTC'")
    yield con
    con.disconnect()


def sqlite_file(path: Path, script: str) -> Path:
    with contextlib.closing(sqlite3.connect(path)) as lite:
        lite.executescript(script)
    return path


def read(path: Path, con: Backend, table: str = "t") -> list[dict[str, object]]:
    return open_sqlite(path, con)[table].order_by("source_row").to_pyarrow().to_pylist()


def test_every_value_is_text_as_exact_as_the_file_has_it(tmp_path, con):
    path = sqlite_file(
        tmp_path / "a.db",
        """
        CREATE TABLE t (id, views REAL, rate, note, hash BLOB);
        INSERT INTO t VALUES (7234567890123456789, 1200, 0.25, '', x'00FF'), ('x', NULL, 1e30, 'é', NULL);
        """,
    )
    assert read(path, con) == [
        {
            "source_row": 1,
            "id": "7234567890123456789",
            "views": "1200",
            "rate": "0.25",
            "note": None,
            "hash": "00FF",
        },
        {"source_row": 2, "id": "x", "views": None, "rate": "1.0e+30", "note": "é", "hash": None},
    ]


def test_text_after_a_thousand_empty_values_is_not_taken_for_a_number(tmp_path, con):
    path = sqlite_file(
        tmp_path / "a.db",
        """
        CREATE TABLE t (a);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
        INSERT INTO t SELECT NULL FROM n;
        INSERT INTO t VALUES ('late');
        """,
    )
    assert read(path, con)[-1] == {"source_row": 3001, "a": "late"}


def test_rows_are_numbered_in_the_order_of_insertion(tmp_path, con):
    path = sqlite_file(
        tmp_path / "a.db",
        """
        CREATE TABLE t (a);
        CREATE INDEX by_a ON t (a);
        INSERT INTO t VALUES ('z'), ('a'), ('m');
        """,
    )
    assert [row["a"] for row in read(path, con)] == ["z", "a", "m"]


def test_a_table_without_rowid_is_numbered_by_its_key(tmp_path, con):
    path = sqlite_file(
        tmp_path / "a.db",
        "CREATE TABLE t (a TEXT PRIMARY KEY) WITHOUT ROWID; INSERT INTO t VALUES ('z'), ('a');",
    )
    assert [row["a"] for row in read(path, con)] == ["a", "z"]


def test_any_name_of_a_table_and_a_column_is_read(tmp_path, con):
    path = sqlite_file(
        tmp_path / "a%20b's.db",
        """CREATE TABLE "select ""x; --" ("drop ""y", rowid, source_row);
        INSERT INTO "select ""x; --" VALUES (1, 2, 3);""",
    )
    assert read(path, con, 'select "x; --') == [
        {"source_row": 1, 'drop "y': "1", "rowid": "2", "file_source_row": "3"}
    ]


def test_a_table_without_rows_keeps_its_columns(tmp_path, con):
    path = sqlite_file(tmp_path / "a.db", "CREATE TABLE t (a); INSERT INTO t VALUES (1); CREATE TABLE u (b);")
    assert open_sqlite(path, con)["u"].schema() == ibis.schema({"source_row": "int64", "b": "string"})


def test_what_is_still_in_the_write_ahead_log_is_read(tmp_path, con):
    path = tmp_path / "a.db"
    with contextlib.closing(sqlite3.connect(path)) as lite:
        lite.execute("PRAGMA journal_mode = WAL")
        lite.execute("CREATE TABLE t (a)")
        lite.execute("INSERT INTO t VALUES (1)")
        lite.commit()
        assert read(path, con) == [{"source_row": 1, "a": "1"}]


def test_reading_leaves_nothing_beside_the_file(tmp_path, con):
    path = sqlite_file(
        tmp_path / "a.db", "PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1);"
    )
    before = path.read_bytes()
    read(path, con)
    assert [p.name for p in tmp_path.iterdir()] == ["a.db"]
    assert path.read_bytes() == before


def test_a_file_in_a_folder_that_nobody_may_write_to_is_read(tmp_path, con):
    path = sqlite_file(tmp_path / "a.db", "CREATE TABLE t (a); INSERT INTO t VALUES (1);")
    path.chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        assert len(read(path, con)) == 1
    finally:
        tmp_path.chmod(0o755)


def test_a_row_that_breaks_a_rule_of_its_own_table_is_no_damage(tmp_path, con):
    path = sqlite_file(
        tmp_path / "a.db",
        """
        CREATE TABLE t (a); INSERT INTO t VALUES (NULL);
        PRAGMA writable_schema = 1;
        UPDATE sqlite_master SET sql = 'CREATE TABLE t (a NOT NULL)';
        CREATE TABLE u (a); INSERT INTO u VALUES (1);
        """,
    )
    assert read(path, con) == [{"source_row": 1, "a": None}]


def filled(path: Path) -> bytes:
    script = "BEGIN; CREATE TABLE t (a);" + "INSERT INTO t VALUES (hex(randomblob(900)));" * 50 + "COMMIT;"
    return sqlite_file(path, script).read_bytes()


def damaged(content: bytes) -> bytes:
    return content[:4096] + b"\xff" * 4096 + content[8192:]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda content: b"", r"a\.db is empty \(0 bytes\)"),
        (lambda content: b"video_id,views\n1,2\n", r"not a SQLite file: it begins with 'video_id,views"),
        (lambda content: bytes(range(200, 256)) * 90, "If it is encrypted, save a decrypted copy"),
        (lambda content: content[:-5000], "is cut off: [0-9,]+ bytes are there, [0-9,]+ belong to it"),
        (lambda content: content[:60], "is cut off: 60 bytes"),
        (damaged, r"(is damaged: .*|malformed).*[Cc]opy"),
    ],
)
def test_a_file_that_is_not_whole_is_refused(tmp_path, con, make, message):
    path = tmp_path / "a.db"
    path.write_bytes(make(filled(tmp_path / "whole.db")))
    with pytest.raises(SourceError, match=message):
        open_sqlite(path, con)


def test_a_file_without_a_row_is_refused(tmp_path, con):
    path = sqlite_file(tmp_path / "a.db", "CREATE TABLE t (a); CREATE TABLE u (a);")
    with pytest.raises(SourceError, match=r"without a single row \(2 tables\)"):
        open_sqlite(path, con)


def test_text_that_is_not_utf8_is_refused_with_its_place(tmp_path, con):
    path = sqlite_file(
        tmp_path / "a.db",
        "CREATE TABLE posts (id, caption); "
        "INSERT INTO posts VALUES (1, 'ok'), (2, CAST(x'63E974E9' AS TEXT));",
    )
    with pytest.raises(SourceError, match="table 'posts', column 'caption', row 2 is text that is not UTF-8"):
        open_sqlite(path, con)


@pytest.mark.long
def test_a_file_in_use_is_refused(tmp_path, con):
    path = sqlite_file(tmp_path / "a.db", "CREATE TABLE t (a); INSERT INTO t VALUES (1);")
    with contextlib.closing(sqlite3.connect(path)) as lite:
        lite.execute("BEGIN EXCLUSIVE")
        with pytest.raises(SourceError, match=r"(?s)is locked.*Close the program that writes it"):
            open_sqlite(path, con)
