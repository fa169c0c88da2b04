"""Answers as a table, CSV, JSON or Parquet, on standard output or in a file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ..errors import UsageError

FORMATS = ("table", "csv", "json", "parquet")


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
    suffix = Path(options.out).suffix.lower().lstrip(".") if options.out else ""
    kind = options.format if options.format != "table" else suffix if suffix in FORMATS else "csv"
    if options.out and options.format != "table" and suffix in FORMATS and suffix != kind:
        raise UsageError(f"--out {options.out} ends in .{suffix}, but --format is {kind}. Make them agree.")
    if options.out or options.format != "table":
        _copy(con, query, kind, options.out)
        return 0
    relation = _run(con, query, relation=True)
    relation.show(max_rows=40, max_width=_width(), null_value="–")
    return 0


def _copy(con: Any, query: str, kind: str, out: str | None) -> None:
    """Write a result to a file, or through one to standard output, which DuckDB would truncate."""
    import shutil
    import tempfile

    how = {"csv": "FORMAT csv, HEADER", "json": "FORMAT json, ARRAY true", "parquet": "FORMAT parquet"}[kind]
    with tempfile.TemporaryDirectory() as folder:
        target = out or str(Path(folder) / "answer")
        quoted = target.replace("'", "''")
        _run(con, f"COPY ({query}) TO '{quoted}' ({how})")
        if not out:
            sys.stdout.flush()
            with Path(target).open("rb") as f:
                shutil.copyfileobj(f, sys.stdout.buffer)
            sys.stdout.flush()


def _run(con: Any, query: str, *, relation: bool = False) -> Any:
    import duckdb

    try:
        return con.sql(query) if relation else con.execute(query)
    except duckdb.Error as e:
        raise UsageError(f"That can't be run: {' '.join(str(e).split())}") from e


def _width() -> int:
    """How wide a table may be: as the screen, and without bounds where a file or a pipe takes it."""
    import shutil

    return max(80, shutil.get_terminal_size().columns) if sys.stdout.isatty() else 10_000
