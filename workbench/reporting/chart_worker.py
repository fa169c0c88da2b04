"""Draws charts in a process of its own: specifications come in as lines of JSON, pictures go out.

`python -m workbench.reporting.chart_worker`; `chart_files` starts it and talks to it. The library that draws holds
Python's lock while it works and keeps threads for good, so neither a run nor a kernel that forks may load it.
"""

from __future__ import annotations

import base64
import io
import json
import re
import sys
import time
import unicodedata
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from ..display import theme

WIDTH = 720
"""Of every chart: a column of a page in print, or of a mail."""
SMALL = 20_000
"""Bytes that a static picture should have at most."""

_PRINTED = 2.0
_COLOURS = 128
_MARGIN = 4
_TAG = re.compile(r"<[^>]*>")
_ID = re.compile(r'(\bid="|url\(#|href="#)([^")]+)')
_ELSEWHERE = re.compile(r'\s(?:xlink:)?href="(?!#|data:image/)[^"]*"')
_SIZE = re.compile(r'<svg\b[^>]*?\bwidth="([\d.]+)"[^>]*?\bheight="([\d.]+)"[^>]*>')


def drawn(spec: dict[str, Any]) -> dict[str, Any]:
    """A chart as SVG with its title, as PNG of twice the size, and as a small PNG without the title (base64)."""
    import vl_convert
    from PIL import Image

    began = time.process_time()
    words = heads(spec)
    bare = {k: v for k, v in spec.items() if k != "title"}
    if bare.get("width") in (None, "container") and not {"facet", "columns"} & bare.keys():
        bare["width"] = WIDTH
    # An address in a notebook of somebody's own is never asked.
    svg = tidy(vl_convert.vegalite_to_svg(bare, allowed_base_urls=[]))
    whole, top = titled(svg, *words, str(spec.get("description") or words[0] or "Chart"))
    with Image.open(io.BytesIO(vl_convert.svg_to_png(whole, scale=_PRINTED))) as picture:
        printed = picture.convert("RGB")  # it has its paper
    below = printed.crop((0, round(top * _PRINTED), printed.width, printed.height)).reduce(round(_PRINTED))
    return {
        "svg": whole,
        "png": _text(_png(printed, _COLOURS, _PRINTED)),
        "small": _text(_small(below)),
        "seconds": round(time.process_time() - began, 3),
    }


def heads(spec: dict[str, Any]) -> tuple[str, str]:
    """A chart's title and subtitle, each in one line."""
    said = spec.get("title") or {}
    said = said if isinstance(said, dict) else {"text": said}
    return _joined(said.get("text")), _joined(said.get("subtitle"))


def tidy(svg: str) -> str:
    """The same drawing in the same bytes, whatever was drawn before it; it points at nothing outside itself."""
    names: dict[str, str] = {}

    def numbered(found: re.Match[str]) -> str:
        return found[1] + names.setdefault(found[2], f"p{len(names) + 1}")

    return _TAG.sub(lambda tag: _ID.sub(numbered, _ELSEWHERE.sub("", tag[0])), svg)


def titled(svg: str, title: str, subtitle: str, description: str) -> tuple[str, float]:
    """The drawing under its title and subtitle, broken into lines that fit (Vega would cut them off); their height."""
    found = _SIZE.search(svg)
    if found is None:
        raise ValueError("the drawing has no size")
    width, height = float(found[1]), float(found[2])
    lines: list[str] = []
    top = 0.0
    for text, size, leading, look in (
        (title, 15.0, 20.0, f'fill="{theme.LIGHT["ink"]}" font-weight="600"'),
        (subtitle, 12.5, 17.0, f'fill="{theme.LIGHT["muted"]}"'),
    ):
        for part in broken(text, (width - 2 * _MARGIN) / size):
            top += leading
            lines.append(f'<text x="{_MARGIN}" y="{top:g}" font-size="{size:g}" {look}>{escape(part)}</text>')
    top = top + 12 if lines else 0.0
    inner = svg[: found.start()] + found[0].replace("<svg", f'<svg y="{top:g}"', 1) + svg[found.end() :]
    whole = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" version="1.1" '
        f'width="{width:g}" height="{height + top:g}" viewBox="0 0 {width:g} {height + top:g}" role="img" '
        f"aria-label={quoteattr(description)} font-family={quoteattr(theme.FONT)}>"
        f'<rect width="100%" height="100%" fill="#ffffff"/>{"".join(lines)}{inner}</svg>\n'
    )
    return whole, top


def broken(text: str, ems: float) -> list[str]:
    """Text in lines of about so many times the size of its letters."""
    lines: list[str] = []
    line, used = "", 0.0
    for word in text.split():
        long = sum(_em(letter) for letter in word)
        if line and used + 0.3 + long > ems:
            lines.append(line)
            line, used = "", 0.0
        line, used = (f"{line} {word}", used + 0.3 + long) if line else (word, long)
    return [*lines, line] if line else lines


def _em(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    if letter in "iljt.,:;'|!()":
        return 0.32
    return 0.87 if letter in "mwMW%@" else 0.7 if letter.isupper() else 0.55


def _small(picture: Any) -> bytes:
    """The smallest picture that can still be read, for pages and mails where no script may draw."""
    made = _png(picture, 16, 1.0)
    if len(made) > SMALL:
        width, height = (round(side * 0.75) for side in picture.size)
        made = _png(picture.resize((width, max(1, height))), 16, 0.75)
    return made


def _png(picture: Any, colours: int, scale: float) -> bytes:
    """A picture with a palette: a ninth of the size, and nothing that is seen is lost."""
    from PIL import Image

    kept = picture.quantize(colours, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    built = io.BytesIO()
    kept.save(built, "PNG", optimize=True, dpi=(72 * scale, 72 * scale))
    return built.getvalue()


def _cause(error: Exception) -> str:
    """An error in a line; what the library says after a line of its own and before the places in its code."""
    lines = [line for line in str(error).splitlines() if line.strip() and not line.endswith("failed:")]
    return (lines[0].strip() if lines else type(error).__name__)[:300]


def _joined(text: Any) -> str:
    return " ".join(map(str, text)) if isinstance(text, list) else str(text or "")


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def main() -> None:
    """A line in, a line out, until there are no more."""
    for line in sys.stdin.buffer:
        try:
            said = drawn(json.loads(line))
        except Exception as e:  # whatever a specification of somebody's own may hold
            said = {"error": _cause(e)}
        sys.stdout.buffer.write(json.dumps(said).encode("utf-8") + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
