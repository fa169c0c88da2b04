"""Mapping files: TOML that says which column of somebody's CSV is which of ours.

docs/mappings.md shows how to write one. Read strictly: a name that is none of ours stops the import.
"""

from __future__ import annotations

import re
import tomllib
import zoneinfo
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from ..errors import UsageError, nearest
from ..warehouse.tables import BATCH_COLUMNS, TABLES
from .canonical import columns_of

ORIGINS = ("column", "constant", "template", "url", "tiktok_id", "tags", "caption_tags")
"""Where a value comes from; a rule names exactly one of them."""
CHANGES = ("format", "pattern", "remove", "values", "percent", "optional", "part", "time_zone")
_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "format": (str, list),
    "pattern": str,
    "remove": str,
    "values": dict,
    "percent": bool,
    "optional": bool,
    "part": str,
    "time_zone": str,
}
_MOST_BYTES = 256_000
_DEEP = re.compile(r"""(?:\.\s*["'\w-]+\s*){50}""")
PARTS = ("post_id", "account_id", "platform", "external_id", "username")
_FILE_KEYS = ("title", "time_zone", "captured_at")
PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Rule:
    """How one of our columns is made of the file's."""

    table: str
    name: str
    origin: str
    """One of ORIGINS."""
    value: str
    """The file's column, the constant or the template."""
    changes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """The file's columns that it reads."""
        if self.origin == "constant":
            return ()
        return tuple(PLACEHOLDER.findall(self.value)) if self.origin == "template" else (self.value,)

    @property
    def is_optional(self) -> bool:
        return bool(self.changes.get("optional"))


@dataclass(frozen=True)
class MappingFile:
    """One mapping, checked against the tables but not yet against a file."""

    path: Path
    title: str
    time_zone: str | None
    captured_at: Rule | None
    """When the rows were captured; None: the file's as-of."""
    tables: Mapping[str, tuple[Rule, ...]]

    @property
    def rules(self) -> Iterator[Rule]:
        for rules in self.tables.values():
            yield from rules
        if self.captured_at is not None:
            yield self.captured_at

    def missing(self, columns: Iterable[str]) -> list[str]:
        """The columns it needs that a file lacks."""
        needed = {c for rule in self.rules if not rule.is_optional for c in rule.columns}
        return sorted(needed - set(columns))


def mapping_files(path: Path) -> list[Path]:
    """The mapping itself, or those in a folder. Raises UsageError where there is none."""
    if path.is_dir():
        found = sorted(path.glob("*.toml"))
        if not found:
            raise UsageError(
                f"--mapping {path}: the folder holds no .toml file. Name a mapping file or its folder."
            )
        return found
    if not path.is_file():
        raise UsageError(f"--mapping {path}: there is no such file. docs/mappings.md shows how to write one.")
    return [path]


