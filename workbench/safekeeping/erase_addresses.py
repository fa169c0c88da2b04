"""Hashes of addresses that are past their days go from older versions too, also from pinned ones."""

from __future__ import annotations

import duckdb

from ..settings import Settings
from ..warehouse import versions
from ..warehouse.rewriting import changed_in_place


def forget_addresses(settings: Settings, condition: str) -> list[int]:
    """Write the kept versions anew in which events still have such a hash; returns their numbers.

    `condition` is SQL over `app_events`. The loader's lock must be held.
    """
    anew = []
    for number in versions.kept_versions(settings.versions):
        version = versions.version_of(settings.versions, number)
        try:
            with duckdb.connect(str(settings.versions / version.file), read_only=True) as con:
                row = con.execute(f"SELECT count(*) FROM app_events WHERE {condition}").fetchone()
        except duckdb.Error:
            continue  # verify tells of a version that can't be read
        if row and row[0]:
            with changed_in_place(settings, version) as con:
                con.execute(f"UPDATE app_events SET ip_hash = NULL WHERE {condition}")
            anew.append(number)
    return anew
