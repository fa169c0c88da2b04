"""What speaks for pushing, dropping or checking an account, in words with the evidence beside them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..model.account_facts import AccountFacts
from ..model.account_verdicts import COLLAPSED
from ..model.usual_change import FEWEST
from ..model.wilson import wilson
from . import charts
from .blocks import Box, Stacked, finding, note
from .numbers import counted, multiple, percent, whole
from .tables import Folded, Table

_ACTED_ON = ("push", "drop", "check")
_OF_EACH = 8
"""Accounts of each verdict that are shown before the list is unfolded."""
LUCK = 0.05
"""Of accounts like any other, the share that a 90 % interval calls clearly above."""


def reason(row: dict[Any, Any]) -> str:
    """The evidence that decided, in a few words; what else is known stands beside it."""
    if row["rule"] == "too few":
        return f"only {counted(row['n_mature_posts'], 'comparable post')}"
    outlier = (
        f"median post {multiple(row['median_outlier'])} its usual "
        f"({multiple(row['outlier_low'])} to {multiple(row['outlier_high'])})"
    )
    since = (
        f"{multiple(row['usual_change'])} the views of half a year ago "
        f"({multiple(row['usual_change_low'])} to {multiple(row['usual_change_high'])})"
    )
    if row["rule"] == "collapsed":
        return f"collapsed: {outlier if row['outlier_high'] < COLLAPSED else since}"
    if row["rule"] == "long decline":
        # Growth that is unknown decides nothing, and then nothing is said of it.
        growth = {True: ", not growing", False: ", still growing"}.get(row["net_followers"] <= 0, "")
        return since + (growth if pd.notna(row["net_followers"]) else "")
    return outlier + (", and growing" if row["rule"] == "above and growing" else "")


def verdict_finding(facts: AccountFacts) -> Box:
    """How many accounts to push, to drop and to look at, and how many luck alone would call so."""
    found = facts.verdicts
    judged = found[found["verdict"] != "too little known"]
    if judged.empty:
        return finding(
            "Too few comparable posts for a verdict on any account",
            f"A verdict needs 5 posts in {counted(facts.score_weeks, 'week')}.",
        )
    if len(judged) == 1:
        row = dict(judged.iloc[0])
        return finding(
            f"{row['account_id']}: {row['verdict']}",
            f"{reason(row).capitalize()}; n = {counted(row['n_mature_posts'], 'post')}. One account in twenty like any "
            "other is called clearly above its usual by luck, and one below.",
        )
    n = judged["verdict"].value_counts()
    push, drop, check = (int(n.get(v, 0)) for v in _ACTED_ON)
    collapsed = judged[judged["is_collapsed"]]["account_id"].tolist()
    body = (
        f"Of {counted(len(judged), 'account')} with 5 comparable posts or more; luck alone would put about "
        f"{whole(LUCK * len(judged))} clearly above their usual and as many below."
    )
    if collapsed:
        body += f" Collapsed: {', '.join(collapsed[:3])}" + (
            f" and {len(collapsed) - 3} more." if len(collapsed) > 3 else "."
        )
    title = f"{counted(push, 'account')} to push, {_some(drop)} to drop, {_some(check)} to check"
    return finding(title[0].upper() + title[1:], body)


def _some(n: int) -> str:
    return whole(n) if n else "none"


def verdict_table(facts: AccountFacts) -> Any:
    """The accounts to act on, each with its reason: the clearest of each verdict, then all behind a line."""
    found = facts.verdicts
    acted = found if facts.scope.account else found[found["verdict"].isin(_ACTED_ON)]
    if acted.empty:
        return note("No account stands out clearly enough to push, drop or check it.")
    told = _in_order(acted.assign(verdict_reason=[reason(row) for row in acted.to_dict("records")]))
    few = int((found["verdict"] == "too little known").sum())
    head = told.groupby("verdict", sort=False).head(_OF_EACH)
    columns = [
        "account_id", "verdict", "verdict_reason", "n_mature_posts", "median_outlier", "usual_change",
        "follower_growth_rate",
    ]  # fmt: skip
    missing = "too few posts half a year ago, or followers not known"
    shown = Table(
        head,
        caption=("What the verdict rests on" if facts.scope.account else "What the figures speak for")
        + (f": the clearest {_OF_EACH} of each kind" if len(told) > len(head) else ""),
        columns=columns,
        missing=missing,
        note=(f"{counted(few, 'account')} with under 5 comparable posts {'has' if few == 1 else 'have'} no verdict. "
              if few else "")
        + "Push: clearly above its own usual and the agency's median account, and growing. Drop: clearly further down "
        "on half a year ago than the agency as a whole, and not growing. Look at an account before you drop it.",
    )  # fmt: skip
    if len(told) == len(head):
        return shown
    every = Table(told, caption="All accounts to act on", columns=columns, missing=missing, define=False)
    return Stacked(
        (shown, Folded(every, f"All {counted(len(told), 'account')} to push, to drop and to check"))
    )


def _in_order(acted: pd.DataFrame) -> pd.DataFrame:
    """To push the best first; to drop and to check the collapsed and the worst first."""
    falls = acted["verdict"] != "push"
    return acted.assign(
        at=acted["verdict"].map({v: n for n, v in enumerate(_ACTED_ON)}),
        up=~acted["is_collapsed"],
        level=acted["median_outlier"].where(falls, -acted["median_outlier"]),
    ).sort_values(["at", "up", "level", "account_id"], ignore_index=True)


def usual_chart(facts: AccountFacts) -> Any:
    """Each account's level now against half a year ago, beside what all did."""
    changes = facts.usual.dropna(subset=["usual_change_low"])
    if changes.empty:
        return note(
            f"No account has {FEWEST} counted posts both in the last {3 * facts.score_weeks} weeks and in the same "
            "weeks half a year ago, so no level can be compared over that time."
        )
    agency = float(facts.peers.usual.dropna(subset=["usual_change_low"])["usual_change"].median())
    below = int((changes["usual_change_high"] < min(1.0, agency)).sum())
    above = int((changes["usual_change_low"] > max(1.0, agency)).sum())
    who = "of all accounts has" if facts.scope.is_narrow else "account has"
    title = (
        f"Against half a year ago the median {who} {multiple(agency)} the views; "
        f"{whole(above)} clearly held out or rose, {whole(below)} clearly fell further"
    )
    if len(changes) == 1:
        own = changes["usual_change"].iloc[0]
        title = (
            f"Against half a year ago the account has {multiple(own)} the views, "
            f"{'clearly more than' if above else 'clearly less than' if below else 'no clear difference from'} "
            f"the median account's {multiple(agency)}"
        )
    far = (changes["usual_change"] / agency).map(lambda r: max(r, 1 / r) if r > 0 else 0.0)
    shown = changes.reindex(far.sort_values(ascending=False).index).head(24)
    return charts.ranked(
        shown.assign(account=shown["account_id"]),
        label="account",
        value="usual_change",
        low="usual_change_low",
        high="usual_change_high",
        reference=agency,
        reference_label="median account",
        title=title,
        subtitle=f"{3 * facts.score_weeks} weeks against the same weeks 26 weeks earlier, 90 % interval"
        + (f"; the {len(shown)} furthest from the median account" if len(changes) > 1 else ""),
        tooltips=["usual_now", "usual_before", "n_usual_now", "n_usual_before"],
    )


