"""Slides as imported: addresses, hashes and read texts of every use of every image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .columns import Column, joined, listed, take, where
from .model import Ints
from .pictures import Pictures, drawn
from .texts import Texts
from .vocabulary import (
    NICHES,
    SLIDE_ADJECTIVES,
    SLIDE_ENDINGS,
    SLIDE_LINKS,
    SLIDE_OBJECTS,
    SLIDE_OPENERS,
)
from .world import World

_TWICE = (SLIDE_ADJECTIVES, SLIDE_OBJECTS)


@dataclass(frozen=True, kw_only=True)
class Slides:
    """One entry a use of an image, in the order of posts and slides."""

    post: Ints
    index: Ints
    """From 1."""
    url: Column
    sha256: Column
    phash: Ints
    text: Column
    confidence: Column
    image_id: Column
    pictures: Pictures | None
    """Files of some images; what is said of their slides' files is true of them."""
    is_picture: np.ndarray
    """Slides that show such a file as it is."""


def slides(world: World, words: Texts, n_pictures: int = 0) -> Slides:
    """Most uses are the same file; some are saved again (a few bits of the hash differ), some cropped.

    Half of the images share a creator's templates, so that their hashes are alike and only their
    texts tell them apart. Two uses of one image never differ in more than 16 bits.
    """
    rng = world.rng["slides"]
    image, plan = world.outcome.use_image, world.plan
    post = np.repeat(np.arange(world.size.posts), plan.n_slides)
    index = np.arange(post.size) - world.outcome.first_use[post] + 1
    n = image.size
    n_images = world.outcome.image_lift.size
    template, base = _image_hashes(rng, world)
    on_template = template >= 0
    kind = rng.choice(3, n, p=[0.62, 0.28, 0.10])  # the same file, saved again, cropped
    kind[world.outcome.use_number == 1] = 0
    edits = np.where(kind == 1, rng.integers(0, 3, n), np.where(kind == 2, rng.integers(3, 9, n), 0))
    said = _image_texts(rng, world)
    text = take_texts(said, image)
    misread = (kind > 0) & (rng.random(n) < 0.3)
    text = where(misread, pc.replace_substring(text, "e", "c", max_replacements=1), text)
    with_handle = (kind == 2) & (rng.random(n) < 0.5)
    text = where(with_handle, joined(text, " @", take(world.who.handle, plan.account[post])), text)
    # Only photos: a template whose text was not read could be any slide of the template.
    unread = ~on_template[image] & (rng.random(n) < 0.03)
    confidence = np.where(unread, rng.uniform(0.05, 0.45, n), rng.uniform(0.80, 0.999, n)).round(3)
    sha256 = _digests(rng, image, kind, n_images)
    pictures = drawn(world, said.to_pylist(), template, n_pictures) if n_pictures else None
    is_picture = np.zeros(n, dtype=bool)
    if pictures:
        base[pictures.image] = pictures.phash
        place = np.searchsorted(pictures.image, image).clip(max=pictures.image.size - 1)
        is_picture = (pictures.image[place] == image) & (kind == 0)
        sha256 = where(is_picture, take(pictures.sha256, place), sha256)
    return Slides(
        post=post,
        index=index,
        url=joined(
            "https://p16-slides.example/obj/",
            pa.array(plan.external_id[post]).cast(pa.string()),
            "_",
            index,
            ".jpeg",
        ),
        sha256=sha256,
        phash=(base[image] ^ _flips(rng, edits)).view(np.int64),
        text=where(~unread, text),
        confidence=pa.array(confidence),
        image_id=joined("image_", image),
        pictures=pictures,
        is_picture=is_picture,
    )


def take_texts(column: Column, index: Ints) -> Column:
    return column.take(pa.array(index))


def post_texts(made: Slides, world: World) -> Column:
    """What was read on all slides of each post, slide by slide; NULL for videos."""
    order = np.full((world.size.posts, 8), -1, dtype=np.int64)
    order[made.post, made.index - 1] = np.arange(made.post.size)
    parts = [made.text.take(pa.array(order[:, i], mask=order[:, i] < 0)) for i in range(8)]
    return where(world.plan.n_slides > 0, listed(*parts, separator=" | "))


