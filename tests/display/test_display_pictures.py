"""Small pictures on pages: embedded or not at all, with strangers' words made harmless."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest

from workbench.display.pictures import Card, Gallery, SideBySide, Slide, Strip, picture
from workbench.display.tables import Table

URI = "data:image/webp;base64,UklGRg=="
STRANGE = 'wait "<script>alert(1)</script>\u202e'


class Tags(HTMLParser):
    """Every element with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def test_a_picture_says_what_is_written_on_it_to_who_cannot_see_it() -> None:
    [shown] = Tags(picture(URI, "five calm mornings")).of("img")
    assert shown["src"] == URI and shown["alt"] == "five calm mornings"
    assert shown["width"] and shown["height"]
    assert "loading" not in shown  # one that waits to be scrolled to would be missing on paper


@pytest.mark.parametrize(
    "uri",
    [
        None,
        "https://tracker.example/pixel.webp",
        "javascript:alert(1)",
        "data:text/html;base64,PGI+",
        "data:image/svg+xml;base64,PHN2Zz4=",
        'data:image/webp;base64,AA" onerror="alert(1)',
    ],
)
def test_only_embedded_pictures_are_shown(uri: str | None) -> None:
    html = picture(uri, "words")
    assert "<img" not in html and "no picture stored" in html and "alert" not in html


def gallery(**given: Any) -> Gallery:
    card = {"picture": URI, "said": STRANGE, "figure": "2.10×", "facts": ("n = 7",), **given}
    return Gallery([Card(**card)], caption="The surest <image>", note="A note.")


def test_strangers_words_are_words_in_every_block() -> None:
    strip = Strip(heading=STRANGE, slides=[Slide(picture=None, said=STRANGE, mark="1")])
    pair = SideBySide([("3 of 4 slides", strip, strip)], caption="Two posts")
    listed = Table(
        pd.DataFrame({"said": [STRANGE], "image_text": [STRANGE], "picture": [URI]}),
        caption="Images",
        columns=["image_text"],
        pictures={"image_text": ("picture", "said")},
    )
    for block in (gallery(), pair, listed):
        html = block._repr_html_()
        assert not Tags(html).of("script") and "\u202e" not in html
        assert "&lt;script&gt;" in html


@pytest.mark.parametrize(("url", "n"), [("https://e.example/1", 1), ("javascript:alert(1)", 0), (None, 0)])
def test_a_card_leads_to_plain_web_addresses_only(url: str | None, n: int) -> None:
    links = Tags(gallery(url=url)._repr_html_()).of("a")
    assert len(links) == n
    assert all("noopener" in (link["rel"] or "") for link in links)


def test_blocks_can_be_read_without_html() -> None:
    assert repr(gallery(said="calm")).splitlines() == ["The surest <image>", "calm: 2.10×; n = 7", "A note."]
    one = Strip(heading="first", slides=[Slide(picture=URI, said="calm", mark="1")])
    assert (
        repr(SideBySide([("Again.", one, one)], caption="Pairs"))
        == "Pairs\nAgain.\n  first: calm (1)\n  first: calm (1)"
    )


def test_a_slide_without_a_picture_shows_its_words_in_the_frame() -> None:
    html = Slide(picture=None, said="calm mornings", mark="2 · left out", is_shared=False).html()
    assert "calm mornings" in html and "2 · left out" in html and 'class="wb-alone"' in html


def listed(pictures: list[Any]) -> str:
    frame = pd.DataFrame({"image_text": ["one", None], "said": ["one whole", "(unread)"], "n_uses": [1, 2]})
    frame["picture"] = pd.Series(pictures, dtype="object")
    return Table(
        frame,
        caption="Images",
        columns=["image_text", "n_uses"],
        pictures={"image_text": ("picture", "said")},
    )._repr_html_()


def test_a_table_shows_pictures_beside_the_words_and_a_frame_where_there_is_none() -> None:
    html = listed([URI, None])
    assert [shown["alt"] for shown in Tags(html).of("img")] == ["one whole"]
    assert html.count("no picture stored") == 1


def test_a_cell_can_hold_several_pictures() -> None:
    assert len(Tags(listed([[URI, URI, URI], []])).of("img")) == 3


def test_a_table_whose_rows_have_no_column_of_pictures_is_as_without() -> None:
    frame = pd.DataFrame({"image_text": ["one"], "n_uses": [1]})
    plain = Table(frame, caption="Images")._repr_html_()
    assert Table(frame, caption="Images", pictures={"image_text": ("picture", "said")})._repr_html_() == plain
