"""Is it a picture, which one, and what it looks like: files of slides decoded safely."""

from __future__ import annotations

from dataclasses import dataclass


class PictureRefused(ValueError):
    """The file is no picture that can be taken in; the message says why, for the slide's row."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """What a file is."""

    sha256: str
    """Hexadecimal digest of the file's bytes."""
    media_type: str
    """By content: image/jpeg, image/png, image/webp, image/gif, image/heic, ..."""
    file_bytes: int
    width: int
    """Pixels, upright: after the rotation that the file asks for."""
    height: int
    phash: int
    """64-bit perceptual hash as a signed whole number, as the warehouse keeps it."""
