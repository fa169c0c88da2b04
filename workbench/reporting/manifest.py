"""What a set of pages says of itself for machines: from which data, with what, and how it went."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .. import __version__

MANIFEST = "manifest.json"
_FORMAT = 1


def page_entry(
    name: str,
    title: str,
    *,
    error: str,
    parameters: Mapping[str, Any],
    version: int,
    as_of: datetime,
) -> dict[str, Any]:
    """One page. It carries its own version of the data, because pages can be made again one by one."""
    return {
        "name": name,
        "title": title,
        "file": f"{name}.html",
        "status": "failed" if error else "made",
        **({"error": error} if error else {}),
        "parameters": dict(parameters),
        "warehouse": _warehouse(version, as_of),
    }


def manifest(
    period: str,
    entries: Sequence[Mapping[str, Any]],
    *,
    version: int,
    as_of: datetime,
    seconds: float,
    seconds_by_page: Mapping[str, float],
) -> str:
    """The manifest as JSON. All that differs between two runs on the same data is under `made`."""
    said = {
        "format": _FORMAT,
        "period": period,
        "status": "failed" if any(e["status"] == "failed" for e in entries) else "made",
        "pages": sorted(entries, key=lambda e: str(e["name"])),
        "warehouse": _warehouse(version, as_of),
        "workbench_version": __version__,
        "made": {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(seconds, 2),
            "seconds_by_page": {name: round(s, 2) for name, s in seconds_by_page.items()},
        },
    }
    return json.dumps(said, indent=2, ensure_ascii=False) + "\n"


def manifest_of(folder: Path) -> dict[str, Any] | None:
    """What a period's folder says of itself; None where nothing readable does."""
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    whole = isinstance(found, dict) and {"period", "pages", "warehouse"} <= found.keys()
    return found if whole else None


def _warehouse(version: int, as_of: datetime) -> dict[str, Any]:
    utc = as_of.astimezone(UTC) if as_of.tzinfo else as_of.replace(tzinfo=UTC)
    return {"version": version, "as_of": utc.isoformat()}
