"""Money in whole minor units: cents that are dealt out, to posts and to days, so that none is lost.

Amounts are DECIMAL(18,4). Inside, they are whole numbers of ten-thousandths, and what is dealt are whole minor
units of the currency; so every sum over posts, accounts, VAs, days or weeks is exactly what came in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir
from ibis import _

from .periods import Period

TEN_THOUSANDTHS = 10_000
"""Of one unit of a currency: the finest that an amount is kept in."""

LARGEST_WHOLE = 10**14 - 1
"""Whole units that an amount holds at most."""

NO_DECIMALS = (
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF",
)  # fmt: skip
THREE_DECIMALS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
"""Currencies whose minor unit is no hundredth (ISO 4217)."""


def minor_unit(currency: ir.StringValue) -> ir.IntegerValue:
    """Ten-thousandths in the smallest coin of a currency: 100 for a cent, 10,000 for a yen, 10 for a fils."""
    whole, thousandth = TEN_THOUSANDTHS, TEN_THOUSANDTHS // 1000
    return ibis.cases(
        (currency.isin(NO_DECIMALS), whole),
        (currency.isin(THREE_DECIMALS), thousandth),
        else_=TEN_THOUSANDTHS // 100,
    ).cast("int64")


def whole_number(amount: ir.DecimalValue) -> ir.IntegerValue:
    """An amount as a whole number of ten-thousandths.

    A whole number near it and the rest each on their own: a product of the amount would need more digits than 64 bits
    hold, and engines reckon with those a hundred times as slowly. The whole number may be the one above, and the rest
    negative.
    """
    kept = amount.cast("decimal(18, 4)")
    near = kept.cast("float64").floor().cast("int64")
    whole = ibis.greatest(ibis.least(near, LARGEST_WHOLE), -LARGEST_WHOLE)
    rest = (kept - whole.cast("decimal(18, 0)")).cast("decimal(18, 4)")
    return whole * TEN_THOUSANDTHS + (rest.cast("float64") * float(TEN_THOUSANDTHS) + 0.5).floor().cast(
        "int64"
    )


def as_amount(number: ir.IntegerValue) -> ir.DecimalValue:
    """A whole number of ten-thousandths as an amount. Multiplied, as engines divide decimals as fractions."""
    smallest = ibis.literal("0.0001").cast("decimal(18, 4)")
    return (number.cast("decimal(18, 0)") * smallest).cast("decimal(18, 4)")


def whole_quotient(number: ir.IntegerValue, divisor: ir.IntegerValue) -> ir.IntegerValue:
    """number / divisor rounded down, exact for 0 <= number < 2^62 and divisor > 0.

    Engines divide whole numbers as fractions, which are wrong past 2^53; what the first division got wrong is
    small, and the second mends it.
    """
    below = divisor.cast("float64").nullif(0.0)
    first = (number.cast("float64") / below).floor().cast("int64")
    rest = number - first * divisor
    return first + (rest.cast("float64") / below).floor().cast("int64")


LARGEST_WEIGHTS = 2**31
"""Weights that sum to more are taken in larger steps, so that whole numbers hold every product."""


def dealt(pairs: ibis.Table, *, by: str, weight: str, amounts: Mapping[str, str]) -> ibis.Table:
    """Each row's part of its group's amounts, in whole minor units by largest remainder.

    Formula: floor(units x weight / sum of weights) each; the units left over go one each to the largest
    remainders, ties by post_id. Where all weights are 0 the parts are equal. What an amount has below its
    minor unit goes to the first in that order. A negative amount is dealt by its size.

    Parameters
    ----------
    pairs
        Grain `by`, post_id. The amounts and their currencies are the group's; `weight` is a whole number >= 0.
    amounts
        Column of an amount -> column of its currency.

    Returns
    -------
    ibis.Table
        `by`, post_id; of each amount `<amount>_part` [DECIMAL(18,4): over the group they sum to the amount] and
        `<amount>_before` [minor units dealt to posts earlier by post_id]; both NULL where the amount is.

    Source: metrics.md, Level 4 (attribution). Version 1.
    """
    group = ibis.window(group_by=by)
    plain = pairs.mutate(plain=pairs[weight].fill_null(0).cast("int64"))
    summed = plain.mutate(plain_sum=narrow(_.plain.sum().over(group)), n_in_group=_.count().over(group))
    stepped = summed.mutate(step=_quotient(summed.plain_sum, LARGEST_WEIGHTS) + 1)
    scaled = stepped.mutate(scaled=whole_quotient(stepped.plain, stepped.step))
    scaled = scaled.mutate(scaled_sum=narrow(_.scaled.sum().over(group)))
    weighed = scaled.select(
        by,
        "post_id",
        share=ibis.cases((_.scaled_sum > 0, _.scaled), else_=1).cast("int64"),
        shares=ibis.cases((_.scaled_sum > 0, _.scaled_sum), else_=_.n_in_group).cast("int64"),
        **{f"coin_{a}": minor_unit(scaled[c]) for a, c in amounts.items()},
        **{f"number_{a}": whole_number(scaled[a]) for a in amounts},
    )
    floored = weighed
    for a in amounts:
        floored = _floored(floored, a)
    order = {a: ibis.window(group_by=by, order_by=[ibis.desc(f"remainder_{a}"), "post_id"]) for a in amounts}
    ranked = floored.mutate(
        **{
            f"left_{a}": floored[f"units_{a}"] - narrow(floored[f"floor_{a}"].sum().over(group))
            for a in amounts
        },
        **{f"place_{a}": ibis.row_number().over(order[a]) for a in amounts},
    )
    mine = {
        a: ranked[f"floor_{a}"] + ibis.cases((ranked[f"place_{a}"] < ranked[f"left_{a}"], 1), else_=0)
        for a in amounts
    }
    whole = ranked.mutate(**{f"mine_{a}": mine[a].cast("int64") for a in amounts})
    up_to = ibis.cumulative_window(group_by=by, order_by="post_id")
    return whole.select(
        by,
        "post_id",
        **{f"{a}_part": _part(whole, a) for a in amounts},
        **{f"{a}_before": narrow(whole[f"mine_{a}"].sum().over(up_to)) - whole[f"mine_{a}"] for a in amounts},
    )


def _floored(t: ibis.Table, amount: str) -> ibis.Table:
    """What each is dealt at least, and the remainder that decides about the rest.

    Whole rounds first: units x share may be past whole numbers, what is left of a round times a share is not.
    """
    units = t.mutate(**{f"units_{amount}": whole_quotient(t[f"number_{amount}"].abs(), t[f"coin_{amount}"])})
    rounds = units.mutate(rounds=whole_quotient(units[f"units_{amount}"], units.shares))
    over = rounds.mutate(over=(rounds[f"units_{amount}"] - rounds.rounds * rounds.shares) * rounds.share)
    more = over.mutate(more=whole_quotient(over.over, over.shares))
    return more.mutate(
        **{
            f"floor_{amount}": more.rounds * more.share + more.more,
            f"remainder_{amount}": more.over - more.more * more.shares,
        }
    ).drop("rounds", "over", "more")


def narrow(total: ir.IntegerValue) -> ir.IntegerValue:
    """A sum of whole numbers as one of 64 bits: engines sum into 128, and reckon slowly with those.

    To Ibis the sum is of 64 bits already, and a cast to what it is would be left out.
    """
    return total.cast("!int64")


def _part(t: ibis.Table, amount: str) -> ir.DecimalValue:
    coin, number = t[f"coin_{amount}"], t[f"number_{amount}"]
    rest = ibis.cases((t[f"place_{amount}"] == 0, number.abs() - t[f"units_{amount}"] * coin), else_=0)
    found = t[f"mine_{amount}"] * coin + rest
    return as_amount(ibis.cases((number < 0, -found), else_=found))


_IN = {
    "amount": ("currency", "units_before"),
    "reported_amount": ("reported_currency", "reported_units_before"),
}


def in_period(
    money: ibis.Table, period: Period, *, keep: Sequence[str] = (), amounts: Sequence[str] = tuple(_IN)
) -> ibis.Table:
    """Rows of `post_money` or `money_rows` whose days touch a period, with what falls within it: see `between`."""
    first, last = ibis.literal(period.from_on, "date"), ibis.literal(period.to_on, "date")
    touched = money.filter((_.from_on <= last) & (_.to_on >= first))
    bounded = touched.mutate(starts_on=first, ends_on=last)
    return between(bounded, keep=keep or bounded.columns, amounts=amounts)


def between(
    money: ibis.Table, *, keep: Sequence[str] = (), amounts: Sequence[str] = tuple(_IN)
) -> ibis.Table:
    """Rows of money with what of them falls on the days from starts_on to ends_on.

    The minor units of a payment or cost stand in a line, by post_id of those whom they belong to, and are dealt to
    its days like cards: the first to the first day, the next to the next, and again from the first. So each day gets
    as much as any other, to a unit, and each unit belongs to one post and one day: sums over posts, over days and
    over both are exactly what came in. What is below the minor unit falls on the first day.

    Parameters
    ----------
    money
        from_on, to_on, starts_on, ends_on, and of each amount its currency and units_before.
    keep
        Columns that are wanted of it; none: all. What a figure doesn't need is left out, as compiling a step costs
        by its columns.
    amounts
        `amount`, `reported_amount` or both.

    Grain as `money`; amount_within [in the row's currency] and reported_amount_within [in that of the reports; NULL
    without a rate], in ten-thousandths. Source: metrics.md, Level 4. Version 1.
    """
    days = money.to_on.delta(money.from_on, unit="day") + 1
    start = ibis.greatest(money.starts_on.delta(money.from_on, unit="day"), 0)
    stop = ibis.least(money.ends_on.delta(money.from_on, unit="day") + 1, days)
    kept = list(keep or money.columns)
    # Step by step: a quotient names its arguments often, and nested ones would grow past any engine's patience.
    placed = money.select(
        *kept,
        days_=days.cast("int64"),
        start_=start.cast("int64"),
        inside_=ibis.greatest(stop - start, 0).cast("int64"),
        **{f"coin_{a}": minor_unit(money[_IN[a][0]]) for a in amounts},
        **{f"number_{a}": whole_number(money[a]) for a in amounts},
        **{f"before_{a}": money[_IN[a][1]] for a in amounts},
    )
    counted = placed.mutate(
        **{f"units_{a}": whole_quotient(placed[f"number_{a}"].abs(), placed[f"coin_{a}"]) for a in amounts},
        **{f"turns_{a}": whole_quotient(placed[f"before_{a}"], placed.days_) for a in amounts},
    )
    lines = counted.mutate(
        **{
            f"ended_{a}": whole_quotient(counted[f"before_{a}"] + counted[f"units_{a}"], counted.days_)
            for a in amounts
        }
    )
    return lines.select(*kept, **{f"{a}_within": _within(lines, a) for a in amounts})


def _within(t: ibis.Table, amount: str) -> ir.IntegerValue:
    """The units up to the end of a part's line that fall on the days, less those up to its start."""

    def up_to(line: ir.IntegerValue, rounds: ir.IntegerValue) -> ir.IntegerValue:
        begun = line - rounds * t.days_
        return rounds * t.inside_ + ibis.greatest(ibis.least(begun - t.start_, t.inside_), 0)

    coin, number = t[f"coin_{amount}"], t[f"number_{amount}"]
    all_units, before = t[f"units_{amount}"], t[f"before_{amount}"]
    units = up_to(before + all_units, t[f"ended_{amount}"]) - up_to(before, t[f"turns_{amount}"])
    is_first = (t.start_ == 0) & (t.inside_ > 0)
    found = units * coin + ibis.cases((is_first, number.abs() - all_units * coin), else_=0)
    return ibis.cases((number < 0, -found), else_=found)


