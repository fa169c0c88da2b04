"""Sizes, repeatability and refusals of `make_demo`."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import pytest

from workbench.demo import DemoFiles, make_demo
from workbench.errors import UsageError


def digests(folder: Path) -> dict[str, str]:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def n_rows(file: Path) -> int:
    row = duckdb.sql(f"SELECT count(*) FROM read_csv('{file}', all_varchar = true)").fetchone()
    assert row is not None
    return int(row[0])


def test_same_seed_gives_same_bytes(small: DemoFiles, tmp_path: Path) -> None:
    again = make_demo(tmp_path, posts=300)
    assert digests(again.folder) == digests(small.folder)


def test_another_process_and_hash_seed_give_the_same_bytes(small: DemoFiles, tmp_path: Path) -> None:
    code = f"from workbench.demo import make_demo; make_demo({str(tmp_path)!r}, posts=300)"
    environment = {**os.environ, "PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd=Path(__file__).parents[2])
    assert digests(tmp_path) == digests(small.folder)


def test_writing_over_another_demo_leaves_nothing_of_it(small: DemoFiles, tmp_path: Path) -> None:
    make_demo(tmp_path, posts=400, seed=5)
    make_demo(tmp_path, posts=300)
    assert digests(tmp_path) == digests(small.folder)


def test_another_seed_gives_another_agency(small: DemoFiles, tmp_path: Path) -> None:
    other = digests(make_demo(tmp_path, posts=300, seed=2).folder)
    same = {name for name, digest in digests(small.folder).items() if other[name] == digest}
    plain = {f"files/{name}.csv" for name in ("creators", "payout_rules", "sets", "targets")}
    assert same <= {*plain, "truth/hour_effect.parquet"}


@pytest.mark.parametrize("posts", [50, 300, 1_000])
def test_there_are_exactly_as_many_posts_as_asked_for(tmp_path: Path, posts: int) -> None:
    made = make_demo(tmp_path, posts=posts)
    assert made.n_posts == posts
    assert n_rows(made.folder / "files" / "MASTER_TIKTOK_DATABASE.csv") == posts


def test_sizes_that_are_named_are_kept(tmp_path: Path) -> None:
    made = make_demo(
        tmp_path, posts=500, accounts=20, vas=5, creators=4, days=90, slides=1_500, end_on=date(2025, 6, 1)
    )
    files = made.folder / "files"
    sizes = {name: n_rows(files / f"{name}.csv") for name in ("accounts", "vas", "creators", "slides")}
    assert sizes == {"accounts": 20, "vas": 5, "creators": 4, "slides": 1_500}
    first, last = duckdb.sql(
        f"SELECT min(created_date), max(created_date) FROM '{files}/MASTER_TIKTOK_DATABASE.csv'"
    ).fetchall()[0]
    assert date(2025, 3, 4) <= first and last <= date(2025, 6, 1)
    assert made.as_of.isoformat() == "2025-06-02T06:00:00"


def test_files_carry_the_time_of_their_lifetime_counts(small: DemoFiles) -> None:
    seconds = (small.as_of - type(small.as_of)(1970, 1, 1)).total_seconds()
    assert {f.stat().st_mtime for f in small.files} == {seconds}


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    make_demo(tmp_path, posts=50, progress=told.append)
    assert told[0] == "drawing the agency" and len(told) == 5


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"posts": 10}, "posts = 10: an agency needs at least 50 posts"),
        ({"posts": 100, "slides": 10}, "slides = 10: 100 posts have 60 slideshows"),
        ({"posts": 100, "vas": 2}, "vas = 2"),
        ({"posts": 100, "pictures": -1}, "pictures = -1: ask for 0 or more"),
        ({"posts": 100, "accounts": 200}, "accounts = 200 with 100 posts"),
    ],
)
def test_sizes_that_cannot_be_had_are_refused(tmp_path: Path, asked: dict[str, int], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        make_demo(tmp_path, **asked)  # type: ignore[arg-type]


def test_importing_the_package_is_light() -> None:
    heavy = "{'numpy', 'pyarrow', 'duckdb', 'pandas'}"
    code = f"import sys, workbench.demo; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert found.stdout.strip() == "[]"
