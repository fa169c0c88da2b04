"""What stands between tables and charts: findings, tiles with a figure, notes and warnings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from .escaping import LONGEST_PROSE, plain, prose, told
from .headings import heading, spoken
from .numbers import DASH, beside, change, in_unit, is_missing, relative_change
from .table_data import WithTables, table_data, tables_of

Better = Literal["up", "down", ""]
"""Which way is good news; empty where neither is."""


@dataclass(frozen=True)
class Box:
    """Words in a box of a kind: finding, note, warning. Blank lines part paragraphs."""

    kind: Literal["finding", "note", "warning", "text"]
    title: str
    body: str = ""

    def _repr_html_(self) -> str:
        paragraphs = "".join(f"<p>{told(p)}</p>" for p in self.body.split("\n\n") if p.strip())
        if self.kind == "text":
            return f'<div class="wb-text">{paragraphs}</div>'
        # A finding is the page's own voice; a warning interrupts it, and is announced.
        role = ' role="note"' if self.kind != "finding" else ""
        title = f'<p class="wb-title">{prose(self.title)}</p>' if self.title else ""
        return f'<div class="wb-box wb-{self.kind}"{role}>{title}{paragraphs}</div>'

    def __repr__(self) -> str:
        prefix = {"note": "Note: ", "warning": "Warning: "}.get(self.kind, "")
        return prefix + plain("\n".join(filter(None, [self.title, self.body])), longest=LONGEST_PROSE)


def finding(title: str, body: str = "") -> Box:
    """What was found, in a sentence, and what it rests on."""
    return Box("finding", title, body)


def note(body: str, title: str = "") -> Box:
    """Something to know when reading what follows."""
    return Box("note", title, body)


def warning(body: str, title: str = "") -> Box:
    """Something that limits what may be concluded."""
    return Box("warning", title, body)


def text(body: str) -> Box:
    """A paragraph with figures in it."""
    return Box("text", "", body)


@dataclass(frozen=True)
class Stacked(WithTables):
    """Boxes or tables under each other, as one thing to look at."""

    boxes: Sequence[Any]

    def _repr_html_(self) -> str:
        return "".join(box._repr_html_() for box in self.boxes)

    def tables_shown(self) -> list[dict[str, Any]]:
        return tables_of(self.boxes)

    def __repr__(self) -> str:
        return "\n\n".join(repr(box) for box in self.boxes)


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One figure, against the period before and against what is usual."""

    label: str
    value: Any
    column: str = ""
    """The figure's column in the registry, which gives its unit and meaning."""
    unit: str | None = None
    before: Any = None
    """The same figure of the period before."""
    usual: tuple[float, float] | None = None
    """The range that it usually lies in."""
    compared: bool = True
    """Whether there is a period before at all: of what lies ahead there is none."""
    better: Better = "up"
    reason: str = "not known"
    """Why there is a dash, where there is one."""
    note: str = ""
    """A last line, such as n."""

    @property
    def _unit(self) -> str:
        return self.unit if self.unit is not None else heading(self.column).unit if self.column else ""

    def _figure(self, value: Any) -> str:
        shown = in_unit(value, self._unit, short=True)
        return f"{shown}\N{NO-BREAK SPACE}h" if self._unit == "hours" and not is_missing(value) else shown

    def _against(self) -> tuple[str, str]:
        """The line that compares with the period before, and whether it is good or bad news."""
        moved = relative_change(self.value, self.before)
        if moved is None:
            alone = self.compared and not is_missing(self.value) and self.value != self.before
            return ("nothing to compare with" if alone else "", "")
        if self._unit == "fraction":
            # 4 % after 3 % is one point more; "+33 %" would be read as 36 %.
            points = (float(self.value) - float(self.before)) * 100
            said = f"{points:+.1f}".replace("-", "\N{MINUS SIGN}") + "\N{NO-BREAK SPACE}points"
            moved = points / 100
        elif float(self.before) < 0 or float(self.value) < 0:
            # A percentage of a loss reads like a gain.
            moved = float(self.value) - float(self.before)
            said = ("+" if moved > 0 else "") + self._figure(moved)
        else:
            # A percentage of a loss would have the wrong sign for half of its readers.
            gained = float(self.value) - float(self.before)
            said = change(self.value, self.before) if float(self.before) > 0 else f"{gained:+,.0f}"
        arrow = "▲" if moved > 0.0005 else "▼" if moved < -0.0005 else "■"
        if arrow == "■":
            return f"■ unchanged from {self._figure(self.before)} before", ""
        up = arrow == "▲"
        news = "" if not self.better else "good" if up == (self.better == "up") else "bad"
        return f"{arrow} {said} against {self._figure(self.before)} before", news

    def _beside_usual(self) -> str:
        if self.usual is None or is_missing(self.value):
            return ""
        low, high = self.usual
        if low == high == float(self.value) == 0:
            return ""
        if float(self.value).is_integer() and self._unit not in ("fraction", "multiple"):
            low, high = round(low), round(high)
        return f"{beside(float(self.value), low, high)} the usual {self._figure(low)} to {self._figure(high)}"

    def html(self) -> str:
        meaning = heading(self.column).sentence if self.column else ""
        titled = f' title="{prose(meaning)}"' if meaning else ""
        figure = prose(self._figure(self.value))
        if is_missing(self.value):
            figure = f'<span aria-hidden="true">{DASH}</span>'
        against, news = self._against()
        lines = [
            f'<span class="wb-reason">{prose(self.reason)}</span>' if is_missing(self.value) else "",
            f'<span class="wb-change wb-{news or "even"}">{prose(against)}</span>' if against else "",
            f"<span>{prose(self._beside_usual())}</span>" if self._beside_usual() else "",
            f"<span>{prose(self.note)}</span>" if self.note else "",
        ]
        return (
            f'<div class="wb-tile"{titled}><dt>{prose(self.label)}</dt>'
            f"<dd><strong>{figure}</strong>{''.join(lines)}</dd></div>"
        )

    def __str__(self) -> str:
        facts = [self._against()[0], self._beside_usual(), self.note]
        if is_missing(self.value):
            facts.insert(0, self.reason)
        said = "; ".join(filter(None, facts))
        return f"{self.label}: {self._figure(self.value)}" + (f" ({said})" if said else "")


