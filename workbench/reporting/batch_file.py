"""A TOML file of reports to make, read and checked: each entry is one report, or one for each account, client, ...

    [[report]]
    name = "clients"
    for_each = "client"
    only = ["overview", "accounts"]
    where = { platform = "tiktok" }
    parameters = { score_weeks = 8 }

Everything that is wrong with the file is told at once, each with the entry that it is in.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ..errors import UsageError, nearest
from .spreadsheet import file_stem
from .weeks import monday

FILE = "reports.toml"
EACH = {
    "account": "account_id",
    "creator": "creator_id",
    "client": "client",
    "platform": "platform",
}
"""What there can be a report for each of, and its column of the accounts; the notebooks' parameter has its name."""
WHERE = {**EACH, "va": "va_id", "category": "category", "niche": "niche", "is_active": "is_active"}
"""What the accounts of a `for_each` can be chosen by, and the column."""
_KEYS = ("name", "for_each", "where", "only", "week", "parameters")


@dataclass(frozen=True)
class Entry:
    """One [[report]] of the file."""

    place: str
    """What to call it in a sentence: [[report]] 2 'clients'."""
    name: str
    for_each: str = ""
    where: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    """Name of WHERE -> the values that are wanted."""
    only: tuple[str, ...] = ()
    week: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Name -> its value as on a command line."""


def read_entries(file: Path) -> tuple[list[Entry], list[tuple[str, str]]]:
    """The entries of a file, and what is wrong with it: (place, what). UsageError where it is no TOML at all."""
    try:
        said = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as e:
        raise UsageError(f"There is no file {file}. docs/reports.md says what to write in one.") from e
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as e:
        raise UsageError(f"{file} can't be read: {e}. Nothing was run.") from e
    problems = [
        (file.name, f"there is no '{key}'.{nearest(key, ['report'])} Each report begins with [[report]].")
        for key in said
        if key != "report"
    ]
    listed = said.get("report", [])
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        return [], [*problems, (file.name, "write [[report]] with two brackets, once for each report.")]
    if not listed and not problems:
        problems.append((file.name, "it has no [[report]]: there is nothing to make."))
    entries = []
    for number, each in enumerate(listed, start=1):
        place = f"[[report]] {number}" + (f" '{each['name']}'" if isinstance(each.get("name"), str) else "")
        entry, wrong = _entry(each, place)
        entries.append(entry)
        problems += [(place, w) for w in wrong]
    return entries, problems


def _entry(said: Mapping[str, Any], place: str) -> tuple[Entry, list[str]]:
    wrong = [f"there is no '{k}'.{nearest(k, _KEYS)} {_listed(_KEYS)}" for k in said if k not in _KEYS]
    for_each, name = said.get("for_each", ""), said.get("name", "")
    if for_each and for_each not in EACH:
        wrong.append(f"for_each is {for_each!r}.{nearest(str(for_each), EACH)} {_listed(EACH)}")
        for_each = ""
    if not isinstance(name, str):
        wrong.append(f"name is {name!r}, which is no text.")
        name = ""
    if not name.strip() and not said.get("for_each"):
        wrong.append("it has no name, which its folder is called by.")
    elif name.strip() and not file_stem(name, instead=""):
        wrong.append(f"of the name {name!r} nothing can be a folder's: use some letters or digits.")
    elif _is_week(name):
        wrong.append(f"the name {name!r} is a week's, and the agency's own pages are in that folder.")
    where, odd = _where(said.get("where", {}), bool(said.get("for_each")))
    parameters, off = _texts(said.get("parameters", {}))
    only, week = said.get("only", []), said.get("week")
    if not isinstance(only, list):
        only = str(only).split(",")
    if week is not None and not isinstance(week, str):
        off.append(f'week is {week!r}; write it as a text such as "2025-W40".')
        week = None
    if for_each in parameters:
        off.append(f"'{for_each}' is given by for_each already: leave it out of the parameters.")
    entry = Entry(place, name.strip(), for_each, where, tuple(str(o) for o in only), week, parameters)
    return entry, [*wrong, *odd, *off]


def _where(said: Any, for_each: bool) -> tuple[dict[str, tuple[Any, ...]], list[str]]:
    if not isinstance(said, dict):
        return {}, [f'where is {said!r}; write it as {{ client = "..." }}.']
    wrong = [f"where has no '{k}'.{nearest(k, WHERE)} {_listed(WHERE)}" for k in said if k not in WHERE]
    if said and not for_each:
        wrong.append("where chooses what for_each goes through, and there is no for_each; use parameters.")
    found = {k: tuple(v) if isinstance(v, list) else (v,) for k, v in said.items() if k in WHERE}
    for name, values in found.items():
        fits = bool if name == "is_active" else str
        wrong += [f"where {name} is {v!r}, which is no {_SAID[fits]}." for v in values if type(v) is not fits]
    return found, wrong


_SAID = {bool: "true or false", str: "text"}


def _texts(said: Any) -> tuple[dict[str, str], list[str]]:
    """Typed values of TOML as a command line has them, so that all are checked in one place."""
    if not isinstance(said, dict):
        return {}, [f"parameters is {said!r}; write it as {{ score_weeks = 8 }}."]
    found, wrong = {}, []
    for name, value in said.items():
        if isinstance(value, bool):
            found[name] = "true" if value else "false"
        elif isinstance(value, datetime) or not isinstance(value, str | int | float | date | list):
            wrong.append(f"parameter '{name}' is {value!r}, which no parameter can be.")
        elif isinstance(value, list):
            found[name] = json.dumps(value, default=str)
        else:
            found[name] = value.isoformat() if isinstance(value, date) else str(value)
    return found, wrong


def _listed(names: Any) -> str:
    return f"There are: {', '.join(names)}."


def _is_week(name: str) -> bool:
    try:
        monday(name.strip())
    except UsageError:
        return False
    return True
