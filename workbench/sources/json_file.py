"""JSON files: the collected objects, one a row, unparsed, in an in-memory DuckDB."""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping
from pathlib import Path

import duckdb
import ibis
import ibis.expr.datatypes as dt
from ibis.backends.duckdb import Backend

from ..errors import SourceError
from ..sql_words import only

ENVELOPES = ("collector", "items", "data")
"""Members that hold the collected objects, where a file is one object around them."""

_OBJECTS = ("$", "$.authorMeta", "$.musicMeta", "$.videoMeta", "$.covers")
"""Objects whose members are read."""

_CHUNK = 1 << 20
_MARKS = {
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"SQLite format 3\0": "SQLite",
}


@ibis.udf.scalar.builtin(
    name="json_extract_string", signature=((dt.json, dt.Array(dt.string)), dt.Array(dt.string))
)
def _texts_at(row, paths):  # type: ignore[no-untyped-def]
    """Values at JSON paths as text: strings unquoted, numbers digit by digit, null as NULL."""


def members(rows: ibis.Table, paths: Mapping[str, str]) -> ibis.Table:
    """One column of text for each JSON path, beside `source_row` and `row`; one parse a row.

    `members(file.rows, {"author": "$.authorMeta.name"})`. Objects and arrays come as JSON text.
    Numbers keep every digit, so ids above 2**53 survive. Empty text is NULL.
    """
    values = _texts_at(rows["row"], list(paths.values()))
    return rows.select("source_row", "row", **{name: values[i].nullif("") for i, name in enumerate(paths)})


def open_json(path: Path, con: Backend) -> dict[str, ibis.Table]:
    """The objects of a JSON file: an array of them, one alone, JSON Lines, or an envelope.

    `rows` has one row per object: row [JSON, as written], source_row [its number in the file, from 1].

    Raises SourceError, and reads nothing, if any part of the file isn't JSON in UTF-8.
    """
    first = _first_character(path)
    target = ibis.util.gen_name("json")
    size = max(path.stat().st_size + 16, 1 << 20)  # an object may fill the file; 16 for its padding
    try:
        con.con.execute(
            f"CREATE TABLE {target} AS SELECT row_number() OVER () AS source_row, json AS row "
            "FROM read_json_objects(?, format = ?, maximum_object_size = ?, compression = 'uncompressed', "
            "hive_partitioning = false)",
            [only(path), "array" if first == "[" else "unstructured", size],
        )
    except duckdb.Error as e:
        raise SourceError(f"{path} {_fault(path, str(e))}") from e
    target = _unwrapped(con, target, path)
    _refuse_twice(con, target, path)
    odd = con.con.execute(
        f"SELECT source_row, json_type(row) FROM {target} WHERE json_type(row) <> 'OBJECT' LIMIT 1"
    ).fetchone()
    if odd:
        raise SourceError(
            f"{path}: item {odd[0]} is of type {odd[1]}, not an object. A list of objects is read, each "
            "with its members by name; save the file in that form."
        )
    if not con.con.table(target).limit(1).fetchall():
        raise SourceError(
            f"{path} holds an empty list: there is nothing to import. Check that the collection that "
            "wrote it found anything."
        )
    return {"rows": con.table(target)}


def _refuse_twice(con: Backend, table: str, path: Path) -> None:
    """Raise for a member that an object has twice: readers differ in which of the two they take."""
    found = con.con.execute(
        "SELECT source_row, list_filter(names, lambda n: len(list_filter(names, lambda m: m = n)) > 1)[1] FROM ("
        "SELECT source_row, unnest(json_keys(row, ?)) AS names "
        f"FROM {table} WHERE json_type(row) = 'OBJECT') WHERE len(names) <> len(list_distinct(names)) LIMIT 1",
        [list(_OBJECTS)],
    ).fetchone()
    if found:
        raise SourceError(
            f"{path}: item {found[0]} has the member '{found[1]}' twice, so nobody can tell which is meant. Mend what "
            "wrote it, or remove one of the two."
        )


