"""Pairs of pictures whose hashes differ in few bits, without comparing all with all where they are many.

Few pictures, or a few new ones against many, are compared outright: a nanosecond a pair, and nothing is missed.
Many are blocked by text first: only those are compared whose texts share a band of min-wise hashes of their
trigrams. Texts that share half of their trigrams are found in 96 of 100 cases, two thirds: always; they
share more than that where a picture was saved again or misread. Unread pictures are found by bands of the hash.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import pyarrow.compute as pc


class Texts(Protocol):
    """Distinct texts by their place."""

    def __len__(self) -> int: ...

    def said(self, places: np.ndarray) -> list[str]:
        """The normalized texts at these places."""


Pairs = tuple[np.ndarray, np.ndarray]
Found = Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]
"""Places of both pictures of each pair, and the bits in which they differ."""

_OUTRIGHT = 1_000_000_000
"""Up to so many comparisons all are made."""
_BANDS, _ROWS = 24, 3
_TILE = (32, 8192)
_CHUNK = 1_000_000
_LARGE = 1_000


def whole(codes: Any, missing: int) -> np.ndarray:
    """A column of numbers as an array."""
    found = pc.fill_null(codes, missing)
    return np.asarray(
        found.to_numpy(zero_copy_only=False) if hasattr(found, "offset") else found.to_numpy(), np.int64
    )


def near_hashes(
    phash: np.ndarray,
    text: np.ndarray,
    texts: Texts,
    new: np.ndarray,
    *,
    bits: int,
    blind_bits: int,
    outright: int = _OUTRIGHT,
) -> Found:
    """Pairs within `bits` bits, at least one of each new; within `blind_bits` where a text is unread (-1).

    `text` is each picture's place in `texts`. A pair may come more than once.
    """
    n_new = int(new.sum())
    if n_new * new.size <= outright:
        found = _outright(phash, np.flatnonzero(new), np.arange(new.size), bits)
    else:
        found = _blocked(phash, text, texts, bits, blind_bits)
    for i, j in _chunks(found):
        wanted = (new[i] | new[j]) & (i != j)
        i, j = i[wanted], j[wanted]
        yield i, j, np.bitwise_count(phash[i] ^ phash[j])


def _chunks(found: Iterator[Pairs]) -> Iterator[Pairs]:
    """The same pairs, many at a time."""
    held: list[Pairs] = []
    size = 0
    for pairs in found:
        held.append(pairs)
        size += pairs[0].size
        if size > _CHUNK:
            yield np.concatenate([i for i, _ in held]), np.concatenate([j for _, j in held])
            held, size = [], 0
    if held:
        yield np.concatenate([i for i, _ in held]), np.concatenate([j for _, j in held])


def _outright(phash: np.ndarray, rows: np.ndarray, columns: np.ndarray, bits: int) -> Iterator[Pairs]:
    """All pairs of a row and a column within `bits` bits, by tiles that stay in the processor's cache.

    As many rows as columns are the same, and each pair is compared once.
    """
    high, wide = _TILE
    for a in range(0, rows.size, high):
        mine = rows[a : a + high]
        for b in range(a if rows.size == columns.size else 0, columns.size, wide):
            theirs = columns[b : b + wide]
            near = np.bitwise_count(phash[mine][:, None] ^ phash[theirs][None, :]) <= bits
            i, j = np.divmod(np.flatnonzero(near), theirs.size)
            yield mine[i], theirs[j]


def _blocked(
    phash: np.ndarray, text: np.ndarray, texts: Texts, bits: int, blind_bits: int
) -> Iterator[Pairs]:
    read = np.flatnonzero(text >= 0)
    yield from _within(phash, read, text[read], bits)
    for band in _text_bands(texts.said(np.arange(len(texts)))):
        yield from _within(phash, read, band[text[read]], bits, text[read])
    blind = np.flatnonzero(text < 0)
    if blind.size * phash.size <= _OUTRIGHT:
        yield from _outright(phash, blind, np.arange(phash.size), blind_bits)
    else:
        yield from _hash_bands(phash, blind, blind_bits)


def _within(
    phash: np.ndarray, rows: np.ndarray, key: np.ndarray, bits: int, kind: np.ndarray | None = None
) -> Iterator[Pairs]:
    """Pairs of rows with the same key; where `kind` is given, only keys that hold more than one kind."""
    order = np.argsort(key, kind="stable")
    key, rows = key[order], rows[order]
    starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1]]) if key.size else np.zeros(0, np.int64)
    sizes = np.diff(np.r_[starts, key.size])
    several = sizes > 1
    if kind is not None and key.size:
        kind = kind[order]
        several &= np.maximum.reduceat(kind, starts) != np.minimum.reduceat(kind, starts)
    large = several & (sizes > _LARGE)
    for start, size in zip(starts[large], sizes[large], strict=True):
        group = rows[start : start + size]
        yield from _outright(phash, group, group, bits)
    starts, sizes = starts[several & ~large], sizes[several & ~large]
    # Each row with the next of its key, then with the one after that, until no key reaches as far.
    ends = np.repeat(starts + sizes, sizes)
    at = np.repeat(starts + sizes - np.cumsum(sizes), sizes) + np.arange(ends.size)
    ordered = phash[rows]
    step = 1
    while at.size:
        inside = at + step < ends
        at, ends = at[inside], ends[inside]
        near = np.bitwise_count(ordered[at] ^ ordered[at + step]) <= bits
        i = at[near]
        if kind is not None:
            i = i[kind[i] != kind[i + step]]
        yield rows[i], rows[i + step]
        step += 1


def _text_bands(words: list[str]) -> Iterator[np.ndarray]:
    """Keys of each text, one array a band: two texts share one with the chance (shared trigrams) ** 3."""
    rng = np.random.default_rng(0)
    odd = rng.integers(0, 2**63, (_BANDS, _ROWS), dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    salt = rng.integers(0, 2**63, (_BANDS, _ROWS), dtype=np.uint64)
    trigrams, starts = _trigrams(words)
    for band in range(_BANDS):
        key = np.zeros(len(words), np.uint64)
        for row in range(_ROWS):
            mixed = (trigrams ^ salt[band, row]) * odd[band, row]
            least = np.minimum.reduceat(mixed, starts) if starts.size else key
            key = (key ^ (key >> np.uint64(29))) * np.uint64(0x9E3779B97F4A7C15) + least
        yield key.view(np.int64)


def _trigrams(words: list[str]) -> Pairs:
    """Hashes of the three-letter parts of all texts, one text after another, and where each text begins."""
    lengths = np.fromiter((len(w) for w in words), np.int64, len(words))
    joined = "".join(f" {w} " for w in words).encode("utf-32-le", errors="surrogatepass")
    letters = np.frombuffer(joined, np.uint32).astype(np.uint64)
    a, b, c = (np.uint64(x) for x in (0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0x2545F4914F6CDD1D))
    hashes = letters[:-2] * a ^ (letters[1:-1] * b >> np.uint64(7)) ^ letters[2:] * c
    hashes ^= hashes >> np.uint64(31)
    # A text of n letters has n parts; the two that reach into the next one go.
    ends = np.cumsum(lengths + 2)
    keep = np.ones(letters.size, bool)
    keep[ends - 1] = keep[ends - 2] = False
    return hashes[keep[: hashes.size]], np.cumsum(lengths) - lengths


def _hash_bands(phash: np.ndarray, rows: np.ndarray, bits: int) -> Iterator[Pairs]:
    """Pairs of a row and any within `bits` <= 7 bits: then one quarter of the hash differs in at most one."""
    flips = np.r_[0, 1 << np.arange(16)].astype(np.uint64)
    for quarter in range(4):
        part = (phash >> np.uint64(16 * quarter)) & np.uint64(0xFFFF)
        order = np.argsort(part, kind="stable")
        bounds = np.searchsorted(part[order], np.arange(2**16 + 1))
        for flip in flips:
            for a in range(0, rows.size, 100_000):
                mine = rows[a : a + 100_000]
                probe = (part[mine] ^ flip).astype(np.int64)
                counts = bounds[probe + 1] - bounds[probe]
                i = np.repeat(mine, counts)
                offset = np.arange(i.size) - np.repeat(np.cumsum(counts) - counts, counts)
                j = order[np.repeat(bounds[probe], counts) + offset]
                near = np.bitwise_count(phash[i] ^ phash[j]) <= bits
                yield i[near], j[near]
