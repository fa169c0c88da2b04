"""Immutable versions of the warehouse and the pointer that names the newest.

A version is built under a hidden name and put in place by a rename; then the pointer file is replaced.
A crash at any instant leaves the old pointer on an old, whole file.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import filelock

from ..errors import UsageError, WorkbenchError, machine_trouble
from ..settings import Settings
from ..whole_files import fsync, sweep_halves, write_whole

POINTER = "current.json"
_HASH = ".sha256"
_NEXT = ".json.next"
_HELD = ".held"
_BY_REPORT = "report"
"""Age from which a small file that is being written is taken for left behind."""


@dataclass(frozen=True)
class Version:
    """One published version. Instants are ISO text in UTC."""

    version: int
    file: str
    published_at: str
    as_of: str | None
    """The newest capture time of anything in it; None while it is empty."""
    schema_version: int


def current(versions: Path) -> Version | None:
    """The version that the pointer names, or None where nothing was published yet."""
    pointer = versions / POINTER
    try:
        entries = json.loads(pointer.read_text(encoding="utf-8"))
        return Version(**entries)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as e:
        if trouble := machine_trouble(e):
            raise WorkbenchError(trouble) from e
        raise WorkbenchError(
            f"{pointer} can't be read: {e}. Write it anew with the newest v*.duckdb beside it "
            "(its v*.json holds the text), or restore a backup."
        ) from e


def version_of(versions: Path, number: int) -> Version:
    """A version by its number. Raises UsageError for one that is not kept."""
    try:
        entries = json.loads((versions / f"{_stem(number)}.json").read_text(encoding="utf-8"))
    except FileNotFoundError as e:
        kept = ", ".join(str(n) for n in kept_versions(versions)) or "none"
        raise UsageError(f"Version {number} of the warehouse is not here. Kept: {kept}.") from e
    return Version(**entries)


def kept_versions(versions: Path) -> list[int]:
    """Numbers of the versions on disk, oldest first."""
    named = (re.fullmatch(r"v(\d{6,})", p.stem) for p in versions.glob("v*.duckdb"))
    return sorted(int(m[1]) for m in named if m)


def sha256_of(versions: Path, number: int) -> str:
    """The hash of a version's file, which tells whether two homes hold the same data. Empty where it is gone.

    It is read once (2 s a GB); the hash is kept beside the file.
    """
    file, kept = versions / f"{_stem(number)}.duckdb", versions / f"{_stem(number)}{_HASH}"
    try:
        found = file.stat()
    except OSError:
        return ""
    mark = f"{found.st_size} {found.st_mtime_ns}"
    try:
        sha256, _, of = kept.read_text(encoding="ascii").strip().partition(" ")
        if of == mark and re.fullmatch("[0-9a-f]{64}", sha256):
            return sha256
    except (OSError, ValueError):
        pass
    try:
        with file.open("rb") as f:
            sha256 = hashlib.file_digest(f, "sha256").hexdigest()
    except OSError:
        return ""
    with suppress(OSError):  # a folder that may only be read
        _write(kept, f"{sha256} {mark}")
    return sha256


def pin_reported(versions: Path, numbers: Iterable[int]) -> None:
    """Keep these versions, which reports were made from, and no longer those of earlier reports.

    Pins that a person has made stay as they are.
    """
    wanted = {n for n in numbers if (versions / f"{_stem(n)}.duckdb").is_file()}
    for pin in versions.glob("v*.pin"):
        match = re.fullmatch(r"v(\d{6,})", pin.stem)
        if match and int(match[1]) not in wanted and pin.read_bytes().strip() == _BY_REPORT.encode():
            pin.unlink(missing_ok=True)
    for number in sorted(wanted):
        if not (pin := versions / f"{_stem(number)}.pin").exists():
            _write(pin, _BY_REPORT)


@contextmanager
def held(versions: Path, number: int) -> Iterator[None]:
    """Keep a version while the block lasts, however many are loaded meanwhile: processes to come will open it.

    What holds it is a lock, which ends with this process however that ends.
    """
    lock = filelock.FileLock(
        versions / f"{_stem(number)}.{os.getpid()}-{uuid.uuid4().hex[:8]}{_HELD}", mode=0o600
    )
    try:
        lock.acquire(timeout=0)
    except OSError:  # a folder that may only be read, where nobody prunes either
        yield
        return
    try:
        yield
    finally:
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


@contextmanager
def held_newest(versions: Path) -> Iterator[int | None]:
    """The number of the newest version, held; None where there is none."""
    pointed = current(versions)
    while pointed is not None:
        with held(versions, pointed.version):
            newest = current(versions)
            if newest == pointed or (versions / pointed.file).exists():
                yield pointed.version
                return
        pointed = newest  # it was pruned before it was held
    yield None


def _is_held(versions: Path, number: int) -> bool:
    found = False
    for file in versions.glob(f"{_stem(number)}.*{_HELD}"):
        try:
            with filelock.FileLock(file, timeout=0, mode=0o600):
                file.unlink(missing_ok=True)  # its process is gone
        except filelock.Timeout:
            found = True
    return found


def start(versions: Path, base: Version | None) -> Path:
    """A hidden, writable copy of `base` (nothing if None) to build the next version in.

    No connection to `base` may be open in this process: copying a file that DuckDB has open here
    would drop its lock.
    """
    versions.mkdir(parents=True, exist_ok=True, mode=0o700)
    sweep(versions)
    building = versions / f".building-{os.getpid()}-{uuid.uuid4().hex[:8]}.duckdb"
    if base is not None:
        source = versions / base.file
        # cp shares the blocks where the file system can; elsewhere it copies.
        done = subprocess.run(
            ["cp", "--reflink=auto", str(source), str(building)], capture_output=True, check=False
        )
        if done.returncode != 0:
            try:
                shutil.copyfile(source, building)
            except BaseException:
                building.unlink(missing_ok=True)
                raise
    return building


def publish(
    versions: Path, building: Path, *, number: int, schema: int, as_of: str | None, now: str
) -> Version:
    """Put a closed, checkpointed file in place as version `number` and move the pointer to it."""
    version = Version(number, f"{_stem(number)}.duckdb", now, as_of, schema)
    if building.with_name(building.name + ".wal").exists():
        raise WorkbenchError(f"{building.name} was not checkpointed; it is not published.")
    try:
        os.chmod(building, 0o600)
        fsync(building)
        record = json.dumps(asdict(version), indent=1)
        _write(versions / f"{_stem(number)}.json", record)  # first: no version stands without its record
        building.rename(versions / version.file)
        fsync(versions)
        _write(versions / POINTER, record)
    except BaseException:
        with suppress(OSError, WorkbenchError):
            building.unlink(missing_ok=True)
            if current(versions) != version:  # else only the folder's entry may not be on the disk yet
                for suffix in (".json", ".duckdb"):
                    (versions / f"{_stem(number)}{suffix}").unlink(missing_ok=True)
        raise
    return version


def replace(versions: Path, version: Version, building: Path, *, schema: int) -> None:
    """Put a file in place of a kept version's own; its hash is another one then."""
    os.chmod(building, 0o600)
    fsync(building)
    note = versions / f"{_stem(version.version)}{_NEXT}"
    record = asdict(version) | {"schema_version": schema}
    _write(note, json.dumps({"building": building.name, "record": record}))
    (versions / f"{_stem(version.version)}{_HASH}").unlink(missing_ok=True)
    try:
        building.rename(versions / version.file)
    except BaseException:
        note.unlink(missing_ok=True)
        raise
    _end_replacing(versions)


