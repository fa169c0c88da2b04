"""Level 4 as somebody who knows the definitions and DuckDB would write it by hand.

Written from metrics.md and the docstrings, not from the expressions. Inside, money is in ten-thousandths.
Local days are UTC days here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

from .level2_sql import Asked

NO_DECIMALS = (
    "('BIF','CLP','DJF','GNF','ISK','JPY','KMF','KRW','PYG','RWF','UGX','VND','VUV','XAF','XOF','XPF')"
)
THREE_DECIMALS = "('BHD','IQD','JOD','KWD','LYD','OMR','TND')"


def _dealt(amount: str, currency: str, before: str) -> str:
    """What of an amount falls on the days from starts_on to ends_on: its units are dealt to its days like cards."""
    size = f"abs({amount} * 10000)::BIGINT"
    unit = f"if({currency} IN {NO_DECIMALS}, 10000, if({currency} IN {THREE_DECIMALS}, 10, 100))"
    days = "(to_on - from_on + 1)"
    skipped = "(greatest(starts_on, from_on) - from_on)"
    kept = "(least(ends_on, to_on) - greatest(starts_on, from_on) + 1)"

    def up_to(card: str) -> str:
        return f"({card} // {days} * {kept} + greatest(0, least({card} % {days} - {skipped}, {kept})))"

    cards = f"{up_to(f'({before} + {size} // {unit})')} - {up_to(before)}"
    return f"sign({amount}) * (({cards}) * {unit} + if(starts_on <= from_on, {size} % {unit}, 0))"


REPORTED = _dealt("reported_amount", "reported_currency", "reported_units_before")
OWN = _dealt("amount", "currency", "units_before")


def _amount(ten_thousandths: str) -> str:
    return f"(({ten_thousandths})::BIGINT * 0.0001::DECIMAL(5, 4))::DECIMAL(18, 4)"


def _days(a: Asked, from_on: date) -> str:
    """Days up to the last that is asked for, as one row to join with."""
    return f"(SELECT DATE '{from_on}' AS starts_on, DATE '{a.to_on}' AS ends_on)"


def _rated(of: str, days: str, views: str) -> str:
    """What follows from earned, spent, n_unconverted, a number of days, and views."""
    profit = "if(n_unconverted > 0, NULL, earned - spent)"
    return f"""
        {_amount("earned")} AS revenue, {_amount("spent")} AS cost, n_unconverted, {_amount(profit)} AS profit,
        {profit} / nullif(spent, 0) AS roi, {profit} / if(earned > 0, earned, NULL) AS margin,
        if(n_unconverted > 0, NULL, earned / 10 / nullif({views}, 0)) AS rpm,
        if(n_unconverted > 0, NULL, spent / 10 / nullif({views}, 0)) AS cpm_cost,
        if(n_unconverted > 0, NULL, {days} * spent / if(earned > 0, earned, NULL)) AS payback_days
    FROM {of}"""


def _sums(money: str, key: str) -> str:
    """What came in and went out by a key, and how many parts no rate converts."""
    return f"""
    SELECT {key}, coalesce(sum({REPORTED}) FILTER (entry = 'revenue'), 0)::BIGINT AS earned,
        coalesce(sum({REPORTED}) FILTER (entry = 'cost'), 0)::BIGINT AS spent,
        count(*) FILTER (reported_amount IS NULL) AS n_unconverted
    FROM {money} WHERE from_on <= ends_on AND to_on >= starts_on GROUP BY {key}
    """


def _gained(a: Asked) -> str:
    """Views at the end less those at the start of whole weeks, of posts that had not settled before."""
    return f"""
    SELECT p.post_id, coalesce(e.views_then,
            CASE WHEN posted_at + INTERVAL 720 HOUR <= {a.end} THEN views_settled END)
        - CASE WHEN posted_at >= {a.start} THEN 0 ELSE s.views_then END AS change,
        CASE WHEN change < 0 THEN 0 ELSE change END AS gained
    FROM {a.performance} p
    LEFT JOIN (FROM post_weeks WHERE week_on = DATE '{a.from_on}') s USING (post_id)
    LEFT JOIN (FROM post_weeks WHERE week_on = DATE '{a.to_on + timedelta(days=1)}') e USING (post_id)
    WHERE posted_at < {a.end} AND posted_at > {a.start} - INTERVAL 720 HOUR
    """


def unit_roi(a: Asked, by: str) -> str:
    posts = f"(SELECT post_id, {by} FROM post_performance)"
    money = _sums(f"post_money CROSS JOIN {_days(a, a.from_on)} LEFT JOIN {posts} USING (post_id)", by)
    days = str((a.to_on - a.from_on).days + 1)
    return f"""
    WITH money AS ({money}),
    up AS (
        SELECT {by}, count(*) FILTER (posted_local_on BETWEEN DATE '{a.from_on}' AND DATE '{a.to_on}') AS n_posts,
            count(gained) AS n_gaining, sum(gained) AS gained_views
        FROM post_performance LEFT JOIN ({_gained(a)}) USING (post_id) GROUP BY {by}
    ), joined AS (
        SELECT coalesce(m.{by}, u.{by}) AS {by}, coalesce(n_posts, 0) AS n_posts,
            coalesce(n_gaining, 0) AS n_gaining, gained_views, coalesce(earned, 0) AS earned,
            coalesce(spent, 0) AS spent, coalesce(n_unconverted, 0) AS n_unconverted
        FROM money m FULL JOIN up u ON m.{by} IS NOT DISTINCT FROM u.{by}
        WHERE m.earned IS NOT NULL OR n_posts > 0 OR n_gaining > 0
    )
    SELECT {by}, n_posts, n_gaining, gained_views, {_rated("joined", days, "gained_views")}
    ORDER BY {by}
    """


def post_roi(a: Asked) -> str:
    """A post's part is its own on all its days up to the end, also on those before the post went up."""
    money = _sums(f"post_money CROSS JOIN {_days(a, date.min)} SEMI JOIN up USING (post_id)", "post_id")
    return f"""
    WITH up AS (
        SELECT post_id, account_id, posted_at, views, posted_local_on FROM {a.performance}
        WHERE posted_local_on BETWEEN DATE '{a.from_on}' AND DATE '{a.to_on}'
    ), money AS ({money}),
    joined AS (FROM money JOIN up USING (post_id))
    SELECT post_id, account_id, posted_at, views,
        {_rated("joined", f"(DATE '{a.to_on}' - posted_local_on + 1)", "views")} ORDER BY post_id
    """


