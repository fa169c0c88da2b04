"""One Excel workbook for a set: a sheet for each table, what its columns mean, and from which data it was made."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter

from ..display import theme
from ..display.escaping import address, plain
from ..display.numbers import counted
from .shown import AboutSet, Column, ShownTable
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
from .workbook_front import (
    ABOUT,
    CONTENTS,
    DEFINITIONS,
    naive,
    write_about,
    write_contents,
    write_definitions,
)
from .workbook_looks import Looks, finish, number_format, stretch

_MANY_CELLS = 300_000
"""From here on rows go to a file while they are written, and not into memory."""
_MOST_LINKS = 60_000
_EXACT = 10**15
"""A spreadsheet knows 15 digits."""
_SHORT = 40
"""Characters up to which a text is not broken into lines."""
_HEAD = 2
"""The row of the headings, under the caption and the line about the table."""


def write_workbook(tables: Sequence[ShownTable], file: Path, about: AboutSet) -> Path:
    """Write the workbook; the same tables give the same bytes. What is text stays text, whatever it begins with."""
    large = sum(t.n_shown * len(t.columns) for t in tables) > _MANY_CELLS
    options = {**WORKBOOK_OPTIONS, "in_memory": not large, "constant_memory": large}
    names = distinct([_sheet_name(t) for t in tables], LONGEST_SHEET)
    pages = list({t.page.name: t.page for t in tables}.values())
    built = io.BytesIO()
    with xlsxwriter.Workbook(built, options) as book:
        book.set_properties({"title": plain(about.title), "created": naive(about.as_of)})
        looks = Looks(book)
        write_contents(book.add_worksheet(CONTENTS), looks, tables, names, about)
        write_about(book.add_worksheet(ABOUT), looks, pages, about)
        write_definitions(book.add_worksheet(DEFINITIONS), looks, tables, names)
        for table, name in zip(tables, names, strict=True):
            sheet = book.add_worksheet(name)
            colours: Any = theme.LIGHT["series"]
            sheet.set_tab_color(colours[pages.index(table.page) % len(colours)])
            _sheet(sheet, looks, table)
    write_bytes(file, built.getvalue())
    return file


def _sheet_name(table: ShownTable) -> str:
    """Page, number and subject: 2.03 Who changed."""
    page = table.page.name.split("_")[0]
    page = page if page.isdigit() else plain(table.page.name, longest=10)
    name = sheet_name(f"{page}.{table.number:02d} {table.heading or table.title}", "table", longest=200)
    while len(name) > LONGEST_SHEET - 2:
        name = name.rpartition(" ")[0] if " " in name[10:] else name[: LONGEST_SHEET - 2]
    return name.rstrip(" ,;:-'")


def _sheet(sheet: Any, looks: Looks, table: ShownTable) -> None:
    shown, last = table.n_shown, len(table.columns) - 1
    sheet.write_string(0, 0, plain(table.title, longest=LONGEST_TEXT), looks.title)
    rows = counted(shown, "row") if shown == table.n_rows else f"{shown:,} of {counted(table.n_rows, 'row')}"
    sheet.write_url(1, 0, internal(CONTENTS), looks.link, "Contents")
    about = " · ".join(filter(None, [f"n = {rows}", plain(table.page.title), plain(table.heading)]))
    sheet.write_string(1, 1, about, looks.muted)
    units = [unit_said(c) for c in table.columns]
    widths = [_width(c, unit) for c, unit in zip(table.columns, units, strict=True)]
    heads = [
        plain("\n".join(filter(None, [c.label, unit]))) for c, unit in zip(table.columns, units, strict=True)
    ]
    # Room for the button of the filter.
    stretch(sheet, _HEAD, [(head, width - 3) for head, width in zip(heads, widths, strict=True)])
    for n, (column, head, width) in enumerate(zip(table.columns, heads, widths, strict=True)):
        sheet.write_string(_HEAD, n, head, looks.head_right if column.is_number else looks.head)
        sheet.set_column(n, n, width)
    formats = [looks.number(number_format(c, c.values)) for c in table.columns]
    links = 0
    figures = table.kind == "figures"
    unit_of = next((c.values for c in table.columns if c.name == "unit"), ()) if figures else ()
    for row in range(shown):
        wrapped = (n for n, c in enumerate(table.columns) if not c.is_number and c.unit != "address")
        texts = [(said(table.columns[n].values[row]), widths[n]) for n in wrapped]
        stretch(sheet, _HEAD + 1 + row, [(text, width) for text, width in texts if len(text) > _SHORT])
        for n, column in enumerate(table.columns):
            value = column.values[row]
            look = formats[n]
            if unit_of and column.is_number:
                look = looks.number(number_format(column, [value], str(unit_of[row] or "")))
            is_link = column.unit == "address" and links < _MOST_LINKS and _leads(value)
            links += is_link
            _write(sheet, looks, _HEAD + 1 + row, n, value, look, is_link)
    if table.note:
        sheet.write_string(_HEAD + shown + 2, 0, plain(table.note, longest=LONGEST_TEXT), looks.muted)
    finish(sheet, _HEAD, shown, last + 1)


def _write(sheet: Any, looks: Looks, row: int, column: int, value: Any, look: Any, is_link: bool) -> None:
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
        shown = said(value)
        sheet.write_string(row, column, shown, looks.long if len(shown) > _SHORT else looks.text)


def said(value: Any) -> str:
    """A value that is no number as a cell's text."""
    if value is None:
        return ""
    several = ", ".join("" if v is None else str(v) for v in value) if isinstance(value, list) else str(value)
    return plain(several, longest=LONGEST_TEXT)


def _leads(value: Any) -> bool:
    """Whether a text becomes a link: only one that is a plain address on the encrypted web."""
    return (
        isinstance(value, str)
        and value.startswith("https://")
        and not value.endswith("…")
        and address(value) is not None
    )


def _width(column: Column, unit: str) -> int:
    words = [*column.label.split(), unit]
    least = min(30, max(9, *(len(w) + 3 for w in words), len(column.label) // 2 + 3))
    if column.type == "TIMESTAMP":
        return max(18, least)
    if column.unit == "address":
        return max(36, least)
    if column.is_number:
        return widest((f"{v:,.2f}" for v in column.values[:500] if v is not None), least, 24)
    return widest((v for v in column.values[:500] if v is not None), least, 62)
