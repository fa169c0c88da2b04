"""Where a CSV's records begin and end, found without a CSV reader.

DuckDB reads the file; this module tells from the bytes alone what it must have found, so that a
misreading shows as a difference. Quotes that stand only where RFC 4180 lets them stand make parity
decide what is inside a field: by induction, a quote at a field's start opens it, and the next one
that is followed by a delimiter or a line end closes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

_CHUNK = 1 << 20
_LF, _CR, _QUOTE = 10, 13, 34

Positions = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Layout:
    """What the bytes of a CSV say."""

    is_regular: bool
    """Quotes only where RFC 4180 allows them, one kind of line end, no blank first line, and no
    record of a surplus empty field: DuckDB then reads the file as everybody else does."""
    records: int
    """Records, the header included; 0 where the file is not regular."""


IRREGULAR = Layout(is_regular=False, records=0)


def layout(path: Path, delimiter: str, fields: int) -> Layout:
    """The layout of a UTF-8 file whose header has this many fields."""
    # Not mapped: a file that is cut short meanwhile would end the process, without a word.
    content: Bytes = np.fromfile(path, dtype=np.uint8)
    quotes = _positions(content, _QUOTE)
    ends = _positions(content, _LF)
    returns = _positions(content, _CR)
    start = 3 if bytes(content[:3]) == b"\xef\xbb\xbf" else 0
    if (
        len(content) == start
        or content[start] in (_LF, _CR)
        or not _quotes_regular(content, quotes, delimiter, start)
    ):
        return IRREGULAR
    if len(quotes):
        ends = ends[np.searchsorted(quotes, ends) % 2 == 0]
        returns = returns[np.searchsorted(quotes, returns) % 2 == 0]
    if len(returns) and (len(returns) != len(ends) or not np.array_equal(returns + 1, ends)):
        return IRREGULAR
    width = 2 if len(returns) else 1
    stops = ends if len(ends) and ends[-1] == len(content) - 1 else np.append(ends, len(content) + width - 1)
    lengths = np.diff(stops, prepend=start - 1) - width
    records = int(np.count_nonzero(lengths))
    if _has_surplus_ends(content, ends, delimiter, width) and (
        _delimiters(content, delimiter) != records * (fields - 1)
    ):
        return IRREGULAR
    return Layout(is_regular=True, records=records)


def _chunks(content: Bytes) -> Iterator[tuple[int, Bytes]]:
    for at in range(0, len(content), _CHUNK):
        yield at, content[at : at + _CHUNK]


def _positions(content: Bytes, byte: int) -> Positions:
    found = [np.flatnonzero(chunk == byte) + at for at, chunk in _chunks(content)]
    return np.concatenate(found) if found else np.empty(0, dtype=np.int64)


def _quotes_regular(content: Bytes, quotes: Positions, delimiter: str, start: int) -> bool:
    if len(quotes) % 2:
        return False
    before, after = quotes[0::2] - 1, quotes[1::2] + 1
    allowed = np.zeros(256, dtype=bool)
    allowed[[_LF, _CR, _QUOTE, ord(delimiter)]] = True
    opens = allowed[content[before[before >= start]]]
    closes = allowed[content[after[after < len(content)]]]
    return bool(opens.all() and closes.all())


def _has_surplus_ends(content: Bytes, ends: Positions, delimiter: str, width: int) -> bool:
    """Whether any record ends in an empty field.

    Only then can DuckDB overlook a field too many: it drops an empty one after the last column.
    """
    last = content[np.maximum(ends - width, 0)]
    closing = last == _QUOTE
    before = content[np.maximum(ends - width - 1, 0)]
    tail = content[-2:]
    return bool(
        (last == ord(delimiter)).any()
        or (closing & (before == _QUOTE)).any()
        or ord(delimiter) in tail[-1:]
        or bytes(tail) == b'""'
    )


def _delimiters(content: Bytes, delimiter: str) -> int:
    """Delimiters outside quotes."""
    found, inside = 0, 0
    for _, chunk in _chunks(content):
        mask = np.bitwise_xor.accumulate((chunk == _QUOTE).view(np.uint8)) ^ inside
        inside = int(mask[-1])
        found += int(np.count_nonzero((chunk == ord(delimiter)) & (mask == 0)))
    return found
