"""Whether the pointer and each version's record and file are whole; every column is read in full.

DuckDB holds a checksum of each block and looks at it when the block is read, so reading everything finds a flipped
byte wherever data lies. Where somebody asked for a version's hash before, it tells of the rest of the file too.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import duckdb

from ..errors import WorkbenchError
from ..settings import Settings
from ..sql_words import quoted, text
from ..warehouse import versions
from ..warehouse.migrate import migrations
from ..warehouse.schema import schema
from ..warehouse.versions import POINTER, Version
from .verify_findings import Finding, one_line

RESTORE = "restore a backup (workbench restore)"


def pointer_findings(settings: Settings) -> tuple[list[Finding], Version | None]:
    """What is wrong with the pointer, and the version that it names."""
    folder = settings.versions
    pointer = folder / POINTER
    kept = versions.kept_versions(folder)
    if not pointer.exists():
        if not kept:
            return _never_loaded(settings), None
        found = f"it is gone, but versions {_listed(kept)} are here."
        if kept == [1] and _record(folder / "v000001.json"):
            remedy = (
                "Nothing is lost: the first load was stopped right before the end, and the next one names it."
            )
            return [Finding("pointer", str(pointer), found, remedy, "low")], None
        return [Finding("pointer", str(pointer), found, _name_newest(folder, kept))], None
    try:
        named = Version(**json.loads(pointer.read_text(encoding="utf-8")))
        file = folder / str(named.file)
        number = int(named.version)
    except (OSError, ValueError, TypeError) as e:
        found = f"it can't be read: {one_line(e)}."
        return [Finding("pointer", str(pointer), found, _name_newest(folder, kept))], None
    if not file.is_file():
        found = f"it names {named.file}, which is not here."
        return [Finding("pointer", str(pointer), found, _name_newest(folder, kept))], None
    record = folder / f"v{number:06d}.json"
    if named.file != f"v{number:06d}.duckdb" or (_record(record) or named) != named:
        found = f"it says other things of version {number} than {record.name}."
        return [Finding("pointer", str(pointer), found, f"Copy {record.name} to {POINTER}.")], named
    newer = [n for n in kept if n > number]
    if newer:
        found = f"it names version {number}, and {_listed(newer)} is newer."
        remedy = "Nothing is lost: it was never published, and the next load builds it again."
        return [Finding("pointer", str(pointer), found, remedy, "low")], named
    return [], named


def _never_loaded(settings: Settings) -> list[Finding]:
    """Nothing where no load ever ended; what only loads leave tells that there were versions."""
    left = [*settings.archive.rglob("*.parquet"), *settings.reports.glob("*/manifest.json")]
    left += settings.reports.glob("*/*/manifest.json")
    if not left:
        return []
    found = f"there is no version of the warehouse, but {min(left)} was made from one."
    remedy = f"Is its disk mounted? Else {RESTORE}, into another folder."
    return [Finding("versions", str(settings.versions), found, remedy)]


def version_findings(settings: Settings, number: int, *, quick: bool = False) -> list[Finding]:
    """What is wrong with one version's record and file."""
    folder = settings.versions
    file, record = folder / f"v{number:06d}.duckdb", folder / f"v{number:06d}.json"
    found = []
    told = _record(record)
    if told is None:
        if not file.exists():
            return []  # pruned meanwhile
        why = "it can't be read." if record.exists() else "it is missing."
        remedy = "Copy current.json to it where that names this version; else remove the version's files."
        found.append(Finding("version record", str(record), why, remedy))
    found += _content(settings, file, told)
    if not quick and not found:
        found += _hash(file)
    return found if file.exists() else []


def _content(settings: Settings, file: Path, told: Version | None) -> list[Finding]:
    remedy = _instead(settings, file)
    if file.is_symlink():
        return [Finding("version file", str(file), "it is a link, not a file.", remedy)]
    try:
        con = opened(file)
    except (duckdb.Error, OSError, UnicodeError) as e:
        return [Finding("version file", str(file), f"it can't be opened: {one_line(e)}.", remedy)]
    found = []
    try:
        names = tables_in(con)
        for name in names:
            try:
                con.execute(f"SELECT count(*), bit_xor(hash(t)) FROM {quoted(name)} t").fetchone()
            except (duckdb.Error, UnicodeError) as e:
                where = f"{file}, table {name}"
                found.append(
                    Finding("damaged data", where, f"it can't be read in full: {one_line(e)}.", remedy)
                )
                if isinstance(e, duckdb.FatalException):
                    return found
        if not found:
            found += _schema(con, file, told, names)
    except (duckdb.Error, UnicodeError) as e:
        found.append(Finding("version file", str(file), f"it can't be read: {one_line(e)}.", remedy))
    finally:
        con.close()
    return found


