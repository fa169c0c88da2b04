"""The registry covers every published column, says something of each, and keeps the rules of naming."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import ibis
import pyarrow as pa
import pytest
from ibis.backends.duckdb import Backend

from workbench.columns import COLUMNS, column
from workbench.metrics.account_review import usable_horizon
from workbench.metrics.periods import Period
from workbench.metrics.slide_use import weekly_slides
from workbench.metrics.weekly import weekly_followers, weekly_results
from workbench.model.catalogue import METRICS, Asked
from workbench.settings import Settings
from workbench.warehouse import marts
from workbench.warehouse.counts import note_counts
from workbench.warehouse.migrate import migrate
from workbench.warehouse.schema import schema

_WORDS = {"depends_on"}
"""Names whose ending is a word and no suffix."""

_FAMILIES = {
    "whole": ("BIGINT", "HUGEINT", "INTEGER", "SMALLINT", "TINYINT"),
    "number": ("DOUBLE", "FLOAT"),
}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty warehouse of the newest schema with its marts, in memory."""
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    migrate(con)
    con.execute("CREATE TEMP TABLE touched (key_name VARCHAR, key VARCHAR)")
    marts.refresh(con, Settings(home=tmp_path_factory.mktemp("home")))
    note_counts(con)
    yield con
    con.close()


def _family(sql_type: str) -> str:
    return next((family for family, types in _FAMILIES.items() if sql_type in types), sql_type)


def _described(con: duckdb.DuckDBPyConnection, query: str) -> dict[str, str]:
    return {name: kind for name, kind, *_ in con.execute(f"DESCRIBE {query}").fetchall()}


@pytest.mark.parametrize("table", sorted(schema()))
def test_every_column_of_a_table_is_registered_with_its_type(table: str) -> None:
    told = {name: column(table, name).dtype for name in schema()[table]}
    assert told == dict(schema()[table])


@pytest.mark.parametrize("mart", [*marts.MARTS, "mart_state", "table_counts"])
def test_every_column_of_a_mart_is_registered_with_its_type(
    warehouse: duckdb.DuckDBPyConnection, mart: str
) -> None:
    found = _described(warehouse, mart)
    assert {n: _family(column(mart, n).dtype) for n in found} == {n: _family(t) for n, t in found.items()}


def _answered(con: duckdb.DuckDBPyConnection, backend: Backend, name: str) -> dict[str, str]:
    """Columns of a metric's answer and their types."""
    metric, asked = METRICS[name], Asked(backend.table, Period.week_of(date(2025, 10, 6)))
    if metric.finish is None:
        return _described(con, ibis.to_sql(metric.ask(asked), dialect="duckdb"))
    con.register("answer", pa.Table.from_pandas(metric.finish(asked), preserve_index=False))
    return _described(con, "answer")


@pytest.mark.parametrize("name", sorted(METRICS))
def test_every_column_of_a_metric_is_registered_with_its_type(
    warehouse: duckdb.DuckDBPyConnection, name: str
) -> None:
    backend = ibis.duckdb.from_connection(warehouse)
    found = _answered(warehouse, backend, name)
    assert {n: _family(column(name, n).dtype) for n in found} == {n: _family(t) for n, t in found.items()}


@pytest.mark.parametrize("name", ["weekly_results", "weekly_followers", "usable_horizon", "weekly_slides"])
def test_every_column_of_a_page_is_registered_with_its_type(
    warehouse: duckdb.DuckDBPyConnection, name: str
) -> None:
    backend = ibis.duckdb.from_connection(warehouse)
    period = Period.week_of(date(2025, 10, 6))
    performance, snapshots = backend.table("post_performance"), backend.table("account_snapshots")
    answers = {
        "weekly_results": weekly_results(performance, period, hours=120, horizon="120"),
        "weekly_followers": weekly_followers(snapshots, period),
        "usable_horizon": usable_horizon(performance, period),
        "weekly_slides": weekly_slides(backend.table("slide_uses"), period),
    }
    found = _described(warehouse, ibis.to_sql(answers[name], dialect="duckdb"))
    assert {n: _family(column(name, n).dtype) for n in found} == {n: _family(t) for n, t in found.items()}


def test_an_entry_of_one_table_names_a_column_of_that_table() -> None:
    made = {**schema(), "mart_state": {"state": "VARCHAR"}, "table_counts": {"table_name", "n_rows"}}
    astray = [c.key for c in COLUMNS.values() if c.table and c.name not in made.get(c.table, {})]
    assert astray == []


def test_every_sentence_is_one() -> None:
    poor = [
        c.key
        for c in COLUMNS.values()
        if len(c.sentence.split()) < 3 or not c.sentence.endswith(".") or not c.sentence[:1].isalnum()
    ]
    assert poor == []


def test_no_sentence_breaks_a_table_of_markdown() -> None:
    assert [c.key for c in COLUMNS.values() if "|" in c.sentence + c.unit or "\n" in c.sentence] == []


def test_no_two_columns_share_a_sentence() -> None:
    twice = [sentence for sentence, n in Counter(c.sentence for c in COLUMNS.values()).items() if n > 1]
    assert twice == []


def test_every_column_has_a_unit_and_a_version() -> None:
    assert [c.key for c in COLUMNS.values() if not c.unit or c.version < 1] == []


@pytest.mark.long
def test_no_heading_stands_for_two_columns_of_one_metric(warehouse: duckdb.DuckDBPyConnection) -> None:
    backend = ibis.duckdb.from_connection(warehouse)
    for metric in METRICS.values():
        labels = Counter(
            label
            for n in _answered(warehouse, backend, metric.name)
            if (label := column(metric.name, n).label)
        )
        assert {label for label, n in labels.items() if n > 1} == set(), metric.name


@pytest.mark.parametrize(
    ("suffix", "dtype", "unit"),
    [
        ("_at", "TIMESTAMP", "instant"),
        ("_on", "DATE", "date"),
        ("_rate", "DOUBLE", "fraction"),
        ("_hours", None, "hours"),
    ],
)
def test_a_suffix_tells_the_type_and_the_unit(suffix: str, dtype: str | None, unit: str) -> None:
    wrong = [
        c.key
        for c in COLUMNS.values()
        if c.name.endswith(suffix)
        and c.name not in _WORDS
        and (c.unit != unit or (dtype is not None and c.dtype != dtype))
    ]
    assert wrong == []


def test_what_is_a_boolean_reads_like_one() -> None:
    wrong = [c.key for c in COLUMNS.values() if c.name.startswith(("is_", "has_")) and c.dtype != "BOOLEAN"]
    assert wrong == []


def test_what_begins_with_n_counts_rows() -> None:
    assert [c.key for c in COLUMNS.values() if c.name.startswith("n_") and c.dtype != "BIGINT"] == []


def test_no_column_is_called_like_a_method_of_a_table() -> None:
    assert [c.key for c in COLUMNS.values() if hasattr(ibis.Table, c.name)] == []


def test_importing_the_registry_loads_nothing_heavy() -> None:
    heavy = "{'duckdb', 'ibis', 'numpy', 'pandas'}"
    program = f"import sys, workbench.columns; print(*sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[1],
    )
    assert done.stdout.strip() == ""
