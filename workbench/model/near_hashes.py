"""Pairs of pictures whose hashes differ in few bits, without comparing all with all where they are many.

Few pictures, or a few new ones against many, are compared outright: a nanosecond a pair, and nothing is missed.
Many are blocked by text first, for many texts share a template: compared are pictures of one text, and those that
meet in a *band*: two of 24 min-wise hashes of the texts' trigrams and six bits of the perceptual hash are the same.
Pictures whose texts share half of their trigrams and whose hashes differ in six bits meet in one of 96 bands in 998
of 1,000 cases; a third, and twelve bits: in 87 of 100, and most of the others are joined by a third picture. Unread
pictures are found by bands of the hash alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import combinations
from typing import TypeVar

import numpy as np

Pairs = tuple[np.ndarray, np.ndarray]
"""Places of both pictures of each pair."""

_MINIMA, _BANDS, _HASH_BITS = 24, 96, 6
_TILE = (32, 8192)
_LARGE = 1_000
_ROWS, _AT_ONCE = 2_000, 4_000_000
_FLIPS = np.array([0, *(1 << bit for bit in range(16))], np.uint16)
_TEXTS = 50_000
_THREADS = 2
_Work = TypeVar("_Work")
_Made = TypeVar("_Made")


def outright(phash: np.ndarray, rows: np.ndarray, columns: np.ndarray, bits: int) -> Iterator[Pairs]:
    """All pairs of a row and a column within `bits` bits; where these are the same, each pair once."""
    high, same = _TILE[0], rows is columns

    def some(a: int) -> Pairs:
        return _tiles(phash, rows[a : a + high], columns[a:] if same else columns, bits)

    return _threaded(some, range(0, rows.size, high))


def _tiles(phash: np.ndarray, mine: np.ndarray, columns: np.ndarray, bits: int) -> Pairs:
    """Pairs of few rows with all columns, by tiles that stay in the processor's cache."""
    wide = _TILE[1]
    found_i, found_j = [], []
    ours = phash[mine][:, None]
    for b in range(0, columns.size, wide):
        theirs = columns[b : b + wide]
        near = np.bitwise_count(ours ^ phash[theirs][None, :]) <= bits
        i, j = np.divmod(np.flatnonzero(near), theirs.size)
        found_i.append(mine[i])
        found_j.append(theirs[j])
    return _joined(found_i), _joined(found_j)


def by_text(
    phash: np.ndarray,
    rows: np.ndarray,
    text: np.ndarray,
    said: list[str],
    bits: int,
    new: np.ndarray | None = None,
) -> Iterator[Pairs]:
    """Pairs of rows within `bits` bits whose texts may agree; a pair may come more than once.

    `text` is each row's place in `said`; where `new` is given, one of each pair is of these.
    """
    yield _within(phash, rows, text, bits, new=new)
    parts = list(_threaded(lambda a: _minima(said[a : a + _TEXTS]), range(0, len(said), _TEXTS)))
    if not parts:
        return
    minima: np.ndarray = np.concatenate(parts, axis=1)
    del parts
    hashes = phash[rows]

    def band(which: tuple[int, int, np.uint64]) -> Pairs:
        one, other, mask = which
        words = minima[one] * _ODD + minima[other]
        key = (words[text] ^ (hashes & mask)) * _ODD
        return _within(phash, rows, key >> np.uint64(32), bits, text, new)

    yield from _threaded(band, _bands())


def by_hash(phash: np.ndarray, rows: np.ndarray, columns: np.ndarray, bits: int) -> Iterator[Pairs]:
    """Pairs of a row and a column within `bits` <= 7 bits; a pair may come up to four times.

    Of the four quarters of two such hashes one differs in one bit at most.
    """
    for quarter in range(4):
        yield from _by_quarter(phash, rows, columns, bits, np.uint64(16 * quarter))


_ODD = np.uint64(0x9E3779B97F4A7C15)


def _bands() -> list[tuple[int, int, np.uint64]]:
    rng = np.random.default_rng(0)
    two = list(combinations(range(_MINIMA), 2))
    chosen = rng.choice(len(two), _BANDS, replace=False)
    return [
        (
            *two[k],
            np.bitwise_or.reduce(np.uint64(1) << rng.choice(64, _HASH_BITS, replace=False).astype(np.uint64)),
        )
        for k in chosen
    ]


