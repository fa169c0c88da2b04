"""The index over all periods and named reports, made from the manifests that lie in their folders."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..display.escaping import plain
from ..display.numbers import counted, in_unit, instant, percent
from ..errors import UsageError
from ..whole_files import write_whole
from .manifest import MANIFEST, is_manifest
from .page import document
from .sparkline import Point, sparkline
from .weeks import monday, spelled

INDEX = "index.html"
_MOST_FIGURES = 12
_MOST_DRAWN = 104
"""Periods that a figure is drawn over: two years, beyond which a drawing of this size is a smear."""
_IN_A_ROW = 4
"""Figures shown of each earlier period."""


@dataclass(frozen=True)
class Period:
    """One set as the index lists it."""

    folder: str
    """Its folder's name, which is what its links begin with."""
    manifest: dict[str, Any] = field(default_factory=dict)
    broken: str = ""
    """Why nothing can be said of it; the manifest is empty then."""

    @property
    def name(self) -> str:
        return str(self.manifest.get("period", self.folder))


def write_index(reports: Path, names: Iterable[str] | None = None) -> Path:
    """Write index.html over every period and named report in a folder. Returns its path.

    A named report, `<name>/<period>/`, gets an index of its own and a line in this one, which reads no more than its
    newest manifest. `names` are those whose own index is written anew, besides those that have none; all unless given.
    """
    found = _folders(reports)
    named = [f for f in found if not (f / MANIFEST).is_file() and any(f.glob(f"[!.]*/{MANIFEST}"))]
    anew = None if names is None else set(names)
    for folder in named:
        if anew is None or folder.name in anew or not (folder / INDEX).is_file():
            _written(folder / INDEX, index_page(_periods(folder), title=folder.name, above="../index.html"))
    sets = [_named(folder) for folder in named]
    _written(reports / INDEX, index_page(_periods(reports), sets=sets))
    return reports / INDEX


def index_page(
    periods: Sequence[Period],
    *,
    title: str = "",
    above: str = "",
    sets: Sequence[dict[str, Any]] = (),
) -> str:
    """The index as HTML: the newest period's figures over time, every period, every named report."""
    ordered = sorted(periods, key=lambda p: p.name, reverse=True)
    entries = [_entry(p) for p in ordered]
    good = [p for p, e in zip(ordered, entries, strict=True) if not e["broken"]]
    years: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        years.setdefault(entry["year"], []).append(entry)
    told = [counted(len(periods), "period") + (", the newest first" if len(periods) > 1 else "")]
    told += [counted(len(sets), "named report")] if sets else []
    summary = "; ".join(told if periods or not sets else told[1:])
    return document(
        "index.html.j2",
        also="index.css",
        scripts=["index.js"] if len(periods) + len(sets) > 1 else [],
        title=plain(title),
        above=above,
        summary=summary[:1].upper() + summary[1:],
        years=years,
        sets=sets,
        figures=_figures(good),
        drawn=len(good[:_MOST_DRAWN]),
        since=good[:_MOST_DRAWN][-1].name if good else "",
        of=_spelled(good[0].name) if good else "",
        empty=not periods and not sets,
    )


def _folders(reports: Path) -> list[Path]:
    return sorted(f for f in reports.iterdir() if f.is_dir() and not f.name.startswith("."))


def _periods(folder: Path) -> list[Period]:
    return [_period(f) for f in _folders(folder) if (f / MANIFEST).is_file()]


def _period(folder: Path) -> Period:
    try:
        said = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as e:
        why = "is no JSON" if isinstance(e, ValueError) else "can't be read"
        return Period(folder.name, broken=f"its {MANIFEST} {why}")
    if not is_manifest(said):
        return Period(folder.name, broken=f"its {MANIFEST} is not one of a set of pages")
    return Period(folder.name, said)


def _named(folder: Path) -> dict[str, Any]:
    """A named report by its newest period."""
    inside = [f.name for f in _folders(folder) if (f / MANIFEST).is_file()]
    newest = _entry(_period(folder / max(inside)))
    return {
        "name": plain(folder.name),
        "href": f"{quote(folder.name)}/{INDEX}",
        "n": counted(len(inside), "period"),
        "newest": {**newest, "folder": f"{quote(folder.name)}/{newest['folder']}"},
    }


def _entry(period: Period) -> dict[str, Any]:
    try:
        return _told(period)
    except (KeyError, TypeError, ValueError, AttributeError) as e:
        # What people have changed by hand must not take the index from all the other periods.
        return _told(Period(period.folder, broken=period.broken or f"its {MANIFEST} is not whole ({e!r})"))


