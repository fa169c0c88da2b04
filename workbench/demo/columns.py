"""Whole columns of text, dates and numbers, and writing them as CSV, without a loop over rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from .model import Floats, Ints

Column = Any
"""A pyarrow array (pyarrow ships no types) or anything it makes one of."""


def take(words: Sequence[str | None], index: Ints) -> Column:
    """The word at each index; NULL where the index is negative."""
    return pa.array(words, pa.string()).take(pa.array(index, mask=index < 0))


def joined(*parts: Column, separator: str = "") -> Column:
    """Columns and constants, put together row by row; NULL where any is NULL."""
    return pc.binary_join_element_wise(*(_text(p) for p in parts), separator)


def listed(*parts: Column, separator: str) -> Column:
    """What is known of some columns, put together row by row; NULL where all are NULL.

    pyarrow's own way (null_handling="skip") loses the rows in which all are NULL.
    """
    found = _text(parts[0])
    for part in parts[1:]:
        both = joined(found, part, separator=separator)
        found = pc.coalesce(both, found, part)
    return found


def _text(part: Column) -> Column:
    if isinstance(part, str):
        return pa.scalar(part)
    if isinstance(part, np.ndarray):
        part = pa.array(part)
    return part if pa.types.is_string(part.type) else part.cast(pa.string())


def where(condition: np.ndarray, chosen: Column, other: Column = None) -> Column:
    """`chosen` where the condition holds, else `other` (NULL unless given)."""
    if isinstance(chosen, np.ndarray):
        chosen = pa.array(chosen)
    other = pa.scalar(None, chosen.type) if other is None else other
    return pc.if_else(pa.array(condition), chosen, other)


def known(values: np.ndarray, condition: np.ndarray) -> Column:
    """Numbers where the condition holds, NULL elsewhere."""
    return pa.array(values, mask=~condition)


def instants(seconds: Ints, condition: np.ndarray | None = None) -> Column:
    """Seconds since 1970 as instants, NULL where the condition fails."""
    return pa.array(seconds, pa.int64(), mask=None if condition is None else ~condition).cast(
        pa.timestamp("s")
    )


def dates(days: Ints, condition: np.ndarray | None = None) -> Column:
    """Days since 1970 as dates."""
    return pa.array(days.astype(np.int32), mask=None if condition is None else ~condition).cast(pa.date32())


def clock(seconds: Ints) -> Column:
    """The time of day of instants, as HH:MM:SS."""
    return pa.array((seconds % 86_400).astype(np.int32)).cast(pa.time32("s")).cast(pa.string())


def numbered(prefix: str, numbers: Ints, digits: int = 6) -> Column:
    """`prefix` and a number with leading zeros."""
    return joined(prefix, pc.utf8_lpad(pa.array(numbers).cast(pa.string()), digits, "0"))


def cents(amounts: Floats | Ints) -> Column:
    """Whole cents as an amount with two decimals, exactly."""
    whole = np.asarray(amounts, dtype=np.int64)
    sign = take(["", "-"], (whole < 0).astype(np.int64))
    rest = pc.utf8_lpad(pa.array(np.abs(whole) % 100).cast(pa.string()), 2, "0")
    return joined(sign, np.abs(whole) // 100, ".", rest)


def pick(rng: np.random.Generator, words: Sequence[str | None], n: int) -> Column:
    """`n` words drawn alike."""
    return take(words, rng.integers(0, len(words), n))


def table(columns: Mapping[str, Column]) -> pa.Table:
    return pa.table(
        {name: pa.array(c) if isinstance(c, np.ndarray | list) else c for name, c in columns.items()}
    )


def write_csv(file: Path, columns: Mapping[str, Column]) -> Path:
    """Write columns as CSV: a header, UTF-8, text in quotes, NULL as nothing, instants without a zone."""
    made = table(columns)
    plain = [c.cast(pa.string()) if pa.types.is_timestamp(c.type) else c for c in made.columns]
    pa_csv.write_csv(pa.table(plain, names=made.column_names), file)
    return file
