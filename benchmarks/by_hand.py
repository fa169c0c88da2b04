"""Every metric of the catalogue that Ibis tells alone, with the same written by hand."""

from __future__ import annotations

from collections.abc import Callable

from . import level1_sql, level2, level3_sql, level4_sql, level5_sql, posts_sql, quality_sql
from .level2_sql import Asked

METRIC_SQL: dict[str, Callable[[Asked], str]] = {
    **level2.METRIC_SQL,
    **posts_sql.SQL,
    **level1_sql.SQL,
    **level3_sql.SQL,
    **level4_sql.SQL,
    **level5_sql.SQL,
    **quality_sql.SQL,
}

WITHOUT: dict[str, str] = {}
"""Metrics without SQL, and why."""
