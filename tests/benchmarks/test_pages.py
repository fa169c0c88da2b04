"""The times of the pages' figures: every fact is measured, and the listing tells how they grow."""

from __future__ import annotations

import pytest

from benchmarks import pages, six_questions
from benchmarks.warehouse_of import LAST_WEEK
from workbench.metrics.periods import Period
from workbench.model.level_facts import LevelFacts
from workbench.warehouse.reader import Workbench


@pytest.mark.parametrize("page", pages.FITS)
def test_the_facts_that_count_as_fits_are_facts(page: str) -> None:
    assert set(pages.FITS[page]) <= set(pages.names_of(pages.facts_of(page)))


def test_the_time_of_a_fact_leaves_out_the_fits_it_builds_on(tiny: Workbench) -> None:
    week = Period.week_of(LAST_WEEK)
    known = LevelFacts(tiny.table, week)
    fits = pages.prepared(tiny, week, "vas", known)
    assert set(fits.__dict__) >= {"horizon", "coverage"}
    whole, running = pages.seconds_of(tiny, week, "vas", "results", known, fits)
    assert 0 < running < whole
    assert "effects" in fits.__dict__


def test_the_listing_tells_how_cost_grows() -> None:
    found = {"10k": {"slides.uses": (10.0, 5.0)}, "100k": {"slides.uses": (100.0, 50.0)}}
    assert pages.listing(found).splitlines()[-1].split()[-1] == "1.00"
    assert "growth" not in pages.listing({"10k": found["10k"]})


def test_at_a_million_posts_the_queries_are_judged() -> None:
    found = {"slides.a": (3_000.0, 10.0), "slides.b": (900.0, 800.0)}
    figure = pages._figures("page", "slides", ["a", "b"], found, pages.MILLION)[0]
    assert figure.value == 800 and figure.holds
    assert not pages._figures("page", "slides", ["a", "b"], found, "100k")[0].holds


def test_the_old_way_and_ours_answer_alike(tiny: Workbench) -> None:
    names = {f.name for f in six_questions.measure(tiny, "tiny", 1)}
    assert names == {*(f"old_{name}_tiny" for name in six_questions.OURS), "questions_vs_sqlite_tiny"}
