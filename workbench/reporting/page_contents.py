"""What a page shows, read from its executed notebook: headline figures, tables, columns, and hashes of all that."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..display import theme
from ..display.numbers import in_unit, relative_change
from ..display.table_data import MIME as TABLE

MOST_HEADLINES = 24


def page_contents(notebook: Any) -> dict[str, Any]:
    """What the manifest says of a page's contents. The same outputs give the same, whenever they were made.

    Returns
    -------
    dict
        headlines (label, value, unit, shown, before, change, definition_version); n_tables, n_rows_shown, n_rows,
        n_charts; columns (name -> version of its definition); figures_sha256: over tables, tiles and the data of
        charts; outputs_sha256: over everything that the notebook shows, wording and looks included.
    """
    bundles = list(_bundles(notebook))
    tables = [t for b in bundles for t in _tables(b)]
    charts = [b[theme.MIME] for b in bundles if isinstance(b.get(theme.MIME), dict)]
    figures = [_figures(t) for t in tables] + [_data(c) for c in charts]
    plain = [t for t in tables if t.get("kind") != "figures"]
    columns = {
        str(c["name"]): c["version"]
        for t in plain
        for c in t["columns"]
        if c.get("name") and c.get("version")
    }
    return {
        "headlines": [h for t in tables if t.get("kind") == "figures" for h in _headlines(t)][
            :MOST_HEADLINES
        ],
        "n_tables": len(plain),
        "n_rows_shown": sum(len(t["rows"]) for t in plain),
        "n_rows": sum(int(t.get("n_rows", len(t["rows"]))) for t in plain),
        "n_charts": len(charts),
        "columns": dict(sorted(columns.items())),
        "figures_sha256": _hash(figures),
        "outputs_sha256": _hash(bundles),
    }


def source_sha256(notebook: Any) -> str:
    """The hash of a notebook's cells as they were written: kind and source, without outputs and injected cells."""
    cells = [
        [c.cell_type, c.source]
        for c in notebook.cells
        if not {"injected-parameters", "papermill-error-cell-tag"} & set(c.metadata.get("tags", ()))
    ]
    return _hash(cells)


def _bundles(notebook: Any) -> Iterator[dict[str, Any]]:
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if output.get("metadata", {}).get("workbench") == "style":
                continue
            if output.output_type in ("display_data", "execute_result"):
                yield dict(output.data)
            elif output.output_type == "stream":
                yield {"stream": output.text}


def _tables(bundle: Mapping[str, Any]) -> list[dict[str, Any]]:
    held = bundle.get(TABLE)
    tables = held.get("tables", ()) if isinstance(held, dict) else ()
    return [t for t in tables if isinstance(t, dict) and {"columns", "rows"} <= t.keys()]


def _figures(table: Mapping[str, Any]) -> list[Any]:
    return [[[c["name"], c.get("unit", "")] for c in table["columns"]], table["rows"]]


def _headlines(table: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    names = [c["name"] for c in table["columns"]]
    for row in table["rows"]:
        tile = dict(zip(names, row, strict=True))
        unit = str(tile.get("unit") or "")
        value, before = _number(tile.get("value")), _number(tile.get("value_before"))
        moved = relative_change(value, before)
        said = tile.get("value") if value is None else value
        yield {
            "label": str(tile.get("figure") or ""),
            "value": value,
            "unit": unit,
            "shown": in_unit(said, unit, short=True),
            "before": before,
            "change": None if moved is None else float(f"{moved:.10g}"),
            "definition_version": str(tile.get("definition_version") or ""),
        }


def _number(value: Any) -> int | float | None:
    """Sums of money come as text; a text that is no number is no figure that can be drawn."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    return value if isinstance(value, int | float) and abs(value) != float("inf") and value == value else None


def _data(spec: Any) -> list[Any]:
    """The rows that a chart draws, wherever in its specification they stand."""
    if isinstance(spec, list):
        return [d for each in spec for d in _data(each)]
    if not isinstance(spec, dict):
        return []
    found = []
    for key, value in sorted(spec.items()):
        if key == "datasets" and isinstance(value, dict):
            found += [rows for _, rows in sorted(value.items())]
        elif key == "data" and isinstance(value, dict) and "values" in value:
            found.append(value["values"])
        else:
            found += _data(value)
    return found


def _hash(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
