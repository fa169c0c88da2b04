"""A consistent copy of a home in a folder or bucket elsewhere; what is there already is not sent again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from .. import __version__
from ..display.numbers import counted
from ..errors import UsageError, WorkbenchError, machine_trouble
from ..media.storage import open_storage
from ..settings import Settings
from ..sql_words import quoted
from ..stores import Store, open_store
from ..stores.folder import Folder
from ..warehouse import archive
from ..warehouse.private import make_key
from .backup_addresses import without_hashes
from .backup_blobs import Blobs, damaged_parts, forget
from .backup_format import (
    FORMAT,
    PART_BYTES,
    DamagedError,
    Head,
    KeptFile,
    Listing,
    backups_in,
    chosen,
    key_of,
    read_head,
)
from .backup_held import Held, held
from .backup_keys import Sealing
from .backup_place import refuse_unfit
from .verify_findings import Progress
from .verify_versions import opened, tables_in

__all__ = ["BackupOutcome", "backed_up", "backup_store", "mended"]

KEY_FILE = "backup.key"
_KEY_BYTES = 64


@dataclass
class BackupOutcome:
    """What a backup did."""

    backup_id: str
    place: str
    version: int | None
    n_files: int = 0
    n_bytes: int = 0
    sent: int = 0
    """Parts that were not there yet."""
    sent_bytes: int = 0
    mended: int = 0
    """Parts that were there, damaged, and were sent again."""
    encrypted: bool = False
    is_sealed_anew: bool = False
    """All parts were sent, as those that are there are sealed for other keys."""
    seconds: float = 0.0
    left_out: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    """Older backups that were removed."""


def backup_store(settings: Settings, place: str = "", endpoint: str = "") -> Store:
    """The folder or bucket that backups go to. UsageError where none is named, or it lies in the home's own data."""
    named = place or settings.backup_to
    if not named:
        raise UsageError("Say where the backup goes: workbench backup PLACE, or backup_to in workbench.toml.")
    store = open_store(
        named,
        endpoint or ("" if place else settings.backup_endpoint),
        home=Path.cwd() if place else settings.home,
        plain_hosts=[h.strip() for h in settings.media_private_hosts.split(",") if h.strip()],
        named=("backup_to", "backup_endpoint"),
    )
    if isinstance(store, Folder):
        backed = [settings.data, settings.reports, settings.home / settings.notebooks]
        backed = [folder.resolve() for folder in backed]  # as the store's is
        if store.folder == settings.home.resolve() or any(
            store.folder == own or own in store.folder.parents for own in backed
        ):
            raise UsageError(f"{store.folder} lies in what is backed up. Name a folder on another disk.")
    return store


def backed_up(
    settings: Settings,
    store: Store,
    *,
    seal: Sealing | None = None,
    keep: int = 0,
    media: bool = True,
    reports: bool = False,
    recheck: bool = False,
    progress: Progress | None = None,
    tell: Callable[[str], None] | None = None,
) -> BackupOutcome:
    """Copy a home into a store. Nothing there names the backup before all of it is there.

    Parameters
    ----------
    seal
        Encrypts it; only then secrets are part of it.
    keep
        So many backups stay, and older ones go, once all parts of this one were read and have their hashes; 0: all
        stay.
    recheck
        Parts that are there already are read before this backup relies on them; damaged ones are sent again.

    Raises WorkbenchError; what was sent until then is sent again by the next backup. `refuse_unfit` says what is
    refused before anything is made.
    """
    begun = time.monotonic()
    refuse_unfit(settings, store, is_encrypted=seal is not None)
    show = progress or (lambda name, n, total: None)
    naming_key = _naming_key(settings.data) if seal else b""
    with (
        held(settings, secrets=seal is not None, media=media, reports=reports) as found,
        Blobs(store, seal=seal, naming_key=naming_key, recheck=recheck) as blobs,
    ):
        without_hashes(settings, found)
        files: list[KeptFile] = []
        for n, (path, file) in enumerate(found.files.items()):
            show(path, n, len(found.files))
            kept = blobs.put_file(path, file)
            if kept is not None:
                files.append(kept)
            elif found.hold in file.parents:
                raise WorkbenchError(
                    f"{file} is gone: something else removed it. Nothing was backed up; try again."
                )
            # Else it went meanwhile: a picture, a report.
        if media and settings.media_storage:
            files += _pictures(settings, blobs, {f.path for f in files})
        listing = Listing(files, _rows(settings, found), found.left_out).text()
        pieces = [blobs.put(listing[at : at + PART_BYTES]) for at in range(0, len(listing), PART_BYTES)]
    made_at = _id(store)
    head = Head(
        made_at=made_at,
        workbench=__version__,
        encryption="age" if seal else "none",
        version=found.version.version if found.version else None,
        n_files=len(files),
        n_bytes=sum(f.size for f in files),
        listing=pieces,
        blobs={key: list(facts) for key, facts in blobs.stored.items()},
        home=found.home_id,
        format=FORMAT,
    )
    text = head.text()
    store.put(key_of(made_at, text), text)
    outcome = BackupOutcome(
        made_at,
        store.place,
        head.version,
        head.n_files,
        head.n_bytes,
        blobs.sent,
        blobs.sent_bytes,
        blobs.mended,
        bool(seal),
    )
    outcome.is_sealed_anew = blobs.is_for_other_keys
    outcome.left_out = list(found.left_out)
    if keep:
        said = tell or (lambda text: None)
        if len(backups_in(store)) > keep and (damaged := damaged_parts(store, head)):
            said(
                f"Damaged in {store.place}: {counted(len(damaged), 'part')} of backup {made_at}, such as {damaged[0]}. "
                "What is there is read again, and sent anew where it is damaged."
            )
            outcome = mended(
                settings, store, made_at, seal=seal, media=media, reports=reports, progress=progress
            )
            if damaged := damaged_parts(store, read_head(store, chosen(store, outcome.backup_id))):
                raise DamagedError(
                    f"{store.place}/{damaged[0]} was sent again, and is damaged again: that disk or service is at "
                    "fault. No old backup was removed. Name another place."
                )
        outcome.removed = forget(store, keep, said)
    outcome.seconds = time.monotonic() - begun
    return outcome


