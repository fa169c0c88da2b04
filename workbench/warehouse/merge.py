"""Rows into tables: one row for each key, each column the value with the highest rank.

A value's rank is the time when its information was captured (tables of things) or the count that
leads its row (tables of facts: of two counts of one post at one instant, the row with the largest views
wins). Ties go to the larger hash of the value. Taking the maximum of (rank, hash) column by column is
commutative, associative and idempotent; so batches may come in any order, twice, and overlapping.

`column_ranks` keeps the rank of those columns that are not of the row's own rank; it is NULL for nearly
all rows. NULL has no rank and never overwrites a value.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from ..sql_words import quoted, text
from . import archive
from .staging import BOOKKEEPING, DERIVED, Staged, table_types
from .tables import Table


@dataclass(frozen=True)
class Merged:
    """What merging one table's staged rows did; counts of rows."""

    accepted: int
    unchanged: int
    duplicate: int
    conflicts: int
    """Keys of which a row gave another count than another row (facts only)."""


def merge(con: duckdb.DuckDBPyConnection, staged: Staged, *, batch_id: str, zone: str) -> Merged:
    """Merge staged rows into their table; leaves the keys that changed in `touched_<table>`."""
    table = staged.table
    key = [quoted(k) for k in table.key]
    keys = ", ".join(key)
    total = _count(con, f"SELECT count(*) FROM {staged.name}")
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE multi AS SELECT {keys} FROM {staged.name} GROUP BY ALL HAVING count(*) > 1"
    )
    stood = archive.stood(con, staged)
    empty = not _count(con, f"SELECT count(*) FROM (SELECT 1 FROM {stood} LIMIT 1)")
    if not empty:
        con.execute(
            f"INSERT INTO multi SELECT DISTINCT {keys} FROM {staged.name} SEMI JOIN {stood} USING ({keys}) "
            f"ANTI JOIN multi USING ({keys})"
        )
    met = _count(con, "SELECT count(*) FROM multi")
    types = table_types(con, table.name)
    columns = [c for c in staged.columns if c not in table.key]

    single = f"SELECT * FROM {staged.name}" + (f" ANTI JOIN multi USING ({keys})" if met else "")
    extra = "" if table.is_fact else "seen_at, "
    con.execute(f"CREATE OR REPLACE TEMP TABLE touched_{table.name} AS SELECT {keys} FROM ({single})")
    names = [*table.key, *columns]
    into = ", ".join(quoted(c) for c in names)
    _insert(
        con, table, f"SELECT {into}, {extra}NULL AS column_ranks FROM ({single})", into, extra, batch_id, zone
    )
    inserted = _count(con, f"SELECT count(*) FROM touched_{table.name}")
    changed = conflicts = 0
    singles = inserted
    if met:
        left_out = {*BOOKKEEPING, *table.key, *DERIVED.get(table.name, ())}
        everything = [c for c in types if c not in left_out]
        conflicts = _combine(con, staged, stood, everything, types)
        changed = _replace(con, table, stood, everything, batch_id, zone)
        inserted += changed
    rows_met = total - singles
    duplicate = rows_met - met
    return Merged(inserted, met - changed, duplicate, conflicts)


def rank_of(table: Table, column: str | None = None) -> str:
    """SQL for the rank of a row, or of one of its columns."""
    row = f"coalesce({quoted(table.rank)}, -1)" if table.is_fact else "coalesce(epoch_us(seen_at), 0)"
    return f"coalesce(column_ranks[{text(column)}], {row})" if column else row


def _combine(
    con: duckdb.DuckDBPyConnection, staged: Staged, stood: str, columns: list[str], types: dict[str, str]
) -> int:
    """Fill temporary table `combined` with one row for each key in `multi`; returns conflicts."""
    table = staged.table
    keys = ", ".join(quoted(k) for k in table.key)
    seen = [] if table.is_fact else ["seen_at"]
    old = ", ".join(quoted(c) for c in [*table.key, *columns, *seen])
    absent = "".join(f", NULL::{types[c]} AS {quoted(c)}" for c in columns if c not in staged.columns)
    pool = (
        f"SELECT {old}, NULL::MAP(VARCHAR, BIGINT) AS column_ranks "
        f"FROM (SELECT *{absent} FROM {staged.name} SEMI JOIN multi USING ({keys})) UNION ALL "
        f"SELECT {old}, column_ranks FROM {stood} SEMI JOIN multi USING ({keys})"
    )
    values = ", ".join(
        f"{_winner(table, c, given=c in staged.columns)} AS {quoted(c)}, "
        f"max({rank_of(table, c)}) FILTER ({quoted(c)} IS NOT NULL) AS {quoted('r_' + c)}"
        for c in columns
    )
    ranks = ", ".join(quoted("r_" + c) for c in columns)
    row_rank = f"coalesce(greatest({ranks}), max_rank)" if columns else "max_rank"
    entries = ", ".join(f"{{key: {text(c)}, value: {quoted('r_' + c)}}}" for c in columns)
    if table.is_fact:
        # The row's rank is its leading count; columns that came with another count are exceptions.
        row_rank = f"coalesce({quoted(table.rank)}, -1)"
    differ = " OR ".join(f"{quoted('r_' + c)} <> row_rank" for c in columns) or "false"
    seen_at = "" if table.is_fact else "make_timestamp(nullif(row_rank, 0)) AS seen_at, "
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE combined AS SELECT {keys}, {_names(columns)}{seen_at}"
        f"CASE WHEN {differ} THEN map_from_entries(list_filter([{entries}], "
        f"lambda e: e.value IS NOT NULL AND e.value <> row_rank)) END AS column_ranks, "
        f"conflict FROM (SELECT *, {row_rank} AS row_rank FROM (SELECT {keys}, {values + ', ' if values else ''}"
        f"max({rank_of(table)}) AS max_rank, "
        f"{_conflict(table, columns, types)} AS conflict FROM ({pool}) GROUP BY {keys}))"
    )
    return _count(con, "SELECT count(*) FROM combined WHERE conflict")


