"""What is said of one published column."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column: a name that means one thing, in one unit, wherever it stands."""

    name: str
    dtype: str
    """SQL type, as the migrations write it."""
    unit: str
    """What one of it is: views, hours, fraction, ... `workbench.dictionary` explains the units."""
    sentence: str
    """What it means to a reader, and what NULL means where that is not simply unknown."""
    version: int = 1
    """Version of the definition; raised when the same rows would give another value."""
    label: str = ""
    """The heading on a page; empty: the name in words."""
    table: str = ""
    """The one table in which the name means this; empty: every other table."""

    @property
    def key(self) -> str:
        return f"{self.table}.{self.name}" if self.table else self.name
