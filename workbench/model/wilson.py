"""How sure a share is."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special


def wilson(rate: pd.Series, n: pd.Series, *, level: float = 0.9) -> tuple[pd.Series, pd.Series]:
    """Wilson's interval of a share of n; NaN where the share is unknown or n is 0.

    Unlike share +- error it stays between 0 and 1 and says something of 0 of 5 too.
    """
    z = float(special.ndtri(0.5 + level / 2))
    size = n.astype("float64").where(n > 0)
    share = rate.astype("float64")
    middle = (share + z * z / (2 * size)) / (1 + z * z / size)
    half = z * np.sqrt(share * (1 - share) / size + z * z / (4 * size * size)) / (1 + z * z / size)
    return (middle - half).clip(lower=0.0), (middle + half).clip(upper=1.0)


def with_rate_intervals(review: pd.DataFrame) -> pd.DataFrame:
    """A review of accounts with the 90 % intervals of its breakout and viral rates.

    Adds breakout_rate_low, breakout_rate_high (of n_outliers posts), viral_rate_low, viral_rate_high (of
    n_final_posts posts) [fractions; NaN where there is no such post].
    """
    breakout = wilson(review["breakout_rate"], review["n_outliers"])
    viral = wilson(review["viral_rate"], review["n_final_posts"])
    return review.assign(
        breakout_rate_low=breakout[0],
        breakout_rate_high=breakout[1],
        viral_rate_low=viral[0],
        viral_rate_high=viral[1],
    )
