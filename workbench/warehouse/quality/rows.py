"""What became of the rows of this load: refused, twice, in conflict, too late, from the future, not understood."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any

import duckdb

from ...model.quality import at_most, severity_of
from ..tables import TABLES
from .found import Found
from .steps import EXAMPLES, FEW
from .usual import ENOUGH

HISTORY_DAYS = 60
"""Late counts that span more than this are a history that was brought, and no delay."""


def found(con: duckdb.DuckDBPyConnection) -> Iterator[Found]:
    yield from _outcomes(con)
    yield from _late(con)
    yield from _future(con)
    yield from _unknown(con)


def _outcomes(con: duckdb.DuckDBPyConnection) -> Iterator[Found]:
    rows = con.execute(
        "SELECT source, table_name, arg_max(batch_id, (captured_at, batch_id)), sum(n_read)::BIGINT, "
        "sum(n_rejected)::BIGINT, sum(n_stood)::BIGINT, sum(n_duplicate)::BIGINT, sum(n_conflicts)::BIGINT "
        "FROM brought GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    referred = {(source, to) for source, table, *_ in rows for to in TABLES[table].refers.values()}
    for source, table, batch_id, read, rejected, stood, duplicate, conflicts in rows:
        common: dict[str, Any] = {"table_name": table, "source": source, "batch_id": batch_id}
        if read:
            yield Found(
                check_name="rejected_rows",
                checked=read,
                failed=rejected,
                severity=_graded(rejected, read, (0, 0.01, 0.2, 0.75)),
                description=f"{rejected:,} of {read:,} rows of {table} were refused ({source}).",
                details={"reasons": _reasons(con, source, table)} if rejected else {},
                **common,
            )
            # A file of posts names an account once for each of its posts: that is its form, no fault.
            repeats = read < FEW or (source, table) in referred
            yield Found(
                check_name="duplicate_rows",
                checked=read,
                failed=duplicate,
                # They do no harm, so nothing about them is grave.
                severity=None if repeats else _graded(duplicate, read, (0.01, 0.2, None, None)),
                description=f"{duplicate:,} of {read:,} rows of {table} stand more than once in their file ({source}).",
                **common,
            )
        if stood:
            yield Found(
                check_name="conflicting_counts",
                checked=stood,
                failed=conflicts,
                severity=_graded(conflicts, stood, (0, 0.05, 0.5, None)),
                description=f"{conflicts:,} of {stood:,} rows of {table} give another count for an instant than "
                f"another row does; the larger one stands ({source}).",
                **common,
            )


def _graded(
    failed: int, checked: int, limits: tuple[float | None, float | None, float | None, float | None]
) -> str | None:
    """The severity of a share, never above low where little was looked at."""
    severity = severity_of(failed / checked, limits) if failed else None
    return severity if checked >= FEW else at_most(severity, "low")


def _reasons(con: duckdb.DuckDBPyConnection, source: str, table: str) -> list[dict[str, Any]]:
    """The commonest reasons, without the values that they name."""
    rows = con.execute(
        "SELECT regexp_replace(reason, '''[^'']*''', '''...''', 'g') AS why, count(*) AS n FROM rejected_rows "
        "WHERE table_name = ? AND batch_id IN (SELECT batch_id FROM brought WHERE source = ?) "
        f"GROUP BY ALL ORDER BY n DESC, why LIMIT {EXAMPLES}",
        [table, source],
    ).fetchall()
    return [{"reason": str(why)[:200], "rows": n} for why, n in rows]


def _late(con: duckdb.DuckDBPyConnection) -> Iterator[Found]:
    """More counts than usual that were captured long before they were loaded."""
    rows = con.execute(
        "SELECT source, table_name, platform, sum(n_new)::BIGINT, sum(n_late)::BIGINT, min(first_late_at), "
        "max(last_late_at), arg_max(batch_id, (captured_at, batch_id)) FROM batch_profiles "
        "WHERE batch_id IN (SELECT batch_id FROM brought) AND n_new > 0 GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    for source, table, platform, new, late, first_at, last_at, batch_id in rows:
        earlier = con.execute(
            "SELECT n_late / n_new FROM batch_profiles WHERE source = ? AND table_name = ? AND platform = ? "
            "AND n_new > 0 AND batch_id NOT IN (SELECT batch_id FROM brought) "
            "ORDER BY profiled_at DESC, captured_at DESC LIMIT 5",
            [source, table, platform],
        ).fetchall()
        if len(earlier) < ENOUGH:
            continue  # whoever begins brings a history
        usual = median(share for (share,) in earlier)
        severity = severity_of(late / new - usual, (0.05, 0.2, None, None)) if late else None
        brings_history = late > 0 and (last_at - first_at).days > HISTORY_DAYS
        days = f" from {first_at:%Y-%m-%d} to {last_at:%Y-%m-%d}" if late else ""
        yield Found(
            check_name="late_data",
            table_name=table,
            source=source,
            platform=platform,
            batch_id=batch_id,
            checked=new,
            failed=late,
            severity=at_most(severity, "low") if new < FEW or brings_history else severity,
            description=f"{late:,} of {new:,} new rows of {table} were captured more than 2 days before they were "
            f"loaded,{days} ({', '.join(filter(None, [source, platform]))}).",
            details={"usual_rate": usual, "from": first_at, "to": last_at, "is_history": brings_history},
        )


def _future(con: duckdb.DuckDBPyConnection) -> Iterator[Found]:
    rows = con.execute(
        "SELECT source, table_name, platform, sum(n_rows)::BIGINT, sum(n_future)::BIGINT, "
        "arg_max(batch_id, (captured_at, batch_id)) FROM batch_profiles "
        "WHERE batch_id IN (SELECT batch_id FROM brought) AND n_future IS NOT NULL AND n_rows > 0 "
        "GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    for source, table, platform, checked, failed, batch_id in rows:
        yield Found(
            check_name="future_times",
            table_name=table,
            source=source,
            platform=platform,
            batch_id=batch_id,
            checked=checked,
            failed=failed,
            severity=_graded(failed, checked, (0, 0.01, 0.2, None)),
            description=f"{failed:,} of {checked:,} rows of {table} are of a time that had not come when they were "
            f"loaded ({', '.join(filter(None, [source, platform]))}).",
        )


def _unknown(con: duckdb.DuckDBPyConnection) -> Iterator[Found]:
    """Columns that are not understood and that the source's batch before did not have."""
    rows = con.execute(
        "SELECT source, batch_id, notes, batch_id IN (SELECT batch_id FROM brought) FROM batches "
        "WHERE status = 'completed' AND source IN (SELECT source FROM brought) "
        "QUALIFY row_number() OVER (PARTITION BY source, "
        "regexp_replace(coalesce(file_name, ''), '[^A-Za-z]+', '', 'g') "
        "ORDER BY captured_at DESC, completed_at DESC, batch_id) <= 2 ORDER BY captured_at DESC, completed_at DESC"
    ).fetchall()
    courses: dict[str, list[tuple[str, set[str], bool]]] = {}
    for source, batch_id, notes, is_new in rows:
        courses.setdefault(source, []).append((batch_id, _left_out(notes or []), is_new))
    for source, batches in sorted(courses.items()):
        new = [b for b in batches if b[2]]
        known = [b for b in batches if not b[2]]
        if not new or not known:
            continue
        before = set().union(*(columns for _, columns, _ in known))
        added = sorted(set().union(*(columns for _, columns, _ in new)) - before)
        yield Found(
            check_name="unknown_columns",
            table_name="batches",
            source=source,
            batch_id=new[0][0],
            checked=len(before) + len(added),
            failed=len(added),
            severity="low" if added else None,
            description=f"{len(added)} column{'' if len(added) == 1 else 's'} of {source} that the batch before did "
            f"not have {'is' if len(added) == 1 else 'are'} not understood: {', '.join(added[:EXAMPLES])[:200]}.",
            details={"columns": added[:20]},
        )


def erased(left_out: Sequence[tuple[str, int, int]]) -> Iterator[Found]:
    """Rows of erased persons, by source: they came again, and were not taken."""
    for source in sorted({source for source, _, _ in left_out}):
        n = sum(away for of, _, away in left_out if of == source)
        checked = n + sum(read for of, read, _ in left_out if of == source)
        yield Found(
            check_name="erased_rows",
            table_name="erasures",
            source=source,
            checked=checked,
            failed=n,
            severity="low" if n else None,
            description=f"{n:,} of {checked:,} rows of {source} are of erased persons and were left out.",
        )


def _left_out(notes: list[str]) -> set[str]:
    found: set[str] = set()
    for note in notes:
        said = re.match(
            r"Not understood and left out: (.*)\.$|\w+ has no columns (.*?): left out\.", note, re.DOTALL
        )
        found |= set((said[1] or said[2]).split(", ")) if said else set()
    return found
