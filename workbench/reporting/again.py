"""A set made again from its manifest: same week, notebooks, parameters and data; and whether it says the same."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..settings import Settings
from ..warehouse.versions import current, kept_versions, sha256_of
from . import weeks
from .manifest import MANIFEST, SETTINGS, is_manifest
from .notebook_folders import find_notebooks
from .parameters import Parameter, checked, declared

_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
"""What a named report's folder is called (see `spreadsheet.file_stem`); a manifest may come from anywhere."""


@dataclass(frozen=True)
class Part:
    """Pages of a set that are made from one version."""

    version: int
    values: Mapping[str, Mapping[str, Any]]
    """Notebook -> its parameters."""


@dataclass(frozen=True)
class Again:
    """What it takes to make a set again, checked."""

    manifest: dict[str, Any]
    parts: tuple[Part, ...]
    """One for each version, the oldest first."""
    told: tuple[str, ...] = ()
    """What is no longer as it was, and changes nothing by itself."""

    @property
    def period(self) -> str:
        return str(self.manifest["period"])

    @property
    def report(self) -> str:
        """The name of a named report; empty for the agency's own."""
        return str(self.manifest.get("report") or "")

    @property
    def made_at(self) -> datetime | None:
        """When it was made, by which its data were stale or not."""
        try:
            return datetime.fromisoformat(self.manifest["made"]["at"])
        except (KeyError, TypeError, ValueError):
            return None


def read_manifest(path: Path) -> dict[str, Any]:
    """A manifest by its file, or by the folder of its set. UsageError where it is none."""
    file = path / MANIFEST if path.is_dir() else path
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except OSError as e:
        raise UsageError(
            f"{file} can't be read: {e.strerror}. Name the {MANIFEST} of a set, or its folder. Nothing was run."
        ) from e
    except (ValueError, RecursionError) as e:
        raise UsageError(f"{file} is no JSON: {e}. Name the {MANIFEST} of a set. Nothing was run.") from e
    if not is_manifest(found) or not found["pages"]:
        raise UsageError(f"{file} is not the manifest of a set of pages. Nothing was run.")
    return dict(found)


def again(manifest: dict[str, Any], settings: Settings, *, newest: bool = False) -> Again:
    """What to run to make a set again.

    Parameters
    ----------
    newest
        From the newest version of the data, whatever the set was made from.

    Raises
    ------
    UsageError
        With every problem at once: notebooks that are gone, parameters that they no longer take, versions that are
        pruned or hold other data.
    """
    notebooks = {n.stem: n for n in find_notebooks(settings.home, settings.notebooks)}
    problems: list[str] = []
    told: list[str] = []
    parts: dict[int, dict[str, dict[str, Any]]] = {}
    try:
        weeks.monday(str(manifest["period"]))
    except UsageError as e:
        problems.append(str(e))
    named = str(manifest.get("report") or "")
    if named and not _FOLDER.fullmatch(named):
        problems.append(f"The manifest is of a report {named!r}, which can't be a folder's name.")
    lost: dict[int, str] = {}
    pointed = current(settings.versions)
    for page in manifest["pages"]:
        name = page["name"]
        if name not in notebooks:
            problems.append(
                f"There is no notebook '{name}' any more. Put it back, or make the week without it."
            )
            continue
        warehouse = page.get("warehouse") or manifest["warehouse"]
        version = warehouse.get("version")
        if newest and pointed:
            version = pointed.version
        elif why := _lost(settings, warehouse):
            lost[version] = why
        known = declared(notebooks[name])
        values, changed = _given(page, known)
        told += changed
        try:
            checked({n: _text(v) for n, v in values.items()}, {name: known})
        except UsageError as e:
            problems.append(str(e).removesuffix(" Nothing was run."))
        parts.setdefault(version, {})[name] = values
    problems += list(lost.values())
    if lost:
        problems.append("Make it from the newest data instead with --newest.")
    if problems:
        raise UsageError("\n".join(problems) + "\nNothing was run.")
    return Again(
        manifest,
        tuple(Part(version, parts[version]) for version in sorted(parts)),
        (*told, *_settings_changed(manifest, settings)),
    )


@dataclass(frozen=True)
class Compared:
    """A set made again beside the first one."""

    same: tuple[str, ...]
    """Pages that show the same, to the last character."""
    worded: tuple[str, ...]
    """Pages of the same figures, of which words or looks differ."""
    other: tuple[str, ...]
    """Pages whose figures differ, or which failed in one of the two."""
    unknown: tuple[str, ...]
    """Pages of which the manifest does not tell what they showed."""
    because: tuple[str, ...]
    """What was not the same: data, notebooks, code, packages."""

    @property
    def sentence(self) -> str:
        """Whether the figures are the same."""
        if not self.worded and not self.other and not self.unknown:
            return "The figures are the same: every page shows what it showed."
        parts = [
            f"{', '.join(names)}: {what}"
            for names, what in (
                (self.other, "other figures"),
                (self.worded, "the same figures, in other words or looks"),
                (self.unknown, "not known, as the manifest is of an older form"),
                (self.same, "the same"),
            )
            if names
        ]
        why = f" Not the same: {'; '.join(self.because)}." if self.because else ""
        return f"{'; '.join(parts)}.{why}"


