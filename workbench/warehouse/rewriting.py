"""A new version made by changing the tables of the newest one: what retention and erasure do, without a batch."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ..errors import UsageError
from ..settings import Settings
from ..sql_words import quoted, text
from . import archive, versions
from .batches import utc_now
from .counts import note_counts
from .load import open_writer
from .migrate import migrate, migrations


@dataclass
class Rewrite:
    """An open, unpublished copy of the newest version.

    Changes are made on `con`; it is published when the `with` block ends without an error, unless `keep` says that
    nothing was changed. `version` is the published one afterwards.
    """

    con: duckdb.DuckDBPyConnection
    base: versions.Version
    keep: bool = True
    compact: bool = False
    """Whether the file is written anew, so that nothing of what was deleted stays in its free blocks."""
    version: versions.Version | None = None


@contextmanager
def rewritten(settings: Settings, what: str) -> Iterator[Rewrite]:
    """The next version to be, as a copy of the newest one; published at the end. The loader's lock must be held.

    An error leaves the newest version as it is and removes the copy. Raises UsageError where there is no warehouse.
    """
    newest = versions.current(settings.versions)
    if newest is None:
        raise UsageError(f"There is no warehouse in {settings.data}: there is nothing to {what}.")
    with _open_copy(settings, newest) as (con, building, small):
        rewrite = Rewrite(con, newest)
        yield rewrite
        if rewrite.keep:
            _end(con, small if rewrite.compact else None)
    if not rewrite.keep:
        _remove(building)
        return
    if rewrite.compact:
        small.replace(building)
    rewrite.version = versions.publish(
        settings.versions,
        building,
        number=newest.version + 1,
        schema=migrations()[-1].version,
        as_of=newest.as_of,
        now=utc_now(),
    )


@contextmanager
def changed_in_place(settings: Settings, version: versions.Version) -> Iterator[duckdb.DuckDBPyConnection]:
    """A kept version that is written anew under its own number: what has to go goes from it too.

    Its file takes the place of the old one at the end; whoever has that open keeps it until they close. The loader's
    lock must be held.
    """
    with _open_copy(settings, version) as (con, building, small):
        yield con
        _end(con, small)
    _remove(building)
    versions.replace(settings.versions, version, small, schema=migrations()[-1].version)


@contextmanager
def _open_copy(
    settings: Settings, version: versions.Version
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path, Path]]:
    """A version's copy of today's schema, open to be changed; its file, and where it may be written anew.

    It is closed at the end. An error removes both files.
    """
    building = versions.start(settings.versions, version)
    small = building.with_name(f"{building.stem}-small.duckdb")
    con = open_writer(building, settings)
    try:
        migrate(con, str(settings.versions / version.file))
        archive.use(con, settings.archive)
        yield con, building, small
    except BaseException:
        con.close()
        _remove(small)
        _remove(building)
        raise
    con.close()


def _end(con: duckdb.DuckDBPyConnection, small: Path | None) -> None:
    """Note how much there is, and write the copy out; anew into `small` where that is named."""
    note_counts(con)
    con.execute("CHECKPOINT")
    if small is not None:
        _copy(con, small)


@contextmanager
def changed_copy(settings: Settings, file: Path, target: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of a version's file, changed and written anew: what is taken out of it is in none of its blocks.

    The file itself stays as it is, and the copy becomes no version.
    """
    building = target.with_name(f"{target.stem}-building.duckdb")
    try:
        shutil.copyfile(file, building)
        building.chmod(0o600)
        con = open_writer(building, settings)
        try:
            con.execute("SET threads = 1")  # the same rows give the same blocks
            yield con
            con.execute("CHECKPOINT")
            _copy(con, target)
        finally:
            con.close()
    finally:
        _remove(building)


def _copy(con: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Copy every table into a new file, with its constraints and comments, its rows as they lie."""
    row = con.execute("SELECT current_database()").fetchone()
    assert row is not None
    con.execute("SET preserve_insertion_order = true")
    con.execute(f"ATTACH {text(str(file))} AS anew")
    con.execute(f"COPY FROM DATABASE {quoted(row[0])} TO anew")
    con.execute("CHECKPOINT anew")
    con.execute("DETACH anew")


def _remove(building: Path) -> None:
    building.unlink(missing_ok=True)
    building.with_name(building.name + ".wal").unlink(missing_ok=True)
