"""`python -m benchmarks.ocr [--short]`: how well slides are read, and at what cost.

Slides of this project's own drawing in three styles, English and German, as they are and after what saving and posting
again does to them; with other things beside the text; and scanned pages where those are at hand. Character error rate:
Levenshtein distance over the length of the truth, summed over the slides of a line, after Unicode's NFC and with every
run of white space as one space; letters' case and punctuation count. Prints a table and writes out/ocr.jsonl.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path

from PIL import Image, ImageDraw
from rapidfuzz.distance import Levenshtein

from workbench.media.ocr import Reader
from workbench.media.pictures import image_of

from .drawn_slides import EDITS, STYLES, draw, edits, encoded, sentence
from .figures import OUT

SCANS = Path(__file__).parents[2] / "shared" / "data" / "images_ocr"
FULL, SHORT = 60, 12
LIMIT = 0.01
_UMLAUTS = "äöüÄÖÜß"


@dataclass(frozen=True)
class Sample:
    """A picture and what is written on it."""

    group: str
    data: bytes
    text: str


@dataclass(frozen=True)
class OcrFigure:
    """One line of ocr.jsonl: what was read of a group of pictures."""

    name: str
    character_error_rate: float
    limit: str
    holds: bool
    n: int
    perfect_rate: float
    """Share of pictures read without any error."""
    umlauts_right: str
    cpu_seconds: float
    """Of a core, a picture."""
    worst: str
    """The worst reading, where it is not perfect."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ocr", description=__doc__.split("\n")[0])
    parser.add_argument("--short", action="store_true", help="a dozen slides, for CI")
    short = parser.parse_args(arguments).short
    samples = [*drawn(SHORT if short else FULL)]
    if not short:
        samples += [*reposted(30), *adorned(48), *scans()]
    figures = measured(samples)
    print("\n".join([HEADER, *(line(f) for f in figures)]))
    slides = [sample.data for sample in samples if sample.group.startswith("drawn ")]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as own:
        megabytes = own.submit(peak_megabytes, slides[:SHORT]).result()
    print(f"a reader of slides takes {megabytes:.0f} MB at most; load average {os.getloadavg()[0]:.1f}")
    OUT.mkdir(parents=True, exist_ok=True)
    rows = [*(asdict(f) for f in figures), {"name": "peak_memory", "megabytes": round(megabytes)}]
    (OUT / "ocr.jsonl").write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")
    return 0


def measured(samples: Iterable[Sample]) -> list[OcrFigure]:
    """Read every picture; one figure a group, and one over all drawn ones that have a limit."""
    reader, read = Reader(), []
    for sample in samples:
        image = image_of(sample.data)
        start = time.process_time()
        text = reader.read(image).text or ""
        read.append((sample, plain(text), time.process_time() - start))
    groups: dict[str, list[tuple[Sample, str, float]]] = {}
    for one in read:
        groups.setdefault(one[0].group, []).append(one)
        if one[0].group.startswith("drawn "):
            groups.setdefault("drawn", []).append(one)
    return [_figure(name, rows) for name, rows in sorted(groups.items())]