def _unwrapped(con: Backend, table: str, path: Path) -> str:
    """The table of the objects inside an envelope; the table itself where there is none."""
    if con.con.execute(f"SELECT count(*) FROM {table}").fetchall() != [(1,)]:
        return table
    for name in ENVELOPES:
        # A post is no envelope, even if it has a member of that name.
        found = con.con.execute(
            f"SELECT json_type(row, '$.{name}') = 'ARRAY' AND json_type(row, '$.id') IS NULL FROM {table}"
        ).fetchone()
        if found and found[0]:
            _refuse_twice(con, table, path)
            inner: str = ibis.util.gen_name("json")
            con.con.execute(
                f"CREATE TABLE {inner} AS SELECT generate_subscripts(items, 1)::BIGINT AS source_row, "
                f"unnest(items) AS row FROM (SELECT json_extract(row, '$.{name}[*]') AS items FROM {table})"
            )
            con.con.execute(f"DROP TABLE {table}")
            return inner
    return table


def _first_character(path: Path) -> str:
    """`[` or `{`, after the whole file was found to be UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    first, done = "", 0
    with path.open("rb") as f:
        for mark, kind in _MARKS.items():
            if f.read(len(mark)) == mark:
                raise SourceError(
                    f"{path} is not JSON in UTF-8: its first bytes are those of {kind}. "
                    "Unpack it, save it as UTF-8, or give it its right ending."
                )
            f.seek(0)
        while True:
            chunk = f.read(_CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as e:
                place = done + e.start + len(chunk) - len(e.object)  # some bytes waited in the decoder
                raise SourceError(
                    f"{path} is not UTF-8: byte {place:,} is 0x{e.object[e.start]:02x} ({e.reason}). "
                    "JSON is UTF-8 by definition: save the file as UTF-8, or fetch it again."
                ) from e
            done += len(chunk)
            first = first or text.lstrip()[:1]
            if not chunk:
                break
    if first not in ("[", "{"):
        found = f"begins with '{first}'" if first else "is empty"
        page = " It looks like a web page, perhaps an error message of the server." if first == "<" else ""
        raise SourceError(f"{path} {found}: JSON begins with [ or {{.{page} Fetch or export the file again.")
    return first


def _is_value(scan: json.JSONDecoder, line: str) -> bool:
    try:
        scan.decode(line)
    except RecursionError:
        return True
    except ValueError:
        return False
    return True


def _fault(path: Path, reason: str) -> str:
    """Where the JSON breaks, in words; DuckDB counts from the record that it could not read."""
    text = path.read_text(encoding="utf-8-sig")
    # Numbers stay text: one of 5,000 digits is JSON all the same.
    position, scan = 0, json.JSONDecoder(parse_int=str, parse_float=str)
    lines = text.split("\n")
    if len(lines) > 1 and _is_value(scan, lines[0]):  # JSON Lines: each line stands for itself
        last = max(n for n, one in enumerate(lines, 1) if one.strip())
        for n, one in enumerate(lines[: last - 1], 1):
            if one.strip() and not _is_value(scan, one):
                return (
                    f"is not JSON: line {n} holds no whole value ('{one.strip()[:20]}'), as the lines before do. "
                    "Mend or remove that line, or fetch the file again."
                )
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        try:
            _, position = scan.raw_decode(text, position)
        except RecursionError:
            return "holds lists or objects nested too deep for any reader. Mend what wrote it."
        except json.JSONDecodeError as e:
            line, where = e.lineno, f"line {e.lineno}, character {e.colno}"
            rest = text[e.pos :].strip()
            if not rest or e.msg.startswith("Unterminated string"):
                return f"is cut off: it ends within a value that begins or breaks at {where}. Fetch it again."
            return f"is not JSON: {e.msg} at {where} ('{rest[:20]}'). Mend line {line}, or fetch it again."
    return f"can't be read as JSON: {reason.splitlines()[0].replace(str(path), path.name)} Fetch it again."
