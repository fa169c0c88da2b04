"""The slower way for CSVs that are irregular but plain: rewritten by Python's csv module, in C.

Mixed line ends, a bare carriage return inside a title, quotes in the middle of a word: each has one
reading only, yet DuckDB refuses it or reads another. What has more than one reading is refused, with
the record's number.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..errors import SourceError

RETURN_MARK = "\ue00d"
"""Stands for a bare carriage return while the file is read; a character for private use."""

_SHOWN = 60


@dataclass(frozen=True)
class Mended:
    """A regular copy of an irregular file."""

    path: Path
    records: int
    """Records, the header included."""
    has_return_marks: bool


def mended(path: Path, shown: Path, folder: Path, delimiter: str, fields: int) -> Mended:
    """A copy with every field quoted and every record ended by one line feed.

    A bare carriage return is text where a line feed ends the header, and ends a record where it ends
    the header. Raises SourceError for the first record that can't be read in one way.
    """
    content = path.read_bytes()
    end = header_end(content)
    if len(end) > 2:  # \r\r\n: line ends translated twice, all of them
        content = content.replace(end, b"\r\n")
    marks = end.endswith(b"\n") and re.search(rb"\r(?!\n)", content) is not None
    if marks:
        mark = RETURN_MARK.encode()
        if mark in content:
            raise SourceError(
                f"{shown}: bare carriage returns and the character U+E00D in one file. "
                "Replace that character."
            )
        content = re.sub(rb"\r(?!\n)", mark, content)
    with _long_fields():
        lengths = _lengths(content, shown, delimiter)
        if set(lengths) - {0, fields}:
            _refuse_record(content, shown, delimiter, fields)
        copy = folder / "mended.csv"
        with copy.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
            writer.writerows(filter(None, _reader(content, delimiter)))
    return Mended(copy, lengths.total() - lengths[0], marks)


def refuse(path: Path, shown: Path, delimiter: str, fields: int, said: str, most: int) -> None:
    """Raise SourceError for the record that a regular file could not be read because of.

    `said` is DuckDB's own message, told where the records give no better reason; `most` is how many bytes
    a record may have.
    """
    content = path.read_bytes()
    with _long_fields():
        _refuse_record(content, shown, delimiter, fields)
        for number, record in enumerate(filter(None, _reader(content, delimiter))):
            size = sum(map(len, record))
            if size > most // 2 and len(delimiter.join(record).encode()) + 2 * fields > most:
                raise SourceError(
                    f"{shown}: record {number} has {size:,} characters, more than the {most:,} bytes that one may "
                    f"have; it begins {delimiter.join(record)[:_SHOWN]!r}. A quote is missing somewhere in it, or it "
                    "holds more than a table does: mend it, or leave it out."
                )
    raise SourceError(f"{shown}: the file can't be read as CSV: {said} Mend that place, or export it again.")


def header_end(content: bytes) -> bytes:
    """The first line end outside quotes."""
    outside = re.match(rb'(?:[^"\r\n]|"[^"]*")*(\r*\n|\r)', content)
    return outside.group(1) if outside is not None else b""


def _reader(content: bytes, delimiter: str) -> Iterator[list[str]]:
    text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")
    return csv.reader(text, delimiter=delimiter, strict=True)


def _lengths(content: bytes, shown: Path, delimiter: str) -> Counter[int]:
    try:
        return Counter(map(len, _reader(content, delimiter)))
    except csv.Error:
        _refuse_record(content, shown, delimiter, 0)
        raise


def _refuse_record(content: bytes, shown: Path, delimiter: str, fields: int) -> None:
    """Raise for the first record that is broken; `fields` 0: by its quotes alone."""
    reader = csv.reader(
        io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline=""),
        delimiter=delimiter,
        strict=True,
    )
    number, line, last = 0, 1, [""]
    try:
        for record in reader:
            if record and fields and len(record) != fields:
                _refuse_length(record, shown, number, line, delimiter, fields)
            number, line, last = number + bool(record), reader.line_num + 1, record or last
    except csv.Error as e:
        begins = _line(content, line)
        if "end of data" in str(e):
            raise SourceError(
                f"{shown}: record {number} (line {line}) opens a quoted field that never closes; it begins "
                f"{begins!r}. The file was cut off, or a quote is missing there. Export it again, or mend "
                "that line."
            ) from e
        raise SourceError(
            f"{shown}: record {number} (line {reader.line_num}) has a quote inside a quoted field; it begins "
            f"{begins!r}. A quote inside quotes is written twice; mend that line, or export the file again."
        ) from e


def _refuse_length(
    record: list[str], shown: Path, number: int, line: int, delimiter: str, fields: int
) -> None:
    sample = delimiter.join(record)
    sample = sample if len(sample) <= _SHOWN else sample[:_SHOWN] + "..."
    why = (
        "A field with a delimiter in it must be quoted"
        if len(record) > fields
        else "The file was cut off there, or a line end in the record is not quoted"
    )
    raise SourceError(
        f"{shown}: record {number} (line {line}) has {len(record)} fields, the header has {fields}; it reads "
        f"{sample!r}. {why}: mend that line or export the file again. (Delimiter: {delimiter!r}; another one "
        "is named with --delimiter.)"
    )


def _line(content: bytes, number: int) -> str:
    lines = content.split(b"\n", number)
    line = lines[number - 1] if len(lines) >= number else lines[-1]
    text = line.decode("utf-8", "replace").strip("\r\ufeff")
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


@contextmanager
def _long_fields() -> Iterator[None]:
    """The csv module's limit on a field (128 KB) lifted: captions with OCR text may be longer."""
    before = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(before)
