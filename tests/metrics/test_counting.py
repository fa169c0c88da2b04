"""Unknown stays unknown, and dividing by nothing gives nothing."""

from __future__ import annotations

from text_tables import column, rows, table

from workbench.metrics.counting import hours_between, known_sum, ratio, share


def test_known_sum_counts_what_is_known_and_is_null_only_where_nothing_is() -> None:
    counts = table(
        """
        post_id | likes | comments | shares
        all     |    80 |        5 |      2
        some    |     - |        5 |      -
        zero    |     0 |        - |      -
        none    |     - |        - |      -
        """
    )
    found = counts.mutate(engagement=known_sum(counts, ["likes", "comments", "shares"]))
    assert column(found, "engagement") == {"all": 80 + 5 + 2, "some": 5, "zero": 0, "none": None}


def test_known_sum_of_one_column_is_the_column() -> None:
    counts = table("post_id | likes\np | 3\nq | -")
    assert column(counts.mutate(n=known_sum(counts, ["likes"])), "n") == {"p": 3, "q": None}


def test_ratio_is_null_where_the_divisor_is_zero_or_either_is_unknown() -> None:
    parts = table(
        """
        post_id | above | below
        a       |     1 |     4
        b       |     0 |     4
        c       |     3 |     0
        d       |     0 |     0
        e       |     - |     4
        f       |     3 |     -
        """
    )
    found = parts.mutate(r=ratio(parts.above, parts.below))
    assert column(found, "r") == {"a": 1 / 4, "b": 0.0, "c": None, "d": None, "e": None, "f": None}


def test_a_share_is_of_the_rows_where_the_condition_is_known() -> None:
    flags = table(
        """
        account_id | is_viral
        a          | true
        a          | false
        a          | false
        a          | -
        b          | -
        c          | true
        """
    )
    found = flags.group_by("account_id").agg(r=share(flags.is_viral))
    assert column(found, "r", "account_id") == {"a": 1 / 3, "b": None, "c": 1.0}


def test_hours_between_is_signed_and_to_the_second() -> None:
    times = table(
        """
        post_id | later_at            | earlier_at
        a       | 2025-01-07 12:00:00 | 2025-01-06 11:59:59
        b       | 2025-01-06 00:00:00 | 2025-01-06 01:30:00
        c       | -                   | 2025-01-06 01:30:00
        """
    )
    found = times.mutate(h=hours_between(times.later_at, times.earlier_at))
    assert column(found, "h") == {"a": 24 + 3601 / 3600 - 1, "b": -1.5, "c": None}


def test_no_rows_give_no_rows() -> None:
    empty = table("post_id | likes | comments")
    assert rows(empty.mutate(n=known_sum(empty, ["likes", "comments"]))) == []
