"""One Excel workbook for a set: a sheet for each table, what its columns mean, and from which data it was made."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter

from ..columns import COLUMNS
from ..display import theme
from ..display.escaping import address, plain
from ..display.numbers import counted, in_unit, shared_decimals
from .shown import AboutSet, Column, ShownPage, ShownTable
from .spreadsheet import (
    LONGEST_SHEET,
    LONGEST_TEXT,
    WORKBOOK_OPTIONS,
    distinct,
    internal,
    sheet_name,
    widest,
    write_bytes,
)
from .table_files import unit_said

FILE = "workbook.xlsx"
CONTENTS, ABOUT, DEFINITIONS = "Contents", "About", "Definitions"

_MANY_CELLS = 300_000
"""From here on rows go to a file while they are written, and not into memory."""
_MOST_LINKS = 60_000
_LONGEST_LINK = 2_000
_EXACT = 10**15
"""A spreadsheet knows 15 digits."""
_HEAD = 2
"""The row of the headings, under the caption and the line about the table."""
_PLAIN_WHOLE = ("hour of day", "day of week", "row number")
_TIMES = ("multiple", "times", "ratio", "x")


def write_workbook(tables: Sequence[ShownTable], file: Path, about: AboutSet) -> Path:
    """Write the workbook; the same tables give the same bytes. What is text stays text, whatever it begins with."""
    large = sum(t.n_shown * len(t.columns) for t in tables) > _MANY_CELLS
    options = {**WORKBOOK_OPTIONS, "in_memory": not large, "constant_memory": large}
    names = distinct([_sheet_name(t) for t in tables], LONGEST_SHEET)
    pages = list({t.page.name: t.page for t in tables}.values())
    built = io.BytesIO()
    with xlsxwriter.Workbook(built, options) as book:
        book.set_properties({"title": plain(about.title), "created": _naive(about.as_of)})
        looks = _Looks(book)
        _contents(book.add_worksheet(CONTENTS), looks, tables, names, about)
        _about(book.add_worksheet(ABOUT), looks, pages, about)
        _definitions(book.add_worksheet(DEFINITIONS), looks, tables, names)
        for table, name in zip(tables, names, strict=True):
            sheet = book.add_worksheet(name)
            colours: Any = theme.LIGHT["series"]
            sheet.set_tab_color(colours[pages.index(table.page) % len(colours)])
            _sheet(sheet, looks, table)
    write_bytes(file, built.getvalue())
    return file


def number_format(column: Column, values: Sequence[Any], unit: str | None = None) -> str:
    """How a spreadsheet writes a column's figures, by the unit that the registry gives it."""
    unit = column.unit if unit is None else unit
    if column.type == "DATE":
        return "d mmm yyyy"
    if column.type == "TIMESTAMP":
        return "d mmm yyyy hh:mm"
    if unit == "fraction":
        return "0.0%"
    if unit in _TIMES:
        return '#,##0.00"×"'
    if unit.startswith("money") or column.type.startswith("DECIMAL"):
        return "#,##0.00"
    if unit in _PLAIN_WHOLE:
        return "0"
    known = [v for v in values if isinstance(v, int | float | Decimal)]
    decimals = shared_decimals(known) if known else 0
    return "#,##0" + (f".{'0' * decimals}" if decimals else "")


