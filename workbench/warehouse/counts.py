"""How many rows each table of a version has, written down when it is made: `workbench verify` counts again."""

from __future__ import annotations

import duckdb

from ..sql_words import quoted, text

TABLE = "table_counts"


def note_counts(con: duckdb.DuckDBPyConnection) -> None:
    """Write table `table_counts` anew; what stands in the archive has counts of its own."""
    row = con.execute("SELECT current_database()").fetchone()
    assert row is not None
    stored = con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE NOT internal AND NOT temporary AND schema_name = 'main' "
        "AND database_name = ? AND table_name <> ? ORDER BY table_name",
        [row[0], TABLE],
    ).fetchall()
    counted = " UNION ALL ".join(
        f"SELECT {text(name)} AS table_name, count(*) AS n_rows FROM {quoted(row[0])}.main.{quoted(name)}"
        for (name,) in stored
    )
    con.execute(
        f"CREATE OR REPLACE TABLE {TABLE} AS {counted or 'SELECT NULL::VARCHAR AS table_name, 0 AS n_rows'}"
    )
