"""What one page has found is there for the others: results kept in a folder of the run that makes them.

Each page of a run is a process of its own, and several need the same fit or table. Where WORKBENCH_REMEMBER names a
folder, such a result is written there by the first that needs it and read by the others; whoever comes while it is
being made waits. The folder is the run's, for its user only, and goes with it. Without one, or where a file in it is
missing or damaged, results are simply computed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from functools import cached_property, update_wrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import filelock
import ibis
import pandas as pd

if TYPE_CHECKING:
    from .catalogue.metric import Asked

FOLDER = "WORKBENCH_REMEMBER"
_LONGEST_WAIT = 120.0
"""Seconds after which a result that another process is making is made here too."""
_POLL = 0.01
Found = TypeVar("Found")


def remembered(what: str, key: object | None, compute: Callable[[], Found]) -> Found:
    """The result of `compute`, from the run's folder if it was computed for the same key before.

    Parameters
    ----------
    what
        Name of the result.
    key
        All that it depends on, with a `repr` that tells all of it; None: it is computed.
    """
    folder = _folder() if key is not None else None
    if folder is None:
        return compute()
    name = hashlib.sha256(repr((what, key)).encode()).hexdigest()[:40]
    file = folder / name
    known, found = _read(file)
    if known:
        return found  # type: ignore[no-any-return]
    with _alone(folder / f"{name}.lock"):
        known, found = _read(file)
        if not known:
            found = compute()
            kept = _written(file, found)
            # What is read again is the same for who computes and who reads, also in how it lies in memory.
            found = pickle.loads(kept) if kept else found  # noqa: S301 - made two lines above
    return found  # type: ignore[no-any-return]


def fact(compute: Callable[[Any], Found]) -> cached_property[Found]:
    """A cached property of a level's facts that is remembered: other pages of the run read it."""

    def found(facts: Any) -> Found:
        return remembered(compute.__qualname__, _key_of_facts(facts), lambda: compute(facts))

    return cached_property(update_wrapper(found, compute))


def key_of(asked: Asked, names: Sequence[str], *more: object) -> object | None:
    """What a result of these tables of a question depends on; None where it can't be told."""
    if FOLDER not in os.environ:
        return None
    tables = [asked.tables(name) for name in names]
    backend = tables[0]._find_backend() if tables else None
    if backend is None or any(t.op().find(ibis.expr.operations.InMemoryTable) for t in tables):
        return None
    files = backend.raw_sql("SELECT path FROM duckdb_databases() WHERE path IS NOT NULL").fetchall()
    texts = [str(ibis.to_sql(t, dialect="duckdb")) for t in tables]
    return (files, texts, asked.period, asked.horizon, asked.settings, more) if files else None


def content_of(frame: pd.DataFrame) -> str:
    """What a frame holds, as a part of a key."""
    if FOLDER not in os.environ:
        return ""
    rows = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    return f"{list(frame.columns)} {hashlib.sha256(rows.tobytes()).hexdigest()}"


def _key_of_facts(facts: Any) -> object | None:
    """What each fact depends on: the version of the data, and everything that was asked."""
    data = getattr(facts.tables, "__self__", None)
    version = getattr(data, "version", None)
    # A class of somebody's own may mean anything by a name of ours.
    if data is None or version is None or not type(facts).__module__.startswith(f"{__package__}."):
        return None
    given = [(f.name, getattr(facts, f.name)) for f in fields(facts) if f.name != "tables"]
    return (str(data.settings.home), version, given, facts.horizon)


def _folder() -> Path | None:
    """The run's folder, where it is this user's alone: what lies in it is trusted."""
    named = os.environ.get(FOLDER)
    if not named:
        return None
    folder = Path(named)
    try:
        found = folder.lstat()
    except OSError:
        return None
    if not stat.S_ISDIR(found.st_mode):
        return None
    if hasattr(os, "getuid") and (found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077):
        return None
    return folder


def _read(file: Path) -> tuple[bool, Any]:
    """Whether a result is there, and the result."""
    try:
        kept = file.read_bytes()
    except OSError:
        return False, None
    told, content = kept[:32], kept[32:]
    if hashlib.sha256(content).digest() != told:
        return False, None
    try:
        return True, pickle.loads(content)  # noqa: S301 - of a folder that is this user's alone, see `_folder`
    except Exception:
        return False, None


def _written(file: Path, found: object) -> bytes:
    """Keep a result, whole or not at all; its bytes."""
    try:
        content = pickle.dumps(found, protocol=pickle.HIGHEST_PROTOCOL)
        number, name = tempfile.mkstemp(dir=file.parent)
        with os.fdopen(number, "wb") as out:
            out.write(hashlib.sha256(content).digest() + content)
        os.replace(name, file)
    except (OSError, pickle.PicklingError, TypeError, AttributeError):
        return b""
    return content


@contextlib.contextmanager
def _alone(file: Path) -> Iterator[None]:
    """While no other process makes the same; after a while, or where a file can't be locked, all the same."""
    lock = filelock.FileLock(file, timeout=_LONGEST_WAIT, poll_interval=_POLL, mode=0o600)
    held = False
    with contextlib.suppress(filelock.Timeout, OSError, NotImplementedError):
        lock.acquire()
        held = True
    try:
        yield
    finally:
        if held:
            lock.release()
