"""How large the agency is, and when it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import sqrt

from ..errors import UsageError

_POSTS = 45_077
MIN_SLIDES, MAX_SLIDES = 2, 8
SLIDESHOW_SHARE = 0.6


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Sizes and dates of one agency."""

    posts: int
    accounts: int
    vas: int
    creators: int
    days: int
    slides: int
    end_on: date

    @property
    def start_on(self) -> date:
        return self.end_on - timedelta(days=self.days - 1)

    @property
    def start_second(self) -> int:
        """Midnight UTC of the first day, in seconds since 1970."""
        return (self.start_on - date(1970, 1, 1)).days * 86_400

    @property
    def as_of_second(self) -> int:
        """Monday morning after the last day: when lifetime counts were captured."""
        return self.start_second + self.days * 86_400 + 6 * 3_600

    @property
    def as_of(self) -> datetime:
        return datetime(1970, 1, 1) + timedelta(seconds=self.as_of_second)

    @property
    def slideshows(self) -> int:
        return round(self.posts * SLIDESHOW_SHARE)


def scale(
    *,
    posts: int,
    accounts: int | None,
    vas: int | None,
    creators: int | None,
    days: int | None,
    slides: int | None,
    end_on: date,
) -> Scale:
    """Fill in what was not asked for, in proportion to `posts`; refuse what can't be had together.

    Above the default size an agency has more accounts; below, it has fewer accounts *and* fewer
    days, so that each account still posts a few times a week.
    """
    if posts < 50:
        raise UsageError(f"posts = {posts}: an agency needs at least 50 posts. Ask for 50 or more.")
    part = posts / _POSTS
    side = sqrt(part) if part < 1 else part
    size = Scale(
        posts=posts,
        accounts=accounts if accounts is not None else max(8, round(220 * side)),
        vas=vas if vas is not None else max(4, round(25 * side)),
        creators=creators if creators is not None else max(3, round(12 * side)),
        days=days if days is not None else min(300, max(60, round(300 * side))),
        slides=slides if slides is not None else round(posts * 90_000 / _POSTS),
        end_on=end_on,
    )
    least, most = size.slideshows * MIN_SLIDES, size.slideshows * MAX_SLIDES
    if not least <= size.slides <= most:
        raise UsageError(
            f"slides = {size.slides}: {posts} posts have {size.slideshows} slideshows of {MIN_SLIDES} to "
            f"{MAX_SLIDES} slides. Ask for {least} to {most}."
        )
    if size.vas < 3 or size.accounts < 2 * size.vas or size.creators < 2 or size.days < 21:
        raise UsageError(
            f"accounts = {size.accounts}, vas = {size.vas}, creators = {size.creators}, days = "
            f"{size.days}: too "
            "small. Ask for at least 3 VAs, 2 accounts for each VA, 2 creators and 21 days."
        )
    if posts < size.accounts:
        raise UsageError(
            f"accounts = {size.accounts} with {posts} posts. Ask for at most one account a post."
        )
    return size