class Tiles(WithTables):
    """A row of tiles."""

    def __init__(self, tiles: Sequence[Tile]) -> None:
        self.tiles = list(tiles)

    def _repr_html_(self) -> str:
        return f'<dl class="wb-tiles">{"".join(t.html() for t in self.tiles)}</dl>'

    def tables_shown(self) -> list[dict[str, Any]]:
        """A row for each figure; its unit stands in the row, because a column holds several."""
        abouts = [heading(t.column) if t.column else None for t in self.tiles]
        columns: dict[str, list[Any]] = {
            "figure": [t.label for t in self.tiles],
            "value": [t.value for t in self.tiles],
            "unit": [t._unit for t in self.tiles],
            "value_before": [t.before for t in self.tiles],
            "usual_low": [t.usual[0] if t.usual else None for t in self.tiles],
            "usual_high": [t.usual[1] if t.usual else None for t in self.tiles],
            "remark": [t.reason if is_missing(t.value) else t.note for t in self.tiles],
            "meaning": [about.sentence.replace("NULL", "unknown") if about else "" for about in abouts],
            "definition_version": [about.version if about else "" for about in abouts],
        }
        told = [
            (heading(name, label=spoken(name)), values)
            for name, values in columns.items()
            if name in ("figure", "value") or any(not is_missing(v) and v != "" for v in values)
        ]
        return [table_data(told, kind="figures")] if self.tiles else []

    def __repr__(self) -> str:
        return "\n".join(str(t) for t in self.tiles)


def tiles(*each: Tile) -> Tiles:
    """The figures that a page is opened for, side by side."""
    return Tiles(each)
