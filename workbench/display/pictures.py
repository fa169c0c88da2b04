"""Small pictures on pages: one beside a text, cards in a grid, two posts' slides under each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .escaping import address, escaped, plain, prose, told
from .headings import heading
from .table_data import WithTables, table_data

NO_PICTURE = "no picture stored"
_DATA = re.compile(r"data:image/(webp|jpeg|png);base64,[A-Za-z0-9+/]+={0,2}")
_WIDTH, _HEIGHT = 144, 256
"""Of a slide of 9:16; others are cut to it, never stretched."""
_WORDS = 90


def picture(uri: str | None, said: str, *, instead: str = NO_PICTURE) -> str:
    """An embedded picture, or a frame with words instead; `said` is what is written on the slide.

    Only small pictures that are part of the page: an address would have readers ask somebody for it.
    """
    if uri is None or not _DATA.fullmatch(uri):
        return (
            f'<span class="wb-picture wb-no-picture"><span>{escaped(instead, longest=_WORDS)}</span></span>'
        )
    return (
        f'<img class="wb-picture" src="{uri}" alt="{escaped(said)}" width="{_WIDTH}" height="{_HEIGHT}" '
        'decoding="async">'
    )


@dataclass(frozen=True, kw_only=True)
class Card:
    """An image, what it says, and what is known of it."""

    picture: str | None
    said: str
    figure: str
    facts: Sequence[str] = ()
    url: str | None = None
    """Where the words lead."""

    def html(self) -> str:
        to = address(self.url)
        words = f"<bdi>{escaped(self.said, longest=_WORDS)}</bdi>"
        if to:
            words = f'<a href="{to}" target="_blank" rel="noopener noreferrer nofollow">{words}</a>'
        facts = "".join(f"<span>{prose(f)}</span>" for f in self.facts)
        return (
            f'<li class="wb-card">{picture(self.picture, self.said)}<p class="wb-said">{words}</p>'
            f'<p class="wb-facts"><strong>{prose(self.figure)}</strong>{facts}</p></li>'
        )

    def __str__(self) -> str:
        return f"{plain(self.said, longest=60)}: {'; '.join([self.figure, *self.facts])}"


class Gallery(WithTables):
    """Cards side by side, under a caption that states the finding."""

    def __init__(self, cards: Sequence[Card], *, caption: str, note: str = "") -> None:
        self.cards, self.caption, self.note = list(cards), caption, note

    def _repr_html_(self) -> str:
        under = f"<p>{told(self.note)}</p>" if self.note else ""
        return (
            f'<figure class="wb-gallery"><figcaption><strong>{prose(self.caption)}</strong>{under}</figcaption>'
            f"<ul>{''.join(card.html() for card in self.cards)}</ul></figure>"
        )

    def tables_shown(self) -> list[dict[str, Any]]:
        """A row for each card: the words in place of the picture."""
        columns: dict[str, list[Any]] = {
            "written_on_it": [plain(c.said, longest=_WORDS) for c in self.cards],
            "figure": [c.figure for c in self.cards],
            "facts": ["; ".join(c.facts) for c in self.cards],
            "url": [c.url if address(c.url) else None for c in self.cards],
        }
        named = [(heading(name), values) for name, values in columns.items()]
        return [table_data(named, kind="gallery", caption=self.caption, note=self.note)] if self.cards else []

    def __repr__(self) -> str:
        return "\n".join([self.caption, *map(str, self.cards), *filter(None, [self.note])])


@dataclass(frozen=True, kw_only=True)
class Slide:
    """One slide of a post, and how it stands to the other post's."""

    picture: str | None
    said: str
    mark: str = ""
    is_shared: bool = True

    def html(self) -> str:
        kind = "" if self.is_shared else ' class="wb-alone"'
        return f"<li{kind}>{picture(self.picture, self.said, instead=self.said)}<span>{prose(self.mark)}</span></li>"


@dataclass(frozen=True, kw_only=True)
class Strip:
    """A post's slides in their order."""

    heading: str
    slides: Sequence[Slide] = field(default_factory=list)
    url: str | None = None

    def html(self) -> str:
        to = address(self.url)
        head = f"<bdi>{escaped(self.heading)}</bdi>"
        if to:
            head = f'<a href="{to}" target="_blank" rel="noopener noreferrer nofollow">{head}</a>'
        return f'<p class="wb-head">{head}</p><ol>{"".join(s.html() for s in self.slides)}</ol>'

    def __str__(self) -> str:
        said = "; ".join(f"{plain(s.said, longest=40)} ({s.mark})" for s in self.slides)
        return f"{plain(self.heading)}: {said}"


class SideBySide(WithTables):
    """Pairs of posts, each with a sentence that tells them apart."""

    def __init__(self, pairs: Sequence[tuple[str, Strip, Strip]], *, caption: str, note: str = "") -> None:
        self.pairs, self.caption, self.note = list(pairs), caption, note

    def _repr_html_(self) -> str:
        under = f"<p>{told(self.note)}</p>" if self.note else ""
        pairs = "".join(
            f'<section class="wb-pair"><p class="wb-apart">{prose(said)}</p>{one.html()}{other.html()}</section>'
            for said, one, other in self.pairs
        )
        return (
            f'<figure class="wb-gallery"><figcaption><strong>{prose(self.caption)}</strong>{under}</figcaption>'
            f"{pairs}</figure>"
        )

    def tables_shown(self) -> list[dict[str, Any]]:
        """A row for each slide of each pair: the words in place of the picture."""
        rows = [
            (number, said, strip.heading, strip.url if address(strip.url) else None, place, s.said, s.mark)
            for number, (said, *both) in enumerate(self.pairs, start=1)
            for strip in both
            for place, s in enumerate(strip.slides, start=1)
        ]
        names = ("pair", "told_apart_by", "post", "url", "slide", "written_on_it", "mark")
        named = (
            [(heading(n), values) for n, values in zip(names, zip(*rows, strict=True), strict=True)]
            if rows
            else []
        )
        return [table_data(named, kind="gallery", caption=self.caption, note=self.note)] if rows else []

    def __repr__(self) -> str:
        lines = [f"{said}\n  {one}\n  {other}" for said, one, other in self.pairs]
        return "\n".join([self.caption, *lines, *filter(None, [self.note])])
