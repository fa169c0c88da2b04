"""Reports of an agency each of whose texts is an attack: all of it is shown as text, wherever it leads."""

from __future__ import annotations

import csv
import re
import sys
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import nbformat
import pytest
from hostile_agency import HIT, hostile_home, loaded
from in_chromium import CHROMIUM, chromium, visited

from workbench.cli import main
from workbench.display.escaping import UNSEEN
from workbench.reporting.delivery.message import mail_of
from workbench.reporting.delivery.sets import find_set
from workbench.reporting.zipping import write_zip

PAGES = ["0_overview", "1_slides", "2_accounts", "3_vas", "4_roi", "5_creators"]
WEEK = "2025-W40"
LARGEST = 3_000_000
SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
NEVER = {"iframe", "object", "embed", "base", "link", "b", "marquee", "video", "audio", "frame"}
"""Elements that no page of ours has."""
_ELEMENTS = ", ".join([*sorted(NEVER), "form:not(.vega-bindings)"])
_FORMULA = re.compile(r"\s*[=@＝＠]|\s*[+\-＋－](?!\d[\d.,]*$)|[\t\r\n]")

_STRANGE = f"""() => [
  ...document.querySelectorAll('{_ELEMENTS}, svg image, svg a, svg script, foreignObject'),
  ...[...document.querySelectorAll('img')].filter((i) => !i.src.startsWith('data:image/')),
  ...[...document.querySelectorAll('a')].filter((a) => !/^(https?:|#|[\\w.\\/-]+\\.html)/.test(a.getAttribute('href'))),
  ...[...document.querySelectorAll('*')].filter((e) => [...e.attributes].some((a) => /^on/i.test(a.name))),
].map((e) => e.outerHTML.slice(0, 200))"""

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("hostile")]


class Markup(HTMLParser):
    """What is wrong with HTML that leaves us, as a strict reader takes it."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        odd = tag in NEVER or tag in ("script", "form") or any(name.startswith("on") for name in held)
        led = tag == "a" and not re.match(r"https?:|#|[\w./-]+\.html", held.get("href") or "")
        seen = tag == "img" and not (held.get("src") or "").startswith(("data:image/", "cid:"))
        if odd or led or seen:
            self.wrong.append((self.get_starttag_text() or tag)[:200])

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def looked_through(html: str) -> Markup:
    found = Markup()
    found.feed(html)
    found.close()
    return found


@pytest.fixture(scope="module")
def home(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the hostile agency and the reports of its last week, made by the command as anybody does."""
    folder = tmp_path_factory.mktemp("hostile")
    loaded(hostile_home(demo_home, folder), folder)
    assert main(["report", "--home", str(folder), "--week", WEEK]) == 0
    return folder


@pytest.fixture(scope="module")
def made(home: Path) -> Path:
    return home / "reports" / WEEK


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here")
    with chromium(tmp_path_factory.mktemp("chromium")) as running:
        yield running


