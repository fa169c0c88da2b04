"""The temporary folder of a process that runs notebooks, and those that others left when they were killed."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import filelock

REMEMBER = "WORKBENCH_REMEMBER"
"""Where pages of a run find what others of it have computed (see `model.remembered`)."""
_PREFIX = "workbench-run-"
_LOCK = "lock"


def scratch() -> Path:
    """This process's own folder, for its user only: made at first use, gone with the process.

    One that a killed process left is swept away when the next one makes its own. Whoever lives holds a
    lock, which tells the two apart also where containers share the folder of temporary files.
    """
    return _made(Path(tempfile.gettempdir()), os.getpid())


@contextmanager
def memory() -> Iterator[None]:
    """What pages need alike is computed once in this block, by its kernels and this process, and forgotten after it.

    A block within another one shares the outer one's.
    """
    if os.environ.get(REMEMBER):
        yield
        return
    folder = Path(tempfile.mkdtemp(prefix="remembered-", dir=scratch()))
    os.environ[REMEMBER] = str(folder)
    try:
        yield
    finally:
        del os.environ[REMEMBER]
        shutil.rmtree(folder, ignore_errors=True)


@cache
def _made(base: Path, process: int) -> Path:
    _sweep(base)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{process}-", dir=base))
    lock = filelock.FileLock(folder / _LOCK, mode=0o600)
    lock.acquire()
    atexit.register(_remove, folder, lock, process)
    return folder


def _remove(folder: Path, lock: filelock.BaseFileLock, process: int) -> None:
    if os.getpid() == process:  # not in a fork of it
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(base: Path) -> None:
    for left in base.glob(f"{_PREFIX}*"):
        if not (left / _LOCK).is_file():
            continue  # its maker is about to lock it
        try:
            with filelock.FileLock(left / _LOCK, timeout=0, mode=0o600):
                pass
        except (filelock.Timeout, OSError):
            continue
        shutil.rmtree(left, ignore_errors=True)
