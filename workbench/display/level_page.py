"""What every level's page says first and last: basis, checks, targets, events, what was left out.

Every part is one call, returns one thing to look at, and says what is missing where it has nothing.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..model.count_changes import crossed
from ..model.level_facts import LevelFacts
from .blocks import Better, Box, Tile, note, warning
from .headings import heading
from .numbers import counted, day, in_unit, whole
from .tables import Table


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

    def basis(self) -> Box:
        """Which posts are compared, at which age."""
        facts, known = self.facts, self.facts.coverage
        weeks = counted(facts.score_weeks, "week")
        if facts.horizon == "settled":
            return warning(
                f"Only {known['n_known']:,} of the {known['n_posts']:,} posts that became 5 days old in these "
                f"{weeks} have a count at that age, so posts are compared by their settled views: at 30 days, or "
                f"later where that is all there is. {known['n_settled']:,} of {known['n_reached_final']:,} posts that "
                "became 30 days old have one. Scrape posts daily for their first week to compare them at 5 days."
                + self._comparability(),
                "Settled counts are used",
            )
        if not known["n_posts"]:
            return warning(
                f"No post became 5 days old in the {weeks} up to {day(facts.period.to_on)}. Import newer files, or "
                "ask for an earlier week.",
                "Nothing to compare",
            )
        return note(
            f"Posts are compared at the age of 5 days. A week covers the posts that became so old in it; scores, rates "
            f"and comparisons cover {weeks}. {known['n_known']:,} of {known['n_posts']:,} posts have a count "
            "at that age." + self._comparability()
        )

    def _comparability(self) -> str:
        """What makes views of the posts compared mean different things; empty where nothing does."""
        kinds, said = self.facts.compared_kinds, []
        platforms = sorted(set(kinds[kinds["n_window"] > 0]["platform"].dropna()))
        if len(platforms) > 1:
            said.append(
                f"Posts of {', '.join(platforms)} stand together here, and each counts views in its own way: compare "
                f"multiples of the usual, or ask for one platform with -p platform={platforms[0]}."
            )
        for change in crossed(kinds):
            what = (
                f"{change.platform} {change.post_type}s" if change.post_type else f"{change.platform} posts"
            )
            said.append(
                f"Views of {what} are counted differently since {day(change.changed_on)}, and these weeks or the half "
                "year that makes their usual begin before it: views and multiples across that day can't be compared."
            )
        return "".join(f"\n\n{sentence}" for sentence in said)

    def checks(self) -> Box:
        """What is known to be wrong with the data."""
        lines = [
            f"{str(c['description']).rstrip('.')} ({whole(c['failed'])} of {whole(c['checked'])} in {c['table_name']})."
            for c in self.facts.open_checks.to_dict("records")
        ]
        if self.facts.n_rejected:
            lines.append(
                f"{self.facts.n_rejected:,} rows were refused at load and are kept with their reasons."
            )
        if not lines:
            return note("No check of the data is open, and no row was refused.")
        grave = self.facts.open_checks["severity"].isin(["high", "critical"]).any()
        return (warning if grave else note)("\n\n".join(lines), "Checks of the data")

    def tile(
        self, weekly: pd.DataFrame, label: str, column: str, *, note: str = "", better: Better = "up"
    ) -> Tile:
        """The last row of a weekly column, against the row before and the quartiles of the eight before."""
        values = weekly[column]
        past = values.iloc[:-1].dropna()
        usual = (float(past.quantile(0.25)), float(past.quantile(0.75))) if len(past) >= 4 else None
        return Tile(
            label=label,
            value=known(values.iloc[-1]),
            column=column,
            before=known(values.iloc[-2]),
            usual=usual,
            better=better,
            reason="nothing known of this week",
            note=note,
        )

    def events(self) -> Box:
        """What people noted of these weeks, so that nobody explains an event by chance or the other way."""
        noted = self.facts.annotations
        if noted.empty:
            return note(
                "No event was noted for these weeks. Import annotations.csv to have yours shown here."
            )
        return note("\n\n".join(_event(e) for e in noted.to_dict("records")), "Known events")

    def against_targets(
        self, actual: dict[tuple[str, str], Any], *, scope: str, labels: dict[str, str] | None = None
    ) -> Any:
        """Targets of a scope that hold in the week, beside what was reached.

        `actual` maps (metric, scope_id) to the figure; a target of no such metric is left out.
        """
        targets = self.facts.targets
        held = [
            {
                "target_metric": heading(str(t["metric"])).label,
                "scope_id": (labels or {}).get(str(t["scope_id"]), t["scope_id"]),
                "target_value": in_unit(t["target"], heading(str(t["metric"])).unit, short=True),
                "actual_value": in_unit(found, heading(str(t["metric"])).unit, short=True),
                "target_share": None
                if not t["target"] or found is None
                else float(found) / float(t["target"]),
            }
            for t in targets[targets["scope"] == scope].to_dict("records")
            if (str(t["metric"]), str(t["scope_id"])) in actual
            for found in [known(actual[str(t["metric"]), str(t["scope_id"])])]
        ]
        if not held:
            return note("No target is set for these figures. Import targets.csv to have them compared.")
        met = sum(h["target_share"] is not None and h["target_share"] >= 1 for h in held)
        return Table(
            pd.DataFrame(held),
            caption=f"{met} of {counted(len(held), 'target')} met",
            missing="not known this week",
            limit=30,
        )

    def left_out(self) -> Box:
        reasons = {
            "without_snapshot": "have no count at all",
            "without_time": "have no posting time",
            "without_account": "have no account",
            "known_only_by_date": "have a date without a time, so nothing is known of them before 48 hours",
        }
        found = [f"{n:,} posts {reasons[r]}" for r, n in self.facts.left_out.items() if n]
        return note("; ".join(found) + "." if found else "No post was left out.", "Left out, and why")


def known(value: Any) -> Any:
    """None for what is missing."""
    return None if pd.isna(value) else value


def _event(e: dict[Any, Any]) -> str:
    days = day(e["from_on"]) + (
        f" to {day(e['to_on'])}" if pd.notna(e["to_on"]) and e["to_on"] != e["from_on"] else ""
    )
    about = "" if e["scope"] in (None, "all") or pd.isna(e["scope"]) else f" ({e['scope_id']})"
    return f"{days}: {e['label']}{about}"