def is_being_replaced(versions: Path, number: int) -> bool:
    """Whether a version's file may be ahead of its record: whoever loads next sets it right."""
    return (versions / f"{_stem(number)}{_NEXT}").exists()


def _end_replacing(versions: Path) -> None:
    """Write the records of versions whose files were put in place, also by those who were killed right then."""
    for note in versions.glob(f"v*{_NEXT}"):
        told = json.loads(note.read_text(encoding="utf-8"))
        version = Version(**told["record"])
        if not (versions / told["building"]).exists():
            said = json.dumps(asdict(version), indent=1)
            _write(versions / f"{_stem(version.version)}.json", said)
            pointed = current(versions)
            if pointed is not None and pointed.version == version.version:
                _write(versions / POINTER, said)
        note.unlink()


def is_pinned(versions: Path, number: int) -> bool:
    return (versions / f"{_stem(number)}.pin").exists()


def remove(versions: Path, number: int) -> None:
    """Remove a version that the pointer does not name."""
    for suffix in (".duckdb", ".json", _HASH, ".pin"):
        (versions / f"{_stem(number)}{suffix}").unlink(missing_ok=True)


def prune(versions: Path, keep: int) -> list[int]:
    """Remove all but the newest `keep` versions, those with a `.pin` file and those held; returns their numbers.

    A reader that has a removed file open keeps it until it closes.
    """
    pointed = current(versions)
    old = [n for n in kept_versions(versions)[:-keep] if not pointed or n != pointed.version]
    gone = [n for n in old if not (versions / f"{_stem(n)}.pin").exists() and not _is_held(versions, n)]
    for number in gone:
        for suffix in (".duckdb", ".json", _HASH):
            (versions / f"{_stem(number)}{suffix}").unlink(missing_ok=True)
    return gone


