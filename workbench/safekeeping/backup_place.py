"""Whether a backup of this home may go to a place: never one that would push out better ones, or another home's.

Each home has an id, a random one in data/home.id, which is part of its backups: a restored home goes on where it was.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ..display.numbers import counted
from ..errors import UsageError, WorkbenchError
from ..settings import Settings
from ..stores import Store
from ..warehouse import versions
from ..warehouse.private import make_key
from .backup_format import DamagedError, Head, Named, backups_in, read_head

HOME_ID = "home.id"
"""In data/."""
_ID_LETTERS = 16


def refuse_no_home(settings: Settings) -> None:
    """UsageError for a folder without data. Nothing is made there."""
    if not settings.data.is_dir():
        raise UsageError(
            f"{settings.home} is no home: it has no folder data. Say which one is meant (--home), and whether its disk "
            "is mounted. Nothing was backed up."
        )


def refuse_unfit(settings: Settings, store: Store, *, is_encrypted: bool) -> None:
    """Raise where a backup of this home may not go to a place that has some.

    A home without a version, where one there has a version; a home other than that of the newest one there; one in
    clear, where the newest one there is encrypted.
    """
    refuse_no_home(settings)
    heads = heads_in(store)
    newest = next(heads, None)
    if newest is None:
        return
    if versions.current(settings.versions) is None:
        _refuse_empty(settings, store, [newest, *heads])
    named, head = newest
    if head.home and head.home != home_id(settings.data):
        file = shlex.quote(str(settings.data / HOME_ID))
        raise WorkbenchError(
            f"The newest backup in {store.place} ({day_of(named)}) is of another home than {settings.home}, and two "
            "homes in one place would remove each other's. Name another place. Nothing was backed up. If this home "
            f"takes the place of that one, say so: (umask 077; echo {head.home} > {file})"
        )
    if head.encryption != "none" and not is_encrypted:
        raise UsageError(
            f"The newest backup in {store.place} ({day_of(named)}) is encrypted, and this one would lie beside it in "
            "clear. Add --encrypt, or name another place. Nothing was backed up."
        )


def _refuse_empty(settings: Settings, store: Store, there: Sequence[tuple[Named, Head]]) -> None:
    for named, head in there:
        if head.version is not None:
            raise WorkbenchError(
                f"{settings.home} has no version of the warehouse, and the backup of {day_of(named)} in {store.place} "
                f"has version {head.version}: an empty one could push it out. Is that the home that is meant (--home), "
                "and is its disk mounted? If it is to be backed up as it is, name another place. Nothing was backed up."
            )


def heads_in(store: Store) -> Iterator[tuple[Named, Head]]:
    """What is told of each backup of a place, newest first; a damaged one tells nothing."""
    for named in reversed(backups_in(store)):
        try:
            yield named, read_head(store, named)
        except DamagedError:
            continue


@dataclass(frozen=True)
class Listed:
    """A backup as a list of them shows it."""

    backup: Named
    head: Head | None
    """None where it is damaged."""

    def __str__(self) -> str:
        """The id, and what a person asks of it."""
        told = f"{self.backup.backup_id}  {made_at(self.backup):%Y-%m-%d %H:%M} UTC"
        if self.head is None:
            return f"{told}  damaged: what it says of itself has another hash"
        return "  ".join(
            [
                told,
                f"version {self.head.version}" if self.head.version is not None else "no version",
                "encrypted" if self.head.encryption != "none" else "not encrypted",
                f"{counted(self.head.n_files, 'file')}, {self.head.n_bytes / 1e6:,.1f} MB",
            ]
        )

    def entries(self) -> dict[str, Any]:
        """The same for machines."""
        head = self.head
        return {
            "backup_id": self.backup.backup_id,
            "made_at": made_at(self.backup).isoformat(),
            "is_damaged": head is None,
            "version": head and head.version,
            "is_encrypted": head and head.encryption != "none",
            "n_files": head and head.n_files,
            "n_bytes": head and head.n_bytes,
            "home": head and head.home,
        }


def listed(store: Store) -> list[Listed]:
    """All backups of a place, oldest first."""
    heads = dict(heads_in(store))
    return [Listed(backup, heads.get(backup)) for backup in backups_in(store)]


def home_id(data: Path, *, make: bool = False) -> str:
    """The home's id; empty where it has none and none is to be made."""
    file = data / HOME_ID
    if make and not file.exists():
        make_key(file)
    if not file.exists():
        return ""
    found = file.read_text(encoding="utf-8", errors="replace").strip()[:_ID_LETTERS]
    if not re.fullmatch(rf"[0-9a-f]{{{_ID_LETTERS}}}", found):
        raise WorkbenchError(
            f"{file} holds no id of a home. Remove it; the next backup makes a new one. Nothing was backed up."
        )
    return found


def day_of(backup: Named) -> str:
    """The day when a backup was made, in UTC."""
    return f"{made_at(backup):%Y-%m-%d}"


def made_at(backup: Named) -> datetime:
    """When a backup was made, in UTC."""
    return datetime.strptime(backup.backup_id, "%Y%m%dT%H%M%S.%f%z")