class _Looks:
    """The formats of a workbook, each made once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._numbers: dict[str, Any] = {}
        ink, muted, line = (str(theme.LIGHT[name]) for name in ("ink", "muted", "line"))
        self.title = book.add_format({"bold": True, "font_size": 14, "font_color": ink})
        self.muted = book.add_format({"font_color": muted})
        self.wrapped_muted = book.add_format({"font_color": muted, "text_wrap": True, "valign": "top"})
        head = {"bold": True, "bg_color": "#E8ECF1", "bottom": 1, "border_color": line, "text_wrap": True}
        self.head = book.add_format({**head, "valign": "top"})
        self.head_right = book.add_format({**head, "valign": "top", "align": "right"})
        self.text = book.add_format({"valign": "top"})
        self.long = book.add_format({"valign": "top", "text_wrap": True})
        self.strong = book.add_format({"bold": True, "valign": "top"})
        self.link = book.add_format({"font_color": theme.LIGHT["series"][0], "underline": 1, "valign": "top"})

    def number(self, code: str) -> Any:
        if code not in self._numbers:
            self._numbers[code] = self._book.add_format(
                {"num_format": code, "valign": "top", "align": "right"}
            )
        return self._numbers[code]


def _sheet_name(table: ShownTable) -> str:
    """Page, number and subject: 2.03 Who changed."""
    page = table.page.name.split("_")[0]
    page = page if page.isdigit() else plain(table.page.name, longest=10)
    return sheet_name(f"{page}.{table.number:02d} {table.heading or table.title}", "table")


def _contents(
    sheet: Any, looks: _Looks, tables: Sequence[ShownTable], names: Sequence[str], about: AboutSet
) -> None:
    sheet.write_string(0, 0, plain(about.title), looks.title)
    said = f"{counted(len(tables), 'table')}. Data as of {in_unit(_naive(about.as_of))}, version {about.version}."
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
        sheet.write_url(row, 0, internal(name), looks.link, name)
        sheet.write_string(row, 1, plain(table.page.title), looks.text)
        sheet.write_string(row, 2, plain(table.title, longest=300), looks.long)
        sheet.write_number(row, 3, table.n_shown, looks.number("#,##0"))
        sheet.write_number(row, 4, table.n_rows, looks.number("#,##0"))
        sheet.write_string(row, 5, f"{table.stem}.csv, .parquet", looks.muted)
    _finished(sheet, top, len(tables), 6)


def _about(sheet: Any, looks: _Looks, pages: Sequence[ShownPage], about: AboutSet) -> None:
    sheet.write_string(0, 0, plain(about.title), looks.title)
    sheet.write_url(1, 0, internal(CONTENTS), looks.link, "Contents")
    told: list[tuple[str, str]] = [
        ("Period", about.period),
        ("Data as of", in_unit(_naive(about.as_of))),
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
        sheet.write_string(row, 0, plain(name), looks.strong)
        sheet.write_string(row, 1, plain(value, longest=LONGEST_TEXT), looks.long)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 90)


def _definitions(sheet: Any, looks: _Looks, tables: Sequence[ShownTable], names: Sequence[str]) -> None:
    sheet.write_string(0, 0, "What the columns mean", looks.title)
    sheet.write_url(1, 0, internal(CONTENTS), looks.link, "Contents")
    where: dict[tuple[str, ...], list[str]] = {}
    for table, name in zip(tables, names, strict=True):
        for meant in _meant(table):
            shown_in = where.setdefault(meant, [])
            if name not in shown_in:
                shown_in.append(name)
    columns = (
        "Column",
        "Meaning",
        "Unit",
        "Version",
        "Empty where",
        "Name in files",
        "Type",
        "Source",
        "Sheets",
    )
    for column, (head, width) in enumerate(zip(columns, (26, 80, 16, 9, 24, 26, 14, 26, 40), strict=True)):
        sheet.write_string(_HEAD, column, head, looks.head)
        sheet.set_column(column, column, width)
    rows = sorted(where.items(), key=lambda item: (item[0][0].lower(), item[0]))
    for row, (meant, sheets) in enumerate(rows, start=_HEAD + 1):
        for column, text in enumerate((*meant, ", ".join(sheets))):
            sheet.write_string(row, column, plain(text, longest=LONGEST_TEXT), looks.long)
    _finished(sheet, _HEAD, len(where), len(columns))


def _meant(table: ShownTable) -> Iterator[tuple[str, ...]]:
    """Label, meaning, unit, version, why empty, name, type and source of each column, or of each headline figure."""
    if table.kind == "figures":
        rows = {c.name: c.values for c in table.columns}
        for n, label in enumerate(rows["figure"]):
            meaning, unit, version = (
                str(rows[name][n] or "") if name in rows else ""
                for name in ("meaning", "unit", "definition_version")
            )
            yield str(label), meaning, unit, version, "", "", "", _source(meaning, version)
        return
    for c in table.columns:
        registered = COLUMNS.get(c.name)
        known = registered is not None and registered.sentence == c.sentence
        meaning = c.sentence.replace("NULL", "unknown")
        source = _source(meaning, c.version if known else "")
        yield c.label, meaning, c.unit, c.version, c.missing, c.name, c.type, source


def _source(meaning: str, version: str) -> str:
    return "registry of columns" if meaning and version else "the notebook's own"


def _sheet(sheet: Any, looks: _Looks, table: ShownTable) -> None:
    shown, last = table.n_shown, len(table.columns) - 1
    sheet.write_string(0, 0, plain(table.title, longest=LONGEST_TEXT), looks.title)
    rows = counted(shown, "row") if shown == table.n_rows else f"{shown:,} of {counted(table.n_rows, 'row')}"
    sheet.write_url(1, 0, internal(CONTENTS), looks.link, "Contents")
    about = " · ".join(filter(None, [f"n = {rows}", plain(table.page.title), plain(table.heading)]))
    sheet.write_string(1, 1, about, looks.muted)
    formats, links = [], 0
    for n, column in enumerate(table.columns):
        unit = unit_said(column)
        two_lines = f"{column.label}\n{unit}" if unit else column.label
        sheet.write_string(
            _HEAD, n, plain(two_lines, longest=200), looks.head_right if column.is_number else looks.head
        )
        formats.append(looks.number(number_format(column, column.values)))
        sheet.set_column(n, n, _width(column, unit))
    units = next((c.values for c in table.columns if c.name == "unit"), ()) if table.kind == "figures" else ()
    for row in range(shown):
        for n, column in enumerate(table.columns):
            value = column.values[row]
            look = formats[n]
            if units and column.is_number:
                look = looks.number(number_format(column, [value], str(units[row] or "")))
            is_link = column.unit == "address" and links < _MOST_LINKS and _leads(value)
            links += is_link
            _write(sheet, looks, _HEAD + 1 + row, n, value, look, is_link)
    if table.note:
        sheet.write_string(_HEAD + shown + 2, 0, plain(table.note, longest=LONGEST_TEXT), looks.muted)
    _finished(sheet, _HEAD, shown, last + 1)


def _finished(sheet: Any, head: int, n_rows: int, n_columns: int) -> None:
    sheet.freeze_panes(head + 1, 1)
    sheet.autofilter(head, 0, head + max(1, n_rows), n_columns - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(head)
    sheet.hide_gridlines(2)


def _write(sheet: Any, looks: _Looks, row: int, column: int, value: Any, look: Any, is_link: bool) -> None:
    if value is None or value == "":
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value, looks.text)
    elif isinstance(value, date):  # an instant too
        if value.year >= 1900:
            sheet.write_datetime(row, column, value, look)
        else:
            sheet.write_string(row, column, value.isoformat(), looks.text)
    elif isinstance(value, int | float | Decimal):
        if -_EXACT < value < _EXACT or (isinstance(value, float) and math.isfinite(value)):
            sheet.write_number(row, column, value, look)
        else:
            sheet.write_string(row, column, "∞" if value == float("inf") else str(value), looks.text)
    elif is_link:
        sheet.write_url(row, column, value, looks.link, value[:200])
    else:
        said = (
            ", ".join("" if v is None else str(v) for v in value) if isinstance(value, list) else str(value)
        )
        shown = plain(said, longest=LONGEST_TEXT)
        sheet.write_string(row, column, shown, looks.long if len(shown) > 60 else looks.text)


def _leads(value: Any) -> bool:
    """Whether a text becomes a link: only one that is a plain address on the encrypted web."""
    return (
        isinstance(value, str)
        and value.startswith("https://")
        and len(value) < _LONGEST_LINK
        and address(value) is not None
    )


def _width(column: Column, unit: str) -> int:
    words = [*column.label.split(), unit]
    least = min(30, max(9, *(len(w) + 3 for w in words), len(column.label) // 2 + 3))
    if column.type == "TIMESTAMP":
        return max(18, least)
    if column.is_number:
        return widest((f"{v:,.2f}" for v in column.values[:500] if v is not None), least, 24)
    return widest((v for v in column.values[:500] if v is not None), least, 60)


def _naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
