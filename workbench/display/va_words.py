"""Words that the parts of the VAs' page share."""

from __future__ import annotations

from collections.abc import Iterable

NO_VAS = (
    "No post of these weeks names a VA. Import a posts file with a column for the VA (such as the master "
    "database's), and vas.csv, account_assignments.csv, costs.csv and tasks.csv for pay, terms, hours and "
    "punctuality."
)
HABIT_NAMES = {
    "hour": "posting hours",
    "slides": "number of slides",
    "hook": "first slides",
    "tired": "rested slides",
    "gap": "time between posts",
    "sound": "sounds",
    "overdue": "tasks in time",
}
_NUMBERS = (
    *("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve"),
)


def listed(names: Iterable[object], none: str = "nobody", most: int = 5) -> str:
    """a, b and c; of more than `most`, how many more; `none` where there are none."""
    given = [str(n) for n in names]
    if len(given) > most:
        return f"{', '.join(given[:most])} and {number(len(given) - most)} more"
    return " and ".join(filter(None, [", ".join(given[:-1]), *given[-1:]])) or none


def number(n: int) -> str:
    """Small numbers in letters, as in running text."""
    return _NUMBERS[n] if n < len(_NUMBERS) else str(n)
