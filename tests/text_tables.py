"""Small tables written as text, so that a test shows its input and its answer as arithmetic.

    table('''
        post_id | views | posted_at
        p1      |   900 | 2025-01-06 10:00
        p2      |     - | 2025-01-07
    ''')

A blank or `-` is NULL. A column's type follows from its name, as the house's names promise; what a name
does not tell is given by keyword.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import ibis
import pyarrow as pa

_ENDINGS: dict[str, str] = {
    "_id": "string",
    "_at": "timestamp",
    "_on": "date",
    "_type": "string",
    "_rate": "float64",
    "_hours": "float64",
    "_precision": "string",
    "_settled": "float64",
}
_NAMES: dict[str, str] = {
    "platform": "string",
    "username": "string",
    "display_name": "string",
    "url": "string",
    "median_views": "float64",
    "engagement_quality": "float64",
    "posts_per_week": "float64",
    "posts_cv": "float64",
    "target_posts_per_week": "float64",
    "value": "float64",
    "duration_seconds": "float64",
}


def _type(name: str) -> str:
    if name.startswith("is_"):
        return "boolean"
    if name.startswith(("views_at_", "engagement_at_", "baseline_", "outlier_", "log_outlier_")):
        return "float64"
    ending = next((kind for end, kind in _ENDINGS.items() if name.endswith(end)), "int64")
    return _NAMES.get(name, ending)


_READ: dict[str, Callable[[str], Any]] = {
    "string": str,
    "int64": int,
    "float64": float,
    "boolean": lambda text: {"true": True, "false": False}[text],
    "timestamp": datetime.fromisoformat,
    "date": date.fromisoformat,
}

_ARROW: dict[str, pa.DataType] = {
    "string": pa.string(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "boolean": pa.bool_(),
    "timestamp": pa.timestamp("us"),
    "date": pa.date32(),
}


def table(text: str, also: Mapping[str, str] | None = None, **types: str) -> ibis.Table:
    """An in-memory table. `also` names columns that the text leaves out: typed, and NULL in each row."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    names = [cell.strip() for cell in lines[0].split("|")]
    rows = [[cell.strip() for cell in line.split("|")] for line in lines[1:]]
    assert all(len(row) == len(names) for row in rows), f"a row is not as wide as the header: {names}"
    kinds = {name: types.get(name, (also or {}).get(name) or _type(name)) for name in names}
    columns = {
        name: pa.array(
            [None if row[n] in ("", "-") else _READ[kind](row[n]) for row in rows], type=_ARROW[kind]
        )
        for n, (name, kind) in enumerate(kinds.items())
    }
    for name, kind in (also or {}).items():
        if name not in columns:
            kinds[name] = kind
            columns[name] = pa.nulls(len(rows), _ARROW[kind])
    return ibis.memtable(pa.table(columns), schema=ibis.schema(kinds))


def rows(expression: ibis.Table, *columns: str) -> list[dict[str, Any]]:
    """The answer as dictionaries, in the order of its first column; only the columns asked for."""
    chosen = expression.select(*columns) if columns else expression
    ordered = chosen.order_by(list(chosen.columns[:2]))
    return list(ordered.to_pyarrow().to_pylist())


def column(expression: ibis.Table, name: str, key: str = "post_id") -> dict[Any, Any]:
    """One column of the answer by its key."""
    return {row[key]: row[name] for row in rows(expression, key, name)}
