"""Pieces of text that lie about a picture, in the order in which a person reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

LEAST_LINES = 4
"""Lines that each of two columns must have; with fewer, a table's row or a heading beside another is meant."""
LEAST_SHARE = 0.2
"""Of the width that each must have; narrower ones are numbers, times or signs before their lines."""


@dataclass(frozen=True)
class Piece:
    """A text and the upright rectangle around it; pixels, from the top left corner."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


def lines(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Lines from top to bottom, each its pieces from left to right; columns one after the other.

    Columns are parts side by side with white between them from top to bottom, of at least LEAST_LINES lines and
    LEAST_SHARE of the width each. Where no such white goes through, the picture is cut at its highest empty stripe, and
    each part is looked at.
    """
    found: list[list[Piece]] = []
    waiting = [list(pieces)]
    while waiting:
        part = waiting.pop()
        columns = _cut([(p.left + _margin(p), p.right - _margin(p), p) for p in part])
        if columns and all(
            len(_rows(column)) >= LEAST_LINES and _width(column) >= LEAST_SHARE * _width(part)
            for column in columns
        ):
            waiting += reversed(columns)
        elif stripes := _cut([(p.top, p.bottom, p) for p in part]):
            waiting += reversed(stripes)
        else:
            found += _rows(part)
    return found


def _width(pieces: list[Piece]) -> float:
    return max(p.right for p in pieces) - min(p.left for p in pieces)


def _margin(piece: Piece) -> float:
    """What a rectangle is wider than its text, on either side."""
    return min(0.4 * (piece.bottom - piece.top), (piece.right - piece.left) / 3)


def _cut(spans: list[tuple[float, float, Piece]]) -> tuple[list[Piece], list[Piece]] | None:
    """The pieces on either side of the widest gap between (start, end)s; None where there is none."""
    ordered = sorted(spans, key=lambda span: span[:2])
    reached = list(accumulate((end for _, end, _ in ordered), max))
    gaps = [(ordered[i][0] - reached[i - 1], -i) for i in range(1, len(ordered))]
    width, at = max(gaps, default=(0.0, 0))
    parts = [piece for *_, piece in ordered]
    return (parts[:-at], parts[-at:]) if width > 0 else None


def _rows(pieces: list[Piece]) -> list[list[Piece]]:
    """Pieces whose middles are within half a letter's height of the line's first one are on one line."""
    rows: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda p: (p.top + p.bottom, p.left)):
        first = rows[-1][0] if rows else piece
        apart = (piece.top + piece.bottom - first.top - first.bottom) / 2
        if rows and apart < min(piece.bottom - piece.top, first.bottom - first.top) / 2:
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return [sorted(row, key=lambda p: (p.left, p.top)) for row in rows]
