"""What the newest batch of a source held, against what the batches before it held."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

import duckdb

from ...model.quality import at_most, gravest, severity_of
from .found import Found
from .steps import FEW

BEFORE = 5
"""Batches before the newest that say what is usual."""
ENOUGH = 3
"""Fewer of them say nothing."""
STEADY = 2.0
"""What varied by more than this factor among them has no usual size."""

BEYOND = 1.1
"""What differs from the lowest or highest of them by less than this factor is no news."""
BEYOND_POSTS = 1.3

LOOKED_AT = ("accounts", "account_snapshots", "post_snapshots")
"""Tables whose rows tell who was looked at; how many accounts posted is no matter of the data."""

VITAL = ("account_id", "posted_at", "views", "followers")
"""Columns without which a post or an account is in no figure."""

WITHOUT_RHYTHM = ("record", "media add", "media fetch", "media read")
"""Sources whose batches are of whatever there was to say."""
ANY_TABLE = ("table", *WITHOUT_RHYTHM)
"""Sources whose files hold one table or another."""


@dataclass(frozen=True)
class _Profile:
    batch_id: str
    captured_at: datetime
    rows: int
    accounts: int | None
    posts: int | None
    missing: dict[str, int]


@dataclass
class _Course:
    """One source's batches of one table and platform: the newest, which this load brought, and those before."""

    source: str
    table: str
    platform: str
    newest: _Profile | None = None
    before: list[_Profile] = field(default_factory=list)


def found(con: duckdb.DuckDBPyConnection) -> Iterator[Found]:
    """What is unlike the batches before, of every source of this load."""
    for course in _courses(con):
        yield from _missing(course)
        if course.source not in WITHOUT_RHYTHM:
            yield from _size(course)
            if course.table in LOOKED_AT:
                yield from _coverage(course)


def _courses(con: duckdb.DuckDBPyConnection) -> list[_Course]:
    """A course for each table and platform that the newest batch of a source brought, or that it should have.

    Batches are put in the order in which they were captured, so that the order of loading does not matter. Where the
    newest one is not of this load, nothing is compared.
    """
    rows = con.execute(
        "SELECT p.source, p.table_name, p.platform, p.batch_id, p.captured_at, n_rows, n_accounts, n_posts, missing, "
        "p.batch_id IN (SELECT batch_id FROM brought) AS is_new FROM batch_profiles p "
        "WHERE p.source IN (SELECT source FROM brought) "
        "QUALIFY row_number() OVER (PARTITION BY p.source, p.table_name, p.platform "
        f"ORDER BY p.captured_at DESC, p.profiled_at DESC, p.batch_id) <= {BEFORE + 1} "
        "ORDER BY p.source, p.table_name, p.platform, p.captured_at DESC, p.profiled_at DESC, p.batch_id"
    ).fetchall()
    newest = dict(
        con.execute(
            "SELECT source, arg_max({batch_id: batch_id, captured_at: captured_at}, (captured_at, batch_id)) "
            "FROM brought GROUP BY source"
        ).fetchall()
    )
    held = {
        (source, batch): set(tables)
        for source, batch, tables in con.execute(
            "SELECT source, batch_id, list(DISTINCT table_name) FROM batch_profiles "
            "WHERE source IN (SELECT source FROM brought) GROUP BY ALL"
        ).fetchall()
    }
    courses: dict[tuple[str, str, str], _Course] = {}
    stale = set()
    for source, table, platform, batch_id, at, n_rows, accounts, posts, missing, is_new in rows:
        key = (source, table, platform)
        profile = _Profile(batch_id, at, n_rows, accounts, posts, dict(missing))
        if key in courses:
            courses[key].before.append(profile)
        elif is_new:
            courses[key] = _Course(source, table, platform, profile)
        elif (
            source not in ANY_TABLE
            and at <= newest[source]["captured_at"]
            and held.get((source, newest[source]["batch_id"]), set()) & held[source, batch_id]
        ):
            # The newest batch, of the same kind of file, lacks this table, or this platform of it, altogether.
            lacking = _Profile(newest[source]["batch_id"], newest[source]["captured_at"], 0, 0, 0, {})
            courses[key] = _Course(source, table, platform, lacking, [profile])
        else:
            stale.add(key)
            courses[key] = _Course(source, table, platform)
    return [
        _Course(c.source, c.table, c.platform, c.newest, c.before[:BEFORE])
        for k, c in courses.items()
        if k not in stale
    ]


