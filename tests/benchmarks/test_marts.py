"""The benchmark of the marts measures what it says, and notices marts that are wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import marts
from benchmarks.agreement import Disagreement
from benchmarks.warehouse_of import Size
from workbench.settings import Settings
from workbench.warehouse import versions


@pytest.fixture
def file(tiny_home: Settings) -> Iterator[Path]:
    """A copy of the small warehouse's file, to write to."""
    copy = versions.start(tiny_home.versions, versions.current(tiny_home.versions))
    yield copy
    copy.unlink()


@pytest.mark.parametrize("touched", marts.TOUCHED)
def test_a_batch_touches_one_post_in_a_hundred(file: Path, tiny_home: Settings, touched: str) -> None:
    with marts.writer(file, tiny_home) as con:
        before = con.execute("SELECT count(*) FROM post_snapshots").fetchone()
        marts.apply_batch(con, touched, 0)
        after = con.execute("SELECT count(*) FROM post_snapshots").fetchone()
        assert con.execute("SELECT count(DISTINCT key) FROM touched").fetchone() == (12,)
    assert before is not None
    assert after == (before[0] + 12,)


@pytest.mark.parametrize("touched", marts.TOUCHED)
def test_an_incremental_refresh_agrees_with_a_full_one(file: Path, tiny_home: Settings, touched: str) -> None:
    assert marts.incremental(file, tiny_home, touched, 0) > 0
    marts.check(file, tiny_home, touched)


def test_a_mart_that_is_behind_its_tables_is_named(file: Path, tiny_home: Settings) -> None:
    with marts.writer(file, tiny_home) as con:
        con.execute(
            "UPDATE post_performance SET views = views + 1 WHERE post_id = (SELECT min(post_id) FROM posts)"
        )
    with pytest.raises(Disagreement, match=r"post_performance\.views: 1 rows differ"):
        marts.check(file, tiny_home, "newest")


@pytest.mark.long
def test_all_figures_of_the_marts_are_made(tiny_home: Settings) -> None:
    figures = marts.measure(tiny_home, Size(posts=1_200), rounds=1)
    assert [f.name for f in figures] == [
        "marts_full_1200",
        "marts_incremental_1200",
        "marts_incremental_random_1200",
        "marts_peak_memory_1200",
    ]
    assert 0.02 < figures[-1].value < 2, "gigabytes of a small process"
