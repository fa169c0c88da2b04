"""A file that was called a format by name must have what makes that format."""

from __future__ import annotations

from collections.abc import Collection

from ..errors import UsageError
from .base import SourceFile


def require(
    file: SourceFile, source: str, wanted: Collection[str], found: Collection[str], what: str
) -> None:
    """Raise UsageError where the file lacks columns (or tables: `what`) that the source can't do without."""
    lacking = sorted(set(wanted) - set(found))
    if lacking:
        there = ", ".join(name for name in found if name != "source_row") or "none"
        raise UsageError(
            f"{file.path} can't be read as {source}: it lacks the {what} {', '.join(lacking)}. "
            f"It has: {there}. "
            "Import it without --as to have its format found, or with --mapping FILE."
        )
