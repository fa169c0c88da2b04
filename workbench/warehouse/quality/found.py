"""What a check found of one subject, and how it is kept: one open row each, resolved when it passes again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

_COLUMNS = ("batch_id", "description", "checked", "failed", "failure_rate", "severity", "details", "platform")
"""What follows the newest load."""

KEPT_DAYS = 365
"""How long a check that was resolved is kept."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A check of one subject. `severity` None: it passes."""

    check_name: str
    table_name: str
    source: str = ""
    platform: str = ""
    about: str = ""
    """What of it was checked, such as a column."""
    batch_id: str | None = None
    checked: int
    failed: int
    severity: str | None
    description: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        """With check and table, the identity of what was checked."""
        return " / ".join(filter(None, [self.source, self.platform, self.about]))


def keep(con: duckdb.DuckDBPyConnection, found: Sequence[Found], *, now: str) -> None:
    """Bring `quality_checks` up to what was found.

    A failed check is one open row, whose figures follow the newest load; one that passes again is resolved. What was
    not checked by this load stays as it is.
    """
    if found:
        _stage(con, found)
        same = "q.resolved_at IS NULL AND q.check_name = f.check_name AND q.table_name = f.table_name "
        same += "AND coalesce(q.subject, '') = f.subject"
        con.execute(
            f"UPDATE quality_checks AS q SET resolved_at = ? FROM found f WHERE f.severity IS NULL AND {same}",
            [now],
        )
        columns = _COLUMNS
        con.execute(
            f"UPDATE quality_checks AS q SET checked_at = ?, {', '.join(f'{c} = f.{c}' for c in columns)} "
            f"FROM found f WHERE f.severity IS NOT NULL AND {same}",
            [now],
        )
        con.execute(
            "INSERT INTO quality_checks (check_name, table_name, subject, checked_at, opened_at, "
            f"{', '.join(columns)}) SELECT check_name, table_name, subject, ?, ?, {', '.join(columns)} FROM found f "
            f"WHERE severity IS NOT NULL AND NOT EXISTS (FROM quality_checks q WHERE {same}) "
            "ORDER BY check_name, table_name, subject",
            [now, now],
        )
        con.execute("DROP TABLE found")
    con.execute("DELETE FROM quality_checks WHERE resolved_at < ?::TIMESTAMP - to_days(?)", [now, KEPT_DAYS])


def _stage(con: duckdb.DuckDBPyConnection, found: Sequence[Found]) -> None:
    con.execute(
        "CREATE OR REPLACE TEMP TABLE found (check_name VARCHAR, table_name VARCHAR, subject VARCHAR, "
        "platform VARCHAR, batch_id VARCHAR, checked BIGINT, failed BIGINT, failure_rate DOUBLE, severity VARCHAR, "
        "description VARCHAR, details VARCHAR)"
    )
    con.executemany(
        "INSERT INTO found VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            [
                f.check_name,
                f.table_name,
                f.subject,
                f.platform or None,
                f.batch_id,
                f.checked,
                f.failed,
                f.failed / f.checked if f.checked else None,
                f.severity,
                f.description,
                json.dumps(f.details, default=str, ensure_ascii=False) if f.details else None,
            ]
            for f in found
        ],
    )
