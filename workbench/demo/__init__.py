"""A simulated agency in the files' own formats, with the truth saved beside it.

Nothing heavy is imported here: the command line asks for `make_demo` only when it is called.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .model import Model

DEFAULT_POSTS = 45_077
END_ON = date(2025, 10, 5)
"""A Sunday; fixed, so that the same call writes the same bytes on any day."""


@dataclass(frozen=True, kw_only=True)
class DemoFiles:
    """What `make_demo` wrote."""

    folder: Path
    files: tuple[Path, ...]
    """What a person would import, in `<folder>/files/`."""
    truth: Path
    """Folder of Parquet tables of what is true, never to be imported."""
    as_of: datetime
    """When the lifetime counts were captured (UTC): the files' modification time too."""
    n_posts: int
    mapping: Path | None = None
    """Which slides show which of the pictures beside it; None where none were asked for."""


def usual_pictures(posts: int) -> int:
    """How many pictures an agency of so many posts is given: 400 at the default size, fewer in a smaller one."""
    return min(400, max(24, posts // 100))


def make_demo(
    folder: Path | str,
    *,
    posts: int = DEFAULT_POSTS,
    seed: int = 1,
    accounts: int | None = None,
    vas: int | None = None,
    creators: int | None = None,
    days: int | None = None,
    slides: int | None = None,
    pictures: int = 0,
    end_on: date = END_ON,
    equal: bool = False,
    model: Model | None = None,
    progress: Callable[[str], None] | None = None,
) -> DemoFiles:
    """Write a believable agency into `folder`/files and what is true of it into `folder`/truth.

    Same arguments, same bytes. Sizes that are not given follow `posts`: 220 accounts, 25 VAs,
    12 creators, 300 days and 90,000 slides at 45,077 posts.

    Parameters
    ----------
    posts
        Exact number of posts, at least 50.
    slides
        Exact number of slides over all slideshows (60 % of the posts, 2 to 8 slides each).
    pictures
        So many of the images that a page is likely to show are drawn, into `folder`/pictures, with a mapping
        of the slides that show each; hashes of these slides are those of the files.
    end_on
        The last day with posts; counts are captured at 06:00 UTC of the day after.
    equal
        All VAs, images, sets and creators are the same, and images don't tire: whatever a metric
        finds between them then is chance.
    model
        Other parameters than the default model's.
    progress
        Called with a few words before each step.

    Raises UsageError for sizes that can't be had together.
    """
    from .build import build

    return build(
        Path(folder),
        posts=posts,
        seed=seed,
        accounts=accounts,
        vas=vas,
        creators=creators,
        days=days,
        slides=slides,
        pictures=pictures,
        end_on=end_on,
        equal=equal,
        model=model,
        progress=progress,
    )


__all__ = ["DEFAULT_POSTS", "END_ON", "DemoFiles", "make_demo", "usual_pictures"]
