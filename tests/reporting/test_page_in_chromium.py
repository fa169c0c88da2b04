"""Pages in a browser without a network: every chart drawn, nothing to complain about, tables and pictures at hand."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import pytest
from in_chromium import CHROMIUM, chromium, visited
from PIL import Image

from workbench import display
from workbench.display.tables import Folded
from workbench.reporting.engine import Execution
from workbench.reporting.page import About, charts_in, page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")

ABOUT = About(name="2_a", title="A page", period="Week 40", version=3, as_of=datetime(2025, 10, 6, 4))
FIGURES = pd.DataFrame(
    {
        "account_id": ["é.clair", "bolt", "Atlas", "zoo", "a10", "a9", "mid", "low", "none"],
        "n_posts": [12, 1_234, 7, 100, 2, 3, 4, 5, None],
        "engagement_rate": [0.043, None, 0.5, 0.0991, -0.02, 0.001, 0.2, 0.3, 0.4],
        "first_at": pd.to_datetime(
            [
                *("2025-10-06 04:00", "2025-01-30 23:59", "2024-12-31 00:00", "2025-09-05 00:00"),
                *("2025-02-01 00:00", "2025-03-01 00:00", "2025-04-01 00:00", "2025-05-01 00:00", None),
            ]
        ),
        "interval": [
            *("49.2k to 78.3k", "8,120 to 9,000", "1.2M to 2M", "300 to 400"),
            *("10 to 20", "9 to 30", "2 to 3", "1 to 2", "0.5 to 1"),
        ],
    }
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with chromium(tmp_path_factory.mktemp("chromium")) as running:
        yield running


def page_of(folder: Path, *shown: Any, pictures: tuple[bytes, ...] = ()) -> Path:
    """A page that shows these."""
    outputs = [
        nbformat.v4.new_output("display_data", s if isinstance(s, dict) else {"text/html": s._repr_html_()})
        for s in shown
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", outputs=outputs)])
    file = folder / "2_a.html"
    made = page(Execution("2_a", notebook, 1.0), ABOUT, bundle="", pictures=pictures)
    file.write_text(made, encoding="utf-8")
    return file


def column(tab: Any, number: int, *, table: str = "table") -> list[str]:
    cells = tab.locator(f"{table} tbody tr:visible > :nth-child({number})").all_inner_texts()
    return [c.strip() for c in cells]


def test_every_chart_is_drawn_for_the_screen_and_for_paper_and_the_console_is_silent(run, browser):
    visit = visited(browser, run.pages[0].path)
    executed = nbformat.read(run.folder / "executed" / "2_accounts.ipynb", as_version=4)
    expected = len(charts_in(executed))
    assert expected > 0 and visit.said == []
    assert visit.tab.locator("html").get_attribute("data-charts") == str(expected)
    assert visit.tab.locator("[data-drawn]").count() == expected
    assert visit.tab.locator(".drawing svg.marks").count() == expected
    assert visit.tab.locator(".paper svg.marks").count() == expected
    assert visit.asked == [run.pages[0].path.as_uri()]
    visit.close()


@pytest.mark.parametrize("width", [390, 1200])
def test_a_name_without_end_makes_no_page_wider(browser, tmp_path, width):
    name = "x" * 600
    visit = visited(
        browser, page_of(tmp_path, display.warning(f"{name}: of 40 posts", name), display.text(name))
    )
    visit.tab.set_viewport_size({"width": width, "height": 800})
    assert visit.tab.evaluate("document.documentElement.scrollWidth") <= width
    visit.close()


def test_what_strangers_wrote_runs_nowhere_not_even_in_a_notebooks_own_markup(run, browser, tmp_path):
    text = run.pages[0].path.read_text(encoding="utf-8")
    smuggled = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    file = tmp_path / "page.html"
    file.write_text(text.replace("</main>", f"{smuggled}</main>"), encoding="utf-8")
    visit = visited(browser, file)
    assert visit.tab.title().startswith("Which accounts to push")
    assert any("Content Security Policy" in line for line in visit.said)
    visit.close()


def test_pages_without_charts_are_silent_too(run, browser):
    for file in (run.pages[1].path, run.index):
        visit = visited(browser, file)
        assert visit.said == []
        visit.close()


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_a_chart_saves_as_a_light_picture_with_its_title_also_at_night(run, browser, kind):
    visit = visited(browser, run.pages[0].path, color_scheme="dark")
    figure = visit.tab.locator("figure.chart:has(figcaption strong)").first
    title = figure.locator("figcaption strong").inner_text()
    button = figure.get_by_role("button", name=f"Save as {kind.upper()}: {title}")
    with visit.tab.expect_download() as coming:
        button.click()
    assert re.fullmatch(rf"2-accounts-[a-z0-9-]+\.{kind}", coming.value.suggested_filename)
    content = Path(coming.value.path()).read_bytes()
    if kind == "png":
        with Image.open(io.BytesIO(content)) as picture:
            assert picture.getpixel((2, 2))[:3] == (255, 255, 255)
            assert picture.width > 1_500 and len(picture.convert("RGB").getcolors(1 << 24) or []) > 10
    else:
        written = re.sub(r"<[^>]+>", "", content.decode("utf-8"))
        assert "".join(title.split()) in "".join(written.split())
    assert visit.said == []
    visit.close()


def test_where_no_script_runs_a_still_picture_stands_in_a_charts_place(browser, tmp_path):
    drawn = io.BytesIO()
    Image.new("P", (720, 300), 1).save(drawn, "PNG")
    spec = {"mark": "bar", "title": "Reach rose", "description": "A chart of reach", "data": {"values": []}}
    file = page_of(
        tmp_path, {display.theme.MIME: spec}, {display.theme.MIME: spec}, pictures=(drawn.getvalue(),)
    )
    visit = visited(browser, file, java_script_enabled=False)
    first, second = visit.tab.locator("figure.chart").all()
    still = first.get_by_role("img", name="A chart of reach")
    assert still.is_visible() and still.bounding_box()["width"] == 720
    assert (
        second.locator("noscript p").inner_text() == "A chart of reach" and second.locator("img").count() == 0
    )
    assert not first.locator(".drawing").is_visible()
    visit.close()


@pytest.mark.parametrize(
    ("number", "first", "second"),
    [
        (1, ["a9", "a10", "Atlas", "bolt", "é.clair"], ["zoo", "none"]),
        (2, ["1,234", "100", "12", "7", "5"], ["2", "3"]),
        (3, ["50.0 %", "40.0 %", "30.0 %", "20.0 %", "9.9 %"], ["−2.0 %", "0.1 %"]),
        (4, ["6 Oct 2025, 04:00 UTC", "5 Sep 2025, 00:00 UTC"], ["31 Dec 2024, 00:00 UTC"]),
        (5, ["1.2M to 2M", "49.2k to 78.3k", "8,120 to 9,000", "300 to 400"], ["0.5 to 1", "1 to 2"]),
    ],
    ids=["words", "counts", "fractions", "instants", "intervals"],
)
def test_a_heading_sorts_by_value_then_the_other_way_then_as_the_report_had_it(
    browser, tmp_path, number, first, second
):
    visit = visited(browser, page_of(tmp_path, display.table(FIGURES, caption="Figures")))
    tab = visit.tab

    def shown() -> list[str]:
        return [c.replace("\N{NO-BREAK SPACE}", " ") for c in column(tab, number)]

    before = shown()
    heading = tab.locator(f"thead th:nth-child({number})")
    button = heading.get_by_role("button")
    button.focus()
    tab.keyboard.press("Enter")
    assert shown()[: len(first)] == first
    assert heading.get_attribute("aria-sort") == ("ascending" if number == 1 else "descending")
    tab.keyboard.press("Enter")
    assert shown()[: len(second)] == second
    if number in (2, 3, 4):
        assert shown()[-1].startswith("–")  # what is not known is neither most nor least
    tab.keyboard.press("Enter")
    assert shown() == before and heading.get_attribute("aria-sort") is None
    assert visit.said == []
    visit.close()


@pytest.mark.long
def test_a_long_table_filters_by_words_without_accents_and_prints_whole(browser, tmp_path):
    visit = visited(browser, page_of(tmp_path, display.table(FIGURES, caption="Figures")))
    tab = visit.tab
    assert tab.get_by_role("table", name="Figures", exact=True).count() == 1
    box, told = tab.get_by_role("searchbox", name="Filter"), tab.locator(".wb-filter output")
    assert told.inner_text() == "9 rows"
    box.fill("E.CLAIR oct")
    assert column(tab, 1) == ["é.clair"] and told.inner_text() == "1 of 9 rows"
    tab.locator("thead th:nth-child(2) button").click()
    assert column(tab, 1) == ["é.clair"]
    tab.emulate_media(media="print")
    assert len(column(tab, 1)) == 9 and not box.is_visible()
    tab.emulate_media(media="screen")
    box.fill("not known")  # said to who hears the page, and shown to nobody
    assert told.inner_text() == "0 of 9 rows"
    box.fill("")
    assert len(column(tab, 1)) == 9 and told.inner_text() == "9 rows"
    visit.close()


def test_a_short_table_has_no_filter_and_one_of_no_rows_no_buttons(browser, tmp_path):
    short, empty = FIGURES.head(8), FIGURES.head(0)
    file = page_of(tmp_path, display.table(short, caption="Short"), display.table(empty, caption="Empty"))
    visit = visited(browser, file)
    assert visit.tab.locator(".wb-filter").count() == 0
    assert visit.tab.locator("figure:has-text('Short') .wb-sort").count() == 5
    assert visit.tab.locator("figure:has-text('Empty') .wb-sort").count() == 0
    visit.close()


@pytest.mark.long
def test_a_folded_table_of_1200_rows_sorts_and_filters_at_once(browser, tmp_path):
    n = 1_200
    rows = pd.DataFrame(
        {"account_id": [f"account{i:04}" for i in range(n)]}
        | {f"figure_{c}": np.arange(n) * (c + 7) % 1_201 for c in range(12)}
    )
    whole = display.table(rows, caption="All accounts", limit=n)
    visit = visited(browser, page_of(tmp_path, Folded(whole, "All 1,200 accounts")))
    tab = visit.tab
    tab.get_by_text("All 1,200 accounts").click()
    # The scripts' own work, without the painting.
    spent = tab.evaluate(
        """() => {
          const begun = performance.now();
          document.querySelector("thead th:nth-child(3) button").click();
          const box = document.querySelector(".wb-filter input");
          box.value = "account11";
          box.dispatchEvent(new Event("input"));
          return performance.now() - begun;
        }"""
    )
    assert tab.locator(".wb-filter output").inner_text() == "100 of 1,200 rows"
    assert column(tab, 3) == [
        f"{v:,}" for v in sorted((i * 8 % 1_201 for i in range(1_100, 1_200)), reverse=True)
    ]
    assert spent < 2_000
    visit.close()
