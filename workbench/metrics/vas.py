"""Level 3: what each VA's posts did, what an hour of their work brought, and how it changes."""

from __future__ import annotations

import ibis
from ibis import _

from .accounts import engagement_quality, posting_rhythm
from .counting import joined_by, known_sum, ratio, share
from .curves import COMPARED_HOURS, FINAL_HOURS
from .outliers import BREAKOUT
from .periods import Period, reached
from .weekly import week_of_instant, weeks_up_to


def va_results(performance: ibis.Table, period: Period, *, horizon: str = "120") -> ibis.Table:
    """What a VA's posts of a period did, as it stands: raw figures rank the accounts as much as the people.

    Formula: over the posts that reached the compared age in the period; medians over those whose count is
    known; posts_per_active_day = n_posts / active_days; breakout_rate = share with outlier >= 3 of those with
    an outlier; engagement_rate_by_views = engagement / views and engagement_quality = (likes + 3 comments +
    5 shares + 4 saves) / views, pooled, saves only where every mature post of every VA has them; n_viral_posts
    and viral_rate of the posts that reached 720 h in the period and have settled.

    Returns
    -------
    ibis.Table
        Grain va_id, of posts with a VA: n_posts [posts], n_posting_accounts [accounts], active_days [days],
        posts_per_active_day, n_mature_posts [posts], median_views [views], median_outlier [multiple of usual],
        n_outliers [posts], breakout_rate, engagement_rate_by_views, engagement_quality [fractions],
        n_final_posts, n_viral_posts [posts], viral_rate [fraction]. NULL where no post has what it takes.

    Source: metrics.md, Level 3. Version 1.
    """
    ours = reached(performance, period, _hours(horizon)).filter(_.va_id.notnull())
    mature = ours.select(
        "va_id", "account_id", "posted_local_on", "views", "likes", "comments", "shares", "saves",
        compared=_views(horizon), outlier=f"outlier_{horizon}",
    )  # fmt: skip
    outlier, known = mature.outlier, mature.compared.notnull()
    engaged = known & known_sum(mature, ["likes", "comments", "shares"]).notnull()
    counts = {c: mature[c].sum(where=engaged) for c in ("likes", "comments", "shares", "saves")}
    found = mature.group_by("va_id").agg(
        n_posts=_.count(),
        n_posting_accounts=_.account_id.nunique(),
        active_days=_.posted_local_on.nunique(),
        n_mature_posts=known.sum(),
        median_views=mature.compared.median(),
        median_outlier=outlier.median(),
        n_outliers=outlier.count(),
        breakout_rate=share(outlier >= BREAKOUT),
        engaged_views=mature.views.sum(where=engaged),
        n_saves_known=mature.saves.count(where=known),
        **counts,
    )
    # Saves of some would rank VAs by how their accounts are scraped.
    without_saves = (found.n_mature_posts - found.n_saves_known).sum().over(ibis.window())
    rated = found.select(
        "va_id", "n_posts", "n_posting_accounts", "active_days", "n_mature_posts", "median_views", "median_outlier",
        "n_outliers", "breakout_rate",
        posts_per_active_day=ratio(found.n_posts, found.active_days),
        engagement_rate_by_views=ratio(known_sum(found, ["likes", "comments", "shares"]), found.engaged_views),
        engagement_quality=ibis.cases(
            (without_saves == 0, engagement_quality(found, saves=True)),
            else_=engagement_quality(found, saves=False),
        ),
    )  # fmt: skip
    final = reached(performance, period, FINAL_HOURS).filter(_.va_id.notnull() & _.views_settled.notnull())
    viral = final.group_by("va_id").agg(
        n_final_posts=_.count(), n_viral_posts=_.is_viral.sum(), viral_rate=share(final.is_viral)
    )
    both = rated.outer_join(viral, "va_id")
    counted = {
        n: both[n].fill_null(0)
        for n in ("n_posts", "n_posting_accounts", "active_days", "n_mature_posts", "n_outliers")
    }
    return both.mutate(va_id=ibis.coalesce(both.va_id, both.va_id_right), **counted).drop("va_id_right")