def converted(rows: ibis.Table, fx_rates: ibis.Table, currency: str) -> ibis.Table:
    """Rows of money with reported_amount: the amount in the reporting currency.

    Formula: amount x the newest rate known at or before the row's last day, rounded half up to the reporting
    currency's minor unit; an amount in the reporting currency stays as it is. NULL where there is no rate: a rate
    from later was not known then and is not used. The whole row is converted before it is spread, so that sums of
    reported amounts are as exact as those of amounts.

    Grain as `rows`: money_id, currency, to_on, amount. Source: metrics.md, Level 4 (currencies). Version 1.
    """
    mine = rows.filter(_.currency != currency)
    rates = fx_rates.filter(_.rate.notnull()).select(fx_currency="currency", rate_on="rate_on", rate="rate")
    known = mine.select("money_id", "currency", "to_on").join(
        rates, [mine.currency == rates.fx_currency, rates.rate_on <= mine.to_on]
    )
    newest = known.group_by("money_id").agg(rate=_.rate.argmax(_.rate_on))
    joined = rows.left_join(newest, "money_id").drop("money_id_right")
    # In parts that whole numbers hold: an amount times a rate has more digits than they.
    scale = 10**8
    coin = TEN_THOUSANDTHS // 100
    coin = {**dict.fromkeys(NO_DECIMALS, TEN_THOUSANDTHS), **dict.fromkeys(THREE_DECIMALS, 10)}.get(
        currency, coin
    )
    numbers = joined.mutate(
        number_=whole_number(joined.amount).abs(),
        rate_=(joined.rate.cast("decimal(38, 8)") * scale).cast("int64"),
    )
    tops = numbers.mutate(high_=_quotient(numbers.number_, scale), whole_=_quotient(numbers.rate_, scale))
    parts = tops.mutate(low_=tops.number_ - tops.high_ * scale, fraction_=tops.rate_ - tops.whole_ * scale)
    products = parts.mutate(
        product_=parts.number_ * parts.whole_
        + parts.high_ * parts.fraction_
        + _quotient(parts.low_ * parts.fraction_, scale)
    )
    units = products.mutate(units_=_quotient(products.product_ + coin // 2, coin) * coin)
    joined, signed = units, ibis.cases((units.amount < 0, -units.units_), else_=units.units_)
    return joined.mutate(
        reported_currency=ibis.literal(currency),
        reported_amount=ibis.cases(
            (joined.currency == currency, joined.amount),
            (joined.rate.notnull(), as_amount(signed)),
            else_=ibis.null("decimal(18, 4)"),
        ),
    ).drop("rate", "number_", "rate_", "high_", "whole_", "low_", "fraction_", "product_", "units_")


def _quotient(number: ir.IntegerValue, divisor: int) -> ir.IntegerValue:
    return whole_quotient(number, ibis.literal(divisor, "int64"))
