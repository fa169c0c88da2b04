"""Which slides show the same image: by perceptual hash and text together.

Slideshows share templates, so no hash alone tells two slides of one template apart; and a hook is used on
many pictures, so no text alone does. Two slides are the same image when both agree; images are the
connected components.

Slides repeat, so what is compared are distinct *pictures* (file, hash, text), a tenth of them.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz import fuzz, process
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from .near_hashes import Pairs, near_hashes, whole

SAME_TEXT_BITS = 18
"""Most bits in which two hashes of one image differ where the texts agree."""
NO_TEXT_BITS = 6
"""Most bits where a text is unread."""
LEAST_AGREEMENT = 70.0
"""Least edit similarity of two texts that agree, in rapidfuzz's hundredths."""
LEAST_CONFIDENCE = 0.5
"""A text read less surely than this counts as unread."""


def normalized(text: str) -> str:
    """A text as it is compared: Unicode and case folded, single blanks, without @handles.

    A handle is who posts and not what the slide says; it is laid over a slide that is posted again.
    """
    folded = (text if text.isascii() else unicodedata.normalize("NFKC", text)).casefold()
    words = folded.split()
    return " ".join([w for w in words if not w.startswith("@")] if "@" in folded else words)


class Texts:
    """Texts as they were read, normalized when they are first asked for: few of those known ever are."""

    def __init__(self, read: list[str]) -> None:
        self._read = read
        self._said: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._read)

    def said(self, places: np.ndarray) -> list[str]:
        """The normalized texts at these places."""
        for place in np.unique(places).tolist():
            if place not in self._said:
                self._said[place] = normalized(self._read[place])
        return [self._said[place] for place in places.tolist()]


def text_ids(texts: Iterable[str]) -> list[str | None]:
    """An id of each normalized text: `text:` and 16 hexadecimal digits; None where nothing is left to read."""
    return [f"text:{_digest(t)}" if t else None for t in texts]


