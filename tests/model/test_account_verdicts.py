"""The rules by which an account is to be pushed, dropped or looked at."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from workbench.model.account_verdicts import COLUMNS, VERDICTS, account_verdicts
from workbench.model.usual_change import COLUMNS as USUAL

UNKNOWN = float("nan")
ORDINARY = {
    "n_posts": 9, "n_mature_posts": 9, "median_outlier": 1.0, "follower_growth_rate": 0.01, "net_followers": 5.0,
    "now_low": 0.8, "now_high": 1.2, "usual_change": 1.0, "usual_change_low": 0.8, "usual_change_high": 1.2,
}  # fmt: skip


def judged(**accounts: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """(verdict, rule) of each account, among five ordinary ones that make the agency's middle."""
    given = {**{f"plain{n}": {} for n in range(5)}, **accounts}
    frame = pd.DataFrame([{"account_id": a, **ORDINARY, **changed} for a, changed in given.items()])
    review = frame[["account_id", "n_posts", "n_mature_posts", "median_outlier", "follower_growth_rate",
                    "net_followers"]]  # fmt: skip
    usual = frame.assign(n_usual_now=9, n_usual_before=9, usual_now=1.0, usual_before=1.0)[list(USUAL)]
    found = account_verdicts(review, frame[["account_id", "now_low", "now_high"]], usual)
    assert list(found.columns) == list(COLUMNS)
    return {r["account_id"]: (r["verdict"], r["rule"]) for r in found.to_dict("records")}


ABOVE = {"median_outlier": 2.0, "now_low": 1.3, "now_high": 3.0}
DECLINED = {"usual_change": 0.6, "usual_change_low": 0.55, "usual_change_high": 0.8}


@pytest.mark.parametrize(
    ("changed", "verdict", "rule"),
    [
        ({}, "keep", "as usual"),
        (ABOVE, "push", "above and growing"),
        ({**ABOVE, "net_followers": 0.0}, "keep", "as usual"),
        ({**ABOVE, "net_followers": UNKNOWN}, "keep", "as usual"),
        ({**ABOVE, "n_mature_posts": 4}, "too little known", "too few"),
        ({**ABOVE, "now_low": 1.0}, "keep", "as usual"),
        ({**DECLINED, "net_followers": -3.0}, "drop", "long decline"),
        (DECLINED, "check", "long decline"),
        ({**DECLINED, "net_followers": UNKNOWN}, "check", "long decline"),
        ({"usual_change_high": 0.49}, "check", "collapsed"),
        ({"now_high": 0.49}, "check", "collapsed"),
        ({"now_high": 0.9}, "check", "below"),
        ({"usual_change_high": UNKNOWN, "now_high": UNKNOWN, "now_low": UNKNOWN}, "keep", "as usual"),
    ],
)
def test_the_first_rule_that_holds_decides(changed: dict[str, Any], verdict: str, rule: str) -> None:
    assert judged(x=changed)["x"] == (verdict, rule)


def test_who_falls_with_all_others_is_not_blamed_for_it() -> None:
    fallen = {"usual_change": 0.5, "usual_change_low": 0.4, "usual_change_high": 0.7, "net_followers": -1.0}
    found = judged(**{f"plain{n}": fallen for n in range(5)}, further={**fallen, "usual_change_high": 0.3})
    assert found["plain0"] == ("keep", "as usual")
    assert found["further"] == ("drop", "long decline"), "0.3 is below 0.5, but no half of it"


def test_verdicts_come_in_the_order_in_which_somebody_acts() -> None:
    found = list(
        judged(kept={}, few={"n_mature_posts": 0}, low={"now_high": 0.9}, high=ABOVE,
               down={**DECLINED, "net_followers": -3.0}).values()
    )  # fmt: skip
    places = [VERDICTS.index(verdict) for verdict, _rule in found]
    assert places == sorted(places) and set(places) == {0, 1, 2, 3, 4}


def test_accounts_without_a_post_have_no_verdict() -> None:
    assert "silent" not in judged(silent={"n_posts": 0, "n_mature_posts": 0})
