"""Errors that a person caused and a person can mend."""

from __future__ import annotations

import difflib
import errno
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


class WorkbenchError(Exception):
    """Something went wrong; the message says what was found, why it can't stand and what to do.

    Printed without a traceback. `exit_code` is 1: the work failed.
    """

    exit_code = 1


class UsageError(WorkbenchError):
    """What was asked for is wrong: a name, a value, a file of a kind nobody reads. Exit code 2."""

    exit_code = 2


class SourceError(WorkbenchError):
    """A file can't be read right, and is therefore not read at all. Exit code 1."""


def nearest(word: str, known: Iterable[str]) -> str:
    """` Did you mean 'x'?` for the known word most like this one, or an empty string."""
    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.5)
    return f" Did you mean '{close[0]}'?" if close else ""


_SPACE = "Free some space on that disk, then run it again"
_RIGHTS = "Ask its owner for the right, or use a folder of your own (--home)"
_HANDLES = "Allow more open files (ulimit -n 1024), then run it again"
_MEMORY = (
    "Run it again with more free memory; memory_limit in workbench.toml says how much DuckDB may take before it "
    "uses the disk"
)
_REMEDIES = {
    errno.ENOSPC: _SPACE,
    errno.EDQUOT: _SPACE,
    errno.EFBIG: "Allow larger files (ulimit -f), or use another disk (--home)",
    errno.EROFS: "Have it mounted for writing, or use a folder of your own (--home)",
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EMFILE: _HANDLES,
    errno.ENFILE: _HANDLES,
    errno.ENOMEM: _MEMORY,
    errno.EIO: "The disk itself fails: copy what can still be read, and restore a backup to another one",
}

_OF_SQLITE = {7: errno.ENOMEM, 8: errno.EROFS, 13: errno.ENOSPC}


def machine_trouble(error: BaseException, where: str = "") -> str | None:
    """What the machine refused (space, rights, open files, memory), where, and what to do; None for other errors.

    What an error was raised from counts too: a manifest that can't be read for want of handles is not damaged.
    `where` is told of an error that names no file.
    """
    seen: BaseException | None = error
    while seen is not None:
        if said := _refused(seen, where):
            return said
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return None


def _refused(error: BaseException, where: str) -> str | None:
    if isinstance(error, OSError) and error.errno in _REMEDIES:
        named = error.filename2 or error.filename
        if isinstance(named, bytes):
            named = os.fsdecode(named)
        return _trouble(error.errno, str(named) if isinstance(named, str | os.PathLike) else where)
    if (code := getattr(error, "sqlite_errorcode", None)) and code & 0xFF in _OF_SQLITE:
        return _trouble(_OF_SQLITE[code & 0xFF], where)
    if isinstance(error, MemoryError):
        return f"There is not enough memory. {_MEMORY}."
    if type(error).__module__.lstrip("_").startswith("duckdb"):
        said = str(error)
        if type(error).__name__ == "OutOfMemoryException":
            detail = " ".join(said.partition("\n")[0].split()).removeprefix("Out of Memory Error: ")
            full = "temp_directory_size" in said
            return f"There is not enough {'disk' if full else 'memory'}: {detail}. {_SPACE if full else _MEMORY}."
        for code in _REMEDIES:
            if os.strerror(code) in said:
                path = re.search(r'"([^"]*/[^"]*)"', said)
                return _trouble(code, path[1] if path else where)
        if damaged := re.search(r'"([^"]*/archive/[^"]*\.parquet)":? *(.*)', said):
            return f"{damaged[1]} is damaged: {damaged[2] or said}. Bring it back: workbench restore."
    return None


def _trouble(code: int, where: str) -> str:
    return f"{os.strerror(code)}{f': {where}' if where else ''}. {_REMEDIES[code]}."


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """An error of writing to an open file says which file it was."""
    try:
        yield
    except OSError as e:
        if e.filename is None:
            e.filename = str(path)
        raise
