"""`python -m benchmarks.same_image [--short] [--drawn-texts]`: are slides of one image found, and no others?

Draws slides (see `drawn_slides`), hashes and reads them as `workbench media` does, groups them as a load does, and
compares all pairs with the truth. Prints precision and recall, and what other limits would have given. What was read
is kept in out/same_image.jsonl: a run that was broken off goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase

import numpy as np
import pyarrow as pa
from rapidfuzz import fuzz, process
from scipy.sparse.csgraph import connected_components

from workbench.media.ocr import Reader, model_name
from workbench.media.pictures import image_of, picture
from workbench.model import agreement
from workbench.model.images import LEAST_CONFIDENCE, NO_TEXT_BITS, image_groups, normalized

from .drawn_slides import EDITS, SIZE, Slide, slides
from .figures import OUT

FULL, SHORT = 1_008, 102
LEAST = 0.98
"""Of precision and of recall, each."""
BITS = (6, 8, 10, 12, 14, 16, 18, 20, 22)
RATIOS = (60, 65, 70, 75, 80, 85, 90)
ALONE = (50, 55, 60, 65, 70, 75, 80)


@dataclass(frozen=True)
class Seen:
    """What is known of a slide, and the truth about it."""

    sha256: str
    phash: int
    text: str | None
    """As read; None where nothing was, or not surely."""
    drawn: str
    image: int
    template: int
    edit: str


@dataclass(frozen=True)
class Score:
    """Pairs of slides that are said to be one image, against those that are."""

    found: int
    right: int
    true: int

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.true if self.true else 1.0

    def __str__(self) -> str:
        return f"{self.precision:.3f} / {self.recall:.3f}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.same_image", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--short", action="store_true", help=f"{SHORT} slides, for CI")
    parser.add_argument(
        "--drawn-texts", action="store_true", help="don't read: take the texts that were drawn"
    )
    parser.add_argument(
        "--misread", type=float, default=0, help="share of the drawn texts' letters that is changed"
    )
    asked = parser.parse_args(arguments)
    n = SHORT if asked.short else FULL
    if asked.drawn_texts:
        seen, source = as_drawn(n, asked.misread), f"as drawn, {asked.misread:.1%} of the letters changed"
    else:
        seen, source = as_read(n, OUT / "same_image.jsonl"), f"as read by {model_name()}"
    score = grouped(seen)
    print(report(seen, score, source))
    return 0 if min(score.precision, score.recall) >= LEAST else 1


def as_drawn(n: int, misread: float = 0) -> list[Seen]:
    """Slides of half the size, whose texts are taken from the one who drew them, with this share of letters misread."""
    rng = random.Random(n)
    size = (SIZE[0] // 2, SIZE[1] // 2)
    return [_seen(slide, _misread(slide.text, misread, rng)) for slide in slides(n, size=size)]


def _misread(text: str, share: float, rng: random.Random) -> str:
    """Letters taken for others, overlooked, or seen twice."""
    return "".join(
        rng.choice((rng.choice(ascii_lowercase), "", 2 * letter)) if rng.random() < share else letter
        for letter in text
    )


def as_read(n: int, kept: Path | None = None, jobs: int | None = None) -> list[Seen]:
    """Slides whose texts are read, a process a core; `kept` holds those of earlier runs, and gets the new ones."""
    lines = kept.read_text(encoding="utf-8").splitlines() if kept and kept.exists() else []
    model = model_name()
    known = {(row["sha256"], row["model"]): row["text"] for row in map(json.loads, lines)}
    found: list[Seen] = []
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
    for slide, text, is_new in _texts(n, lambda digest: known.get((digest, model), ...), jobs):
        found.append(_seen(slide, text))
        if kept and is_new:
            with kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"sha256": found[-1].sha256, "model": model, "text": text}) + "\n")
        if len(found) % 50 == 0:
            print(f"{len(found)} of {n} slides", file=sys.stderr, flush=True)
    return found


def _texts(
    n: int, known: Callable[[str], object], jobs: int | None
) -> Iterator[tuple[Slide, str | None, bool]]:
    """Each slide, its text and whether it was read just now; in order."""
    jobs = jobs or os.cpu_count() or 1
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        waiting: list[tuple[Slide, object]] = []
        for slide in slides(n):
            text = known(picture(slide.data).sha256)
            waiting.append((slide, pool.apply_async(_read, [slide.data]) if text is ... else text))
            if len(waiting) > 4 * jobs:
                yield _awaited(*waiting.pop(0))
        for slide, text in waiting:
            yield _awaited(slide, text)


def _awaited(slide: Slide, text: object) -> tuple[Slide, str | None, bool]:
    if isinstance(text, multiprocessing.pool.AsyncResult):
        return slide, text.get(), True
    return slide, text if isinstance(text, str) else None, False


_READER: list[Reader] = []
"""Of this process."""


def _read(data: bytes) -> str | None:
    if not _READER:
        _READER.append(Reader())
    reading = _READER[0].read(image_of(data))
    return reading.text if (reading.confidence or 0) >= LEAST_CONFIDENCE else None


def _seen(slide: Slide, text: str | None) -> Seen:
    known = picture(slide.data)
    return Seen(known.sha256, known.phash, text, slide.text, slide.image, slide.template, slide.edit)


def grouped(seen: list[Seen]) -> Score:
    """As a load groups them."""
    rows = [
        {
            "picture_id": str(place), "sha256": s.sha256, "phash": s.phash, "text": _said(s), "slide_url": None,
            "image_id": None, "is_new": True,
        }
        for place, s in enumerate(seen)
    ]  # fmt: skip
    strings = ("picture_id", "sha256", "text", "slide_url", "image_id")
    schema = {**dict.fromkeys(strings, pa.string()), "phash": pa.int64(), "is_new": pa.bool_()}
    return scored(image_groups(pa.Table.from_pylist(rows, schema=pa.schema(schema))), seen)


def scored(groups: np.ndarray, seen: list[Seen]) -> Score:
    """All pairs of slides, against the truth."""

    def pairs(*keys: np.ndarray) -> int:
        counts = np.unique(np.stack(keys), axis=1, return_counts=True)[1]
        return int((counts * (counts - 1) // 2).sum())

    truth = np.array([s.image for s in seen])
    return Score(pairs(groups), pairs(groups, truth), pairs(truth))


def report(seen: list[Seen], score: Score, source: str) -> str:
    """What was found, in Markdown."""
    phash = np.array([s.phash for s in seen], np.int64).view(np.uint64)
    bits = np.bitwise_count(phash[:, None] ^ phash[None, :])
    texts = [_said(s) or "" for s in seen]
    unread = np.array([not t for t in texts])
    blind = (unread[:, None] | unread[None, :]) & (bits <= NO_TEXT_BITS)
    ratio = process.cdist(texts, texts, scorer=fuzz.ratio, workers=-1)
    ratio[unread, :] = ratio[:, unread] = 0

    def table(head: str, columns: tuple[int, ...], agrees: Callable[[int], np.ndarray]) -> str:
        by_column = {c: agrees(c) for c in columns}
        rows = [
            f"| {b} | "
            + " | ".join(str(_components(blind | ((bits <= b) & by_column[c]), seen)) for c in columns)
            + " |"
            for b in BITS
        ]
        heads = [
            f"| {head} | " + " | ".join(f"{c / 100:.2f}" for c in columns) + " |",
            "|---" * (len(columns) + 1) + "|",
        ]
        return "\n".join([*heads, *rows])

    by_alone = {c: _agreeing(texts, ratio, c) for c in ALONE}
    n_images, n_templates = len({s.image for s in seen}), len({s.template for s in seen})
    drawn = (
        f"{len(seen):,} slides of {n_images} images on {n_templates} templates; texts {source}, "
        f"{int(unread.sum())} unread."
    )
    found = (
        f"Grouped as a load does: precision {score.precision:.4f} ({score.right:,} of {score.found:,} pairs), "
        f"recall {score.recall:.4f} ({score.right:,} of {score.true:,} pairs); each must be {LEAST} or more."
    )
    parts = [
        drawn,
        found,
        "By edit similarity alone, precision / recall:",
        table("bits", RATIOS, lambda c: ratio >= c),
        f"By an edit similarity of {agreement.LEAST_AGREEMENT / 100:.2f} and that of the words in one alone:",
        table("bits", ALONE, lambda c: by_alone[c]),
        _distances(seen, bits),
    ]
    return "\n\n".join(parts)


def _agreeing(texts: list[str], ratio: np.ndarray, least: int) -> np.ndarray:
    """Which pairs agree by the rule, with another limit for the words that one alone says."""
    was, agreement.LEAST_ALONE = agreement.LEAST_ALONE, least
    try:
        i, j = np.nonzero(np.triu(ratio >= agreement.LEAST_AGREEMENT, 1))
        pairs = sorted({(texts[a], texts[b]) for a, b in zip(i.tolist(), j.tolist(), strict=True)})
        same = dict(zip(pairs, agreement.agree(*zip(*pairs, strict=True)), strict=True)) if pairs else {}
        found = np.zeros(ratio.shape, bool)
        found[i, j] = [same[texts[a], texts[b]] for a, b in zip(i.tolist(), j.tolist(), strict=True)]
        return found | found.T
    finally:
        agreement.LEAST_ALONE = was


def _components(same: np.ndarray, seen: list[Seen]) -> Score:
    return scored(connected_components(same, directed=False)[1], seen)


def _distances(seen: list[Seen], bits: np.ndarray) -> str:
    """How far apart an edit is from what it was, and a used text's other picture."""
    image, edit = np.array([s.image for s in seen]), np.array([s.edit for s in seen])
    first = {int(image[k]): k for k in np.flatnonzero(edit == "")[::-1]}
    rows = ["| | pairs | median | 95 % within | most |", "|---|---|---|---|---|"]
    for name in EDITS:
        of = np.flatnonzero(edit == name)
        found = bits[of, [first[k] for k in image[of].tolist()]]
        rows.append(
            f"| {name} | {of.size} | {np.median(found):.0f} | {np.percentile(found, 95):.0f} | {found.max()} |"
        )
    said = {t: n for n, t in enumerate(dict.fromkeys(s.drawn for s in seen))}
    word = np.array([said[s.drawn] for s in seen])
    template = np.array([s.template for s in seen])
    upper = np.triu(np.ones(bits.shape, bool), 1) & (image[:, None] != image[None, :])
    for name, pairs in (
        ("same text, other picture", bits[upper & (word[:, None] == word[None, :])]),
        ("other text, same template", bits[upper & (template[:, None] == template[None, :])]),
    ):
        within = ", ".join(f"{b}: {np.mean(pairs <= b):.2%}" for b in (6, 10, 14, 18))
        rows.append(
            f"| {name} | {pairs.size} | {np.median(pairs):.0f} | within {within} | least {pairs.min()} |"
        )
    return "\n".join(["Bits in which hashes differ:", "", *rows])


def _said(seen: Seen) -> str | None:
    return normalized(seen.text or "") or None


if __name__ == "__main__":
    sys.exit(main())
