"""The first sheets of a workbook: its contents, what it was made from, and what its columns mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from ..columns import COLUMNS
from ..display.escaping import plain
from ..display.numbers import counted, in_unit
from .shown import AboutSet, ShownPage, ShownTable
from .spreadsheet import LONGEST_TEXT, internal
from .workbook_looks import Looks, finish, stretch

CONTENTS, ABOUT, DEFINITIONS = "Contents", "About", "Definitions"
_HEAD = 2


def write_contents(
    sheet: Any, looks: Looks, tables: Sequence[ShownTable], names: Sequence[str], about: AboutSet
) -> None:
    sheet.write_string(0, 0, plain(about.title), looks.title)
    said = (
        f"{counted(len(tables), 'table')}. Data as of {in_unit(naive(about.as_of))}, version {about.version}."
    )
    sheet.write_string(1, 0, said, looks.muted)
    for column, (name, words) in enumerate(
        ((ABOUT, "About this set"), (DEFINITIONS, "What the columns mean"))
    ):
        sheet.write_url(2, column, internal(name), looks.link, words)
    top = 4
    for column, (head, width) in enumerate(
        (
            ("Sheet", 33),
            ("Page", 26),
            ("Table", 80),
            ("Rows shown", 12),
            ("Rows in all", 12),
            ("Files in tables/", 60),
        )
    ):
        sheet.write_string(top, column, head, looks.head_right if column in (3, 4) else looks.head)
        sheet.set_column(column, column, width)
    for row, (table, name) in enumerate(zip(tables, names, strict=True), start=top + 1):
        stretch(sheet, row, [(plain(table.title, longest=300), 78)])
        sheet.write_url(row, 0, internal(name), looks.link, name)
        sheet.write_string(row, 1, plain(table.page.title), looks.text)
        sheet.write_string(row, 2, plain(table.title, longest=300), looks.long)
        sheet.write_number(row, 3, table.n_shown, looks.number("#,##0"))
        sheet.write_number(row, 4, table.n_rows, looks.number("#,##0"))
        sheet.write_string(row, 5, f"{table.stem}.csv, .parquet", looks.muted)
    finish(sheet, top, len(tables), 6)


def write_about(sheet: Any, looks: Looks, pages: Sequence[ShownPage], about: AboutSet) -> None:
    sheet.write_string(0, 0, plain(about.title), looks.title)
    sheet.write_url(1, 0, internal(CONTENTS), looks.link, "Contents")
    told: list[tuple[str, str]] = [
        ("Period", about.period),
        ("Data as of", in_unit(naive(about.as_of))),
        ("Version of the warehouse", str(about.version)),
        ("Made with", f"workbench {about.workbench_version}"),
        *about.facts.items(),
        ("Empty cells", "What is not known is empty and never 0. Percentages are shares: 4.3 % is 0.043."),
        ("Times", "All instants are UTC."),
    ]
    for page in pages:
        said = ", ".join(f"{name} = {value}" for name, value in sorted(page.parameters.items()))
        told.append((f"Parameters of {plain(page.title)}", said or "none"))
    for row, (name, value) in enumerate(told, start=3):
        stretch(sheet, row, [(name, 30), (value, 88)])
        sheet.write_string(row, 0, plain(name), looks.strong)
        sheet.write_string(row, 1, plain(value, longest=LONGEST_TEXT), looks.long)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 90)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.hide_gridlines(2)


def write_definitions(sheet: Any, looks: Looks, tables: Sequence[ShownTable], names: Sequence[str]) -> None:
    sheet.write_string(0, 0, "What the columns mean", looks.title)
    sheet.write_url(1, 0, internal(CONTENTS), looks.link, "Contents")
    where: dict[tuple[str, ...], list[str]] = {}
    reasons: dict[tuple[str, ...], list[str]] = {}
    for table, name in zip(tables, names, strict=True):
        for meant, missing in _meant(table):
            where.setdefault(meant, []).append(name)
            reasons.setdefault(meant, []).append(missing)
    columns = {
        "Column": 26, "Meaning": 70, "Unit": 16, "Version": 9, "Name in files": 26, "Type": 15, "Source": 22,
        "Empty where": 26, "Sheets": 40,
    }  # fmt: skip
    widths = list(columns.values())
    for column, (head, width) in enumerate(columns.items()):
        sheet.write_string(_HEAD, column, head, looks.head)
        sheet.set_column(column, column, width)
    rows = sorted(where, key=lambda meant: (meant[0].lower(), meant))
    for row, meant in enumerate(rows, start=_HEAD + 1):
        said = (*meant, "; ".join(_each_once(reasons[meant])), _few(_each_once(where[meant])))
        texts = [plain(text, longest=LONGEST_TEXT) for text in said]
        stretch(sheet, row, zip(texts, widths, strict=True))
        for column, text in enumerate(texts):
            sheet.write_string(row, column, text, looks.long)
    finish(sheet, _HEAD, len(where), len(columns))


def _meant(table: ShownTable) -> Iterator[tuple[tuple[str, ...], str]]:
    """Label, meaning, unit, version, name, type and source of each column or headline figure; and why it is empty."""
    rows = {c.name: c.values for c in table.columns}
    if table.kind == "figures" and "figure" in rows:
        for n, label in enumerate(rows["figure"]):
            meaning, unit, version = (
                str(rows[name][n] or "") if name in rows else ""
                for name in ("meaning", "unit", "definition_version")
            )
            yield (str(label), meaning, unit, version, "", "", _source(meaning, version)), ""
        return
    for c in table.columns:
        registered = COLUMNS.get(c.name)
        known = registered is not None and registered.sentence == c.sentence
        meaning = c.sentence.replace("NULL", "unknown")
        source = _source(meaning, c.version if known else "")
        yield (c.label, meaning, c.unit, c.version, c.name, c.type, source), c.missing


def _source(meaning: str, version: str) -> str:
    return "registry of columns" if meaning and version else "the notebook's own"


def _each_once(texts: Sequence[str]) -> list[str]:
    return [t for t in dict.fromkeys(texts) if t]


def _few(names: Sequence[str], most: int = 4) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
