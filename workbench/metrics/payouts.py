"""What a post is paid for: a base, and an amount per 1,000 views by tier, on the views that it had at 168 hours."""

from __future__ import annotations

import ibis
from ibis import _

from .money import TEN_THOUSANDTHS, as_amount, minor_unit, whole_number, whole_quotient

FROZEN_HOURS = 168


def rule_of_post(posts: ibis.Table, payout_rules: ibis.Table) -> ibis.Table:
    """The rule that a post is paid by: of those valid on its local day of posting, the most specific.

    One for its VA and creator goes before one for its VA, that before one for its creator, that before a general
    one; of two as specific, the one that began later, then the first by rule_id.

    Grain out: post_id, only of posts with a rule; rule_id. Source: metrics.md, Level 4 (payout). Version 1.
    """
    dated = posts.filter(_.posted_local_on.notnull()).select(
        "post_id", "posted_local_on", "va_id", "creator_id"
    )
    rules = payout_rules.select(
        "rule_id", rule_va="va_id", rule_creator="creator_id", rule_from="from_on", rule_to="to_on"
    )
    pairs = dated.cross_join(rules)
    valid = pairs.filter(
        (pairs.rule_va.isnull() | (pairs.rule_va == pairs.va_id))
        & (pairs.rule_creator.isnull() | (pairs.rule_creator == pairs.creator_id))
        & (pairs.rule_from.isnull() | (pairs.rule_from <= pairs.posted_local_on))
        & (pairs.rule_to.isnull() | (pairs.rule_to >= pairs.posted_local_on))
    )
    specific = ibis.cases((valid.rule_va.notnull(), 2), else_=0) + ibis.cases(
        (valid.rule_creator.notnull(), 1), else_=0
    )
    begun = ibis.coalesce(valid.rule_from, ibis.literal("1900-01-01").cast("date"))
    ranked = valid.mutate(specific=specific, begun=begun)
    order = ibis.window(group_by="post_id", order_by=[ibis.desc("specific"), ibis.desc("begun"), "rule_id"])
    first = ranked.mutate(place=ibis.row_number().over(order)).filter(_.place == 0)
    return first.select("post_id", "rule_id")


def payout_amounts(frozen: ibis.Table, payout_rules: ibis.Table, tiers: ibis.Table) -> ibis.Table:
    """What posts are paid.

    Formula: base_amount + for each tier, the views from its first on up to the next tier's, x per_1000 / 1000;
    rounded half up to the currency's minor unit, at most cap_amount.

    Parameters
    ----------
    frozen
        post_id, rule_id, frozen_views.
    tiers
        rule_id, from_views, per_1000 [amount].

    Grain out: post_id; amount [DECIMAL(18,4), in the rule's currency]. Source: metrics.md, Level 4. Version 1.
    """
    by_rule = ibis.window(group_by="rule_id", order_by="from_views")
    steps = tiers.mutate(until_views=_.from_views.lead().over(by_rule))
    met = frozen.join(steps, "rule_id").filter(_.frozen_views > _.from_views)
    counted = ibis.least(met.frozen_views, ibis.coalesce(met.until_views, met.frozen_views)) - met.from_views
    by_views = (
        met.mutate(earned=counted * whole_number(met.per_1000)).group_by("post_id").agg(earned=_.earned.sum())
    )
    rules = payout_rules.select("rule_id", "currency", "base_amount", "cap_amount")
    all_of = frozen.join(rules, "rule_id").left_join(by_views, "post_id").drop("post_id_right")
    coin = minor_unit(all_of.currency)
    base = whole_number(all_of.base_amount.fill_null(0))
    thousandfold = base * 1000 + all_of.earned.fill_null(0).cast("!int64")
    units = whole_quotient(thousandfold + coin * 500, coin * 1000)
    whole = ibis.least(units * coin, whole_number(all_of.cap_amount).fill_null(10**14 * TEN_THOUSANDTHS))
    return all_of.select("post_id", amount=as_amount(whole))


def payouts_now(
    performance: ibis.Table, payout_rules: ibis.Table, tiers: ibis.Table, newest: ibis.Table
) -> ibis.Table:
    """Each post's payout as its counts stand: what a load freezes where it is not frozen yet.

    state: `due` once views_at(168) is known; `canceled` for a deleted post without that count; `upcoming` while the
    post is younger than 168 h at the newest count of all; else `unmeasured`.

    Parameters
    ----------
    newest
        One row: newest_at, when the newest count of any post was captured.

    Grain out: post_id; rule_id, frozen_views [views_at(168) rounded; NULL unless due], amount [NULL likewise],
    currency, state.
    Source: metrics.md, Level 4 (payout). Version 1.
    """
    ruled = performance.join(rule_of_post(performance, payout_rules), "post_id")
    views = ruled[f"views_at_{FROZEN_HOURS}"]
    dated = ruled.cross_join(newest).select(
        "post_id",
        "rule_id",
        frozen_views=(views + 0.5).floor().cast("int64"),
        state=ibis.cases(
            (views.notnull(), "due"),
            (ruled.is_deleted.fill_null(False), "canceled"),
            (ruled.posted_at + ibis.interval(hours=FROZEN_HOURS) > newest.newest_at, "upcoming"),
            else_="unmeasured",
        ),
    )
    amounts = payout_amounts(dated.filter(_.frozen_views.notnull()), payout_rules, tiers)
    told = dated.left_join(amounts, "post_id").drop("post_id_right")
    return told.join(payout_rules.select("rule_id", "currency"), "rule_id").select(
        "post_id", "rule_id", "frozen_views", "amount", "currency", "state"
    )
