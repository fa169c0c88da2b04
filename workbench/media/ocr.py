"""What is written on a picture: RapidOCR's PP-OCRv6 on the processor, with the models that come inside its package."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..errors import UsageError
from .reading_order import Piece, lines

LONGEST = 2400
"""Pixels of the longer side in which letters are recognized; larger pictures are made smaller first."""
SIDE = 960
"""Pixels of the longer side in which text is looked for."""
DENSE_PIECES, DENSE_SIDE = 60, 1600
"""A picture with so many pieces of text is a page: they are looked for again, finer."""
LEAST_PIXELS = 16
"""No letter stands on a picture lower or narrower than this."""
UNSURE = 0.8
"""One or two characters read with less confidence are no text: an emoji, a leaf, the shape of a lamp."""

REMEDY = "Install the reader: pip install 'workbench[ocr]'"
_MODELS = {"Det.model_path": "PP-OCRv6_det_small.onnx", "Rec.model_path": "PP-OCRv6_rec_small.onnx"}


@dataclass(frozen=True)
class Reading:
    """What is written on a picture."""

    text: str | None
    """Line by line as a person reads; None where nothing is written."""
    confidence: float | None
    """0-1: the mean over the characters; None where nothing is written."""


def model_name() -> str:
    """What reads, with its version and settings: a reading by another of these may differ.

    Raises UsageError where the reader is not installed.
    """
    try:
        of_library = version("rapidocr")
        version("onnxruntime")
    except PackageNotFoundError as e:
        raise UsageError(f"Pictures can't be read: {e.name} is not installed. {REMEDY}") from e
    return f"rapidocr {of_library} PP-OCRv6 small, side {SIDE}, rules 1"


class Reader:
    """Reads pictures one at a time on one core. Loading takes a second and about 300 MB; a process has one."""

    def __init__(self) -> None:
        model_name()
        # Its wheels report to their maker over the network unless told so before they are loaded.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        try:
            import cv2
            import onnxruntime
        except ImportError as e:
            raise UsageError(f"Pictures can't be read: {e}. {REMEDY}") from e
        cv2.setNumThreads(1)
        onnxruntime.set_default_logger_severity(4)
        self._engines: dict[int, Any] = {}

    def read(self, image: Image.Image) -> Reading:
        """What is written on a picture, which is upright and RGB. The same picture gives the same answer."""
        if min(image.size) < LEAST_PIXELS:
            return Reading(None, None)
        if max(image.size) > LONGEST:
            image = image.copy()
            image.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
        pixels = np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])  # OpenCV's order: BGR
        found = self._found(pixels, SIDE)
        if len(found) >= DENSE_PIECES and max(image.size) > SIDE:
            found = self._found(pixels, DENSE_SIDE)
        return reading(found)

    def _found(self, pixels: np.ndarray, side: int) -> list[tuple[Piece, float]]:
        if side not in self._engines:
            self._engines[side] = _engine(side)
        answer = self._engines[side](pixels)
        if answer.boxes is None or answer.txts is None:
            return []
        return [
            (Piece(text, *(float(end) for end in (*box.min(axis=0), *box.max(axis=0)))), float(score))
            for box, text, score in zip(answer.boxes, answer.txts, answer.scores, strict=True)
        ]


def reading(found: Iterable[tuple[Piece, float]]) -> Reading:
    """Pieces of text and the confidence in each, put together."""
    sure = [(piece, score) for piece, score in found if score >= UNSURE or len(piece.text.strip()) > 2]
    text = "\n".join(" ".join(piece.text for piece in line) for line in lines([piece for piece, _ in sure]))
    text = _mended(text)
    if not text:
        return Reading(None, None)
    letters = sum(len(piece.text) for piece, _ in sure)
    return Reading(text, round(sum(score * len(piece.text) for piece, score in sure) / letters, 4))


def _mended(text: str) -> str:
    """Whitespace and composed letters as everybody writes them."""
    rows = (" ".join(row.split()) for row in unicodedata.normalize("NFC", text).splitlines())
    return "\n".join(row for row in rows if row)


def _engine(side: int) -> Any:
    import rapidocr

    folder = Path(rapidocr.__file__).parent / "models"
    models = {option: str(folder / name) for option, name in _MODELS.items()}
    if missing := [path for path in models.values() if not Path(path).is_file()]:
        raise UsageError(
            f"Pictures can't be read: this version of rapidocr ({version('rapidocr')}) comes without its models "
            f"({', '.join(Path(path).name for path in missing)}). {REMEDY} rapidocr==3.10.0"
        )
    return rapidocr.RapidOCR(
        params={
            **models,  # by path: nothing is ever downloaded
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            "Global.log_level": "error",
            # Letters are cut out of the whole picture; only the search for them is done in a smaller one.
            "Global.max_side_len": LONGEST,
            "Det.limit_type": "max",
            "Det.limit_side_len": side,
            # It turns pieces that it takes to be upside down, which slides never are and which it took some for.
            "Global.use_cls": False,
        }
    )
