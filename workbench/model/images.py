"""Which slides show the same image: by perceptual hash and text together.

Slideshows share templates, so no hash alone tells two slides of one template apart; and a hook is used on
many pictures, so no text alone does. Two slides are the same image when both agree; images are the
connected components.

Slides repeat, so what is compared are distinct *pictures* (file, hash, text), a tenth of them.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from .agreement import agree
from .near_hashes import Pairs, by_hash, by_text, outright

SAME_TEXT_BITS = 14
"""Most bits in which two hashes of one image differ where the texts agree."""
NO_TEXT_BITS = 6
"""Most bits where a text is unread."""
LEAST_CONFIDENCE = 0.5
"""A text read less surely than this counts as unread."""

OUTRIGHT = 3_000_000_000
"""Up to so many comparisons of few new pictures with those known, all are made."""
_MANY = 6_000
"""Above so many new pictures they are blocked by text."""
_CHUNK = 1_000_000
_NEAR = 2_000_000
"""Up to so many pairs of a new and a known picture that are near have their texts compared."""
_NONE: Pairs = (np.zeros(0, np.int64), np.zeros(0, np.int64))


def normalized(text: str) -> str:
    """A text as it is compared: Unicode and case folded, single blanks, without @handles.

    A handle is who posts and not what the slide says; it is laid over a slide that is posted again.
    """
    folded = (text if text.isascii() else unicodedata.normalize("NFKC", text)).casefold()
    words = folded.split()
    return " ".join([w for w in words if not w.startswith("@")] if "@" in folded else words)


def text_ids(texts: Iterable[str]) -> list[str | None]:
    """An id of each normalized text: `text:` and 16 hexadecimal digits; None where nothing is left to read."""
    return [f"text:{_digest(t)}" if t else None for t in texts]


def image_groups(pictures: pa.Table) -> np.ndarray:
    """The image of each picture, as a number.

    Parameters
    ----------
    pictures
        Distinct pictures: picture_id, sha256, phash (64 bits), text (normalized; NULL where unread), slide_url (read
        only where there is no hash), image_id (NULL where there was none before), is_new (compared with all the
        others).

    Returns
    -------
    numpy.ndarray
        A whole number for each picture, the same for those of one image: equal sha256; else hashes that differ in
        at most 14 bits and texts that agree (`agreement.agree`); where a text is unread, at most 6 bits, unless texts
        of several images are so near to it; else the same slide_url. Pictures that aren't new stay with those of
        their image_id.

    Source: metrics.md, Level 1. Version 3.
    """
    return _components(pictures.num_rows, *same_pairs(pictures))


def same_pairs(pictures: pa.Table) -> Pairs:
    """Places of both pictures of pairs of one image: as many as connect each image, every one of them verified.

    Pictures are those of `image_groups`.
    """
    nothing = pa.scalar(None, pa.string())
    edges = [
        _linked(pictures["sha256"]),
        _linked(pc.if_else(pictures["is_new"], nothing, pictures["image_id"])),
    ]
    bare = pc.and_(pc.is_null(pictures["sha256"]), pc.is_null(pictures["phash"]))
    edges.append(_linked(pc.if_else(bare, pictures["slide_url"], nothing)))
    hashed = np.flatnonzero(pc.is_valid(pictures["phash"]).to_numpy())
    if hashed.size:
        _add_alike(edges, pictures.take(pa.array(hashed)), hashed, pictures.num_rows)
    return _both(edges)


def _both(edges: list[Pairs]) -> Pairs:
    i, j = (np.concatenate(side) for side in zip(*edges, strict=True))
    return i, j


def _components(n: int, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    graph = coo_array((np.ones(i.size, bool), (i, j)), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def _add_alike(edges: list[Pairs], pictures: pa.Table, place: np.ndarray, n: int) -> None:
    """Add pairs of pictures with a hash that are the same image; `place` is where each stands among all `n`."""
    texts = pc.unique(pictures["text"].drop_null())
    text = _whole(pc.index_in(pictures["text"], texts))
    phash = pictures["phash"].to_numpy().astype(np.int64).view(np.uint64)
    # Of pictures with the same hash and text one is compared: the others are the same image anyway. Unread ones, which
    # may differ in what is written on them, are compared unless their files are the same.
    unlike = np.where(text < 0, _components(n, *_both(edges))[place], -1)
    order = np.lexsort((unlike, text, phash))
    new_point = np.ones(order.size, bool)
    new_point[1:] = np.any([np.diff(key[order]) != 0 for key in (phash, text, unlike)], axis=0)
    point = np.empty(order.size, np.int64)
    point[order] = np.cumsum(new_point) - 1
    first = order[new_point]
    edges.append((place, place[first[point]]))
    known = np.zeros(first.size, bool)
    known[point[~pictures["is_new"].to_numpy()]] = True
    points = _Points(
        phash[first], text[first], texts.to_pylist(), ~known, _components(n, *_both(edges))[place[first]]
    )
    edges += [(place[first[i]], place[first[j]]) for i, j in (points.read(), points.unread())]


class _Points:
    """Hashes with a text, each once; `text` is its place in `said`, or -1. Grows `image` as pairs are found."""

    def __init__(
        self, phash: np.ndarray, text: np.ndarray, said: list[str], new: np.ndarray, image: np.ndarray
    ) -> None:
        self.phash, self.text, self.said, self.new, self.image = phash, text, said, new, image

    def _grow(self, edges: list[Pairs]) -> None:
        """Merge the images of these pairs, and only them."""
        i, j = _both(edges)
        n = int(self.image.max()) + 1
        self.image = _components(n, self.image[i], self.image[j])[self.image]

    def _connect(self, near: Iterable[Pairs], same: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Pairs:
        """Those of these pairs that are the same image, at least one of each new; as many as connect all there are."""
        edges, waiting = [_NONE], [_NONE]
        for i, j in _chunks(near):
            asked = (self.image[i] != self.image[j]) & (self.new[i] | self.new[j])
            i, j = i[asked], j[asked]
            kept = same(i, j)
            waiting.append((i[kept], j[kept]))
            if sum(k.size for k, _ in waiting) > max(_CHUNK // 10, self.new.size // 20):
                # What is connected by now need not be compared again.
                self._grow(waiting)
                edges, waiting = edges + waiting, [_NONE]
        self._grow(waiting)
        return _both(edges + waiting)

    def read(self) -> Pairs:
        """Pairs whose texts agree."""
        rows = np.flatnonzero(self.text >= 0)
        new = rows[self.new[rows]]
        if new.size * rows.size <= (OUTRIGHT if new.size < rows.size else _MANY**2):
            near = outright(self.phash, rows if new.size == rows.size else new, rows, SAME_TEXT_BITS)
        else:
            near = by_text(self.phash, rows, self.text[rows], self.said, SAME_TEXT_BITS)
        return self._connect(near, lambda i, j: _agree(self.text[i], self.text[j], self.said))

    def unread(self) -> Pairs:
        """Pairs of pictures none of which has a text, and of those with the one image that is near them.

        Near two images or more they are on a template, where the hash doesn't tell what is written on them: they are
        of none of these, nor of one with each other.
        """
        n = int(self.image.max(initial=-1)) + 1
        told = np.zeros(n, bool)
        told[self.image[self.text >= 0]] = True
        told = told[self.image]
        loose, bearing = np.flatnonzero(~told), np.flatnonzero(told)
        least, most = np.full(n, np.iinfo(np.int64).max), np.full(n, -1)
        near_to = np.full(self.new.size, -1)
        for i, j in self._near_unread(loose, bearing):
            np.minimum.at(least, self.image[i], self.image[j])
            np.maximum.at(most, self.image[i], self.image[j])
            near_to[i] = j
        on_template = (least < most)[self.image]
        least, most = least[self.image], most[self.image]
        free = loose[~on_template[loose]]
        together = self._connect(self._near_unread(free, free), lambda i, _: np.ones(i.size, bool))
        # `least` and `most` are images as they were; those with a text stay as they are told apart.
        n = int(self.image.max(initial=-1)) + 1
        least_of, most_of = np.full(n, np.iinfo(np.int64).max), np.full(n, -1)
        np.minimum.at(least_of, self.image[loose], least[loose])
        np.maximum.at(most_of, self.image[loose], most[loose])
        placed = np.zeros(n, bool)
        placed[self.image[~told & ~self.new]] = True
        sure = ((least_of == most_of) & ~placed)[self.image] & ~told & (near_to >= 0)
        return _both([together, (np.flatnonzero(sure), near_to[sure])])

    def _near_unread(self, rows: np.ndarray, columns: np.ndarray) -> Iterator[Pairs]:
        """Pairs of a row and a column within the bits of unread pictures; some more than once."""
        if rows.size * columns.size > _MANY**2:
            return by_hash(self.phash, rows, columns, NO_TEXT_BITS)
        return outright(self.phash, rows, columns, NO_TEXT_BITS)


def related(
    phash: np.ndarray, text: list[str | None], known: np.ndarray, read: Callable[[np.ndarray], pa.Array]
) -> np.ndarray:
    """Which known pictures may be the same image as a new one.

    Parameters
    ----------
    phash, text
        Of the new pictures; the text normalized, None where unread.
    known
        Hashes of the known ones.
    read
        The texts of known ones at these places as they were read, NULL where unread. Asked once.
    """
    n, unread = phash.size, np.array([t is None for t in text], bool)
    every = np.concatenate([phash, known])
    held, beside = np.zeros(known.size, bool), np.zeros(known.size, bool)
    near: list[Pairs] | None = [_NONE]
    size = 0
    for i, j in outright(every, np.arange(n), np.arange(n, every.size), SAME_TEXT_BITS):
        bits, lone = np.bitwise_count(every[i] ^ every[j]), unread[i]
        held[j[lone & (bits <= NO_TEXT_BITS)] - n] = True
        i, j = i[~lone], j[~lone]
        beside[j - n] = True
        size += i.size
        # Where new slides stand on large templates, nearly all that is near says something else.
        near = [*near, (i, j)] if near is not None and size <= _NEAR else None
    places = np.flatnonzero(beside)
    words = read(places).dictionary_encode()
    said = [*(t or "" for t in text), *(normalized(t) for t in words.dictionary.to_pylist())]
    code = np.r_[np.arange(n), np.full(known.size, -1)]
    told = _whole(words.indices)
    code[n + places] = np.where(told >= 0, told + n, -1)
    bearing = np.r_[np.flatnonzero(~unread), n + places[told >= 0]]
    new = np.arange(every.size) < n
    for i, j in (
        near if near is not None else by_text(every, bearing, code[bearing], said, SAME_TEXT_BITS, new)
    ):
        i, j = np.where(new[i], i, j), np.where(new[i], j, i)
        asked = ~new[j] & (code[j] >= 0)
        i, j = i[asked], j[asked]
        held[j[_agree(code[i], code[j], said)] - n] = True
    return np.flatnonzero(held)


def _chunks(found: Iterable[Pairs]) -> Iterator[Pairs]:
    """The same pairs, so many at a time."""
    held: list[Pairs] = [_NONE]
    size = 0
    for i, j in found:
        held.append((i, j))
        size += i.size
        if size < _CHUNK:
            continue
        i, j = _both(held)
        for a in range(0, size, _CHUNK):
            yield i[a : a + _CHUNK], j[a : a + _CHUNK]
        held, size = [_NONE], 0
    yield _both(held)


def _agree(one: np.ndarray, other: np.ndarray, said: list[str]) -> np.ndarray:
    """Which of pairs of texts agree, by their places."""
    keep = one == other
    asked = np.flatnonzero(~keep)
    low, high = np.minimum(one[asked], other[asked]), np.maximum(one[asked], other[asked])
    pairs, back = np.unique(low * np.int64(len(said) + 1) + high, return_inverse=True)
    a, b = np.divmod(pairs, len(said) + 1)
    keep[asked] = agree([said[k] for k in a.tolist()], [said[k] for k in b.tolist()])[back]
    return np.asarray(keep)


def _whole(codes: Any) -> np.ndarray:
    """A column of places as an array, -1 where there is none."""
    return np.asarray(pc.fill_null(codes, -1).to_numpy(), np.int64)


def _linked(column: Any) -> Pairs:
    """A pair for each value that is not the first of its kind."""
    codes = _whole(pc.index_in(column, pc.unique(column.drop_null())))
    rows = np.flatnonzero(codes >= 0)
    kinds, first = np.unique(codes[rows], return_index=True)
    at = np.zeros(kinds.size, np.int64)
    at[kinds] = rows[first]
    return rows, at[codes[rows]]


def image_ids(groups: np.ndarray, pictures: pa.Table, taken: Collection[str] = ()) -> pa.Array:
    """An id of each picture's image: `image:` and 16 hexadecimal digits; stable when images grow.

    An image keeps the id that it had. Where images turn out to be one, the id of the one used first stands; where
    one falls apart, the part used first keeps it. A new id follows from the picture that was used first.

    Parameters
    ----------
    groups
        See `image_groups`.
    pictures
        As for `image_groups`, in the order of first use.
    taken
        Ids of other images.
    """
    if not groups.size:
        return pa.array([], pa.string())
    old = pc.unique(pictures["image_id"].drop_null())
    code = _whole(pc.index_in(pictures["image_id"], old))
    known = np.flatnonzero(code >= 0)
    # Which group an old id goes to: that of its first picture; of several in a group, the first.
    _, first = np.unique(code[known], return_index=True)
    heir_rows = np.sort(known[first])
    heirs, first = np.unique(groups[heir_rows], return_index=True)
    names: dict[int, str] = dict(
        zip(heirs.tolist(), old.take(pa.array(code[heir_rows[first]])).to_pylist(), strict=True)
    )
    taken = {*taken, *old.to_pylist()}
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
