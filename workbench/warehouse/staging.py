"""From a batch's Parquet to typed rows that may go in, and rejected rows with their reasons.

Every check is a boolean expression over whole columns. Reasons are only spelled out for the rows that
fail, in a second pass over the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from ..errors import WorkbenchError, nearest
from ..settings import PLATFORMS
from ..sql_words import one_file, quoted, text
from .tables import BATCH_COLUMNS, HIDDEN_COLUMNS, Table

OLDEST = "2005-01-01"
FARTHEST = "2100-01-01"
BOOKKEEPING = {"seen_at", "batch_id", *HIDDEN_COLUMNS}
_KEY_NAMES_PLATFORM = ("posts", "accounts", "followers")
DERIVED = {"posts": ("posted_local_on", "posted_local_hour")}
"""Columns that the loader computes; a batch's own values for them are not taken."""


@dataclass(frozen=True)
class Staged:
    """The accepted rows of one table of a batch, in a temporary table, typed."""

    table: Table
    name: str
    columns: tuple[str, ...]
    """Columns of the table that the batch fills, keys included."""
    rows_read: int
    rows_rejected: int


@dataclass(frozen=True)
class _Check:
    """`ok` is TRUE where the value may stand; `reason` spells out the value that may not."""

    ok: str
    reason: str


def table_types(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """Column -> SQL type of a warehouse table, in order."""
    rows = con.execute(
        "SELECT column_name, data_type FROM duckdb_columns() "
        "WHERE table_name = ? AND NOT internal AND schema_name = 'main' ORDER BY column_index",
        [table],
    ).fetchall()
    return dict(rows)


def stage(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    file: Path,
    *,
    batch_id: str,
    captured_at: str,
    now: str,
    rows: str | None = None,
) -> Staged:
    """Type and check the rows of one Parquet file; keep the bad ones in `rejected_rows`.

    `rows`: a query of those of its rows that may go in at all, where some may not.

    Raises WorkbenchError when the file has columns that the table lacks, or lacks a key column.
    """
    source = f"read_parquet({one_file(file)}, file_row_number = true, hive_partitioning = false)"
    if rows is not None:
        source = f"(SELECT *, row_number() OVER () AS file_row_number FROM ({rows}))"
    described = f"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM {source})"
    raw = dict(con.execute(described).fetchall())
    del raw["file_row_number"]
    types = table_types(con, table.name)
    for name in DERIVED.get(table.name, ()):
        raw.pop(name, None)
    _refuse_shape(table, raw, types)

    columns = [c for c in types if c in raw and c not in BOOKKEEPING]
    typed = {c: _typed(c, raw[c], types[c]) for c in columns}
    typed |= {c: f"lower({typed[c]})" for c in columns if c in table.choices or c == "platform"}
    typed |= {"currency": f"upper({typed['currency']})"} if "currency" in typed else {}
    if {"scope", "scope_id"} <= typed.keys():
        whole = typed["scope_id"]
        typed["scope_id"] = f"CASE {typed['scope']} WHEN 'account' THEN {_account(whole)} ELSE {whole} END"
    typed |= _from_key(table, typed)
    checks = [_castable(c, raw[c], types[c]) for c in columns if types[c] != "VARCHAR"]
    checks += [c for name in typed for c in _allowed(table, name, types[name], now)]
    if "seen_at" in raw:
        typed_seen = _typed("seen_at", raw["seen_at"], "TIMESTAMP")
        checks.append(_castable("seen_at", raw["seen_at"], "TIMESTAMP"))
    else:
        typed_seen = "NULL::TIMESTAMP"
    seen_at = f"coalesce(s_seen_at, TIMESTAMP {text(captured_at)})"
    checks += _instants(seen_at, "seen_at", now, future=False)
    checks += [_Check(rule.ok, text(rule.reason)) for rule in table.rules]
    absent = {c: f"NULL::{types[c]}" for rule in table.rules for c in rule.columns if c not in typed}

    row_number = "TRY_CAST(source_row AS BIGINT)" if "source_row" in raw else "NULL::BIGINT"
    selected = ", ".join(f"{expression} AS {quoted('s_' + c)}" for c, expression in (typed | absent).items())
    inner = f"SELECT {selected}, {typed_seen} AS s_seen_at, * FROM {source}"
    ok = " AND ".join(f"({check.ok})" for check in checks)
    name = f"stage_{table.name}"
    kept = ", ".join(f"{quoted('s_' + c)} AS {quoted(c)}" for c in typed)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {kept}, {seen_at} AS seen_at, {ok} AS is_ok, "
        f"file_row_number FROM ({inner})"
    )
    read = _count(con, f"SELECT count(*) FROM {name}")
    rejected = read - _count(con, f"SELECT count(*) FROM {name} WHERE is_ok")
    if rejected:
        reasons = ", ".join(f"CASE WHEN ({c.ok}) IS NOT TRUE THEN {c.reason} END" for c in checks)
        whole = f"to_json(struct_pack({', '.join(f'{quoted(c)} := {quoted(c)}' for c in raw)}))"
        con.execute(
            f"INSERT INTO rejected_rows SELECT {text(batch_id)}, {text(table.name)}, {row_number}, "
            f"concat_ws('; ', {reasons}), {whole}, TIMESTAMP {text(now)} FROM ({inner}) "
            f"WHERE file_row_number IN (SELECT file_row_number FROM {name} WHERE is_ok IS NOT TRUE) "
            "ORDER BY file_row_number"
        )
        con.execute(f"DELETE FROM {name} WHERE is_ok IS NOT TRUE")
    con.execute(f"ALTER TABLE {name} DROP COLUMN is_ok")
    con.execute(f"ALTER TABLE {name} DROP COLUMN file_row_number")
    return Staged(table, name, tuple(typed), read, rejected)


