"""Exploring: names by Tab, answers to look at, charts and their data one call away, errors that help."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

import workbench
from workbench.display.level_page import LevelPage
from workbench.errors import UsageError
from workbench.explore import PAGES, Explorer
from workbench.model.catalogue import METRICS

WEEK = "2025-W39"


@pytest.fixture(scope="module")
def wb(demo_home: Path) -> Iterator[Explorer]:
    with workbench.connect(demo_home) as opened:
        yield opened


def test_connecting_gives_tables_and_metrics_that_tab_completes(wb: Explorer) -> None:
    shell = InteractiveShell.instance()
    shell.user_ns["wb"] = wb
    try:
        for typed, wanted in (("wb.metrics.kpi", "kpi_score"), ("wb.tables.post_sn", "post_snapshots")):
            with provisionalcompleter():
                found = [c.text for c in shell.Completer.completions(typed, len(typed))]
            assert [f for f in found if f.endswith(wanted)], typed
    finally:
        InteractiveShell.clear_instance()
    assert set(dir(wb.metrics)) == set(METRICS) == set(wb.metrics)


def test_a_table_is_reached_by_its_name(wb: Explorer) -> None:
    assert wb.tables.posts.columns == wb["posts"].columns
    assert "posts" in wb.tables and list(wb.tables) == sorted(wb.tables)


def test_the_list_of_metrics_says_what_each_answers(wb: Explorer) -> None:
    lines = repr(wb.metrics).splitlines()
    assert len(lines) == len(METRICS)
    assert all(METRICS[line.split()[0]].sentence in line for line in lines)
    assert wb.metrics.kpi_score.__doc__ == METRICS["kpi_score"].sentence


def test_an_answer_shows_headings_units_numbers_of_rows_and_meanings(wb: Explorer) -> None:
    answer = wb.metric("account_results", week=WEEK)
    for shown in (answer._repr_html_(), repr(answer)):
        assert "Median views" in shown and "2025-09-01 to 2025-09-28" in shown
        assert f"{len(answer):,} rows" in shown and "account_results" in shown
    assert "What the columns mean" in answer._repr_html_()
    assert answer.table.frame is not None and len(answer) == len(answer.frame) > 0


def test_an_answers_rows_and_expression_are_one_call_away(wb: Explorer) -> None:
    told = wb.metrics.account_results(from_on="2025-09-01", to_on=date(2025, 9, 28))
    assert told.expression.count().execute() == len(told.frame) == len(told.data)
    finished = wb.metric("usual_change", week=WEEK)
    assert finished.expression.columns == tuple(finished.frame.columns)


def test_without_days_a_metric_covers_its_own_length_up_to_the_newest_data(wb: Explorer) -> None:
    answer = wb.metric("growth_over_six_months")
    assert answer.period.days == METRICS["growth_over_six_months"].days
    assert wb.as_of is not None and answer.period.to_on < wb.as_of.date()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("engagement_over_time", "line"),
        ("posting_hours", "rect"),
        ("kpi_score", "bar"),
        ("account_rates", "rule"),
    ],
)
def test_an_answer_is_drawn_as_its_columns_allow(wb: Explorer, name: str, kind: str) -> None:
    chart = wb.metric(name, week=WEEK).chart()
    marks = {layer["mark"] if isinstance(layer["mark"], str) else layer["mark"]["type"]
             for layer in chart.to_dict()["layer"]}  # fmt: skip
    assert kind in marks
    assert not wb.data(chart).empty


def test_a_chart_draws_the_column_that_is_asked_for(wb: Explorer) -> None:
    chart = wb.metric("account_results", week=WEEK).chart("views_per_follower", title="Reach by size")
    assert chart.to_dict()["title"]["text"] == "Reach by size"
    assert "views_per_follower" in wb.data(chart).columns


def test_the_data_behind_every_kind_of_thing_on_a_page_is_given(wb: Explorer) -> None:
    page = wb.page("accounts", week=WEEK)
    assert isinstance(page, LevelPage) and "growth_chart()" in repr(page)
    assert "net_followers" in wb.data(page.growth_chart()).columns
    assert "median_views" in wb.data(page.results_table()).columns
    assert wb.data(page.headline())["label"].tolist()[0] == "Comparable posts"
    assert isinstance(wb.data(wb.metric("size_effect", week=WEEK)), pd.DataFrame)
    with pytest.raises(UsageError, match="A Box shows no rows"):
        wb.data(page.basis())


def test_a_page_is_of_the_last_complete_week_unless_told_otherwise(wb: Explorer) -> None:
    assert wb.page("accounts").facts.period.from_on == date(2025, 9, 29)
    assert wb.page("accounts", week=WEEK, score_weeks=2).facts.window.from_on == date(2025, 9, 15)


def test_every_page_that_is_named_is_there(wb: Explorer) -> None:
    assert {name: isinstance(wb.page(name, week=WEEK), LevelPage) for name in PAGES} == dict.fromkeys(
        PAGES, True
    )


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (lambda wb: wb.metrics.kpi_scor, "There is no metric 'kpi_scor'. Did you mean 'kpi_score'"),
        (lambda wb: wb.metric("kpi_scor"), "There is no metric 'kpi_scor'. Did you mean 'kpi_score'"),
        (lambda wb: wb.tables.post, "There is no table 'post'. Did you mean 'posts'"),
        (lambda wb: wb.page("acounts"), "There is no page 'acounts'. Did you mean 'accounts'"),
        (lambda wb: wb.metric("kpi_score", week="W40"), "'W40' is not an ISO week"),
        (lambda wb: wb.metric("kpi_score", week=WEEK, to_on="2025-09-01"), "Ask for a week or for days"),
        (lambda wb: wb.metric("kpi_score", from_on="soon"), "from_on='soon' is not a date"),
        (lambda wb: wb.metric("kpi_score", from_on="2025-09-02", to_on="2025-09-01"), "is after to_on 2025-09-01"),
        (lambda wb: wb.metric("kpi_score", horizon="48"), "horizon='48' is neither"),
        (lambda wb: wb.metric("kpi_score").chart("kpi"), "kpi_score has no column 'kpi'. Did you mean 'kpi_score'"),
        (lambda wb: wb.metric("kpi_score", to_on="2001-01-01").chart(), "nothing to draw"),
    ],
)  # fmt: skip
def test_what_can_not_be_is_told_with_what_could_be_meant(wb: Explorer, asked, said: str) -> None:
    with pytest.raises(UsageError) as told:
        asked(wb)
    assert said in str(told.value)


def test_a_name_that_is_missing_is_missing_for_python_too(wb: Explorer) -> None:
    assert not hasattr(wb.metrics, "kpi_scor") and not hasattr(wb.tables, "_repr_mimebundle_")


def test_connecting_loads_neither_charts_nor_models(demo_home: Path) -> None:
    program = (
        "import sys, workbench; wb = workbench.connect(sys.argv[1]); wb.tables; "
        "print([m for m in ('altair', 'scipy', 'workbench.display', 'workbench.model') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(demo_home)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_every_line_of_the_document_runs(demo_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(demo_home))
    text = (Path(__file__).parents[1] / "docs" / "exploring.md").read_text("utf-8")
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", text, flags=re.S):
        exec(compile(block, "exploring.md", "exec"), names)
    names["wb"].close()
