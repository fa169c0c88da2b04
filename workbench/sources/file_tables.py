"""Tables of a SQLite file whose columns vary: found by any of their usual names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from .base import SourceFile
from .fields import instant, or_text, present
from .prepared import not_understood, plain_names

Synonyms = Mapping[str, Sequence[str]]
"""Our name of a column -> the names under which files have it, the most telling first."""


@dataclass(frozen=True)
class FileTable:
    """One of the file's tables, its columns under our names."""

    name: str
    rows: ibis.Table
    """`source_row` and a text column for each of our names; NULL where the file has no such column."""
    has: frozenset[str]
    """Our names for which the file has a column."""
    notes: tuple[str, ...]
    """The columns that nobody reads."""
    zone: str

    def instant(self, *names: str) -> ir.StringValue:
        """The first known of these instants, in UTC, as text; what can't be read stays as written."""
        written = ibis.coalesce(*(self.rows[name] for name in names))
        return or_text(instant(written, self.zone), written)


def table_called(file: SourceFile, names: Sequence[str], synonyms: Synonyms) -> FileTable:
    """The first of the file's tables with one of these names; one without rows where there is none."""
    ours = {name.lower(): name for name in file.tables}
    name = next((ours[n] for n in names if n in ours), None)
    if name is None:
        schema = {"source_row": "int64", **dict.fromkeys(synonyms, "string")}
        empty = ibis.memtable([], schema=ibis.schema(schema))
        return FileTable(names[0], empty, frozenset(), (), file.time_zone)
    rows = plain_names(file.tables[name])
    found = {c: next((n for n in theirs if n in rows.columns), None) for c, theirs in synonyms.items()}
    read = {n for n in found.values() if n}
    columns = {c: present(rows[n]) if n else ibis.null("string") for c, n in found.items()}
    notes = tuple(f"Table {name}: {note}" for note in not_understood(rows.columns, read))
    has = frozenset(c for c, n in found.items() if n)
    return FileTable(name, rows.select("source_row", **columns), has, notes, file.time_zone)


def not_read(file: SourceFile, names: Sequence[str]) -> list[str]:
    """A note that names the file's tables nobody reads, or nothing."""
    left = [
        f"{name} ({table.count().to_pyarrow().as_py():,} rows)"
        for name, table in file.tables.items()
        if name.lower() not in names
    ]
    return [f"Tables not understood and left out: {', '.join(left)}."] if left else []


def references(rows: ibis.Table, *keys: str, **values: str) -> ibis.Table:
    """What other tables may call a row -> what it is: `called`, and the values under their names.

    A row is called by each of `keys`; where two rows share a name, an earlier key decides, then the
    first row. One row for each `called`.
    """
    parts = [
        rows.select(
            called=rows[key],
            rank=ibis.literal(rank),
            source_row=rows.source_row,
            **{ours: rows[theirs] for ours, theirs in values.items()},
        ).filter(rows[key].notnull())
        for rank, key in enumerate(keys)
    ]
    every = parts[0] if len(parts) == 1 else ibis.union(*parts)
    first = ibis.row_number().over(group_by=every.called, order_by=[every.rank, every.source_row]) == 0
    return every.filter(first).drop("rank", "source_row")


def followed(rows: ibis.Table, column: str, to: ibis.Table) -> ibis.Table:
    """Rows with the values of `references` that a column names; NULL where it names nothing."""
    return rows.left_join(to, rows[column] == to.called).drop("called")
