"""The schema as numbered SQL files, applied in order, each in one transaction with its own record."""

from __future__ import annotations

import getpass
import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources

import duckdb

from ..errors import WorkbenchError

_RECORD = """
CREATE TABLE IF NOT EXISTS schema_versions (
    version BIGINT PRIMARY KEY, name VARCHAR, description VARCHAR, applied_at TIMESTAMP,
    applied_by VARCHAR, checksum VARCHAR, is_current BOOLEAN
)"""


@dataclass(frozen=True)
class Migration:
    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()

    @property
    def description(self) -> str:
        """The file's first comment line."""
        first = self.sql.splitlines()[0]
        return first.removeprefix("--").strip() if first.startswith("--") else self.name


def migrations() -> list[Migration]:
    """All migrations that this package carries, in order. Their numbers run from 1 without a gap."""
    folder = resources.files(__package__) / "migrations"
    found = []
    for entry in folder.iterdir():
        if entry.name.endswith(".sql"):
            number, _, name = entry.name.removesuffix(".sql").partition("_")
            found.append(Migration(int(number), name, entry.read_text(encoding="utf-8")))
    found.sort(key=lambda m: m.version)
    return found


def schema_version(con: duckdb.DuckDBPyConnection) -> int:
    """The newest migration recorded in a warehouse; 0 for an empty file."""
    known = con.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'schema_versions' AND NOT temporary"
    ).fetchone()
    if not known or not known[0]:
        return 0
    row = con.execute("SELECT coalesce(max(version), 0) FROM schema_versions").fetchone()
    return int(row[0]) if row else 0


def refuse_newer(found: int, where: str) -> None:
    """Raise WorkbenchError when a warehouse's schema is newer than this package's."""
    newest = migrations()[-1].version
    if found > newest:
        raise WorkbenchError(
            f"{where} has schema {found}; this workbench knows schemas up to {newest}. "
            "Update the workbench: an older one would misread it. Nothing was changed."
        )


def refuse_older(found: int, where: str) -> None:
    """Raise WorkbenchError when the newest version's schema is older than this package's."""
    newest = migrations()[-1].version
    if found < newest:
        raise WorkbenchError(
            f"{where} has schema {found}; this workbench reads {newest}. Bring it up to date, which loses nothing: "
            "workbench migrate."
        )


def migrate(con: duckdb.DuckDBPyConnection, where: str = "The warehouse") -> list[Migration]:
    """Bring a warehouse to the newest schema; returns what was applied.

    Raises WorkbenchError when the warehouse is newer, or when a migration that it has applied is no
    longer the file of that number.
    """
    refuse_newer(schema_version(con), where)
    con.execute(_RECORD)
    applied = dict(con.execute("SELECT version, checksum FROM schema_versions").fetchall())
    done = []
    for migration in migrations():
        if migration.version in applied:
            if applied[migration.version] != migration.checksum:
                raise WorkbenchError(
                    f"{where}: migration {migration.version} ({migration.name}) was changed after it "
                    "was applied. Put the original file back; a change to the schema is a new migration."
                )
            continue
        con.execute("BEGIN")
        try:
            con.execute(migration.sql)
            con.execute("UPDATE schema_versions SET is_current = false")
            con.execute(
                "INSERT INTO schema_versions VALUES (?, ?, ?, ?, ?, ?, true)",
                [
                    migration.version,
                    migration.name,
                    migration.description,
                    _now(),
                    _who(),
                    migration.checksum,
                ],
            )
            con.execute("COMMIT")
        except BaseException:
            with suppress(duckdb.Error):  # a commit that failed has ended the transaction
                con.execute("ROLLBACK")
            raise
        done.append(migration)
    return done


def _now() -> str:
    # Not SQL's now(): its time zones take a quarter of a second to load.
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "unknown"
