"""Expressions executed into DataFrames of plain types."""

from __future__ import annotations

import ibis
import pandas as pd


def executed(expression: ibis.Table) -> pd.DataFrame:
    """The rows of an expression; whole numbers with NULLs come as floats with NaN.

    DuckDB sums whole numbers into 128 bits, which pandas would show as decimals; Arrow brings them back to
    the type that the expression has.
    """
    frame: pd.DataFrame = expression.to_pyarrow().to_pandas()
    return frame
