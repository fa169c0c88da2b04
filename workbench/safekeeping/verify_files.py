"""Whether what lies beside the versions is whole: inbox, journal, archive, what was left behind, who may read it."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import duckdb

from ..errors import WorkbenchError
from ..settings import Settings
from ..sql_words import one_file, text
from ..warehouse import versions
from ..warehouse.batches import file_sha256, read_manifest, waiting
from ..warehouse.journal import FOLDER
from ..warehouse.tables import TABLES
from .verify_findings import LOW, Finding, one_line
from .verify_versions import opened

_LEFT_SECONDS = 3600.0
"""Age from which something under construction counts as left behind."""
_LOADED_AGAIN = "Import the source again, and remove the folder."


def file_findings(settings: Settings, sound: Sequence[int], *, now: float) -> list[Finding]:
    """What is wrong beside the versions; `sound` are the versions that can be read."""
    return [
        *_inbox(settings.inbox),
        *_journal(settings.inbox / FOLDER),
        *_archive(settings, sound),
        *_left_behind(settings, now),
        *_modes(settings),
    ]


def _inbox(inbox: Path) -> Iterator[Finding]:
    for folder in waiting(inbox):
        try:
            manifest = read_manifest(folder)
        except WorkbenchError as e:
            if folder.is_dir():
                yield Finding(
                    "batch", str(folder), one_line(e), "Import the source again, and remove the folder."
                )
            continue
        for name, entry in manifest.tables.items():
            file = folder / str(entry["file"])
            try:
                if name not in TABLES:
                    why = f"it names table '{name}', which does not exist."
                elif file.parent != folder or not file.is_file():
                    why = "it is missing from the batch."
                elif file_sha256(file) != entry["sha256"]:
                    why = "it is damaged: its hash is not the manifest's."
                else:
                    continue
            except OSError as e:
                why = f"it can't be read: {e.strerror}."
            if folder.is_dir():  # else it was loaded meanwhile
                yield Finding("batch", str(file), why, _LOADED_AGAIN)


def _journal(folder: Path) -> Iterator[Finding]:
    if not folder.is_dir():
        return
    for file in sorted(folder.iterdir()):
        if file.suffix == ".damaged":
            why = "it was set aside: a line of it can't be read."
            remedy = "Mend that line, name the file *.sealed again and load."
            yield Finding("journal", str(file), why, remedy)
        elif file.suffix in (".jsonl", ".sealed"):
            try:
                lines = file.read_bytes().split(b"\n")[:-1]  # the last has no end: it was never acknowledged
            except FileNotFoundError:
                continue
            for n, line in enumerate(lines, 1):
                try:
                    entry = json.loads(line)
                    if entry["t"] not in TABLES or not isinstance(entry["r"], dict):
                        raise ValueError(f"table {entry['t']!r} is unknown")
                except (ValueError, TypeError, KeyError) as e:
                    remedy = "Mend or remove that line; the others are loaded by the next load."
                    yield Finding(
                        "journal", f"{file}, line {n}", f"it is no recorded row: {one_line(e)}.", remedy
                    )
                    break


def _archive(settings: Settings, sound: Sequence[int]) -> Iterator[Finding]:
    folder = settings.archive
    named: dict[str, tuple[str, date, int, str]] = {}
    for number in sound:
        try:
            with opened(settings.versions / f"v{number:06d}.duckdb") as con:
                for table, month, file, rows, sha256 in con.execute(
                    "SELECT table_name, month_on, file, rows, sha256 FROM archive_files"
                ).fetchall():
                    named[file] = (table, month, rows, sha256)
        except duckdb.Error:
            continue  # a schema without an archive, or pruned meanwhile
    remedy = "Restore it from a backup (workbench restore --into a folder beside, and copy it)."
    con = duckdb.connect()
    try:
        for name, (table, month, rows, sha256) in sorted(named.items()):
            file = folder / name
            if not file.is_file():
                yield Finding(
                    "archive file", str(file), f"it is gone, with {rows:,} rows of {table}.", remedy
                )
            elif file_sha256(file) != sha256:
                yield Finding(
                    "archive file", str(file), "it is damaged: its hash is not the one kept.", remedy
                )
            else:
                why = _content(con, file, table, month, rows)
                if why:
                    yield Finding("archive file", str(file), why, remedy)
    finally:
        con.close()
    # What a version that can't be read names is not known, and is no stray.
    if folder.is_dir() and {*sound} >= {*versions.kept_versions(settings.versions)}:
        here = {
            f.relative_to(folder).as_posix() for f in folder.rglob("*.parquet") if not f.name.startswith(".")
        }
        strays = here - set(named)
        if strays:
            why = f"{len(strays):,} files belong to no version, such as {min(strays)}."
            yield Finding(
                "stray archive file", str(folder), why, "The next workbench retain removes them.", LOW
            )


def _content(con: duckdb.DuckDBPyConnection, file: Path, table: str, month: date, rows: int) -> str:
    """What is wrong with the rows of an archived month; empty where nothing is."""
    source = f"read_parquet({one_file(file)}, hive_partitioning = false)"
    instant = next((c for c in TABLES[table].key if c.endswith("_at")), None) if table in TABLES else None
    outside = (
        f"count(*) FILTER (date_trunc('month', {instant})::DATE <> DATE {text(str(month))})"
        if instant
        else "0"
    )
    try:
        row = con.execute(f"SELECT count(*), {outside} FROM {source}").fetchone()
    except duckdb.Error as e:
        return f"it can't be read: {one_line(e)}."
    assert row is not None
    if row[0] != rows:
        return f"it has {row[0]:,} rows, and {rows:,} were archived."
    return f"{row[1]:,} of its rows are not of {month:%Y-%m}." if row[1] else ""


def _left_behind(settings: Settings, now: float) -> Iterator[Finding]:
    found = []
    for folder in (settings.versions, settings.inbox, settings.archive, settings.data):
        if folder.is_dir():
            found += [
                p for p in folder.iterdir() if p.name.startswith((".building-", ".backup-", ".restoring"))
            ]
            found += list(folder.glob("*.wal"))
    for path in sorted(set(found)):
        try:
            age = now - path.stat().st_mtime
        except OSError:
            continue
        if age > _LEFT_SECONDS:
            why = f"it was left behind {age / 3600:,.0f} hours ago by something that was stopped."
            yield Finding("leftover", str(path), why, "The next load or backup removes it.", LOW)


def _modes(settings: Settings) -> Iterator[Finding]:
    if os.name != "posix":
        return
    for top in (settings.data, settings.reports):
        files = [p for p in _below(top) if not p.is_symlink()]
        open_to = []
        for path in files:
            try:
                mode = path.stat().st_mode
            except OSError:
                continue
            if stat.S_IMODE(mode) & 0o077:
                open_to.append(path)
        if open_to:
            why = f"{len(open_to):,} files and folders are open to others than their owner, such as {open_to[0]}."
            yield Finding("modes", str(top), why, f"Close them: chmod -R go= '{top}'", LOW)


def _below(top: Path) -> Iterator[Path]:
    if not top.is_dir():
        return
    yield top
    for where, folders, names in os.walk(top):
        yield from (Path(where, name) for name in [*sorted(folders), *sorted(names)])
