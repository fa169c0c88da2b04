"""A new version made by changing the tables of the newest one: what retention and erasure do, without a batch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ..errors import UsageError
from ..settings import Settings
from . import archive, versions
from .batches import utc_now
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
    version: versions.Version | None = None


@contextmanager
def rewritten(settings: Settings, what: str) -> Iterator[Rewrite]:
    """The next version to be, as a copy of the newest one; published at the end. The loader's lock must be held.

    An error leaves the newest version as it is and removes the copy. Raises UsageError where there is no warehouse.
    """
    newest = versions.current(settings.versions)
    if newest is None:
        raise UsageError(f"There is no warehouse in {settings.data}: there is nothing to {what}.")
    building = versions.start(settings.versions, newest)
    con = open_writer(building, settings)
    try:
        migrate(con, str(settings.versions / newest.file))
        archive.use(con, settings.archive)
        rewrite = Rewrite(con, newest)
        yield rewrite
        if rewrite.keep:
            con.execute("CHECKPOINT")
    except BaseException:
        con.close()
        _remove(building)
        raise
    con.close()
    if not rewrite.keep:
        _remove(building)
        return
    rewrite.version = versions.publish(
        settings.versions,
        building,
        number=newest.version + 1,
        schema=migrations()[-1].version,
        as_of=newest.as_of,
        now=utc_now(),
    )


def _remove(building: Path) -> None:
    building.unlink(missing_ok=True)
    building.with_name(building.name + ".wal").unlink(missing_ok=True)
