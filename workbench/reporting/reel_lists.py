"""Reel lists as files: a CSV for each VA, and one workbook with a sheet for each."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from ..display.escaping import address, plain
from ..display.headings import heading
from ..whole_files import write_whole
from .spreadsheet import (
    LONGEST_SHEET,
    LONGEST_TEXT,
    WORKBOOK_OPTIONS,
    csv_cell,
    csv_text,
    distinct,
    file_stem,
    internal,
    sheet_name,
    write_bytes,
)

FOLDER = "reel_lists"
NOBODY = "without a VA"
COLUMNS = (
    "due_on", "account_id", "list_state", "title", "example_url", "expected_views", "slide_lift", "recommended_because",
    "task_id",
)  # fmt: skip
"""What a VA's list shows, in this order."""
_WIDTHS = {"title": 48, "recommended_because": 70, "example_url": 44, "account_id": 24, "task_id": 30}
_FORMATS = {"expected_views": "#,##0", "slide_lift": "0.00", "due_on": "ddd d mmm yyyy"}


def write_reel_lists(rows: pd.DataFrame, folder: Path, week: str) -> list[Path]:
    """Write the lists of a week (see `model.reel_lists`); returns the files, the workbook first.

    Nothing that a stranger wrote becomes a formula or a link other than https in a spreadsheet. Lists of this week
    that were written before are replaced, and those of VAs who have nothing to post any more removed.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lists = [
        (NOBODY if pd.isna(va) else str(va), part)
        for va, part in rows.groupby("va_id", dropna=False, sort=True)
    ]
    names = distinct([file_stem(va) for va, _part in lists])
    for old in folder.glob(f"{week}-*.csv"):
        old.unlink()
    book = folder / f"{week}-reel_lists.xlsx"
    _workbook(book, lists, week)
    files = [book]
    for (_va, part), name in zip(lists, names, strict=True):
        file = folder / f"{week}-{name}.csv"
        write_whole(file, _csv(part))
        files.append(file)
    return files


def _csv(part: pd.DataFrame) -> str:
    heads = [heading(c).label for c in COLUMNS]
    return csv_text(
        heads, [[_cell(row[c]) for c in COLUMNS] for row in part[list(COLUMNS)].to_dict("records")]
    )


def _cell(value: Any) -> str:
    if pd.isna(value):
        return ""
    if isinstance(value, float):
        return f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"
    if isinstance(value, date):
        return value.isoformat()
    return csv_cell(value)


def _workbook(file: Path, lists: Sequence[tuple[str, pd.DataFrame]], week: str) -> None:
    built = io.BytesIO()
    with xlsxwriter.Workbook(built, WORKBOOK_OPTIONS) as book:
        # The same rows give the same bytes.
        book.set_properties({"title": f"Reel lists {week}", "created": datetime(2020, 1, 1)})
        looks = {
            name: book.add_format({"num_format": code, "valign": "top"}) for name, code in _FORMATS.items()
        }
        looks["text"] = book.add_format({"valign": "top", "text_wrap": True})
        looks["head"] = book.add_format({"bold": True, "bg_color": "#E8ECF1", "bottom": 1, "text_wrap": True})
        looks["title"] = book.add_format({"bold": True, "font_size": 14})
        looks["late"] = book.add_format({"valign": "top", "font_color": "#9C1C1C", "bold": True})
        sheets = distinct([sheet_name(va, "VA", ("overview",)) for va, _part in lists], LONGEST_SHEET)
        first = book.add_worksheet("Overview")
        _overview(first, looks, lists, sheets, week)
        for (_va, part), name in zip(lists, sheets, strict=True):
            _sheet(book.add_worksheet(name), looks, part)
    write_bytes(file, built.getvalue())


def _overview(sheet: Any, looks: dict[str, Any], lists: Any, names: Sequence[str], week: str) -> None:
    sheet.write_string(0, 0, f"Reel lists of {week}", looks["title"])
    heads = ("VA", "Posts", "Overdue", "Accepted", "Suggested", "Ready items", "Accounts")
    for column, head in enumerate(heads):
        sheet.write_string(2, column, head, looks["head"])
    for row, ((va, part), name) in enumerate(zip(lists, names, strict=True), start=3):
        sheet.write_url(row, 0, internal(name), string=plain(va, longest=200))
        states = part["list_state"].value_counts()
        counts = [len(part), *(int(states.get(s, 0)) for s in ("overdue", "accepted", "suggested", "ready"))]
        for column, n in enumerate([*counts, part["account_id"].nunique()], start=1):
            sheet.write_number(row, column, n)
    if not lists:
        sheet.write_string(
            3, 0, "Nothing is to be posted: no open task, no recommendation, no item that is ready."
        )
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, len(heads) - 1, 12)
    sheet.freeze_panes(3, 1)


def _sheet(sheet: Any, looks: dict[str, Any], part: pd.DataFrame) -> None:
    for column, name in enumerate(COLUMNS):
        sheet.write_string(0, column, heading(name).label, looks["head"])
        sheet.set_column(column, column, _WIDTHS.get(name, 15))
    for row, values in enumerate(part[list(COLUMNS)].to_dict("records"), start=1):
        for column, name in enumerate(COLUMNS):
            _write(sheet, looks, row, column, name, values[name])
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, max(1, len(part)), len(COLUMNS) - 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _write(sheet: Any, looks: dict[str, Any], row: int, column: int, name: str, value: Any) -> None:
    if pd.isna(value):
        return
    if isinstance(value, float):
        sheet.write_number(row, column, value, looks[name])
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value, looks[name])
    else:
        text = plain(value, longest=LONGEST_TEXT)
        if name == "example_url" and text.startswith("https://") and address(text):
            sheet.write_url(row, column, text, string=text[:200])
        else:
            sheet.write_string(row, column, text, looks["late" if text == "overdue" else "text"])
