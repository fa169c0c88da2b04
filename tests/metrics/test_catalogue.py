"""Metrics by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import ibis
import pytest

import workbench
from workbench.metrics.periods import Period
from workbench.model.catalogue import METRICS, Asked

PERIOD = Period(date(2025, 8, 4), date(2025, 9, 28))
Tables = Callable[[str], ibis.Table]
NEEDS_MORE_POSTS = {"recommendations"}
"""What 600 posts can't answer: no image's lift is sure enough by then to be recommended."""


@pytest.fixture(scope="module")
def tables(demo_home: Path) -> Iterator[Tables]:
    with workbench.connect(demo_home) as open_workbench:
        yield open_workbench.table


@pytest.mark.parametrize("horizon", ["120", "settled"])
@pytest.mark.parametrize("name", sorted(METRICS))
def test_a_metric_answers_on_the_demo_in_an_order_that_leaves_no_ties(
    tables: Tables, name: str, horizon: str
) -> None:
    metric = METRICS[name]
    answer = metric.answer(Asked(tables, PERIOD, horizon))
    assert len(answer) > 0 or name in NEEDS_MORE_POSTS
    assert not answer.duplicated(list(metric.order)).any()


@pytest.mark.parametrize("name", sorted(METRICS))
def test_a_metric_answers_on_empty_tables(tables: Tables, name: str) -> None:
    answer = METRICS[name].answer(Asked(lambda table: tables(table).limit(0), PERIOD))
    assert len(answer) == 0


def test_every_metric_is_called_by_its_name_and_told_in_a_sentence() -> None:
    assert [m for name, m in METRICS.items() if m.name != name or not m.sentence.endswith(".")] == []