def paid_time(
    costs: ibis.Table, vas: ibis.Table, fx_rates: ibis.Table, period: Period, *, currency: str
) -> ibis.Table:
    """Hours that each VA was paid for within a period, and what they cost.

    Formula: over costs of kind va_time and scope va; a row that reaches beyond the period counts by the share
    of its days that lie within. Cost = amount, else work_hours x hourly_pay, the VA's own pay standing in
    where the row has none (and is in its currency), in the reporting currency by the newest rate known at the
    row's last day; a row without a currency is in that of the VA's pay. Fractions of a cent are kept: what is paid
    to whom, to the cent, is told by Level 4.

    Returns
    -------
    ibis.Table
        Grain va_id: paid_hours [h], time_cost [`currency`], n_without_hours, n_without_cost, n_without_rate
        [rows of costs]. Sums are of what is known.

    Source: metrics.md, Level 3 (efficiency). Version 1.
    """
    first, last = ibis.literal(period.from_on, "date"), ibis.literal(period.to_on, "date")
    rows = costs.filter((_.kind == "va_time") & (_.scope == "va") & (_.from_on <= last)).select(
        "cost_id", "scope_id", "from_on", "amount", "work_hours", "hourly_pay", "currency",
        last_on=ibis.coalesce(_.to_on, _.from_on),
    )  # fmt: skip
    own = vas.select("va_id", own_pay="hourly_pay", own_currency="currency")
    joined = rows.filter(_.last_on >= first).join(own, rows.scope_id == own.va_id, how="left")
    of_row = ibis.coalesce(joined.currency, joined.own_currency)
    own_pay = ibis.cases((of_row == joined.own_currency, joined.own_pay))
    hours = joined.work_hours.cast("float64")
    pay = ibis.coalesce(joined.hourly_pay, own_pay).cast("float64")
    days = ibis.least(joined.last_on, last).delta(ibis.greatest(joined.from_on, first), unit="day") + 1
    priced = joined.select(
        "cost_id",
        "last_on",
        va_id="scope_id",
        paid_currency=of_row,
        cost=ibis.coalesce(joined.amount.cast("float64"), hours * pay),
        hours=hours,
        part=ratio(days, joined.last_on.delta(joined.from_on, unit="day") + 1),
    )
    rated = fx_rates.filter(_.rate.notnull() & (_.currency != currency)).select("currency", "rate_on", "rate")
    known = priced.select("cost_id", "last_on", "paid_currency").join(
        rated, [priced.paid_currency == rated.currency, rated.rate_on <= priced.last_on]
    )
    newest = known.group_by("cost_id").agg(newest=_.rate.cast("float64").argmax(_.rate_on))
    paid = joined_by(priced, (newest,), "cost_id")
    rate = ibis.cases((paid.paid_currency == currency, 1.0), else_=paid.newest)
    return paid.group_by("va_id").agg(
        paid_hours=(paid.part * paid.hours).sum(),
        time_cost=(paid.part * paid.cost * rate).sum(),
        n_without_hours=paid.hours.isnull().sum(),
        n_without_cost=(paid.cost.isnull() | paid.paid_currency.isnull()).sum(),
        n_without_rate=(paid.cost.notnull() & paid.paid_currency.notnull() & rate.isnull()).sum(),
    )


def va_efficiency(
    performance: ibis.Table, paid: ibis.Table, period: Period, *, horizon: str = "120"
) -> ibis.Table:
    """What a paid hour of each VA brought.

    Formula: posts_per_paid_hour = n_posts / paid_hours, views_per_paid_hour = views / paid_hours,
    time_cost_per_1000_views = 1,000 x time_cost / views; posts are those that reached the compared age in the
    period, views their known views at that age, hours and cost those of the days on which these posts went up.

    Parameters
    ----------
    paid
        See `paid_time`, of `working_days(period, horizon)`.

    Returns
    -------
    ibis.Table
        Grain va_id, of VAs with posts or paid hours: n_posts, n_mature_posts [posts], period_views [views],
        paid_hours [h], time_cost [reporting currency], posts_per_paid_hour, views_per_paid_hour,
        time_cost_per_1000_views [reporting currency], missing_efficiency [why hours or cost are NULL; NULL where
        both are known].

    Source: metrics.md, Level 3 (efficiency). Version 1.
    """
    mature = reached(performance, period, _hours(horizon)).filter(_.va_id.notnull())
    views = mature[_views(horizon)]
    posts = mature.group_by("va_id").agg(
        n_posts=_.count(), n_mature_posts=views.count(), period_views=views.sum()
    )
    both = posts.outer_join(paid, "va_id")
    has_hours = (both.n_without_hours == 0) & (both.paid_hours > 0)
    has_cost = (both.n_without_cost == 0) & (both.n_without_rate == 0)
    known = both.select(
        "period_views",
        va_id=ibis.coalesce(both.va_id, both.va_id_right),
        n_posts=both.n_posts.fill_null(0),
        n_mature_posts=both.n_mature_posts.fill_null(0),
        paid_hours=ibis.cases((has_hours, both.paid_hours)),
        time_cost=ibis.cases((has_cost, both.time_cost)),
        missing_efficiency=ibis.cases(
            (both.n_without_hours.isnull(), "no paid time was imported for these days"),
            (both.n_without_hours > 0, "some of the paid time has no hours"),
            (~has_hours, "no hour was paid"),
            (both.n_without_cost > 0, "some of the paid time has no price"),
            (both.n_without_rate > 0, "no exchange rate for some of the paid time"),
        ),
    )
    return known.select(
        "va_id", "n_posts", "n_mature_posts", "period_views", "paid_hours", "time_cost",
        posts_per_paid_hour=ratio(known.n_posts, known.paid_hours),
        views_per_paid_hour=ratio(known.period_views, known.paid_hours),
        time_cost_per_1000_views=ratio(1000.0 * known.time_cost, known.period_views),
        missing_efficiency="missing_efficiency",
    )  # fmt: skip