def sweep(versions: Path) -> None:
    """Remove what an interrupted build left. Only the holder of the loader's lock may call it."""
    _end_replacing(versions)
    for stale in versions.glob(".building-*"):
        if stale.is_dir():  # what did not fit into memory
            shutil.rmtree(stale, ignore_errors=True)
        else:
            stale.unlink(missing_ok=True)
    sweep_halves(versions)
    pointed = current(versions)
    kept = kept_versions(versions)
    if pointed is None and kept == [1] and (first := versions / f"{_stem(1)}.json").exists():
        _write(versions / POINTER, first.read_text(encoding="utf-8").rstrip())  # killed right before it
        pointed = current(versions)
    if pointed is None and kept:
        raise WorkbenchError(
            f"{versions / POINTER} is gone, but versions {', '.join(map(str, kept))} are here. Name the newest whole "
            f"one again: copy its v*.json to {POINTER}. Nothing was changed."
        )
    for number in kept:
        # Renamed into place, but the pointer never moved: its batches are still in the inbox.
        newer = pointed is None or number > pointed.version
        if newer and not (versions / f"{_stem(number)}.pin").exists():
            (versions / f"{_stem(number)}.duckdb").unlink(missing_ok=True)
    there = {_stem(number) for number in kept_versions(versions)}
    for suffix in (".json", _HASH):
        for beside in versions.glob(f"v*{suffix}"):
            if re.fullmatch(r"v\d{6,}", beside.stem) and beside.stem not in there:
                beside.unlink(missing_ok=True)
    for held in versions.glob(f"v*{_HELD}"):
        _is_held(versions, int(held.name[1:].partition(".")[0]))


@contextmanager
def loader_lock(settings: Settings, what: str) -> Iterator[None]:
    """The lock that lets one loader in at a time.

    Waits `settings.lock_seconds`, then raises WorkbenchError that says who holds it.
    """
    try:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as e:
        raise WorkbenchError(
            f"{settings.data} can't be made: {e.strerror}. Use a folder you may write to (--home)."
        ) from e
    holder = settings.data / "load.holder.json"
    lock = filelock.FileLock(settings.data / "load.lock", mode=0o600)
    try:
        _in_turn(lock, settings.lock_seconds)
    except filelock.Timeout as e:
        try:
            text = json.loads(holder.read_text(encoding="utf-8"))
            who = f"process {text['pid']} ({text['what']}) since {text['since']} UTC"
        except (OSError, ValueError, KeyError):
            who = "another process"
        raise WorkbenchError(
            f"The warehouse is being loaded by {who}; waited {settings.lock_seconds:g} s. "
            "Try again when it is done, or wait longer with lock_seconds in workbench.toml."
        ) from e
    try:
        sweep_halves(settings.data)
        _end_replacing(settings.versions)
        since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
        _write(holder, json.dumps({"pid": os.getpid(), "what": what, "since": since}))
        yield
    finally:
        with suppress(OSError):
            holder.unlink(missing_ok=True)
        lock.release()


def _in_turn(lock: filelock.FileLock, seconds: float) -> None:
    """Take a lock in the order of asking: whoever comes back at once would starve the others.

    Who waits holds a numbered ticket, a locked file, so that the place of a process that ended is free. Raises
    filelock.Timeout.
    """
    end = time.monotonic() + seconds
    name = f".{Path(lock.lock_file).name}-ticket-"
    folder = Path(lock.lock_file).parent
    number = 1 + max((_place(t) for t in folder.glob(f"{name}*")), default=0)
    ticket = filelock.FileLock(folder / f"{name}{number:09d}-{uuid.uuid4().hex[:8]}", mode=0o600)
    mine = Path(ticket.lock_file)
    ticket.acquire(timeout=0)
    try:
        while True:
            if not any(_waits(t) for t in sorted(folder.glob(f"{name}*")) if t.name < mine.name):
                with suppress(filelock.Timeout):
                    lock.acquire(timeout=0)
                    return
            if time.monotonic() >= end:
                raise filelock.Timeout(lock.lock_file)
            time.sleep(0.02)
    finally:
        mine.unlink(missing_ok=True)
        ticket.release()


def _place(ticket: Path) -> int:
    number = ticket.name.rpartition("-ticket-")[2].partition("-")[0]
    return int(number) if number.isdecimal() else 0


def _waits(ticket: Path) -> bool:
    """Whether the one who took a ticket still lives; else the ticket goes."""
    try:
        with filelock.FileLock(ticket, timeout=0, mode=0o600):
            ticket.unlink(missing_ok=True)
    except filelock.Timeout:
        return True
    return False


def _stem(number: int) -> str:
    return f"v{number:06d}"


def _write(file: Path, line: str) -> None:
    write_whole(file, f"{line}\n")
