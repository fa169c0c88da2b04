"""Numbers to look at: tables, tiles, boxes and charts.

A notebook begins with `from workbench import display` and `display.enable()`; charts are in
`display.charts`, numbers as text in `display.numbers`, what-if in `display.whatif`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .theme import enable

if TYPE_CHECKING:
    from . import charts, numbers, whatif
    from .blocks import Tile, finding, note, text, tiles, warning
    from .tables import definitions, table

# Loaded at first use: Altair and pandas take half a second that a plain table or a command's help
# need not wait for.
_AT = {
    "Tile": "blocks",
    "finding": "blocks",
    "note": "blocks",
    "text": "blocks",
    "tiles": "blocks",
    "warning": "blocks",
    "definitions": "tables",
    "table": "tables",
}

__all__ = [
    "Tile",
    "charts",
    "definitions",
    "enable",
    "finding",
    "note",
    "numbers",
    "table",
    "text",
    "tiles",
    "warning",
    "whatif",
]


def __getattr__(name: str) -> Any:
    if name in ("charts", "numbers", "whatif"):
        return importlib.import_module(f".{name}", __name__)
    if name in _AT:
        return getattr(importlib.import_module(f".{_AT[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
