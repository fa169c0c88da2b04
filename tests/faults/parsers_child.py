"""Bytes that atheris makes, through the parsers of our own: run as a child, with libFuzzer's options.

Which those are: where a CSV's records begin and end, its mending, its header, encodings, the place of a
fault in JSON, what kind a file is, mapping files.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["workbench.sources"]):
    from workbench.errors import WorkbenchError
    from workbench.sources.content import kind_of
    from workbench.sources.csv_file import _head
    from workbench.sources.csv_layout import layout
    from workbench.sources.csv_mend import mended
    from workbench.sources.encoding import utf8_copy
    from workbench.sources.json_file import _fault, _first_character
    from workbench.sources.mapping_file import read_mapping

FOLDER = Path(tempfile.mkdtemp(prefix="parsers-"))
FILE = FOLDER / "file.csv"


def a_csv() -> None:
    text = utf8_copy(FILE, FILE, FOLDER, None)
    delimiter, header = _head(text, FILE, None)
    found = layout(text, delimiter, len(header))
    if found.is_regular and b"\n\n" not in text.read_bytes():
        # Where both read a file, they count the same records.
        assert mended(text, FILE, FOLDER, delimiter, len(header)).records == found.records


def json_fault() -> None:
    _first_character(FILE)
    assert _fault(FILE, "no reason")


TARGETS = (a_csv, json_fault, lambda: kind_of(FILE, FILE), lambda: read_mapping(FILE))


def one(data: bytes) -> None:
    FILE.write_bytes(data[1:])
    try:
        TARGETS[(data[0] if data else 0) % len(TARGETS)]()
    except WorkbenchError:
        return


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
