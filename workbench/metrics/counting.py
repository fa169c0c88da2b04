"""Small expressions that the metrics share: unknown stays unknown, dividing by nothing gives nothing."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir


def known_sum(table: ibis.Table, columns: Sequence[str]) -> ir.NumericValue:
    """Sum of the columns that are known; NULL only when none is."""
    total = sum((table[c].fill_null(0) for c in columns[1:]), table[columns[0]].fill_null(0))
    any_known = table[columns[0]].notnull()
    for c in columns[1:]:
        any_known = any_known | table[c].notnull()
    return ibis.cases((any_known, total), else_=ibis.null("int64"))


def ratio(numerator: ir.NumericValue, denominator: ir.NumericValue) -> ir.FloatingValue:
    """numerator / denominator; NULL where the denominator is 0 or either is unknown."""
    return numerator.cast("float64") / denominator.cast("float64").nullif(0.0)


def share(condition: ir.BooleanValue) -> ir.FloatingValue:
    """Share of rows where the condition holds, of those where that is known; NULL where it never is.

    Not the mean of a cast: PostgreSQL casts no boolean to a fraction.
    """
    return ratio(condition.sum(), condition.count())


def hours_between(later: ir.TimestampValue, earlier: ir.TimestampValue) -> ir.FloatingValue:
    """later - earlier in hours, to the second."""
    return (later.epoch_seconds() - earlier.epoch_seconds()).cast("float64") / 3600.0


def joined_by(table: ibis.Table, parts: Sequence[ibis.Table], key: str) -> ibis.Table:
    """`table` with the columns of every part that has its key: left joins in one chain, the keys kept once.

    A chain compiles to one SELECT; a drop after each join would nest them.
    """
    joined, spare = table, []
    for place, part in enumerate(parts):
        joined = joined.left_join(part, table[key] == part[key], rname=f"{{name}}_of_{place}")
        spare.append(f"{key}_of_{place}")
    return joined.drop(*spare)
