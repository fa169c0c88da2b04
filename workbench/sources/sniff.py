"""A path -> an opened file, whatever it is called."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ibis
from ibis.backends.duckdb import Backend

from ..errors import SourceError
from ..warehouse.scratch import scratch
from .base import Kind, SourceFile
from .content import is_gzip, kind_of, unpacked
from .csv_file import open_csv
from .json_file import open_json
from .memory import in_memory
from .parquet_file import open_parquet
from .sqlite_file import open_sqlite


def open_file(
    path: Path,
    *,
    as_of: datetime | None = None,
    time_zone: str = "UTC",
    options: Mapping[str, Any] | None = None,
) -> SourceFile:
    """Open a file in an in-memory DuckDB of its own, its kind decided by its content.

    Parameters
    ----------
    as_of
        When its lifetime counts were captured; naive is UTC. None: when the file was last modified.
    time_zone
        Zone of naive instants in it.
    options
        What a person says of it: encoding, delimiter, mapping, year, ...

    Raises SourceError where it can't be read right.
    """
    given = options or {}
    con = in_memory()
    try:
        kind, tables = _unpacked(path, con, given) if is_gzip(path) else _tables(path, path, con, given)
    except BaseException:
        con.disconnect()
        raise
    return SourceFile(
        path=path,
        kind=kind,
        con=con,
        tables=tables,
        as_of=_utc(as_of) if as_of else modified_at(path),
        time_zone=time_zone,
        options=given,
    )


def _unpacked(path: Path, con: Backend, options: Mapping[str, Any]) -> tuple[Kind, Mapping[str, ibis.Table]]:
    folder = Path(tempfile.mkdtemp(prefix="unpacked-", dir=scratch()))
    try:
        content = unpacked(path, folder)
        try:
            kind, tables = _tables(content, path, con, options)
        except SourceError as e:
            raise SourceError(str(e).replace(str(content), str(path))) from e
        if kind == "parquet":  # else the view would outlive the file
            tables = {"rows": con.create_table("unpacked", tables["rows"])}
        return kind, tables
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def modified_at(path: Path) -> datetime:
    """When a file was last modified, or now where that lies in the future: naive UTC, whole seconds."""
    # A file from a machine whose clock runs ahead was captured by now all the same.
    return datetime.fromtimestamp(int(min(path.stat().st_mtime, time.time())), UTC).replace(tzinfo=None)


def _utc(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(tzinfo=None) if instant.tzinfo else instant


def _tables(
    content: Path, path: Path, con: Backend, options: Mapping[str, Any]
) -> tuple[Kind, Mapping[str, ibis.Table]]:
    kind = kind_of(content, path)
    if kind == "csv":
        return kind, open_csv(path, con, options=options, content=content)
    if kind == "json":
        return kind, open_json(content, con)
    if kind == "sqlite":
        return kind, open_sqlite(content, con)
    return kind, open_parquet(content, con)
