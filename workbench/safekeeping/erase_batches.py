"""A person out of what waits: batches in the inbox, refused ones, recorded lines that could not be read."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path

import duckdb

from ..errors import WorkbenchError, machine_trouble
from ..reporting.files import replaced
from ..settings import Settings
from ..sql_words import text
from ..warehouse import erased
from ..warehouse.batches import Manifest, file_sha256, read_manifest
from ..warehouse.journal import FOLDER, seal
from ..warehouse.private import tell_key
from ..warehouse.scratch import scratch
from ..warehouse.tables import TABLES
from ..whole_files import fsync, write_whole
from .erase_files import names_in
from .erase_person import Person, batch_folders
from .erase_versions import note_hashes

_ERASURES = (
    "CREATE TABLE erasures (erasure_id VARCHAR, kind VARCHAR, person_hash VARCHAR, erased_at TIMESTAMP, "
    "posts_erased BIGINT, rows_erased BIGINT)"
)


@contextmanager
def recorded_beside(settings: Settings) -> Iterator[Path]:
    """A folder with the batches that an erasure makes of what was recorded; the inbox stays as it is."""
    with tempfile.TemporaryDirectory(prefix="recorded-", dir=scratch()) as folder:
        journal = Path(folder) / FOLDER
        journal.mkdir()
        for file in sorted((settings.inbox / FOLDER).glob("*.*")):
            if file.suffix != ".lock":
                with suppress(FileNotFoundError):  # a load made a batch of it meanwhile
                    shutil.copyfile(file, journal / file.name)
        seal(Path(folder))
        yield Path(folder)


def forget_waiting(settings: Settings, person: Person, key: str, *, recorded: Path | None = None) -> int:
    """Write waiting and refused batches anew without the person; returns how many named them.

    The journal is sealed right before: what is recorded meanwhile is left out by the next load. `recorded` is what
    `recorded_beside` gives: then they are only counted.
    """
    dry = recorded is not None
    changed = sum(_forget_in(folder, person, key, dry) for folder in batch_folders(settings, recorded))
    journal = (recorded or settings.inbox) / FOLDER
    return changed + sum(_lines(file, person, dry) for file in sorted(journal.glob("*.*")))


def _forget_in(folder: Path, person: Person, key: str, dry: bool) -> bool:
    traces = person.traces()
    try:
        manifest = read_manifest(folder)
        manifest = replace(manifest, notes=[*manifest.notes])  # a list or a tuple, by who made it
        files = {n: folder / str(e["file"]) for n, e in manifest.tables.items() if n in TABLES}
        con = duckdb.connect()
        try:
            tell_key(con, key)
            con.execute(_ERASURES)
            note_hashes(con, person)
            found = erased.leave_out(con, files, said=manifest.file_name or "", traces=traces)
            told = _struck(manifest, person)
            if (found is None or not found.rows) and told == manifest:
                return False
            if not dry:
                _write(con, folder, told, files, found.rows if found else {})
            return True
        finally:
            con.close()
    except (WorkbenchError, duckdb.Error, OSError) as e:
        if machine_trouble(e):
            raise  # no room, no handles: the batch may be whole, and others' rows are in it
        # Nobody can read it as a batch: what names the person goes as a whole.
        named = any(names_in(file, person) for file in folder.rglob("*") if file.is_file())
        if named and not dry:
            shutil.rmtree(folder)
        return named


def _struck(manifest: Manifest, person: Person) -> Manifest:
    traces = person.traces()
    return replace(
        manifest,
        file_name=traces.struck(manifest.file_name, loose=True) if manifest.file_name else None,
        entity=traces.struck(manifest.entity, loose=True) if manifest.entity else None,
        notes=[traces.struck(n, loose=True) for n in manifest.notes],
    )


def _write(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    manifest: Manifest,
    files: dict[str, Path],
    rows: dict[str, str],
) -> None:
    tables = {}
    with replaced(folder) as building:
        for name, file in files.items():
            target = building / file.name
            entry = dict(manifest.tables[name])
            if name in rows:
                n = con.execute(
                    f"COPY ({rows[name]}) TO {text(str(target))} (FORMAT parquet, COMPRESSION lz4_raw)"
                ).fetchone()
                if not n or not n[0]:
                    target.unlink()
                    continue
                entry |= {"rows": int(n[0]), "sha256": file_sha256(target)}
            else:
                shutil.copyfile(file, target)
            target.chmod(0o600)
            fsync(target)
            tables[name] = entry
        told = building / "manifest.json"
        told.touch(mode=0o600)
        told.write_text(
            json.dumps(asdict(replace(manifest, tables=tables)), indent=1, ensure_ascii=False),
            encoding="utf-8",
        )
        fsync(told)


def _lines(file: Path, person: Person, dry: bool) -> bool:
    """Recorded lines that could not be made a batch."""
    if file.suffix in (".lock", ".jsonl"):
        return False  # a recorder may be writing to it
    traces = person.traces()
    lines = file.read_bytes().split(b"\n")
    kept = [line for line in lines if not traces.named_anyhow(line.decode("utf-8", "replace"))]
    if len(kept) < len(lines) and not dry:
        write_whole(file, b"\n".join(kept))
    return len(kept) < len(lines)
