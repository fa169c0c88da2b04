"""What a set says in short: each page's figures, findings and charts, as its executed notebook shows them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal

from ...display import theme
from ...display.escaping import plain
from .sets import ReportSet

_LONGEST = 400
_LONGEST_TEXT = 1_200
_DESCRIPTION = 500


@dataclass
class Figure:
    """A tile: what it is, how much, and how that compares."""

    label: str = ""
    value: str = ""
    news: Literal["good", "bad", ""] = ""
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Chart:
    """A chart's specification, its title, and what it shows in words."""

    spec: dict[str, Any]
    title: str
    words: str


@dataclass
class PageDigest:
    """What one page says."""

    name: str
    title: str
    file: str
    error: str = ""
    """Why there is no page; nothing else is said of it then."""
    figures: list[Figure] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)


def digest(report: ReportSet) -> list[PageDigest]:
    """One for each page of the set, in order. A page whose executed copy is gone is named and says nothing."""
    return [_page(report.folder, entry) for entry in report.pages]


def _page(folder: Path, entry: dict[str, Any]) -> PageDigest:
    said = PageDigest(str(entry["name"]), _line(entry["title"]), str(entry["file"]))
    if entry.get("status") == "failed":
        said.error = _line(entry.get("error") or "no cause is known", _LONGEST // 2)
        return said
    for output in _outputs(folder / "executed" / f"{said.name}.ipynb"):
        data = output.get("data", {})
        if isinstance(spec := data.get(theme.MIME), dict):
            said.charts.append(_chart(spec))
        elif "text/html" in data:
            parts = _Parts(said)
            parts.feed(_joined(data["text/html"]))
            parts.close()
    said.figures = [f for f in said.figures if f.label and f.value]
    return said


def _outputs(file: Path) -> Iterator[dict[str, Any]]:
    try:
        notebook = json.loads(file.read_text(encoding="utf-8"))
        cells = [c for c in notebook["cells"] if c["cell_type"] == "code"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    for cell in cells:
        yield from cell.get("outputs", ())


def _chart(spec: dict[str, Any]) -> Chart:
    title = spec.get("title") or ""
    text = title.get("text", "") if isinstance(title, dict) else title
    words = plain(_joined(spec.get("description") or ""), longest=_DESCRIPTION)
    return Chart({k: v for k, v in spec.items() if k != "title"}, _line(_joined(text, " ")), words)


def _joined(text: Any, by: str = "") -> str:
    return by.join(map(str, text)) if isinstance(text, list) else str(text)


def _line(text: object, longest: int = _LONGEST) -> str:
    return " ".join(plain(text, longest=longest).split())


class _Parts(HTMLParser):
    """Reads our own blocks out of an output: tiles, findings, warnings, texts. Everything else is passed over."""

    def __init__(self, said: PageDigest) -> None:
        super().__init__(convert_charrefs=True)
        self.said = said
        self.block = ""
        """The kind of block that is being read."""
        self.depth = 0
        """Open tags in it; at 0 it is over."""
        self.words: list[str] | None = None
        self.classes: list[str] = []
        self.n_paragraphs = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = (dict(attrs).get("class") or "").split()
        if not self.block:
            kinds = {"wb-tiles", "wb-finding", "wb-warning", "wb-text"} & set(classes)
            if kinds:
                self.block, self.depth, self.n_paragraphs = kinds.pop(), 1, 0
            return
        if tag in ("br", "img", "hr"):
            return
        self.depth += 1
        if self.block == "wb-tiles" and "wb-tile" in classes:
            self.said.figures.append(Figure())
        if tag == "p" or (self.block == "wb-tiles" and tag in ("dt", "strong", "span")):
            nested = tag == "span" and self.words is not None
            if not nested:
                self.words, self.classes = [], [tag, *classes]

    def handle_data(self, data: str) -> None:
        if self.words is not None:
            self.words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if not self.block or tag in ("br", "img", "hr"):
            return
        if self.words is not None and tag == self.classes[0]:
            self._take(_line("".join(self.words), _LONGEST_TEXT if self.block == "wb-text" else _LONGEST))
            self.words = None
        self.depth -= 1
        if self.depth <= 0:
            self.block = ""

    def _take(self, text: str) -> None:
        if not text:
            return
        said, tag = self.said, self.classes[0]
        if self.block == "wb-tiles" and said.figures:
            tile = said.figures[-1]
            if tag == "dt":
                tile.label = text
            elif tag == "strong":
                tile.value = text
            elif tag == "span":
                tile.notes.append(text)
                for news in ("good", "bad"):
                    if f"wb-{news}" in self.classes:
                        tile.news = news
        elif self.block == "wb-text":
            said.texts.append(text)
        elif self.block == "wb-finding" and self.n_paragraphs == 0:
            said.findings.append(text)
        elif self.block == "wb-warning" and self.n_paragraphs == 0:
            said.warnings.append(text)
        elif self.block == "wb-warning" and self.n_paragraphs == 1:
            said.warnings[-1] = plain(f"{said.warnings[-1].rstrip('.')}. {text}", longest=_LONGEST)
        self.n_paragraphs += 1