def _schema(
    con: duckdb.DuckDBPyConnection, file: Path, told: Version | None, names: list[str]
) -> list[Finding]:
    if "schema_versions" not in names:
        return [
            Finding("schema", str(file), "it is no warehouse: it has no table schema_versions.", _restored())
        ]
    applied = dict(con.execute("SELECT version, checksum FROM schema_versions").fetchall())
    newest, known = max(applied, default=0), {m.version: m for m in migrations()}
    if newest > max(known):
        found = f"it has schema {newest}, and this workbench knows schemas up to {max(known)}."
        return [Finding("schema", str(file), found, "Update the workbench: an older one would misread it.")]
    wrong = []
    for version, checksum in applied.items():
        if version not in known or known[version].checksum != checksum:
            why = f"migration {version} is another than the one that made it."
            remedy = "Put the workbench's own migration back (install it again)."
            wrong.append(Finding("schema", str(file), why, remedy))
    ahead = told is not None and versions.is_being_replaced(file.parent, told.version)
    if told is not None and told.schema_version != newest and not ahead:
        why = f"it has schema {newest}, and its record says {told.schema_version}."
        wrong.append(Finding("schema", str(file), why, _restored()))
    if newest == max(known):
        here = {
            (table, column): kind
            for table, column, kind in con.execute(
                "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal"
            ).fetchall()
        }
        for table, columns in schema().items():
            others = [c for c, kind in columns.items() if here.get((table, c)) != kind]
            if others:
                why = (
                    f"its columns {', '.join(others)} are not there, or of another type than the schema says."
                )
                wrong.append(Finding("schema", f"{file}, table {table}", why, _restored()))
    return wrong


def _hash(file: Path) -> list[Finding]:
    """Whether the file is the one that was hashed, where somebody did."""
    try:
        kept = file.with_suffix(".sha256").read_text(encoding="ascii").strip()
        said, _, of = kept.partition(" ")
    except (OSError, ValueError):
        return []
    if not re.fullmatch("[0-9a-f]{64}", said):
        return []
    size, _, _ = of.partition(" ")
    if size != str(file.stat().st_size):
        return [
            _other_file(file, f"it has {file.stat().st_size:,} bytes, and had {size} when it was hashed.")
        ]
    with file.open("rb") as f:
        digest = hashlib.file_digest(f, "sha256").hexdigest()
    if digest == said:
        return []
    return [
        _other_file(file, "its content is another than when it was hashed, though a version never changes.")
    ]


def _other_file(file: Path, found: str) -> Finding:
    remedy = f"Find out who wrote to it. Where that is no fault, remove {file.stem}.sha256; else {RESTORE}."
    return Finding("version changed", str(file), found, remedy)


def opened(file: Path) -> duckdb.DuckDBPyConnection:
    """A version open for reading and nothing else."""
    con = duckdb.connect(str(file), read_only=True)
    con.execute("SET TimeZone = 'UTC'")
    con.execute("SET enable_progress_bar = false")
    con.execute("SET preserve_insertion_order = false")
    return con


def tables_in(con: duckdb.DuckDBPyConnection) -> list[str]:
    rows = con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE NOT internal AND NOT temporary AND database_name = "
        f"{text(_database(con))} ORDER BY table_name"
    ).fetchall()
    return [name for (name,) in rows]


def _database(con: duckdb.DuckDBPyConnection) -> str:
    row = con.execute("SELECT current_database()").fetchone()
    assert row is not None
    return str(row[0])


def _record(file: Path) -> Version | None:
    try:
        return Version(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _instead(settings: Settings, file: Path) -> str:
    """What to do where a version is damaged: another one, or a backup."""
    try:
        pointed = versions.current(settings.versions)
    except WorkbenchError:
        pointed = None  # its damage is told elsewhere
    if pointed is not None and pointed.file != file.name:
        return f"It is not the newest: remove {file.stem}.* if no report needs it, or {RESTORE}."
    others = [n for n in versions.kept_versions(settings.versions) if f"v{n:06d}" != file.stem]
    if others:
        return (
            f"Restore a backup (workbench restore); or go back: copy v{others[-1]:06d}.json to {POINTER} and import "
            "what came since again."
        )
    return _restored()


def _restored() -> str:
    return RESTORE[0].upper() + RESTORE[1:] + "."


def _name_newest(folder: Path, kept: list[int]) -> str:
    whole = [n for n in kept if _record(folder / f"v{n:06d}.json")]
    if not whole:
        return _restored()
    return f"Copy v{whole[-1]:06d}.json to {POINTER}, or {RESTORE}."


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers))
