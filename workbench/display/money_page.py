"""What the money page says: sentences, charts and tables made from `model.money_facts`."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..model.money_facts import MoneyFacts
from . import charts
from .blocks import Box, Tile, Tiles, finding, note, text, tiles, warning
from .level_page import LevelPage, known
from .numbers import counted, day, money, percent, whole
from .tables import Definitions, Table, definitions

FEWEST_POSTS = 10
"""Under so many posts, a unit's profit says little of it."""

_RESULTS = ["n_posts", "revenue", "cost", "profit", "roi", "rpm", "cpm_cost", "payback_days"]
_WHY_DASH = {
    "revenue": "no payments, or an exchange rate is missing",
    "cost": "no costs, or an exchange rate is missing",
    "profit": "revenue or cost is not known, or an exchange rate is missing",
    "roi": "no cost, or an exchange rate is missing",
    "rpm": "no views are known to be gained",
    "cpm_cost": "no views are known to be gained",
    "payback_days": "no revenue",
}


def _no_money(units: pd.DataFrame) -> bool:
    """Whether nothing was paid for any of them and none cost anything, as far as is known."""
    return not (units[["revenue", "cost"]].fillna(0) != 0).any(axis=None)


class MoneyPage(LevelPage):
    """The parts of the page, in its order."""

    facts: MoneyFacts
    _tables = ("costs", "fx_rates", "payout_rules", "payouts", "revenue", "revenue_methods")
    _compared_with = (
        "Money is that of the posts on these accounts: payments and costs of everybody (a salary, a tool) are spread "
        "over all posts, and their part is in it. Money that found no post is nobody's, so it is not in it."
    )

    def _basis(self) -> Box:
        """What the money is made of, and how far it reaches."""
        facts, n = self.facts, self.facts.n_entries
        if not n["revenue"] and not n["cost"]:
            return warning(
                "There are no payments and no costs. Import revenue.csv and costs.csv (docs/money_files.md has their "
                "columns), and fx_rates.csv where there are several currencies.",
                "Nothing to reckon with",
            )
        missing = [
            name for name, entry in (("revenue.csv", "revenue"), ("costs.csv", "cost")) if not n[entry]
        ]
        if missing:
            return warning(
                f"Only one side is known: import {missing[0]} to have profit and ROI.",
                "Half of the money is missing",
            )
        until = {r["entry"]: r["to_on"] for r in facts.paid_until.to_dict("records")}
        paid, spent = until.get("revenue"), until.get("cost")
        late = paid is not None and paid < facts.period.to_on
        behind = (
            f" Payments reach only to {day(paid)}: days after it have costs and no revenue yet, so the last "
            "week's profit is too low." if late else ""
        )  # fmt: skip
        return (warning if late else note)(
            f"Amounts are in {facts.currency}. A payment or a cost is spread evenly over its days, to the cent, and "
            f"over the posts that it belongs to; costs known until {day(spent)}.{behind} ROI by account, VA, creator "
            f"and set covers {counted(facts.score_weeks, 'week')}."
        )

    def headline(self) -> Tiles:
        """The week's money against the week before and the eight before it."""
        weekly, unit = self.facts.weekly, self.facts.currency
        seen = known(weekly["n_gaining"].iloc[-1])
        on = f"{unit} per 1,000 views gained" + (f", over {counted(seen, 'post')}" if seen else "")
        missing = "no views are known to be gained"
        return tiles(
            *self.result_tiles(),
            self._money(
                weekly, "ROI", "roi", "cost or revenue is not known", note="profit as a share of cost"
            ),
            self._money(weekly, "RPM", "rpm", missing, note=on),
            self._money(
                weekly,
                "Cost per 1,000 views",
                "cpm_cost",
                missing,
                better="down",
                note=f"{unit}, views gained",
            ),
        )

    def result_tiles(self) -> list[Tile]:
        """Revenue, cost and profit of the week: the same tiles wherever the week is told."""
        weekly, unit = self.facts.weekly, self.facts.currency
        return [
            self._money(weekly, "Revenue", "revenue", "no payments", note=unit),
            self._money(weekly, "Cost", "cost", "no costs", better="down", note=unit),
            self._money(weekly, "Profit", "profit", "revenue or cost is not known", note=unit),
        ]

    def _money(
        self,
        weekly: pd.DataFrame,
        label: str,
        column: str,
        reason: str,
        *,
        better: Any = "up",
        note: str = "",
    ) -> Tile:
        made = self.tile(weekly, label, column, note=note, better=better)
        return Tile(**{**made.__dict__, "reason": reason})

    def changed(self) -> Box:
        """What moved, in sentences."""
        weekly, sentences = self.facts.weekly, []
        now, before = weekly.iloc[-1], weekly.iloc[-2]
        if pd.notna(now["profit"]) and pd.notna(before["profit"]):
            moved = now["profit"] - before["profit"]
            cause = (
                "revenue"
                if abs(now["revenue"] - before["revenue"]) >= abs(now["cost"] - before["cost"])
                else "cost"
            )
            by = now[cause] - before[cause]
            sentences.append(
                f"Profit {'rose' if moved >= 0 else 'fell'} by {money(abs(moved), self.facts.currency)} to "
                f"{money(now['profit'], self.facts.currency)}, above all because {cause} "
                f"{'rose' if by >= 0 else 'fell'} by {money(abs(by), self.facts.currency)}."
            )
        kinds = self._kinds_moved()
        if kinds:
            sentences.append(kinds)
        if pd.notna(now["roi"]):
            earned = 1 + now["roi"]
            sentences.append(f"Each {self.facts.currency} spent brought {earned:.2f} back.")
        return text(
            " ".join(sentences) or "Too little is known of this week and the one before to compare them."
        )

    def _kinds_moved(self) -> str:
        kinds = self.facts.by_kind
        weeks = [d.date() for d in self.facts.weeks["week_on"].iloc[-2:]]
        near = kinds[(kinds["currency"] == self.facts.currency) & kinds["starts_on"].isin(weeks)]
        if near["starts_on"].nunique() < 2:
            return ""
        sums = near.assign(amount=near["amount"].astype(float)).pivot_table(
            index=["entry", "money_kind"], columns="starts_on", values="amount", aggfunc="sum", fill_value=0.0
        )
        moved = (sums[weeks[1]] - sums[weeks[0]]).sort_values(key=abs, ascending=False)
        (entry, kind), by = moved.index[0], moved.iloc[0]
        what = f"{str(kind).replace('_', ' ')} {'revenue' if entry == 'revenue' else 'cost'}"
        if abs(by) < 0.005:
            return ""
        return f"Most moved: {what}, {'+' if by >= 0 else ''}{money(by, self.facts.currency)}."

    def profit_chart(self) -> Any:
        weekly = self.facts.weekly.dropna(subset=["revenue", "cost"])
        if len(weekly) < 2:
            return note("Under two weeks have revenue and cost: there is no course to draw yet.")
        title = made_money(weekly, self.facts.currency)
        lines = weekly.melt("week_on", ["revenue", "cost", "profit"], "series", "money")
        lines["series"] = lines["series"].str.capitalize()
        return charts.line(
            lines, x="week_on", y="money", series="series", title=title, zero=True, unit=self.facts.currency,
            subtitle=f"{self.facts.currency} a week; a payment is spread evenly over its days",
        )  # fmt: skip

    def weekly_table(self) -> Any:
        """The profit and loss in figures."""
        weekly = self.facts.weekly.dropna(subset=["revenue", "cost"], how="all")
        if weekly.empty:
            return note("No week has revenue or costs. Import revenue.csv and costs.csv.")
        total = weekly[["revenue", "cost", "profit"]].sum(min_count=1)
        return Table(
            weekly.iloc[::-1].assign(starts_on=[d.date() for d in weekly["week_on"].iloc[::-1]]),
            caption=f"{counted(len(weekly), 'week')} together, in {self.facts.currency}: revenue "
            f"{money(total['revenue'])}, cost {money(total['cost'])}, profit {money(total['profit'])}",
            columns=[
                "starts_on",
                "revenue",
                "cost",
                "profit",
                "roi",
                "gained_views",
                "n_gaining",
                "rpm",
                "cpm_cost",
            ],
            missing=_WHY_DASH,
        )

    def accounts_chart(self) -> Any:
        return self._ranked(self.facts.of_accounts, "account_id", "account")

    def vas_table(self) -> Any:
        return self._table(self.facts.of_vas, "va_id", "VA", "VAs")

    def creators_table(self) -> Any:
        return self._table(self.facts.of_creators, "creator_id", "creator", "creators")

    def sets_table(self) -> Any:
        return self._table(self.facts.of_sets, "set_id", "set", "sets", ends=8)

    def accounts_table(self) -> Any:
        return self._table(self.facts.of_accounts, "account_id", "account", "accounts", ends=10)

    def _ranked(self, units: pd.DataFrame, column: str, one: str) -> Any:
        """The most profit and the most loss, as bars."""
        told = units.dropna(subset=["profit"])
        if _no_money(units):
            return note(f"No money is attributed to any {one} in these weeks.")
        if told.empty:
            return note(f"Only one side is known, so no {one}'s profit.")
        if len(told) == 1:
            row, unit = told.iloc[0], self.facts.currency
            if one == "account" and row["n_posts"] >= FEWEST_POSTS and pd.notna(row["roi"]):
                return text(f"Revenue {money(row['revenue'], unit)}, cost {money(row['cost'], unit)}.")
            return text(
                f"{row[column]} {'made' if row['profit'] >= 0 else 'lost'} {money(abs(row['profit']), unit)} in "
                f"{counted(self.facts.score_weeks, 'week')}: revenue "
                f"{money(row['revenue'])}, cost {money(row['cost'])}."
            )
        ends = pd.concat([told.head(10), told.tail(10)]).drop_duplicates(column)
        losing, best, worst = told[told["profit"] < 0], told.iloc[0], told.iloc[-1]
        title = (
            f"{counted(len(losing), one)} of {len(told)} lost money: from {money(best['profit'], self.facts.currency)} "
            f"({best[column]}) to {money(worst['profit'], self.facts.currency)} ({worst[column]})"
            if len(losing)
            else f"None of {counted(len(told), one)} lost money"
        )
        return charts.ranked(
            ends.assign(unit=ends[column]), label="unit", value="profit", title=title,
            subtitle=f"Profit in {self.facts.currency} over {counted(self.facts.score_weeks, 'week')}"
            + ("; the 10 best and the 10 worst" if len(told) > 20 else ""),
            tooltips=["revenue", "cost", "n_posts"], unit=self.facts.currency,
        )  # fmt: skip

    def _table(self, units: pd.DataFrame, column: str, one: str, many: str, *, ends: int = 40) -> Any:
        told = units[(units["n_posts"] > 0) | (units[["revenue", "cost"]].fillna(0) != 0).any(axis="columns")]
        if _no_money(told):
            return note(f"No money is attributed to any {one} in these weeks.")
        enough = told[(told["n_posts"] >= FEWEST_POSTS) & told["roi"].notna()].sort_values(
            ["roi", column], ascending=[False, True]
        )
        is_one_sided = told["profit"].isna().all()
        if is_one_sided:
            caption = f"Only one side is known, so no {one}'s profit"
        elif enough.empty:
            caption = f"No {one} has {FEWEST_POSTS} posts and a cost to compare"
        else:
            best, worst = enough.iloc[0], enough.iloc[-1]
            caption = (
                f"Best ROI: {best[column]} with {percent(best['roi'], signed=True)}; worst: {worst[column]} with "
                f"{percent(worst['roi'], signed=True)}"
                if len(enough) > 1
                else f"ROI of {best[column]}: {percent(best['roi'], signed=True)}"
            )
        shown = told if len(told) <= 2 * ends else pd.concat([told.head(ends), told.tail(ends)])
        hidden, of = len(told) - len(shown), "" if is_one_sided else " profit"
        return Table(
            shown,
            caption=caption,
            columns=[column, *_RESULTS],
            missing=_WHY_DASH,
            signed=["roi"],
            note=f"The {ends} with most{of} and the {ends} with least of {len(told)} {many}. " * bool(hidden)
            + f"Best and worst are of those with {FEWEST_POSTS} posts or more." * (len(enough) > 1),
            limit=2 * ends,
        )

    def posts_table(self) -> Any:
        posts = self.facts.of_posts
        if posts.empty:
            return note("No post that went up in these weeks has money attributed to it.")
        n, losing = int(posts["n_posts"].iloc[0]), int(posts["n_losing"].iloc[0])
        return Table(
            posts,
            caption="Only one side is known, so no post's profit"
            if posts["profit"].isna().all()
            else f"{whole(losing)} of {counted(n, 'post')} have cost more than they earned so far "
            f"({percent(losing / n, digits=0)})",
            columns=["post_id", "account_id", "posted_at", "views", "revenue", "cost", "profit", "roi"],
            missing=_WHY_DASH,
            signed=["roi"],
            note=("The 10 best and the 10 worst. " if n > len(posts) else "")
            + "Young posts have not earned all that they will.",
        )

    def losers(self) -> Box:
        """What loses money, and why as far as the figures tell."""
        told = self.facts.of_accounts.dropna(subset=["profit", "roi"])
        told = told[told["n_posts"] >= FEWEST_POSTS]
        losing = told[told["profit"] < 0].sort_values(["profit", "account_id"])
        if told.empty:
            return finding(
                "What loses money can't be said",
                f"No account has {FEWEST_POSTS} posts and a cost in these weeks."
                if all(self.facts.n_entries.values())
                else "Only one side is known, or none: profit needs payments and costs.",
            )
        if len(told) == 1:
            row = told.iloc[0]
            said = f"{money(row['rpm'])} earned and {money(row['cpm_cost'])} spent per 1,000 views."
            return finding(
                f"{row['account_id']} {'made' if row['profit'] >= 0 else 'lost'} "
                f"{money(abs(row['profit']), self.facts.currency)} in {counted(self.facts.score_weeks, 'week')}",
                f"Over {counted(row['n_posts'], 'post')}; {said}",
            )
        if losing.empty:
            return finding(
                f"No account with {FEWEST_POSTS} posts or more loses money", f"n = {len(told)} accounts."
            )
        rpm, cpm = told["rpm"].median(), told["cpm_cost"].median()
        lines = [self._why(row, rpm, cpm) for row in losing.head(5).to_dict("records")]
        return finding(
            f"{counted(len(losing), 'account')} of {len(told)} with {FEWEST_POSTS} posts or more lost "
            f"{money(-losing['profit'].sum(), self.facts.currency)} in {counted(self.facts.score_weeks, 'week')}",
            "\n\n".join(lines)
            + f"\n\nMedian account: {money(rpm)} earned and {money(cpm)} spent per 1,000 views.",
        )

    def _why(self, row: dict[Any, Any], rpm: float, cpm: float) -> str:
        few_views = pd.notna(row["cpm_cost"]) and row["cpm_cost"] > 1.25 * cpm
        low_pay = pd.notna(row["rpm"]) and row["rpm"] < 0.8 * rpm
        why = (
            "few views for its cost, and each earns little" if few_views and low_pay
            else "few views for its cost" if few_views
            else "its views earn little" if low_pay
            else "no single reason stands out"
        )  # fmt: skip
        return (
            f"{row['account_id']}: {money(row['profit'], self.facts.currency)} over {counted(row['n_posts'], 'post')}; "
            f"{why} ({money(row['rpm'])} earned and {money(row['cpm_cost'])} spent per 1,000 views)."
        )

    def payouts_table(self) -> Any:
        payouts = self.facts.payouts
        if payouts.empty:
            return note(
                "No post is paid by a rule. Import payout_rules.csv (docs/money_files.md) to have payouts reckoned."
            )
        due = payouts[payouts["state"] == "due"]
        sums = due.groupby("currency")["amount"].sum()
        said = " and ".join(money(v, str(c)) for c, v in sums.items()) or "Nothing"
        wide = payouts.pivot_table(
            index=["va_id", "currency"],
            columns="state",
            values="n_posts",
            aggfunc="sum",
            fill_value=0,
            dropna=False,
        )
        states = ["due", "paid", "upcoming", "unmeasured", "canceled"]
        wide = wide.reindex(columns=states, fill_value=0).add_prefix("n_payouts_").reset_index()
        owed = due.rename(columns={"amount": "due_amount"})[["va_id", "currency", "due_amount"]]
        shown = wide.merge(owed, on=["va_id", "currency"], how="left")
        shown = shown[shown.filter(like="n_payouts_").sum(axis=1) > 0]
        return Table(
            shown.sort_values("due_amount", ascending=False, na_position="last", kind="stable"),
            caption=f"{said} due for {counted(int(due['n_posts'].sum()), 'post')}",
            columns=["va_id", "currency", "due_amount", *(f"n_payouts_{s}" for s in states)],
            missing="nothing is due",
            note="Frozen on the views at 168 hours and never changed. Payouts are not among the costs above until they "
            "are entered there.",
        )

    def missing_money(self) -> Box:
        """Unattributed money and missing rates, named."""
        lines = [
            f"No rate for {r['currency']} on {r['missing_on']}: import fx_rates.csv "
            f"({counted(r['n_unconverted'], 'payment or cost', 'payments and costs')} up to {r['missing_until_on']} "
            "are in no sum)."
            for r in self.facts.missing_rates.to_dict("records")
        ]
        astray = self.facts.unattributed
        for (entry, currency), rows in astray.groupby(["entry", "currency"]):
            named = ", ".join(
                dict.fromkeys(
                    f"{r['scope']} {r['scope_id'] or ''}".strip() for r in rows.head(5).to_dict("records")
                )
            )
            word = "payment" if entry == "revenue" else "cost"
            lines.append(
                f"{counted(len(rows), word)} of {money(sum(rows['amount']), str(currency))} together found no post of "
                f"their scope ({named}{', ...' if len(rows) > 5 else ''}): counted in the week, with nobody."
            )
        methods = {"gained": "views gained in their days", "total": "all views known", "equal": "equal parts"}
        used = [
            f"{whole(r['n_entries'])} by {methods[r['method']]}"
            for r in self.facts.methods.to_dict("records")
            if r["method"] in methods
        ]
        if used:
            lines.append(f"Payments of these weeks were spread over posts: {', '.join(used)}.")
        bad = not self.facts.missing_rates.empty
        any_money = any(self.facts.n_entries.values())
        if self.facts.scope.is_narrow and astray.empty and not bad:
            lines.append("Money that found no post is nobody's: page 4 of everybody has it.")
        title = (
            "Money that could not be placed"
            if bad or not astray.empty
            else "No money of these accounts is astray"
            if self.facts.scope.is_narrow
            else "All money is placed"
            if any_money
            else "No money is recorded"
        )
        return (warning if bad else note)("\n\n".join(lines) or "There is no money to place.", title)

    def targets(self) -> Any:
        """Targets of money beside what the week brought."""
        now = self.facts.weekly.iloc[-1]
        names = ("revenue", "cost", "profit", "roi", "rpm", "cpm_cost")
        return self.against_targets({(n, "all"): now[n] for n in names}, scope="all")

    def definitions(self) -> Definitions:
        return definitions(
            "revenue", "cost", "profit", "roi", "margin", "rpm", "cpm_cost", "payback_days", "gained_views",
            "frozen_views", "state", "reported_amount",
        )  # fmt: skip


def made_money(weekly: pd.DataFrame, currency: str) -> str:
    """How many weeks made money and what all brought; the rows hold a profit each."""
    won = int((weekly["profit"] > 0).sum())
    many = "All" if won == len(weekly) else whole(won) if won else "None"
    return f"{many} of {counted(len(weekly), 'week')} made money, {money(weekly['profit'].sum(), currency)} together"
