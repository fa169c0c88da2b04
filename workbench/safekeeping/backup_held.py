"""What a backup holds, kept still while it is copied.

The loader's lock is held for as long as it takes to seal what was recorded and to give each file that may go meanwhile
a second name: versions, archive, waiting and refused batches never change, and a second name outlives a pruning.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import filelock

from ..errors import WorkbenchError
from ..settings import Settings
from ..warehouse import versions
from ..warehouse.batches import waiting
from ..warehouse.journal import FOLDER, seal
from ..warehouse.versions import Version
from .backup_place import HOME_ID, home_id
from .verify_versions import opened

HOLD = ".backup-"
BACKUP_LOCK = "backup.lock"
"""In data/; it stays, so it tells that there was a backup."""
_LOCK_SECONDS = 600.0
"""How long a backup waits for a load, which nobody watches."""
SECRETS = ("private.key", "secret.key", "backup.key")


@dataclass
class Held:
    """Files to copy, by their path in the home."""

    version: Version | None
    hold: Path
    """A folder for as long as the backup takes."""
    home_id: str = ""
    files: dict[str, Path] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


@contextmanager
def held(settings: Settings, *, secrets: bool, media: bool, reports: bool) -> Iterator[Held]:
    """All files of a consistent backup; no other backup of this home runs meanwhile."""
    lock = filelock.FileLock(settings.data / BACKUP_LOCK, timeout=0, mode=0o600)
    try:
        lock.acquire()
    except filelock.Timeout as e:
        raise WorkbenchError(
            f"Another backup of {settings.home} is running. Try again when it is done."
        ) from e
    try:
        _forget_killed(settings.data)
        hold = settings.data / f"{HOLD}{os.getpid()}-{uuid.uuid4().hex[:8]}"
        hold.mkdir(mode=0o700)
        try:
            own_id = home_id(settings.data, make=True)
            found = _taken(settings, hold)
            found.home_id = own_id
            _beside(settings, found, secrets=secrets, media=media, reports=reports)
            yield found
        finally:
            shutil.rmtree(hold, ignore_errors=True)
    finally:
        lock.release()


def refuse_while_held(settings: Settings) -> None:
    """Raise WorkbenchError while a backup holds files; what a killed one held goes. The loader's lock must be held."""
    lock = settings.data / BACKUP_LOCK
    if not lock.exists():
        return
    try:
        with filelock.FileLock(lock, timeout=0, mode=0o600):
            _forget_killed(settings.data)
    except filelock.Timeout as e:
        raise WorkbenchError(
            "A backup is being made, of data that hold the person. Erase when it has ended. Nothing was changed."
        ) from e


def _forget_killed(data: Path) -> None:
    """Remove what a killed backup held, or had begun to write here; the lock is ours, so none is running."""
    for folder in data.glob(f"{HOLD}*"):
        shutil.rmtree(folder, ignore_errors=True)
    for half in data.glob(f".{HOME_ID}.*"):
        half.unlink(missing_ok=True)


def _taken(settings: Settings, hold: Path) -> Held:
    with versions.loader_lock(replace(settings, lock_seconds=_LOCK_SECONDS), "workbench backup"):
        damaged = seal(settings.inbox)
        newest = versions.current(settings.versions)
        found = Held(newest, hold)
        found.left_out += [
            f"{file.name} of the journal can't be read; it is kept as it is." for file in damaged
        ]
        for path in _still(settings, newest):
            name = path.relative_to(settings.home).as_posix()
            second = hold / name
            second.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                os.link(path, second)
            except OSError:  # a file system without second names
                shutil.copy2(path, second)
            found.files[name] = second
    return found


