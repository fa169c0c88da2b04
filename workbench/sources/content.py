"""What a file is, decided by its content: a name may lie, the first bytes don't."""

from __future__ import annotations

import codecs
import gzip
import zlib
from pathlib import Path

from ..errors import SourceError
from .base import Kind

_HEAD_BYTES = 4096
_CHUNK = 1 << 20
_PLAIN_BYTES = 1 << 28
"""An archive may unpack to this in any case; to more only where it is no more than so many times its size."""
_MOST_TIMES = 100

_REFUSED: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook", "Unpack it, or save the sheet as CSV UTF-8"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "Save the sheet as CSV UTF-8"),
    (b"%PDF", "a PDF", "Export the table as CSV"),
    (b"\xff\xd8\xff", "a JPEG picture", "Import tables only"),
    (b"\x89PNG", "a PNG picture", "Import tables only"),
    (b"GIF8", "a GIF picture", "Import tables only"),
    (b"RIFF", "a picture, sound or film", "Import tables only"),
    (b"\x1f\x8b", "a gzip archive inside another one", "Unpack it first"),
    (b"BZh", "a bzip2 archive", "Unpack it first"),
    (b"\xfd7zXZ", "an xz archive", "Unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", "Unpack it first"),
)

_SUFFIXES: dict[str, Kind] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".db": "sqlite",
    ".sqlite": "sqlite",
    ".sqlite3": "sqlite",
    ".parquet": "parquet",
    ".pq": "parquet",
}

_NAMES: dict[Kind, str] = {"csv": "CSV", "json": "JSON", "sqlite": "a SQLite database", "parquet": "Parquet"}
_RENAME: dict[Kind, str] = {"csv": ".csv", "json": ".json", "sqlite": ".db", "parquet": ".parquet"}


def has_data_suffix(path: Path) -> bool:
    """Whether a file's name claims to be a table: what a folder's import takes."""
    name = path.name.lower().removesuffix(".gz")
    return any(name.endswith(suffix) for suffix in _SUFFIXES)


def is_gzip(path: Path) -> bool:
    with path.open("rb") as f:
        return f.read(2) == b"\x1f\x8b"


def unpacked(path: Path, folder: Path) -> Path:
    """A .gz file's content, written into `folder` under the name without .gz.

    Raises SourceError where the archive is cut off or damaged.
    """
    target = folder / (path.stem if path.suffix.lower() == ".gz" else path.name)
    try:
        with gzip.open(path) as packed, target.open("wb") as out:
            most = max(_PLAIN_BYTES, _MOST_TIMES * path.stat().st_size)
            while chunk := packed.read(_CHUNK):
                if out.tell() + len(chunk) > most:
                    raise SourceError(
                        f"{path}: the gzip archive of {path.stat().st_size:,} bytes unpacks to more than {most:,}, as "
                        "no table does. If it is one, unpack it and import what is in it."
                    )
                out.write(chunk)
    except (EOFError, gzip.BadGzipFile, zlib.error) as e:
        raise SourceError(
            f"{path}: the gzip archive is cut off or damaged ({e}), so what it holds is not all there. "
            "Copy or download it again."
        ) from e
    return target


def kind_of(content: Path, shown: Path) -> Kind:
    """The kind of a file; `shown` is the name that errors tell.

    Raises SourceError for an empty file, for one that holds no table, and for one whose name claims
    another kind than its content is: such a file is a mistake of its maker, whichever half is wrong.
    """
    with content.open("rb") as f:
        head = f.read(_HEAD_BYTES)
    for mark in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        if head.startswith(mark):
            raise SourceError(f"{shown}: this is text in UTF-32. Save it as CSV UTF-8 and import that.")
    if not head.strip():
        raise SourceError(f"{shown}: the file is empty. Export or download it again.")
    for magic, what, remedy in _REFUSED:
        if head.startswith(magic):
            raise SourceError(f"{shown}: this is {what}, not a table of text. {remedy}.")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    found = _by_content(text, content)
    lower = text[:200].lower()
    if lower.startswith((b"<!doctype html", b"<html", b"<?xml", b"<head")):
        raise SourceError(
            f"{shown}: this is a web page (it begins with {text[:30].decode('utf-8', 'replace')!r}), not a "
            "table. A download that needed a log-in often ends like this: download it again in the browser."
        )
    if found == "json" and b'"cells"' in text and (b'"cell_type"' in text or b'"nbformat"' in text):
        raise SourceError(
            f"{shown}: this is a Jupyter notebook, not a table. Import the file that the notebook reads, or "
            "have it write its table as CSV."
        )
    claimed = _SUFFIXES.get(content.suffix.lower())
    if claimed is not None and claimed != found:
        raise SourceError(
            f"{shown}: its name says {_NAMES[claimed]}, its content is {_NAMES[found]}. If the content is "
            f"what you meant, rename it to {Path(shown.name).stem}{_RENAME[found]} and import it again."
        )
    return found


def _by_content(text: bytes, content: Path) -> Kind:
    if text.startswith(b"SQLite format 3\x00"):
        return "sqlite"
    if text.startswith(b"PAR1"):
        return "parquet"
    # No header of a CSV begins with a brace or a bracket.
    if text.startswith((b"{", b"[")):
        return "json"
    return "csv"
