"""Counts at the same age from sparse snapshots, against the true curves of a simulated agency."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import ibis
import numpy as np
import pandas as pd
import pytest

import workbench
from workbench.demo import DemoFiles, make_demo
from workbench.metrics.curves import aged_snapshots, counts_at, steps
from workbench.settings import load_settings
from workbench.sources.importing import import_paths
from workbench.warehouse.load import load

SHOWN = (24, 48, 72, 96, 120, 168)
AGES = (*SHOWN, 720)
MEDIAN, P90 = 0.05, 0.10
"""What the relative error may be, at the median and at the 90th percentile."""


pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def truth_demo(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    return make_demo(tmp_path_factory.mktemp("truth"), posts=3_000, seed=11)


@pytest.fixture(scope="module")
def truth_home(truth_demo: DemoFiles, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home: Path = tmp_path_factory.mktemp("home")
    settings = load_settings(home)
    import_paths(list(truth_demo.files), settings, as_of=truth_demo.as_of)
    assert not load(settings).failed
    return home


@pytest.fixture(scope="module")
def errors(truth_demo: DemoFiles, truth_home: Path) -> pd.DataFrame:
    """A row for each post and age of the mart: see `compared`."""
    with workbench.connect(truth_home) as open_workbench:
        return compared(open_workbench.table("post_performance").to_pandas(), truth_demo)


@pytest.fixture(scope="module")
def errors_between(truth_demo: DemoFiles, truth_home: Path) -> pd.DataFrame:
    """The same without any count taken within two hours of an age, as if nobody had looked just then."""
    with workbench.connect(truth_home) as open_workbench:
        posts = open_workbench.table("posts")
        aged = aged_snapshots(posts, open_workbench.table("post_snapshots"))
        away = ibis.and_(*[(aged.age_hours - h).abs() > 2 for h in AGES])
        counts = counts_at(steps(aged.filter(away)), "views")
        return compared(
            posts.select("post_id", "posted_at").left_join(counts, "post_id").to_pandas(), truth_demo
        )


def compared(found: pd.DataFrame, truth_demo: DemoFiles) -> pd.DataFrame:
    """A row for each post and age: post_id, hours, found [views], true [views], error [relative]."""
    file = truth_demo.truth / "posts.parquet"
    columns = ", ".join(["post_id", *(f"views_{h}" for h in AGES)])
    true = duckdb.sql(f"SELECT {columns} FROM read_parquet('{file}')").df()
    joined = found.merge(true, on="post_id", how="left", validate="one_to_one")
    assert len(joined) == 3_000
    long = pd.concat(
        pd.DataFrame(
            {
                "post_id": joined["post_id"],
                "age_now": (truth_demo.as_of - joined["posted_at"]).dt.total_seconds() / 3600,
                "hours": h,
                "found": joined[f"views_at_{h}"],
                "true": joined[f"views_{h}"].astype(float),
            }
        )
        for h in AGES
    )
    return long.assign(error=lambda t: (t["found"] - t["true"]).abs() / t["true"].where(t["true"] > 0))


def told(errors: pd.DataFrame) -> tuple[float, float]:
    known = errors["error"].dropna()
    return float(known.median()), float(known.quantile(0.9))


def say(errors: pd.DataFrame, what: str) -> None:
    """The figures, for whoever runs pytest with -s."""
    for h, group in errors.groupby("hours"):
        median, p90 = told(group)
        sys.stdout.write(
            f"\n{what} {h:>4} h: n {group['error'].count():>5}, median {median:.3%}, p90 {p90:.3%}"
        )


def test_views_at_is_within_5_percent_at_the_median_and_10_at_the_90th_percentile(
    errors: pd.DataFrame,
) -> None:
    say(errors, "views_at")
    shown = errors[errors["hours"].isin(SHOWN)]
    assert shown["found"].notna().mean() > 0.5, "too few are known for this to say anything"
    median, p90 = told(shown)
    assert median <= MEDIAN
    assert p90 <= P90


def test_views_at_is_as_near_where_nobody_looked_at_that_age(errors_between: pd.DataFrame) -> None:
    say(errors_between, "views_at, nobody looking,")
    known = errors_between[errors_between["hours"].isin(SHOWN)].dropna(subset=["found"])
    assert len(known) > 500
    median, p90 = told(known)
    assert median <= MEDIAN
    assert p90 <= P90


@pytest.mark.parametrize("hours", SHOWN)
def test_no_age_hides_behind_the_others(errors: pd.DataFrame, hours: int) -> None:
    median, p90 = told(errors[errors["hours"] == hours])
    assert median <= MEDIAN
    assert p90 <= 1.5 * P90


def test_views_at_is_never_known_before_a_post_is_so_old(errors: pd.DataFrame) -> None:
    young = errors[errors["age_now"] < errors["hours"]]
    assert len(young) > 100
    assert young["found"].isna().all()


def test_a_careless_analyst_who_takes_the_last_count_before_the_age_is_refused(errors: pd.DataFrame) -> None:
    """What the limits are for: the count a day before an age is far from that at the age."""
    by_age = errors.pivot_table(index="post_id", columns="hours", values=["found", "true"])
    careless = np.abs(by_age["found"][24] - by_age["true"][48]) / by_age["true"][48]
    assert float(careless.median()) > 2 * MEDIAN