def _winner(table: Table, column: str, *, given: bool) -> str:
    """SQL for the value that stands among those of one key; `given`: the batch has the column."""
    if not given:
        return f"any_value({quoted(column)})"  # only the table's own row can have one
    if column in table.earliest:
        return f"min({quoted(column)})"
    return f"arg_max({quoted(column)}, {{r: {rank_of(table, column)}, h: hash({quoted(column)})}})"


def _conflict(table: Table, columns: list[str], types: dict[str, str]) -> str:
    """SQL for whether several values of one count were given for one fact."""
    counts = [quoted(c) for c in columns if table.is_fact and types[c] == "BIGINT"]
    return " OR ".join(f"min({c}) < max({c})" for c in counts) or "false"


def _replace(
    con: duckdb.DuckDBPyConnection, table: Table, stood: str, columns: list[str], batch_id: str, zone: str
) -> int:
    """Put the combined rows that differ from the table's in its place; returns how many changed."""
    keys = ", ".join(quoted(k) for k in table.key)
    on = " AND ".join(f"c.{quoted(k)} = t.{quoted(k)}" for k in table.key)
    differs = " OR ".join(f"c.{quoted(c)} IS DISTINCT FROM t.{quoted(c)}" for c in columns) or "false"
    ranks = ["column_ranks"] if table.is_fact else ["seen_at", "column_ranks"]
    is_new = f"t.{quoted(table.key[0])} IS NULL"
    moved = " OR ".join(f"c.{c} IS DISTINCT FROM t.{c}" for c in ranks)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE differing AS SELECT c.*, {is_new} OR {differs} AS is_changed, "
        f"t.batch_id AS old_batch FROM combined c LEFT JOIN {stood} t ON {on} "
        f"WHERE {is_new} OR {differs} OR {moved}"
    )
    changed = _count(con, "SELECT count(*) FROM differing WHERE is_changed")
    if not _count(con, "SELECT count(*) FROM (SELECT 1 FROM differing LIMIT 1)"):
        return 0
    match = " AND ".join(f"{table.name}.{quoted(k)} = d.{quoted(k)}" for k in table.key)
    con.execute(f"DELETE FROM {table.name} USING differing d WHERE {match}")
    con.execute(f"INSERT INTO touched_{table.name} SELECT {keys} FROM differing WHERE is_changed")
    names = ", ".join(quoted(c) for c in [*table.key, *columns])
    extra = "" if table.is_fact else "seen_at, "
    _insert(
        con,
        table,
        f"SELECT {names}, {extra}column_ranks, CASE WHEN is_changed THEN {text(batch_id)} ELSE old_batch END AS b "
        "FROM differing",
        names,
        extra,
        None,
        zone,
    )
    return changed


def _insert(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    query: str,
    into: str,
    extra: str,
    batch_id: str | None,
    zone: str,
) -> None:
    batch = "" if batch_id is None else f", {text(batch_id)}"
    target = f"{into}, {extra}column_ranks, batch_id"
    if table.name != "posts" or '"posted_at"' not in into:
        con.execute(f"INSERT INTO {table.name} ({target}) SELECT *{batch} FROM ({query})")
        return
    # Absent columns become NULL ones, so that the local time's expression always holds.
    absent = [c for c in ("account_id", "posted_at_precision") if quoted(c) not in into]
    spare = "".join(f", NULL::VARCHAR AS {c}" for c in absent)
    left_out = f" EXCLUDE ({', '.join(absent)})" if absent else ""
    own = _count(con, f"SELECT count(*) FROM accounts WHERE time_zone <> {text(zone)}")
    zones = " LEFT JOIN accounts a ON a.account_id = q.account_id" if own else ""
    con.execute(
        f"INSERT INTO posts ({target}, {', '.join(DERIVED['posts'])}) "
        f"SELECT q.*{left_out}, {local_day('q', zone, own=bool(own))}, {local_hour('q', zone, own=bool(own))} "
        f"FROM (SELECT *{batch}{spare} FROM ({query})) q{zones}"
    )


def local_day(post: str, zone: str, *, own: bool = True) -> str:
    """SQL for the local date of a post. A date without a time is local already.

    `own`: accounts (as `a`) may have a zone of their own; else all are in `zone`.
    """
    return f"CASE {post}.posted_at_precision WHEN 'day' THEN {post}.posted_at ELSE {_local(post, zone, own)} END::DATE"


def local_hour(post: str, zone: str, *, own: bool = True) -> str:
    """SQL for the local hour, NULL where only the date is known."""
    return f"CASE WHEN {post}.posted_at_precision IS DISTINCT FROM 'day' THEN hour({_local(post, zone, own)}) END"


def _local(post: str, zone: str, own: bool) -> str:
    at = f"{post}.posted_at"
    if not own:
        return at if zone == "UTC" else f"timezone({text(zone)}, timezone('UTC', {at}))"
    z = f"coalesce(a.time_zone, {text(zone)})"
    return f"CASE WHEN {z} = 'UTC' THEN {at} ELSE timezone({z}, timezone('UTC', {at})) END"


def _names(columns: list[str]) -> str:
    return "".join(f"{quoted(c)}, " for c in columns)


def _count(con: duckdb.DuckDBPyConnection, query: str) -> int:
    row = con.execute(query).fetchone()
    return int(row[0]) if row else 0
