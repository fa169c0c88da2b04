"""What a set says of the version it was made from: which file, how many rows, by which definitions, how fresh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ..model.freshness import Freshness, freshness
from ..warehouse.reader import Workbench
from ..warehouse.status import status
from ..warehouse.versions import sha256_of, version_of


@dataclass(frozen=True)
class DataFacts:
    """One version of the warehouse, as a manifest describes it. Made once for all sets of a run."""

    version: int
    as_of: datetime | None
    sha256: str = ""
    """Of the version's file; empty where it can't be read."""
    schema_version: int | None = None
    rows: Mapping[str, int] = field(default_factory=dict)
    """Table -> rows, of those that have any."""
    checks: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Severity -> open checks of the data and the rows that failed them."""
    marts: Mapping[str, int] = field(default_factory=dict)
    """Mart -> version of its definition; empty where the marts were made by other definitions or settings."""
    freshness: Freshness | None = None
    """None while the warehouse is empty."""
    erased: str = ""
    """How many posts of how many persons were erased, in a sentence; empty where nobody was."""


def data_facts(wb: Workbench) -> DataFacts:
    """The facts of the version that is open."""
    from ..warehouse.marts import DEFINITIONS, are_old

    said = status(wb)
    checks: dict[str, dict[str, int]] = {}
    for check in said["checks"]:
        severity = checks.setdefault(str(check["severity"]), {"checks": 0, "failed_rows": 0})
        severity["checks"] += 1
        severity["failed_rows"] += int(check["failed"])
    return DataFacts(
        version=wb.version,
        as_of=wb.as_of,
        sha256=sha256_of(wb.settings.versions, wb.version),
        schema_version=version_of(wb.settings.versions, wb.version).schema_version,
        rows=said["rows"],
        checks=checks,
        marts={} if are_old(wb.backend.con, wb.settings) else dict(DEFINITIONS),
        freshness=freshness(wb.table, wb.as_of) if wb.as_of else None,
        erased=said["erased"],
    )
