"""What a reader's connection may touch: its own version, its archive, and a folder of its own for answers.

DuckDB's SQL can read and write files, fetch addresses and load programs. A reader's can't: DuckDB itself refuses, and
its configuration is locked, so no text of a query gives that back. What is written for a person goes into the exchange
folder, which is allowed, and from there to where the person wants it.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import ibis
from ibis.backends.duckdb import Backend

from ..sql_words import quoted, text, without_patterns

_SPILL = ".spill-"
_SPILL_SECONDS = 3600.0
"""After which the spill of a process that is gone is swept away."""


class Reader(Backend):  # type: ignore[misc]
    """Ibis' DuckDB, on an instance of its own that has one file open, read-only, and that can be locked."""

    exchange: Path
    """Where answers are written; made when needed, for this user only."""
    spill: Path | None = None

    @classmethod
    def of(cls, file: Path) -> Reader:
        """A connection to one file. It has its own instance of DuckDB: another one's settings are its own business."""
        made = cls(str(file), read_only=True)  # by which Ibis tells one backend from another
        made._can_reconnect = False
        made.do_connect(":memory:")
        made.exchange = Path(tempfile.gettempdir()) / f"workbench-answer-{secrets.token_hex(12)}"
        try:
            made.run(f"ATTACH {text(str(file))} AS {quoted(file.stem)} (READ_ONLY)")
            made.run(f"USE {quoted(file.stem)}")
        except BaseException:
            made.disconnect()
            raise
        return made

    def run(self, statement: str) -> None:
        self.con.execute(statement).fetchall()

    def lock(self, *, spill_in: Path, readable: Sequence[Path] = ()) -> None:
        """No files from now on but those in `readable` and the exchange folder, no extensions, no settings.

        Parameters
        ----------
        spill_in
            The folder, for this user only, in which DuckDB may put what does not fit into memory: at most half of what
            is free there.
        """
        sweep(spill_in)
        self.spill = spill_in / f"{_SPILL}{os.getpid()}-{secrets.token_hex(4)}"
        self.run(f"SET temp_directory = {text(str(self.spill))}")
        self.run(f"SET max_temp_directory_size = {text(f'{_free(spill_in) // 2} B')}")
        allowed = [f"{folder}{os.sep}" for folder in (*readable, self.exchange)]
        allowed += [without_patterns(f) for f in allowed]  # as readers of Parquet are given it
        folders = ", ".join(text(f) for f in dict.fromkeys(allowed))
        for setting in (
            f"allowed_directories = [{folders}]",
            # A proxy's address may hold a password, and any query may ask for settings.
            "http_proxy = ''",
            "secret_directory = ''",
            "autoinstall_known_extensions = false",
            "autoload_known_extensions = false",
            "allow_community_extensions = false",
            "python_enable_replacements = false",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            self.run(f"SET {setting}")

    def disconnect(self) -> None:
        super().disconnect()
        if self.spill is not None:  # which DuckDB leaves where a query was broken off
            shutil.rmtree(self.spill, ignore_errors=True)

    @contextlib.contextmanager
    def exchanged(self) -> Iterator[Path]:
        """A file that this connection may write, gone at the end of the block."""
        folder = self.exchange / secrets.token_hex(4)
        self.exchange.mkdir(mode=0o700, exist_ok=True)
        folder.mkdir(mode=0o700)
        try:
            yield folder / "answer"
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            with contextlib.suppress(OSError):
                self.exchange.rmdir()

    def to_parquet(self, expr: ibis.Table, /, path: str | Path, **options: Any) -> None:
        with self.exchanged() as file:
            super().to_parquet(expr, file, **options)
            shutil.copyfile(file, path)

    def to_csv(self, expr: ibis.Table, /, path: str | Path, **options: Any) -> None:
        with self.exchanged() as file:
            super().to_csv(expr, file, **options)
            shutil.copyfile(file, path)

    def to_json(self, expr: ibis.Table, /, path: str | Path, **options: Any) -> None:
        with self.exchanged() as file:
            super().to_json(expr, file, **options)
            shutil.copyfile(file, path)


def sweep(folder: Path) -> None:
    """Take away what DuckDB had no room for in memory in processes that were killed."""
    for left in folder.glob(f"{_SPILL}*"):
        found = re.match(rf"{re.escape(_SPILL)}(\d+)-", left.name)
        with contextlib.suppress(OSError):
            old = time.time() - left.stat().st_mtime > _SPILL_SECONDS
            if found and old and not _lives(int(found[1])):
                shutil.rmtree(left, ignore_errors=True)


def _lives(process: int) -> bool:
    if sys.platform == "win32":  # where signal 0 would end the process that it asks after
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _free(folder: Path) -> int:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0
