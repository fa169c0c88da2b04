"""Which posts a payment or a cost belongs to, and how much of it to each."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
from ibis import _

from .curves import FINAL_HOURS
from .money import TEN_THOUSANDTHS, as_amount, converted, dealt, whole_number, whole_quotient

YOUNG_DAYS = FINAL_HOURS // 24
"""A post settles at 720 h: older ones gain too little to share in what a time earned."""

SCOPE_KEYS = {"account": "account_id", "va": "va_id", "creator": "creator_id"}
"""The column of `posts` that a scope of several posts names; `all` names none."""


def money_entries(revenue: ibis.Table, costs: ibis.Table, fx_rates: ibis.Table, currency: str) -> ibis.Table:
    """Revenue and costs in one form, converted to the reporting currency.

    A cost without an amount is work_hours x hourly_pay, rounded half up to a ten-thousandth.

    Grain out: money_id [`revenue:` or `cost:` and the row's id]. Columns: entry [revenue or cost], row_id, money_kind
    [a payment's source, a cost's kind], scope, scope_id, from_on, to_on, currency, amount, reported_currency,
    reported_amount [see `metrics.money.converted`]. Source: metrics.md, Level 4. Version 1.
    """
    worked = costs.mutate(hours_=whole_number(costs.work_hours), pay_=whole_number(costs.hourly_pay))
    size = whole_quotient(
        worked.hours_.abs() * worked.pay_.abs() + TEN_THOUSANDTHS // 2, ibis.literal(TEN_THOUSANDTHS, "int64")
    )
    signed = ibis.cases(((worked.hours_ < 0) == (worked.pay_ < 0), size), else_=-size)
    cost = ibis.coalesce(worked.amount.cast("decimal(18, 4)"), as_amount(signed))
    paid = _entry(
        revenue, "revenue", revenue.revenue_id, revenue.source, revenue.amount.cast("decimal(18, 4)")
    )
    spent = _entry(worked, "cost", worked.cost_id, worked.kind, cost)
    return converted(ibis.union(paid, spent), fx_rates, currency)


def _entry(
    rows: ibis.Table, entry: str, row_id: ir.StringValue, kind: ir.StringValue, amount: ir.DecimalValue
) -> ibis.Table:
    return rows.select(
        (ibis.literal(f"{entry}:") + row_id).name("money_id"), ibis.literal(entry).name("entry"),
        row_id.name("row_id"), kind.name("money_kind"), "scope", "scope_id", "from_on", "to_on", "currency",
        amount=amount,
    )  # fmt: skip


def keyed(posts: ibis.Table) -> ibis.Table:
    """Posts with `post_key`, their id as a payment's scope_id names it, so that post_id may be another kind of key."""
    return posts.mutate(post_key=posts.post_id)


def revenue_candidates(entries: ibis.Table, posts: ibis.Table) -> ibis.Table:
    """The posts that may have earned each payment.

    Of the posts of its scope (by posts.account_id, va_id, creator_id) that were up by its last day, those that were
    younger than 720 h on its first day, as views are settled then; where there are none, all of them. Days are the
    posts' local ones. The scope of one post is always that post. Posts without a posting time share in nothing but
    payments of their own. `posts`: see `keyed`.

    Grain out: money_id, post_id; from_on, to_on, is_young. Source: metrics.md, Level 4. Version 1.
    """
    payments = entries.filter(_.entry == "revenue")
    several = payments.filter(_.scope != "post")
    young = _of_scope(several, posts, earlier_days=YOUNG_DAYS - 1).mutate(is_young=True)
    old = _of_scope(several.anti_join(young, "money_id"), posts, earlier_days=None).mutate(is_young=False)
    return ibis.union(_own(payments, posts).mutate(is_young=True), young, old)


def cost_candidates(entries: ibis.Table, posts: ibis.Table) -> ibis.Table:
    """The posts that each cost was for: those of its scope posted within its days; of one post, that post.

    Grain out: money_id, post_id; from_on, to_on. Source: metrics.md, Level 4 (costs). Version 1.
    """
    spent = entries.filter(_.entry == "cost")
    return ibis.union(_own(spent, posts), _of_scope(spent.filter(_.scope != "post"), posts, earlier_days=0))


def _own(entries: ibis.Table, posts: ibis.Table) -> ibis.Table:
    of, named = entries.filter(_.scope == "post"), posts.select("post_id", "post_key")
    return of.join(named, of.scope_id == named.post_key).select("money_id", "post_id", "from_on", "to_on")


def _of_scope(entries: ibis.Table, posts: ibis.Table, *, earlier_days: int | None) -> ibis.Table:
    """Posts of each entry's scope that were up by its last day, and at most so many days before its first."""
    dated = posts.filter(_.posted_local_on.notnull()).select(
        "post_id", "posted_local_on", *SCOPE_KEYS.values()
    )
    parts = []
    for scope in (*SCOPE_KEYS, "all"):
        of = entries.filter(_.scope == scope)
        conditions = [dated.posted_local_on <= of.to_on]
        if earlier_days is not None:
            conditions.append(dated.posted_local_on + ibis.interval(days=earlier_days) >= of.from_on)
        if scope != "all":
            conditions.append(of.scope_id == dated[SCOPE_KEYS[scope]])
        parts.append(of.join(dated, conditions).select("money_id", "post_id", "from_on", "to_on"))
    return ibis.union(*parts)


def candidate_views(
    candidates: ibis.Table, counts: ibis.Table, then: ibis.Table, calendar: ibis.Table
) -> ibis.Table:
    """What each candidate is weighed by.

    views_gained: views at the end of the payment's last day less those at the start of its first, interpolated
    between snapshots as views_at is (see `views_then`); falls count 0; NULL without a bracket. A young post that
    is past 720 h at the end and has no bracket there is taken at its settled views.

    Parameters
    ----------
    counts
        post_id, posted_at, views (newest known), views_settled.
    then
        post_id, seen_at, views_then: see `views_then`; rows only where known.
    calendar
        day_on, starts_at: the instant at which a local day begins.

    Grain out: money_id, post_id; views_gained, views [known last]. Source: metrics.md, Level 4. Version 1.
    """
    begin = calendar.select(from_on="day_on", begin_at="starts_at")
    # The day after the last begins where the last ends.
    end = calendar.select(to_on="day_before_on", end_at="starts_at")
    bounded = candidates.join(begin, "from_on").join(end, "to_on").join(counts, "post_id")
    at_begin = then.select(post_id="post_id", begin_at="seen_at", views_begin="views_then")
    at_end = then.select(post_id="post_id", end_at="seen_at", views_end="views_then")
    seen = bounded.left_join(at_begin, ["post_id", "begin_at"]).drop("post_id_right", "begin_at_right")
    seen = seen.left_join(at_end, ["post_id", "end_at"]).drop("post_id_right", "end_at_right")
    settled = seen.posted_at + ibis.interval(hours=FINAL_HOURS) <= seen.end_at
    last = ibis.coalesce(seen.views_end, ibis.cases((settled & seen.is_young, seen.views_settled)))
    first = ibis.cases((seen.posted_at >= seen.begin_at, 0.0), else_=seen.views_begin)
    return seen.select(
        "money_id",
        "post_id",
        "views",
        views_gained=ibis.cases(
            (last.notnull() & first.notnull(), ibis.greatest(last - first, 0.0)), else_=ibis.null("float64")
        ),
    )


def chosen_methods(weighed: ibis.Table) -> ibis.Table:
    """How each payment is spread, as far as counts tell today: `gained` if every candidate's views gained are known,
    else `total` if every one's views are, else `equal`.

    Grain in: see `candidate_views`. Grain out: money_id; method. Source: metrics.md, Level 4. Version 1.
    """
    known = weighed.group_by("money_id").agg(
        n_posts=_.count(), n_gained=_.views_gained.count(), n_views=_.views.count()
    )
    return known.select(
        "money_id",
        method=ibis.cases(
            (known.n_gained == known.n_posts, "gained"),
            (known.n_views == known.n_posts, "total"),
            else_="equal",
        ),
    )


def revenue_weights(weighed: ibis.Table, methods: ibis.Table) -> ibis.Table:
    """Whole weights of each payment's posts by the method that is stored with it.

    `methods`: money_id, method. A count that the stored method needs and that is unknown weighs 0.
    Grain out: money_id, post_id; weight, method. Source: metrics.md, Level 4. Version 1.
    """
    joined = weighed.join(methods, "money_id")
    gained = (joined.views_gained.fill_null(0.0) + 0.5).floor().cast("int64")
    return joined.select(
        "money_id",
        "post_id",
        "method",
        weight=ibis.cases(
            (joined.method == "gained", gained),
            (joined.method == "total", joined.views.fill_null(0)),
            else_=1,
        ).cast("int64"),
    )


def cost_weights(candidates: ibis.Table) -> ibis.Table:
    """Every post that a cost was for weighs the same. Grain out: money_id, post_id; weight, method."""
    return candidates.select(
        "money_id", "post_id", method=ibis.literal("equal"), weight=ibis.literal(1, "int64")
    )


def post_money(entries: ibis.Table, weights: ibis.Table) -> ibis.Table:
    """Every payment and every cost dealt out to its posts; one row without a post where it has none.

    The amount and the converted amount are each dealt whole (see `metrics.money.dealt`), so both add up to exactly
    what came in: by post, account, VA, creator, set, platform, in total and on any days.

    Parameters
    ----------
    entries
        Grain money_id: a payment's or a cost's key, unlike any other of either. See `money_entries`.
    weights
        money_id, post_id, weight.

    Returns
    -------
    ibis.Table
        Grain money_id, post_id (NULL: unattributed). amount_part, amount_before; reported_amount_part [NULL without
        a rate], reported_amount_before.

    Source: metrics.md, Level 4. Version 1.
    """
    amounts = {"amount": "currency", "reported_amount": "reported_currency"}
    pairs = entries.left_join(weights, "money_id").select(
        "money_id", weights.post_id, weights.weight, *amounts, *amounts.values()
    )
    return dealt(pairs, by="money_id", weight="weight", amounts=amounts)


def named(parts: ibis.Table, entries: ibis.Table, methods: ibis.Table) -> ibis.Table:
    """Parts of `post_money` with what their entry is: the mart `post_money`.

    Grain out: money_id, post_id. Columns: entry, money_kind, scope, from_on, to_on, method, currency, amount,
    units_before, reported_currency, reported_amount, reported_units_before.
    """
    told = entries.select(
        "money_id", "entry", "money_kind", "scope", "from_on", "to_on", "currency", "reported_currency"
    )
    joined = parts.join(told, "money_id").left_join(methods, "money_id").drop("money_id_right")
    return joined.select(
        *("money_id", "post_id", "entry", "money_kind", "scope", "from_on", "to_on", "method", "currency"),
        amount=_.amount_part,
        units_before=_.amount_before,
        reported_currency=_.reported_currency,
        reported_amount=_.reported_amount_part,
        reported_units_before=_.reported_amount_before,
    )


def money_rows(entries: ibis.Table, parts: ibis.Table, methods: ibis.Table) -> ibis.Table:
    """Every payment and cost once, with how it was dealt out: the mart `money_rows`.

    Grain out: money_id. Columns of `entries`; method and n_posts [posts it went to; 0: unattributed];
    units_before and reported_units_before, 0, so that what falls into a period is found as for a post's part.

    Source: metrics.md, Level 4. Version 1.
    """
    told = parts.group_by("money_id").agg(n_posts=_.post_id.count())
    joined = entries.left_join(told, "money_id").drop("money_id_right")
    joined = joined.left_join(methods, "money_id").drop("money_id_right")
    return joined.mutate(
        n_posts=_.n_posts.fill_null(0),
        units_before=ibis.literal(0, "int64"),
        reported_units_before=ibis.literal(0, "int64"),
    )
