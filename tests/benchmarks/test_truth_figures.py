"""The comparison with the truth says what it says, and refuses the careless."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import workbench
from benchmarks import truth
from benchmarks.drawn import drawn_agency
from workbench.demo import DemoFiles
from workbench.metrics.periods import Period
from workbench.model.catalogue import Asked


@pytest.fixture(scope="module")
def asked(demo_home: Path) -> Iterator[Asked]:
    with workbench.connect(demo_home) as wb:
        yield Asked(wb.table, Period(date(2000, 1, 1), date(2025, 12, 31)))


def vas(found: list[float], true: list[float], margin: float = 0.1) -> pd.DataFrame:
    """VAs found so, with raw means that are all 0."""
    middle, zero = np.array(found), np.zeros(len(found))
    return pd.DataFrame(
        {
            "found": middle, "low": middle - margin, "high": middle + margin, "true": true, "raw": -middle,
            "raw_low": zero + 5, "raw_high": zero + 6, "is_separable": True, "is_named": True,
        }
    )  # fmt: skip


def by_name(figures: list[truth.TruthFigure]) -> dict[str, truth.TruthFigure]:
    return {f.name: f for f in figures}


def test_vas_that_are_found_hold_every_limit() -> None:
    true = list(np.linspace(-0.3, 0.3, 10))
    figures = by_name(truth.va_figures(vas([t + 0.01 for t in true[:9]] + [0.45], true)))
    assert all(f.holds for f in figures.values())
    assert figures["va_interval_coverage"].value == 0.9
    assert figures["va_interval_coverage"].careless_holds is False


def test_a_raw_ranking_passes_by_its_correlation_and_is_refused_by_its_slope() -> None:
    true = np.linspace(-0.3, 0.3, 10)
    rows = vas(list(true), list(true)).assign(raw=2.6 * true)
    figures = by_name(truth.va_figures(rows))
    assert figures["va_effect_r"].careless_holds is True
    assert figures["va_effect_slope"].careless_holds is False


def test_a_va_that_is_wrongly_called_separable_is_a_miss() -> None:
    true = list(np.linspace(-0.3, 0.3, 10))
    rows = vas(true, true)
    rows.loc[3, "is_named"] = False
    assert not by_name(truth.va_figures(rows))["va_effect_r"].holds


def test_a_count_known_before_its_age_is_a_miss() -> None:
    views = pd.DataFrame(
        {"found": [100.0, 200.0], "loaded": [100.0, 200.0], "true": [100.0, 200.0], "careless": 50.0}
    )
    assert all(f.holds for f in truth.view_figures(views.assign(is_young=False)))
    assert not any(f.holds for f in truth.view_figures(views.assign(is_young=[True, False])))


def test_the_error_of_the_decay_is_that_of_the_pooled_logarithm() -> None:
    true = np.log([0.8, 0.7, 0.6])
    one, two = (
        pd.DataFrame(
            {"use_number": [2, 3, 4], "found": true + e, "true": true, "raw": 0.0, "paired": true - 0.03}
        )
        for e in (0.04, -0.02)
    )
    figure = truth.decay_figure("decay_error", [one, two], "raw", "plain means")
    assert figure.value == pytest.approx(0.01 / -np.log(0.8), abs=1e-4)
    assert figure.holds and figure.careless_holds is False
    assert figure.careless == 1.0  # no decay at all
    paired = truth.decay_figure("decay_error_chased", [one, two], "paired", "each use against the first")
    assert paired.careless_holds is False  # 3 % of the multiple, 13 % of the logarithm


def test_an_agency_drawn_in_memory_is_the_one_of_the_files(small_demo: DemoFiles) -> None:
    made = pd.read_parquet(small_demo.truth / "posts.parquet")
    size = pd.read_json(small_demo.truth / "agency.json", typ="series")
    drawn = drawn_agency(
        int(size["seed"]), posts=len(made), accounts=size["size"]["accounts"], vas=size["size"]["vas"]
    )
    effects = [c for c in made if c.startswith("effect_")]
    assert drawn.posts[effects].to_numpy() == pytest.approx(made[effects].to_numpy())
    vas = pd.read_parquet(small_demo.truth / "vas.parquet")
    busy = vas[vas["n_posts"] > 0]
    assert drawn.vas["effect"].to_numpy() == pytest.approx(busy["effect"].to_numpy())
    assert drawn.vas["is_separable"].tolist() == busy["is_separable"].tolist()
    found = truth.compared_creators(drawn.asked, drawn.posts)
    assert found.notna().all(axis=None) and found["true"].mean() == pytest.approx(0)


def test_a_missed_limit_is_shown() -> None:
    true = list(np.linspace(-0.3, 0.3, 10))
    figure = by_name(truth.va_figures(vas([2 * t for t in true], true)))["va_effect_slope"]
    assert (figure.value, figure.holds) == (2.0, False)
    assert "MISS" in truth.line(figure)


@pytest.mark.long
def test_a_loaded_agency_is_compared_with_its_truth(asked: Asked, small_demo: DemoFiles) -> None:
    found = truth.compared_vas(asked, small_demo.truth)
    assert found["is_named"].all()
    assert found["true"].abs().max() > 0.1
    images, decay = truth.compared_slides(asked, small_demo.truth)
    assert images[["found", "low", "high", "true", "raw"]].notna().all(axis=None)
    assert np.corrcoef(images["found"], images["true"])[0, 1] > 0.4
    assert decay.loc[decay["use_number"] == 1, ["found", "true"]].to_numpy().tolist() == [[0.0, 0.0]]
    views = truth.compared_views(asked, small_demo.truth, pd.Timestamp(small_demo.as_of))
    assert all(f.holds and f.careless_holds is False for f in truth.view_figures(views))