def _within(
    phash: np.ndarray,
    rows: np.ndarray,
    key: np.ndarray,
    bits: int,
    kind: np.ndarray | None = None,
    new: np.ndarray | None = None,
) -> Pairs:
    """Pairs of rows with the same key below 2 ** 32; of different kinds, and one of them new, where these are given."""
    if new is not None:
        met = np.isin(key, key[new[rows]])
        rows, key, kind = rows[met], key[met], None if kind is None else kind[met]
    if not rows.size:
        return rows, rows
    # A key and its place in one number: sorting these takes a fifth of the time of sorting places by key.
    packed = np.sort((key.astype(np.uint64) << np.uint64(32)) | np.arange(rows.size, dtype=np.uint64))
    order = (packed & np.uint64(0xFFFFFFFF)).astype(np.int64)
    key = packed >> np.uint64(32)
    starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
    sizes = np.diff(np.r_[starts, key.size])
    several = sizes > 1
    rows = rows[order]
    if kind is not None:
        kind = kind[order]
        several &= np.maximum.reduceat(kind, starts) != np.minimum.reduceat(kind, starts)
    found_i, found_j = [], []
    large = several & (sizes > _LARGE)
    for start, size in zip(starts[large], sizes[large], strict=True):
        group = rows[start : start + size]
        mine = group if new is None else group[new[group]]
        for a in range(0, mine.size, _TILE[0]):
            i, j = _tiles(phash, mine[a : a + _TILE[0]], group[a:] if new is None else group, bits)
            found_i.append(i)
            found_j.append(j)
    starts, sizes = starts[several & ~large], sizes[several & ~large]
    # Each row with the next of its key, then with the one after that, until no key reaches as far.
    ends = np.repeat(starts + sizes, sizes)
    at = np.repeat(starts + sizes - np.cumsum(sizes), sizes) + np.arange(ends.size)
    ordered = phash[rows]
    step = 1
    while at.size:
        inside = at + step < ends
        at, ends = at[inside], ends[inside]
        i = at[np.bitwise_count(ordered[at] ^ ordered[at + step]) <= bits]
        if kind is not None:
            i = i[kind[i] != kind[i + step]]
        if new is not None:
            i = i[new[rows[i]] | new[rows[i + step]]]
        found_i.append(rows[i])
        found_j.append(rows[i + step])
        step += 1
    return _joined(found_i), _joined(found_j)


def _minima(words: list[str]) -> np.ndarray:
    """Min-wise hashes of the trigrams of each text, a row a hash: two texts share one with the chance of a trigram."""
    rng = np.random.default_rng(0)
    trigrams, starts = _trigrams(words)
    found = np.empty((_MINIMA, len(words)), np.uint32)
    for row in range(_MINIMA):
        odd, salt = rng.integers(0, 2**32, 2, np.uint32)
        mixed = (trigrams ^ salt) * (odd | np.uint32(1))
        mixed ^= mixed >> np.uint32(15)
        mixed *= np.uint32(0x2C1B3C6D)
        found[row] = np.minimum.reduceat(mixed, starts)
    return found


def _trigrams(words: list[str]) -> Pairs:
    """Hashes of the three-letter parts of all texts, one text after another, and where each text begins."""
    lengths = np.fromiter((len(w) for w in words), np.int64, len(words))
    joined = "".join(f" {w} " for w in words).encode("utf-32-le", errors="surrogatepass")
    letters = np.frombuffer(joined, np.uint32)
    a, b, c = (np.uint32(x) for x in (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D))
    hashes = letters[:-2] * a ^ (letters[1:-1] * b >> np.uint32(7)) ^ letters[2:] * c
    hashes ^= hashes >> np.uint32(15)
    # A text of n letters has n parts; the two that reach into the next one go.
    ends = np.cumsum(lengths + 2)
    keep = np.ones(letters.size, bool)
    keep[ends - 1] = keep[ends - 2] = False
    return hashes[keep[: hashes.size]], np.cumsum(lengths) - lengths


def _by_quarter(
    phash: np.ndarray, rows: np.ndarray, columns: np.ndarray, bits: int, shift: np.uint64
) -> Iterator[Pairs]:
    """Pairs of a row and a column within `bits` bits, of which this quarter differs in one at most."""
    part = (phash[columns] >> shift).astype(np.uint16)
    order = np.argsort(part, kind="stable")
    bounds = np.searchsorted(part[order], np.arange(2**16 + 1))
    columns = columns[order]
    hashes = phash[columns]

    def some(a: int) -> Pairs:
        mine = rows[a : a + _ROWS]
        probes = ((phash[mine] >> shift).astype(np.uint16)[:, None] ^ _FLIPS).astype(np.int64)
        counts = bounds[probes + 1] - bounds[probes]
        found_i, found_j = [], []
        for few in np.array_split(np.arange(mine.size), 1 + counts.sum() // _AT_ONCE):
            size, start = counts[few].ravel(), bounds[probes[few]].ravel()
            at = np.arange(size.sum()) + np.repeat(start - (np.cumsum(size) - size), size)
            i = np.repeat(mine[few], counts[few].sum(1))
            near = np.bitwise_count(phash[i] ^ hashes[at]) <= bits
            found_i.append(i[near])
            found_j.append(columns[at[near]])
        return _joined(found_i), _joined(found_j)

    return _threaded(some, range(0, rows.size, _ROWS))


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def _threaded(work: Callable[[_Work], _Made], items: Iterable[_Work]) -> Iterator[_Made]:
    """The work on each item, in order, a few ahead: NumPy lets other threads run while it counts."""
    with ThreadPoolExecutor(_THREADS) as pool:
        waiting: deque[Future[_Made]] = deque()
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > _THREADS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