def peak_megabytes(slides: list[bytes]) -> float:
    """Of a process that does nothing but read these."""
    reader = Reader()
    for data in slides:
        reader.read(image_of(data))
    # Not getrusage's, which begins with what the parent had.
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def plain(text: str) -> str:
    """A text as it is compared."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def drawn(n: int) -> Iterator[Sample]:
    """Slides as they were first posted: languages by turns, styles in rounds."""
    for k in range(n):
        text, template = sentence(k), k // 2
        yield Sample(
            f"drawn {'de' if k % 2 else 'en'} {STYLES[template % len(STYLES)]}",
            encoded(draw(text, template=template, seed=k)),
            text,
        )


def reposted(n: int) -> Iterator[Sample]:
    """Slides saved and posted again; the handle laid over one is no part of the truth, so those are left out."""
    for k in range(n):
        text = sentence(1_000 + k)
        edit = [e for e in EDITS if e != "watermark"][k % (len(EDITS) - 1)]
        yield Sample(f"reposted {edit}", edits(draw(text, template=200 + k, seed=k), seed=k)[edit], text)


def adorned(n: int) -> Iterator[Sample]:
    """Slides with coloured hearts, faces and stars near the text, which are no part of the truth."""
    for k in range(n):
        text = sentence(2_000 + k)
        image = draw(text, template=400 + k, seed=k)
        pen, size = ImageDraw.Draw(image), 60 + k % 4 * 12
        for place in range(1 + k % 3):
            x, y = 300 + place * 1.4 * size, (150, 1_620)[k % 2]
            if (k + place) % 3 == 0:
                pen.ellipse((x, y, x + size, y + size), (255, 204, 77))
                for eye in (0.3, 0.65):
                    pen.ellipse(
                        (x + eye * size, y + 0.3 * size, x + (eye + 0.1) * size, y + 0.5 * size), "#664500"
                    )
                pen.arc(
                    (x + 0.2 * size, y + 0.3 * size, x + 0.8 * size, y + 0.8 * size), 20, 160, "#664500", 5
                )
            elif (k + place) % 3 == 1:
                for at in (0.0, 0.45):
                    pen.ellipse((x + at * size, y, x + (at + 0.55) * size, y + 0.55 * size), "#dd2e44")
                pen.polygon(
                    [(x, y + 0.4 * size), (x + size, y + 0.4 * size), (x + size / 2, y + size)], "#dd2e44"
                )
            else:
                pen.regular_polygon((x + size / 2, y + size / 2, size / 2), 3 + k % 3, k * 7, "#78b159")
        yield Sample("with pictographs", encoded(image), text)


def scans() -> Iterator[Sample]:
    """Scanned pages with their text."""
    for file in sorted(SCANS.glob("*.tif")):
        truth = next(SCANS.glob(f"{file.stem}*.txt"))
        with Image.open(file) as page, BytesIO() as sink:
            page.save(sink, "PNG")  # as a slide could be
            yield Sample(f"scan {file.stem}", sink.getvalue(), truth.read_text("utf-8"))


def _figure(name: str, rows: list[tuple[Sample, str, float]]) -> OcrFigure:
    wrong = [Levenshtein.distance(text, plain(sample.text)) for sample, text, _ in rows]
    rate = sum(wrong) / sum(len(plain(sample.text)) for sample, *_ in rows)
    true, right = 0, 0
    for sample, text, _ in rows:
        letters, found = (Counter(c for c in t if c in _UMLAUTS) for t in (sample.text, text))
        true, right = true + letters.total(), right + (letters & found).total()
    worst = max(range(len(rows)), key=lambda i: wrong[i])
    limit = f"<= {LIMIT:g}" if name.startswith("drawn") else ""
    return OcrFigure(
        name, round(rate, 4), limit, not limit or rate <= LIMIT, len(rows), round(wrong.count(0) / len(rows), 3),
        f"{right}/{true}" if true else "", round(sum(seconds for *_, seconds in rows) / len(rows), 3),
        f"{plain(rows[worst][0].text)[:80]!r} read as {rows[worst][1][:80]!r}" if wrong[worst] else "",
    )  # fmt: skip


HEADER = f"{'name':26} {'errors':>7}  {'limit':8} {'':4} {'n':>4} {'perfect':>7} {'umlauts':>9} {'CPU s':>6}  worst"


def line(figure: OcrFigure) -> str:
    """A figure as a row of the printed table."""
    verdict = "" if not figure.limit else "ok" if figure.holds else "MISS"
    return (
        f"{figure.name:26} {figure.character_error_rate:>7.4f}  {figure.limit:8} {verdict:4} {figure.n:>4} "
        f"{figure.perfect_rate:>7.0%} {figure.umlauts_right:>9} {figure.cpu_seconds:>6.2f}  {figure.worst}"
    ).rstrip()


if __name__ == "__main__":
    sys.exit(main())
