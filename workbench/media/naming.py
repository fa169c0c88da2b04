"""Which slide a file's path may mean. Nothing is decided here: the posts that are known decide.

7526946687399123236_3.jpg   tiktok_7526946687399123236_slide_3.webp   7526946687399123236/slide_03.jpg
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath
from urllib.parse import unquote

from ..settings import PLATFORMS

_GAP = " _.:=+~-"
"""What stands between the parts of a name, and for the colon of a post_id."""
_STEM = re.compile(
    rf"(?P<post>.*?)(?P<gap>[{_GAP}]*)(?P<word>slide|image|img|photo|picture|page)?[{_GAP}]*(?P<place>[0-9]{{1,3}})",
    re.IGNORECASE | re.DOTALL,
)
_OF_PLATFORM = re.compile(rf"({'|'.join(PLATFORMS)})([{_GAP}]+)(.+)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Claim:
    """What a path says."""

    written: str
    """The part of the path that names the post."""
    post_ids: frozenset[str]
    """Each post that this may be."""
    slide_index: int


def claim(path: PurePath) -> Claim | None:
    """What a path says of its slide; None where it holds no number of one.

    The file's name holds the post and the slide, or only the slide where its folder names the post. A folder that
    is called like a platform says that the post is of it.
    """
    found = _STEM.fullmatch(unquote(path.stem))
    if found is None:
        return None
    written, gap = found["post"], found["gap"]
    folders = path.parts[:-1]
    if not written:
        if not folders:
            return None
        written, gap, folders = unquote(folders[-1]), "", folders[:-1]
    elif not gap and not found["word"]:
        return None  # a number that ends the post's own id
    platforms = [folder.lower() for folder in folders[-3:] if folder.lower() in PLATFORMS][-1:]
    # An id may end in what separates.
    spelled = {written + gap[:n] for n in range(len(gap) + 1)} - {""}
    post_ids = frozenset().union(*(post_ids_of(text, platforms or PLATFORMS) for text in spelled))
    return Claim(written, post_ids, int(found["place"])) if post_ids else None


def post_ids_of(text: str, platforms: tuple[str, ...] | list[str] = PLATFORMS) -> frozenset[str]:
    """Each post that a text may name: platform and external id, or an external id of any platform."""
    found = {f"{platform}:{text}" for platform in platforms}
    named = _OF_PLATFORM.fullmatch(text)
    if named and named[1].lower() in platforms:
        # An id may begin with what separates: the first character of the gap stands for the colon.
        found |= {f"{named[1].lower()}:{named[2][n:]}{named[3]}" for n in range(1, len(named[2]) + 1)}
    return frozenset(found)