def _still(settings: Settings, newest: Version | None) -> Iterator[Path]:
    """Files that may go or change as soon as the lock is free."""
    folder = settings.versions
    if newest is not None:
        yield folder / versions.POINTER
        pinned = {int(p.stem[1:]) for p in folder.glob("v*.pin") if p.stem[1:].isdecimal()}
        for number in sorted(pinned & set(versions.kept_versions(folder)) | {newest.version}):
            for suffix in (".duckdb", ".json", ".sha256", ".pin"):
                file = folder / f"v{number:06d}{suffix}"
                if file.is_file():
                    yield file
    yield from _plain(settings.archive)
    for batch in waiting(settings.inbox):
        yield from _plain(batch)
    journal = settings.inbox / FOLDER
    if journal.is_dir():
        yield from sorted(f for f in journal.iterdir() if f.suffix in (".damaged", ".sealed"))
    for name in ("refused", "delivery"):
        yield from _plain(settings.data / name)


def _beside(settings: Settings, found: Held, *, secrets: bool, media: bool, reports: bool) -> None:
    """Add what is copied as it stands: settings, notebooks, pictures, reports, secrets."""
    places = []
    if media:
        places.append(settings.data / "media" / "pictures")
    else:
        found.left_out.append("Pictures are not in it (--without-media).")
    if reports:
        places.append(settings.reports)
    files = [*_own(settings, found.left_out), *(p for place in places for p in _plain(place))]
    files.append(settings.data / HOME_ID)
    kept = [settings.data / name for name in SECRETS if (settings.data / name).is_file()]
    if secrets:
        files += kept
    elif any(p.name != SECRETS[-1] for p in kept) and _anybody_erased(found):
        found.left_out.append(
            "data/private.key is not in it, as it is not encrypted: without that file nobody can tell who was erased, "
            "so keep it elsewhere."
        )
    for path in files:
        found.files[path.relative_to(settings.home).as_posix()] = path


def _own(settings: Settings, left_out: list[str]) -> Iterator[Path]:
    """Settings and notebooks, which somebody wrote; of a link, what it leads to. What can't be taken is named."""
    for path in sorted(settings.home.glob("*.toml")):
        if path.is_file():
            yield path
        else:
            left_out.append(_no_file(settings.home, path))
    notebooks = Path(os.path.normpath(settings.home / settings.notebooks))
    if settings.home not in notebooks.parents:
        if notebooks.is_dir():
            left_out.append(
                f"Notebooks are not in it: {notebooks} is no folder in the home. Copy them yourself."
            )
        return
    for where, folders, names in os.walk(notebooks, onerror=_unless_gone):
        folders[:] = _shown(folders)
        linked = [name for name in folders if Path(where, name).is_symlink()]  # which os.walk does not enter
        left_out += [
            f"{Path(where, name).relative_to(settings.home)} is not in it: it is a link to a folder."
            for name in linked
        ]
        for name in _shown(names):
            path = Path(where, name)
            if path.is_file():
                yield path
            else:
                left_out.append(_no_file(settings.home, path))


def _no_file(home: Path, path: Path) -> str:
    what = "a link that leads to no file" if path.is_symlink() else "no file"
    return f"{path.relative_to(home)} is not in it: it is {what}."


def _shown(names: list[str]) -> list[str]:
    """Names in order, without hidden ones and what Python compiled."""
    return sorted(name for name in names if not name.startswith(".") and name != "__pycache__")


def _anybody_erased(found: Held) -> bool:
    """Whether the version tells of erased persons; also where it can't be read."""
    if found.version is None:
        return False
    try:
        with opened(found.files[f"data/versions/{found.version.file}"]) as con:
            return bool(con.execute("SELECT count(*) FROM erasures").fetchone() != (0,))
    except duckdb.Error:
        return True


def _plain(folder: Path) -> Iterator[Path]:
    """Files below a folder, in order; no links, nothing under construction.

    Raises OSError for a folder that can't be read: a backup without it would pass for a whole one.
    """
    for where, folders, names in os.walk(folder, onerror=_unless_gone):
        folders[:] = _shown(folders)
        for name in _shown(names):
            path = Path(where, name)
            if path.is_file() and not path.is_symlink():
                yield path


def _unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error
