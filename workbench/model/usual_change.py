"""An account's usual level now against half a year ago, as a multiple with its interval."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special

FEWEST = 5
"""Posts in each period, for an interval."""
COLUMNS = (
    "account_id", "n_usual_now", "n_usual_before", "usual_now", "usual_before", "usual_change", "usual_change_low",
    "usual_change_high",
)  # fmt: skip


def usual_change(statistics: pd.DataFrame, *, level: float = 0.9) -> pd.DataFrame:
    """Geometric means of both periods and their ratio, with Welch's interval on the logarithms.

    Parameters
    ----------
    statistics
        See `metrics.usual_views`.

    Returns
    -------
    pandas.DataFrame
        A row for each account, by account_id: n_usual_now, n_usual_before [posts]; usual_now, usual_before
        [views]; usual_change, usual_change_low, usual_change_high [multiples: 1 is no change]; NaN where a
        period has no post, and no interval under 5 posts in each.

    Source: metrics.md, Level 2 (baseline against now). Version 1.
    """
    s = statistics.sort_values("account_id").reset_index(drop=True)
    now, before = s["n_usual_now"].astype("float64"), s["n_usual_before"].astype("float64")
    change = s["log_now"] - s["log_before"]
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = s["variance_now"] / now, s["variance_before"] / before
        error = np.sqrt(a + b)
        freedom = (a + b) ** 2 / (a**2 / (now - 1) + b**2 / (before - 1))
    # Counts that are all alike leave no doubt, and no degrees of freedom.
    t = pd.Series(special.stdtrit(freedom.where(error > 0, 1.0), 0.5 + level / 2), index=s.index)
    half = (t * error).where((now >= FEWEST) & (before >= FEWEST))
    return s.assign(
        usual_now=np.exp(s["log_now"]),
        usual_before=np.exp(s["log_before"]),
        usual_change=np.exp(change),
        usual_change_low=np.exp(change - half),
        usual_change_high=np.exp(change + half),
    )[list(COLUMNS)]