def slide_urls(made: Slides, world: World) -> list[Column]:
    """The address of slide 1, 2, ... 8 of each post."""
    order = np.full((world.size.posts, 8), -1, dtype=np.int64)
    order[made.post, made.index - 1] = np.arange(made.post.size)
    return [made.url.take(pa.array(order[:, i], mask=order[:, i] < 0)) for i in range(8)]


def picture_slides(made: Slides, words: Texts) -> dict[str, list[tuple[str, int]]]:
    """Post and number of the slides that show each drawn picture, by its SHA-256."""
    rows = np.flatnonzero(made.is_picture)
    posts = words.post_id.take(pa.array(made.post[rows])).to_pylist()
    found: dict[str, list[tuple[str, int]]] = {}
    for sha256, post, index in zip(
        made.sha256.take(pa.array(rows)).to_pylist(), posts, made.index[rows].tolist(), strict=True
    ):
        found.setdefault(sha256, []).append((post, index))
    return found


def _flips(rng: np.random.Generator, bits: Ints) -> np.ndarray:
    """Masks with up to the given number of bits set (at most 8)."""
    mask = np.zeros(bits.size, dtype=np.uint64)
    for i in range(8):
        bit = np.left_shift(np.uint64(1), rng.integers(0, 64, bits.size).astype(np.uint64))
        mask ^= np.where(bits > i, bit, np.uint64(0))
    return mask


def _image_hashes(rng: np.random.Generator, world: World) -> tuple[np.ndarray, np.ndarray]:
    """The template of each image, -1 for photos; and each image's hash."""
    creator = world.outcome.image_creator
    n = creator.size
    on_template = rng.random(n) < 0.5
    per_creator = max(3, n // (2 * 30 * world.size.creators))
    templates = rng.integers(0, 2**63, (world.size.creators, per_creator)).astype(np.uint64) * np.uint64(2)
    own = rng.integers(0, 2**63, n).astype(np.uint64) * np.uint64(2) + rng.integers(0, 2, n).astype(np.uint64)
    number = rng.integers(0, per_creator, n)
    shared = templates[creator, number] ^ _flips(rng, rng.integers(0, 5, n))
    return np.where(on_template, creator * per_creator + number, -1), np.where(on_template, shared, own)


def _image_texts(rng: np.random.Generator, world: World) -> Column:
    """What each image says: eight parts drawn alike, so that two images hardly ever share most."""
    creator = world.outcome.image_creator
    n = creator.size
    niche = world.who.niche[creator]
    nouns = [noun for one in NICHES for noun in one.nouns]
    starts = np.cumsum([0, *(len(one.nouns) for one in NICHES)])
    noun = starts[niche] + (rng.random(n) * np.diff(starts)[niche]).astype(np.int64)
    adjectives, objects = (
        [take(words, rng.integers(0, len(words), n)) for _ in range(2)] for words in _TWICE
    )
    opener, link, ending = (
        take(words, rng.integers(0, len(words), n)) for words in (SLIDE_OPENERS, SLIDE_LINKS, SLIDE_ENDINGS)
    )
    first = joined(opener, adjectives[0], take(nouns, noun), link, objects[0], separator=" ")
    return joined(first, ": ", adjectives[1], " ", objects[1], " ", ending)


def _digests(rng: np.random.Generator, image: Ints, kind: Ints, n_images: int) -> Column:
    """A SHA-256 in hexadecimal for each file: one for all uses of the same file, else its own."""
    changed = kind > 0
    file = np.where(changed, n_images + np.cumsum(changed) - 1, image)
    raw = rng.bytes(32 * (n_images + int(changed.sum()))).hex()
    digests = np.frombuffer(raw.encode(), dtype="S64").astype("U64")
    return pa.array(digests).take(pa.array(file))
