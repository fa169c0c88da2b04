"""Pages: one file, nothing from anywhere, nothing that strangers wrote comes alive."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import datetime
from html.parser import HTMLParser

import nbformat
import pytest

from workbench.reporting.engine import Execution, Failure
from workbench.reporting.notebook import title_of
from workbench.reporting.page import (
    About,
    Link,
    chart_library,
    in_script,
    page,
    policy,
    without_home,
)

ABOUT = About(name="2_a", title="A page", period="Week 40", version=3, as_of=datetime(2025, 10, 6, 4))
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"


class Elements(HTMLParser):
    """Every element with its attributes and, of scripts and styles, their text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.text_of: list[tuple[str, str]] = []
        self._last = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, {k: v or "" for k, v in attrs}))
        self._last = tag

    def handle_endtag(self, tag):
        self._last = ""

    def handle_data(self, data):
        if self._last in ("script", "style"):
            self.text_of.append((self._last, data))

    def named(self, tag: str) -> list[dict[str, str]]:
        return [a for t, a in self.found if t == tag]


def made(*outputs, source="", about=ABOUT) -> str:
    cells = [nbformat.v4.new_code_cell("secret_code = 1", outputs=list(outputs))]
    if source:
        cells.insert(0, nbformat.v4.new_markdown_cell(source))
    return page(Execution("2_a", nbformat.v4.new_notebook(cells=cells), 1.0), about, bundle="BUNDLE")


def shown(**data) -> nbformat.NotebookNode:
    kinds = {k.replace("__", "/"): v for k, v in data.items()}
    return nbformat.v4.new_output("display_data", kinds)


def chart(spec) -> nbformat.NotebookNode:
    return nbformat.v4.new_output(
        "display_data", {"application/vnd.vegalite.v5+json": spec, "text/plain": "Chart"}
    )


def test_a_page_asks_nobody_for_anything(accounts_page):
    elements = Elements(accounts_page)
    for tag, attributes in elements.found:
        for name in ("src", "href", "srcset", "data", "action", "poster", "background"):
            assert not re.match(r"(?i)\s*(https?:|//|ftp:|javascript:)", attributes.get(name, "")), (
                tag,
                attributes,
            )
    assert {tag for tag, _ in elements.found} & {"link", "iframe", "object", "embed", "base", "form"} == set()
    styles = " ".join(text for kind, text in elements.text_of if kind == "style")
    assert "url(" not in styles and "@import" not in styles
    assert all("$schema" not in text for kind, text in elements.text_of if len(text) < 800_000)


def test_a_page_holds_the_chart_library_once_and_only_scripts_that_its_policy_names(accounts_page):
    elements = Elements(accounts_page)
    assert accounts_page.count("window.vegaEmbed=") == 1
    running = [a for a in elements.named("script") if a.get("type") != "application/json"]
    assert running == [{}, {}, {}]  # of tables, the charts' library, of charts
    contents = re.findall(r"<script>(.*?)</script>", accounts_page, flags=re.DOTALL)
    (rules,) = [
        m["content"] for m in elements.named("meta") if m.get("http-equiv") == "Content-Security-Policy"
    ]
    allowed = re.findall(r"'sha256-([^']+)'", rules)
    assert allowed == [base64.b64encode(hashlib.sha256(c.encode()).digest()).decode() for c in contents]
    assert rules.startswith("default-src 'none'; script-src 'sha256-") and "unsafe-eval" not in rules


def test_a_page_shows_no_code_no_prompt_and_no_path(accounts_page, home):
    assert str(home) not in accounts_page
    for code in ("import pandas", "display.enable", "In [", "min_views: int"):
        assert code not in accounts_page
    assert accounts_page.count("<style>") == 1


def test_a_page_has_language_title_one_first_heading_and_links_to_its_set(accounts_page):
    elements = Elements(accounts_page)
    assert elements.named("html") == [{"lang": "en"}]
    assert "<title>Which accounts to push · Week 40, 29 Sep to 5 Oct 2025</title>" in accounts_page
    assert len(elements.named("h1")) == 1
    hrefs = [a["href"] for a in elements.named("a")]
    assert {"../index.html", "2_accounts.html", "3_fails.html", "#accounts"} <= set(hrefs)
    anchors = {a["id"] for _, a in elements.found if "id" in a}
    assert {h[1:] for h in hrefs if h.startswith("#")} <= anchors


def test_hostile_names_and_captions_do_not_come_alive(accounts_page):
    elements = Elements(accounts_page)
    assert all(not name.startswith("on") for _, a in elements.found for name in a)
    assert {a["src"][:22] for a in elements.named("img")} == {
        "data:image/png;base64,"
    }  # still pictures of ours
    assert "alert(1)" not in "".join(re.findall(r"<script>(.*?)</script>", accounts_page, flags=re.DOTALL))


def test_every_chart_of_the_notebook_has_its_place_its_words_and_its_data(accounts_page):
    elements = Elements(accounts_page)
    drawings = [a for a in elements.named("div") if a.get("class") == "drawing"]
    specs = [
        json.loads(t) for k, t in elements.text_of if k == "script" and t.startswith('{"') and '"layer"' in t
    ]
    assert len(drawings) == 5 and all(len(d["aria-label"]) > 20 for d in drawings)
    assert len(specs) >= 4 and all("title" not in s for s in specs)


