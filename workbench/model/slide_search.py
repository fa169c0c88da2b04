"""Slides by what they say: every word of the query, near enough, in any order.

Texts repeat, and so do their words: each distinct word is compared with the query once, and a text is as good as its
best words. Everything between is set-wise; no text is looked at by itself.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

from ..errors import UsageError
from .shrinkage import Floats

Ints = NDArray[np.int64]

MOST_WORDS = 32
_PREFIX, _WITHIN, _MISREAD = 0.9, 0.8, 0.15
"""What a word is worth that begins with the one asked for, or has it within; what a misread letter takes off."""
_LEAST_PREFIX, _LEAST_WITHIN = 3, 4
_ONE_WRONG, _TWO_WRONG = 5, 9
"""Letters of a word from which one, and from which two, may be misread."""
_IN_ORDER = 0.001
"""What sets a text that says the query word for word before others."""
_PART = re.compile(r'"([^"]*)"|([^\s"]+)')
_QUOTES = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02", '"'))
_BLANK = r"[^\p{L}\p{N}]+"
_UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue"}


@dataclass(frozen=True)
class Word:
    """A word that is looked for."""

    written: frozenset[str]
    """The ways to write it, as texts are compared: ä stands in them as a, or was written ae."""
    also: frozenset[str] = frozenset()
    """What counts too where it is the whole word: ae may have been ä."""


@dataclass(frozen=True)
class Query:
    """What is looked for: every part. A part of several words is a phrase: they follow one another."""

    parts: tuple[tuple[Word, ...], ...]


def parsed(text: str) -> Query:
    """Words and "phrases in quotes" of a query.

    Raises UsageError where there is no letter and no digit in it, or too many words.
    """
    parts: list[tuple[Word, ...]] = []
    for phrase, word in _PART.findall(text.translate(_QUOTES).replace("\ufffd", " ")):
        said = _words(phrase or word)
        parts += [tuple(map(_written, said))] if phrase else [(_written(w),) for w in said]
    found = tuple(part for part in parts if part)
    if not found:
        raise UsageError(
            f"There is no word to look for in {text[:60]!r}. Give words that stand on the slide, and a phrase in "
            "quotes: workbench slides search '\"cold coffee\" mondays'"
        )
    n = sum(map(len, found))
    if n > MOST_WORDS:
        raise UsageError(
            f"The query has {n:,} words; {MOST_WORDS} at most are looked for. Give those that matter."
        )
    return Query(found)


def matches(query: Query, texts: pa.Array | pa.ChunkedArray) -> Floats:
    """How well each text says what is looked for, 0 to 1; 0 where a word is missing.

    A word counts fully, 0.9 where it is only begun with, 0.8 where it stands within another, and 0.15 less for
    each misread letter (one from 5 letters on, two from 9); the figure is the mean over the query's words.
    """
    if not len(texts):
        return np.zeros(0)
    lists = pc.split_pattern(pc.utf8_trim(_folded(texts), " "), " ")
    lists = lists.combine_chunks() if isinstance(lists, pa.ChunkedArray) else lists
    coded = lists.flatten().dictionary_encode()
    codes = np.asarray(coded.indices.to_numpy(zero_copy_only=False), np.int64)
    starts = np.asarray(lists.offsets.to_numpy(), np.int64)
    starts, ends = starts[:-1] - starts[0], starts[1:] - starts[0]
    vocabulary = coded.dictionary
    total, words, found = np.zeros(len(starts)), 0, np.ones(len(starts), bool)
    for part in query.parts:
        scores = [_scores(word, vocabulary, part_of_words=len(part) == 1)[codes] for word in part]
        best = _best(_in_a_row(scores, ends, len(codes)), starts)
        found &= best > 0
        total += best * len(part)
        words += len(part)
    sequence = [word for part in query.parts for word in part]
    if len(sequence) > 1:
        scores = [_scores(word, vocabulary, part_of_words=False)[codes] for word in sequence]
        total += _IN_ORDER * words * (_best(_in_a_row(scores, ends, len(codes)), starts) > 0)
    return np.where(found, np.minimum(total / (words * (1 + _IN_ORDER * (len(sequence) > 1))), 1.0), 0.0)


def _words(text: str) -> list[str]:
    safe = text.encode(errors="ignore").decode()
    return [w for w in re.split(r"[\W_]+", _plain(unicodedata.normalize("NFC", safe).casefold())) if w]


def _plain(text: str) -> str:
    """Without marks that are not letters, umlauts kept."""
    return "".join(c for c in text if unicodedata.category(c) != "Cf")


def _written(word: str) -> Word:
    spelled = "".join(_UMLAUTS.get(c, c) for c in word)
    bare = spelled.replace("ae", "a").replace("oe", "o").replace("ue", "u")
    written = frozenset(folded(w) for w in (word, spelled))
    return Word(written, frozenset({folded(bare)}) - written)


def folded(text: str) -> str:
    """A word as it is compared: Unicode and case folded, without accents."""
    return str(_folded(pa.array([text]))[0].as_py()).strip()


def _folded(texts: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Texts as they are compared: lower case, without accents, single blanks between words."""
    plain = pc.utf8_lower(pc.utf8_normalize(texts, "NFKD"))
    bare = pc.replace_substring_regex(plain, r"[\p{Mn}\p{Cf}]+", "")
    for letter, stands_for in (("ß", "ss"), ("ς", "σ")):
        bare = pc.replace_substring(bare, letter, stands_for)
    return pc.replace_substring_regex(bare, _BLANK, " ")


def _scores(word: Word, vocabulary: pa.Array, *, part_of_words: bool) -> Floats:
    """How near each known word is to one that is looked for."""
    out = np.zeros(len(vocabulary))
    known = vocabulary.to_pylist()
    for written in word.written:
        letters = len(written)
        if part_of_words and letters >= _LEAST_WITHIN:
            out = np.maximum(out, _WITHIN * _flags(pc.match_substring(vocabulary, written)))
        if part_of_words and letters >= _LEAST_PREFIX:
            out = np.maximum(out, _PREFIX * _flags(pc.starts_with(vocabulary, written)))
        wrong = 0 if letters < _ONE_WRONG else 1 if letters < _TWO_WRONG else 2
        apart = process.cdist([written], known, scorer=OSA.distance, score_cutoff=wrong, dtype=np.int32)[0]
        out = np.maximum(out, np.where(apart <= wrong, 1.0 - _MISREAD * apart, 0.0))
    for written in word.also:
        out = np.maximum(out, _flags(pc.equal(vocabulary, written)))
    return out


def _flags(column: pa.Array) -> Floats:
    return np.asarray(column.to_numpy(zero_copy_only=False), np.float64)


def _in_a_row(scores: list[Floats], ends: Ints, n: int) -> Floats:
    """At each word the mean score of a phrase that begins there; 0 where one of its words doesn't follow."""
    if len(scores) == 1:
        return scores[0]
    end = np.repeat(ends, np.diff(np.r_[0, ends]))
    at = np.arange(n)
    total, whole = np.zeros(n), at + len(scores) <= end
    for step, each in enumerate(scores):
        here = np.zeros(n)
        here[: n - step] = each[step:] if step else each
        whole &= here > 0
        total += here
    return np.where(whole, total / len(scores), 0.0)


def _best(scores: Floats, starts: Ints) -> Floats:
    """The largest score of each text's words; a text has at least one, if only an empty one."""
    return np.maximum.reduceat(scores, starts) if len(scores) else np.zeros(len(starts))
