"""The six pages and the index in a Chromium without a network: drawn, silent, asking nobody, readable by everybody."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from in_chromium import CHROMIUM, Visit, chromium, visited

from workbench.reporting.page import charts_in
from workbench.reporting.run import ReportRun

NAMES = ["0_overview", "1_slides", "2_accounts", "3_vas", "4_roi", "5_creators"]
SHOWN = ["0_overview", *(pytest.param(n, marks=pytest.mark.long) for n in NAMES[1:])]
PAGES = [*SHOWN, "index"]
LARGEST = 3_000_000
# What stands in a drawing is one image to it, whose colours test_theme holds.
_AXE = "axe.run({ exclude: [['svg']] }, { resultTypes: ['violations'], runOnly: %s })"
_UNFOLDED = """
document.querySelectorAll('details').forEach((d) => { d.open = true; });
// The rows of a table are alike, and each costs time.
document.querySelectorAll('tbody tr:nth-child(n + 5)').forEach((r) => r.remove());
"""
_GRAVE = ("serious", "critical")

pytestmark = [
    pytest.mark.xdist_group("every_notebook"),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
]


@dataclass
class Look:
    """What was found out about a page in one visit, by day and by night."""

    visit: Visit
    drawn: int
    violations: list[str]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with chromium(tmp_path_factory.mktemp("chromium")) as running:
        yield running


@pytest.fixture(scope="module")
def looks(browser: Any, runs: Callable[[str], ReportRun]) -> Callable[[str], Look]:
    """Each page visited once, with everything unfolded that can be."""
    from axe_playwright_python import base

    made: dict[str, Look] = {}

    def of(name: str) -> Look:
        if name not in made:
            visit = visited(browser, file_of(runs("demo"), name))
            tab = visit.tab
            tab.evaluate(f"() => {{ {_UNFOLDED} }}")
            tab.evaluate(base.AXE_SCRIPT)
            rules = "{ type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] }"
            found = tab.evaluate(_AXE % rules)["violations"]
            charts = tab.locator("figure.chart").count()
            tab.emulate_media(color_scheme="dark")
            tab.wait_for_function(
                "(n) => document.querySelectorAll('[data-drawn=dark]').length === n", arg=charts
            )
            found += tab.evaluate(_AXE % "{ type: 'rule', values: ['color-contrast'] }")["violations"]
            grave = [
                f"{v['id']}: {n['html'][:120]} {n['failureSummary']}"
                for v in found
                if v["impact"] in _GRAVE
                for n in v["nodes"]
            ]
            made[name] = Look(visit, tab.locator(".drawing svg.marks").count(), grave)
        return made[name]

    return of


def file_of(run: ReportRun, name: str) -> Path:
    return run.index if name == "index" else run.folder / f"{name}.html"


def text_of(run: ReportRun, name: str) -> str:
    return file_of(run, name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SHOWN)
def test_every_chart_of_the_notebook_is_drawn(
    looks: Callable[[str], Look], runs: Callable[[str], ReportRun], name: str
) -> None:
    executed = nbformat.read(runs("demo").folder / "executed" / f"{name}.ipynb", as_version=4)
    assert looks(name).drawn == len(charts_in(executed))
    assert looks(name).visit.tab.locator("[data-failed]").count() == 0


@pytest.mark.parametrize("name", PAGES)
def test_the_console_stays_empty_and_nothing_is_asked_for_but_the_page(
    looks: Callable[[str], Look], name: str
) -> None:
    visit = looks(name).visit
    assert visit.said == []
    assert [a.split("/")[-1] for a in visit.asked if not a.startswith("data:")] == [f"{name}.html"]


@pytest.mark.parametrize("name", PAGES)
def test_an_accessibility_checker_finds_nothing_serious_by_day_or_night(
    looks: Callable[[str], Look], name: str
) -> None:
    assert looks(name).violations == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_holds_no_path_no_secret_and_no_code(
    runs: Callable[[str], ReportRun], demo_home: Path, canary: str, name: str
) -> None:
    text = text_of(runs("demo"), name)
    said = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    for hidden in (str(demo_home), str(Path.home()), str(runs("demo").folder.parent), canary, "WORKBENCH_"):
        assert hidden not in said
    if name == "index":
        return
    executed = nbformat.read(runs("demo").folder / "executed" / f"{name}.ipynb", as_version=4)
    lines = {x.strip() for c in executed.cells if c.cell_type == "code" for x in c.source.splitlines()}
    assert len(lines) > 10
    assert [x for x in lines if len(x) > 8 and x in said] == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_one_file_of_less_than_three_megabytes_that_fetches_nothing(
    runs: Callable[[str], ReportRun], name: str
) -> None:
    text = text_of(runs("demo"), name)
    assert len(text.encode()) <= LARGEST
    said = re.sub(r"<script[^>]*>.*?</script>", "", text, flags=re.DOTALL)
    # Links are for readers to click; everything else that names an address would be a request.
    for tag, attribute, address in re.findall(
        r'<(\w+)[^>]*?\s(src|href|srcset|poster|data|action)="([^"]*)"', said
    ):
        assert (tag == "a" and attribute == "href") or address.startswith("data:image/"), (tag, address)
    assert re.search(r"@import|url\((?!data:|#)", said) is None
    assert text.count("window.vegaEmbed=") <= 1


@pytest.mark.long
def test_whatif_follows_its_sliders_and_goes_back(looks: Callable[[str], Look]) -> None:
    tab = looks("4_roi").visit.tab
    result, back = tab.locator(".controls-result strong"), tab.locator(".controls-reset")
    today = result.inner_text()
    slider = tab.locator(".controls input[type=range]").first
    slider.focus()
    for _ in range(5):
        tab.keyboard.press("ArrowRight")
    tab.wait_for_function(
        "(t) => document.querySelector('.controls-result strong').textContent !== t", arg=today
    )
    assert back.is_enabled()
    back.click()
    tab.wait_for_function(
        "(t) => document.querySelector('.controls-result strong').textContent === t", arg=today
    )
    assert back.is_disabled()
