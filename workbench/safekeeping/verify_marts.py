"""Whether the marts are what their expressions say: they are built in full beside, and compared both ways."""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb

from ..errors import WorkbenchError
from ..settings import Settings
from ..sql_words import quoted, text
from ..warehouse import archive, marts
from ..warehouse.load import open_writer
from ..warehouse.scratch import scratch as scratch_of
from ..warehouse.versions import Version
from .verify_findings import Finding
from .verify_versions import opened, tables_in

_DIGITS = 10
"""Significant digits to which numbers are compared: sums depend on the order of what is added."""
_COPIED = ("revenue_methods", "payouts", "slide_images", "archive_files")
"""Tables that building the marts writes to, or that name what was named before."""


def mart_findings(settings: Settings, version: Version) -> list[Finding]:
    """Marts that differ from what their expressions give now; nothing where the settings changed since."""
    file = settings.versions / version.file
    with tempfile.TemporaryDirectory(prefix="verify-", dir=scratch_of()) as folder:
        scratch = Path(folder) / "scratch.duckdb"
        try:
            with opened(file) as con:
                there = tables_in(con)
                if set(marts.MARTS) - set(there) or marts.are_old(con, settings):
                    return [_outdated(file)]
        except duckdb.IOException:
            return []  # pruned meanwhile
        con = open_writer(scratch, settings)
        try:
            con.execute(f"SET temp_directory = {text(str(Path(folder) / 'spilled'))}")
            con.execute(f"ATTACH {text(str(file))} AS kept (READ_ONLY)")
            _stand_in(con, there)
            archive.with_archive(con, settings.archive)
            con.execute("CREATE TEMP TABLE touched (key_name VARCHAR, key VARCHAR)")
            marts.refresh(con, settings, full=True)
            return [f for name in marts.MARTS for f in _compared(con, name, file)]
        except WorkbenchError:
            return []  # the archive is damaged, which is told of its files
        finally:
            con.close()


def _stand_in(con: duckdb.DuckDBPyConnection, there: list[str]) -> None:
    """The version's tables under their own names, without copying them."""
    for name in there:
        if name in _COPIED:
            con.execute(f"CREATE TABLE {quoted(name)} AS FROM kept.{quoted(name)}")
        elif name not in marts.MARTS and name != "mart_state":
            con.execute(f"CREATE VIEW {quoted(name)} AS FROM kept.{quoted(name)}")


def _compared(con: duckdb.DuckDBPyConnection, name: str, file: Path) -> list[Finding]:
    columns = con.execute(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ? AND database_name = 'kept' "
        "ORDER BY column_index",
        [name],
    ).fetchall()
    made = con.execute(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ? AND database_name <> 'kept' "
        "ORDER BY column_index",
        [name],
    ).fetchall()
    where = f"{file}, mart {name}"
    if columns != made:
        return [Finding("mart", where, "its columns are not those of its expression.", _REMEDY)]
    listed = ", ".join(f"{_rounded(c, kind)} AS {quoted(c)}" for c, kind in columns)
    kept, fresh = f"SELECT {listed} FROM kept.{quoted(name)}", f"SELECT {listed} FROM {quoted(name)}"
    wrong = _number(con, f"SELECT count(*) FROM ({kept} EXCEPT ALL {fresh})")
    missing = _number(con, f"SELECT count(*) FROM ({fresh} EXCEPT ALL {kept})")
    if not wrong and not missing:
        return []
    example = con.execute(
        f"SELECT {quoted(columns[0][0])} FROM (({kept} EXCEPT ALL {fresh}) UNION ALL ({fresh} EXCEPT ALL {kept})) "
        "ORDER BY 1 LIMIT 1"
    ).fetchone()
    told = f", such as of {example[0]}" if example else ""
    why = f"{wrong:,} rows are not what its expression gives, {missing:,} rows that it gives are not there{told}."
    return [Finding("mart", where, why, _REMEDY)]


_REMEDY = (
    "Build the marts anew: change viral_views in workbench.toml, load, and change it back; where a table lost rows, "
    "restore a backup (workbench restore)."
)


def _outdated(file: Path) -> Finding:
    why = "they were made by other definitions or settings than today's, so they can't be compared."
    return Finding("mart", str(file), why, "Load once (workbench load): it builds them anew.", "low")


def _rounded(column: str, kind: str) -> str:
    name = quoted(column)
    if kind not in ("DOUBLE", "FLOAT"):
        return name
    power = f"({_DIGITS - 1} - floor(log10(abs({name}))))::INTEGER"
    return f"CASE WHEN {name} = 0 OR NOT isfinite({name}) THEN {name} ELSE round({name}, {power}) END"


def _number(con: duckdb.DuckDBPyConnection, query: str) -> int:
    row = con.execute(query).fetchone()
    return int(row[0]) if row else 0
