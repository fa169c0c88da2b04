"""What a column is called on a page: its heading, unit and meaning, from the registry of columns.

A column that the registry lacks is shown under its own name: an analyst's own column must not need
registering before it can be looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..columns import COLUMNS

_KIND_SUFFIXES = ("_at", "_on", "_hours", "_rate", "_id")
_WORDS = {
    "va": "VA",
    "vas": "VAs",
    "kpi": "KPI",
    "roi": "ROI",
    "rpm": "RPM",
    "cpm": "CPM",
    "id": "ID",
    "url": "URL",
}
# Units that the figures themselves show, or that say nothing beside a heading.
_UNSPOKEN = frozenset(
    {
        *(
            "",
            "fraction",
            "multiple",
            "money",
            "number",
            "text",
            "id",
            "hash",
            "address",
            "place",
            "list",
            "map",
        ),
        *("JSON", "boolean", "date", "instant", "hour of day", "day of week", "row number", "as recorded"),
        *("feature's unit", "metric's unit"),
    }
)


@dataclass(frozen=True)
class Heading:
    """One column as its reader sees it."""

    name: str
    label: str
    unit: str
    """As registered: fraction, views, hours, ... Empty where there is none."""
    sentence: str
    version: str

    @property
    def shown_unit(self) -> str:
        """The unit to print beside the label; empty where the label or the figures say it already."""
        if self.unit in _UNSPOKEN or self.unit.lower() in self.label.lower():
            return ""
        return self.unit

    @property
    def axis(self) -> str:
        """An axis title: label and unit."""
        return f"{self.label} ({self.shown_unit})" if self.shown_unit else self.label


def heading(name: str, *, label: str = "", unit: str | None = None) -> Heading:
    """The heading of a column; `label` and `unit` stand in for the registry's."""
    column = COLUMNS.get(name)
    if column is None:
        return Heading(
            name,
            label or spoken(name),
            _guessed_unit(name) if unit is None else unit,
            "",
            "",
        )
    return Heading(
        name,
        label or column.label or spoken(name),
        column.unit if unit is None else unit,
        column.sentence,
        str(column.version),
    )


def spoken(name: str) -> str:
    """`half_life_hours` as Half life; `n_posts` as Posts."""
    words = name.removeprefix("n_")
    for suffix in _KIND_SUFFIXES:
        # "Views at" would say less than "views_at"; only a whole last word that tells the kind goes.
        if words.endswith(suffix) and suffix not in ("_rate", "_at") and len(words) > len(suffix):
            words = words.removesuffix(suffix)
    text = " ".join(_WORDS.get(w, w) for w in words.split("_") if w)
    return text[:1].upper() + text[1:] if text else name


def _guessed_unit(name: str) -> str:
    if name.endswith("_rate") or "_rate_by_" in name:
        return "fraction"
    return "hours" if name.endswith("_hours") else ""
