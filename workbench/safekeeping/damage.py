"""A damaged version is told in a line that names what to do, whichever query met it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from ..errors import WorkbenchError, machine_trouble
from .verify_findings import one_line


@contextmanager
def damage_told(outcome: str) -> Iterator[None]:
    """Raise WorkbenchError in place of what DuckDB says of a file that it can't read; `outcome`: what was changed."""
    try:
        yield
    except (duckdb.IOException, duckdb.FatalException) as e:
        if machine_trouble(e):
            raise
        raise WorkbenchError(
            f"A version of the warehouse can't be read: {one_line(e)}. {outcome} `workbench verify` names what is "
            "damaged, and what to do."
        ) from e
