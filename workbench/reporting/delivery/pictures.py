"""Charts as pictures in a mail: drawn in this process, by day, without their titles, which are text there."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from ...display import theme
from .digest import Chart

_WIDTH = 620
"""Of what is drawn, in CSS pixels."""
_SCALE = 1.6
_COLOURS = 128
"""Of a chart, shades at the edges of letters included. An eighth of the bytes that it has with all colours."""


@dataclass(frozen=True)
class Picture:
    """A PNG, and how large it is to be shown."""

    png: bytes
    width: int
    height: int


def picture(chart: Chart) -> Picture | None:
    """A chart by day; None for one that can't be drawn, which then is told in words."""
    import vl_convert
    from PIL import Image

    spec: dict[str, Any] = {k: v for k, v in chart.spec.items() if k != "$schema"}
    if spec.get("width") == "container":
        spec["width"] = _WIDTH - 80
    try:
        drawn = vl_convert.vegalite_to_png(
            spec,
            scale=_SCALE,
            config=theme.config(background="#ffffff"),
            allowed_base_urls=[],  # a specification may name an address; nothing is fetched
        )
    except ValueError:
        return None
    with Image.open(io.BytesIO(drawn)) as image:
        few = image.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
        width, height = (round(side / _SCALE) for side in image.size)
    small = io.BytesIO()
    few.save(small, "png", optimize=True)
    return Picture(small.getvalue(), width, height)
