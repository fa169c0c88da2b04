"""What pages of a run have computed is kept for its other pages, in the temporary folder of the process."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..warehouse.scratch import scratch

__all__ = ["REMEMBER", "memory", "scratch"]

REMEMBER = "WORKBENCH_REMEMBER"
"""Where pages of a run find what others of it have computed (see `model.remembered`)."""


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
