"""Expressions executed into DataFrames of plain types."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import ibis
import pandas as pd


def executed(expression: ibis.Table) -> pd.DataFrame:
    """The rows of an expression; whole numbers with NULLs come as floats with NaN.

    DuckDB sums whole numbers into 128 bits, which pandas would show as decimals; Arrow brings them back to
    the type that the expression has.
    """
    with _unfolded():
        frame: pd.DataFrame = expression.to_pyarrow().to_pandas()
    return frame


@contextmanager
def _unfolded() -> Iterator[None]:
    """One SELECT a step: folding them takes Ibis as long as all else, and DuckDB folds them itself."""
    before = ibis.options.sql.fuse_selects
    ibis.options.sql.fuse_selects = False
    try:
        yield
    finally:
        ibis.options.sql.fuse_selects = before