@pytest.mark.parametrize("name", PAGES)
def test_a_page_runs_and_asks_for_nothing_however_it_is_used(browser: Any, made: Path, name: str) -> None:
    visit = visited(browser, made / f"{name}.html")
    tab, dialogs, told = visit.tab, [], ""
    tab.on("dialog", lambda d: (dialogs.append(d.message), d.dismiss()))
    tab.evaluate("() => document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    for chart in tab.locator("figure.chart .drawing").all():
        for mark in chart.locator(".mark-symbol path, .mark-rect path").all()[:2]:
            mark.hover(force=True)
            tab.wait_for_timeout(20)
            assert tab.evaluate(_STRANGE) == []
            told += tab.evaluate("() => document.querySelector('#vg-tooltip-element')?.textContent || ''")
    tab.evaluate("() => document.querySelectorAll('.wb-sort').forEach((b) => b.click())")
    assert tab.evaluate(_STRANGE) == []
    assert tab.evaluate("() => window.hit") is None
    assert (visit.said, dialogs) == ([], [])
    assert told and re.findall(UNSEEN, told) == []
    assert [a for a in visit.asked[1:] if not a.startswith("data:")] == []
    assert HIT in tab.evaluate("() => document.querySelector('main').textContent")
    visit.close()


@pytest.mark.parametrize("name", PAGES)
def test_without_scripts_a_page_holds_nothing_strange_and_no_text_leaves_its_place(
    browser: Any, made: Path, name: str
) -> None:
    visit = visited(browser, made / f"{name}.html", java_script_enabled=False)
    tab = visit.tab
    assert tab.locator(_ELEMENTS).count() == 0
    assert HIT in tab.locator("main").text_content()
    assert [a for a in visit.asked[1:] if not a.startswith("data:")] == []
    assert visit.said == []
    visit.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_stays_small_and_holds_no_character_that_turns_or_hides_text(made: Path, name: str) -> None:
    text = (made / f"{name}.html").read_text(encoding="utf-8")
    assert len(text.encode()) <= LARGEST
    said = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    assert re.findall(UNSEEN, said) == []
    assert "A" * 5_000 not in said and "ж" * 5_000 not in said


@pytest.mark.parametrize("name", PAGES)
def test_an_executed_notebook_holds_no_markup_of_strangers(made: Path, name: str) -> None:
    executed = nbformat.read(made / "executed" / f"{name}.ipynb", as_version=4)
    shown = [o.get("data", {}) for cell in executed.cells for o in cell.get("outputs", [])]
    pages = [looked_through(data["text/html"]) for data in shown if "text/html" in data]
    assert [w for page in pages for w in page.wrong] == []
    assert HIT in "".join(s for page in pages for s in page.said)
    told = "".join(str(data.get("text/plain", "")) + str(data.get("text/html", "")) for data in shown)
    assert re.findall(UNSEEN, told) == []
    assert (made / "executed" / f"{name}.ipynb").stat().st_size < LARGEST


def test_in_workbooks_every_text_is_text(made: Path) -> None:
    books = sorted(made.rglob("*.xlsx"))
    assert len(books) == 2
    for book in books:
        with zipfile.ZipFile(book) as parts:
            inside = {name: parts.read(name).decode() for name in parts.namelist()}
        sheets = [text for name, text in inside.items() if name.startswith("xl/worksheets/sheet")]
        assert len(sheets) > 2 and not any("<f>" in s or "<f " in s for s in sheets)
        led = [
            a
            for n, t in inside.items()
            if n.endswith(".rels")
            for a in re.findall(r'Target="([^"]*)"[^>]*External', t)
        ]
        assert all(a.startswith("https://") for a in led)
        texts = "".join(inside.values())
        assert HIT in texts and "HYPERLINK(" in texts
        assert re.findall(UNSEEN, texts) == []


def test_in_csv_files_no_text_begins_a_formula(made: Path) -> None:
    files = sorted(made.rglob("*.csv"))
    assert len(files) > 20
    cells = []
    for file in files:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            cells += [(file.name, cell) for row in csv.reader(lines) for cell in row]
    assert [c for c in cells if _FORMULA.match(c[1])] == []
    assert any(HIT in cell for _, cell in cells) and any(cell.startswith("'=HYPERLINK") for _, cell in cells)
    assert max(len(cell) for _, cell in cells) <= 2_001


def test_pictures_of_charts_are_drawings_alone(made: Path) -> None:
    drawn = sorted((made / "charts").glob("*.svg"))
    assert drawn
    for file in drawn:
        text = file.read_text(encoding="utf-8")
        parts = list(ElementTree.fromstring(text).iter())
        assert {p.tag.split("}")[-1] for p in parts} <= {
            "svg",
            "g",
            "path",
            "text",
            "line",
            "rect",
            "defs",
            "clipPath",
            "linearGradient",
            "stop",
            "tspan",
        }
        assert [name for p in parts for name in p.attrib if name.lower().startswith("on")] == []
        assert re.findall(UNSEEN, text) == []


def test_every_file_has_a_name_that_every_system_takes(home: Path, made: Path) -> None:
    zipped = write_zip(home / "reports", WEEK)
    with zipfile.ZipFile(zipped) as parts:
        names = parts.namelist()
    names += [str(f.relative_to(made)) for f in made.rglob("*") if f.is_file()]
    assert [part for name in names for part in name.split("/") if not SAFE_NAME.fullmatch(part)] == []
    assert not [n for n in names if Path(n).stem.lower() in ("con", "nul", "aux", "prn")]


def test_a_mail_says_it_as_text(home: Path) -> None:
    mail = mail_of(find_set(home / "reports", WEEK))
    html = looked_through(mail.html)
    assert html.wrong == []
    assert re.findall(UNSEEN, mail.html + mail.text + mail.subject) == []
    assert mail.n_summary_bytes < 1_000_000 and "\n" not in mail.subject


def test_reports_named_by_an_attacker_lie_in_their_folder_and_their_index_leads_to_them(
    browser: Any, home: Path, tmp_path: Path
) -> None:
    asked = home / "reports.toml"
    asked.write_text(
        f'[[report]]\nname = "../../<img src=x onerror={HIT}>=1+1"\nfor_each = "client"\nonly = ["accounts"]\n',
        encoding="utf-8",
    )
    out = tmp_path / "out" / "reports"
    assert (
        main(
            [
                "report",
                "--home",
                str(home),
                "--week",
                WEEK,
                "--reports",
                str(asked),
                "--out",
                str(out),
                "--no-files",
            ]
        )
        == 0
    )
    folders = [f for f in out.iterdir() if f.is_dir()]
    assert len(folders) == 4 and [f.name for f in folders if not SAFE_NAME.fullmatch(f.name)] == []
    assert [f.name for f in out.parent.iterdir()] == ["reports"]
    for index in (out / "index.html", folders[0] / "index.html", folders[0] / WEEK / "2_accounts.html"):
        visit = visited(browser, index)
        assert visit.tab.evaluate(_STRANGE) == [] and visit.tab.evaluate("() => window.hit") is None
        assert (
            visit.said == []
            and re.findall(UNSEEN, index.read_text(encoding="utf-8").split("<script>")[0]) == []
        )
        for link in visit.tab.locator("a[href$='.html']").all():
            assert (index.parent / unquote(link.get_attribute("href"))).is_file()
        visit.close()


@pytest.mark.parametrize(
    "asked",
    [
        ["metric", "account_results"],
        ["sql", "select creator_id, va_id, username, [niche] as niches from accounts"],
        ["slides", "search", "cold", "--no-lift"],
        ["tasks", "list", "--status", "all"],
    ],
    ids=lambda asked: asked[0],
)
def test_a_terminal_is_told_nothing_but_text(
    home: Path, capsys: pytest.CaptureFixture[str], asked: list[str]
) -> None:
    assert main([*asked, "--home", str(home)]) == 0
    said = capsys.readouterr()
    assert re.findall(UNSEEN, said.out + said.err) == []
    assert "│" in said.out


@pytest.mark.parametrize("form", ["csv", "json"])
def test_answers_as_csv_and_json_move_no_cursor_where_a_person_watches(
    home: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["sql", "--home", str(home), "select * from accounts", "--format", form]) == 0
    said = capfdbinary.readouterr().out.decode()
    assert HIT in said and re.findall(UNSEEN, said) == []


def test_an_answer_as_csv_begins_no_formula_and_one_as_json_is_exact(home: Path, tmp_path: Path) -> None:
    query = "select '=1+1' as a, -1 as b, 'x;=2' as c, '\x1b' as d"
    for form in ("csv", "json"):
        assert main(["sql", "--home", str(home), query, "--out", str(tmp_path / f"a.{form}")]) == 0
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == "a,b,c,d\n'=1+1,-1,x;'=2,\x1b\n"
    assert '{"a":"=1+1","b":-1,"c":"x;=2","d":"\\u001B"}' in (tmp_path / "a.json").read_text(encoding="utf-8")
