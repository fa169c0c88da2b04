"""Small files that are there whole or not at all, whoever is killed meanwhile, and for their owner only."""

from __future__ import annotations

import glob
import os
import re
import sys
import uuid
from contextlib import suppress
from pathlib import Path

from .errors import naming

_HALF = re.compile(r"\..+\.(\d+)-[0-9a-f]{8}")


def write_whole(file: Path, content: str | bytes, *, only_new: bool = False) -> None:
    """Write a file to the disk: a reader sees the old one or the new one, never half of it.

    Parameters
    ----------
    only_new
        Leave the file as it is where there is one: of several who write it at once one is first, for all.
    """
    sweep_halves(file.parent, file.name)
    half = file.with_name(f".{file.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}")
    try:
        with naming(file), os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as f:
            f.write(content if isinstance(content, bytes) else content.encode())
            f.flush()
            os.fsync(f.fileno())
        if only_new:
            try:
                os.link(half, file)
            except FileExistsError:
                return
        else:
            half.replace(file)
    finally:
        with suppress(OSError):
            half.unlink(missing_ok=True)
    fsync(file.parent)


def sweep_halves(folder: Path, name: str | None = None) -> None:
    """Remove what killed writers left of small files (of the one named so), and nothing that lives."""
    for left in folder.glob(f".{glob.escape(name) if name else '*'}.*-????????"):
        half = _HALF.fullmatch(left.name)
        if half and not lives(half[1]):
            with suppress(OSError):
                left.unlink(missing_ok=True)


def lives(process: str) -> bool:
    """Whether a process of this number runs on this machine."""
    if sys.platform == "win32":  # where signal 0 would end the process that it asks after
        return True
    try:
        os.kill(int(process), 0)
    except (ValueError, OverflowError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def fsync(path: Path) -> None:
    """Have the system write a file or a folder's entries to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
