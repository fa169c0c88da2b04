"""Measuring two ways of one thing alternately, and keeping the figures."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

OUT = Path(__file__).parent / "out"


@dataclass(frozen=True)
class Figure:
    """One line of a .jsonl file: what was measured, against what, and whether the limit holds."""

    name: str
    value: float
    unit: str
    reference: str
    ratio: float | None
    limit: str
    holds: bool


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def alternating(ours: Callable[[], object], theirs: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median seconds of both, measured in turns, so that a noisy moment meets both."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        times[0].append(seconds(ours))
        times[1].append(seconds(theirs))
    return statistics.median(times[0]), statistics.median(times[1])


def against(name: str, value: float, reference: str, other: float, limit: float, unit: str = "s") -> Figure:
    """A figure that holds while value / other <= limit."""
    ratio = value / other
    return Figure(
        name,
        round(value, 4),
        unit,
        f"{reference}: {other:.4f} {unit}",
        round(ratio, 4),
        f"ratio <= {limit:g}",
        ratio <= limit,
    )


def at_most(name: str, value: float, unit: str, limit: float, reference: str = "") -> Figure:
    """A figure that holds while value <= limit."""
    return Figure(name, round(value, 4), unit, reference, None, f"<= {limit:g} {unit}", value <= limit)


def write(figures: list[Figure], file: str) -> Path:
    """Write the figures, a line each."""
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / file
    path.write_text("".join(json.dumps(asdict(f)) + "\n" for f in figures), encoding="utf-8")
    return path


HEADER = f"{'name':32} {'value':>10} {'unit':4} {'ratio':>7}  {'limit':18} {'':4} reference"


def line(figure: Figure) -> str:
    """A figure as a row of the printed table."""
    ratio = "" if figure.ratio is None else f"{figure.ratio:.3f}"
    verdict = "ok" if figure.holds else "MISS"
    return (
        f"{figure.name:32} {figure.value:>10.3f} {figure.unit:4} {ratio:>7}  {figure.limit:18} "
        f"{verdict:4} {figure.reference}"
    ).rstrip()
