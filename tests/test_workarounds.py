"""Each workaround for a library, with a test that fails once the library is mended."""

from __future__ import annotations

import warnings

import ibis
import pytest
import sqlglot
import sqlglot.expressions as sge


def test_ibis_still_calls_what_duckdb_deprecates() -> None:
    # Then: drop the first exception from filterwarnings in pyproject.toml.
    con = ibis.duckdb.connect()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        with pytest.warns(DeprecationWarning, match="fetch_arrow_table"):
            con.list_tables()


def test_ibis_still_asks_for_a_pandas_option_that_goes() -> None:
    # Then: drop the second exception, and let display and model use to_pandas().
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        with pytest.warns(Warning, match="infer_string"):
            ibis.memtable({"a": ["x"]}).to_pandas()


def test_newer_sqlglot_is_not_installed_while_ibis_needs_the_older() -> None:
    # sqlglot 30.18 renamed what Ibis 12's DROP TABLE is made of; then: lift the pin in pyproject.toml.
    drop = sge.Drop(kind="TABLE", this=sqlglot.to_identifier("t"))
    assert drop.sql("duckdb") == "DROP TABLE t"
