"""What-if on a page, computed by Vega in a browser: the same as the formula in Python."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from whatif_start import begin, random_inputs

import workbench
from workbench.display import theme
from workbench.display.whatif import limits, sources, static, today
from workbench.metrics.periods import Period
from workbench.model.level_facts import LevelFacts
from workbench.model.whatif import INPUTS, OUTPUTS, answer, drawn_views, month
from workbench.reporting.engine import Execution
from workbench.reporting.page import About, chart_library, page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ABOUT = About(name="4_roi", title="Money", period="Week 40", version=1, as_of=datetime(2025, 10, 6, 4))
VIEW = "document.querySelector('figure.chart').view"
COMPUTED = [
    "posts", "views_per_post", "views_cv", "views", "revenue", "cost", "profit", "roi", "breakeven_rpm",
    "breakeven_posts", "room_used", "views_low", "profit_low", "views_median", "profit_median", "views_high",
    "profit_high",
]  # fmt: skip


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    return static(begin()).to_dict()


@pytest.fixture(scope="module")
def html(spec: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of the report with the sliders in it."""
    data = {theme.MIME: spec, "text/plain": "Chart"}
    cell = nbformat.v4.new_code_cell("x", outputs=[nbformat.v4.new_output("display_data", data)])
    made = Execution("4_roi", nbformat.v4.new_notebook(cells=[cell]), 1.0)
    folder = tmp_path_factory.mktemp("page")
    file = folder / "4_roi.html"
    file.write_text(page(made, ABOUT, bundle=chart_library(folder)), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here")
    from playwright.sync_api import sync_playwright

    options = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
    with sync_playwright() as running:
        started = running.chromium.launch(executable_path=CHROMIUM, args=options)
        yield started
        started.close()


@pytest.fixture
def opened(browser: Any, html: Path) -> Iterator[Any]:
    """The page, ready, in a window of its own; nothing may be said on its console."""
    said: list[str] = []
    tab = browser.new_page(viewport={"width": 1200, "height": 900})
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.goto(html.as_uri())
    tab.wait_for_selector("html[data-ready=yes]", timeout=30_000)
    yield tab
    tab.close()
    assert said == []


def test_the_page_computes_what_the_formula_says(opened: Any) -> None:
    inputs = [begin().inputs, *random_inputs(60)]
    found = opened.evaluate(
        f"""async ([all, names]) => {{
            const view = {VIEW}, answers = [];
            for (const values of all) {{
                for (const [name, value] of Object.entries(values)) view.signal(name, value);
                await view.runAsync();
                answers.push(names.map((name) => view.signal(name)));
            }}
            return answers;
        }}""",
        [[i.values() for i in inputs], COMPUTED],
    )
    assert len(found) == 61
    unknown = 0
    for given, values in zip(inputs, found, strict=True):
        expected = answer(given, begin().basis)
        assert set(expected) == set(COMPUTED)
        for name, value in zip(COMPUTED, values, strict=True):
            assert (value is None) == (expected[name] is None), (name, given)
            unknown += value is None
            # A profit near 0 is the difference of two large amounts.
            size = (
                max(abs(expected[n] or 0.0) for n in ("revenue", "cost"))
                if name.startswith("profit")
                else 0.0
            )
            assert value is None or value == pytest.approx(expected[name], rel=1e-9, abs=1e-9 * size), (
                name,
                given,
            )
    assert unknown > 5


def test_the_histogram_and_the_curve_are_the_formulas_too(opened: Any) -> None:
    start = begin()
    rows = opened.evaluate(
        f"""() => Object.values({VIEW}.getState({{data: () => true, signals: () => false}}).data) && [
            ...document.querySelectorAll('.drawing svg [aria-roledescription=bar]')].map((e) => e.ariaLabel)"""
    )
    counts = [int(re.search(r"Draws: ([\d,]+)", r)[1].replace(",", "")) for r in rows if "Draws" in r]  # type: ignore[index]
    assert sum(counts) == len(start.basis.z) == 2_000
    found = month(start.inputs, start.basis)
    profit = start.inputs.rpm * drawn_views(found, np.array(start.basis.z)) / 1000 - found["cost"]
    losses = [r for r in rows if "Loss" in r]
    assert bool(losses) == bool((profit < 0).sum())


def test_a_move_of_a_slider_changes_the_figures_and_a_press_brings_them_back(opened: Any) -> None:
    start = begin()
    slider = opened.locator(".controls input[name=posts_per_day]")
    profit = opened.locator(".controls-result strong")
    before = profit.inner_text()
    assert float(before.replace(",", "")) == pytest.approx(start.outputs["profit"], abs=0.51)
    slider.focus()
    for _ in range(5):
        opened.keyboard.press("ArrowRight")
    moved = opened.evaluate(f"{VIEW}.signal('posts_per_day')")
    assert moved > start.inputs.posts_per_day + 0.4
    expected = answer(start.inputs.changed({"posts_per_day": moved}), start.basis)["profit"]
    assert float(profit.inner_text().replace(",", "")) == pytest.approx(expected, abs=0.51)
    assert opened.locator(".vega-bind.changed").count() == 1
    opened.get_by_role("button", name="Back to today").click()
    opened.wait_for_function(f"{VIEW}.signal('posts_per_day') === {start.inputs.posts_per_day!r}")
    assert profit.inner_text() == before
    assert opened.get_by_role("button", name="Back to today").is_disabled()


def test_every_slider_is_labelled_formatted_and_beside_todays_value(opened: Any) -> None:
    for about in INPUTS:
        slider = opened.get_by_role("slider", name=about.label).and_(
            opened.locator(f"input[name={about.name}]")
        )
        assert slider.count() == 1, about.name
    rows = opened.locator(".vega-bind")
    assert rows.count() == len(INPUTS)
    texts = rows.all_inner_texts()
    assert all("today" in t for t in texts)
    rate = next(t for t in texts if t.startswith("Viral rate"))
    assert "17.9\u00a0%" in rate and "today 17.9\u00a0%" in rate
    assert not any(re.search(r"\d\.\d{4,}", t) for t in texts)


def test_a_phone_shows_all_of_it_without_scrolling_sideways(browser: Any, html: Path) -> None:
    tab = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme="dark")
    tab.goto(html.as_uri())
    tab.wait_for_selector("html[data-ready=yes]", timeout=30_000)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    widths = tab.evaluate("[...document.querySelectorAll('.controls input')].map((e) => e.clientWidth)")
    assert min(widths) > 300
    assert tab.evaluate("document.querySelector('.drawing svg').getBoundingClientRect().right") <= 390
    tab.close()


