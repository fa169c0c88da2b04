"""What a set of pages says of itself for machines: from which data, with what, and how it went.

docs/reports.md describes its fields. All that differs between two runs on the same data is under `made`.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from .. import __version__
from ..settings import Settings
from .around import Around
from .data_facts import DataFacts
from .freshness import Label
from .pdf import Printed

MANIFEST = "manifest.json"
FORMAT = 2
PACKAGES = (
    "altair", "duckdb", "ibis-framework", "jinja2", "nbclient", "nbconvert", "nbformat", "numpy", "openpyxl", "pandas",
    "papermill", "pyarrow", "scipy", "vl-convert-python", "xlsxwriter",
)  # fmt: skip
"""What figures and pages are made with; those that are not installed are left out."""
SETTINGS = ("time_zone", "reporting_currency", "viral_views", "floor_views")
"""Settings that change figures."""
_PACKAGE = Path(__file__).parents[1]


def page_entry(
    name: str,
    title: str,
    *,
    error: str,
    parameters: Mapping[str, Any],
    version: int,
    as_of: datetime,
    sha256: str = "",
    defaults: Mapping[str, Any] | None = None,
    notebook_sha256: str = "",
    contents: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """One page. It carries its own version of the data, because pages can be made again one by one.

    `parameters` are those that were given, `defaults` the notebook's own for the rest, `contents` is what
    `page_contents` found.
    """
    return {
        "name": name,
        "title": title,
        "file": f"{name}.html",
        "status": "failed" if error else "made",
        **({"error": error} if error else {}),
        "parameters": dict(parameters),
        "defaults": {k: v for k, v in (defaults or {}).items() if k not in parameters},
        "notebook_sha256": notebook_sha256,
        "warehouse": _warehouse(version, as_of, sha256),
        **({} if error else contents or {}),
    }


def manifest(
    period: str,
    entries: Sequence[Mapping[str, Any]],
    *,
    version: int,
    as_of: datetime,
    seconds: float,
    seconds_by_page: Mapping[str, float],
    report: str = "",
    settings: Settings | None = None,
    facts: DataFacts | None = None,
    label: Label | None = None,
    folder: Path | None = None,
    made_at: datetime | None = None,
    around: Around | None = None,
    printed: Printed | None = None,
) -> str:
    """The manifest as JSON.

    Parameters
    ----------
    entries
        The pages in their order.
    report
        The name of a named report; empty for the agency's own.
    folder
        The set as it is built, whose files are listed.
    around
        What was written around the pages.
    printed
        What was printed of them.
    """
    said = {
        "format": FORMAT,
        "report": report,
        "period": period,
        "status": "failed" if any(e["status"] == "failed" for e in entries) else "made",
        "pages": list(entries),
        "warehouse": _warehouse(version, as_of, facts.sha256 if facts else "")
        | ({"schema_version": facts.schema_version, "rows": dict(facts.rows)} if facts else {}),
        "definitions": {"marts": dict(facts.marts) if facts else {}},
        "checks": {k: dict(v) for k, v in sorted(facts.checks.items())} if facts else {},
        "freshness": label.as_manifest() if label else None,
        "around": around.as_manifest() if around else None,
        "pdf": printed.as_manifest() if printed else None,
        "settings": {name: getattr(settings, name) for name in SETTINGS} if settings else {},
        "workbench_version": __version__,
        "code": code(),
        "made": {
            "at": (made_at or datetime.now(UTC)).isoformat(timespec="seconds"),
            "seconds": round(seconds, 2),
            "seconds_by_page": {name: round(s, 2) for name, s in sorted(seconds_by_page.items())},
            "seconds_around": {
                **({name: round(s, 2) for name, s in around.seconds.items()} if around else {}),
                **({"pdf": round(printed.seconds, 2)} if printed else {}),
            },
            "files": files(folder) if folder else {},
        },
    }
    return json.dumps(said, indent=2, ensure_ascii=False, allow_nan=False, default=str) + "\n"


def manifest_of(folder: Path) -> dict[str, Any] | None:
    """What a period's folder says of itself; None where nothing readable does."""
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if is_manifest(found) else None


def versions_of_reports(reports: Path, n_periods: int) -> set[int]:
    """The versions that the pages of the newest periods were made from, of the agency's own and of named reports."""
    folders = [m.parent for depth in ("*", "*/*") for m in reports.glob(f"{depth}/{MANIFEST}")]
    newest = sorted({f.name for f in folders}, reverse=True)[:n_periods]
    kept = [m for f in folders if f.name in newest and not f.name.startswith(".") if (m := manifest_of(f))]
    versions = [p.get("warehouse", m["warehouse"]).get("version") for m in kept for p in m["pages"]]
    return {v for v in versions if isinstance(v, int)}


def is_manifest(found: Any) -> bool:
    """Whether it has what every reader of manifests relies on. Manifests of format 1 have it too."""
    if not isinstance(found, dict) or not isinstance(found.get("period"), str):
        return False
    pages, warehouse = found.get("pages"), found.get("warehouse")
    whole = isinstance(pages, list) and all(
        isinstance(p, dict) and all(isinstance(p.get(k), str) for k in ("name", "title", "file", "status"))
        for p in pages
    )
    return whole and isinstance(warehouse, dict) and {"version", "as_of"} <= warehouse.keys()


def files(folder: Path) -> dict[str, dict[str, Any]]:
    """Each file of a set: its size and hash, by its path in the set; the manifest, which they stand in, left out."""
    found = {
        f.relative_to(folder).as_posix(): f for f in folder.rglob("*") if f.is_file() and not f.is_symlink()
    }
    return {name: _file(found[name]) for name in sorted(found) if name != MANIFEST}


@cache
def code() -> dict[str, Any]:
    """The workbench and the packages that a set was made with."""
    return {
        "commit": _commit(_PACKAGE.parent / ".git"),
        "source_sha256": _source(),
        "python": platform.python_version(),
        "packages": {name: found for name in PACKAGES if (found := _installed(name))},
    }


def _file(path: Path) -> dict[str, Any]:
    with path.open("rb") as f:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(f, "sha256").hexdigest()}


def _installed(name: str) -> str:
    try:
        return installed(name)
    except PackageNotFoundError:
        return ""


def _commit(git: Path) -> str:
    """What a checkout stands on, read without git; empty for an installed package."""
    try:
        head = (git / "HEAD").read_text(encoding="ascii").strip()
        if not head.startswith("ref: "):
            return head
        name = head.removeprefix("ref: ")
        if (git / name).is_file():
            return (git / name).read_text(encoding="ascii").strip()
        packed = (git / "packed-refs").read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return ""
    return next((line.split()[0] for line in packed if line.endswith(f" {name}")), "")


def _source() -> str:
    """One hash over the package's own files: a checkout may hold changes that no commit names."""
    whole = hashlib.sha256()
    kinds = {".py", ".sql", ".j2", ".css", ".js"}
    for file in sorted(f for f in _PACKAGE.rglob("*") if f.suffix in kinds):
        whole.update(f"{file.relative_to(_PACKAGE).as_posix()}\0".encode())
        whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()


def _warehouse(version: int, as_of: datetime, sha256: str) -> dict[str, Any]:
    utc = as_of.astimezone(UTC) if as_of.tzinfo else as_of.replace(tzinfo=UTC)
    return {"version": version, "as_of": utc.isoformat(), **({"sha256": sha256} if sha256 else {})}
