"""Whether two answers are the same, cell by cell."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

TOLERANCE = 1e-9
SHOWN = 5


class Disagreement(AssertionError):
    """Two ways of one thing gave different answers: no figure of theirs means anything."""


def differences(ours: pd.DataFrame, theirs: pd.DataFrame, key: tuple[str, ...]) -> list[str]:
    """Sentences that name what differs, a few of each column; none where the answers are the same.

    Rows are matched by `key`; without one, by their order, which then belongs to the answer.
    """
    if set(ours.columns) != set(theirs.columns):
        return [f"columns differ: {sorted(set(ours.columns) ^ set(theirs.columns))}"]
    if len(ours) != len(theirs):
        return [f"{len(ours)} rows, by hand {len(theirs)}"]
    if key:
        ours, theirs = (f.sort_values(list(key), ignore_index=True) for f in (ours, theirs))
    found = []
    for column in ours.columns:
        pairs = zip(ours[column].tolist(), theirs[column].tolist(), strict=True)
        wrong = [(n, a, b) for n, (a, b) in enumerate(pairs) if not same(a, b)]
        for n, a, b in wrong[:SHOWN]:
            where = ", ".join(str(ours[k].iloc[n]) for k in key) or f"row {n}"
            found.append(f"{column} of {where}: {a!r}, by hand {b!r} ({len(wrong)} of {len(ours)} differ)")
    return found


def same(a: Any, b: Any) -> bool:
    """Equal, unknown both, or numbers that are equal but for rounding."""
    if _unknown(a) or _unknown(b):
        return _unknown(a) and _unknown(b)
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return bool(a == b)


def _unknown(value: Any) -> bool:
    return value is None or bool(pd.isna(value))
