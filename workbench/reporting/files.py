"""Folders of a report: for their owner only, and whole or not there."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from ..errors import WorkbenchError
from ..whole_files import lives

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_ASIDE = "-old"
_LONGEST_WAIT = 900
"""Seconds that a run waits for another one of the same set."""


@contextmanager
def replaced(folder: Path) -> Iterator[Path]:
    """A hidden folder to build in, which takes the place of `folder` when the block ends well.

    What stood there before stays until then, and for good if the block fails.
    """
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _sweep(folder.parent)
    building = folder.parent / f".building-{folder.name}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    building.mkdir(mode=0o700)
    try:
        yield building
        if not folder.exists():
            building.rename(folder)
        else:
            _exchange(building, folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)


@contextmanager
def one_at_a_time(folder: Path, locks: Path) -> Iterator[None]:
    """Wait for another run that makes this folder: what is carried over from it is then what stands.

    `locks` is where the locks lie, named by the hash of what they lock. Raises WorkbenchError after 15 minutes.
    """
    locks.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = f"making-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}.lock"
    lock = filelock.FileLock(locks / name, timeout=_LONGEST_WAIT, mode=0o600)
    try:
        lock.acquire()
    except filelock.Timeout as e:
        minutes = _LONGEST_WAIT // 60
        raise WorkbenchError(
            f"Another run has been making {folder} for more than {minutes} minutes. Wait for it, or end it."
        ) from e
    try:
        yield
    finally:
        lock.release()


def _sweep(parent: Path) -> None:
    """Clear what killed runs have left; a folder that was set aside and not replaced goes back to its place."""
    for left in parent.glob(".building-*"):
        parts = left.name.removeprefix(".building-").removesuffix(_ASIDE).rsplit("-", 2)
        if len(parts) != 3 or lives(parts[1]):
            continue
        if left.name.endswith(_ASIDE) and not (parent / parts[0]).exists():
            left.rename(parent / parts[0])
        else:
            shutil.rmtree(left, ignore_errors=True)


def _exchange(new: Path, old: Path) -> None:
    """Swap two folders in one step where the system can, else in two renames."""
    try:
        swap = ctypes.CDLL(None, use_errno=True).renameat2
        done = (
            swap(
                _AT_FDCWD,
                os.fsencode(new),
                _AT_FDCWD,
                os.fsencode(old),
                _RENAME_EXCHANGE,
            )
            == 0
        )
    except (AttributeError, OSError, TypeError):
        done = False
    if not done:
        aside = new.with_name(new.name + _ASIDE)
        old.rename(aside)
        new.rename(old)
        aside.rename(new)