def mended(
    settings: Settings,
    store: Store,
    damaged: str,
    *,
    seal: Sealing | None = None,
    media: bool = True,
    reports: bool = False,
    progress: Progress | None = None,
) -> BackupOutcome:
    """Back up again in place of a backup that is damaged: nothing there is relied on that was not read."""
    made = backed_up(
        settings, store, seal=seal, media=media, reports=reports, recheck=True, progress=progress
    )
    for backup in backups_in(store):
        if backup.backup_id == damaged:
            store.delete(backup.key)
    return made


def _id(store: Store) -> str:
    """The instant, made later than every backup that is there, whatever the clock says."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    known = backups_in(store)
    if known and known[-1].backup_id >= now:
        raise WorkbenchError(
            f"{store.place} has a backup of {known[-1].backup_id}, which is not past yet. Set this machine's clock."
        )
    return now


def _pictures(settings: Settings, blobs: Blobs, there: set[str]) -> list[KeptFile]:
    """Pictures that a bucket or another folder keeps, as if they lay in the home."""
    storage = open_storage(settings)
    found = []
    for entry in storage.entries():
        path = f"data/media/{entry.key}"
        if path in there:
            continue
        data = storage.get(entry.key)  # which has the hash that its key says
        parts = [blobs.put(data[at : at + PART_BYTES]) for at in range(0, len(data), PART_BYTES)]
        digest = entry.key.rpartition("/")[2].partition(".")[0]
        found.append(KeptFile(path, len(data), digest, time.time_ns(), parts))
    return found


def _rows(settings: Settings, found: Held) -> dict[str, int]:
    """Rows of each table of the version that is backed up."""
    if found.version is None:
        return {}
    file = found.files[f"data/versions/{found.version.file}"]
    try:
        with opened(file) as con:
            archive.use(con, found.hold / settings.archive.relative_to(settings.home))  # is all of it there?
            return {
                name: int((con.execute(f"SELECT count(*) FROM {quoted(name)}").fetchone() or (0,))[0])
                for name in tables_in(con)
            }
    except duckdb.Error as e:
        if trouble := machine_trouble(e):
            raise WorkbenchError(f"{trouble} Nothing was backed up.") from e
        raise WorkbenchError(
            f"{settings.versions / found.version.file} can't be read: {' '.join(str(e).split())}. Nothing was backed "
            "up: a damaged version would push the good ones out. See workbench verify."
        ) from e


def _naming_key(data: Path) -> bytes:
    """What parts of encrypted backups are named by, so that their names tell nothing. Lost, all is sent anew."""
    file = data / KEY_FILE
    if file.exists() and file.stat().st_size < _KEY_BYTES:  # its writer was cut short
        file.unlink(missing_ok=True)
    if not file.exists():
        make_key(file)
    return file.read_bytes()