def _count(con: duckdb.DuckDBPyConnection, query: str) -> int:
    row = con.execute(query).fetchone()
    return int(row[0]) if row else 0


def _refuse_shape(table: Table, raw: dict[str, str], types: dict[str, str]) -> None:
    unknown = [c for c in raw if c not in types and c not in BATCH_COLUMNS]
    if unknown:
        raise WorkbenchError(
            f"table {table.name} has no column '{unknown[0]}'.{nearest(unknown[0], types)} "
            f"Its columns: {', '.join(c for c in types if c not in BOOKKEEPING)}."
        )
    given = set(raw) | set(_from_key(table, raw))
    missing = [c for c in (*table.key, *table.required) if c not in given]
    if missing:
        raise WorkbenchError(f"rows of table {table.name} lack the column '{missing[0]}', which is required.")
    for name, kind in raw.items():
        if types.get(name) == "VARCHAR" and (kind == "BLOB" or kind.endswith("]") or "(" in _unscaled(kind)):
            raise WorkbenchError(
                f"column '{name}' of table {table.name} is text, not {kind[:80]}. Write text into it (JSON, where it "
                "holds more)."
            )


def _unscaled(kind: str) -> str:
    """A type without the numbers of a DECIMAL or the names of an ENUM."""
    return kind.partition("(")[0] if kind.startswith(("DECIMAL", "ENUM")) else kind


def _from_key(table: Table, given: dict[str, str]) -> dict[str, str]:
    """Columns that follow from the key, whatever a batch says of them."""
    if table.name in _KEY_NAMES_PLATFORM:
        key = given.get(table.key[0], "NULL::VARCHAR")
        parts = {"platform": f"split_part({key}, ':', 1)"}
        if table.name == "posts":
            parts["external_id"] = f"nullif(substr({key}, instr({key}, ':') + 1), '')"
        return parts
    if "endpoint" in table.key:
        return {"endpoint": f"coalesce({given['endpoint']}, '')" if "endpoint" in given else "''"}
    return {}


def _is_text(raw: str) -> bool:
    return raw in ("VARCHAR", "JSON")


def _trimmed(column: str) -> str:
    return f"nullif(trim({quoted(column)}::VARCHAR), '')"


def _typed(column: str, raw: str, wanted: str) -> str:
    """SQL that makes a raw value what the table wants, or NULL."""
    name = quoted(column)
    if column == "account_id":
        return _account(_trimmed(column))
    if wanted == "VARCHAR":
        # Ids are compared, so blanks around them go; what people wrote stays as it is.
        return _trimmed(column) if column.endswith(_COMPARED) else f"nullif({name}::VARCHAR, '')"
    if not _is_text(raw):
        if wanted == "TIMESTAMP" and raw == "TIMESTAMP WITH TIME ZONE":
            return f"({name} AT TIME ZONE 'UTC')"
        return f"TRY_CAST({name} AS {wanted})"
    if wanted == "TIMESTAMP":
        # A cast straight to TIMESTAMP drops an offset without a word; the other one costs five times as much.
        plain = f"TRY_CAST({name} AS TIMESTAMP)"
        return (
            f"CASE WHEN {plain}::VARCHAR = {name} THEN {plain} "
            f"WHEN regexp_matches({name}, {text(_NO_OFFSET)}) THEN NULL "
            f"ELSE TRY_CAST({name} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' END"
        )
    if wanted.endswith("[]"):
        return f"TRY(from_json({name}, '[\"VARCHAR\"]'))"
    return f"TRY_CAST({name} AS {wanted})"


