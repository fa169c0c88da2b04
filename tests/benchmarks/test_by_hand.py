"""Every metric that Ibis tells alone against the same written by hand, on rows where readings would part."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date

import duckdb
import pytest
from odd_rows import ODD_ROWS

import workbench
from benchmarks import level2, levels
from benchmarks.by_hand import METRIC_SQL, WITHOUT
from benchmarks.warehouse_of import LAST_WEEK
from workbench.metrics.periods import Period
from workbench.model.catalogue import METRICS
from workbench.settings import Settings
from workbench.warehouse import versions
from workbench.warehouse.reader import Workbench

OTHERS = [name for name in METRIC_SQL if name not in level2.METRIC_SQL]
"""Those of level 2 have a test of their own."""

FIVE_WEEKS = Period(date(2025, 8, 18), date(2025, 9, 21))
NO_POSTS = Period(date(2021, 1, 4), date(2021, 1, 31))


@pytest.fixture(scope="module")
def odd(tiny_home: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """A copy of the benchmarks' warehouse with `ODD_ROWS`, open."""
    home = tmp_path_factory.mktemp("odd") / "home"
    shutil.copytree(tiny_home.home, home)
    folder = home / tiny_home.versions.relative_to(tiny_home.home)
    version = versions.current(folder)
    assert version is not None
    with duckdb.connect(str(folder / version.file)) as con:
        for statement in ODD_ROWS:
            con.execute(statement)
    with workbench.connect(home) as wb:
        yield wb


@pytest.mark.parametrize("name", OTHERS)
def test_a_metric_is_what_the_sql_written_by_hand_gives(odd: Workbench, name: str) -> None:
    (asked,) = levels.queries(odd, LAST_WEEK, (name,))
    level2.check(odd, [asked])
    assert len(level2.fetched(odd, asked.sql)) > 1, "nothing was compared"


@pytest.mark.parametrize("name", OTHERS)
def test_a_metric_of_other_days_and_settled_counts_is_what_the_sql_gives(odd: Workbench, name: str) -> None:
    level2.check(odd, [levels.query(odd, name, FIVE_WEEKS, "settled")])


@pytest.mark.parametrize("name", OTHERS)
def test_a_metric_of_a_time_without_posts_is_what_the_sql_gives(odd: Workbench, name: str) -> None:
    level2.check(odd, [levels.query(odd, name, NO_POSTS)])


def test_every_metric_that_ibis_tells_alone_has_its_sql_or_a_reason() -> None:
    told_in_ibis = {name for name, metric in METRICS.items() if metric.finish is None}
    assert set(METRIC_SQL) | set(WITHOUT) == told_in_ibis
    assert not set(METRIC_SQL) & set(WITHOUT)


def test_copies_corrections_and_missing_rates_are_among_what_is_compared(odd: Workbench) -> None:
    pairs, sums, costs = (
        level2.fetched(odd, levels.query(odd, name, FIVE_WEEKS).sql)
        for name in ("repost_pairs", "account_roi", "va_efficiency")
    )
    assert set(pairs["is_exact_repost"]) == {True, False, None}
    assert set(pairs["is_same_order"]) == {True, False, None}
    assert (sums["revenue"] < 0).any()
    assert (sums["n_unconverted"] > 0).any()
    assert costs["missing_efficiency"].nunique() == 4


def test_the_metric_nearest_to_its_limit_is_the_figure(odd: Workbench) -> None:
    names = ("unattributed", "va_terms")
    (figure,), found = levels.measure(odd, LAST_WEEK, "tiny", rounds=2, names=names)
    assert figure.name == "levels_vs_sql_tiny"
    assert figure.value == pytest.approx(max(found, key=lambda q: q.share_of_limit).ms, abs=1e-3)
    assert [len(q.whole) for q in found] == [2, 2]
    assert all(name in levels.listing(found) for name in names)
