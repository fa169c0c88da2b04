"""A backup brought back: everything is read and checked before anything takes its place, and never over data."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from ..errors import UsageError, WorkbenchError, machine_trouble, naming
from ..settings import Settings, load_settings
from ..sql_words import quoted
from ..stores import StorageError, Store
from ..warehouse import versions
from ..warehouse.private import KEY
from ..warehouse.scratch import scratch as scratch_of
from ..whole_files import fsync
from .backup_format import DamagedError, Head, KeptFile, Listing, chosen, read_head, read_listing
from .backup_keys import IDENTITY, Opening
from .erased_since import back_again
from .verify import GRAVE, Finding, verified
from .verify_findings import LOW, Progress
from .verify_tables import PRIVATE_KEY
from .verify_versions import opened

_BUILDING = ".restoring-"
_MARK = ".restoring.json"
_OF_LOCKS = re.compile(
    r"(load|backup)\.lock|home\.id|load\.holder\.json|\.load\.(lock-ticket-|holder\.json\.).*"
)
"""What may lie in the data folder of a home without data."""
_MOST_NAMED = 5


@dataclass
class RestoreOutcome:
    """What was brought back, or tried."""

    backup_id: str
    place: str
    home: Path | None
    """Where it lies now; None after a try."""
    version: int | None
    n_files: int = 0
    n_bytes: int = 0
    n_tables: int = 0
    """Tables whose rows were counted and are as many as when the backup was made."""
    n_rows: int = 0
    is_opened: bool = True
    """Whether what is in the parts was looked at; without a key only their hashes are."""
    left_out: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    is_verified: bool = True
    """False where somebody stopped the verifying; all is in place then."""
    back_again: str = ""
    """What is to be done about persons who were erased since."""

    @property
    def is_sound(self) -> bool:
        return self.is_verified and not any(f.severity == GRAVE for f in self.findings)


def restored(
    store: Store,
    home: Path,
    *,
    at: str | None = None,
    key: Opening | None = None,
    quick: bool = False,
    present: Settings | None = None,
    progress: Progress | None = None,
) -> RestoreOutcome:
    """Bring a backup back into an empty home, and verify it there; `quick` as `verified` takes it.

    The loader's lock of that home is held until all is in place: no other restore and no load begins there meanwhile.

    `present`: the home in use, if another; it tells who was erased since.

    Raises UsageError where there are data already, DamagedError that names what is damaged; nothing is moved then.
    Ctrl+C while it verifies ends that, and nothing else: all is in place.
    """
    home = home.resolve()
    _refuse_file(home)
    head, outcome = _begun(store, at, key, needs_key=True)
    listing = _listing(store, head, key)
    if not (home / _MARK).exists():  # else what a broken-off one put there goes first
        _refuse_data(home, listing)
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        (home / "data").mkdir(exist_ok=True, mode=0o700)
        with versions.loader_lock(load_settings(home), "workbench restore"):
            _bring_back(store, head, listing, key, home, outcome, progress)
    except OSError as e:
        raise WorkbenchError(
            f"{e.filename or home}: {e.strerror}. {_remedy(e)}. Nothing was restored."
        ) from e
    outcome.home = home
    media = any(f.path.startswith("data/media/") for f in listing.files)
    settings = load_settings(home, media_storage=str(home / "data" / "media"), media_endpoint="")
    try:
        found = verified(settings, media=media, quick=quick, progress=progress)
    except (KeyboardInterrupt, RuntimeError, duckdb.InterruptException) as e:
        if not isinstance(e, KeyboardInterrupt) and "nterrupted" not in str(e):
            raise
        outcome.is_verified, found = False, []  # DuckDB takes Ctrl+C for itself, and says so
    outcome.findings = _of_the_backup(found, listing)
    outcome.left_out = list(listing.left_out)
    outcome.back_again = back_again(home, outcome.backup_id, present)
    return outcome


def _of_the_backup(findings: Sequence[Finding], listing: Listing) -> list[Finding]:
    """Findings, where the key that a backup never had is no damage of it."""
    if any(file.path == f"data/{KEY}" for file in listing.files):
        return list(findings)
    why = "it is not in the backup, and by it the loader knows the persons who were erased."
    remedy = "Put it there, from where it is kept; loading waits for it."
    told = [
        replace(f, found=why, remedy=remedy, severity=LOW) if f.what == PRIVATE_KEY else f for f in findings
    ]
    return sorted(told, key=lambda f: f.severity != GRAVE)


def _bring_back(
    store: Store,
    head: Head,
    listing: Listing,
    key: Opening | None,
    home: Path,
    outcome: RestoreOutcome,
    progress: Progress | None,
) -> None:
    """Fetch, compare and put in place; what can't be ended is undone. The home's lock must be held."""
    _forget_broken_off(home)
    _refuse_data(home, listing)
    _refuse_full(home, head.n_bytes)
    building = home / f"{_BUILDING}{uuid.uuid4().hex[:8]}"
    try:
        building.mkdir(mode=0o700)
        _fetch(store, head, listing, key, building, pictures=True, progress=progress)
        _compare(building, listing, outcome)
        _refuse_data(home, listing)  # what was recorded or imported meanwhile, without the lock
        _move(building, home)
    except BaseException:
        with suppress(OSError):
            _forget_broken_off(home)
        raise
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _remedy(error: OSError) -> str:
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "Ask its owner for the right, or restore elsewhere (--into)"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "Make room, or restore elsewhere (--into)"
    return "Mend that, or restore elsewhere (--into)"


def tried(
    store: Store,
    *,
    at: str | None = None,
    key: Opening | None = None,
    quick: bool = False,
    progress: Progress | None = None,
) -> RestoreOutcome:
    """Restore a backup into a folder that is thrown away, and compare it with what it was made of.

    Pictures are read and hashed, and not written. Without the key of an encrypted one, only the hashes of its parts
    are checked.
    """
    head, outcome = _begun(store, at, key, needs_key=False)
    if head.encryption != "none" and key is None:
        outcome.is_opened = False
        _check_parts(store, head, progress)
        return outcome
    listing = _listing(store, head, key)
    outcome.left_out = list(listing.left_out)
    with tempfile.TemporaryDirectory(prefix="restore-", dir=scratch_of()) as folder:
        scratch = Path(folder)
        _refuse_full(scratch, sum(f.size for f in listing.files if not _is_picture(f)))
        try:
            _fetch(store, head, listing, key, scratch, pictures=False, progress=progress)
        except OSError as e:
            raise WorkbenchError(
                f"{e.filename or scratch}: {e.strerror}. A try needs as much room as the data; name another place "
                "with TMPDIR."
            ) from e
        _compare(scratch, listing, outcome)
        found = verified(load_settings(scratch), media=False, quick=quick, progress=progress)
        outcome.findings = [
            f for f in _of_the_backup(found, listing) if f.what != PRIVATE_KEY or f.severity == GRAVE
        ]
    return outcome


def _begun(
    store: Store, at: str | None, key: Opening | None, *, needs_key: bool
) -> tuple[Head, RestoreOutcome]:
    named = chosen(store, at)
    head = read_head(store, named)
    if head.encryption != "none" and key is None and needs_key:
        raise UsageError(
            f"Backup {named.backup_id} is encrypted. Name the file of its secret key with --identity, or put the key "
            f"into {IDENTITY}."
        )
    outcome = RestoreOutcome(named.backup_id, store.place, None, head.version, head.n_files, head.n_bytes)
    return head, outcome


def _part(
    store: Store, head: Head, key: str, opening: Opening | None, *, is_checked_after: bool = False
) -> bytes:
    """A part as it was before it was stored. DamagedError where it is missing or damaged.

    One that a later backup sealed and sent again has another hash; where its content `is_checked_after`, it is taken
    if it opens.
    """
    try:
        data = store.get(key)
    except StorageError as e:
        if store.entry(key) is None:
            raise DamagedError(str(e)) from e
        raise
    opened = opening if head.encryption != "none" else None
    if hashlib.sha256(data).hexdigest() != head.blobs[key][1]:
        if opened and is_checked_after:
            with suppress(WorkbenchError):
                return opened(data)
        raise DamagedError(f"{store.place}/{key} is damaged: its content has another hash.")
    return opened(data) if opened else data


def _listing(store: Store, head: Head, key: Opening | None) -> Listing:
    return read_listing(b"".join(_part(store, head, part, key) for part in head.listing))


def _check_parts(store: Store, head: Head, progress: Progress | None) -> None:
    for n, part in enumerate(head.blobs):
        if progress:
            progress(part, n, len(head.blobs))
        _part(store, head, part, None)


def _fetch(
    store: Store,
    head: Head,
    listing: Listing,
    key: Opening | None,
    folder: Path,
    *,
    pictures: bool,
    progress: Progress | None,
) -> None:
    """Every file under a folder of its own; raises one DamagedError that names all that is missing or damaged."""
    wrong = []
    for n, file in enumerate(listing.files):
        if progress:
            progress(file.path, n, len(listing.files))
        try:
            _write(store, head, file, key, folder if pictures or not _is_picture(file) else None)
        except DamagedError as e:
            wrong.append(f"{file.path} can't be restored: {e}")
        except WorkbenchError as e:
            raise WorkbenchError(f"{file.path} can't be restored: {e} Nothing was restored.") from e
    if wrong:
        more = f" And {len(wrong) - _MOST_NAMED} more." if len(wrong) > _MOST_NAMED else ""
        raise DamagedError(
            f"{' '.join(wrong[:_MOST_NAMED])}{more} Nothing was restored. Use another backup (--at); where the data "
            "are still here, send anew what is damaged: workbench backup --recheck."
        )


def _write(store: Store, head: Head, file: KeptFile, key: Opening | None, folder: Path | None) -> None:
    whole, size = hashlib.sha256(), 0
    target = Path(os.devnull)
    if folder is not None:
        target = folder / file.path
        for above in reversed([target.parent, *target.parent.parents]):
            if folder in above.parents:
                above.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(target, os.O_WRONLY | (os.O_CREAT | os.O_EXCL if folder is not None else 0), 0o600)
    with naming(target), os.fdopen(handle, "wb") as f:
        for part in file.parts:
            data = _part(store, head, part, key, is_checked_after=True)
            whole.update(data)
            size += len(data)
            f.write(data)
        f.flush()
        if folder is not None:
            os.fsync(f.fileno())
    if size != file.size or whole.hexdigest() != file.sha256:
        raise DamagedError("its parts do not make the file that was backed up.")
    if folder is not None:
        os.utime(target, ns=(file.mtime_ns, file.mtime_ns))


def _is_picture(file: KeptFile) -> bool:
    return file.path.startswith("data/media/")


def _compare(home: Path, listing: Listing, outcome: RestoreOutcome) -> None:
    """Rows of each table of the newest version against those counted when the backup was made."""
    if not listing.tables:
        return
    folder = home / "data" / "versions"
    newest = versions.current(folder)
    if newest is None:
        raise WorkbenchError("The backup has tables, and no pointer to a version. Use another one (--at).")
    try:
        with opened(folder / newest.file) as con:
            for name, rows in listing.tables.items():
                row = con.execute(f"SELECT count(*) FROM {quoted(name)}").fetchone()
                if row is None or row[0] != rows:
                    raise WorkbenchError(
                        f"Table {name} of the backup has {row[0] if row else 0:,} rows, and had {rows:,} when it was "
                        "made. Nothing was restored; use another backup (--at)."
                    )
                outcome.n_tables += 1
                outcome.n_rows += rows
    except duckdb.Error as e:
        if trouble := machine_trouble(e, where=str(home)):
            raise WorkbenchError(f"{trouble} Nothing was restored.") from e
        raise WorkbenchError(
            f"{newest.file} of the backup can't be read: {' '.join(str(e).split())}. Nothing was restored; use another "
            "backup (--at)."
        ) from e


def _refuse_full(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise WorkbenchError(
            f"{folder} has room for {free / 1e6:,.0f} MB, and the backup has {needed / 1e6:,.0f} MB. Make room, or "
            "restore elsewhere (--into). Nothing was restored."
        )


def _refuse_file(home: Path) -> None:
    """A restore needs a folder, or a name that is free."""
    for path in (home / "data", home, *home.parents):
        if path.exists() and not path.is_dir():
            raise UsageError(
                f"{path} is a file, and a backup is restored into a folder. Name one with --into. Nothing was restored."
            )


def _refuse_data(home: Path, listing: Listing) -> None:
    here = [p for p in _pieces_in(home) if not _OF_LOCKS.fullmatch(p.name)]
    brought = [home / f.path for f in listing.files]
    here += [p for p in brought if p.exists() and not _OF_LOCKS.fullmatch(p.name)]
    if here:
        raise UsageError(
            f"{here[0]} is there already, and a backup is never restored over data. Name an empty folder with --into, "
            "or move what is there away. Nothing was restored."
        )


def _pieces_in(home: Path) -> Iterator[Path]:
    """What lies in a home's data folder, empty folders aside."""
    data = home / "data"
    if data.is_dir():
        for piece in sorted(data.iterdir()):
            if piece.is_file() or any(p.is_file() for p in piece.rglob("*")):
                yield piece


