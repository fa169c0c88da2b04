"""A person out of the reports: pages that name them go with all their files, and a page says so in their place."""

from __future__ import annotations

import html
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..reporting.around import WORKBOOK
from ..reporting.files import replaced
from ..reporting.index import INDEX, write_index
from ..reporting.manifest import MANIFEST, files, manifest_of
from ..settings import Settings
from ..warehouse.versions import sha256_of
from ..whole_files import write_whole
from .erase_files import Search

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}: erased</title>
<body style="font: 16px/1.5 system-ui, sans-serif; max-width: 40em; margin: 3em auto; padding: 0 1em">
<main><h1>{title}</h1>
<p>This page named a person who was erased on {on}. It was removed with its tables and charts.</p>
<p>Made again from today's data, it is without them: <code>{again}</code></p></main></body></html>
"""


@dataclass
class Cleared:
    """What went from the reports."""

    pages: list[str] = field(default_factory=list)
    """Path of each page that named the person, below reports/."""
    files: list[str] = field(default_factory=list)
    """Other files: workbooks, lists, whole reports that are called like the person."""


def forget_reports(
    settings: Settings,
    search: Search,
    *,
    n_posts: int,
    dry: bool = False,
    progress: Callable[[str, int, int], None] = lambda name, n, total: None,
) -> Cleared:
    """Remove what names the person from every set of pages; each set's manifest tells it."""
    reports, done = settings.reports, Cleared()
    if not reports.is_dir():
        return done
    whole: set[Path] = set()
    for folder in sorted(f for f in reports.rglob("*") if f.is_dir()):
        if not whole & {*folder.parents} and search.traces.named(folder.name, loose=True):
            whole.add(folder)
            done.files.append(folder.relative_to(reports).as_posix())
            if not dry:
                shutil.rmtree(folder)
    sets = sorted(
        m.parent
        for depth in ("*", "*/*")
        for m in reports.glob(f"{depth}/{MANIFEST}")
        if not m.parent.name.startswith(".") and not whole & {*m.parents}
    )
    for n, folder in enumerate(sets):
        progress(folder.relative_to(reports).as_posix(), n, len(sets))
        _forget_in(settings, folder, search, done, n_posts, dry)
    inside = {*sets} | whole
    for file in sorted(f for f in reports.rglob("*") if f.is_file() and not f.is_symlink()):
        if inside & {*file.parents} or file.name == INDEX:
            continue
        if search.traces.named(file.name, loose=True) or search.in_file(file):
            done.files.append(file.relative_to(reports).as_posix())
            if not dry:
                file.unlink()
    if not dry and sets:
        for page in [reports / INDEX, *reports.glob(f"*/{INDEX}")]:
            page.unlink(missing_ok=True)
        write_index(reports)
    return done


def _forget_in(
    settings: Settings, folder: Path, search: Search, done: Cleared, n_posts: int, dry: bool
) -> None:
    said = manifest_of(folder)
    if said is None:
        return
    top = folder.relative_to(settings.reports)
    pages = {str(p["name"]): str(p["file"]) for p in said["pages"]}
    named: set[str] = set()
    others: list[Path] = []
    for file in sorted(f for f in folder.rglob("*") if f.is_file() and f.name != MANIFEST):
        name = _page_of(file.relative_to(folder), pages)
        if name in named:
            continue
        if search.traces.named(file.name, loose=True) or search.in_file(file):
            if name:
                named.add(name)
            else:
                others.append(file.relative_to(folder))
    told = _struck(said, search)
    # An earlier run was ended between writing the set and telling that it is done.
    again = any(e.get("erasure") == search.mark for e in said.get("erased_since") or [])
    done.pages += [(top / pages[n]).as_posix() for n in sorted(named)]
    done.files += [(top / o).as_posix() for o in others]
    if dry or (again and not named and not others and told == said):
        return
    now = datetime.now(UTC)
    with replaced(folder) as building:
        for file in sorted(f for f in folder.rglob("*") if f.is_file()):
            path = file.relative_to(folder)
            if _page_of(path, pages) in named or path in others or path == Path(MANIFEST):
                continue
            target = building / path
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            shutil.copy2(file, target)
        for entry in told["pages"]:
            if entry["name"] in named:
                _say_so(building, told, entry, now)
        if named and not (building / WORKBOOK).exists() and told.get("around"):
            told["around"] = {**told["around"], "error": "a page of it named a person who was erased"}
        told.setdefault("erased_since", [])
        if not again:
            told["erased_since"] += [
                {
                    "at": now.isoformat(timespec="seconds"),
                    "erasure": search.mark,
                    "posts": n_posts,
                    "pages": sorted(named),
                }
            ]
        for warehouse in [told["warehouse"], *(p.get("warehouse") or {} for p in told["pages"])]:
            version = warehouse.get("version")
            if (
                warehouse.get("sha256")
                and isinstance(version, int)
                and (sha256 := sha256_of(settings.versions, version))
            ):
                warehouse["sha256"] = sha256  # the version was written anew
        told.setdefault("made", {})["files"] = files(building)
        write_whole(building / MANIFEST, json.dumps(told, indent=2, ensure_ascii=False) + "\n")


def _page_of(path: Path, pages: Mapping[str, str]) -> str:
    """The page that a file of a set belongs to; empty for what belongs to the set."""
    name = path.name
    for page, file in pages.items():
        if name == file or path.stem == page or name.startswith(f"{page}-"):
            return page
    return ""


def _say_so(building: Path, said: Mapping[str, Any], entry: dict[str, Any], now: datetime) -> None:
    again = f"workbench report --week {said['period']}"
    page = _PAGE.format(
        title=html.escape(str(entry["title"])), on=f"{now:%Y-%m-%d}", again=html.escape(again)
    )
    write_whole(building / str(entry["file"]), page)
    kept = {"name", "title", "file", "parameters", "defaults", "notebook_sha256", "warehouse"}
    for name in [n for n in entry if n not in kept]:
        del entry[name]
    entry["status"] = "erased"


def _struck(value: Any, search: Search) -> Any:
    """A manifest without the person's names."""
    if isinstance(value, str):
        return search.traces.struck(value, loose=True)
    if isinstance(value, list):
        return [_struck(v, search) for v in value]
    if isinstance(value, dict):
        return {search.traces.struck(k, loose=True): _struck(v, search) for k, v in value.items()}
    return value
