"""Texts of posts: captions, hashtags, sounds, addresses. One entry a post, ready to be written."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .columns import Column, joined, listed, pick, take, where
from .model import Ints
from .vocabulary import (
    ARTISTS,
    CLOSERS,
    EMOJI,
    GENERAL_TAGS,
    NICHES,
    OPENERS,
    SONG_FIRST,
    SONG_SECOND,
    TRICKS,
)
from .world import World


@dataclass(frozen=True, kw_only=True)
class Texts:
    """Columns of text, by post unless said otherwise."""

    post_id: Column
    url: Column
    handle: Column
    va: Column
    creator: Column
    caption: Column
    tags: Ints
    """Indices of up to six tags, post x 6, into `tag_words`; -1 for none."""
    tag_words: list[str]
    sound_key: Column
    sound_keys: list[str]
    """By sound."""
    song_titles: list[str]
    song_artists: list[str]


def hashtags(texts: Texts, separator: str, mark: str = "") -> Column:
    """The hashtags of each post in one text, each with `mark` in front."""
    words = [mark + w for w in texts.tag_words]
    return listed(*(take(words, texts.tags[:, i]) for i in range(texts.tags.shape[1])), separator=separator)


def texts(world: World) -> Texts:
    rng = world.rng["words"]
    plan, who, n = world.plan, world.who, world.size.posts
    external = pa.array(plan.external_id).cast(pa.string())
    handle = take(who.handle, plan.account)
    kind = take(["video", "photo"], (plan.n_slides > 0).astype(np.int64))
    sound_keys, titles, artists = _sounds(world.n_sounds)
    niche = who.niche[plan.creator]
    tags, words = _tags(rng, niche)
    return Texts(
        post_id=joined("tiktok:", external),
        url=joined("https://www.tiktok.com/@", handle, "/", kind, "/", external),
        handle=handle,
        va=take(who.va_id, plan.va),
        creator=take(who.creator_id, plan.creator),
        caption=_captions(rng, niche, n),
        tags=tags,
        tag_words=words,
        sound_key=take(sound_keys, plan.sound),
        sound_keys=sound_keys,
        song_titles=titles,
        song_artists=artists,
    )


def _sounds(n: int) -> tuple[list[str], list[str], list[str]]:
    """`n` different songs: the pairs of two words first, then numbered versions."""
    titles, artists = [], []
    pairs = len(SONG_FIRST) * len(SONG_SECOND)
    for i in range(n):
        first, second = (
            SONG_FIRST[i % len(SONG_FIRST)],
            SONG_SECOND[(i * 7 + i // len(SONG_FIRST)) % len(SONG_SECOND)],
        )
        version = f" (v{i // pairs + 1})" if i >= pairs else ""
        titles.append(f"{first} {second}{version}".title() if i % 3 else f"{first} {second}{version}")
        artists.append(ARTISTS[(i * 5 + i // 11) % len(ARTISTS)])
    return [f"{t} - {a}" for t, a in zip(titles, artists, strict=True)], titles, artists


def _captions(rng: np.random.Generator, niche: Ints, n: int) -> Column:
    nouns = [noun for one in NICHES for noun in one.nouns]
    starts = np.cumsum([0, *(len(one.nouns) for one in NICHES)])
    noun = starts[niche] + (rng.random(n) * np.diff(starts)[niche]).astype(np.int64)
    written = joined(
        pick(rng, OPENERS, n), take(nouns, noun), pick(rng, EMOJI, n), pick(rng, CLOSERS, n), separator=" "
    )
    written = pc.utf8_trim_whitespace(pc.replace_substring_regex(written, " +", " "))
    return where(rng.random(n) < 0.01, pick(rng, TRICKS, n), written)


def _tags(rng: np.random.Generator, niche: Ints) -> tuple[Ints, list[str]]:
    """Two to four tags of the niche and up to two general ones, none twice in a post."""
    words = [tag for one in NICHES for tag in one.tags] + list(GENERAL_TAGS)
    sizes = np.array([len(one.tags) for one in NICHES])
    starts = np.concatenate([[0], np.cumsum(sizes)])
    n = niche.size
    # The square makes the first tags of a niche common and the last rare.
    first = (rng.random(n) ** 2 * sizes[niche]).astype(np.int64)
    found = np.full((n, 6), -1, dtype=np.int64)
    for i, share in enumerate((1.0, 1.0, 0.6, 0.3)):
        tag = starts[niche] + (first + i * (1 + first % 2)) % sizes[niche]
        found[:, i] = np.where(rng.random(n) < share, tag, -1)
    general = rng.integers(0, len(GENERAL_TAGS), n)
    for i, share in enumerate((0.7, 0.35)):
        tag = starts[-1] + (general + i) % len(GENERAL_TAGS)
        found[:, 4 + i] = np.where(rng.random(n) < share, tag, -1)
    found[rng.random(n) < 0.02] = -1
    return found, words
