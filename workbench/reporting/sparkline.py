"""A figure over the periods as a small drawing that needs no script, and in words for whoever can't see it."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_WIDTH, _HEIGHT, _EDGE = 200.0, 60.0, 4.0


@dataclass(frozen=True)
class Point:
    """One period's figure."""

    place: int
    """Where it stands in time: weeks since the first, so that a missing week is a gap."""
    name: str
    value: float | None
    shown: str


Place = Callable[[Point], tuple[float, float]]


def sparkline(label: str, points: Sequence[Point]) -> str:
    """An SVG of the figure, the oldest first; empty where fewer than two are known."""
    known = [p for p in points if p.value is not None]
    if len(known) < 2:
        return ""
    words = html.escape(f"{label}: {in_words(points)}", quote=True)
    scaled = _scaled(known)
    drawn = "".join(_line(run) for run in _runs(points, scaled))
    x, y = scaled(known[-1])
    return (
        f'<svg class="spark" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" role="img" aria-label="{words}" focusable="false">'
        f'{drawn}<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2"/></svg>'
    )


def in_words(points: Sequence[Point]) -> str:
    """From 1.2M (2025-W30) to 2.3M (2025-W40), lowest 1.1M (2025-W33), highest 2.3M (2025-W40); 2 weeks missing."""
    known = [p for p in points if p.value is not None]
    if not known:
        return "not known"
    low, high = (at(known, key=lambda p: p.value or 0) for at in (min, max))
    ends = [f"{p.shown} ({p.name})" for p in (known[0], known[-1])]
    between = known[-1].place - known[0].place + 1 - len(known)
    said = f"from {ends[0]} to {ends[1]}, lowest {low.shown} ({low.name}), highest {high.shown} ({high.name})"
    return said + (f"; {between} missing between" if between > 0 else "")


def _scaled(known: Sequence[Point]) -> Place:
    values = [p.value or 0.0 for p in known]
    low, high = min(values), max(values)
    first, last = known[0].place, known[-1].place

    def scaled(point: Point) -> tuple[float, float]:
        # What never changes is drawn in the middle, not at the bottom.
        up = ((point.value or 0.0) - low) / (high - low) if high > low else 0.5
        along = (point.place - first) / (last - first) if last > first else 0.5
        return _EDGE + along * (_WIDTH - 2 * _EDGE), _HEIGHT - _EDGE - up * (_HEIGHT - 2 * _EDGE)

    return scaled


def _runs(points: Sequence[Point], scaled: Place) -> list[list[tuple[float, float]]]:
    """The points without a gap between them."""
    runs: list[list[tuple[float, float]]] = []
    before: int | None = None
    for point in points:
        if point.value is None:
            before = None
            continue
        if before is None or point.place != before + 1:
            runs.append([])
        runs[-1].append(scaled(point))
        before = point.place
    return runs


def _line(run: list[tuple[float, float]]) -> str:
    if len(run) == 1:
        (x, y), *_ = run
        return f'<circle class="alone" cx="{x:.1f}" cy="{y:.1f}" r="1.6"/>'
    return f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in run)}"/>'
