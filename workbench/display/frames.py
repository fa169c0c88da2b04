"""Whatever holds a few rows, as a DataFrame."""

from __future__ import annotations

from typing import Any

import pandas as pd


def frame_of(data: Any) -> pd.DataFrame:
    """A DataFrame from a DataFrame, an Ibis table (executed here, so give it few rows) or records."""
    if isinstance(data, pd.DataFrame):
        return data
    if hasattr(data, "to_pyarrow"):
        # Not Ibis's own to_pandas: it asks pandas 3 for an option that pandas warns about.
        made: pd.DataFrame = data.to_pyarrow().to_pandas()
        return made
    return pd.DataFrame(data)