def _missing(course: _Course) -> Iterator[Found]:
    """Columns that are empty more often than in the batches before; where there are none, vital ones in most rows."""
    now = course.newest
    assert now is not None
    if not now.rows:
        return
    columns = dict.fromkeys([*now.missing, *(c for p in course.before for c in p.missing)])
    for column in columns:
        known = [p for p in course.before if p.rows and column in p.missing]
        n = now.missing.get(column, now.rows)
        share = n / now.rows
        rows_before = sum(p.rows for p in known)
        usual = sum(p.missing[column] for p in known) / rows_before if rows_before else None
        if usual is None:
            severity = "medium" if column in VITAL and share >= 0.5 else None
        else:
            severity = severity_of(share - usual, (0.05, 0.2, 0.5, 0.9))
            severity = severity if column in VITAL else at_most(severity, "high")
            severity = severity if len(known) >= ENOUGH else at_most(severity, "medium")
        if severity and now.rows < FEW:
            severity = "low"
        was = (
            "nothing came before to compare with"
            if usual is None
            else f"{_percent(usual)} in the {_before(len(known))}"
        )
        yield Found(
            check_name="missing_fields",
            table_name=course.table,
            source=course.source,
            platform=course.platform,
            about=column,
            batch_id=now.batch_id,
            checked=now.rows,
            failed=n,
            severity=severity,
            description=f"{column} is empty in {n:,} of {now.rows:,} rows of {course.table} ({_percent(share)}; {was}; "
            f"{_from(course)}).",
            details={"column": column, "missing_rate": round(share, 6), "usual_rate": usual},
        )


def _size(course: _Course) -> Iterator[Found]:
    """Rows of a batch outside half to double of the usual."""
    now = course.newest
    assert now is not None
    usual = _usual([p.rows for p in course.before])
    if usual is None:
        return
    times = now.rows / usual
    severity = None
    # What the batches before had at the least and at the most has to be left well behind too.
    steady = _steady([p.rows for p in course.before], usual)
    lowest, highest = min(steady), max(steady)
    beyond = now.rows < lowest / BEYOND or now.rows > highest * BEYOND
    if beyond and abs(now.rows - usual) >= FEW and not 0.5 <= times <= 2:
        severity = "medium" if 0.1 <= times <= 10 else "high"
    what = f"No row of {course.table} came" if not now.rows else f"{now.rows:,} rows of {course.table} came"
    yield Found(
        check_name="magnitude",
        table_name=course.table,
        source=course.source,
        platform=course.platform,
        batch_id=now.batch_id,
        checked=round(usual),
        failed=abs(round(usual) - now.rows),
        severity=severity,
        description=f"{what}, {times:.2g} times the usual {usual:,.0f} of the {_before(len(course.before))} "
        f"({_from(course)}).",
        details={"rows": now.rows, "usual_rows": usual, "before": [p.rows for p in course.before]},
    )


def _coverage(course: _Course) -> Iterator[Found]:
    """Accounts and posts that a batch saw, against those before."""
    now = course.newest
    assert now is not None
    severities, told, worst = [], [], (0, 0)
    # How many posts there are to look at goes up and down with how many were made.
    counted = (
        ("accounts", now.accounts, [p.accounts for p in course.before], (0.1, 0.2, 0.5, 0.9), BEYOND),
        ("posts", now.posts, [p.posts for p in course.before], (0.2, 0.4, 0.7, 0.95), BEYOND_POSTS),
    )
    for what, n, earlier, limits, beyond in counted:
        usual = _usual([e for e in earlier if e is not None])
        if usual is None or n is None:
            continue
        lost = usual - n
        severity = severity_of(lost / usual, limits) if lost > 0 else None
        # Of few, one or two more or less are no news.
        severity = at_most(severity, "low") if lost < 5 else severity
        severity = None if lost < 2 or n * beyond > min(_steady(earlier, usual)) else severity
        if severity:
            severities.append(severity)
            told.append(f"{n:,} {what} where {usual:,.0f} are usual")
        if not worst[0] or lost / usual > worst[1] / worst[0]:
            worst = (round(usual), max(0, round(lost)))
    if not worst[0]:
        return
    yield Found(
        check_name="coverage_shrunk",
        table_name=course.table,
        source=course.source,
        platform=course.platform,
        batch_id=now.batch_id,
        checked=worst[0],
        failed=worst[1],
        severity=gravest(severities),
        description=f"The newest batch saw {' and '.join(told) or 'as much as usual'} ({course.table}, "
        f"{_from(course)}).",
        details={"accounts": now.accounts, "posts": now.posts},
    )


def _usual(earlier: Sequence[int]) -> float | None:
    """The median of the batches before; None where they are too few, or too unlike each other."""
    if len(earlier) < ENOUGH:
        return None
    middle = median(earlier)
    steady = middle > 0 and len(_steady(earlier, middle)) >= len(earlier) - 1
    return middle if steady else None


def _steady(earlier: Sequence[int | None], middle: float) -> list[int]:
    """Those about as large as the middle one: a history that came at once, or a broken file, is not among them."""
    return [e for e in earlier if e is not None and middle / STEADY <= e <= middle * STEADY]


def _percent(share: float) -> str:
    return f"{100 * share:.3g}\N{NO-BREAK SPACE}%"


def _before(n: int) -> str:
    return "batch before" if n == 1 else f"{n} batches before"


def _from(course: _Course) -> str:
    return ", ".join(filter(None, [course.source, course.platform]))
