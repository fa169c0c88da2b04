"""What level 1 recommends, as the tasks that it becomes: an image for one account, a few a week."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
from ibis import _

from ..metrics.periods import Period
from .frames import executed
from .promised import promised_images
from .recommendations import recommendations

if TYPE_CHECKING:
    from .catalogue.metric import Asked

PER_ACCOUNT = 3
"""Recommendations for each account and week."""
DEPTH = 30
"""Recommendations of an account that are looked at, as an image goes to one account only."""
REUSE = "reuse_slide"
LISTED = (
    "task_id", "due_on", "va_id", "account_id", "title", "expected_views", "slide_lift", "slide_lift_low",
    "slide_lift_high", "example_url", "recommended_because",
)  # fmt: skip
"""Columns that whoever accepts has to see."""


def worked_accounts(asked: Asked) -> pd.DataFrame:
    """Accounts that are worked on, and whose they are."""
    active = asked.tables("accounts").filter(_.is_active.fill_null(True))
    return executed(active.select("account_id", "va_id", "creator_id").order_by("account_id"))


def suggestions(asked: Asked, per_account: int = PER_ACCOUNT) -> pd.DataFrame:
    """Recommendations for the week after the period as the tasks that they become when accepted.

    The most promising by expected views come first. An image goes to one account only, as it has to rest everywhere
    after each use, and to none while an open task of any week has it. An account gets up to `per_account`, tasks that
    were accepted for the week included, and a second only when all have their first. The first is due on Monday, the
    next on Tuesday, and so on. The id follows from the account, the image and the week, so that accepting one twice
    makes one task.
    """
    accounts, week = worked_accounts(asked), week_after(asked.period)
    promised = promised_images(asked.tables("tasks"), week_prefix(week))
    of_week = promised[promised["is_of_week"]]
    chosen = dealt(
        recommendations(asked, DEPTH),
        per_account,
        images=set(promised["image_id"].dropna()),
        standing={str(k): int(n) for k, n in of_week["account_id"].value_counts().items()},
    )
    name = iso_week(week.from_on)
    return chosen.assign(
        task_id=[task_id(a, i, name) for a, i in zip(chosen["account_id"], chosen["image_id"], strict=True)],
        kind=REUSE,
        title=[_title(t, i) for t, i in zip(chosen["image_text"], chosen["image_id"], strict=True)],
        va_id=chosen["account_id"].map(dict(zip(accounts["account_id"], accounts["va_id"], strict=True))),
        due_on=[week.from_on + timedelta(days=min(int(turn), 6)) for turn in chosen["turn"]],
        content_id=None,
        list_state="suggested",
    )


def dealt(
    recommended: pd.DataFrame, per_account: int, *, images: set[str], standing: Mapping[str, int]
) -> pd.DataFrame:
    """Recommendations that can all be followed in one week, the most promising first.

    Dealt in turns: every account has its first image before one has a second. `images` are promised already;
    `standing` is how many of its places an account has filled. Adds turn, the place within the account's week from 0.
    """
    best = recommended.sort_values(
        ["expected_views", "slide_lift", "account_id", "place"],
        ascending=[False, False, True, True],
        na_position="last",
    )
    offers = list(zip(best.index, best["account_id"], best["image_id"], strict=True))
    gone, filled, turns = set(images), dict(standing), {}
    for turn in range(per_account):
        for row, account, image in offers:
            if image not in gone and filled.get(account, 0) == turn:
                gone.add(image)
                filled[account] = turn + 1
                turns[row] = turn
    taken = best[best.index.isin(list(turns))]
    return taken.assign(turn=pd.Series(turns, dtype="int64"))


def week_after(period: Period) -> Period:
    """The ISO week that follows the one in which a period ends."""
    return Period.week_of(period.to_on + timedelta(days=1), period.time_zone)


def task_id(account_id: str, image_id: str, week: str) -> str:
    """`reuse:2025-W41:0a1b2c3d4e5f`: the same for the same account, image and week."""
    told = hashlib.sha256(json.dumps([account_id, image_id, week]).encode()).hexdigest()
    return f"reuse:{week}:{told[:12]}"


def week_prefix(week: Period) -> str:
    """What the ids of all tasks that were accepted for a week begin with."""
    return f"reuse:{iso_week(week.from_on)}:"


def iso_week(day: date) -> str:
    """2025-W41."""
    year, week, _day = day.isocalendar()
    return f"{year}-W{week:02d}"


def _title(text: Any, image_id: str) -> str:
    said = " ".join(text.split()) if isinstance(text, str) else ""
    return f"Show again: {said[:120]}" if said else f"Show image {image_id} again"
