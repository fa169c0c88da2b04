"""Rows of few keys over three months, and a warehouse that takes them with and without moving months away."""

from __future__ import annotations

import os
import shutil
import sys
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from workbench.settings import Settings, load_settings
from workbench.warehouse import archive, erased, quality
from workbench.warehouse.load import _apply, open_writer
from workbench.warehouse.migrate import migrate
from workbench.warehouse.tables import TABLES

sys.path.append(str(Path(__file__).parents[1] / "warehouse"))
from given import batch

MONTHS = [date(2025, 1, 1), date(2025, 2, 1), date(2025, 3, 1)]
CAPTURED = ["2025-01-01 00:00:00", "2025-01-31 23:59:59", "2025-02-01 00:00:00", "2025-03-05 00:00:00"]
EXTERNAL = {"tiktok:a": "1", "tiktok:b": "1", "tiktok:c": "2"}
"""a and b are two names of one account."""


def maybe(*values: str) -> Any:
    return st.sampled_from([None, *values])


def row(table: str, **columns: Any) -> Any:
    return st.tuples(st.just(table), st.fixed_dictionaries(columns))


_captured = st.sampled_from(CAPTURED)
ROWS = st.one_of(
    row(
        "post_snapshots",
        post_id=st.sampled_from(["tiktok:1", "tiktok:2"]),
        captured_at=_captured,
        views=maybe("5", "7", "9", "-1"),
        likes=maybe("1", "2"),
        method=maybe("scraped", "lifetime"),
    ),
    row(
        "account_snapshots",
        account_id=st.sampled_from(list(EXTERNAL)),
        captured_at=_captured,
        followers=maybe("50", "80"),
        following=maybe("5", "6"),
    ),
    row(
        "sound_snapshots",
        sound_id=st.just("s"),
        captured_at=_captured,
        endpoint=maybe("x"),
        uses=maybe("1", "2"),
    ),
    row(
        "hashtag_snapshots",
        hashtag=st.just("h"),
        platform=st.just("tiktok"),
        captured_at=_captured,
        view_count=maybe("1", "2"),
        video_count=maybe("1", "2"),
    ),
    st.sampled_from(list(EXTERNAL)).flatmap(
        lambda name: row(
            "accounts",
            account_id=st.just(name),
            username=maybe(name.removeprefix("tiktok:")),
            external_id=maybe(EXTERNAL[name]),
            seen_at=st.sampled_from(CAPTURED),
        )
    ),
    row(
        "posts",
        post_id=st.sampled_from(["tiktok:1", "tiktok:2"]),
        account_id=st.sampled_from(list(EXTERNAL)),
        posted_at=st.just("2025-01-01 00:00:00"),
        seen_at=st.sampled_from(CAPTURED),
    ),
)

BATCHES = st.lists(st.lists(ROWS, min_size=3, max_size=12), min_size=2, max_size=4)
"""In any order, overlapping and disagreeing."""

MOVES = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from(MONTHS)), min_size=1, max_size=6, unique=True
).map(sorted)
"""Before which batch a month of all tables moves."""


def template(folder: Path) -> Path:
    """An empty warehouse's file of the newest schema."""
    file = folder / "empty.duckdb"
    con = open_writer(file, load_settings(folder))
    migrate(con, "a test")
    con.execute("CHECKPOINT")
    con.close()
    return file


def written(settings: Settings, rows: list[Any], place: int) -> Path:
    tables = defaultdict(list)
    for table, columns in rows:
        tables[table].append(columns)
    folder = batch(settings, tables)
    os.utime(folder, (place + 1, place + 1))
    return folder


def applied(empty: Path, home: Path, batches: list[Any], moves: list[Any]) -> dict[str, Any]:
    """What a reader sees after the batches, months moved in between; what the loads counted and noted."""
    settings = load_settings(home)
    home.mkdir()
    file = home / "warehouse.duckdb"
    shutil.copyfile(empty, file)
    con = open_writer(file, settings)
    try:
        archive.use(con, settings.archive)
        erased.ready(con, settings.data)
        quality.begin(con)
        con.execute("CREATE TEMP TABLE touched (key_name VARCHAR, key VARCHAR)")
        seen: dict[str, Any] = {"counts": [], "moved": 0}
        for place, rows in enumerate(batches):
            for table, month_on in [(t, m) for t in archive.ARCHIVED for p, m in moves if p == place]:
                seen["moved"] += archive.archive_month(con, table, month_on)
            done = _apply(con, written(settings, rows, place), settings, None)
            assert done.status == "completed", done.error
            seen["counts"].append((done.read, done.accepted, done.unchanged, done.duplicate, done.rejected))
        archive.with_archive(con, settings.archive)
        for name in [*TABLES, "account_names", "touched"]:
            found = con.execute(f"SELECT DISTINCT * FROM {name}").fetchall()
            plain = [tuple(tuple(sorted(v.items())) if isinstance(v, dict) else v for v in r) for r in found]
            counted = con.execute(f"SELECT count(*) FROM {name}").fetchall() if name != "touched" else None
            seen[name] = (sorted(plain, key=repr), counted)
        return seen
    finally:
        con.close()
