"""Names and values as words of DuckDB's SQL, whoever wrote them."""

from __future__ import annotations

import re
from pathlib import Path


def quoted(name: str) -> str:
    """A name: of a table, a column, an attached file."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text, as a literal."""
    return "'" + value.replace("'", "''") + "'"


def one_file(path: Path) -> str:
    """A path as DuckDB's readers take it for this one file, as a literal."""
    return text(only(path))


def only(path: Path) -> str:
    """The pattern that fits this file alone.

    Readers take *, ? and [ in a name for a pattern, and a leading ~ for somebody's home.
    """
    return without_patterns(str(path.absolute()))


def without_patterns(path: str) -> str:
    """A path with *, ? and [ as letters of it."""
    return re.sub(r"([*?\[])", r"[\1]", path)
