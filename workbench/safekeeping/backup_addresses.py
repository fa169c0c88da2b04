"""Hashes of network addresses stay out of backups: nobody could take them out there when their days are past.

What holds any is copied without them; everything else is copied as it is.
"""

from __future__ import annotations

import json
import re
from pathlib import Path, PurePosixPath

import duckdb

from ..errors import WorkbenchError, machine_trouble
from ..settings import Settings
from ..sql_words import one_file, text
from ..warehouse.batches import file_sha256
from ..warehouse.journal import FOLDER
from ..warehouse.rewriting import changed_copy
from .backup_held import Held
from .erase_addresses import IN_JSON, forget_hashes, n_hashes

_EVENTS = "app_events.parquet"
_LEFT_OUT = (
    "Hashes of network addresses are not in it: here they go when their days are past, and from a backup nobody takes "
    "them."
)


def without_hashes(settings: Settings, found: Held) -> None:
    """Have a backup copy what it holds without such hashes; the copies that are made for that lie in its hold."""
    if not settings.ip_hash_days:
        return
    folder = found.hold / "without"
    folder.mkdir(mode=0o700)
    changed = False
    for n, (name, file) in enumerate(list(found.files.items())):
        path = PurePosixPath(name)
        target = folder / f"{n}{path.suffix}"
        try:
            if path.match("data/versions/v*.duckdb"):
                done = _version(settings, file, target)
            elif path.name == _EVENTS and path.parts[1:2] in (("inbox",), ("refused",)):
                done = _batch(found, path, file, target)
            elif path.parent.name == FOLDER:
                done = _lines(file, target)
            else:
                continue
        except OSError as e:
            if trouble := machine_trouble(e, where=str(folder)):
                raise WorkbenchError(f"{trouble} Nothing was backed up.") from e
            raise
        if done:
            changed = True
            target.chmod(0o600)
            found.files[name] = target
            # The hash that is kept of the file is of the one with the addresses' hashes.
            found.files.pop(str(path.with_suffix(".sha256")), None)
    if changed:
        found.left_out.append(_LEFT_OUT)


def _version(settings: Settings, file: Path, target: Path) -> bool:
    try:
        with duckdb.connect(str(file), read_only=True) as con:
            if not n_hashes(con):
                return False
        with changed_copy(settings, file, target) as con:
            forget_hashes(con)
    except duckdb.CatalogException:
        return False  # a version from before there were events
    except duckdb.Error as e:
        if trouble := machine_trouble(e, where=str(target.parent)):
            raise WorkbenchError(f"{trouble} Nothing was backed up.") from e
        raise WorkbenchError(
            f"{file.name} can't be copied without its hashes of addresses: {' '.join(str(e).split())}. Nothing was "
            "backed up. See workbench verify."
        ) from e
    return True


def _batch(found: Held, path: PurePosixPath, file: Path, target: Path) -> bool:
    """Events that wait, or were refused. The manifest's hash follows, where it was right."""
    source = f"read_parquet({one_file(file)}, hive_partitioning = false)"
    with duckdb.connect() as con:
        try:
            row = con.execute(f"SELECT count(ip_hash) FROM {source}").fetchone()
        except duckdb.Error:
            return False  # no such column, or damaged: verify tells of it
        if not row or not row[0]:
            return False
        con.execute("SET threads = 1")
        con.execute(
            f"COPY (SELECT * REPLACE (NULL::VARCHAR AS ip_hash) FROM {source}) TO {text(str(target))} "
            "(FORMAT parquet, COMPRESSION lz4_raw)"
        )
    name = str(path.parent / "manifest.json")
    if name in found.files:
        said = found.files[name].read_text(encoding="utf-8")
        was, now = file_sha256(file), file_sha256(target)
        told = target.with_suffix(".json")
        told.touch(mode=0o600)
        told.write_text(said.replace(json.dumps(was), json.dumps(now)), encoding="utf-8")
        found.files[name] = told
    return True


def _lines(file: Path, target: Path) -> bool:
    """Recorded lines that can't be read are kept as they are, but for the hashes."""
    was = file.read_bytes()
    now = re.sub(IN_JSON.encode(), b'"ip_hash":null', was)
    if now == was:
        return False
    target.write_bytes(now)
    return True
