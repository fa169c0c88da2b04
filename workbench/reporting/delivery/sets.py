"""The set of pages that is delivered: which one, whether it is whole, and which of its files leave the house."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import UsageError, WorkbenchError, nearest
from .. import weeks
from ..manifest import MANIFEST, manifest_of

INTERNAL = ("executed", MANIFEST)
"""What a set holds for whoever makes it: executed notebooks with their code, and the manifest."""

_NAME = re.compile(r"(?!\.)[^\x00-\x1f\x7f/\\:]{1,100}")


@dataclass(frozen=True)
class ReportSet:
    """The pages of one report for one period."""

    name: str
    """Of a named report; empty for the agency's own."""
    folder: Path
    manifest: dict[str, Any]

    @property
    def period(self) -> str:
        return str(self.manifest["period"])

    @property
    def key(self) -> str:
        """The folder below the folder of all reports: 2025-W40, or acme/2025-W40."""
        return "/".join(filter(None, [self.name, self.folder.name]))

    @property
    def spelled(self) -> str:
        try:
            return weeks.spelled(self.period)
        except UsageError:
            return self.period

    @property
    def pages(self) -> list[dict[str, Any]]:
        return [dict(p) for p in self.manifest["pages"]]

    @property
    def failed(self) -> list[dict[str, Any]]:
        return [p for p in self.pages if p.get("status") == "failed"]

    @property
    def is_whole(self) -> bool:
        return self.manifest.get("status", "made") != "failed" and not self.failed

    @property
    def late(self) -> list[str]:
        """What did not keep to its limit, as the manifest tells it."""
        late = (self.manifest.get("freshness") or {}).get("late") or []
        return [str(each["detail"]) for each in late]

    @property
    def stale(self) -> list[str]:
        """Why the data are too old or too short for the period, a sentence each; empty where they are neither."""
        freshness = self.manifest.get("freshness") or {}
        return [str(freshness[why]) for why in ("stale", "unfinished") if freshness.get(why)]

    def files(self, *, internal: bool = False) -> dict[str, Path]:
        """Path in the set -> file. Hidden files and links are none of it; what is internal only where asked."""
        found = sorted(f for f in self.folder.rglob("*") if f.is_file() and not f.is_symlink())
        named = {f.relative_to(self.folder).as_posix(): f for f in found}
        return {
            name: file
            for name, file in named.items()
            if not any(part.startswith(".") for part in name.split("/"))
            and (internal or name.split("/")[0] not in INTERNAL)
        }


def find_set(reports: Path, period: str | None = None, name: str = "") -> ReportSet:
    """The set of a period, the newest unless given. UsageError where there is none, WorkbenchError for half of one."""
    folder = reports_of(reports, name)
    there = {s.period: s for s in sets_in(reports, name)}
    whose = f"of '{name}' " if name else ""
    if not there:
        raise UsageError(f"There are no reports {whose}in {folder}. Make them with: workbench report")
    wanted = period or max(there)
    if wanted not in there:
        raise UsageError(
            f"There is no report {whose}for {wanted} in {folder}.{nearest(wanted, there)} "
            f"The newest is {max(there)}."
        )
    found = there[wanted]
    missing = [str(p["file"]) for p in found.pages if not (found.folder / str(p["file"])).is_file()]
    if missing:
        raise WorkbenchError(
            f"{found.folder} is not whole: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing. "
            "Make the period again with: workbench report"
        )
    return found


@contextmanager
def unchanged(report: ReportSet) -> Iterator[None]:
    """A set that a run takes the place of while its files are read is told, and not half of each delivered."""
    try:
        yield
    except FileNotFoundError as e:
        raise WorkbenchError(
            f"{report.folder} was made again meanwhile ({e.filename} is gone). Try once more."
        ) from e


def sets_in(reports: Path, name: str = "") -> list[ReportSet]:
    """Every set of one report, the oldest first."""
    folder = reports_of(reports, name)
    if not folder.is_dir():
        return []
    inside = sorted(f for f in folder.iterdir() if f.is_dir() and not f.name.startswith("."))
    found = [ReportSet(name, f, m) for f in inside if (m := manifest_of(f)) is not None]
    return sorted(found, key=lambda s: s.period)


def every_set(reports: Path) -> list[ReportSet]:
    """Every set of the agency's own report and of all named ones."""
    folders = sorted(reports.iterdir()) if reports.is_dir() else []
    named = [
        f.name for f in folders if _NAME.fullmatch(f.name) and not (f / MANIFEST).exists() and f.is_dir()
    ]
    return [found for name in ("", *named) for found in sets_in(reports, name)]


def reports_of(reports: Path, name: str) -> Path:
    """The folder of a named report; of the agency's own, that of all reports."""
    if name and not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} can't be the name of a report. It is the name of a folder in {reports}.")
    return reports / name if name else reports