def _move(building: Path, home: Path) -> None:
    """Put what was fetched in place, the versions last: until then it is no home that anybody would load into."""
    pieces = [p for p in building.iterdir() if p.name != "data"]
    pieces += sorted((building / "data").glob("*"), key=lambda p: p.name == "versions")
    names = [p.relative_to(building).as_posix() for p in pieces]
    files = [p for p in building.rglob("*") if p.is_file()]
    mark = home / _MARK
    with (
        naming(mark),
        os.fdopen(os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as f,
    ):
        json.dump([[p.relative_to(building).as_posix(), *_facts(p)] for p in files], f)
    fsync(mark)
    fsync(home)
    (home / "data").mkdir(mode=0o700, exist_ok=True)
    for piece, name in zip(pieces, names, strict=True):
        _into(piece, home / name)
    for folder in (home / "data", home):
        fsync(folder)
    mark.unlink()


def _into(piece: Path, target: Path) -> None:
    """Rename; where a folder of that name is there, which holds other things, what is in it one by one."""
    if piece.is_dir() and target.is_dir():
        for inner in sorted(piece.iterdir()):
            _into(inner, target / inner.name)
    else:
        piece.rename(target)


def _forget_broken_off(home: Path) -> None:
    """Remove what a restore that was stopped had put in place, by its own list, and what it had fetched.

    A file that is not as it was put there is somebody's own by now, and stays.
    """
    for building in home.glob(f"{_BUILDING}*"):
        shutil.rmtree(building, ignore_errors=True)
    mark = home / _MARK
    try:
        files = [
            (home / name, size, mtime_ns) for name, size, mtime_ns in json.loads(mark.read_text("utf-8"))
        ]
    except FileNotFoundError:
        return
    except (OSError, ValueError, TypeError):
        files = []  # it was being written: nothing was in place yet
    for path, size, mtime_ns in files:
        with suppress(OSError):
            if home in path.parents and ".." not in path.parts and _facts(path) == (size, mtime_ns):
                path.unlink()
    mark.unlink(missing_ok=True)


def _facts(path: Path) -> tuple[int, int]:
    found = path.lstat()
    return found.st_size, found.st_mtime_ns
