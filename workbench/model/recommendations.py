"""Which image each account should show again, what to expect of it, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..metrics import recommendations as rested
from .frames import executed
from .promised import promised_images
from .remembered import content_of, key_of, remembered
from .slide_effects import slide_effects

if TYPE_CHECKING:
    from .catalogue.metric import Asked

PER_ACCOUNT = 5
_THE_FIRST_DAY = date(2000, 1, 1)
NEVER_AGAIN_DAYS = rested.REST_HERE_DAYS
"""Days after which a good image that nobody shows counts as forgotten."""
COLUMNS = {
    "account_id": "str",
    "place": "int64",
    "image_id": "str",
    "image_text": "str",
    "example_post_id": "str",
    "example_url": "str",
    "slide_lift": "float64",
    "slide_lift_low": "float64",
    "slide_lift_high": "float64",
    "n_lift_posts": "int64",
    "n_uses": "int64",
    "days_since_used": "int64",
    "days_since_used_here": "Int64",
    "reuse_multiple": "float64",
    "expected_multiple": "float64",
    "usual_views": "float64",
    "expected_views": "float64",
    "expected_views_low": "float64",
    "expected_views_high": "float64",
    "recommended_because": "str",
}
"""Columns of `recommendations` and their types, with no rows too."""


def recommendations(asked: Asked, per_account: int = PER_ACCOUNT) -> pd.DataFrame:
    """Images that each account should show again, the most promising first, as of the end of the period.

    An image is recommended where its lift is above 1 by an interval that excludes 1, and where it was not used on
    the account for 60 days nor anywhere for 14; see `metrics.recommendations.recommended_images` for whose images
    an account is offered.

    Formula: expected_multiple = slide_lift x reuse_multiple; expected_views = usual_views x expected_multiple, with
    the interval of the lift put through. The lift is a mean over the uses so far and so holds their decay already:
    reuse_multiple is the step from there to the next use, decay(n + 1) / geometric mean of decay(1) ... decay(n).
    Images that are expected to do no better than usual (expected_multiple <= 1) are left out, and so are images that
    an open task has already.

    Grain: account_id, place [1 is best]; ordered so. expected_views is NULL where the account has no baseline.

    Source: metrics.md, Level 1 (reuse recommendation). Version 1.
    """
    effects = slide_effects(whole_past(asked))
    return recommended(asked, effects.lifts, effects.decay, per_account)


def recommended(
    asked: Asked, lifts: pd.DataFrame, decay: pd.DataFrame, per_account: int = PER_ACCOUNT
) -> pd.DataFrame:
    """`recommendations` of lifts and a decay that are at hand: see `worth_showing` for their columns."""
    names = ("slide_uses", "slides", "tasks", "accounts", "post_performance")
    # Of the period only its end counts, and whoever asks for a week asks for that.
    key = key_of(whole_past(asked), names, per_account, content_of(lifts), content_of(decay))
    return remembered("recommended", key, lambda: _recommended(asked, lifts, decay, per_account))


def _recommended(asked: Asked, lifts: pd.DataFrame, decay: pd.DataFrame, per_account: int) -> pd.DataFrame:
    uses, at = asked.tables("slide_uses"), asked.period.to_at
    images = worth_showing(executed(rested.uses_so_far(uses, at)), lifts, decay)
    # What somebody has accepted is as good as used: it has to rest everywhere afterwards.
    images = images[~images["image_id"].isin(promised_images(asked.tables("tasks"))["image_id"].dropna())]
    offered = ibis.memtable(
        images[["image_id", "expected_multiple"]],
        schema={"image_id": "string", "expected_multiple": "float64"},
    )
    chosen = executed(
        rested.recommended_images(offered, uses, asked.tables("accounts"), at=at, per_account=per_account)
    ).drop(columns="expected_multiple")
    shown = uses.semi_join(ibis.memtable(chosen[["image_id"]], schema={"image_id": "string"}), "image_id")
    performance = asked.tables("post_performance")
    parts = {
        "image_id": (
            images,
            executed(rested.image_texts(shown, asked.tables("slides"))),
            executed(rested.image_examples(shown, performance, at=at, horizon=asked.horizon)),
        ),
        "account_id": (executed(rested.slideshow_baselines(performance, at=at, horizon=asked.horizon)),),
    }
    for key, frames in parts.items():
        for frame in frames:
            chosen = chosen.merge(frame, on=key, how="left")
    return _told(chosen)


def worth_showing(uses: pd.DataFrame, lifts: pd.DataFrame, decay: pd.DataFrame) -> pd.DataFrame:
    """Images whose lift is clearly above 1 and whose next use is expected to do better than usual.

    Parameters
    ----------
    uses
        See `metrics.recommendations.uses_so_far`.
    lifts
        See `slide_effects.slide_lifts`.
    decay
        See `slide_effects.reuse_decay`: of use_number, the first of its step; the last step holds for all later uses.
    """
    known = uses.merge(lifts, on="image_id")
    good = known[(known["slide_lift"] > 1) & (known["slide_lift_low"] > 1)]
    steps = reuse_multiples(good["n_uses"].to_numpy(dtype=np.int64), decay)
    found = good.assign(reuse_multiple=steps, expected_multiple=good["slide_lift"] * steps)
    return found[found["expected_multiple"] > 1].reset_index(drop=True)


def reuse_multiples(n_uses: NDArray[np.int64], decay: pd.DataFrame) -> NDArray[np.float64]:
    """The next use against the mean of the uses so far: decay(n + 1) / geometric mean of decay(1) ... decay(n)."""
    return np.asarray(decay_at(n_uses + 1, decay) / mean_decay(n_uses, decay))


def mean_decay(n_uses: NDArray[np.int64], decay: pd.DataFrame) -> NDArray[np.float64]:
    """The geometric mean of decay(1) ... decay(n)."""
    if not len(n_uses):
        return np.ones(0)
    k = np.arange(1, int(n_uses.max()) + 1)
    so_far = np.cumsum(np.log(decay_at(k, decay))) / k
    return np.asarray(np.exp(so_far[n_uses - 1]))


def decay_at(use_number: NDArray[np.int64], decay: pd.DataFrame) -> NDArray[np.float64]:
    """The decay at a use: that of the step which it is in; 1 everywhere where nothing is known of it."""
    known = decay.dropna(subset=["reuse_decay"]).sort_values("use_number")
    steps = np.r_[1.0, known["reuse_decay"].to_numpy(dtype=float)]
    return np.asarray(steps[np.searchsorted(known["use_number"].to_numpy(), use_number, side="right")])


def _told(chosen: pd.DataFrame) -> pd.DataFrame:
    views = chosen["usual_views"] * chosen["reuse_multiple"]
    told = chosen.assign(
        expected_views=views * chosen["slide_lift"],
        expected_views_low=views * chosen["slide_lift_low"],
        expected_views_high=views * chosen["slide_lift_high"],
    )
    told["recommended_because"] = ["; ".join(reasons(row)) + "." for row in told.to_dict("records")]
    ordered = told.sort_values(["account_id", "place"], kind="stable", ignore_index=True)
    return ordered.reindex(columns=list(COLUMNS)).astype(COLUMNS)


def reasons(row: dict[Any, Any]) -> list[str]:
    """Why an image is recommended, part by part: what it did, how long it rested, what to expect."""
    here = row["days_since_used_here"]
    interval = f"{row['slide_lift_low']:.2f} to {row['slide_lift_high']:.2f}"
    said = [
        f"{row['slide_lift']:.2f}× the usual over {row['n_lift_posts']} posts ({interval})",
        "never shown on this account" if pd.isna(here) else f"last shown here {int(here)} days ago",
        f"last anywhere {int(row['days_since_used'])} days ago",
        f"use {int(row['n_uses']) + 1} is expected at {row['expected_multiple']:.2f}×",
    ]
    if pd.isna(row["usual_views"]):
        said.append("the account's usual is not known yet")
    return said


def whole_past(asked: Asked) -> Asked:
    """The same, asked of everything up to the end of its period: an image is judged by all that it did."""
    return replace(asked, period=replace(asked.period, from_on=_THE_FIRST_DAY))
