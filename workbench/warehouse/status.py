"""What a version holds, how fresh it is and what is wrong with it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ..model.quality import SEVERITIES, remedy
from . import erased
from .batches import waiting
from .reader import Workbench


def status(wb: Workbench) -> dict[str, Any]:
    """Counts of rows of every table that has any, freshness, open checks, rejected rows, waiting batches."""
    con = wb.backend.con
    rows = {}
    for name in wb.tables:
        n = con.execute(f'SELECT count(*) FROM "{name}"').fetchone()
        if n and n[0]:
            rows[name] = int(n[0])
    names = (
        "check_name", "table_name", "subject", "description", "checked", "failed", "severity", "opened_at",
    )  # fmt: skip
    checks = con.execute(
        f"SELECT {', '.join(names)} FROM quality_checks WHERE resolved_at IS NULL "
        "ORDER BY check_name, table_name, subject"
    ).fetchall()
    checks.sort(key=lambda c: SEVERITIES.index(c[6]))
    return {
        "version": wb.version,
        "as_of": wb.as_of,
        "age": _age(wb.as_of),
        "rows": rows,
        "rejected_rows": rows.get("rejected_rows", 0),
        "checks": [dict(zip(names, c, strict=True)) | {"remedy": remedy(c[0])} for c in checks],
        "waiting": len(waiting(wb.settings.inbox)),
        "erased": erased.summary(con).sentence,
        "erasing": (wb.settings.data / erased.INTENT).exists(),
    }


def _age(as_of: datetime | None) -> str:
    if as_of is None:
        return "empty"
    hours = (datetime.now(UTC).replace(tzinfo=None) - as_of).total_seconds() / 3600
    return f"{hours:.0f} hours old" if hours < 72 else f"{hours / 24:.0f} days old"
