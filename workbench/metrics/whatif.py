"""What a period was, in the figures that what-if starts from: posts, reuse, hours and money."""

from __future__ import annotations

import ibis
from ibis import _

from .counting import ratio
from .periods import Period


def period_posts(performance: ibis.Table, period: Period) -> ibis.Table:
    """Posts of a period, their VAs and accounts. One row.

    n_posts: posts posted within the period; n_with_va of them name their VA; n_vas and n_accounts: VAs and
    accounts that posted. Source: metrics.md, Level 4 (what-if). Version 1.
    """
    return _posted(performance, period).agg(
        n_posts=_.count(),
        n_with_va=_.va_id.count(),
        n_vas=_.va_id.nunique(),
        n_accounts=_.account_id.nunique(),
    )


def posts_per_account_day(performance: ibis.Table, period: Period) -> ibis.Table:
    """Posts of each account on each local day on which it posted within the period.

    Grain out: account_id, posted_local_on. n_posts. Source: metrics.md, Level 4 (what-if). Version 1.
    """
    posted = _posted(performance, period).filter(_.account_id.notnull() & _.posted_local_on.notnull())
    return posted.group_by("account_id", "posted_local_on").agg(n_posts=_.count())


def reused_posts(slide_uses: ibis.Table) -> ibis.Table:
    """Whether at least half of a post's slides show an image that was used before.

    Grain in: post_id, slide_index, with use_number (see `metrics.slides.slide_uses`). Grain out: post_id; is_reused.
    A post without slides that are known as images is no row. Source: metrics.md, Level 4 (what-if). Version 1.
    """
    known = slide_uses.filter(_.use_number.notnull())
    return known.group_by("post_id").agg(is_reused=(_.use_number > 1).sum() * 2 >= _.count())


def prorated(rows: ibis.Table, period: Period, *columns: str) -> ibis.Table:
    """Rows of money or hours whose days touch a period, with the part of their figures that lies within it.

    within_<column>: the figure x days within the period / days of the row; a row without a last day is one day.

    Grain as `rows`: from_on, to_on. Source: metrics.md, Level 4. Version 1.
    """
    first, last = ibis.literal(period.from_on, "date"), ibis.literal(period.to_on, "date")
    dated = rows.mutate(to_on=ibis.coalesce(rows.to_on, rows.from_on))
    touching = dated.filter((_.from_on <= last) & (_.to_on >= first))
    days = ibis.least(touching.to_on, last).delta(ibis.greatest(touching.from_on, first), unit="day") + 1
    part = ratio(days, touching.to_on.delta(touching.from_on, unit="day") + 1)
    return touching.mutate(**{f"within_{c}": touching[c].cast("float64") * part for c in columns})


def _posted(performance: ibis.Table, period: Period) -> ibis.Table:
    return performance.filter(
        (_.posted_at >= ibis.literal(period.from_at, "timestamp"))
        & (_.posted_at < ibis.literal(period.to_at, "timestamp"))
    )
