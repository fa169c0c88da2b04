"""A metric's answer drawn without being told how: by its order and the kinds of its columns."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..errors import UsageError, nearest
from ..metrics.periods import Period
from ..model.catalogue import Metric
from . import charts
from .headings import heading

_NO_FIGURE = frozenset({"weekday", "local_hour", "slide_index", "peer_band", "size_band"})
"""Numbers that name a place."""


def drawn(
    frame: pd.DataFrame, metric: Metric, period: Period, *, value: str | None, by: str | None, title: str
) -> Any:
    """The chart of an answer: over time, by weekday and hour, or ranked. UsageError where nothing can be drawn."""
    for asked in (value, by):
        if asked is not None and asked not in frame.columns:
            raise UsageError(
                f"{metric.name} has no column '{asked}'.{nearest(asked, frame.columns)} "
                f"Columns: {', '.join(frame.columns)}."
            )
    figures = [c for c in frame.columns if _is_figure(frame[c]) and c not in (*metric.order, *_NO_FIGURE)]
    figure = value or next((c for c in figures if not c.startswith("n_")), next(iter(figures), None))
    if frame.empty or figure is None:
        raise UsageError(
            f"{metric.name} has nothing to draw from {period.from_on} to {period.to_on}: "
            f"{len(frame)} rows. Ask for other days, or look at .frame."
        )
    words = title or f"{heading(figure).label}, {period.from_on} to {period.to_on}"
    if by is None and {"weekday", "local_hour"} <= set(frame.columns):
        return charts.heat_map(
            frame, weekday="weekday", hour="local_hour", value=figure, n="n_posts", title=words
        )
    along = by or next((c for c in metric.order if _is_time(frame[c])), None)
    if along is not None and _is_time(frame[along]):
        series = next((c for c in metric.order if c != along and 1 < frame[c].nunique() <= 8), None)
        if not frame.duplicated([along, *([series] if series else [])]).any():
            return charts.line(frame, x=along, y=figure, series=series, title=words)
        along = None
    label = along or next((c for c in metric.order[::-1] if not _is_time(frame[c])), metric.order[0])
    has_interval = {f"{figure}_low", f"{figure}_high"} <= set(frame.columns)
    return charts.ranked(
        frame.assign(**{label: frame[label].astype("str")}),
        label=label,
        value=figure,
        low=f"{figure}_low" if has_interval else None,
        high=f"{figure}_high" if has_interval else None,
        title=words,
    )


def _is_figure(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype)


def _is_time(values: pd.Series) -> bool:
    first = next((v for v in values if pd.notna(v)), None)
    return hasattr(first, "isoformat")
