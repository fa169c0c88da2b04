"""What an account's posts usually get, now and half a year ago."""

from __future__ import annotations

import ibis
from ibis import _

from .account_review import compared_hours
from .outliers import FLOOR_VIEWS
from .periods import Period, reached

WEEKS_BACK = 26


def usual_views(
    performance: ibis.Table, period: Period, *, horizon: str = "120", floor: float = FLOOR_VIEWS
) -> ibis.Table:
    """Sufficient statistics of an account's usual level in a period and in the same days 26 weeks earlier.

    Formula: number, mean and sample variance of ln max(views at the compared age, floor) over the account's
    posts that reached that age then. `model.usual_change` makes of them geometric means and their ratio.

    Grain out: account_id, where a post has a count in either; n_usual_now, n_usual_before [posts];
    log_now, log_before [ln views]; variance_now, variance_before [ln views squared; NULL under two posts].

    Source: metrics.md, Level 2 (baseline against now). Version 1.
    """
    hours = compared_hours(horizon)
    before = period.shifted(-7 * WEEKS_BACK)
    views = "views_settled" if horizon == "settled" else f"views_at_{horizon}"
    both = [
        reached(performance, p, hours)
        .filter(_[views].notnull() & _.account_id.notnull())
        .select("account_id", place=ibis.literal(place), level=ibis.greatest(_[views], floor).ln())
        for place, p in enumerate((period, before))
    ]
    pooled = ibis.union(*both)
    now, then = pooled.place == 0, pooled.place == 1
    return pooled.group_by("account_id").agg(
        n_usual_now=now.sum(),
        n_usual_before=then.sum(),
        log_now=pooled.level.mean(where=now),
        log_before=pooled.level.mean(where=then),
        variance_now=pooled.level.var(where=now),
        variance_before=pooled.level.var(where=then),
    )
