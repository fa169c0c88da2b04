"""The checks of the data: what each looks for, how grave a failure is, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SEVERITIES = ("critical", "high", "medium", "low")
"""The gravest first."""
SHOWN_SEVERITIES = SEVERITIES[:3]
"""Those that pages tell of; the others are told by `workbench status`."""


@dataclass(frozen=True)
class Check:
    """One check that loads make."""

    name: str
    title: str
    remedy: str
    """What to do, in a sentence or two."""


CHECKS: dict[str, Check] = {
    check.name: check
    for check in (
        Check(
            "missing_fields",
            "Fields are missing",
            "Look whether the export was made with other columns or by another program; import a whole one.",
        ),
        Check(
            "falling_counts",
            "Counts fall",
            "Counts of a post only grow, but for what a platform takes back. Look at the examples, and whether the "
            "source mixes two kinds of counts or rounds them.",
        ),
        Check(
            "spikes",
            "Counts leap",
            "Look at the examples on the platform: a post may have taken off. Where it has not, the source gives "
            "another unit, such as 1.2K read as 1,200,000.",
        ),
        Check(
            "late_data",
            "Counts came late",
            "What was reported of those days was made without them: make those weeks' reports again "
            "(`workbench report --week WEEK`).",
        ),
        Check(
            "missed_captures",
            "Accounts are no longer looked at",
            "See that the scraper still has these accounts, and that they are still there; one that was given up gets "
            "is_active = false.",
        ),
        Check(
            "coverage_shrunk",
            "Fewer accounts or posts than before",
            "See whether the source left accounts out, and import a whole export.",
        ),
        Check(
            "magnitude",
            "Another size than before",
            "See whether the file is whole, or holds more than it should, and import the right one.",
        ),
        Check(
            "conflicting_counts",
            "Two counts of one instant",
            "The larger stands. See whether two programs write to the same source.",
        ),
        Check(
            "duplicate_rows",
            "Rows stand twice",
            "Each counts once. See whether the export was put together from files that overlap.",
        ),
        Check(
            "rejected_rows",
            "Rows were refused",
            'See why (`workbench sql "select table_name, reason, count(*) from rejected_rows group by all"`), mend the '
            "file, and import it again.",
        ),
        Check(
            "unknown_columns",
            "Columns that are not understood",
            "Where one of them was renamed, say so in a mapping (`workbench import --mapping FILE`).",
        ),
        Check(
            "future_times",
            "Times in the future",
            "Look at the clock and the time zone of the machine that captures; times are UTC unless the file says "
            "otherwise.",
        ),
        Check(
            "zero_views",
            "Posts without a view after days",
            "See whether the source writes 0 where it does not know: what is not known has to be empty.",
        ),
        Check(
            "erased_rows",
            "Rows of erased persons were left out",
            "Nothing has to be done. Take the person out of the source to have this end.",
        ),
    )
}


def remedy(check_name: str) -> str:
    """What to do about a failed check; empty for one that an older workbench made."""
    return CHECKS[check_name].remedy if check_name in CHECKS else ""


def title(check_name: str) -> str:
    return CHECKS[check_name].title if check_name in CHECKS else check_name.replace("_", " ").capitalize()


def severity_of(share: float, limits: Sequence[float | None]) -> str | None:
    """The gravest severity whose limit a share reaches; None below all of them.

    `limits`: for low, medium, high and critical; None where there is no such severity.
    """
    found = None
    for name, limit in zip(reversed(SEVERITIES), limits, strict=True):
        if limit is not None and share >= limit:
            found = name
    return found


def at_most(severity: str | None, highest: str) -> str | None:
    """A severity, or the highest one that may stand where it is graver."""
    if severity is None:
        return None
    return max(severity, highest, key=SEVERITIES.index)


def gravest(severities: Iterable[str]) -> str | None:
    return min(severities, key=SEVERITIES.index, default=None)
