"""Whether the text of a query only reads tables: what DuckDB's own parser makes of it decides."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb

from ..errors import UsageError

_ROWS_FROM = {
    *("range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree", "summary"),
    *("histogram", "histogram_values", "duckdb_columns", "duckdb_constraints", "duckdb_functions"),
    *("duckdb_keywords", "duckdb_schemas", "duckdb_tables", "duckdb_types", "duckdb_views"),
    *("pragma_show", "pragma_table_info", "pragma_version", "icu_calendar_names", "pg_timezone_names"),
}
"""Functions that may stand after FROM. Others read files, run a text of their own, or change how DuckDB works: a
locked configuration does not keep `FROM enable_logging(...)` from writing."""

_ONE = "One SELECT can be run at a time, and nothing else. Names of tables: workbench status."


def refuse_unless_select(con: duckdb.DuckDBPyConnection, query: str) -> None:
    """UsageError, with the reason, unless the text is one SELECT that gets its rows from tables."""
    if not _is_text(query):
        raise UsageError("That query can't be run: it holds bytes that are no UTF-8 text. Type it anew.")
    try:
        statements = con.extract_statements(query)
    except duckdb.Error as e:
        raise UsageError(f"That query can't be run: {_line(e)}") from e
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise UsageError(_ONE)
    if query.split(maxsplit=1)[0].lower() in ("describe", "desc", "show", "summarize"):
        raise UsageError(_ONE)  # they count as a SELECT, and can only stand in one
    for name in sorted(set(_functions(_parsed(con, query)))):
        if name not in _ROWS_FROM:
            raise UsageError(
                f"{name}() can't stand after FROM: a query reads the tables of the warehouse and nothing else. "
                "Files come in with `workbench import`."
            )


def _parsed(con: duckdb.DuckDBPyConnection, query: str) -> Any:
    try:
        found = con.execute("SELECT json_serialize_sql(?::VARCHAR)", [query]).fetchone()
        told = json.loads(found[0]) if found else None
    except (duckdb.Error, RecursionError) as e:
        raise UsageError(f"That query can't be run: {_line(e)}") from e
    if not told or told.get("error"):
        why = (told or {}).get("error_message", "it is not one that only reads")
        if str(why).startswith("Only SELECT"):
            raise UsageError(_ONE)  # a PRAGMA that tells of tables counts as a SELECT until here
        raise UsageError(f"That query can't be run: {_line(why)}")
    return told


def _functions(parsed: Any) -> Iterator[str]:
    """Names of the functions after FROM, at any depth."""
    left = [parsed]
    while left:
        node = left.pop()
        if isinstance(node, dict):
            if node.get("type") == "TABLE_FUNCTION":
                yield str((node.get("function") or {}).get("function_name")).lower()
            left += node.values()
        elif isinstance(node, list):
            left += node


def _is_text(query: str) -> bool:
    try:
        query.encode()
    except UnicodeEncodeError:
        return False
    return True


def _line(why: object) -> str:
    return " ".join(str(why).split())
