"""Slides by the hundred thousand, as numbers and texts alone, with the image that each shows: to be grouped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

TEMPLATES = 400
WORDS = 4_000
FLIPS = 8
_MISREAD = (0.0, 0.02, 0.06, 0.12)
_OFTEN = (0.6, 0.25, 0.12, 0.03)
"""Shares of letters that are misread, and of slides that are misread so much."""


@dataclass(frozen=True)
class Slides:
    """Slides in random order."""

    read: pa.Table
    """sha256, phash, text (as read; NULL where unread)."""
    image: np.ndarray
    template: np.ndarray
    """-1 where the picture is its own."""


def drawn(n: int, *, seed: int = 1, repeats: int = 1) -> Slides:
    """`n` slides: 40 % in images of 2 to 20 slides, the others alone.

    Half of the images are on one of 400 templates (0 to 3 bits from it), a tenth bear a text that others bear on
    other pictures. Each slide is saved again (0 to 8 other bits), misread by some letters, sometimes cut short or
    under a handle; 3 % are unread, 5 % are the very file of another. `repeats`: so many slides show each file, as
    where whole slideshows are posted again.
    """
    rng = np.random.default_rng(seed)
    image = _images(rng, -(-n // repeats))
    n_images = int(image.max()) + 1
    template = np.where(rng.random(n_images) < 0.5, rng.integers(0, TEMPLATES, n_images), -1)
    background = rng.integers(0, 2**64, TEMPLATES, np.uint64)
    own = rng.integers(0, 2**64, n_images, np.uint64)
    phash = np.where(template >= 0, background[template], own) ^ _flips(rng, n_images, 3)
    phash = phash[image] ^ _flips(rng, image.size, FLIPS)
    text = _misread(rng, _texts(rng, n_images)[image])
    text = pc.if_else(pa.array(rng.random(image.size) < 0.03), pa.scalar(None, pa.string()), text)
    order = np.argsort(image, kind="stable")
    source = np.arange(image.size)
    again = np.flatnonzero((np.diff(image[order]) == 0) & (rng.random(image.size - 1) < 0.12)) + 1
    source[order[again]] = order[again - 1]
    rows = np.repeat(source, repeats)[:n]
    rows = rows[rng.permutation(rows.size)]
    sha256 = pc.utf8_lpad(pc.cast(pa.array(rng.integers(0, 2**62, image.size)), pa.string()), 64, "0")
    read = pa.table({"sha256": sha256, "phash": phash.view(np.int64), "text": text})
    return Slides(read.take(pa.array(rows)), image[rows], template[image[rows]])


def _images(rng: np.random.Generator, n: int) -> np.ndarray:
    sizes = rng.integers(2, 21, n // 20)
    sizes = sizes[np.cumsum(sizes) <= 0.4 * n]
    return np.r_[np.repeat(np.arange(sizes.size), sizes), sizes.size + np.arange(n - sizes.sum())]


def _flips(rng: np.random.Generator, n: int, most: int) -> np.ndarray:
    """Masks of 0 to `most` bits."""
    how_many = rng.integers(0, most + 1, n)
    mask = np.zeros(n, np.uint64)
    for k in range(most):
        bit = np.uint64(1) << rng.integers(0, 64, n, np.uint64)
        mask ^= np.where(k < how_many, bit, np.uint64(0))
    return mask


def _texts(rng: np.random.Generator, n: int) -> np.ndarray:
    """Texts as rows of bytes, 0 after their end: 4 to 12 words, a tenth of the texts borne by several."""
    letters = np.frombuffer(b"eeeeettttaaaaooonnniiisssrrrhhlldducmpfgywbvk", np.uint8)
    words = [rng.choice(letters, k).tobytes() for k in rng.integers(2, 10, WORDS)]
    for w in range(0, WORDS, 25):
        words[w] += b"q"  # an umlaut: see `_misread`
    lexicon = np.array(words, "S10")
    weight = 1 / (20 + np.arange(WORDS))
    chosen = rng.choice(WORDS, (n, 12), p=weight / weight.sum()).astype(np.int32)
    counts = rng.integers(4, 13, n)
    reused = np.flatnonzero(rng.random(n) < 0.1)
    hooks = reused[: 1 + reused.size // 10]
    if hooks.size:
        source = hooks[rng.integers(0, hooks.size, reused.size)]
        chosen[reused], counts[reused] = chosen[source], counts[source]
    there = np.arange(12)[None, :] < counts[:, None]
    wide = np.zeros((n, 12, 11), np.uint8)
    wide[:, 1:, 0] = 32
    wide[:, :, 1:] = lexicon[chosen].view(np.uint8).reshape(n, 12, 10)
    wide[~there] = 0
    wide = wide.reshape(n, -1)
    kept = wide > 0
    lengths = kept.sum(1)
    texts = np.zeros((n, int(lengths.max())), np.uint8)
    texts[np.arange(texts.shape[1])[None, :] < lengths[:, None]] = wide[kept]
    return texts


def _misread(rng: np.random.Generator, rows: np.ndarray) -> pa.Array:
    share = rng.choice(_MISREAD, rows.shape[0], p=_OFTEN).astype(np.float32)
    lengths = (rows > 0).sum(1)
    wrong = (rng.random(rows.shape, np.float32) < share[:, None]) & (rows > 32)
    rows[wrong] = rng.integers(97, 123, int(wrong.sum()), np.uint8)
    lost = np.where(rng.random(rows.shape[0]) < 0.03, lengths // 5, 0)
    kept = np.arange(rows.shape[1])[None, :] < (lengths - lost)[:, None]
    ends = np.r_[0, np.cumsum(kept.sum(1))].astype(np.int32)
    read = pa.StringArray.from_buffers(rows.shape[0], pa.py_buffer(ends), pa.py_buffer(rows[kept]))
    read = pc.replace_substring(read, "q", "ä")
    handled = pa.array(rng.random(rows.shape[0]) < 0.05)
    return pc.if_else(handled, pc.binary_join_element_wise(read, "@somebody", " "), read)