def read_mapping(path: Path) -> MappingFile:
    """Read and check a mapping. Raises UsageError that names the entry and the nearest right name."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UsageError(
                f"{path} has more than {_MOST_BYTES:,} bytes: it is no mapping. Name another file."
            )
        text = path.read_text(encoding="utf-8")
        if _DEEP.search(text):  # tomllib's time grows with the square of a name's parts
            raise UsageError(f"{path} has a name of 50 parts or more: no mapping has. Remove it.")
        entries = tomllib.loads(text)
    except (ValueError, RecursionError) as e:  # a number of 5,000 digits is a ValueError of Python's own
        raise UsageError(f"{path} is not valid TOML: {e}. Mend that line.") from e
    except OSError as e:
        raise UsageError(f"{path} can't be read: {e.strerror}. Check its permissions.") from e
    about = entries.pop("file", {})
    if not isinstance(about, dict):
        raise UsageError(
            f"{path}: file = {str(about)[:80]!r} is no section. Write [file] and its lines below it."
        )
    _known(path, "[file]", about, _FILE_KEYS)
    zone = about.get("time_zone")
    if zone is not None and (not isinstance(zone, str) or zone not in zoneinfo.available_timezones()):
        raise UsageError(
            f"{path}: time_zone = {zone!r} is no IANA zone. Write a name such as Europe/Copenhagen."
        )
    _known(path, "the mapping", entries, TABLES)
    if not entries:
        raise UsageError(f"{path} fills no table. Write a section such as [posts] with `post_id = ...`.")
    captured = about.get("captured_at")
    return MappingFile(
        path=path,
        title=str(about.get("title", path.stem)),
        time_zone=zone,
        captured_at=_rule(path, "file", "captured_at", captured) if captured is not None else None,
        tables={table: _rules(path, table, section) for table, section in entries.items()},
    )


def _rules(path: Path, table: str, section: Any) -> tuple[Rule, ...]:
    if not isinstance(section, dict):
        raise UsageError(
            f"{path}: {table} = {section!r} is no section. Write [{table}] and its columns below it."
        )
    _known(path, f"[{table}]", section, (*columns_of(table), *BATCH_COLUMNS))
    lacking = [c for c in TABLES[table].key if c not in section and c not in ("captured_at", "endpoint")]
    if lacking:
        raise UsageError(
            f"{path}: [{table}] lacks {lacking[0]}, which is part of the table's key. Add a line for it."
        )
    return tuple(_rule(path, table, name, value) for name, value in section.items())


def _rule(path: Path, table: str, name: str, value: Any) -> Rule:
    where = f"[{table}] {name}"
    if isinstance(value, str):
        return Rule(table, name, "column", value)
    if not isinstance(value, dict):
        raise UsageError(
            f"{path}: {where} = {value!r} is neither a column's name nor a rule. "
            'Write "column" or {{constant = "..."}}.'
        )
    _known(path, where, value, (*ORIGINS, *CHANGES))
    origins = [o for o in ORIGINS if o in value]
    if len(origins) != 1:
        raise UsageError(
            f"{path}: {where} names {' and '.join(origins) or 'no origin'}. "
            f"A rule names exactly one of {', '.join(ORIGINS)}."
        )
    rule = Rule(
        table, name, origins[0], str(value[origins[0]]), {k: v for k, v in value.items() if k in CHANGES}
    )
    _check_changes(path, where, rule)
    return rule


def _check_changes(path: Path, where: str, rule: Rule) -> None:
    for name, kinds in _KINDS.items():
        given = rule.changes.get(name)
        if name == "values" and given is not None and not isinstance(given, dict):
            raise UsageError(f'{path}: {where}: values is a table such as {{ja = "true", nej = "false"}}.')
        is_odd_list = isinstance(given, list) and not (given and all(isinstance(one, str) for one in given))
        if given is not None and (not isinstance(given, kinds) or is_odd_list):
            raise UsageError(
                f"{path}: {where}: {name} = {str(given)[:80]!r} is of the wrong type. "
                f"docs/mappings.md shows how {name} is written."
            )
    part = rule.changes.get("part", rule.name)
    if rule.origin == "url" and part not in PARTS:
        raise UsageError(
            f"{path}: {where}: an address has no part {part!r}. Write part = one of {', '.join(PARTS)}."
        )
    if "part" in rule.changes and rule.origin != "url":
        raise UsageError(f"{path}: {where}: part goes with url, not with {rule.origin}. Remove it.")
    pattern = rule.changes.get("pattern")
    if pattern is not None:
        try:
            groups = re.compile(pattern).groups
        except (re.error, TypeError) as e:
            raise UsageError(f"{path}: {where}: pattern {pattern!r} is no regular expression: {e}.") from e
        if groups != 1:
            raise UsageError(
                f"{path}: {where}: pattern {pattern!r} has {groups} groups. Put the part that is wanted, and "
                "only that, in parentheses."
            )
        if not _is_re2(pattern):
            raise UsageError(
                f"{path}: {where}: pattern {pattern!r} can't be used: it looks ahead, behind or back, which takes for "
                "ever on some texts. Write it without."
            )
    zone = rule.changes.get("time_zone")
    if zone is not None and zone not in zoneinfo.available_timezones():
        raise UsageError(
            f"{path}: {where}: time_zone = {zone!r} is no IANA zone. Write a name such as Europe/Copenhagen."
        )
    if rule.origin == "template" and not rule.value:
        raise UsageError(f"{path}: {where}: the template is empty. Write text with {{column}} in it.")


def _is_re2(pattern: str) -> bool:
    """Whether DuckDB's regular expressions, whose time is bounded, have what a pattern uses."""
    try:
        duckdb.execute("select regexp_extract('', ?, 1)", [pattern])
    except duckdb.Error:
        return False
    return True


def _known(path: Path, where: str, given: Iterable[str], known: Iterable[str]) -> None:
    names = list(known)
    for name in given:
        if name not in names:
            raise UsageError(
                f"{path}: {where} has '{name}', which is not known.{nearest(name, names)} "
                f"Known: {', '.join(names)}."
            )
