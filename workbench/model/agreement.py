"""Whether two texts as they were read are one text: misread, cut off or with a mark laid over it, and not reworded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rapidfuzz import fuzz, process

LEAST_AGREEMENT = 70.0
"""Least edit similarity of two texts that agree, in rapidfuzz's hundredths."""
LEAST_ALONE = 65.0
"""The same of what only one of them says, where both say something: what one text says is misread in the other."""
LEAST_WORD = 80.0
"""The same of two words of which one is the other, misread."""
_MARKS = ".,:;!?#()[]\"'„“”‚‘’«»…-–—*|"


def agree(one: Sequence[str], other: Sequence[str]) -> np.ndarray:
    """Which pairs of normalized texts are one text.

    A template's slides often say nearly the same: day 6 and day 11, a sentence about Leo and one about Virgo. So texts
    of an edit similarity of at least 0.7 agree only if no number stands in one alone, and if the words that stand in
    one alone, without those that have a like in the other (0.8), have a similarity of at least 0.65 or all stand in
    the same text, as a watermark's do.

    Source: docs/same_image.md. Version 2.
    """
    alike = (
        process.cpdist(one, other, scorer=fuzz.ratio, score_cutoff=LEAST_AGREEMENT, workers=-1)
        >= LEAST_AGREEMENT
    )
    for place in np.flatnonzero(alike).tolist():
        alike[place] = _misread(one[place], other[place])
    return np.asarray(alike, bool)


def _misread(one: str, other: str) -> bool:
    """Whether what differs may be a misreading."""
    ours, theirs = map(_words, sorted((one, other)))  # the same both ways
    both = set(ours) & set(theirs)
    ours, theirs = [w for w in ours if w not in both], [w for w in theirs if w not in both]
    if sorted(filter(str.isdecimal, ours)) != sorted(filter(str.isdecimal, theirs)):
        return False
    for word in ours[:]:
        like = process.extractOne(word, theirs, scorer=fuzz.ratio, score_cutoff=LEAST_WORD)
        if like is not None:
            ours.remove(word)
            del theirs[like[2]]
    return not ours or not theirs or fuzz.ratio(" ".join(ours), " ".join(theirs)) >= LEAST_ALONE


def _words(text: str) -> list[str]:
    """Without the marks around them, which are misread most."""
    return [word for word in (w.strip(_MARKS) for w in text.split()) if word]
