"""Raw rows made ready once, so that several canonical tables don't parse them several times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import ibis
import ibis.expr.types as ir

from ..sql_words import quoted
from .base import SourceFile
from .fields import or_text


def plain_names(rows: ibis.Table) -> ibis.Table:
    """Columns renamed so that 'Post URL' and 'post_url' are one; as they are where two would clash."""
    names = {c: "_".join(c.lower().replace("-", " ").split()) for c in rows.columns}
    if len(set(names.values())) < len(names):
        return rows
    return rows.rename({new: old for old, new in names.items()})


def prepared(
    file: SourceFile, name: str, expression: ibis.Table, typed: Mapping[str, str] | None = None
) -> ibis.Table:
    """The expression as a table of the file's own DuckDB.

    Parameters
    ----------
    typed
        Column -> column with the text that it was read from. Where every text could be read, the
        column stays typed, which is faster to load; else it becomes text, the unreadable as written.
    """
    table = file.con.create_table(name, expression)
    fallen = {c: raw for c, raw in (typed or {}).items() if _any_lost(file, name, c, raw)}
    return table.mutate(**{c: or_text(table[c], table[raw]) for c, raw in fallen.items()})


def _any_lost(file: SourceFile, name: str, column: str, raw: str) -> bool:
    query = (
        f"select 1 from {quoted(name)} where {quoted(column)} is null and {quoted(raw)} is not null limit 1"
    )
    return file.con.con.execute(query).fetchone() is not None


def once_each(
    rows: ibis.Table, column: str, name: str, made: Callable[[ir.StringColumn], ir.Value]
) -> ibis.Table:
    """Rows with the column `name` made of another one, each different text only once.

    For what is dear to take apart and often the same, such as the hashtags of a template.
    """
    rows = rows.drop(*({name, "text_of"} & set(rows.columns)))  # the file's own of that name
    texts = rows.select(text_of=rows[column]).distinct()
    return rows.left_join(texts.mutate(**{name: made(texts.text_of)}), rows[column] == texts.text_of).drop(
        "text_of"
    )


def with_columns(rows: ibis.Table, **wanted: ir.Value | None) -> ibis.Table:
    """`source_row` and those of the wanted columns that the file has anything for."""
    return rows.select("source_row", **{name: value for name, value in wanted.items() if value is not None})


def given(rows: ibis.Table, name: str) -> ir.StringColumn | None:
    """A column of the file; None where it has no such column."""
    return rows[name] if name in rows.columns else None


def spellings(rows: ibis.Table, key: str, name: str, as_name: str = "name") -> ibis.Table:
    """One row a key, with its name as first spelled in the file."""
    return (
        rows.filter(rows[key].notnull())
        .group_by(key)
        .agg(**{as_name: rows[name].argmin(rows.source_row)}, source_row=rows.source_row.min())
    )


def not_understood(columns: Sequence[str], known: Iterable[str]) -> list[str]:
    """A note that names the columns nobody reads, or nothing."""
    left = [c for c in columns if c not in {*known, "source_row"}]
    return [f"Not understood and left out: {', '.join(left)}."] if left else []
