"""Homes with a little data and with none, on which own notebooks are tried: made once, kept in the user's cache."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import WorkbenchError

if TYPE_CHECKING:
    from ..reporting.checking import Samples

POSTS = 600
_PREFIX = "samples-"
_MADE_BY = ("columns", "demo", "metrics", "model", "sources", "warehouse")
"""What the samples are made by: a change there makes them anew."""


def cache_folder() -> Path:
    """Where this user's programs keep what can be made again; a temporary folder where that can't be written."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "workbench"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        # Not a name that anybody could have made before us.
        return Path(tempfile.mkdtemp(prefix="workbench-samples-"))


def samples(cache: Path, say: Callable[[str], None]) -> Samples:
    """The samples of this version of the workbench, made where they aren't there yet (some ten seconds)."""
    import filelock

    from ..reporting.checking import Sample, Samples
    from ..reporting.files import replaced
    from ..warehouse.reader import Workbench

    folder = cache / f"{_PREFIX}{_fingerprint()}"
    with filelock.FileLock(cache / "samples.lock", mode=0o600):
        if not folder.is_dir():
            say(f"Making the data to try notebooks on ({POSTS} posts); this is done once.")
            with replaced(folder) as building:
                _make(building)
            for old in cache.glob(f"{_PREFIX}*"):
                if old != folder:
                    shutil.rmtree(old, ignore_errors=True)
    found = {}
    for name, what in (("small", f"{POSTS} posts"), ("empty", "no data")):
        with Workbench.opened(folder / name) as wb:
            found[name] = (Sample(folder / name, wb.version, what), wb.as_of)
    as_of = found["small"][1]
    assert isinstance(as_of, datetime)
    return Samples(found["small"][0], found["empty"][0], as_of)


def _make(folder: Path) -> None:
    from ..demo import make_demo
    from ..settings import Settings
    from ..sources.importing import import_paths
    from ..warehouse.load import load

    small = Settings(home=folder / "small")
    files = make_demo(folder / "files", posts=POSTS, seed=7)
    import_paths(list(files.files), small, as_of=files.as_of)
    if failed := load(small).failed:
        raise WorkbenchError(f"The data to try notebooks on can't be made: {failed}")
    shutil.rmtree(files.folder)
    load(Settings(home=folder / "empty"), migrating=True)


def _fingerprint() -> str:
    package = Path(__file__).parents[1]
    sources = [
        f for part in _MADE_BY for f in sorted((package / part).rglob("*")) if f.suffix in (".py", ".sql")
    ]
    told = hashlib.sha256()
    for file in sources:
        told.update(f"{file.relative_to(package)}\n".encode())
        told.update(file.read_bytes())
    return told.hexdigest()[:16]
