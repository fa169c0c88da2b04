"""From paths to batches in the inbox: each file opened, recognised, read and written once."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from ..errors import SourceError, WorkbenchError
from ..settings import Settings
from ..warehouse.batches import content_hash, file_sha256, read_manifest, waiting, write_batch
from ..warehouse.scratch import scratch
from ..warehouse.tables import TABLES
from .base import Canonical, Source, SourceFile
from .canonical import table_of
from .found_files import Found, Stamp, found_files, stamp
from .mapping_file import mapping_files
from .registry import candidates, choose
from .sniff import modified_at, open_file

Known = Callable[[str], bool]
"""Batch id -> whether the warehouse has it."""
_CONTENT = (duckdb.DataError, duckdb.ProgrammingError)
"""What values of a file do to a query; a full disk and too little memory are no fault of the file."""
KnownFiles = Callable[[str, str], datetime | None]
"""A file's SHA-256 and a source's name -> the as-of it was imported with, or None."""
Progress = Callable[[Path, int, int], None]
"""Called before each file with its path, its place from 0 and how many there are."""


@dataclass(frozen=True)
class Imported:
    """What became of one file."""

    path: Path
    source: str
    batch_id: str
    rows: Mapping[str, int] = field(default_factory=dict)
    """Table -> rows written; empty where the file was skipped."""
    notes: Sequence[str] = ()
    skipped: bool = False
    """The batch is already in the inbox or in the warehouse."""


class ImportFailed(WorkbenchError):
    """Some files could not be imported; `imported` tells of those that could."""

    def __init__(self, message: str, imported: Sequence[Imported]) -> None:
        super().__init__(message)
        self.imported = imported


def import_paths(
    paths: Sequence[Path | str],
    settings: Settings,
    *,
    as_name: str | None = None,
    as_of: datetime | None = None,
    options: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    known: Known | None = None,
    known_files: KnownFiles | None = None,
) -> list[Imported]:
    """Write one batch into the inbox for each file; folders give the data files in them.

    Parameters
    ----------
    as_name
        Format to read all of them as; None: found by their shape.
    as_of
        When lifetime counts were captured; None: when the file was last modified, but the as-of of
        the last time where the same content was imported before (a copied file is no new observation).
    options
        What a person says of the files: encoding, delimiter, mapping, year, date_format, platform, ...
    known, known_files
        What the warehouse has; a file that is already in it isn't opened.

    Raises UsageError for paths that don't exist; the error of the file where one was given;
    ImportFailed after the others where several were.
    """
    scratch()  # sweeps away what a killed import has left, also where all that follows is known already
    files = list(found_files(paths, settings))
    given = {k: v for k, v in (options or {}).items() if v is not None}
    task = _Task(settings, as_name, as_of, given, known, known_files or (lambda _digest, _source: None))
    imported: list[Imported] = []
    failures: list[WorkbenchError] = []
    for place, found in enumerate(files):
        if progress is not None:
            progress(found.path, place, len(files))
        try:
            imported.append(task.one(found))
        except WorkbenchError as e:
            if len(files) == 1:
                raise
            failures.append(e)
    if failures:
        parts = [str(e).partition("\n") for e in failures]
        # What is the same for many files, such as the list of formats, is told once.
        told = [f"- {first}" for first, _, _ in parts] + list(dict.fromkeys(p[2] for p in parts if p[2]))
        raise ImportFailed(
            "\n".join(
                [f"{len(failures)} of {len(files)} files could not be imported; the others were.", *told]
            ),
            imported,
        )
    return imported


@dataclass
class _Task:
    settings: Settings
    as_name: str | None
    as_of: datetime | None
    options: Mapping[str, Any]
    known: Known | None
    known_files: KnownFiles
    _waiting: dict[tuple[str, str], datetime] | None = None

    def one(self, found: Found) -> Imported:
        if found.refused is not None:
            raise found.refused
        path = found.path
        try:
            before = stamp(path)
            digest = file_sha256(path)
        except OSError as e:
            raise SourceError(f"{path} can't be read: {e.strerror}. Check its permissions.") from e
        mapping = self.options.get("mapping")
        among = candidates(self.as_name, Path(mapping) if mapping is not None else None)
        for source in among:
            batch_id = self._content(path, digest, source)[:32]
            if (self.settings.inbox / batch_id).is_dir() or (self.known is not None and self.known(batch_id)):
                return Imported(path, source.name, batch_id, skipped=True)
        try:
            file = open_file(path, time_zone=self.settings.time_zone, options=self._read_options(path))
        except (OSError, duckdb.Error) as e:
            self._refuse_changed(path, before)
            raise SourceError(
                f"{path} can't be read: {_first_line(e)}. Check it, and import it again."
            ) from e
        try:
            self._refuse_changed(path, before)
            source = choose(file, among)
            instant = self._as_of(path, digest, source)
            file = replace(file, as_of=instant)
            canonical = source.read(file)
            queries = _queries(file, canonical)
            folder = write_batch(
                self.settings.inbox,
                file.con.con,
                queries,
                source=source.name,
                content=self._content(path, digest, source),
                captured_at=instant,
                file_name=path.name,
                digest=digest,
                notes=canonical.notes,
            )
            if file.kind == "parquet" and stamp(path) != before:
                shutil.rmtree(folder, ignore_errors=True)  # it is read while the batch is written
                self._refuse_changed(path, before)
            notes = [*canonical.notes, *self._assumed(file, folder, digest, source)]
        except _CONTENT as e:
            raise SourceError(
                f"{path} can't be read: a value in it is beyond what its columns hold ({_first_line(e)}). Find that "
                "value, mend it, and import the file again."
            ) from e
        finally:
            file.con.disconnect()
        self._remember(digest, source.name, instant)
        manifest = read_manifest(folder)
        rows = {name: int(entry["rows"]) for name, entry in manifest.tables.items()}
        return Imported(path, source.name, manifest.batch_id, rows, notes)

    def _refuse_changed(self, path: Path, before: Stamp) -> None:
        try:
            changed = stamp(path) != before
        except OSError as e:
            raise SourceError(
                f"{path} was removed while it was read. Import it again when it is there."
            ) from e
        if changed:
            raise SourceError(
                f"{path} was changed while it was read. Wait until it is written, then import it again."
            )

    def _content(self, path: Path, digest: str, source: Source) -> str:
        identity = {k: str(v) for k, v in self._read_options(path).items() if k != "mapping"}
        identity["time_zone"] = self.settings.time_zone
        if source.name == "mapping":
            identity["mapping"] = _mapping_digest(self.options.get("mapping"))
        if source.name == "table":
            identity["table"] = str(self._read_options(path).get("table") or table_of(path))
        return content_hash(digest, source.name, source.version, identity, self._as_of(path, digest, source))

    def _read_options(self, path: Path) -> Mapping[str, Any]:
        return {**self.options, "table": self.as_name} if self.as_name in TABLES else self.options

    def _as_of(self, path: Path, digest: str, source: Source) -> datetime:
        if self.as_of is not None:
            return self.as_of.astimezone(UTC).replace(tzinfo=None) if self.as_of.tzinfo else self.as_of
        return self._earlier(digest, source) or modified_at(path)

    def _earlier(self, digest: str, source: Source) -> datetime | None:
        """The as-of that the same content was imported with before."""
        return self._waiting_files().get((digest, source.name)) or self.known_files(digest, source.name)

    def _assumed(self, file: SourceFile, folder: Path, digest: str, source: Source) -> Iterator[str]:
        """That counts took the file's own time, which may be when it was copied and not when it was exported."""
        if self.as_of is not None or self._earlier(digest, source) is not None:
            return
        counts = 0
        for table in folder.glob("*_snapshots.parquet"):
            relation = file.con.con.read_parquet(str(table))
            if "captured_at" in relation.columns:
                instant = f"TRY_CAST(captured_at AS TIMESTAMP) = TIMESTAMP '{file.as_of}'"
                counts += len(relation.filter(instant))
        if counts:
            yield (
                f"Counts that name no time ({counts:,}) are as of {file.as_of:%Y-%m-%d %H:%M} UTC, when the file was "
                "last changed. Where it was exported at another time, import it with --as-of: a count that is loaded "
                "keeps its time."
            )

    def _waiting_files(self) -> dict[tuple[str, str], datetime]:
        """The files whose batches wait in the inbox, with their as-of."""
        if self._waiting is None:
            self._waiting = {}
            for folder in waiting(self.settings.inbox):
                try:
                    manifest = read_manifest(folder)
                except WorkbenchError:
                    continue  # the loader tells of a damaged batch
                if manifest.file_sha256:
                    instant = datetime.fromisoformat(manifest.captured_at)
                    self._waiting[manifest.file_sha256, manifest.source] = instant
        return self._waiting

    def _remember(self, digest: str, source: str, instant: datetime) -> None:
        self._waiting_files().setdefault((digest, source), instant)


def _queries(file: SourceFile, canonical: Canonical) -> dict[str, str]:
    """Table -> SELECT of its rows, through views: making one registers what an expression holds in memory."""
    queries = {}
    for name, table in canonical.tables.items():
        file.con.create_view(f"canonical_{name}", table)
        queries[name] = f"select * from canonical_{name}"
    return queries


def _mapping_digest(mapping: Any) -> str:
    if mapping is None:
        return ""
    contents = [path.read_bytes() for path in mapping_files(Path(mapping))]
    return hashlib.sha256(b"\0".join(contents)).hexdigest()


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