def rate_chart(facts: AccountFacts, rate: str, n: str, what: str) -> Any:
    """A rate of each account with Wilson's interval, beside the rate of all posts together."""
    known = facts.rates
    known = known[known[n] >= FEWEST].dropna(subset=[rate])
    if known.empty:
        return note(f"No account has {FEWEST} posts of which it is known whether they {what}.")
    everybody = facts.peers.rates
    everybody = everybody[everybody[n] >= FEWEST].dropna(subset=[rate])
    total, pooled = _pooled(everybody, rate, n)
    above = known[known[f"{rate}_low"] > pooled]
    low, high = (float(e.iloc[0]) for e in wilson(pd.Series([pooled]), pd.Series([total])))
    many = (
        f"{counted(len(above), 'account')} clearly more often"
        if len(above)
        else "no account clearly more often"
    )
    shown = known.reindex(
        known.sort_values([f"{rate}_low", "account_id"], ascending=[False, True]).index
    ).head(24)
    title, luck = f"{percent(pooled)} of posts {what}; {many}", ""
    if facts.scope.is_narrow:
        own = _pooled(known, rate, n)[1]
        below = known[known[f"{rate}_high"] < pooled]
        clear = "clearly more" if len(above) else "clearly fewer" if len(below) else "no clear difference"
        told = clear if len(known) == 1 else many
        title = f"{percent(own)} of these posts {what}, {percent(pooled)} of all accounts' posts; {told}"
    if len(known) > 1:
        luck = (
            f"; the {len(shown)} accounts with the highest lower end. Luck alone would call about "
            f"{whole(LUCK * len(known))} of {len(known)} clearly above"
        )
    return charts.ranked(
        shown.assign(account=shown["account_id"]),
        label="account",
        value=rate,
        low=f"{rate}_low",
        high=f"{rate}_high",
        reference=pooled,
        reference_label="all posts",
        title=title,
        subtitle=f"All posts together: {percent(low)} to {percent(high)} (n = {whole(total)}). 90 % intervals{luck}",
        tooltips=[n],
    )


def _pooled(rates: pd.DataFrame, rate: str, n: str) -> tuple[int, float]:
    """All posts of these accounts, and their rate together."""
    total = int(rates[n].sum())
    return total, float((rates[rate] * rates[n]).sum()) / total
