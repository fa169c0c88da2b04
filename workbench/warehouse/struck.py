"""Names of erased persons, struck from the texts of others: a column's distinct values at a time."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

import duckdb
import pyarrow as pa

from ..sql_words import quoted, text
from .staging import table_types
from .tables import TABLES
from .traces import ERASED, SHORTEST_NUMBER, Traces

NO_TEXT = {
    "account_id", "post_id", "follower_id", "batch_id", "platform", "currency", "status", "scope", "kind", "method",
    "state", "seen_at", "sha256", "post_type", "language", "source_row", "phash",
    "session_id", "interaction_type", "va_id", "set_id",
}  # fmt: skip
"""Columns that hold no words of people's, or the ids that rows go by."""
LETTERS = r"[\p{L}\p{N}_.\-]+"
RUNS = r"[\p{L}\p{N}]+"
ESCAPES = r"\\[nrtbf]|%40"
NAMED_GO = ("raw_payloads", "rejected_rows")
"""Tables of which a row that names the person goes whole: it is somebody else's text about them."""


def strike(
    con: duckdb.DuckDBPyConnection, source: str, types: Mapping[str, str], traces: Traces
) -> str | None:
    """A query of all rows with the person's names struck from every text; None where no text has any."""
    joins, values = [], {}
    for n, column in enumerate(c for c, t in types.items() if c not in NO_TEXT and is_text(t)):
        pairs = struck_values(con, source, column, types[column], traces)
        if not pairs:
            continue
        name = f"struck_{uuid.uuid4().hex[:8]}"
        _keep(con, name, pairs, types[column])
        joins.append(f" LEFT JOIN {name} m{n} ON m{n}.was = q.{quoted(column)}")
        values[column] = f"coalesce(m{n}.now, q.{quoted(column)})"
    if not joins:
        return None
    return f"SELECT q.*{replacing(values)} FROM {source} q{''.join(joins)}"


def struck_values(
    con: duckdb.DuckDBPyConnection, source: str, column: str, kind: str, traces: Traces
) -> list[tuple[object, object]]:
    """Each distinct value of a column that names the person, and what stands in its place."""
    loose = column in ("file_name", "storage_key")
    rows = con.execute(_near(con, source, column, kind, traces)).fetchall()
    found: list[tuple[object, object]] = []
    for (value,) in rows:
        if isinstance(value, list):
            alone = column == "mentions"  # a list of names, most without the @
            now: object = [
                v
                for v in (
                    ERASED
                    if alone and each and each.lower().strip("@") in traces.handles
                    else each and traces.struck(each)
                    for each in value
                )
                if not (alone and v == ERASED)
            ]
        else:
            now = traces.struck(str(value), loose=loose)
        if now != value:
            found.append((value, now))
    return found


def _near(con: duckdb.DuckDBPyConnection, source: str, column: str, kind: str, traces: Traces) -> str:
    """A query of a column's distinct values that may name the person: all that do, and some more."""
    runs, odd = traces.keys
    con.register("keys_struck", pa.table({"run": pa.array(sorted(runs), pa.string())}))
    con.execute("CREATE OR REPLACE TEMP TABLE runs_struck AS FROM keys_struck")
    con.unregister("keys_struck")
    name = quoted(column)
    flat = f"array_to_string({name}, ' ')" if kind.endswith("[]") else f"{name}::VARCHAR"
    # What stands right before a word in JSON and in addresses reads like letters of it.
    bare = f"regexp_replace(said, '{ESCAPES}', ' ', 'g')"
    found = f"regexp_extract_all({bare}, '{RUNS}') || regexp_extract_all(said, '[0-9]{{{SHORTEST_NUMBER},}}')"
    queries = [
        f"SELECT value FROM (SELECT value, unnest({found}) AS run FROM said_here) WHERE run IN (FROM runs_struck)",
        *(f"SELECT value FROM said_here WHERE contains(said, {text(each)})" for each in sorted(odd)),
    ]
    return (
        f"WITH said_here AS (SELECT value, lower(nfc_normalize(said)) AS said FROM "
        f"(SELECT DISTINCT {name} AS value, {flat} AS said FROM {source} WHERE {name} IS NOT NULL)) "
        + " UNION ".join(queries)
    )


def strike_tables(con: duckdb.DuckDBPyConnection, traces: Traces, *, dry: bool = False) -> dict[str, int]:
    """Take a person's names out of every text of a version; table -> values changed, or rows that went whole."""
    changed: dict[str, int] = {}
    for name in [*TABLES, "rejected_rows", "quality_checks", "batches"]:
        types = table_types(con, name)
        if name in NAMED_GO:
            named = named_rows(con, name, types, traces)
            if named is not None:
                changed[name] = _count(con, f"SELECT count(*) FROM {name} WHERE {named}")
                if not dry:
                    con.execute(f"DELETE FROM {name} WHERE {named}")
            continue
        for column, kind in types.items():
            if column in NO_TEXT or not is_text(kind):
                continue
            pairs = struck_values(con, name, column, kind, traces)
            if not pairs:
                continue
            changed[name] = changed.get(name, 0) + len(pairs)
            if dry:
                continue
            of = f"struck_{uuid.uuid4().hex[:8]}"
            _keep(con, of, pairs, kind)
            con.execute(
                f"UPDATE {name} SET {quoted(column)} = m.now FROM {of} m WHERE {name}.{quoted(column)} = m.was"
            )
            if name in TABLES and column in TABLES[name].key:
                keys = ", ".join(quoted(k) for k in TABLES[name].key)
                con.execute(
                    f"DELETE FROM {name} WHERE rowid IN (SELECT rowid FROM {name} "
                    f"QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY rowid) > 1)"
                )
    return changed


def named_rows(
    con: duckdb.DuckDBPyConnection, source: str, types: Mapping[str, str], traces: Traces
) -> str | None:
    """SQL for the rows of a table that name the person in any text."""
    found = []
    for column, kind in types.items():
        if not is_text(kind) or column in ("batch_id",):
            continue
        pairs = struck_values(con, source, column, kind, traces)
        if pairs:
            name = f"named_{uuid.uuid4().hex[:8]}"
            _keep(con, name, pairs, kind)
            found.append(f"coalesce({quoted(column)} IN (SELECT was FROM {name}), false)")
    return f"({' OR '.join(found)})" if found else None


def _keep(con: duckdb.DuckDBPyConnection, name: str, pairs: list[tuple[object, object]], kind: str) -> None:
    con.register(
        "pairs_struck", pa.table({"was": [was for was, _ in pairs], "now": [now for _, now in pairs]})
    )
    con.execute(
        f"CREATE TEMP TABLE {name} AS SELECT was::{kind} AS was, now::{kind} AS now FROM pairs_struck"
    )
    con.unregister("pairs_struck")


def is_text(kind: str) -> bool:
    return kind in ("VARCHAR", "VARCHAR[]", "JSON")


def replacing(values: Mapping[str, str]) -> str:
    return f" REPLACE ({', '.join(f'{e} AS {quoted(c)}' for c, e in values.items())})" if values else ""


def _count(con: duckdb.DuckDBPyConnection, query: str) -> int:
    row = con.execute(query).fetchone()
    return int(row[0]) if row else 0
