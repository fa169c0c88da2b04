"""How a workbook's cells look: formats by unit, heights of rows, what every sheet has."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from ..display import theme
from ..display.numbers import shared_decimals
from .shown import Column

_PLAIN_WHOLE = ("hour of day", "day of week", "row number")
_TIMES = ("multiple", "times", "ratio", "x")
_LINE = 15.0
"""Points of a line of text."""
_LETTERS = 1.1
"""Letters of a text in a column's unit of width, which is a digit."""
_MOST_LINES = 12


class Looks:
    """The formats of a workbook, each made once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._numbers: dict[str, Any] = {}
        at_left = {"valign": "top", "align": "left", "indent": 1}
        ink, muted, line = (str(theme.LIGHT[name]) for name in ("ink", "muted", "line"))
        self.title = book.add_format(
            {"bold": True, "font_size": 14, "font_color": ink, "align": "left", "indent": 1}
        )
        self.muted = book.add_format({"font_color": muted, "align": "left", "indent": 1})
        head = {"bold": True, "bg_color": "#E8ECF1", "bottom": 1, "border_color": line, "text_wrap": True}
        self.head = book.add_format({**head, **at_left})
        self.head_right = book.add_format({**head, "valign": "top", "align": "right"})
        self.text = book.add_format(at_left)
        self.long = book.add_format({"text_wrap": True, **at_left})
        self.strong = book.add_format({"bold": True, **at_left})
        self.link = book.add_format({"font_color": str(theme.LIGHT["series"][0]), "underline": 1, **at_left})

    def number(self, code: str) -> Any:
        if code not in self._numbers:
            self._numbers[code] = self._book.add_format(
                {"num_format": code, "valign": "top", "align": "right"}
            )
        return self._numbers[code]


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


def stretch(sheet: Any, row: int, cells: Iterable[tuple[str, float]]) -> None:
    """Make a row as high as its wrapped texts need, given with their columns' widths: not every program does it."""
    lines = max(
        (
            sum(max(1, math.ceil(len(part) / (width * _LETTERS))) for part in text.split("\n"))
            for text, width in cells
        ),
        default=1,
    )
    if lines > 1:
        sheet.set_row(row, _LINE * min(lines, _MOST_LINES))


def finish(sheet: Any, head: int, n_rows: int, n_columns: int) -> None:
    sheet.freeze_panes(head + 1, 1)
    sheet.autofilter(head, 0, head + max(1, n_rows), n_columns - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(head)
    sheet.hide_gridlines(2)
