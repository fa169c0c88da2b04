"""Every notebook on the demo agency, on a plain scrape and on empty tables: whole pages that say what is missing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

import workbench
from workbench.reporting.run import ReportRun, find_notebooks, make_reports
from workbench.settings import load_settings

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
NAMES = sorted(n.stem for n in NOTEBOOKS.glob("*.ipynb"))
LEVELS = ["0_overview", "1_slides", "2_accounts", "3_vas", "4_roi", "5_creators"]

HOMES = ("demo", pytest.param("scrape", marks=pytest.mark.long), "empty")
"""A whole agency; posts and counts alone, as a scraper brings them; nothing at all."""

pytestmark = pytest.mark.xdist_group("every_notebook")


def outputs(run: ReportRun, name: str) -> list[str]:
    """What each code cell of an executed notebook shows."""
    executed = nbformat.read(run.folder / "executed" / f"{name}.ipynb", as_version=4)
    shown = [c.get("outputs", []) for c in executed.cells if c.cell_type == "code"]
    return [json.dumps(o) for o in shown]


def test_there_is_a_notebook_for_each_level() -> None:
    assert [n for n in LEVELS if n not in NAMES] == []
    assert [n.stem for n in find_notebooks(NOTEBOOKS.parent)] == NAMES


@pytest.mark.parametrize("kind", HOMES)
@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_through_and_warns_of_nothing(
    runs: Callable[[str], ReportRun], name: str, kind: str
) -> None:
    run = runs(kind)
    page = next(p for p in run.pages if p.name == name)
    assert page.error == ""
    assert [o for o in outputs(run, name) if '"stderr"' in o] == []


@pytest.mark.parametrize("kind", HOMES)
@pytest.mark.parametrize("name", NAMES)
def test_every_cell_with_a_result_shows_one(runs: Callable[[str], ReportRun], name: str, kind: str) -> None:
    """A cell that ends in a call of the page shows something to look at, and never a bare object or a NaN."""
    executed = nbformat.read(runs(kind).folder / "executed" / f"{name}.ipynb", as_version=4)
    for cell in executed.cells:
        last = cell.source.strip().splitlines()[-1] if cell.source.strip() else ""
        if cell.cell_type != "code" or not last.startswith("page."):
            continue
        assert cell.outputs, last
        text = json.dumps(cell.outputs)
        assert re.search(r"<workbench\.|object at 0x|>nan<|>None<|>NaT<|\bnan %", text) is None, (
            last,
            text[:400],
        )


@pytest.mark.parametrize("name", [n for n in NAMES if n in LEVELS])
def test_on_empty_tables_a_page_says_what_to_import(runs: Callable[[str], ReportRun], name: str) -> None:
    said = " ".join(outputs(runs("empty"), name))
    assert re.search(r"[Ii]mport", said)


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "missing"),
    [("1_slides", "slide"), ("3_vas", "VA"), ("4_roi", "revenue"), ("5_creators", "creator")],
)
def test_a_plain_scrape_is_told_what_it_lacks_and_how_to_get_it(
    runs: Callable[[str], ReportRun], name: str, missing: str
) -> None:
    said = " ".join(outputs(runs("scrape"), name))
    assert re.search(rf"{missing}[^\"]*[Ii]mport|[Ii]mport[^\"]*{missing}", said)


@pytest.mark.parametrize("name", [n for n in NAMES if n in LEVELS])
def test_a_page_of_the_demo_has_findings_charts_and_definitions(
    runs: Callable[[str], ReportRun], name: str
) -> None:
    said = " ".join(outputs(runs("demo"), name))
    assert "wb-tiles" in said
    assert "wb-definitions" in said
    if name != "0_overview":
        assert "vegalite" in said


def test_every_table_and_chart_of_the_demo_is_a_file_and_nothing_else_is(
    runs: Callable[[str], ReportRun],
) -> None:
    run = runs("demo")
    assert run.around is not None
    assert (run.around.error, dict(run.around.not_drawn)) == ("", {})
    charts = sum(page.path.read_text(encoding="utf-8").count('class="drawing"') for page in run.pages)
    assert run.around.n_charts == charts == len(list((run.folder / "charts").glob("*.svg")))
    tables = sum(page.path.read_text(encoding="utf-8").count('class="wb-table') for page in run.pages)
    tiles = sum(page.path.read_text(encoding="utf-8").count('<dl class="wb-tiles"') for page in run.pages)
    assert 0 < run.around.n_tables <= tables + tiles + 10
    assert len(list((run.folder / "tables").glob("*.csv"))) == run.around.n_tables
    assert (run.folder / "workbook.xlsx").stat().st_size > 20_000


def test_a_notebook_run_again_gives_the_same_to_the_last_digit(
    runs: Callable[[str], ReportRun], demo_home: Path, tmp_path: Path
) -> None:
    first = runs("demo")
    with workbench.connect(demo_home) as wb:
        version, as_of = wb.version, wb.as_of
    assert as_of is not None
    again = make_reports(
        load_settings(demo_home),
        version=version,
        as_of=as_of,
        only="3_vas",
        out=tmp_path / "again",
        files=False,
    )
    executed = []
    for run in (first, again):
        found = json.loads((run.folder / "executed" / "3_vas.ipynb").read_text(encoding="utf-8"))
        assert found["metadata"].pop("papermill")["duration"] > 0
        executed.append(found)
    assert executed[0] == executed[1]


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_committed_thin_and_without_outputs(name: str) -> None:
    for cell in nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4).cells:
        if cell.cell_type == "code":
            assert not cell.outputs and cell.execution_count is None
            assert len(cell.source.splitlines()) <= 8
            assert not re.search(r"^\s*(def|!pip|%pip)\b", cell.source, re.M)
