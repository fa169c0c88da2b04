"""Answers as a table, CSV, JSON or Parquet, on standard output or in a file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import UsageError, machine_trouble
from ..sql_words import quoted, text

FORMATS = ("table", "csv", "json", "parquet")

_FORMULA = r"^\s*[=+\-@＝＋－＠]|^[\t\r\n]"
_INNER_FORMULA = r"([;\t\r\n]\s*)([=@＝＠]|[+\-＋－][\w(])"


def add_output(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--format", choices=FORMATS, default="table")
    sub.add_argument("--out", metavar="FILE", help="write to a file (Parquet needs one)")


def write_answer(backend: Any, answer: Any, options: Any) -> int:
    """A result as a table, CSV, JSON or Parquet, on standard output or in a file."""
    import ibis

    if options.format == "parquet" and not options.out:
        raise UsageError("Parquet is not text: name a file with --out FILE.")
    query = ibis.to_sql(answer, dialect="duckdb")
    con = backend.con
    watched = not options.out and sys.stdout.isatty()
    suffix = Path(options.out).suffix.lower().lstrip(".") if options.out else ""
    kind = options.format if options.format != "table" else suffix if suffix in FORMATS else "csv"
    if options.out and options.format != "table" and suffix in FORMATS and suffix != kind:
        raise UsageError(f"--out {options.out} ends in .{suffix}, but --format is {kind}. Make them agree.")
    if options.out or options.format != "table":
        if kind == "csv" or (watched and kind == "json"):
            query = _harmless(con, query, readable=watched, formulas=kind == "csv")
        _copy(backend, query, kind, options.out)
        return 0
    harmless = _harmless(con, query, readable=True)
    with _refused():
        con.sql(harmless).show(max_rows=40, max_width=_width(), null_value="–")
    return 0


def _harmless(con: Any, query: str, *, readable: bool = False, formulas: bool = False) -> str:
    """The query with texts by strangers made harmless for who takes them.

    `readable`: without the characters by which a terminal is told to do something, or text is turned around.
    `formulas`: with an apostrophe before what a spreadsheet would take for a formula (see `spreadsheet.csv_cell`).
    JSON and Parquet files hold every text as it is.
    """
    from ..display.escaping import UNSEEN

    with _refused():
        relation = con.sql(query)
    shown = []
    for n, (name, kind) in enumerate(zip(relation.columns, map(str, relation.types), strict=True)):
        cell = f"c{n}"
        if readable and ("VARCHAR" in kind or "JSON" in kind):
            cell = f"regexp_replace({cell}::VARCHAR, '{_of_re2(UNSEEN)}', '', 'g')"
        if formulas and kind in ("VARCHAR", "JSON"):
            parted = rf"regexp_replace({cell}, '{_INNER_FORMULA}', '\1''\2', 'g')"
            cell = f"if(regexp_matches({cell}, '{_FORMULA}'), chr(39), '') || {parted}"
        shown.append(f"{cell} AS {quoted(name)}")
    columns = ", ".join(f"c{n}" for n in range(len(shown)))
    return f"SELECT {', '.join(shown)} FROM ({query}) AS t({columns})"  # noqa: S608 - an expression's own SQL, and quoted names


def _of_re2(pattern: str) -> str:
    """A class of characters as DuckDB's regular expressions take it; lone surrogates it cannot hold anyway."""
    kept = pattern.replace("\ud800-\udfff", "")
    return "".join(c if " " < c < "\x7f" else f"\\x{{{ord(c):x}}}" for c in kept)


def _copy(backend: Any, query: str, kind: str, out: str | None) -> None:
    """Write a result to a file, or through one to standard output, which DuckDB would truncate.

    A reader's connection writes nowhere but into its exchange folder (see `warehouse.locking`).
    """
    import shutil

    how = {"csv": "FORMAT csv, HEADER", "json": "FORMAT json, ARRAY true", "parquet": "FORMAT parquet"}[kind]
    with backend.exchanged() as answer:
        with _refused():
            backend.con.execute(f"COPY ({query}) TO {text(str(answer))} ({how})")
        if out:
            _moved(answer, Path(out))
            return
        sys.stdout.flush()
        with answer.open("rb") as f:
            shutil.copyfileobj(f, sys.stdout.buffer)
        sys.stdout.flush()


def _moved(answer: Path, out: Path) -> None:
    import shutil

    building = out.with_name(f".{out.name}.building")
    try:
        if out.exists() and not out.is_file():
            shutil.copyfile(answer, out)  # a pipe or a device
            return
        # What stands there stays until the whole answer is there.
        shutil.copyfile(answer, building)
        building.replace(out.resolve())
    except OSError as e:
        building.unlink(missing_ok=True)
        raise UsageError(f"--out {out} can't be written: {e.strerror}. Name another file.") from e


@contextmanager
def _refused() -> Iterator[None]:
    """What a query asks for and DuckDB finds wrong is its author's to mend."""
    import duckdb

    try:
        yield
    except (duckdb.InterruptException, duckdb.OutOfMemoryException):
        raise
    except duckdb.Error as e:
        if machine_trouble(e):
            raise  # a full disk or a damaged file is nobody's mistake
        # Texts are made harmless around the query, of which its author knows nothing.
        raise UsageError(f"That can't be run: {' '.join(str(e).partition('LINE 1:')[0].split())}") from e


def _width() -> int:
    """How wide a table may be: as the screen, and without bounds where a file or a pipe takes it."""
    import shutil

    return max(80, shutil.get_terminal_size().columns) if sys.stdout.isatty() else 10_000
