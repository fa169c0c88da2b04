"""What must hold of a home after a run of it was killed, and after the next one."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
from killing import temporary_of
from stock import BAD

from workbench.safekeeping.verify import GRAVE, verified
from workbench.settings import load_settings
from workbench.warehouse import versions
from workbench.warehouse.tables import TABLES

LOADED_AT = {
    ("batches", "created_at"), ("batches", "completed_at"), ("schema_versions", "applied_at"),
    ("quality_checks", "checked_at"), ("quality_checks", "opened_at"), ("rejected_rows", "rejected_at"),
    ("batch_profiles", "profiled_at"), ("batches", "error_message"),
    ("revenue_methods", "chosen_at"), ("payouts", "frozen_at"),
}  # fmt: skip
"""Times of loading, and messages that name a home: two loads of the same differ in them."""

KEPT = (
    r"inbox/\.journal/[^/]+\.damaged", r"refused/.+", r"versions/v\d+\.(duckdb|json|sha256|pin)", r"media/.+",
    r"versions/current\.json", r"[a-z_]+\.lock", r"(secret|private)\.key", r"cache/.+", r"demo/.+", r"archive/.+",
    r"clock\.json", r"home\.id",
)  # fmt: skip
"""Files under data/ that stay when nothing runs and nothing waits."""


def newest(home: Path) -> versions.Version | None:
    return versions.current(load_settings(home).versions)


def opened(home: Path, version: versions.Version | None = None) -> duckdb.DuckDBPyConnection:
    found = version or newest(home)
    assert found is not None
    return duckdb.connect(str(load_settings(home).versions / found.file), read_only=True)


def damages(home: Path, *, quick: bool = True) -> list[str]:
    """What `workbench verify` finds wrong with a home, and keys that stand twice; empty where all is whole."""
    settings = load_settings(home)
    found = [str(f) for f in verified(settings, quick=quick) if f.severity == GRAVE and BAD not in f.where]
    if newest(home) is None:
        return found
    with opened(home) as con:
        for name, table in TABLES.items():
            doubled = f"SELECT count(*) - count(DISTINCT ({', '.join(table.key)})) FROM {name}"
            if con.execute(doubled).fetchone() != (0,):
                found.append(f"{name}: keys stand twice")
    return found


def batches(home: Path) -> dict[str, str]:
    """batch_id -> status."""
    if newest(home) is None:
        return {}
    with opened(home) as con:
        rows = con.execute("SELECT batch_id, status FROM batches").fetchall()
    assert len(dict(rows)) == len(rows)
    return dict(rows)


def leftovers(home: Path) -> list[str]:
    """Files that no run should leave for long: hidden ones, halves, logs, what refers to what is gone."""
    data = home / "data"
    found = [p.relative_to(data).as_posix() for p in data.rglob("*") if not p.is_dir()]
    left = [f for f in found if not any(re.fullmatch(kept, f) for kept in KEPT) or "/.building" in f]
    left += [
        f"{p.relative_to(data)}/"
        for p in data.rglob("*")
        if p.is_dir() and not any(p.iterdir()) and p.name not in ("inbox", ".journal", "refused")
    ]
    there = {f.removesuffix(".duckdb") for f in found if f.endswith(".duckdb")}
    left += [f for f in found if re.fullmatch(r"versions/v\d+\.\w+", f) and f.rpartition(".")[0] not in there]
    left += [p.name for p in temporary_of(home).iterdir()]
    return sorted(left)


def differences(home: Path, other: Path, *, without: frozenset[tuple[str, str]] = frozenset()) -> list[str]:
    """How the newest versions of two homes differ, table by table, both ways; without times of loading."""
    with duckdb.connect() as con:
        for name, place in (("a", home), ("b", other)):
            version = newest(place)
            assert version is not None
            con.execute(f"ATTACH '{load_settings(place).versions / version.file}' AS {name} (READ_ONLY)")
        rows = con.execute(
            "SELECT database_name, table_name, column_name FROM duckdb_columns() "
            "WHERE database_name IN ('a', 'b') AND NOT internal ORDER BY ALL"
        ).fetchall()
        shape: dict[str, dict[str, list[str]]] = {"a": {}, "b": {}}
        for database, table, column in rows:
            if (table, column) not in LOADED_AT | without:
                shape[database].setdefault(table, []).append(f'"{column}"')
        if shape["a"] != shape["b"]:
            return ["the tables differ"]
        parts = [
            f"SELECT '{table}' AS t, count(*) AS n FROM ((SELECT {', '.join(columns)} FROM {one}.{table} EXCEPT ALL "
            f"SELECT {', '.join(columns)} FROM {two}.{table}))"
            for table, columns in shape["a"].items()
            for one, two in (("a", "b"), ("b", "a"))
        ]
        query = f"SELECT t, sum(n) FROM ({' UNION ALL '.join(parts)}) GROUP BY 1 HAVING sum(n) > 0"
        return [f"{table}: {n} rows differ" for table, n in con.execute(query).fetchall()]


class Readers:
    """Threads that open the newest version again and again, and note what is not whole.

    A version is whole when it opens, is the same whenever it is opened, has a mart row for each post, and its
    batches are those of a moment between two loads.
    """

    def __init__(self, *homes: Path, every: float = 0.05) -> None:
        self._homes = homes
        self._every = every
        self._end = threading.Event()
        self._threads: list[threading.Thread] = []
        self.wrong: list[str] = []
        self.reads: Counter[Path] = Counter()
        self.seen: dict[tuple[Path, int], Any] = {}

    def __enter__(self) -> Self:
        self._threads = [threading.Thread(target=self._read, args=(home,)) for home in self._homes]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _read(self, home: Path) -> None:
        while not self._end.is_set():
            try:
                self._once(home)
            except Exception as e:
                self.wrong.append(f"{home.name}: {type(e).__name__}: {e}")
            time.sleep(self._every)

    def _once(self, home: Path) -> None:
        from workbench.warehouse.reader import Workbench

        settings = load_settings(home)
        if versions.current(settings.versions) is None:
            return
        with Workbench(settings) as wb:
            read = wb.backend.raw_sql(
                "SELECT (SELECT count(*) FROM posts), (SELECT count(*) FROM post_performance), "
                "(SELECT count(*) FROM post_snapshots), (SELECT count(*) FROM batches), "
                "(SELECT bit_xor(hash(batch_id)) FROM batches), (SELECT count(*) FROM mart_state)"
            ).fetchone()
            version = wb.version
        self.reads[home] += 1
        if read[0] != read[1] or read[5] != 1:
            self.wrong.append(f"{home.name}, version {version}: {read}")
        before = self.seen.setdefault((home, version), read)
        if before != read:
            self.wrong.append(f"{home.name}, version {version}: {read}, before {before}")


def pointer(home: Path) -> dict[str, Any]:
    file = load_settings(home).versions / versions.POINTER
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}
