"""The index in a Chromium without a network: searched, readable by everybody, and whole without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from in_chromium import CHROMIUM, chromium, visited
from test_index import VIEWS, period

from workbench.reporting.index import write_index

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with chromium(tmp_path_factory.mktemp("chromium")) as running:
        yield running


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three weeks, one of them failed, one stale and one broken, and two named reports."""
    reports = tmp_path_factory.mktemp("reports")
    for week, status in (("2024-W52", "made"), ("2025-W39", "failed"), ("2025-W40", "made")):
        stale = {"stale": "The newest counts are old.", "accounts": {"covered_rate": 0.9}}
        period(reports, week, status=status, headlines=[VIEWS], freshness=stale)
    period(reports, "2025-W38")
    (reports / "2025-W38" / "manifest.json").write_text("{")
    for name in ("acme", "Bäckerei #1 & <b>Söhne"):
        period(reports / name, "2025-W40")
    return write_index(reports)


def test_the_search_narrows_periods_and_named_reports(browser, index):
    visit = visited(browser, index)
    tab = visit.tab
    entries = tab.locator(".entry:visible")
    assert entries.count() == 6
    tab.get_by_label("Search").fill("week SEP")
    assert sorted(e.split("\n")[0] for e in entries.all_inner_texts()) == [
        "Bäckerei #1 & <b>Söhne",  # whose newest is week 40
        "Week 38, 15 Sep to 21 Sep 2025",
        "Week 39, 22 Sep to 28 Sep 2025",
        "Week 40, 29 Sep to 5 Oct 2025",
        "acme",
    ]
    tab.get_by_label("Search").fill("SÖHNE")
    assert entries.count() == 1 and tab.get_by_role("status").inner_text() == "1 of 6 found"
    assert tab.locator(".group:visible").count() == 1
    tab.get_by_label("Search").fill("nothing of the kind")
    assert entries.count() == 0 and tab.locator(".group:visible").count() == 0
    tab.get_by_label("Search").fill("")
    assert entries.count() == 6
    assert visit.said == [] and visit.asked == [index.as_uri()]


def test_links_lead_to_pages_and_to_the_index_of_a_named_report(browser, index):
    tab = visited(browser, index).tab
    tab.get_by_role("link", name="Bäckerei").click()
    tab.wait_for_load_state()
    assert tab.locator("h1").inner_text() == "Bäckerei #1 & <b>Söhne"
    tab.get_by_role("link", name="A page").click()
    tab.wait_for_load_state()
    assert tab.locator("body").inner_text() == "A page"


def test_without_scripts_all_is_there_but_the_search(browser, index):
    tab = visited(browser, index, java_script_enabled=False).tab
    assert tab.locator(".entry:visible").count() == 6 and tab.locator("input:visible").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1200])
def test_everybody_can_read_it(browser, index, scheme, width):
    from axe_playwright_python import base

    for page in (index, index.parent / "acme" / "index.html"):
        tab = visited(browser, page, color_scheme=scheme, viewport={"width": width, "height": 900}).tab
        tab.evaluate(base.AXE_SCRIPT)
        found = tab.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
        assert [(v["id"], n["html"], n["failureSummary"]) for v in found for n in v["nodes"]] == []
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
