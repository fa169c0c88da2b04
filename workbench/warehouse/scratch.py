"""The temporary folder of a process, and those that others left when they were killed."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

import filelock

_PREFIX = "workbench-run-"
_LOCK = "lock"
_LEFT_SECONDS = 3600.0
"""Age from which a folder without a lock is taken for left behind: its maker locks it at once."""


def scratch() -> Path:
    """This process's own folder, for its user only: made at first use, gone with the process.

    One that a killed process left is swept away when the next one makes its own. Whoever lives holds a
    lock, which tells the two apart also where containers share the folder of temporary files.
    """
    return _made(Path(tempfile.gettempdir()), os.getpid())


@cache
def _made(base: Path, process: int) -> Path:
    sweep_scratch(base)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{process}-", dir=base))
    lock = filelock.FileLock(folder / _LOCK, mode=0o600)
    lock.acquire()
    atexit.register(_remove, folder, lock, process)
    return folder


def _remove(folder: Path, lock: filelock.BaseFileLock, process: int) -> None:
    if os.getpid() == process:  # not in a fork of it
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)


def sweep_scratch(base: Path | None = None) -> None:
    """Remove the folders of processes that were killed."""
    for left in (base or Path(tempfile.gettempdir())).glob(f"{_PREFIX}*"):
        if not (left / _LOCK).is_file():
            with suppress(OSError):  # its maker is about to lock it, or was killed before
                if time.time() - left.stat().st_mtime > _LEFT_SECONDS:
                    shutil.rmtree(left, ignore_errors=True)
            continue
        try:
            with filelock.FileLock(left / _LOCK, timeout=0, mode=0o600):
                pass
        except (filelock.Timeout, OSError):
            continue
        shutil.rmtree(left, ignore_errors=True)
