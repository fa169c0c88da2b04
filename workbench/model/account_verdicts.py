"""Accounts to push and to drop: rules over what is known of each, with the evidence beside them."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from ..metrics.accounts import FEWEST_MATURE_POSTS

VERDICTS = ("push", "drop", "check", "keep", "too little known")
"""In the order in which somebody acts on them."""
COLLAPSED = 0.5
"""Of the level before, that an interval must lie below."""
COLUMNS = (
    "account_id", "verdict", "rule", "n_mature_posts", "median_outlier", "outlier_low", "outlier_high",
    "follower_growth_rate", "net_followers", "n_usual_now", "n_usual_before", "usual_now", "usual_before",
    "usual_change", "usual_change_low", "usual_change_high", "is_collapsed",
)  # fmt: skip


def account_verdicts(review: pd.DataFrame, changes: pd.DataFrame, usual: pd.DataFrame) -> pd.DataFrame:
    """What the figures of an account speak for: push, drop, check or keep.

    Rules, the first that holds; intervals are of 90 %, and "clearly" means that the whole interval does:

    * too few: under 5 mature posts in the period say nothing;
    * collapsed: the level now is clearly under half of that 26 weeks ago, or the median post clearly under half
      of its account's usual, beyond what the agency as a whole fell: check what happened;
    * above and growing: the median post clearly above the account's usual and above the agency's median account,
      and followers gained: push;
    * long decline: the level clearly below that of 26 weeks ago and below the agency's own change: drop where
      the followers are known not to grow either, else check;
    * below: the median post clearly below the account's usual and the agency's median account: check;
    * else keep.

    Parameters
    ----------
    review
        See `metrics.account_review`.
    changes
        See `bootstrap.change_of_medians`, of outliers by account.
    usual
        See `usual_change`.

    Returns
    -------
    pandas.DataFrame
        A row for each account of `review` with a post: the columns of COLUMNS; `rule` is the rule's name above.

    Source: metrics.md, Level 2. Version 1.
    """
    posting = review[review["n_posts"] > 0]
    intervals = changes.rename(columns={"now_low": "outlier_low", "now_high": "outlier_high"})
    known = posting.merge(
        intervals[["account_id", "outlier_low", "outlier_high"]], on="account_id", how="left"
    ).merge(usual, on="account_id", how="left")
    agency = known["usual_change"].median()
    middle = known.loc[known["n_mature_posts"] >= FEWEST_MATURE_POSTS, "median_outlier"].median()
    said = [_verdict(row, agency, middle) for row in known.to_dict("records")]
    judged = known.assign(
        verdict=[v for v, _r in said],
        rule=[r for _v, r in said],
        is_collapsed=[r == "collapsed" for _v, r in said],
    )
    order = {v: place for place, v in enumerate(VERDICTS)}
    judged = judged.assign(place=judged["verdict"].map(order)).sort_values(
        ["place", "median_outlier", "account_id"], ascending=[True, False, True], kind="stable"
    )
    return judged.reset_index(drop=True)[list(COLUMNS)]


def _verdict(row: dict[Any, Any], agency: float, middle: float) -> tuple[str, str]:
    """(verdict, rule) of one account. A comparison with what is unknown never holds."""
    if row["n_mature_posts"] < FEWEST_MATURE_POSTS:
        return "too little known", "too few"
    usual_fall, usual_outlier = _known_min(1.0, agency), _known_min(1.0, middle)
    if row["usual_change_high"] < COLLAPSED * usual_fall or row["outlier_high"] < COLLAPSED * usual_outlier:
        return "check", "collapsed"
    grows = row["net_followers"] > 0
    if row["outlier_low"] > _known_max(1.0, middle) and grows:
        return "push", "above and growing"
    if row["usual_change_high"] < usual_fall:
        return ("drop" if row["net_followers"] <= 0 else "check"), "long decline"
    if row["outlier_high"] < usual_outlier:
        return "check", "below"
    return "keep", "as usual"


def _known_max(a: float, b: float) -> float:
    return a if math.isnan(b) else max(a, b)


def _known_min(a: float, b: float) -> float:
    return a if math.isnan(b) else min(a, b)
