"""What every file for a spreadsheet shares: text that stays text, names that every system takes, equal bytes."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..display.escaping import plain
from ..errors import naming

LONGEST_SHEET = 31
LONGEST_TEXT = 2_000
"""Characters of a cell; a spreadsheet takes 32,767."""
WORKBOOK_OPTIONS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "in_memory": True,
}
"""For xlsxwriter: what is written as text is text."""

_LONGEST_NAME = 60
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet may take for the start of a formula; Asian editions take the wide signs too."""
# Where a semicolon parts cells (Excel in half of Europe) a cell of a comma's file may end within a text.
_INNER_FORMULA = re.compile(r"([;\t\r\n]\s*)(?=[=@＝＠]|[+\-＋－][\w(])")


def csv_cell(text: object) -> str:
    """Text that a spreadsheet takes for text when it opens a CSV file: an apostrophe before what could be a formula."""
    shown = _INNER_FORMULA.sub(r"\1'", plain(text, longest=LONGEST_TEXT))
    return f"'{shown}" if shown.startswith(_FORMULA) or shown.lstrip().startswith(_FORMULA) else shown


def csv_text(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A CSV file's content. Spreadsheets take a file without the mark for the old encoding of the machine."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(heads)
    writer.writerows(rows)
    return "\ufeff" + text.getvalue()


def file_stem(name: str, instead: str = "va", longest: int = _LONGEST_NAME) -> str:
    """A name as a part of a file's: letters and digits of ASCII, `_` and `-` between them, never empty."""
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9_-]+", "_", ascii_only)[:longest].strip("_-")
    return f"{words}_" if words.lower() in _RESERVED else words or instead


def sheet_name(name: str, instead: str, taken: Sequence[str] = (), longest: int = LONGEST_SHEET) -> str:
    """A name that Excel takes: none of its signs, no apostrophe at an end, not one that it or the book keeps."""
    allowed = re.sub(r"[\s\[\]:*?/\\\x00-\x1f]+", " ", plain(name)).strip().strip("'")
    shown = fitting(allowed, longest).strip().strip("'")
    return f"{shown} {instead}" if shown.lower() in ("history", *taken) else shown or instead


def fitting(name: str, longest: int) -> str:
    """The beginning of a name, no longer than that as Excel counts, to whom most emoji are two."""
    while len(name) + sum(c > "\uffff" for c in name) > longest:
        name = name[:-1]
    return name.removesuffix("\N{ZERO WIDTH JOINER}")


def distinct(names: Sequence[str], longest: int = _LONGEST_NAME + 6) -> list[str]:
    """The names, numbered where one was given before in any case: a, A_2."""
    seen: set[str] = set()
    made = []
    for name in names:
        n, unique = 1, fitting(name, longest)
        while unique.lower() in seen:
            n += 1
            unique = f"{fitting(name, longest - len(str(n)) - 1)}_{n}"
        seen.add(unique.lower())
        made.append(unique)
    return made


def write_bytes(file: Path, content: bytes) -> None:
    """Write a file for its owner only, whole or not at all."""
    building = file.with_name(f".{file.name}.building")
    try:
        with naming(building):
            building.write_bytes(content)
        building.chmod(0o600)
        building.replace(file)
    finally:
        building.unlink(missing_ok=True)


def internal(sheet: str) -> str:
    """The address of a sheet within its workbook."""
    return "internal:'{}'!A1".format(sheet.replace("'", "''"))


def widest(values: Iterable[Any], least: int, most: int) -> int:
    """How wide a column has to be for its texts, in characters."""
    return min(most, max([least, *(len(str(v)) + 2 for v in values)]))
