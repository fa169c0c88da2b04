"""The index over all periods, made from the manifests that lie in their folders."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..display.numbers import counted, instant
from ..errors import UsageError
from .files import write
from .manifest import manifest_of
from .page import document
from .weeks import spelled


def write_index(reports: Path) -> Path:
    """Write index.html over every period in the folder, the newest first. Returns its path."""
    folders = [f for f in reports.iterdir() if f.is_dir() and not f.name.startswith(".")]
    found = [(f.name, m) for f in folders if (m := manifest_of(f)) is not None]
    found.sort(key=lambda each: each[1]["period"], reverse=True)
    periods = [_entry(name, manifest) for name, manifest in found]
    summary = counted(len(periods), "period") + (", the newest first" if len(periods) > 1 else "")
    index = reports / "index.html"
    write(
        index,
        document("index.html.j2", periods=periods, summary=summary[:1].upper() + summary[1:]),
    )
    return index


def _entry(folder: str, manifest: dict[str, Any]) -> dict[str, Any]:
    failed = sum(p["status"] == "failed" for p in manifest["pages"])
    return {
        "folder": quote(folder),
        "period": manifest["period"],
        "spelled": _spelled(manifest["period"]),
        "version": manifest["warehouse"]["version"],
        "as_of": instant(datetime.fromisoformat(manifest["warehouse"]["as_of"])),
        "failed": f"{counted(failed, 'page')} not made" if failed else "",
        "pages": [{**p, "file": quote(p["file"])} for p in manifest["pages"]],
    }


def _spelled(period: str) -> str:
    try:
        return spelled(period)
    except UsageError:
        return period
