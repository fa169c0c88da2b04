"""A CSV as one table of text, read right or refused.

DuckDB reads, because it is fast; nothing is left for it to guess. Delimiter and header are found here,
columns are text, and the number of records is compared with what the bytes say (csv_layout).
"""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import ibis
from ibis.backends.duckdb import Backend

from ..errors import SourceError, UsageError
from ..sql_words import one_file, quoted
from ..sql_words import text as literal
from ..warehouse.scratch import scratch
from .csv_layout import layout
from .csv_mend import RETURN_MARK, header_end, mended, refuse
from .encoding import utf8_copy

_DELIMITERS = (",", ";", "\t", "|")
_DELIMITER_NAMES = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
_HEAD_BYTES = 1 << 18
_UNSEEN = " \t\r\n\v\f\u00a0\u200b\u2060\ufeff"
"""Around a column's name: no part of it. The last is a byte order mark."""
_MOST_COLUMNS = 5_000
_FEW_COLUMNS = 64
_LINE_BYTES = 1 << 24
"""A longer record is refused: it is a quote gone astray, not a caption."""


def open_csv(
    path: Path, con: Backend, *, options: Mapping[str, Any], content: Path | None = None
) -> dict[str, ibis.Table]:
    """Read a CSV into `con`; `content` is where its bytes are when not at `path` (unpacked from .gz).

    Grain: a row of `rows` is a record, in the file's order, `source_row` its number from 1. Every
    column is text; an empty field is NULL. Lines without any field are no records.

    Raises SourceError where the file can't be read in exactly one way.
    """
    folder = Path(tempfile.mkdtemp(prefix="csv-", dir=scratch()))
    try:
        text = utf8_copy(content or path, path, folder, options.get("encoding"))
        delimiter, header = _head(text, path, options.get("delimiter"))
        expected = layout(text, delimiter, len(header))
        records = expected.records
        marks = False
        if not expected.is_regular:
            copy = mended(text, path, folder, delimiter, len(header))
            text, records, marks = copy.path, copy.records, copy.has_return_marks
        try:
            con.raw_sql(_create(text, delimiter, header, marks))
        except duckdb.Error as e:
            refuse(text, path, delimiter, len(header), str(e).partition("\n")[0], _LINE_BYTES)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _check(con.con, path, header, records - 1)
    names = ", ".join(f"{quoted(_inner(name))} as {quoted(name)}" for name in header)
    con.raw_sql(f"create view rows as select {names}, rowid + 1 as source_row from records")
    return {"rows": con.table("rows")}


def _inner(name: str) -> str:
    """The column's name in DuckDB's own table, where `rowid` is the row's number."""
    return "rowid of the file" if name.casefold() == "rowid" else name


def _create(text: Path, delimiter: str, header: Sequence[str], marks: bool) -> str:
    columns = ", ".join(f"{literal(_inner(name))}: 'VARCHAR'" for name in header)
    kept = "*"
    if marks:
        restored = (
            f"replace({c}, '{RETURN_MARK}', chr(13)) as {c}" for c in map(quoted, map(_inner, header))
        )
        kept = ", ".join(restored)
    # A blank line is a record of one NULL to DuckDB where there is one column only.
    only = f" where {quoted(_inner(header[0]))} is not null" if len(header) == 1 else ""
    return (
        f"create table records as select {kept} from read_csv({one_file(text)}, columns = {{{columns}}}, "
        f"delim = {literal(delimiter)}, quote = '\"', escape = '\"', comment = '', header = true, "
        "auto_detect = false, strict_mode = true, null_padding = false, ignore_errors = false, nullstr = '', "
        f"compression = 'none', hive_partitioning = false, "
        f"max_line_size = {_LINE_BYTES}, buffer_size = {4 * _LINE_BYTES}){only}"
    )


