"""Files and folders are made for their owner only, whichever library makes them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_umasks: list[int] = []


@contextmanager
def owner_only() -> Iterator[None]:
    """Nobody else may read what this process, and the processes it starts, make meanwhile."""
    _umasks.append(os.umask(0o077))
    try:
        yield
    finally:
        os.umask(_umasks.pop())


def users_umask() -> int:
    """The umask that the user came with, for what is made to be read by others."""
    if _umasks:
        return _umasks[0]
    found = os.umask(0)
    os.umask(found)
    return found
