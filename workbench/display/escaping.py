"""Text by strangers (captions, names, comments) made harmless for HTML.

Everything that is shown goes through here: nothing a platform's user wrote may become markup, turn
the direction of the text around it, or fill a page.
"""

from __future__ import annotations

import html
import re
from urllib.parse import urlsplit

LONGEST = 160
"""Characters of one cell that are shown; a caption is recognized by fewer."""

LONGEST_PROSE = 4_000
"""Of a paragraph of ours, which may name a stranger."""

_LONGEST_ADDRESS = 2_000

# Directional overrides and isolates, zero-width marks that only hide things, control characters, separators of lines
# that only some programs take for such, lone surrogates, which no UTF-8 file can hold, and what no XML may hold.
UNSEEN = (
    "[\u202a-\u202e\u2066-\u206f\u200e\u200f\u061c\u2028\u2029\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]"
)
"""A pattern of characters that are never shown."""
_UNSEEN = re.compile(UNSEEN)

# No script needs more than a few marks on one letter; a hundred of them are drawn over the lines above and below.
_MARKS = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_HEAPED = re.compile(f"({_MARKS}{{4}}){_MARKS}+")

_CODE = re.compile("`([^`\n]+)`")

_MISLEADING = re.compile(_UNSEEN.pattern + r"|[\s\\]")


def plain(text: object, *, longest: int = LONGEST) -> str:
    """Text without unseen characters, cut with an ellipsis. Not escaped: for plain text and charts."""
    seen = readable(str(text)[: longest * 4])
    return seen if len(seen) <= longest else seen[: longest - 1].rstrip() + "…"


def readable(text: str) -> str:
    """Text without unseen characters and heaps of marks. Neither cut nor escaped: for a terminal."""
    if text.isascii() and text.isprintable():
        return text
    return _HEAPED.sub(r"\1", _UNSEEN.sub("", text))


def escaped(text: object, *, longest: int = LONGEST) -> str:
    """Text ready to stand between tags or inside a quoted attribute."""
    return html.escape(plain(text, longest=longest), quote=True)


def prose(text: object) -> str:
    """A sentence or a paragraph of ours, escaped; cut only where it must hold a stranger's, being so long."""
    return html.escape(plain(text, longest=LONGEST_PROSE), quote=True)


def told(text: object) -> str:
    """As `prose`, for the text of an element: what stands between `backticks` is shown as code, as in Markdown."""
    return _CODE.sub(r"<code>\1</code>", prose(text))


def address(url: object) -> str | None:
    """A stranger's URL ready to stand in a quoted `href`; None for what is not a plain web address.

    Only http and https with a host: `javascript:`, `data:`, and addresses that hide a name and a password are
    never linked to. Of blanks and unseen characters, by which a browser could be led to read another scheme than we
    do, none may be in it.
    """
    if not isinstance(url, str) or len(url) > _LONGEST_ADDRESS or _MISLEADING.search(url):
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        return None
    return html.escape(url, quote=True)