def _check(con: duckdb.DuckDBPyConnection, path: Path, header: Sequence[str], records: int) -> None:
    row = con.execute("select count(*) from records").fetchone()
    found = int(row[0]) if row else 0
    if len(header) > 1 and found != records:
        raise SourceError(
            f"{path}: {found} records were read, but its bytes hold {records}. It is refused rather than "
            "misread: open it in a spreadsheet, save it as CSV UTF-8 and import that."
        )
    if found == 0:
        raise SourceError(
            f"{path}: a header ({', '.join(header[:4])}{', ...' if len(header) > 4 else ''}) and no record. "
            "Export it again, or leave the file out."
        )
    again = con.execute(f"select min(rowid) + 1 from records where {_is_header(header)}").fetchone()
    if again and again[0] is not None:
        raise SourceError(
            f"{path}: record {again[0]} repeats the header, so two exports were joined. Remove that line "
            "(if the two were made at different times, import them as two files)."
        )


def _is_header(header: Sequence[str]) -> str:
    """SQL that is TRUE for a record that reads like the header, in whatever order of the columns."""
    listed = ", ".join(map(literal, header)) if len(header) <= _FEW_COLUMNS else ""
    first, *others = map(quoted, map(_inner, header))
    texts = [f"trim(replace({first}, chr(65279), ''))", *(f"trim({column})" for column in others)]
    return " and ".join(
        f"{text} in ({listed})" if listed else f"{text} = {literal(name)}"
        for text, name in zip(texts, header, strict=True)
    )


def _head(text: Path, path: Path, delimiter: str | None) -> tuple[str, list[str]]:
    """The delimiter and the names of the columns."""
    with text.open("rb") as f:
        content = f.read(_HEAD_BYTES)
    whole = len(content) < _HEAD_BYTES
    head = content.decode("utf-8-sig", "ignore")
    if delimiter is not None:
        delimiter = _DELIMITER_NAMES.get(delimiter, delimiter)
        if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n':
            raise UsageError(f"--delimiter {delimiter!r}: write one character such as ';', or tab.")
        chosen = delimiter
    else:
        chosen = max(_DELIMITERS, key=lambda d: _fields(head, d, whole))
    records = _records(head, chosen, 1, whole=True)
    if records and not whole and not header_end(content):
        raise SourceError(
            f"{path}: the header is longer than {_HEAD_BYTES:,} bytes, more than {_MOST_COLUMNS:,} columns take. Check "
            "that its lines end where they should, or export the columns that matter."
        )
    if not records:
        raise SourceError(
            f"{path}: the header can't be read: it opens a quoted field that doesn't close. The file was cut "
            "off, or a quote is missing. Export it again."
        )
    return chosen, _names(path, records[0])


def _fields(head: str, delimiter: str, whole: bool) -> tuple[bool, int]:
    """Whether the first records are as long as the header, and how long that is."""
    records = _records(head, delimiter, 5, whole)
    if not records:
        return (False, 0)
    return (len({len(r) for r in records}) == 1 and len(records[0]) > 1, len(records[0]))


def _records(head: str, delimiter: str, number: int, whole: bool) -> list[list[str]]:
    """The first few records of a text; the very last may be cut off unless it is whole."""
    found: list[list[str]] = []
    try:
        for record in csv.reader(io.StringIO(head, newline=""), delimiter=delimiter, strict=True):
            if record:
                found.append(record)
            if len(found) > number:
                break
    except csv.Error:
        pass
    return found[:number] if whole or len(found) > number else found[:-1]


def _names(path: Path, header: Sequence[str]) -> list[str]:
    """The header's names; a nameless column is called column_N."""
    if len(header) > _MOST_COLUMNS:
        raise SourceError(
            f"{path}: the header has {len(header):,} columns, more than the {_MOST_COLUMNS:,} that are read. Check "
            "that its lines end where they should, or export the columns that matter."
        )
    names = [name.strip(_UNSEEN) or f"column_{i}" for i, name in enumerate(header, 1)]
    seen: dict[str, int] = {}
    for i, name in enumerate(names, 1):
        first = seen.setdefault(name.casefold(), i)
        if first != i:
            raise SourceError(
                f"{path}: columns {first} and {i} of the header are both called {name!r} (upper and lower "
                "case are one), so nobody can tell which is meant. Rename or remove one of them."
            )
    if "source_row" in seen:
        raise SourceError(
            f"{path}: column {seen['source_row']} is called source_row, which is the name of the record's "
            "number here. Rename it."
        )
    return names