def _account(name: str) -> str:
    """SQL for the id of an account: platforms fold the case of names, and people write them with an @."""
    named = f"lower(replace({name}, ':@', ':'))"
    # What nobody sees makes no other account. Most names are ASCII, and the pattern costs ten times as much.
    return (
        f"CASE WHEN strlen({named}) = length({named}) THEN {named} "
        f"ELSE nullif(regexp_replace({named}, '[{_UNSEEN}]', '', 'g'), '') END"
    )


_NO_OFFSET = r":[0-9.]+ ?[+-](1[5-9]|[2-9][0-9])(:?[0-9]{2})?$"
"""Farther from UTC than any place; DuckDB reckons with it all the same."""
_UNSEEN = r"\x{AD}\x{61C}\x{180E}\x{200B}\x{200E}\x{200F}\x{202A}-\x{202E}\x{2060}-\x{2064}\x{2066}-\x{206F}\x{FEFF}"
"""Characters without a shape: zero-width blanks, marks of direction. Not the joiners that emoji are made with."""


_COMPARED = ("_id", "platform", "hashtag", "currency", "username", "_key", "status", "scope", "kind", "_type")

_KINDS = {
    "BIGINT": "a whole number",
    "DOUBLE": "a number",
    "TIMESTAMP": "an instant such as 2025-03-31 18:05:00 (UTC)",
    "DATE": "a date such as 2025-03-31",
    "BOOLEAN": "true or false",
}


_WHOLE = r"\s*[+-]?[0-9]+(\.0*)?\s*"
_LARGEST = 2**63 - 1


def _castable(column: str, raw: str, wanted: str) -> _Check:
    """A value that is there must be a value of the wanted type, exactly."""
    given = quoted(column)
    absent = f"{given} IS NULL" + (f" OR trim({given}::VARCHAR) = ''" if _is_text(raw) else "")
    kind = _KINDS.get(wanted, 'a list such as ["a", "b"]' if wanted.endswith("[]") else "text")
    if wanted.startswith("DECIMAL"):
        kind = f"an amount with at most {_places(wanted)} decimals"
    ok = f"coalesce({_is_exact(column, raw, wanted)}, false) OR {absent}"
    why = text(f" is not {kind}")
    if wanted == "BIGINT":
        whole = _matches(f"{given}::VARCHAR", _WHOLE)
        beyond = f"abs(TRY_CAST({given} AS DOUBLE)) >= {_LARGEST}"
        told = text(f" is too large: the largest whole number here is {_LARGEST:,} (or as far below 0)")
        why = f"CASE WHEN {whole} AND {beyond} THEN {told} ELSE {why} END"
    return _Check(ok, f"{text(column + ': ')} || {_shown(given)} || {why}")


def _is_exact(column: str, raw: str, wanted: str) -> str:
    """SQL that is TRUE where the typed value is what was written: casts round, cut and guess in silence."""
    typed, given = quoted("s_" + column), quoted(column)
    if not _is_text(raw):
        same = f"{typed} IS NOT NULL" if raw == wanted else f"TRY_CAST({typed} AS {raw}) = {given}"
        return f"{same} AND isfinite({typed})" if wanted == "DOUBLE" else same
    if wanted == "BIGINT":
        # The pattern costs more than writing the number out, and most are plain.
        is_whole = f"CASE WHEN {typed}::VARCHAR = {given} THEN true ELSE {_matches(given, _WHOLE)} END"
        return f"{typed} IS NOT NULL AND {is_whole}"
    if wanted == "DOUBLE":
        return f"isfinite({typed}) AND NOT contains({given}, '_')"
    if wanted.startswith("DECIMAL"):
        places = _places(wanted)
        amount = rf"\s*[+-]?([0-9]+(\.[0-9]{{0,{places}}}0*)?|\.[0-9]{{1,{places}}}0*)\s*"
        return f"{typed} IS NOT NULL AND {_matches(given, amount)}"
    if wanted == "DATE":
        return f"TRY_CAST({given} AS TIMESTAMP) = {typed}::TIMESTAMP"
    return f"{typed} IS NOT NULL"


def _matches(value: str, pattern: str) -> str:
    return f"regexp_full_match({value}, {text(pattern)})"


def _places(decimal: str) -> str:
    """How many decimals a type such as DECIMAL(18,4) holds."""
    return decimal.split(",")[1].strip(" )")


def _shown(value: str) -> str:
    """A value in a reason: quoted and cut, as it may be megabytes."""
    return f"coalesce('''' || left({value}::VARCHAR, 80) || '''', 'an empty value')"


