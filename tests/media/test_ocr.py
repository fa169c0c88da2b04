"""What is written on slides is read, and nothing else."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys

import pytest
from PIL import Image

from benchmarks.drawn_slides import draw
from benchmarks.ocr import LIMIT, SHORT, drawn, measured
from workbench.errors import UsageError
from workbench.media.ocr import Reader, Reading, model_name, reading
from workbench.media.reading_order import Piece


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@pytest.mark.long
def test_a_dozen_drawn_slides_are_read_with_at_most_one_character_in_a_hundred_wrong():
    whole = next(f for f in measured(drawn(SHORT)) if f.name == "drawn")
    assert whole.n == SHORT and whole.character_error_rate <= LIMIT, whole


def test_german_and_english_stand_line_by_line_and_the_same_picture_gives_the_same_answer(reader):
    slide = draw("Größe zählt nicht, sagt Jürgen: it's only 5 euros", template=0)
    first = reader.read(slide)
    assert (first.text or "").replace("\n", " ") == "Größe zählt nicht, sagt Jürgen: it's only 5 euros"
    assert "\n" in (first.text or "") and 0.9 < (first.confidence or 0) <= 1
    assert reader.read(slide) == first


@pytest.mark.parametrize("size", [(1, 1), (2000, 3), (17, 17), (200, 4000)])
def test_a_picture_with_nothing_on_it_has_neither_text_nor_confidence(reader, size):
    assert reader.read(Image.new("RGB", size, "#8899aa")) == Reading(None, None)


def piece(text: str, top: float) -> Piece:
    return Piece(text, 0, top, 10 * len(text), top + 20)


def test_confidence_is_the_mean_over_characters():
    found = [(piece("abcdef", 0), 1.0), (piece("gh", 30), 0.8)]
    assert reading(found) == Reading("abcdef\ngh", (6 * 1.0 + 2 * 0.8) / 8)


def test_one_or_two_unsure_characters_are_no_text_and_sure_ones_are():
    assert reading([(piece("Save this", 0), 0.6), (piece("A", 30), 0.64)]) == Reading("Save this", 0.6)
    assert reading([(piece("Tag", 0), 1.0), (piece("5", 30), 0.9)]).text == "Tag\n5"
    assert reading([(piece("Os", 0), 0.61)]) == reading([]) == Reading(None, None)


def test_white_space_and_composed_letters_are_as_everybody_writes_them():
    assert reading([(piece("  fru\u0308h  auf ", 0), 0.9)]).text == "früh auf"


def test_without_the_reader_installed_the_remedy_is_told(monkeypatch):
    def absent(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr("workbench.media.ocr.version", absent)
    with pytest.raises(UsageError, match=r"rapidocr is not installed.*pip install 'workbench\[ocr\]'"):
        model_name()


def test_the_readers_name_tells_library_version_and_settings():
    assert (
        model_name() == f"rapidocr {importlib.metadata.version('rapidocr')} PP-OCRv6 small, side 960, rules 1"
    )


QUIET = """
import socket, sys
def audit(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        raise SystemExit(f"{event} {args}")
sys.addaudithook(audit)
from PIL import Image
from workbench.media.ocr import Reader
assert Reader().read(Image.new("RGB", (300, 300))).text is None
"""


def test_reading_reports_to_nobody_and_says_nothing_on_the_terminal(tmp_path):
    """ONNX Runtime's reporting to its maker begins with a name for the machine, in a file below the home folder."""
    homes = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-B", "-c", QUIET], capture_output=True, text=True, timeout=120, env=homes
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
