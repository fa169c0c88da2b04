"""Tables: readable, accessible, and deaf to what strangers write."""

from __future__ import annotations

from html.parser import HTMLParser

import ibis
import pandas as pd

from workbench import display
from workbench.display.tables import Table, definitions

HOSTILE = [
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</td></table><h1>",
    "a\u202eb",
]


class Parsed(HTMLParser):
    """Tags and texts of a piece of HTML, as a browser would see them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [a for t, a in self.tags if t == tag]


def shown(data, **options) -> Parsed:
    return Parsed(display.table(data, **{"caption": "A finding", **options})._repr_html_())


def test_hostile_text_stays_text_in_cells_captions_and_notes():
    html = shown(pd.DataFrame({HOSTILE[2]: HOSTILE}), caption=HOSTILE[0], note=HOSTILE[1], missing=HOSTILE[1])
    assert {t for t, _ in html.tags} == {
        *("figure", "div", "table", "caption", "span", "thead", "tbody", "tr", "th", "bdi", "figcaption", "p")
    }
    assert all(not name.startswith("on") for _, a in html.tags for name in a)
    assert "</script><script>alert(1)</script>" in html.texts
    assert "ab" in html.texts


def test_headers_name_their_scope_and_numbers_stand_to_the_right():
    html = shown(pd.DataFrame({"account_id": ["a"], "views": [1234567]}))
    assert [a.get("scope") for a in html.named("th")] == ["col", "col", "row"]
    assert html.named("td") == [{"class": "wb-number"}]
    assert "1,234,567" in html.texts


def test_null_is_a_dash_with_its_reason_for_eyes_and_ears():
    html = shown(
        pd.DataFrame({"account_id": ["a"], "views": [None]}), missing={"views": "fewer than 5 posts"}
    )
    assert "–" in html.texts and "fewer than 5 posts" in html.texts
    assert html.named("td")[0]["title"] == "fewer than 5 posts"
    assert {"aria-hidden": "true"} in html.named("span")


def test_fractions_are_percentages_and_signs_can_be_asked_for():
    rows = pd.DataFrame({"account_id": ["a"], "engagement_rate": [0.043], "moved": [0.12]})
    html = shown(rows, units={"moved": "fraction"}, signed=["moved"])
    assert "4.3\N{NO-BREAK SPACE}%" in html.texts and "+12.0\N{NO-BREAK SPACE}%" in html.texts


def test_figures_of_a_column_have_the_same_decimals_but_nothing_becomes_0():
    html = shown(pd.DataFrame({"account_id": list("abcd"), "kpi": [73.456, 8.25, 70.0, 0.004]}))
    assert [t for t in html.texts if t[0].isdigit()] == ["73.5", "8.2", "70.0", "0.004"]


def test_an_ibis_table_is_shown_like_a_dataframe():
    rows = ibis.memtable(
        {"account_id": ["a"], "views": [3]}, schema={"account_id": "string", "views": "int64"}
    )
    assert "3" in shown(rows).texts


def test_columns_choose_order_and_headings():
    html = shown(pd.DataFrame({"a": [1], "b": [2], "c": [3]}), columns={"c": "Third", "a": "First"})
    assert html.texts[1:3] == ["Third", "First"] and "2" not in html.texts


def test_a_cut_table_says_how_many_rows_there_are():
    html = shown(pd.DataFrame({"a": range(1000)}), limit=10)
    assert len(html.named("tr")) == 11 and "The first 10 of 1,000 rows." in html.texts


def test_a_table_without_rows_says_so():
    assert "No rows." in shown(pd.DataFrame({"a": []})).texts


def test_plain_text_holds_the_same_figures():
    text = repr(display.table(pd.DataFrame({"views": [1234567, None]}), caption="One is known"))
    assert text.splitlines()[0] == "One is known" and "1,234,567" in text and "–" in text


def test_a_column_leads_to_the_address_that_another_holds():
    posts = [
        {"slide": "good <hook>", "where": "https://e.example/?a=1&b=2"},
        {"slide": "bad", "where": "javascript:alert(1)"},
        {"slide": "unknown", "where": None},
        {"slide": "cut off", "where": "https://e.example/4"},
    ]
    html = display.table(
        posts, caption="c", columns=["slide"], links={"slide": "where"}, limit=3
    )._repr_html_()
    link = '<a href="https://e.example/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer nofollow">'
    assert f"<bdi>{link}good &lt;hook&gt;</a></bdi>" in html
    assert html.count("<a ") == 1 and "javascript" not in html
    assert "<bdi>bad</bdi>" in html and "<bdi>unknown</bdi>" in html


def test_a_folded_table_is_told_by_its_line_and_whole_behind_it():
    folded = display.tables.Folded(display.table([{"a": 1}], caption="c"), "All <of> them")
    html = folded._repr_html_()
    assert html.startswith("<details") and "<summary>All &lt;of&gt; them</summary>" in html
    assert "<table>" in html and html.endswith("</details>")
    assert repr(folded).startswith("All <of> them\nc")


def test_multiples_of_a_column_have_one_or_two_decimals_and_definitions_say_unknown():
    told = Table(
        [{"median_outlier": 206.0}, {"median_outlier": 0.117}],
        caption="c",
        columns=["median_outlier"],
    )
    assert "206.0×" in told._repr_html_() and "0.1×" in told._repr_html_()
    low = Table([{"median_outlier": 0.284}], caption="c", columns=["median_outlier"])
    assert ">0.28×<" in low._repr_html_()
    assert "unknown where" in repr(definitions("on_time_rate")) and "NULL" not in repr(
        definitions("on_time_rate")
    )
