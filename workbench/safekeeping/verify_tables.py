"""Whether the rows of a version fit each other: keys, references, counts of batches."""

from __future__ import annotations

from contextlib import suppress

import duckdb

from ..errors import WorkbenchError
from ..settings import Settings
from ..sql_words import quoted, text
from ..warehouse import archive, counts
from ..warehouse.identity import MOVED
from ..warehouse.private import KEY
from ..warehouse.tables import TABLES, Table
from ..warehouse.versions import Version
from .verify_findings import Finding
from .verify_versions import opened, tables_in

_BACK = "Restore a backup (workbench restore); nothing but the loader should write to a version."
PRIVATE_KEY = "private key"
"""What is found where erased persons' hashes are here, and the key by which they are known is not."""


def table_findings(settings: Settings, version: Version) -> list[Finding]:
    """What is wrong with the rows of one version, whose file is whole."""
    file = settings.versions / version.file
    try:
        con = opened(file)
    except duckdb.IOException:
        return []  # pruned meanwhile
    try:
        there = set(tables_in(con))
        tables = [t for t in TABLES.values() if t.name in there]
        found = _counts(con) if counts.TABLE in there else []
        with suppress(WorkbenchError):  # a damaged file of the archive is told by itself
            archive.with_archive(con, settings.archive)
        found += [f for t in tables for f in (*_keys(con, t), *_references(con, t, there))]
        found += _batches(con, tables)
        if "erasures" in there and not (settings.data / KEY).is_file():
            n = _number(con, "SELECT count(*) FROM erasures")
            why = f"it is gone, and by it the {n:,} hashes of erased persons are known."
            remedy = "Put it back, from where it is kept or from an encrypted backup; loading waits for it."
            found += [Finding(PRIVATE_KEY, str(settings.data / KEY), why, remedy)] * bool(n)
    finally:
        con.close()
    return found


def _keys(con: duckdb.DuckDBPyConnection, table: Table) -> list[Finding]:
    found = []
    columns = [*table.key, *(c for c in table.required if c not in table.key)]
    nulls = " OR ".join(f"{quoted(c)} IS NULL" for c in columns)
    n = _number(con, f"SELECT count(*) FROM {table.name} WHERE {nulls}")
    if n:
        why = f"{n:,} rows lack one of {', '.join(columns)}."
        found.append(Finding("missing key", f"table {table.name}", why, _BACK))
    keys = ", ".join(quoted(c) for c in table.key)
    doubled = con.execute(
        f"SELECT {keys}, count(*) AS n FROM {table.name} GROUP BY ALL HAVING count(*) > 1 ORDER BY ALL"
    ).fetchmany(1)
    if doubled:
        n = _number(
            con, f"SELECT count(*) FROM (SELECT 1 FROM {table.name} GROUP BY {keys} HAVING count(*) > 1)"
        )
        first = ", ".join(map(str, doubled[0][:-1]))
        why = f"{n:,} keys stand more than once, such as ({first}), {doubled[0][-1]} times."
        found.append(Finding("duplicate key", f"table {table.name}", why, _BACK))
    return found


def _references(con: duckdb.DuckDBPyConnection, table: Table, there: set[str]) -> list[Finding]:
    found = []
    for column, other in table.refers.items():
        if other not in there:
            continue
        key, name = TABLES[other].key[0], quoted(column)
        orphans = (
            f"FROM {table.name} t WHERE t.{name} IS NOT NULL AND NOT EXISTS "
            f"(FROM {other} o WHERE o.{quoted(key)} = t.{name})"
        )
        row = con.execute(f"SELECT count(*), min(t.{name}) {orphans}").fetchone()
        if row and row[0]:
            why = f"{row[0]:,} rows refer to {other} that are not there, such as {row[1]}."
            found.append(Finding("orphan", f"table {table.name}, column {column}", why, _BACK))
    return found


def _batches(con: duckdb.DuckDBPyConnection, tables: list[Table]) -> list[Finding]:
    found = []
    parts = (
        "coalesce(rows_accepted, 0) + coalesce(rows_unchanged, 0) + coalesce(rows_duplicate, 0) + coalesce("
    )
    for batch, read, told in con.execute(
        f"SELECT batch_id, rows_read, {parts}rows_rejected, 0) AS told FROM batches "
        "WHERE status = 'completed' AND rows_read IS DISTINCT FROM told ORDER BY batch_id LIMIT 5"
    ).fetchall():
        why = (
            f"{read} rows were read, and accepted, unchanged, duplicate and rejected ones add up to {told:,}."
        )
        found.append(Finding("batch counts", f"batch {batch}", why, _BACK))
    noted = " UNION ALL ".join(
        f"SELECT {text(t.name)} AS name, batch_id, count(*) AS n FROM {t.name} WHERE batch_id IS NOT NULL GROUP BY ALL"
        for t in tables
    )
    noted += " UNION ALL SELECT 'rejected_rows', batch_id, count(*) FROM rejected_rows GROUP BY ALL"
    for name, batch, n in con.execute(
        f"SELECT name, batch_id, n FROM ({noted}) ANTI JOIN batches USING (batch_id) "
        f"WHERE batch_id <> {text(MOVED)} ORDER BY ALL LIMIT 5"
    ).fetchall():
        why = f"{n:,} rows are of batch {batch}, which table batches does not know."
        remedy = "Import that file again, or restore a backup (workbench restore)."
        found.append(Finding("unknown batch", f"table {name}", why, remedy))
    for batch, accepted, n in con.execute(
        f"SELECT batch_id, rows_accepted, m.n FROM batches JOIN (SELECT batch_id, sum(n)::BIGINT AS n FROM ({noted}) "
        "WHERE name <> 'rejected_rows' GROUP BY batch_id) m USING (batch_id) "
        "WHERE status = 'completed' AND m.n > rows_accepted ORDER BY batch_id LIMIT 5"
    ).fetchall():
        why = f"{n:,} rows bear its name, and it says that {accepted} were accepted."
        found.append(Finding("batch counts", f"batch {batch}", why, _BACK))
    for batch, told, n in con.execute(
        "SELECT batch_id, coalesce(rows_rejected, 0), r.n FROM batches JOIN (SELECT batch_id, count(*) AS n "
        "FROM rejected_rows GROUP BY batch_id) r USING (batch_id) "
        "WHERE status = 'completed' AND r.n > coalesce(rows_rejected, 0) ORDER BY batch_id LIMIT 5"
    ).fetchall():
        why = f"{n:,} rejected rows are kept, and it says that {told:,} were rejected."
        found.append(Finding("rejected rows", f"batch {batch}", why, _BACK))
    return found


def _counts(con: duckdb.DuckDBPyConnection) -> list[Finding]:
    """Each table against the number of rows that the loader wrote down when it made the version."""
    found = []
    there = set(tables_in(con))
    for name, rows in con.execute(f"SELECT table_name, n_rows FROM {counts.TABLE} ORDER BY ALL").fetchall():
        if name not in there:
            found.append(Finding("lost rows", f"table {name}", f"it is gone, with its {rows:,} rows.", _BACK))
            continue
        now = _number(con, f"SELECT count(*) FROM {quoted(name)}")
        if now != rows:
            why = f"it has {now:,} rows, and had {rows:,} when the version was made."
            kind = "lost rows" if now < rows else "added rows"
            found.append(Finding(kind, f"table {name}", why, _BACK))
    return found


def _number(con: duckdb.DuckDBPyConnection, query: str) -> int:
    row = con.execute(query).fetchone()
    return int(row[0]) if row else 0