@pytest.mark.parametrize("place", ["title", "description", "row"])
def test_a_charts_text_cannot_end_its_script(place):
    spec = {"data": {"values": [{"a": HOSTILE if place == "row" else "x"}]}, "mark": "bar"}
    if place != "row":
        spec[place] = HOSTILE
    elements = Elements(made(chart(spec)))
    assert len(elements.named("script")) == 4 and elements.named("img") == []
    data = next(json.loads(t) for k, t in elements.text_of if k == "script" and '"mark"' in t)
    assert data["data"]["values"][0]["a"] == spec["data"]["values"][0]["a"]


def test_printed_and_plain_text_is_escaped_and_warnings_are_left_out():
    html = made(
        nbformat.v4.new_output("stream", name="stdout", text=f"\x1b[31m{HOSTILE}"),
        nbformat.v4.new_output("stream", name="stderr", text="/srv/lib/thing.py:1: UserWarning"),
        shown(text__plain=HOSTILE),
        shown(text__markdown=f"**bold** {HOSTILE} [x](javascript:alert(1))"),
    )
    elements = Elements(html)
    assert elements.named("script") == [] and elements.named("img") == [] and "UserWarning" not in html
    assert "\x1b" not in html and "<strong>bold</strong>" in html
    assert all("javascript" not in a["href"] for a in elements.named("a"))


def test_pictures_are_kept_if_they_are_in_the_notebook_and_not_if_they_are_elsewhere():
    html = made(shown(image__png="aGVs\nbG8=\n"), source="![a cat](https://example.org/cat.png)")
    assert [i["src"] for i in Elements(html).named("img")] == ["data:image/png;base64,aGVsbG8="]
    assert "<em>a cat</em>" in html and "example.org" not in html


def test_the_styles_that_a_notebook_was_given_are_not_repeated():
    output = shown(text__html="<style>.x {}</style>")
    output.metadata["workbench"] = "style"
    assert ".x {}" not in made(output)


def test_a_page_without_charts_has_no_script():
    html = made(shown(text__html="<p>hello</p>"))
    assert "BUNDLE" not in html and Elements(html).named("script") == [] and "<p>hello</p>" in html


def test_headings_get_ids_and_the_title_is_not_said_twice():
    html = made(source="# Title\n\n## A & b\n\ntext\n\n## A & b\n\n# Another")
    ids = [a["id"] for a in Elements(html).named("h2")]
    assert ids == ["a-amp-b", "a-amp-b-1", "another"]
    assert "Title</h" not in html


def test_a_failed_page_says_what_stopped_it_and_shows_nothing_else():
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# T\n\nhalf a result")])
    failure = Failure("KeyError", f"{HOSTILE}\nmore", "Step <1>")
    html = page(Execution("2_a", nb, 1.0, failure), ABOUT, bundle="BUNDLE")
    assert "half a result" not in html and "BUNDLE" not in html and Elements(html).named("script") == []
    assert (
        "It stopped at “Step &lt;1&gt;”" in html
        and "KeyError: &lt;/script&gt;" in html
        and "more" not in html
    )


def test_titles_and_parameters_are_escaped():
    links = [Link(HOSTILE, "2_a.html", "2_a")]
    about = About(**{**vars(ABOUT), "title": HOSTILE, "parameters": {"x": HOSTILE}, "pages": links})
    assert Elements(made(about=about)).named("script") == []


def test_the_chart_library_is_made_once_and_kept(tmp_path):
    first = chart_library(tmp_path / "cache")
    (kept,) = (tmp_path / "cache").iterdir()
    kept.write_text(first.replace("window.vegaEmbed", "window.keptEmbed"))
    assert "window.keptEmbed" in chart_library(tmp_path / "cache")
    kept.write_text(first[:1000])
    assert chart_library(tmp_path / "cache") == first, "half a file is not used"
    assert "</script" not in first and "<!--" not in first


def test_json_in_a_script_is_the_same_json():
    value = {"a": HOSTILE, "b": "\u2028<!--", "c": [1.5, None, "é"]}
    assert json.loads(in_script(value)) == value and "<" not in in_script(value)


def test_a_policy_without_scripts_lets_none_run():
    assert policy([]).startswith("default-src 'none'; script-src 'none'; ")


def test_a_notebook_without_a_heading_is_called_by_its_file(tmp_path):
    for name, title in (("2_top_accounts", "Top accounts"), ("7", "7")):
        nbformat.write(nbformat.v4.new_notebook(), tmp_path / f"{name}.ipynb")
        assert title_of(tmp_path / f"{name}.ipynb") == title


def test_errors_are_told_without_the_folders_of_the_machine(tmp_path):
    told = without_home(f"no file {tmp_path}/data/x", tmp_path)
    assert told == "no file (home)/data/x"


def test_a_still_picture_of_a_chart_stands_where_no_script_runs_and_its_words_where_there_is_none():
    specs = [chart({"mark": "bar", "description": f"Chart {n} of <b>"}) for n in (1, 2)]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("", outputs=specs)])
    text = page(Execution("2_a", notebook, 1.0), ABOUT, bundle="", pictures=(b"PNG", b""))
    first, second = re.findall(r"<noscript>(<(?:img|p).*?)</noscript>", text)
    assert first == '<img src="data:image/png;base64,UE5H" alt="Chart 1 of &lt;b&gt;">'
    assert second == "<p>Chart 2 of &lt;b&gt;</p>"


def test_the_script_of_tables_comes_with_tables_only():
    assert "wb-sort" not in re.sub(r"<style>.*?</style>", "", made(), flags=re.DOTALL)
    with_table = made(shown(text__html="<table><tr><td>1</td></tr></table>"))
    assert with_table.count('"wb-sort"') == 1
