"""Money dealt on arrays is what the portable expression deals."""

from __future__ import annotations

from decimal import Decimal

import ibis
import numpy as np
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.metrics import money
from workbench.model.dealing import dealt

COIN = {"USD": 100, "JPY": 10_000, "KWD": 10}
groups_drawn = st.lists(
    st.tuples(
        st.one_of(
            st.integers(-(10**5), 10**7),
            st.sampled_from([0, 1, -1, 99, 89_999_999_999_999_999, -89_999_999_999_999_999]),
        ),
        st.sampled_from(sorted(COIN)),
        st.lists(st.one_of(st.integers(0, 3), st.integers(0, 10**11)), min_size=1, max_size=9),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(groups_drawn)
def test_arrays_deal_as_the_expression_does(groups: list[tuple[int, str, list[int]]]) -> None:
    rows = [(g, p, n, c, w) for g, (n, c, weights) in enumerate(groups) for p, w in enumerate(weights)]
    group, post, number, currency, weight = (list(column) for column in zip(*rows, strict=True))
    amounts = [Decimal(n).scaleb(-4) for n in number]
    pairs = ibis.memtable(
        pa.table(
            {"money_id": group, "post_id": post, "weight": weight, "currency": currency,
             "amount": pa.array(amounts, pa.decimal128(18, 4))}
        )
    )  # fmt: skip
    said = money.dealt(pairs, by="money_id", weight="weight", amounts={"amount": "currency"})
    expected = said.order_by(["money_id", "post_id"]).to_pyarrow()
    part, before = dealt(
        *(np.array(x, np.int64) for x in (group, weight, number, [COIN[c] for c in currency]))
    )
    assert [Decimal(int(n)).scaleb(-4) for n in part] == expected["amount_part"].to_pylist()
    assert before.tolist() == expected["amount_before"].to_pylist()
    for g, (n, _currency, _weights) in enumerate(groups):
        assert part[np.array(group) == g].sum() == n


def test_nothing_is_dealt_to_nobody() -> None:
    none = np.zeros(0, np.int64)
    part, before = dealt(none, none, none, none)
    assert (len(part), len(before)) == (0, 0)