def _told(period: Period) -> dict[str, Any]:
    said = period.manifest
    entry = {
        "folder": quote(period.folder),
        "name": plain(period.name),
        "spelled": plain(_spelled(period.name)),
        "year": period.name[:4] if re.match(r"\d{4}-", period.name) else "Other",
        "broken": plain(period.broken),
    }
    if period.broken:
        return entry
    pages = said["pages"]
    failed = sum(p["status"] == "failed" for p in pages)
    fresh = said.get("freshness") or {}
    seen = fresh.get("accounts") or {}
    share = seen.get("covered_rate")
    figures = list(_headlines(said).values())[:_IN_A_ROW]
    return entry | {
        "version": int(said["warehouse"]["version"]),
        "as_of": instant(datetime.fromisoformat(said["warehouse"]["as_of"])),
        "failed": f"{counted(failed, 'page')} not made" if failed else "",
        "made": f"{counted(len(pages), 'page')}",
        "stale": plain(fresh.get("stale") or ""),
        "unfinished": plain(fresh.get("unfinished") or ""),
        "late": "; ".join(plain(each["detail"]) for each in fresh.get("late") or ()),
        "covered": f"{percent(share)} of accounts covered" if share is not None else "",
        "figures": [
            {"label": plain(f["label"]), "shown": _shown(f, said), "change": _change(f)} for f in figures
        ],
        "pages": [
            {"title": plain(p["title"]), "file": quote(p["file"]), "status": p["status"]} for p in pages
        ],
    }


def _figures(periods: Sequence[Period]) -> list[dict[str, Any]]:
    """The newest headline figures, each with its course over the periods, which come newest first."""
    if not periods:
        return []
    periods = periods[:_MOST_DRAWN]
    lead = _lead(periods)
    by_period = [(p, _headlines(p.manifest, lead)) for p in periods]
    newest = next((h for _, h in by_period if h), {})
    found = []
    for label in list(newest)[:_MOST_FIGURES]:
        points = [
            Point(place, p.name, h[label]["value"], _shown(h[label], p.manifest))
            if label in h
            else Point(place, p.name, None, "")
            for place, (p, h) in zip(_places(periods), by_period, strict=True)
        ][::-1]
        now, unit = by_period[0][1].get(label), str(newest[label].get("unit") or "")
        known = [p.value for p in points if p.value is not None]
        found.append(
            {
                "label": plain(label),
                "shown": _shown(now, periods[0].manifest) if now else "",
                "change": _change(now) if now else "",
                "drawing": sparkline(plain(label), points),
                "low": _in_unit(min(known), unit) if len(known) > 1 else "",
                "high": _in_unit(max(known), unit) if len(known) > 1 else "",
            }
        )
    return found


def _lead(periods: Sequence[Period]) -> str:
    """The page whose figures are shown: the first that has any, in the order of the newest set that has it.

    Where the newest one failed, its figures are missing then, rather than another page's in their place.
    """
    having = {page["name"] for p in periods for page in p.manifest["pages"] if _sound(page)}
    return next((page["name"] for p in periods for page in p.manifest["pages"] if page["name"] in having), "")


def _sound(page: dict[str, Any]) -> list[dict[str, Any]]:
    """The headline figures of a page that are what they should be."""
    headlines = page.get("headlines")
    return [
        h
        for h in (headlines if isinstance(headlines, list) else ())
        if isinstance(h, dict)
        and isinstance(h.get("label"), str)
        and (
            h.get("value") is None
            or (isinstance(h["value"], int | float) and not isinstance(h["value"], bool))
        )
    ]


def _headlines(said: dict[str, Any], lead: str = "") -> dict[str, dict[str, Any]]:
    """Label -> figure, of the page that leads, or of the first that has any."""
    held = {p["name"]: found for p in said["pages"] if (found := _sound(p))}
    chosen = held.get(lead or next(iter(held), ""), [])
    return {h["label"]: h for h in chosen}


def _shown(figure: dict[str, Any], said: dict[str, Any]) -> str:
    """The figure as a tile shows it, with the unit that the tile's label does not tell."""
    unit = str(figure.get("unit") or "")
    if figure["value"] is None:
        return plain(figure.get("shown") or in_unit(None))
    shown = _in_unit(figure["value"], unit)
    if unit.startswith("money"):
        return f"{shown} {plain((said.get('settings') or {}).get('reporting_currency') or '')}".strip()
    return shown


def _in_unit(value: float, unit: str) -> str:
    shown = in_unit(value, unit, short=True)
    return f"{shown}\N{NO-BREAK SPACE}h" if unit == "hours" else shown


def _change(figure: dict[str, Any]) -> str:
    """How it moved from the period before, as a tile tells it."""
    value, before = figure["value"], figure.get("before")
    if value is None or not isinstance(before, int | float) or before == value:
        return ""
    gained = value - before
    if before and abs(gained / before) < 0.0005:
        return ""
    if figure.get("unit") == "fraction":
        said = f"{abs(gained) * 100:.1f} points"
    elif before > 0 and value >= 0:
        said = percent(abs(gained) / before, digits=0 if abs(gained) / before >= 0.0995 else 1)
    else:
        # A percentage of a loss would have the wrong sign for half of its readers.
        said = in_unit(abs(gained), str(figure.get("unit") or ""), short=True)
    return f"{'▲' if gained > 0 else '▼'} {said}"


def _places(periods: Sequence[Period]) -> list[int]:
    """Where each period stands in time; weeks that are missing take their place."""
    try:
        return [monday(p.name).toordinal() // 7 for p in periods]
    except UsageError:
        return list(range(len(periods), 0, -1))


def _spelled(period: str) -> str:
    try:
        return spelled(period)
    except UsageError:
        return period


def _written(path: Path, text: str) -> None:
    """Write where anything changed: a batch has hundreds of them."""
    try:
        if path.read_text(encoding="utf-8") == text:
            return
    except (OSError, ValueError):
        pass
    write_whole(path, text)
