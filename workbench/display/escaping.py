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

_LONGEST_ADDRESS = 2_000

# Directional overrides and isolates, zero-width marks that only hide things, control characters, and
# lone surrogates, which no UTF-8 file can hold.
_UNSEEN = re.compile(
    "[\u202a-\u202e\u2066-\u2069\u200e\u200f\ufeff\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]"
)

_MISLEADING = re.compile(_UNSEEN.pattern + r"|[\s\\]")


def plain(text: object, *, longest: int = LONGEST) -> str:
    """Text without unseen characters, cut with an ellipsis. Not escaped: for plain text and charts."""
    seen = _UNSEEN.sub("", str(text)[: longest * 4])
    return seen if len(seen) <= longest else seen[: longest - 1].rstrip() + "…"


def escaped(text: object, *, longest: int = LONGEST) -> str:
    """Text ready to stand between tags or inside a quoted attribute."""
    return html.escape(plain(text, longest=longest), quote=True)


def prose(text: object) -> str:
    """A sentence or a paragraph of ours, escaped, not cut."""
    return html.escape(_UNSEEN.sub("", str(text)), quote=True)


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