def _allowed(table: Table, column: str, wanted: str, now: str) -> list[_Check]:
    name = quoted("s_" + column)
    checks = []
    if column in table.key or column in table.required:
        why = f"{column} is missing; a row of {table.name} can''t stand without it"
        checks.append(_Check(f"{name} IS NOT NULL", f"'{why}'"))
    if column in ("post_id", "account_id", "follower_id"):
        checks.append(_names_platform(name, column))
    if column in ("post_id", "external_id", "sound_id"):
        checks.append(_is_whole_id(name, column))
    choices = table.choices.get(column)
    if column == "platform" and table.name not in ("app_events", *_KEY_NAMES_PLATFORM):
        choices = PLATFORMS
    if choices:
        listed = ", ".join(text(c) for c in choices)
        told = text(f" is not one of {', '.join(choices)}")
        ok = f"{name} IS NULL OR {name} IN ({listed})"
        checks.append(_Check(ok, f"'{column}: ' || {_shown(name)} || {told}"))
    if column == "currency":
        checks.append(
            _Check(
                f"{name} IS NULL OR regexp_full_match({name}, '[A-Z]{{3}}')",
                f"'currency: ' || {_shown(name)} || ' is not three letters such as EUR'",
            )
        )
    if column == "time_zone":
        checks.append(
            _Check(
                f"{name} IS NULL OR {name} IN (SELECT name FROM pg_timezone_names())",
                f"'time_zone: ' || {_shown(name)} || ' is no IANA zone such as Europe/Berlin'",
            )
        )
    if wanted == "BIGINT" and column not in table.signed:
        checks.append(_Check(f"{name} IS NULL OR {name} >= 0", f"'{column}: ' || {name} || ' is below 0'"))
    if wanted == "DOUBLE" and column.endswith(("_seconds", "_hours")):
        checks.append(_Check(f"{name} IS NULL OR {name} >= 0", f"'{column}: ' || {name} || ' is below 0'"))
    if column in table.fractions:
        ok = f"{name} IS NULL OR {name} BETWEEN 0 AND 1"
        checks.append(_Check(ok, f"'{column}: ' || {name} || ' is not from 0 to 1'"))
    if wanted == "TIMESTAMP":
        checks += _instants(name, column, now, future=column in table.future)
    if wanted == "DATE":
        low, high = f"DATE '{OLDEST}'", f"DATE '{FARTHEST}'"
        checks.append(
            _Check(
                f"{name} IS NULL OR {name} BETWEEN {low} AND {high}",
                f"'{column}: ' || {name} || ' is not between 2005 and 2100'",
            )
        )
    return checks


def _names_platform(name: str, column: str) -> _Check:
    """Ids of posts, accounts and followers, here and where they are referred to: `platform:id`."""
    known = "|".join(PLATFORMS)
    # Most begin like this, and the pattern costs five times as much.
    usual = f"starts_with({name}, 'tiktok:') AND length({name}) > 7"
    told = text(f" is not a platform, a colon and an id; platforms: {', '.join(PLATFORMS)}")
    return _Check(
        f"{name} IS NULL OR CASE WHEN {usual} THEN true ELSE {_matches(name, f'({known}):.+')} END",
        f"'{column}: ' || {_shown(name)} || {told}",
    )


def _is_whole_id(name: str, column: str) -> _Check:
    """An id that a spreadsheet or a data frame took for a number has lost digits: others have become equal to it."""
    start = "(^|:)" if column == "external_id" else ":"
    rounded = rf"{start}[0-9]+(\.[0-9]*([eE][+-]?[0-9]+)?|[eE]\+[0-9]+)$"
    wrong, plain = rounded, f"NOT contains({name}, '.') AND NOT contains({name}, '+')"
    told = " is a number that was rounded, not an id; export the column as text"
    if column == "post_id":
        wrong = rf"{rounded}|[\pC\pZ]"
        plain += f" AND NOT contains({name}, ' ') AND strlen({name}) = length({name})"
        told = " is no whole id: the number was rounded, or it holds a blank or unseen character; export it as text"
    ok = f"{name} IS NULL OR CASE WHEN {plain} THEN true ELSE NOT regexp_matches({name}, {text(wrong)}) END"
    return _Check(ok, f"'{column}: ' || {_shown(name)} || {text(told)}")


def _instants(name: str, column: str, now: str, *, future: bool) -> list[_Check]:
    low = _Check(
        f"{name} IS NULL OR {name} >= TIMESTAMP '{OLDEST}'",
        f"'{column}: ' || {name} || ' is before 2005, when none of the platforms existed'",
    )
    # Clocks differ and zones are mistaken by hours, never by more than a day.
    high = _Check(
        f"{name} IS NULL OR {name} <= TIMESTAMP {text(now)} + INTERVAL 1 DAY",
        f"'{column}: ' || {name} || ' lies in the future'",
    )
    far = _Check(
        f"{name} IS NULL OR {name} < TIMESTAMP '{FARTHEST}'",
        f"'{column}: ' || {name} || ' is not before {FARTHEST[:4]}'",
    )
    return [low, far if future else high]
