"""The registry of published columns: type, unit, one sentence, version of the definition.

Page headings, spreadsheet formats and docs/data_dictionary.md come from it. One name means one thing in
one unit in every table; where a short name can't (the status of a task and of a run), the table's own
entry is under `table.name`.
"""

from __future__ import annotations

from . import (
    accounts,
    audience,
    content,
    effects,
    media,
    money,
    operations,
    people,
    performance,
    posts,
    recommendations,
    shared,
    slides,
    trends,
    vas,
    work,
)
from .column import Column

__all__ = ["COLUMNS", "Column", "column"]

_TOPICS = (
    shared,
    people,
    posts,
    media,
    work,
    money,
    audience,
    trends,
    operations,
    performance,
    accounts,
    slides,
    recommendations,
    vas,
    content,
    effects,
)

COLUMNS: dict[str, Column] = {c.key: c for topic in _TOPICS for c in topic.COLUMNS}
"""Name -> column, and `table.name` -> column where one table's differs."""


def column(table: str, name: str) -> Column:
    """What a column of a table means. Raises KeyError for one that is not registered."""
    return COLUMNS.get(f"{table}.{name}") or COLUMNS[name]