def working_days(period: Period, horizon: str = "120") -> Period:
    """The days on which the posts went up that reached the compared age in a period."""
    return period.shifted(-_hours(horizon) // 24)


def va_weekly(performance: ibis.Table, period: Period, *, horizon: str = "120", weeks: int = 9) -> ibis.Table:
    """Each VA week by week: how much, how far, and how well for the accounts that they had.

    Formula: a week covers the posts that reached the compared age in it. mean_log_outlier is the mean of ln
    (views / the account's usual), less that of all posts of the platform and week, so that neither strong
    accounts nor a good week for everybody lift it.

    Returns
    -------
    ibis.Table
        Grain va_id, week_on: n_posts, n_mature_posts [posts], median_views [views], median_outlier [multiple of
        usual], n_log_outliers [posts], mean_log_outlier, sd_log_outlier [ln; sd NULL under 2 posts].

    Source: metrics.md, Level 3. Version 1.
    """
    shown = weeks_up_to(period, weeks)
    whole = Period(shown[0].from_on, shown[-1].to_on, shown[0].time_zone)
    hours = _hours(horizon)
    mature = reached(performance, whole, hours).filter(_.va_id.notnull())
    dated = mature.mutate(week_on=week_of_instant(_.posted_at + ibis.interval(hours=hours), shown))
    views, log_outlier = dated[_views(horizon)], dated[f"log_outlier_{horizon}"]
    return dated.group_by("va_id", "week_on").agg(
        n_posts=_.count(),
        n_mature_posts=views.count(),
        median_views=views.median(),
        median_outlier=dated[f"outlier_{horizon}"].median(),
        n_log_outliers=log_outlier.count(),
        mean_log_outlier=log_outlier.mean(),
        sd_log_outlier=ibis.cases((log_outlier.count() > 1, log_outlier.std(how="sample"))),
    )


def va_terms(account_assignments: ibis.Table, performance: ibis.Table, period: Period) -> ibis.Table:
    """Terms of VAs on accounts that touch a period, with the posts that the VA put up there in its days.

    Grain: account_id, va_id, from_on; term_to_on [last day; NULL while it lasts], n_posts [posts put up by the
    VA on the account within both the term and the period]. Source: metrics.md, Level 3. Version 1.
    """
    first, last = ibis.literal(period.from_on, "date"), ibis.literal(period.to_on, "date")
    terms = account_assignments.filter((_.from_on <= last) & (_.to_on.isnull() | (_.to_on >= first))).select(
        "account_id", "va_id", "from_on", term_to_on="to_on"
    )
    posted = performance.filter(_.posted_local_on.between(first, last)).select(
        "post_id", "posted_local_on", posted_account_id="account_id", posted_va_id="va_id"
    )
    joined = terms.left_join(
        posted,
        [
            terms.account_id == posted.posted_account_id,
            terms.va_id == posted.posted_va_id,
            posted.posted_local_on >= terms.from_on,
            terms.term_to_on.isnull() | (posted.posted_local_on <= terms.term_to_on),
        ],
    )
    return joined.group_by("account_id", "va_id", "from_on", "term_to_on").agg(n_posts=_.post_id.count())


def va_rhythm(performance: ibis.Table, period: Period) -> ibis.Table:
    """How many posts each VA puts up a week, over the 8 ISO weeks that are over by the period's end.

    Grain: va_id; posts_per_week [posts]. See `accounts.posting_rhythm`. Source: metrics.md, Level 3. Version 1.
    """
    named = performance.mutate(account_id=performance.va_id)
    return posting_rhythm(named, period).select("posts_per_week", va_id="account_id")


def _hours(horizon: str) -> int:
    return FINAL_HOURS if horizon == "settled" else COMPARED_HOURS


def _views(horizon: str) -> str:
    return "views_settled" if horizon == "settled" else f"views_at_{horizon}"
