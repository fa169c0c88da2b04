"""What every level's page says first and last: basis, checks, targets, events, what was left out.

Every part is one call, returns one thing to look at, and says what is missing where it has nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pandas as pd

from ..model.count_changes import crossed
from ..model.level_facts import LevelFacts
from ..model.quality import remedy, title
from . import charts
from .blocks import Better, Box, Stacked, Tile, note, warning
from .headings import heading
from .numbers import beside, compact, counted, day, in_unit, relative_change, whole
from .scope_words import platform_name, scope_box, scope_name
from .tables import Table

_MOST_CHECKS = 6
"""Checks that a page tells of; the others are counted."""
_FEWEST_WEEKS = 4
"""Weeks with a figure from which it can be said what is usual."""
_LESS_IS_BETTER = frozenset({"cost", "cpm_cost", "time_cost_per_1000_views"})


class Usual(NamedTuple):
    """What a weekly figure usually is: the quartiles of the eight weeks before, and the middle one of them."""

    low: float
    middle: float
    high: float

    def where(self, value: float) -> str:
        return beside(value, self.low, self.high)


class LevelPage:
    """The parts that all levels' pages share."""

    def __init__(self, facts: LevelFacts) -> None:
        self.facts = facts

    def __repr__(self) -> str:
        """What can be called: for whoever explores without the notebook."""
        parts = dict.fromkeys(
            n for kind in type(self).__mro__[-2::-1] for n in vars(kind) if not n.startswith("_")
        )
        return (
            f"<{type(self).__name__} of {self.facts.period.from_on} to {self.facts.period.to_on}: "
            f"{', '.join(f'{n}()' for n in parts if callable(getattr(self, n)))}>"
        )

    _tables: tuple[str, ...] = ()
    """Tables that the page's figures come from, besides those of posts and accounts."""
    _compared_with = "Posts are measured against their own accounts' usual."
    """What a page of some accounts sets them against, and what of it is everybody's."""

    @property
    def _of_one(self) -> bool:
        """Whether the page is of a single account."""
        return bool(self.facts.scope.account)

    def basis(self) -> Box | Stacked:
        """Whom the page is about, which posts are compared, at which age."""
        scope = self.facts.scope
        if not scope:
            return self._basis()
        named = self.facts.account_names if scope.is_narrow else None
        if named is not None and named.empty:
            return scope_box(scope, named)
        return Stacked((scope_box(scope, named), self._basis()))

    def _basis(self) -> Box:
        facts, known = self.facts, self.facts.coverage
        weeks = counted(facts.score_weeks, "week")
        if facts.horizon == "settled":
            few = f"Only {known['n_known']:,}" if known["n_known"] else "None"
            return warning(
                f"{few} of the {known['n_posts']:,} posts that became 5 days old in these "
                f"{weeks} {'has' if known['n_known'] == 1 else 'have'} a count at that age, so posts are "
                f"compared by their settled views: at 30 days, or "
                f"later where that is all there is. {known['n_settled']:,} of {known['n_reached_final']:,} posts that "
                "became 30 days old have one. Scrape posts daily for their first week to compare them at 5 days."
                + self._comparability(),
                "Settled counts are used",
            )
        if not known["n_posts"]:
            newest = facts.newest_reached_on
            earlier = (
                "Import newer files, or ask for a week that has posts: the newest became 5 days old on "
                f"{day(newest)} (`workbench report --week {newest:%G-W%V}`)."
                if newest is not None and newest < facts.period.from_on
                else "Import newer files, or ask for another week."
                if newest is not None
                else "No post with a posting time is known at all: import an export of the posts "
                "(`workbench import FILE`)."
            )
            return warning(
                f"No post became 5 days old in the {weeks} up to {day(facts.period.to_on)}. {earlier}",
                "Nothing to compare",
            )
        return note(
            f"Posts are compared at the age of 5 days. A week covers the posts that became so old in it; "
            f"scores, rates "
            f"and comparisons cover {weeks}. {known['n_known']:,} of {known['n_posts']:,} posts have a count "
            "at that age." + self._comparability()
        )

    def _comparability(self) -> str:
        """What makes views of the posts compared mean different things; empty where nothing does."""
        kinds, said = self.facts.compared_kinds, []
        platforms = sorted(set(kinds[kinds["n_window"] > 0]["platform"].dropna()))
        if len(platforms) > 1:
            said.append(
                f"Posts of {', '.join(platform_name(p) for p in platforms)} stand together here, and each "
                f"counts views in its own way: compare "
                f"multiples of the usual, or ask for one platform with -p platform={platforms[0]}."
            )
        for change in crossed(kinds):
            what = (
                f"{platform_name(change.platform)} {change.post_type}s"
                if change.post_type
                else f"{platform_name(change.platform)} posts"
            )
            said.append(
                f"Views of {what} are counted differently since {day(change.changed_on)}, and these weeks or the half "
                "year that makes their usual begin before it: views and multiples across that day can't be compared."
            )
        return "".join(f"\n\n{sentence}" for sentence in said)

    def checks(self) -> Box:
        """What is known to be wrong with the data that the page is made of."""
        found = self.facts.open_checks
        found = found[found["table_name"].isin((*_ALWAYS, *self._tables))]
        if found.empty:
            return note("The checks of the data of this page found nothing grave.")
        shown = found.head(_MOST_CHECKS).groupby(["severity", "check_name"], sort=False)["description"]
        lines = [self._said(kind, list(told)) for kind, told in shown]
        if len(found) > _MOST_CHECKS:
            lines.append(f"{counted(len(found) - _MOST_CHECKS, 'more check')} failed: `workbench status`.")
        grave = found["severity"].isin(["high", "critical"]).any()
        return (warning if grave else note)("\n\n".join(lines), "Checks of the data")

    def _said(self, kind: Any, told: list[str]) -> str:
        """One check in words, with the figures of each subject, and what to do. `kind`: severity and name."""
        severity, name = kind
        # The figures are of everybody's rows: who is shown some accounts is not told how many there are.
        figures = [] if self.facts.scope.is_narrow else told
        return " ".join([f"{title(name)} ({severity}).", *figures, remedy(name)]).strip()

    def tile(
        self, weekly: pd.DataFrame, label: str, column: str, *, note: str = "", better: Better = "up"
    ) -> Tile:
        """The last row of a weekly column, against the row before and the quartiles of the eight before."""
        values, usual = weekly[column], usual_of(weekly, column)
        return Tile(
            label=label,
            value=known(values.iloc[-1]),
            column=column,
            before=known(values.iloc[-2]),
            usual=(usual.low, usual.high) if usual else None,
            better=better,
            reason="nothing known of this week",
            note=note,
        )

    @property
    def _age(self) -> str:
        """The age at which the page compares posts."""
        return "30 days" if self.facts.horizon == "settled" else "5 days"

    def _reach_tiles(self, weekly: pd.DataFrame) -> list[Tile]:
        """How the week's posts did: the same tiles wherever the week is told."""
        return [
            self.tile(
                weekly, "Comparable posts", "n_mature_posts", note=f"became {self._age} old, with a count"
            ),
            self.tile(weekly, "Median views", "median_views", note=f"at {self._age}"),
            self.tile(weekly, "Against usual", "median_outlier", note="median post; 1 is usual"),
            self.tile(weekly, "Breakout rate", "breakout_rate", note="3× the usual or more"),
        ]

    def _views_moved(self, weekly: pd.DataFrame, subject: str = "Median views") -> str:
        """How the median moved, and whether that is usual; empty where one of the weeks is not known."""
        now, before = weekly.iloc[-1], weekly.iloc[-2]
        moved = relative_change(known(now["median_views"]), known(before["median_views"]))
        if moved is None:
            return ""
        verb = "rose to" if moved > 0.02 else "fell to" if moved < -0.02 else "held at"
        usual = usual_of(weekly, "median_views")
        beside_usual = (
            f", {usual.where(now['median_views'])} the usual {compact(usual.low)} to {compact(usual.high)} of the "
            "eight weeks before"
            if usual
            else ""
        )
        return (
            f"{subject} {verb} {compact(now['median_views'])} after {compact(before['median_views'])} "
            f"({whole(now['n_mature_posts'])} and {whole(before['n_mature_posts'])} posts){beside_usual}."
        )

    def _course(
        self,
        weekly: pd.DataFrame,
        column: str,
        lead: str,
        *,
        shown: Callable[[Any], str] = compact,
        nothing: str,
        subtitle: str = "",
        zero: bool = False,
    ) -> Any:
        """The nine weeks of a figure as a line, with what is usual; the title says where the last one lies."""
        drawn = weekly.dropna(subset=[column])
        if len(drawn) < 2:
            return note(nothing)
        usual, now = usual_of(weekly, column), weekly[column].iloc[-1]
        if pd.isna(now):
            title = f"{lead} not known of this week"
        elif usual is None:
            title = f"{lead} {shown(now)}; too few weeks are known to say what is usual"
        else:
            title = (
                f"{lead} {shown(now)}, {usual.where(now)} the usual {shown(usual.low)} to {shown(usual.high)}"
            )
        return charts.line(
            drawn, x="week_on", y=column, title=title, subtitle=subtitle, zero=zero,
            reference=usual.middle if usual else None,
        )  # fmt: skip

    def events(self) -> Box:
        """What people noted of these weeks, so that nobody explains an event by chance or the other way."""
        noted = self.facts.annotations
        if noted.empty:
            how = (
                ""
                if self.facts.any_row("annotations")
                else " Import annotations.csv to have yours shown here."
            )
            return note(f"No event was noted for the week and the 8 before it.{how}")
        return note("\n\n".join(_event(e) for e in noted.to_dict("records")), "Known events")

    def against_targets(
        self,
        actual: dict[tuple[str, str], Any],
        *,
        scope: str,
        over: dict[str, str] | None = None,
    ) -> Any:
        """Targets of a scope that hold in the week, beside what was reached; the furthest from its target first.

        `actual` maps (metric, scope_id) to the figure; a target of no such metric is left out. `over` tells of a metric
        which time its figure covers, where that is not the week.
        """
        targets, of_all = self.facts.targets, scope == "all"
        if of_all and self.facts.scope:
            # What is aimed at by everybody together is no target of a part.
            scope, whose = self.facts.scope.own
            actual = {(metric, whose): value for (metric, _all), value in actual.items()}
        held = [
            self._held(t, known(actual[str(t["metric"]), str(t["scope_id"])]), over or {})
            for t in targets[targets["scope"] == scope].to_dict("records")
            if (str(t["metric"]), str(t["scope_id"])) in actual
        ]
        if not held:
            how = "" if self.facts.any_row("targets") else " Import targets.csv to have them compared."
            part = self.facts.scope
            whom = f" for {scope_name(part, self.facts.account_names)}" if part.is_narrow else ""
            return note(f"No target is set{whom} for this page's figures.{how}")
        met = sum(h["target_share"] is not None and h["target_share"] >= 1 for h in held)
        columns = {
            "target_metric": "Figure", "scope_id": "Whose", "target_value": "Target", "actual_value": "Reached",
            "target_share": "Reached, of the target", "over": "Over",
        }  # fmt: skip
        if of_all:
            columns.pop("scope_id")
        shown = pd.DataFrame(held).sort_values("target_share", kind="stable", na_position="first")
        return Table(
            shown,
            caption=f"{met} of {counted(len(held), 'target')} met",
            columns=columns,
            units={"target_share": "fraction"},
            missing="not known of this time",
            note="Of costs, less is better: there the share is the target over what was reached."
            if set(targets["metric"]) & _LESS_IS_BETTER
            else "",
            define=False,
            limit=60,
        )

    def _held(self, target: dict[Any, Any], found: Any, over: dict[str, str]) -> dict[str, Any]:
        metric, aim = str(target["metric"]), target["target"]
        about = heading(metric)
        share = None
        if aim and found is not None:
            less = metric in _LESS_IS_BETTER
            share = (float(aim) / float(found) if found else None) if less else float(found) / float(aim)
        return {
            "target_metric": _TARGETS.get(metric, about.label),
            "scope_id": target["scope_id"],
            "target_value": in_unit(aim, about.unit, short=True),
            "actual_value": in_unit(found, about.unit, short=True),
            "target_share": share,
            "over": over.get(metric, "the week"),
        }

    def left_out(self) -> Box | Stacked:
        """What no figure covers; of some accounts also what they are compared with."""
        if not self.facts.scope.is_narrow:
            return self._left_out()
        return Stacked((self._left_out(), note(self._compared_with, "What is compared with what")))

    def _left_out(self) -> Box:
        reasons = {
            "without_snapshot": "have no count at all",
            "without_time": "have no posting time",
            "without_account": "have no account",
            "known_only_by_date": "have a date without a time, so nothing is known of them before 48 hours",
        }
        found = [
            f"{counted(n, 'post')} {reasons[r] if n > 1 else reasons[r].replace('have', 'has', 1)}"
            for r, n in self.facts.left_out.items()
            if n
        ]
        return note("; ".join(found) + "." if found else "No post was left out.", "Left out, and why")


_ALWAYS = ("posts", "post_snapshots", "accounts", "account_snapshots")
"""Tables that every level's figures come from."""

_TARGETS = {"median_views_120h": "Median views at 5 days"}
"""Targets whose name is no column's."""


def usual_of(weekly: pd.DataFrame, column: str) -> Usual | None:
    """What the figure of the last row usually is, by the rows before it; None where too few of them are known."""
    past = weekly[column].iloc[:-1].dropna().astype(float)
    if len(past) < _FEWEST_WEEKS:
        return None
    return Usual(*(float(past.quantile(q)) for q in (0.25, 0.5, 0.75)))


def known(value: Any) -> Any:
    """None for what is missing."""
    return None if pd.isna(value) else value


def _event(e: dict[Any, Any]) -> str:
    days = day(e["from_on"]) + (
        f" to {day(e['to_on'])}" if pd.notna(e["to_on"]) and e["to_on"] != e["from_on"] else ""
    )
    about = "" if e["scope"] in (None, "all") or pd.isna(e["scope"]) else f" ({e['scope_id']})"
    return f"{days}: {e['label']}{about}"
