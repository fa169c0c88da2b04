"""Where in a notebook something is, as its author finds it: the number of the cell, and how it begins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_INJECTED = {"injected-parameters", "papermill-error-cell-tag"}
_LONGEST = 50


def own_cells(notebook: Any) -> list[Any]:
    """The cells that the author wrote, without those that Papermill puts in."""
    return [c for c in notebook.cells if not _INJECTED & set(c.metadata.get("tags", ()))]


def place(notebook: Any, cell: Any) -> str:
    """`cell 4 ("found = wb.metrics...")`, counted from the top as its author sees it."""
    number = next((n for n, c in enumerate(own_cells(notebook), 1) if c is cell), None)
    lines = [line.strip() for line in cell.source.splitlines() if line.strip()]
    begins = lines[0] if lines else "empty"
    shown = begins if len(begins) <= _LONGEST else f"{begins[: _LONGEST - 1].rstrip()}…"
    return f"cell {number} (“{shown}”)" if number else "the cell of the parameters that were given"


def place_of(notebook: Any, source: str) -> str:
    """The place of the cell with this source."""
    found = (c for c in notebook.cells if c.cell_type == "code" and c.source.strip() == source.strip())
    return next((place(notebook, c) for c in found), "a cell")


def outputs(notebook: Any) -> Iterator[tuple[Any, Any]]:
    """Each output with its cell, but for the styles, which are ours."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if output.get("metadata", {}).get("workbench") != "style":
                yield cell, output


def texts(output: Any) -> Iterator[str]:
    """All text in an output, of every type but pictures."""
    for key, value in output.items():
        if key == "data":
            yield from (t for kind, v in value.items() if not kind.startswith("image/p") for t in _strings(v))
        elif key != "output_type":
            yield from _strings(value)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for k, v in value.items():
            yield str(k)
            yield from _strings(v)
    elif isinstance(value, list | tuple):
        for v in value:
            yield from _strings(v)
