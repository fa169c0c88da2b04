"""What executed notebooks show, in order: their tables as data and their charts as specifications."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from ..display import theme
from ..display.table_data import FORMAT, MIME
from .spreadsheet import distinct, file_stem

_LONGEST_STEM = 44
_CUT = re.compile(r"^The first [\d,]+ of [\d,]+( \w+)?\.\s*")


@dataclass(frozen=True, kw_only=True)
class ShownPage:
    """A page of a set that was made whole."""

    name: str
    title: str
    notebook: Any
    """The executed notebook."""
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class AboutSet:
    """What the files of a set say of it; nothing that differs between two runs on the same data."""

    title: str
    """Whose pages they are and of which period: Reports, Week 40, 29 Sep to 5 Oct 2025."""
    period: str
    """The period's name, such as 2025-W40."""
    version: int
    """Of the warehouse."""
    as_of: datetime
    workbench_version: str
    facts: Mapping[str, str] = field(default_factory=dict)
    """More to say, by name: freshness, coverage."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table that is shown, with its values in Python's types."""

    name: str
    label: str
    unit: str
    sentence: str
    version: str
    type: str
    missing: str
    values: Sequence[Any]

    @property
    def is_number(self) -> bool:
        return self.type in ("BIGINT", "DOUBLE") or self.type.startswith("DECIMAL")


@dataclass(frozen=True, kw_only=True)
class ShownTable:
    """One table of a page."""

    page: ShownPage
    number: int
    """Its place among the page's tables, from 1."""
    heading: str
    """The heading of the page that it stands under."""
    stem: str
    """Of its files' names; no two tables of a set have the same."""
    kind: str
    caption: str
    note: str
    n_rows: int
    """How many rows there are; fewer may be shown."""
    columns: Sequence[Column]

    @property
    def n_shown(self) -> int:
        return len(self.columns[0].values) if self.columns else 0

    @property
    def title(self) -> str:
        under = self.heading or self.page.title
        return self.caption or (f"Headline figures: {under}" if self.kind == "figures" else under)


@dataclass(frozen=True, kw_only=True)
class ShownChart:
    """One chart of a page."""

    page: ShownPage
    number: int
    heading: str
    stem: str
    spec: Mapping[str, Any]


def tables_shown(pages: Sequence[ShownPage]) -> list[ShownTable]:
    """Every table, once: of a short list above the whole one, behind a line, only the whole one."""
    found = [
        (page, heading, table)
        for page in pages
        for heading, output in _outputs(page.notebook)
        for table in _once(_tables(output))
    ]
    stems = _stems([(page, heading or str(t["caption"])) for page, heading, t in found], "table")
    return [
        ShownTable(
            page=page,
            number=number,
            heading=heading,
            stem=stem,
            kind=str(table["kind"]),
            caption=str(table["caption"]),
            note=str(table["note"]),
            n_rows=int(table["n_rows"]),
            columns=_columns(table),
        )
        for (page, heading, table), (number, stem) in zip(found, stems, strict=True)
    ]


def charts_shown(pages: Sequence[ShownPage]) -> list[ShownChart]:
    """Every chart, in order."""
    found = [
        (page, heading, output[theme.MIME])
        for page in pages
        for heading, output in _outputs(page.notebook)
        if isinstance(output.get(theme.MIME), dict)
    ]
    stems = _stems([(page, heading) for page, heading, _ in found], "chart")
    return [
        ShownChart(page=page, number=number, heading=heading, stem=stem, spec=spec)
        for (page, heading, spec), (number, stem) in zip(found, stems, strict=True)
    ]


def _outputs(notebook: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The data of each output, with the heading above it."""
    heading = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            said = re.findall(r"^#{2,6}\s+(.+?)\s*#*$", cell.source, re.MULTILINE)
            heading = said[-1] if said else heading
        for output in cell.get("outputs", []):
            yield heading, output.get("data", {})


def _stems(placed: Sequence[tuple[ShownPage, str]], instead: str) -> list[tuple[int, str]]:
    """A number within its page and a file's name for each: 2_accounts-03-who_changed."""
    counts: dict[str, int] = {}
    numbers, names = [], []
    for page, words in placed:
        counts[page.name] = number = counts.get(page.name, 0) + 1
        numbers.append(number)
        slug = file_stem(words.lower(), instead, 200)
        while len(slug) > _LONGEST_STEM:
            slug = slug.rpartition("_")[0] if "_" in slug else slug[:_LONGEST_STEM]
        names.append(f"{file_stem(page.name, 'page')}-{number:02d}-{slug}")
    return list(zip(numbers, distinct(names, 120), strict=True))


def _tables(output: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The tables of an output; none of one that isn't ours."""
    told = output.get(MIME)
    if not isinstance(told, dict) or told.get("format") != FORMAT or not isinstance(told.get("tables"), list):
        return []
    return [t for t in told["tables"] if _is_whole(t)]


def _is_whole(table: Any) -> bool:
    if (
        not isinstance(table, dict)
        or not {"kind", "caption", "note", "n_rows", "columns", "rows"} <= table.keys()
    ):
        return False
    width = len(table["columns"])
    named = all(isinstance(c, dict) and {"name", "label", "type"} <= c.keys() for c in table["columns"])
    return named and width > 0 and all(isinstance(r, list) and len(r) == width for r in table["rows"])


def _once(tables: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without those whose rows another one of the same output holds too, which takes over their note."""
    kept: list[dict[str, Any]] = []
    for n, table in enumerate(tables):
        whole = next((t for t in tables[n + 1 :] if _holds(t, table)), None)
        if whole is None:
            kept.append(table)
        elif not whole["note"]:
            whole["note"] = _CUT.sub("", str(table["note"]))
    return kept


def _holds(whole: dict[str, Any], part: dict[str, Any]) -> bool:
    if [c["name"] for c in whole["columns"]] != [c["name"] for c in part["columns"]]:
        return False
    there = {repr(row) for row in whole["rows"]}
    return all(repr(row) in there for row in part["rows"])


def _columns(table: Mapping[str, Any]) -> list[Column]:
    described = table["columns"]
    names = distinct([str(c["name"]) for c in described], 120)
    return [
        _column(about, name, [row[n] for row in table["rows"]])
        for n, (about, name) in enumerate(zip(described, names, strict=True))
    ]


def _column(about: Mapping[str, Any], name: str, encoded: list[Any]) -> Column:
    kind = str(about["type"])
    try:
        values = [None if v is None else _decoded(v, kind) for v in encoded]
    except (ValueError, TypeError, InvalidOperation):
        kind, values = "VARCHAR", [None if v is None else str(v) for v in encoded]
    said = {key: str(about.get(key, "")) for key in ("label", "unit", "sentence", "version", "missing")}
    return Column(name=name, type=kind, values=values, **said)


def _decoded(value: Any, kind: str) -> Any:
    if kind.endswith("[]"):
        return [None if v is None else _decoded(v, kind[:-2]) for v in value]
    if kind == "BIGINT":
        return int(value)
    if kind == "DOUBLE":
        return float(value)
    if kind == "BOOLEAN":
        return bool(value)
    if kind == "DATE":
        return date.fromisoformat(value)
    if kind == "TIMESTAMP":
        return datetime.fromisoformat(value)
    return Decimal(value) if kind.startswith("DECIMAL") else str(value)
