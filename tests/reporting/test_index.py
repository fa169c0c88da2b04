"""The index over all periods and named reports."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest

from workbench.reporting.index import write_index
from workbench.reporting.manifest import manifest_of
from workbench.reporting.sparkline import Point, in_words, sparkline

VIEWS = {
    "label": "Views",
    "value": 1200.0,
    "unit": "views",
    "shown": "1,200",
    "before": 1000.0,
    "change": 0.2,
}


def period(reports: Path, name: str, *, title: str = "A page", status: str = "made", **more: object) -> None:
    folder = reports / name
    folder.mkdir(parents=True)
    headlines = more.pop("headlines", [])
    page = {"name": "2_a", "title": title, "file": "2_a.html", "status": status, "headlines": headlines}
    warehouse = {"version": 3, "as_of": "2025-10-06T04:00:00+00:00"}
    said = {"period": folder.name, "pages": [page], "warehouse": warehouse, **more}
    (folder / "manifest.json").write_text(json.dumps(said), encoding="utf-8")
    (folder / "2_a.html").write_text("A page")


def links(html: str) -> list[str]:
    return [a for a in dict.fromkeys(re.findall(r'href="([^"]+)"', html)) if not a.startswith("#")]


def words_of(svg: str) -> str:
    found = re.search(r'aria-label="([^"]*)"', svg)
    return found[1] if found else ""


def test_the_newest_period_comes_first_and_links_are_relative(tmp_path):
    for name in ("2024-W52", "2025-W40", "2025-W09"):
        period(tmp_path, name)
    html = write_index(tmp_path).read_text()
    assert links(html) == [f"{w}/2_a.html" for w in ("2025-W40", "2025-W09", "2024-W52")]
    assert "Week 40, 29 Sep to 5 Oct 2025" in html and "3 periods, the newest first" in html
    assert re.findall(r"<h2 id=\"y\d\">(\d+)</h2>", html) == ["2025", "2024"]


def test_a_page_that_was_not_made_is_marked(tmp_path):
    period(tmp_path, "2025-W40", status="failed")
    html = write_index(tmp_path).read_text()
    assert "A page (not made)" in html and "1 page not made" in html


def test_stale_data_and_what_is_late_are_marked_with_their_coverage(tmp_path):
    period(
        tmp_path,
        "2025-W40",
        freshness={
            "stale": "The newest counts are of <then>.",
            "unfinished": "The data end on Friday, before the week does.",
            "late": [{"name": "x", "detail": "ingestion kept to its limit in 50 % of 2 runs"}],
            "accounts": {"covered_rate": 0.5},
        },
    )
    html = write_index(tmp_path).read_text()
    assert 'title="The newest counts are of &lt;then&gt;.">Stale data<' in html
    assert "50.0\N{NO-BREAK SPACE}% of accounts covered" in html and "Late: ingestion kept" in html
    assert "The data end on Friday, before the week does." in html


def test_folders_without_a_manifest_are_passed_over(tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "reel_lists" / "2025-W41").mkdir(parents=True)
    period(tmp_path, ".building-2025-W40-1-abc")
    html = write_index(tmp_path).read_text()
    assert "There are no reports yet." in html and links(html) == []
    assert [f.name for f in tmp_path.rglob("index.html")] == ["index.html"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "its manifest.json is no JSON"),
        ("[" * 100_000, "its manifest.json "),
        (b"\xff", "its manifest.json is no JSON"),
        ("[]", "its manifest.json is not one of a set of pages"),
        ('{"period": "2025-W39", "pages": [{}], "warehouse": {}}', "is not one of a set of pages"),
        (
            '{"period": "2025-W39", "pages": [], "warehouse": {"version": "x", "as_of": "then"}}',
            "is not whole",
        ),
        (
            '{"period": "2025-W39", "pages": [], "warehouse": {"version": 1, "as_of": "2025-10-06"}, "freshness": 1}',
            "is not whole",
        ),
    ],
)
def test_a_broken_manifest_is_a_line_that_says_so(tmp_path, text, why):
    period(tmp_path, "2025-W40", headlines=[VIEWS])
    period(tmp_path, "2025-W39")
    file = tmp_path / "2025-W39" / "manifest.json"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    html = write_index(tmp_path).read_text()
    assert "Nothing can be said of <code>2025-W39</code>" in html and why in html
    assert links(html) == ["2025-W40/2_a.html"] and "1,200" in html
    if why.endswith("pages"):
        assert manifest_of(tmp_path / "2025-W39") is None


@pytest.mark.parametrize(
    "headlines",
    [None, 7, [None], [{"label": 3, "value": 1}], [{"label": "a", "value": "9"}], [{"value": True}]],
)
def test_figures_that_are_none_are_left_out(tmp_path, headlines):
    period(tmp_path, "2025-W40", headlines=headlines)
    html = write_index(tmp_path).read_text()
    assert "2025-W40/2_a.html" in html and "figure" not in html.split("<body")[1]


def test_figures_are_shown_with_their_change_and_their_course_over_the_periods(tmp_path):
    for name, views in (("2025-W37", 400.0), ("2025-W38", 1600.0), ("2025-W40", 1200.0)):
        period(tmp_path, name, headlines=[{**VIEWS, "value": views}, {**VIEWS, "label": "Of one week"}])
    newest = tmp_path / "2025-W40" / "manifest.json"
    said = json.loads(newest.read_text())
    said["pages"][0]["headlines"] = [
        VIEWS,
        {"label": "Share", "value": 0.25, "unit": "fraction", "shown": "25 %", "before": 0.2},
        {"label": "Profit", "value": -50.0, "unit": "money", "shown": "-50", "before": 100.0},
        {"label": "Unknown", "value": None, "unit": "", "shown": "–", "before": 4.0},
        {"label": "Same", "value": 7.0, "unit": "posts", "shown": "7", "before": 7.0},
    ]
    newest.write_text(json.dumps({**said, "settings": {"reporting_currency": "EUR"}}))
    top = write_index(tmp_path).read_text().split("</section>")[0]
    tiles = [
        re.sub(r"<[^>]+>|\s+", " ", t).replace("\N{NO-BREAK SPACE}", " ").split()
        for t in top.split("<dt>")[1:]
    ]
    assert [" ".join(t) for t in tiles] == [
        "Views 1,200 ▲ 20 % 400 to 1,600",
        "Share 25.0 % ▲ 5.0 points",
        "Profit −50 EUR ▼ 150",
        "Unknown –",
        "Same 7",
    ]
    assert words_of(top) == (
        "Views: from 400 (2025-W37) to 1,200 (2025-W40), lowest 400 (2025-W37), highest 1,600 (2025-W38); "
        "1 missing between"
    )


def test_the_newest_period_without_the_leading_page_shows_a_dash_and_the_course_before(tmp_path):
    for name, made in (("2025-W38", True), ("2025-W39", True), ("2025-W40", False)):
        period(tmp_path, name, headlines=[VIEWS] if made else [], status="made" if made else "failed")
    html = write_index(tmp_path).read_text()
    assert "not made in this period" in html and "from 1,200 (2025-W38) to 1,200 (2025-W39)" in html


def test_a_missing_week_is_a_gap_in_the_drawing():
    points = [
        Point(place, f"W{place}", value, str(value))
        for place, value in ((1, 1.0), (2, 3.0), (4, 2.0), (5, 2.0))
    ]
    drawn = sparkline("Views", points)
    lines = [
        [tuple(map(float, p.split(","))) for p in run.split()]
        for run in re.findall(r'points="([^"]+)"', drawn)
    ]
    assert [len(run) for run in lines] == [2, 2]
    # The lowest is at the bottom, the highest at the top, 2 in the middle of 1 and 3; time runs evenly.
    assert [y for _, y in lines[0]] == [56.0, 4.0] and {y for _, y in lines[1]} == {30.0}
    assert [x for run in lines for x, _ in run] == [4.0, 52.0, 148.0, 196.0]
    assert in_words(points).endswith("; 1 missing between")


def test_a_period_whose_figure_is_unknown_is_a_gap_and_a_lonely_one_is_a_dot():
    points = [Point(1, "a", 1.0, "1"), Point(2, "b", None, ""), Point(3, "c", 1.0, "1")]
    drawn = sparkline("A <b>", points)
    assert drawn.count('class="alone"') == 2 and "polyline" not in drawn and "nan" not in drawn
    assert words_of(drawn).startswith("A &lt;b&gt;: from 1 (a) to 1 (c)")
    assert sparkline("A", points[:2]) == "" and in_words([]) == "not known"


def test_named_reports_have_an_index_of_their_own_and_a_line_in_the_top_one(tmp_path):
    period(tmp_path, "2025-W40")
    for name in ("2025-W39", "2025-W40"):
        period(tmp_path / "Bäckerei #1 & 100%?", name, status="failed" if name.endswith("40") else "made")
    top = write_index(tmp_path)
    html = top.read_text()
    named = next(a for a in links(html) if "W40" not in a)
    assert (tmp_path / unquote(named)).is_file() and named.endswith("/index.html") and " " not in named
    assert "1 named report" in html and "2 periods · newest Week 40" in html and "1 page not made" in html
    own = tmp_path / unquote(named)
    assert links(own.read_text()) == ["../index.html", "2025-W40/2_a.html", "2025-W39/2_a.html"]
    assert "Bäckerei #1 &amp; 100%?" in own.read_text()
    assert all((own.parent / unquote(a)).is_file() for a in links(own.read_text()))


def test_the_index_of_a_named_report_is_written_anew_only_where_it_is_asked_for(tmp_path):
    indexes = [tmp_path / name / "index.html" for name in ("acme", "other")]
    for file in indexes:
        period(file.parent, "2025-W40")
    write_index(tmp_path, names=[])
    assert all("2025-W40/2_a.html" in f.read_text() for f in indexes), "they had none"
    for file in indexes:
        period(file.parent, "2025-W41")
    write_index(tmp_path, names=["acme"])
    assert ["2025-W41" in f.read_text() for f in indexes] == [True, False]
    before = indexes[0].stat().st_ino
    write_index(tmp_path)
    assert "2025-W41" in indexes[1].read_text()
    assert indexes[0].stat().st_ino == before, "nothing had changed"


def test_what_strangers_wrote_is_escaped(tmp_path):
    evil = "</a><script>alert(1)</script>\u202e"
    figure = {**VIEWS, "label": evil, "unit": evil}
    for name in ("2025-W39", "2025-W40"):
        period(
            tmp_path,
            name,
            title=evil,
            headlines=[figure],
            freshness={"stale": evil, "late": [{"detail": evil}]},
        )
        period(tmp_path / '"><img src=x onerror=alert(1)>', name)
    (tmp_path / "javascript:alert(1)" / "x").mkdir(parents=True)
    period(tmp_path, "javascript:alert(2)")
    html = write_index(tmp_path).read_text()
    assert html.count("<script") == 1 and "<img" not in html and "javascript:" not in "".join(links(html))
    assert "\u202e" not in write_index(tmp_path).read_text()


def test_only_our_script_may_run_and_without_scripts_all_is_there(tmp_path):
    period(tmp_path, "2025-W40")
    alone = unescape(write_index(tmp_path).read_text())
    assert "<script" not in alone and "script-src 'none'" in alone
    period(tmp_path, "2025-W39")
    html = write_index(tmp_path).read_text()
    script = re.search(r"<script>(.*?)</script>", html, re.DOTALL)
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in unescape(html)
    assert '<div class="search" role="search" hidden>' in html and html.count('class="entry"') == 2
    assert not re.search(r"https?://", html)


def test_three_hundred_periods_are_read_and_written_quickly(tmp_path):
    for year in range(2019, 2025):
        for week in range(1, 51):
            period(tmp_path, f"{year}-W{week:02}", headlines=[VIEWS] * 6)
    started = time.process_time()
    html = write_index(tmp_path).read_text()
    assert time.process_time() - started < 3 and len(html) < 700_000
    assert html.count('class="entry"') == 300 and "104 periods since 2022-W47" in html
