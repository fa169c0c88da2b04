"""Refreshing the marts: in full, after a batch that touches 1 % of the posts, and how much memory it takes."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from workbench.settings import Settings
from workbench.warehouse import marts, versions
from workbench.warehouse.load import open_writer

from .agreement import Disagreement
from .figures import Figure, against, at_most, seconds
from .warehouse_of import FULL, Size

FULL_SECONDS, INCREMENTAL_RATIO, PEAK_GB = 6.0, 0.2, 2.0
TOUCHED_SHARE = 0.01
KEYS = {"post_performance": ("post_id",), "account_daily": ("account_id", "day_on")}
TOUCHED = {
    "newest": "ORDER BY posted_at DESC NULLS LAST, post_id",
    "random": "ORDER BY hash(post_id, {round}), post_id",
}
"""Which posts a batch touches: the newest, as a scrape does, or any."""


def measure(settings: Settings, size: Size, rounds: int) -> list[Figure]:
    """On a copy of the warehouse. Raises Disagreement when an incremental refresh gives other marts than a full one."""
    file = versions.start(settings.versions, versions.current(settings.versions))
    try:
        peak = peak_bytes(file, settings)
        refresh(file, settings)  # the first of a process also compiles the expressions
        times: dict[str, list[float]] = {"full": [], **{touched: [] for touched in TOUCHED}}
        for number in range(rounds):
            for touched in TOUCHED:
                times[touched].append(incremental(file, settings, touched, number))
                if number == 0:
                    check(file, settings, touched)
            times["full"].append(refresh(file, settings))
    finally:
        file.unlink(missing_ok=True)
    full, newest, chosen = (statistics.median(times[k]) for k in ("full", "newest", "random"))
    limit = FULL_SECONDS * size.posts / FULL.posts
    return [
        at_most(f"marts_full_{size.name}", full, "s", limit),
        against(f"marts_incremental_{size.name}", newest, "in full", full, INCREMENTAL_RATIO),
        against(f"marts_incremental_random_{size.name}", chosen, "in full", full, INCREMENTAL_RATIO),
        at_most(
            f"marts_peak_memory_{size.name}", peak / 1e9, "GB", PEAK_GB, "the process, marts.refresh alone"
        ),
    ]


def whole(settings: Settings, size: Size, most_seconds: float, most_gb: float) -> list[Figure]:
    """The full refresh alone, once: for sizes at which batches would take too long."""
    file = versions.start(settings.versions, versions.current(settings.versions))
    try:
        peak, took = peak_bytes(file, settings), refresh(file, settings)
    finally:
        file.unlink(missing_ok=True)
    return [
        at_most(f"marts_full_{size.name}", took, "s", most_seconds),
        at_most(
            f"marts_peak_memory_{size.name}", peak / 1e9, "GB", most_gb, "the process, marts.refresh alone"
        ),
    ]


@contextmanager
def writer(file: Path, settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection as a load has it: opened for it, with nothing read yet."""
    con = open_writer(file, settings)
    try:
        con.execute("CREATE TEMP TABLE touched (key_name VARCHAR, key VARCHAR)")
        yield con
        con.execute("CHECKPOINT")
    finally:
        con.close()


def refresh(file: Path, settings: Settings) -> float:
    """Seconds of a full refresh."""
    with writer(file, settings) as con:
        return seconds(lambda: marts.refresh(con, settings, full=True))


def incremental(file: Path, settings: Settings, touched: str, number: int) -> float:
    """Seconds of a refresh after a batch that looked at 1 % of the posts once more."""
    with writer(file, settings) as con:
        apply_batch(con, touched, number)
        return seconds(lambda: marts.refresh(con, settings))


def apply_batch(con: duckdb.DuckDBPyConnection, touched: str, number: int) -> None:
    """A later snapshot of 1 % of the posts, with a tenth more views than the last; notes what it touched."""
    order = TOUCHED[touched].format(round=number)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE looked AS SELECT post_id FROM posts "
        f"{order} LIMIT (SELECT ceil(count(*) * {TOUCHED_SHARE})::BIGINT FROM posts)"
    )
    con.execute(
        """
        INSERT INTO post_snapshots BY NAME
        SELECT post_id, (SELECT max(captured_at) FROM post_snapshots) + INTERVAL 1 HOUR AS captured_at,
            (coalesce(p.views, 0) * 1.1)::BIGINT + 1 AS views, p.likes, p.comments, p.shares, p.saves
        FROM looked LEFT JOIN post_performance p USING (post_id)
        """
    )
    con.execute("INSERT INTO touched SELECT 'post_id', post_id FROM looked")
    con.execute("DROP TABLE looked")


def check(file: Path, settings: Settings, touched: str) -> None:
    """Raise Disagreement where the marts are not what a full refresh makes of the same tables."""
    with writer(file, settings) as con:
        for mart in KEYS:
            con.execute(f"CREATE TEMP TABLE kept_{mart} AS FROM {mart}")
        marts.refresh(con, settings, full=True)
        wrong = [f"{mart}.{line}" for mart, key in KEYS.items() for line in _differences(con, mart, key)]
    if wrong:
        raise Disagreement(f"after a batch of {touched} posts, against a full refresh:\n" + "\n".join(wrong))


def _differences(con: duckdb.DuckDBPyConnection, mart: str, key: tuple[str, ...]) -> list[str]:
    described = con.execute(f"DESCRIBE {mart}").fetchall()
    parts = []
    for name, kind, *_ in described:
        different = f"a.{name} IS DISTINCT FROM b.{name}"
        if kind == "DOUBLE":
            close = f"abs(a.{name} - b.{name}) <= 1e-9 * greatest(1, abs(a.{name}))"
            different += f" AND NOT coalesce({close}, false)"
        parts.append(f"count(*) FILTER ({different}) AS {name}")
    joined = f"{mart} a FULL JOIN kept_{mart} b USING ({', '.join(key)})"
    counts = con.execute(f"SELECT {', '.join(parts)} FROM {joined}").fetchone()
    assert counts is not None
    return [f"{d[0]}: {n} rows differ" for d, n in zip(described, counts, strict=True) if n]


def peak_bytes(file: Path, settings: Settings) -> int:
    """The most memory that a process of its own held, which opened the file and refreshed the marts in full."""
    command = [sys.executable, "-m", "benchmarks.peak_memory", str(file), str(settings.home)]
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the process that measures memory failed: {done.stderr}")
    return int(done.stdout)