def test_a_nightfall_keeps_what_the_reader_set(opened: Any) -> None:
    opened.evaluate(f"void {VIEW}.signal('vas', 9).runAsync()")
    opened.emulate_media(color_scheme="dark")
    opened.wait_for_selector("figure.chart[data-drawn=dark]")
    opened.wait_for_function(f"{VIEW}.signal('vas') === 9")
    assert opened.locator(".vega-bind").count() == len(INPUTS)


def test_paper_has_the_figures_and_no_sliders(opened: Any) -> None:
    opened.emulate_media(media="print")
    assert not opened.locator(".controls").is_visible()
    assert opened.locator(".paper svg").first.is_visible()
    assert opened.locator(".paper input").count() == 0


def test_the_sliders_are_parameters_and_the_steps_are_expressions_of_them(spec: dict[str, Any]) -> None:
    params = {p["name"]: p for p in spec["params"]}
    for i in INPUTS:
        assert params[i.name]["bind"]["input"] == "range" and params[i.name]["value"] == getattr(
            begin().inputs, i.name
        )
    assert {n for n, p in params.items() if "expr" in p} == set(COMPUTED)
    assert set(OUTPUTS) <= set(COMPUTED)
    assert params["posts"]["expr"] == "(min((posts_per_day * vas),(posts_per_account * accounts)) * 30.4375)"
    assert len(json.dumps(spec)) < 80_000


def test_the_inputs_are_told_with_what_they_rest_on_and_what_is_assumed() -> None:
    table = sources(begin())
    assert table.caption == "12 of 13 inputs start from the data, the others are assumed"
    assert table.frame["input"].tolist() == [i.label for i in INPUTS]
    assert set(table.frame["rests_on"]) == {"Of 800 posts."}
    told = limits(begin())
    assert told.kind == "warning" and "A note." in told.body and "Tools a month" in told.body
    assert "the luck of the posts alone" in told.body


def test_a_page_of_assumptions_has_sliders_too(demo_home: Path) -> None:
    with workbench.connect(demo_home) as wb:
        nothing = LevelFacts(lambda name: wb.table(name).limit(0), Period.iso_week("2025-W40"))
        assumed = today(nothing)
    drawn = static(assumed).to_dict()
    assert len([p for p in drawn["params"] if "bind" in p]) == len(INPUTS)
    assert sources(assumed).caption.startswith("0 of 13 inputs")
    json.dumps(drawn, allow_nan=False)
