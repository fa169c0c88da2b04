"""A reader that does what a picture's width tells it to."""

from __future__ import annotations

import os
import time

from PIL import Image

from workbench.errors import UsageError
from workbench.media.ocr import Reading

TEXT, NOTHING, RAISES, CRASHES, HANGS = 20, 21, 22, 23, 24


class Strange:
    def read(self, image: Image.Image) -> Reading:
        width = image.width
        if width == RAISES:
            raise RuntimeError("Traceback ...\nno memory for the tensor")
        if width == CRASHES:
            os._exit(9)
        if width == HANGS:
            time.sleep(600)
        return Reading(None, None) if width == NOTHING else Reading(f"text {image.height}", 0.75)


def cannot_begin() -> Strange:
    raise UsageError("The models are missing.")