def compared(before: Mapping[str, Any], after: Mapping[str, Any]) -> Compared:
    """Two manifests of one set."""
    found: dict[str, list[str]] = {"same": [], "worded": [], "other": [], "unknown": []}
    now = {p["name"]: p for p in after["pages"]}
    for page in before["pages"]:
        found[_alike(page, now.get(page["name"]))].append(page["name"])
    same, worded, other, unknown = (tuple(found[kind]) for kind in ("same", "worded", "other", "unknown"))
    return Compared(same, worded, other, unknown, tuple(_because(before, after, now)))


def _alike(before: Mapping[str, Any], after: Mapping[str, Any] | None) -> str:
    if after is None or before["status"] != after["status"]:
        return "other"
    if before["status"] == "failed":
        return "same" if before.get("error") == after.get("error") else "other"
    if not before.get("outputs_sha256"):
        return "unknown"
    if before["outputs_sha256"] == after.get("outputs_sha256"):
        return "same"
    return "worded" if before.get("figures_sha256") == after.get("figures_sha256") else "other"


def _because(
    before: Mapping[str, Any], after: Mapping[str, Any], now: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    because = []
    data = [
        p["name"]
        for p in before["pages"]
        if (p.get("warehouse") or {}).get("sha256")
        != (now.get(p["name"], {}).get("warehouse") or {}).get("sha256")
    ]
    notebooks = [
        p["name"]
        for p in before["pages"]
        if p.get("notebook_sha256") and p["notebook_sha256"] != now.get(p["name"], {}).get("notebook_sha256")
    ]
    because += ["the data"] if data else []
    because += [f"notebook {', '.join(notebooks)}"] if notebooks else []
    was, is_ = before.get("code") or {}, after.get("code") or {}
    if was.get("source_sha256") and was["source_sha256"] != is_.get("source_sha256"):
        because.append(f"the workbench's code ({_version(before, was)}, now {_version(after, is_)})")
    packages, installed = was.get("packages") or {}, is_.get("packages") or {}
    because += [
        f"{name} ({packages.get(name, 'none')}, now {installed.get(name, 'none')})"
        for name in sorted({*packages, *installed})
        if packages and packages.get(name) != installed.get(name)
    ]
    if was.get("python") and was["python"] != is_.get("python"):
        because.append(f"Python ({was['python']}, now {is_.get('python')})")
    if (before.get("settings") or after.get("settings")) != after.get("settings"):
        because.append("settings")
    return because


def _version(said: Mapping[str, Any], code: Mapping[str, Any]) -> str:
    commit = str(code.get("commit") or "")[:8]
    return f"{said.get('workbench_version')}{f' at {commit}' if commit else ''}"


def _lost(settings: Settings, warehouse: Mapping[str, Any]) -> str:
    """Why a version can't be taken; empty where it can."""
    version, sha256 = warehouse.get("version"), warehouse.get("sha256")
    kept = kept_versions(settings.versions)
    if version not in kept:
        listed = ", ".join(map(str, kept)) or "none"
        return (
            f"Version {version} of the data is not here any more. Kept: {listed}; pin_reports in the settings says for "
            "how many periods they are."
        )
    if sha256 and sha256_of(settings.versions, version) != sha256:
        return (
            f"Version {version} here holds other data than the set was made from: its hash is another one. "
            "Run it in the home folder where it was made."
        )
    return ""


def _given(page: Mapping[str, Any], known: Mapping[str, Parameter]) -> tuple[dict[str, Any], list[str]]:
    """The parameters to give: those that were given, and defaults that have changed since."""
    values, told = dict(page.get("parameters") or {}), []
    for name, was in (page.get("defaults") or {}).items():
        if name in known and known[name].default != was and name not in values:
            values[name] = was
            told.append(
                f"{page['name']}: {name} is {was!r} as it was, and by default {known[name].default!r} now."
            )
    return values, told


def _text(value: Any) -> str:
    """A value as a command line gives it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else str(value)


def _settings_changed(manifest: Mapping[str, Any], settings: Settings) -> list[str]:
    was = manifest.get("settings") or {}
    return [
        f"{name} was {was[name]!r} and is {getattr(settings, name)!r} now."
        for name in SETTINGS
        if name in was and was[name] != getattr(settings, name)
    ]
