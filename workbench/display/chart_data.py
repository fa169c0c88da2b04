"""What a chart or a table on a page was made of."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..errors import UsageError
from .blocks import Stacked
from .tables import Folded


def data_of(shown: Any) -> pd.DataFrame:
    """The rows behind a chart, a table or a row of tiles, as a DataFrame.

    Of a chart with several layers, those of the layer that draws the figures: the one with the most rows. Of a list
    that stands behind a line, the whole list.
    """
    if isinstance(shown, Folded):
        return shown.table.frame
    if isinstance(shown, Stacked) and shown.boxes:
        return data_of(shown.boxes[-1])
    if hasattr(shown, "frame") and isinstance(shown.frame, pd.DataFrame):
        return shown.frame
    if hasattr(shown, "tiles"):
        return pd.DataFrame([{"label": t.label, "value": t.value, "before": t.before} for t in shown.tiles])
    found = [f for f in _frames(shown) if not f.empty]
    if not found:
        raise UsageError(
            f"A {type(shown).__name__} shows no rows. Ask for the data of a chart, a table or of tiles."
        )
    return max(found, key=lambda f: (f.shape[1], len(f)))


def _frames(chart: Any) -> list[pd.DataFrame]:
    own = getattr(chart, "data", None)
    layers = [layer for kind in ("layer", "hconcat", "vconcat", "concat") for layer in _parts(chart, kind)]
    return ([own] if isinstance(own, pd.DataFrame) else []) + [f for each in layers for f in _frames(each)]


def _parts(chart: Any, kind: str) -> list[Any]:
    found = getattr(chart, kind, None)
    return list(found) if isinstance(found, list) else []
