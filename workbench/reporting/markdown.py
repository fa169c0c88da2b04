"""The words of a notebook as HTML, with headings that can be linked to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import mistune


@dataclass
class Contents:
    """What was met while a page was rendered."""

    sections: list[tuple[str, str]] = field(default_factory=list)
    """Id and text of each second-level heading."""
    charts: int = 0
    sliders: bool = False
    """Whether a chart has some."""
    has_title: bool = False


class _Renderer(mistune.HTMLRenderer):
    def __init__(self, contents: Contents | None) -> None:
        # An analyst's cell may hold markup; words that a cell printed may hold a stranger's.
        super().__init__(escape=contents is None)
        self._contents = contents

    def heading(self, text: str, level: int, **attrs: object) -> str:
        contents = self._contents
        if contents is None:
            return super().heading(text, max(level, 3))
        if level == 1:
            # The page's head already shows the notebook's title, and a page has one first heading.
            if not contents.has_title:
                contents.has_title = True
                return ""
            level = 2
        words = re.sub(r"<[^>]+>", "", text)
        taken = {i for i, _ in contents.sections}
        anchor = base = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-") or "section"
        while anchor in taken:
            anchor = f"{base}-{len(taken)}"
        if level == 2:
            contents.sections.append((anchor, words))
        return f'<h{level} id="{anchor}">{text}</h{level}>\n'

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """A picture from elsewhere would be a request to the network: its words stand for it."""
        return super().image(text, url, title) if url.startswith("data:image/") else f"<em>{text}</em>"


def rendered(source: str, contents: Contents | None) -> str:
    """Markdown as HTML. `contents` is filled with what is met; None for words not of the notebook's own."""
    parse = mistune.create_markdown(renderer=_Renderer(contents), plugins=["table", "strikethrough"])
    return str(parse(source))
