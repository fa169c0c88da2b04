"""A plain DataFrame that a notebook shows, as data for the files around a report, as pandas shows it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from .headings import heading
from .table_data import FORMAT, MIME, table_data


def frame_data(frame: pd.DataFrame, include: Any = None, exclude: Any = None) -> dict[str, Any]:
    """The rows and columns that pandas shows: of a long frame the first and the last, of texts the beginning."""
    if frame.empty or frame.columns.nlevels > 1:
        return {}
    n_rows = len(frame)
    shown = frame.reset_index() if _says_something(frame.index) else frame
    most, few = pd.get_option("display.max_rows"), pd.get_option("display.min_rows")
    if most and n_rows > most:
        ends = max(1, min(few or most, most) // 2)
        shown = pd.concat([shown.head(ends), shown.tail(ends)])
    wide = pd.get_option("display.max_columns")
    if wide and shown.shape[1] > wide:
        ends = max(1, wide // 2)
        shown = pd.concat([shown.iloc[:, :ends], shown.iloc[:, -ends:]], axis=1)
    longest = pd.get_option("display.max_colwidth") or 10_000
    columns = [
        (heading(str(name)), [_cut(v, longest) for v in shown.iloc[:, n].tolist()])
        for n, name in enumerate(shown.columns)
    ]
    return {MIME: {"format": FORMAT, "tables": [table_data(columns, n_rows=n_rows)]}}


def _says_something(index: pd.Index) -> bool:
    return index.nlevels > 1 or index.name is not None or not isinstance(index, pd.RangeIndex)


def _cut(value: Any, longest: int) -> Any:
    too_long = isinstance(value, str) and len(value) > longest
    return value[: longest - 1] + "…" if too_long else value
