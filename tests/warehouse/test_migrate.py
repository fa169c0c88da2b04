"""The schema: numbered, each step whole with its own record, forward only."""

from __future__ import annotations

import json

import duckdb
import pytest
from given import POST, loaded

import workbench
from workbench.errors import WorkbenchError
from workbench.warehouse import migrate as module
from workbench.warehouse.load import load
from workbench.warehouse.migrate import Migration, migrate, migrations, schema_version
from workbench.warehouse.schema import schema
from workbench.warehouse.tables import TABLES

FIRST = Migration(1, "first", "-- Posts.\nCREATE TABLE posts (post_id VARCHAR);")
SECOND = Migration(2, "second", "ALTER TABLE posts ADD COLUMN title VARCHAR;")
BROKEN = Migration(
    2, "broken", "CREATE TABLE sounds (sound_id VARCHAR); ALTER TABLE no_such_table ADD COLUMN a INT;"
)


@pytest.fixture
def con():
    with duckdb.connect() as connection:
        yield connection


@pytest.fixture
def carry(monkeypatch):
    """carry(migration, ...): the package has these and no others."""
    return lambda *given: monkeypatch.setattr(module, "migrations", lambda: list(given))


def test_migrations_are_numbered_from_1_without_a_gap():
    assert [m.version for m in migrations()] == list(range(1, len(migrations()) + 1))


def test_each_migration_leaves_its_own_record(con, carry):
    carry(FIRST, SECOND)
    assert migrate(con) == [FIRST, SECOND]
    assert con.execute(
        "SELECT version, name, description, checksum, is_current FROM schema_versions ORDER BY version"
    ).fetchall() == [
        (1, "first", "Posts.", FIRST.checksum, False),
        (2, "second", "second", SECOND.checksum, True),
    ]
    assert con.execute("SELECT count(*) FROM schema_versions WHERE applied_at > '2026-01-01'").fetchall() == [
        (2,)
    ]


def test_what_is_applied_is_not_applied_again(con, carry):
    carry(FIRST)
    migrate(con)
    carry(FIRST, SECOND)
    assert migrate(con) == [SECOND]
    assert migrate(con) == []


def test_a_migration_that_fails_leaves_nothing_and_those_before_it_stand(con, carry):
    carry(FIRST, BROKEN)
    with pytest.raises(duckdb.CatalogException):
        migrate(con)
    assert schema_version(con) == 1
    assert con.execute("SELECT table_name FROM duckdb_tables() ORDER BY ALL").fetchall() == [
        ("posts",),
        ("schema_versions",),
    ]
    carry(FIRST, SECOND)
    assert migrate(con) == [SECOND]


def test_a_migration_that_was_changed_after_it_was_applied_is_refused(con, carry):
    carry(FIRST)
    migrate(con)
    carry(Migration(1, "first", FIRST.sql + " -- changed"))
    with pytest.raises(
        WorkbenchError, match=r"W: migration 1 \(first\) was changed after it was applied. Put the"
    ):
        migrate(con, "W")


def test_a_newer_schema_is_refused_and_nothing_is_changed(con, carry):
    carry(FIRST, SECOND)
    migrate(con)
    carry(FIRST)
    with pytest.raises(
        WorkbenchError, match=r"W has schema 2; this workbench knows schemas up to 1. Update the"
    ):
        migrate(con, "W")


def test_an_empty_file_has_schema_0(con):
    assert schema_version(con) == 0


def test_connecting_to_a_newer_schema_is_refused(settings, without_marts):
    loaded(settings, {"posts": [{"post_id": POST}]})
    for file in (settings.versions / "current.json", settings.versions / "v000001.json"):
        file.write_text(json.dumps({**json.loads(file.read_text()), "schema_version": 99}))
    with pytest.raises(WorkbenchError, match=r"v000001.duckdb has schema 99; .* Nothing was changed."):
        workbench.connect(settings.home)


def test_a_load_brings_an_older_warehouse_to_the_newest_schema(settings, without_marts, monkeypatch):
    loaded(settings, {"posts": [{"post_id": POST}]})
    newer = Migration(len(migrations()) + 1, "newer", "ALTER TABLE posts ADD COLUMN colour VARCHAR;")
    every = [*migrations(), newer]
    monkeypatch.setattr(module, "migrations", lambda: every)
    monkeypatch.setattr("workbench.warehouse.load.migrations", lambda: every)
    outcome = load(settings)
    assert outcome.published and outcome.version.schema_version == newer.version
    with workbench.connect(settings.home) as wb:
        assert "colour" in wb.table("posts").columns
        assert wb.table("posts").count().execute() == 1


def test_every_table_that_batches_fill_is_in_the_schema_with_its_columns():
    made = schema()
    for table in TABLES.values():
        named = {*table.key, *table.required, *table.choices, *table.signed, *table.fractions, *table.future}
        assert named | {*table.earliest, *table.refers, table.rank, "batch_id", "column_ranks"} <= set(
            made[table.name]
        )
        assert set(table.refers.values()) <= set(TABLES)
        assert all(made[table.name][c] == "TIMESTAMP" for c in (*table.future, *table.earliest))
