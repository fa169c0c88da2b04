"""Hashes of addresses that are past their days go from older versions too, also from pinned ones."""

from __future__ import annotations

from datetime import datetime

import duckdb

from ..settings import Settings
from ..sql_words import text
from ..warehouse import versions
from ..warehouse.rewriting import changed_in_place

EVENT_AT = "coalesce(occurred_at, seen_at)"
"""SQL for the instant that an event's days count from."""
IN_JSON = r'"ip_hash":\s*"[^"]*"'
"""An address's hash in the JSON of a row: of a rejected event, of a recorded one."""


def old_hashes(before: datetime | None = None) -> dict[str, tuple[str, str]]:
    """Table -> SQL for its rows with a hash of an address, and the assignment that takes it out.

    `before`: of events from before then alone.
    """
    aged = (f" AND {EVENT_AT} < TIMESTAMP '{before}'", f" AND rejected_at < TIMESTAMP '{before}'")
    events, rejected = aged if before else ("", "")
    return {
        "app_events": (f"ip_hash IS NOT NULL{events}", "ip_hash = NULL"),
        "rejected_rows": (
            f"table_name = 'app_events' AND regexp_matches(row_json, {text(IN_JSON)}){rejected}",
            f"row_json = regexp_replace(row_json, {text(IN_JSON)}, '\"ip_hash\":null', 'g')",
        ),
    }


def forget_hashes(con: duckdb.DuckDBPyConnection, before: datetime | None = None) -> None:
    """Take the hashes out of a version that may be written to."""
    for table, (condition, assignment) in old_hashes(before).items():
        con.execute(f"UPDATE {table} SET {assignment} WHERE {condition}")


def n_hashes(con: duckdb.DuckDBPyConnection, before: datetime | None = None) -> int:
    """Rows of a version with such a hash."""
    counts = " + ".join(f"(SELECT count(*) FROM {t} WHERE {c})" for t, (c, _) in old_hashes(before).items())
    row = con.execute(f"SELECT {counts}").fetchone()
    return int(row[0]) if row else 0


def forget_addresses(settings: Settings, before: datetime) -> list[int]:
    """Write the kept versions anew that still have hashes from before then; returns their numbers.

    The loader's lock must be held.
    """
    anew = []
    for number in versions.kept_versions(settings.versions):
        version = versions.version_of(settings.versions, number)
        try:
            with duckdb.connect(str(settings.versions / version.file), read_only=True) as con:
                found = n_hashes(con, before)
        except duckdb.Error:
            continue  # verify tells of a version that can't be read
        if found:
            with changed_in_place(settings, version) as con:
                forget_hashes(con, before)
            anew.append(number)
    return anew