def image_groups(pictures: pa.Table) -> np.ndarray:
    """The image of each picture, as a number.

    Parameters
    ----------
    pictures
        Distinct pictures: picture_id, sha256, phash (64 bits), text (as read; NULL where unread), slide_url (read only
        where there is no hash), image_id (NULL where there was none before), is_new (compared with all the others).

    Returns
    -------
    numpy.ndarray
        A whole number for each picture, the same for those of one image: equal sha256; else hashes that differ in
        at most 18 bits and texts of a ratio of at least 0.7, at most 6 bits where a text is unread; else the same
        slide_url. Pictures that aren't new stay with those of their image_id.

    Source: metrics.md, Level 1. Version 1.
    """
    n = pictures.num_rows
    if not n:
        return np.zeros(0, np.int64)
    nothing = pa.scalar(None, pa.string())
    edges = [
        _linked(pictures["sha256"]),
        _linked(pc.if_else(pictures["is_new"], nothing, pictures["image_id"])),
    ]
    hashed = np.flatnonzero(pc.is_valid(pictures["phash"]).to_numpy())
    bare = pc.and_(pc.is_null(pictures["sha256"]), pc.is_null(pictures["phash"]))
    edges.append(_linked(pc.if_else(bare, pictures["slide_url"], nothing)))
    if hashed.size:
        edges += _alike(pictures.take(pa.array(hashed)), hashed)
    i, j = (np.concatenate(side) for side in zip(*edges, strict=True))
    graph = coo_array((np.ones(i.size, bool), (i, j)), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def _alike(pictures: pa.Table, place: np.ndarray) -> list[Pairs]:
    """Pairs of pictures with a hash that are the same image; `place` is where each stands."""
    texts = pc.unique(pictures["text"].drop_null())
    text = whole(pc.index_in(pictures["text"], texts), -1)
    phash = pictures["phash"].to_numpy().astype(np.int64).view(np.uint64)
    # Of pictures with the same hash and text one is compared: the others are the same image anyway.
    order = np.lexsort((text, phash))
    new_point = np.r_[True, (np.diff(phash[order]) != 0) | (np.diff(text[order]) != 0)]
    point = np.empty(order.size, np.int64)
    point[order] = np.cumsum(new_point) - 1
    first = order[new_point]
    known = np.zeros(first.size, bool)
    known[point[~pictures["is_new"].to_numpy()]] = True
    edges = [(place, place[first[point]])]
    said = Texts(texts.to_pylist())
    for i, j, bits in near_hashes(
        phash[first], text[first], said, ~known, bits=SAME_TEXT_BITS, blind_bits=NO_TEXT_BITS
    ):
        keep = _agree(text[first[i]], text[first[j]], bits, said)
        edges.append((place[first[i[keep]]], place[first[j[keep]]]))
    return edges


def _agree(one: np.ndarray, other: np.ndarray, bits: np.ndarray, texts: Texts) -> np.ndarray:
    """Which pairs are one image: by the texts' numbers (-1 where unread) and the bits in which the hashes differ."""
    read = (one >= 0) & (other >= 0)
    keep = np.where(read, one == other, bits <= NO_TEXT_BITS)
    asked = np.flatnonzero(read & (one != other))
    low, high = np.minimum(one[asked], other[asked]), np.maximum(one[asked], other[asked])
    pairs, back = np.unique(low * np.int64(len(texts) + 1) + high, return_inverse=True)
    a, b = np.divmod(pairs, len(texts) + 1)
    scores = process.cpdist(
        texts.said(a),
        texts.said(b),
        scorer=fuzz.ratio,
        score_cutoff=LEAST_AGREEMENT,
        workers=-1,
    )
    keep[asked] = (scores >= LEAST_AGREEMENT)[back]
    return np.asarray(keep)


def _linked(column: Any) -> Pairs:
    """A pair for each value that is not the first of its kind."""
    codes = whole(pc.index_in(column, pc.unique(column.drop_null())), -1)
    rows = np.flatnonzero(codes >= 0)
    kinds, first = np.unique(codes[rows], return_index=True)
    at = np.zeros(kinds.size, np.int64)
    at[kinds] = rows[first]
    return rows, at[codes[rows]]


def image_ids(groups: np.ndarray, pictures: pa.Table) -> pa.Array:
    """An id of each picture's image: `image:` and 16 hexadecimal digits; stable when images grow.

    An image keeps the id that it had. Where images turn out to be one, the id of the one used first stands; where
    one falls apart, the part used first keeps it. A new id follows from the picture that was used first.

    Parameters
    ----------
    groups
        See `image_groups`.
    pictures
        As for `image_groups`, in the order of first use.
    """
    if not groups.size:
        return pa.array([], pa.string())
    old = pc.unique(pictures["image_id"].drop_null())
    code = whole(pc.index_in(pictures["image_id"], old), -1)
    known = np.flatnonzero(code >= 0)
    # Which group an old id goes to: that of its first picture; of several in a group, the first.
    _, first = np.unique(code[known], return_index=True)
    heir_rows = np.sort(known[first])
    heirs, first = np.unique(groups[heir_rows], return_index=True)
    names: dict[int, str] = dict(
        zip(heirs.tolist(), old.take(pa.array(code[heir_rows[first]])).to_pylist(), strict=True)
    )
    taken = set(old.to_pylist())
    kinds, founder = np.unique(groups, return_index=True)
    nameless = np.array([kind not in names for kind in kinds.tolist()], bool)
    founders = pictures.take(pa.array(founder[nameless]))
    for kind, picture in zip(kinds[nameless].tolist(), founders["picture_id"].to_pylist(), strict=True):
        name = f"image:{_digest(picture)}"
        while name in taken:  # an image that fell apart left its name elsewhere
            picture += "'"
            name = f"image:{_digest(picture)}"
        taken.add(name)
        names[kind] = name
    return pa.array([names[kind] for kind in kinds.tolist()]).take(pa.array(np.searchsorted(kinds, groups)))


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).hexdigest()
