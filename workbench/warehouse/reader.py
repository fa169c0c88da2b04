"""Reading one version of the warehouse: read-only, never blocked, never blocking."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import ibis
import pandas as pd
import pyarrow as pa

from ..errors import UsageError, WorkbenchError, machine_trouble, nearest
from ..settings import Settings, load_settings
from . import archive, versions
from .locking import Reader
from .migrate import refuse_newer, refuse_older
from .select_only import refuse_unless_select
from .tables import HIDDEN_COLUMNS

_NOT_SHOWN = {"mart_state", "table_counts"}


def _instead(folder: Path, damaged: int) -> str:
    """What to do about a version that can't be opened."""
    others = [f"v{n:06d}.json" for n in versions.kept_versions(folder) if n != damaged]
    if not others:
        return "Restore a backup: workbench restore."
    return (
        f"Restore a backup (workbench restore); or, where it is the newest, go back: copy {others[-1]} over "
        f"{versions.POINTER} in {folder}, and import what came since again."
    )


class Workbench:
    """One version of the warehouse, open for reading.

    It stays on the version it opened, whatever is loaded meanwhile; `refresh()` moves it to the newest.
    Close it, or use it in a `with` block, when it is no longer needed.
    """

    def __init__(self, settings: Settings, version: int | None = None) -> None:
        self.settings = settings
        self._held = ExitStack()
        self._open(version)

    def _open(self, version: int | None) -> None:
        folder = self.settings.versions
        found = versions.current(folder) if version is None else versions.version_of(folder, version)
        if found is None:
            raise UsageError(
                f"There is no warehouse in {self.settings.data} yet. Make one from your files with "
                "`workbench import FILE...`, or from a simulated agency with `workbench demo`."
            )
        file = folder / found.file
        refuse_newer(found.schema_version, str(file))
        if version is None:
            refuse_older(found.schema_version, str(file))
        try:
            self.backend = Reader.of(file)
        except Exception as e:
            if "nterrupted" in str(e):
                raise KeyboardInterrupt from e  # DuckDB takes Ctrl+C for itself; the file is sound
            if version is None and versions.current(folder) != found:
                self._open(None)  # a load replaced and pruned it meanwhile
                return
            if trouble := machine_trouble(e, where=str(file)):
                raise WorkbenchError(trouble) from e
            raise WorkbenchError(f"{file} can't be opened: {e}. {_instead(folder, found.version)}") from e
        self.backend.raw_sql("SET TimeZone = 'UTC'").fetchall()
        self.backend.raw_sql("SET enable_progress_bar = false").fetchall()
        if threads := os.environ.get("WORKBENCH_THREADS"):
            if not threads.isdecimal() or not int(threads):
                raise UsageError(f"WORKBENCH_THREADS: {threads!r} is no number of threads, such as 2.")
            self.backend.raw_sql(f"SET threads = {threads}").fetchall()
        if self.settings.memory_limit:
            limit = self.settings.memory_limit.replace("'", "")
            self.backend.raw_sql(f"SET memory_limit = '{limit}'").fetchall()
        try:
            if archive.files_of(self.backend.con):  # they go with the last version that lists them
                self._held.enter_context(versions.held(folder, found.version))
                if version is None and not file.exists():
                    self.close()
                    self._open(None)  # it was pruned before it was held
                    return
            archive.with_archive(self.backend.con, self.settings.archive)
        except WorkbenchError:
            self.close()
            raise
        self.backend.lock(spill_in=folder, readable=[self.settings.archive])
        self._version = found
        names = self.backend.list_tables()
        self.tables: tuple[str, ...] = tuple(sorted(n for n in names if n not in _NOT_SHOWN))
        """Names of the tables and marts."""
        self._known: dict[str, ibis.Table] = {}

    @property
    def version(self) -> int:
        """The number of the version that is open."""
        return self._version.version

    @property
    def as_of(self) -> datetime | None:
        """The newest capture time of anything in this version, naive UTC; None while it is empty."""
        return datetime.fromisoformat(self._version.as_of) if self._version.as_of else None

    def table(self, name: str) -> ibis.Table:
        """A table or mart as an expression, without the loader's bookkeeping.

        Raises UsageError for a name that is no table.
        """
        if name not in self.tables:
            listed = ", ".join(self.tables)
            raise UsageError(f"There is no table '{name}'.{nearest(name, self.tables)} Tables: {listed}.")
        if name not in self._known:
            found = archive.as_stored(self.backend.table(name), name)
            self._known[name] = found.drop(*[c for c in HIDDEN_COLUMNS if c in found.columns])
        return self._known[name]

    def sql(self, query: str) -> ibis.Table:
        """The result of a SELECT on this version, as an expression.

        Raises UsageError for a query that does not run. None can write, read files, or reach anything else (see
        `locking`).
        """
        refuse_unless_select(self.backend.con, query)
        try:
            found = self.backend.sql(query, dialect="duckdb")
            run = ibis.to_sql(found, dialect="duckdb")
        except AttributeError as e:  # Ibis' parser takes neither TABLE nor VALUES for a query
            raise UsageError("That query can't be run: write it as SELECT ... FROM ...") from e
        except Exception as e:
            if trouble := machine_trouble(e):
                raise WorkbenchError(f"That query can't be run: {trouble}") from e
            raise UsageError(f"That query can't be run: {' '.join(str(e).split())}") from e
        refuse_unless_select(self.backend.con, str(run))  # Ibis writes the text anew, by a parser of its own
        return found

    def frame(self, rows: pd.DataFrame, name: str) -> ibis.Table:
        """A DataFrame beside the tables, as an expression that can be filtered, sorted and written like them."""
        return self.backend.create_table(
            name, pa.Table.from_pandas(rows, preserve_index=False), temp=True, overwrite=True
        )

    def refresh(self) -> Self:
        """Move to the newest version. Expressions made before stay on the old one and can't be run any more."""
        newest = versions.current(self.settings.versions)
        if newest is not None and newest.version != self.version:
            self.close()
            self._open(None)
        return self

    def close(self) -> None:
        self.backend.disconnect()
        self._held.close()

    @classmethod
    def opened(cls, home: Path | str | None = None, version: int | None = None, **settings: Any) -> Self:
        """The newest version of a home's warehouse, or a given one; `workbench.connect` says what it takes."""
        named = os.environ.get("WORKBENCH_VERSION")
        if version is None and named:
            if not named.isdecimal():
                raise UsageError(f"WORKBENCH_VERSION: {named!r} is no version's number, such as 12.")
            version = int(named)
        return cls(load_settings(home, **settings), version)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        as_of = f"{self.as_of:%Y-%m-%d %H:%M}" if self.as_of else "empty"
        return f"<workbench version {self.version}, data as of {as_of} UTC, {len(self.tables)} tables>"

    def _ipython_key_completions_(self) -> Iterator[str]:
        return iter(self.tables)

    def __getitem__(self, name: str) -> ibis.Table:
        return self.table(name)