def _weeks(a: Asked) -> list[tuple[date, date]]:
    number = (a.to_on - a.from_on).days // 7 + 1
    starts = [a.to_on - timedelta(days=7 * back - 1) for back in range(number, 0, -1)]
    return [(start, start + timedelta(days=6)) for start in starts]


def _months(a: Asked) -> list[tuple[date, date]]:
    found, start = [], a.from_on.replace(day=1)
    while start <= a.to_on:
        following = (start + timedelta(days=32)).replace(day=1)
        found.append((start, following - timedelta(days=1)))
        start = following
    return found


def _within(periods: list[tuple[date, date]]) -> str:
    """Money of each period; in its own currency where no rate converts it."""
    rows = ", ".join(f"(DATE '{start}', DATE '{end}')" for start, end in periods)
    return f"""
    SELECT starts_on, entry, money_kind,
        CASE WHEN reported_amount IS NULL THEN currency ELSE reported_currency END AS currency,
        CASE WHEN reported_amount IS NULL THEN {OWN} ELSE {REPORTED} END AS within
    FROM money_rows JOIN (VALUES {rows}) p(starts_on, ends_on) ON from_on <= ends_on AND to_on >= starts_on
    """


def _profit_and_loss(periods: list[tuple[date, date]]) -> str:
    return f"""
    SELECT starts_on, currency, {_amount("earned")} AS revenue, {_amount("spent")} AS cost,
        {_amount("earned - spent")} AS profit, (earned - spent) / nullif(spent, 0) AS roi,
        (earned - spent) / if(earned > 0, earned, NULL) AS margin
    FROM (
        SELECT starts_on, currency, coalesce(sum(within) FILTER (entry = 'revenue'), 0)::BIGINT AS earned,
            coalesce(sum(within) FILTER (entry = 'cost'), 0)::BIGINT AS spent
        FROM ({_within(periods)}) GROUP BY starts_on, currency
    ) ORDER BY starts_on, currency
    """


def profit_and_loss(a: Asked) -> str:
    return _profit_and_loss(_weeks(a))


def profit_and_loss_by_month(a: Asked) -> str:
    return _profit_and_loss(_months(a))


def money_by_kind(a: Asked) -> str:
    return f"""
    SELECT starts_on, currency, entry, money_kind, {_amount("sum(within)")} AS amount
    FROM ({_within(_weeks(a))}) GROUP BY ALL ORDER BY starts_on, currency, entry, money_kind
    """


def unattributed(a: Asked) -> str:
    return """
    SELECT entry, scope, currency, count(*) AS n_entries, sum(amount)::DECIMAL(18, 4) AS amount,
        count(*) FILTER (n_posts = 0) AS n_unattributed,
        coalesce(sum(amount) FILTER (n_posts = 0), 0)::DECIMAL(18, 4) AS unattributed_amount
    FROM money_rows GROUP BY ALL ORDER BY entry, scope, currency
    """


def missing_rates(a: Asked) -> str:
    """A rate is needed on the last day of a payment or a cost."""
    return """
    SELECT currency, count(*) AS n_entries, count(*) FILTER (reported_amount IS NULL) AS n_unconverted,
        min(to_on) FILTER (reported_amount IS NULL) AS missing_on,
        max(to_on) FILTER (reported_amount IS NULL) AS missing_until_on
    FROM money_rows WHERE currency <> reported_currency GROUP BY currency ORDER BY currency
    """


def payouts_due(a: Asked) -> str:
    return """
    SELECT va_id, currency, state, count(*) AS n_posts, sum(amount)::DECIMAL(18, 4) AS amount
    FROM payouts LEFT JOIN (SELECT post_id, va_id FROM post_performance) USING (post_id)
    GROUP BY ALL ORDER BY va_id, currency, state
    """


SQL: dict[str, Callable[[Asked], str]] = {
    "profit_and_loss": profit_and_loss,
    "profit_and_loss_by_month": profit_and_loss_by_month,
    "money_by_kind": money_by_kind,
    "post_roi": post_roi,
    **{f"{unit}_roi": partial(unit_roi, by=f"{unit}_id") for unit in ("account", "va", "creator", "set")},
    "platform_roi": partial(unit_roi, by="platform"),
    "unattributed": unattributed,
    "missing_rates": missing_rates,
    "payouts_due": payouts_due,
}
