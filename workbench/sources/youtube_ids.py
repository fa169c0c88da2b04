"""How YouTube names videos and channels, and what we call them."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from .urls import account_id

VIDEO_ID = r"^[A-Za-z0-9_-]{11}$"

CATEGORIES = {
    "1": "Film & Animation",
    "2": "Autos & Vehicles",
    "10": "Music",
    "15": "Pets & Animals",
    "17": "Sports",
    "19": "Travel & Events",
    "20": "Gaming",
    "22": "People & Blogs",
    "23": "Comedy",
    "24": "Entertainment",
    "25": "News & Politics",
    "26": "Howto & Style",
    "27": "Education",
    "28": "Science & Technology",
    "29": "Nonprofits & Activism",
    "30": "Movies",
    "43": "Shows",
    "44": "Trailers",
}
"""YouTube's category numbers."""


def is_video_id(video: ir.StringValue) -> ir.BooleanValue:
    return video.strip().re_search(VIDEO_ID)


def youtube_post_id(video: ir.StringValue) -> ir.StringValue:
    """`youtube:aB3dE6gH9jK`; NULL for what can't be a video's id, so that the loader refuses the row."""
    return is_video_id(video).ifelse("youtube:" + video.strip(), None)


def watch_url(video: ir.StringValue) -> ir.StringValue:
    """The page of a video; made of a malformed id as well, which shows it beside the refusal."""
    return "https://www.youtube.com/watch?v=" + video.strip()


def youtube_account_id(name: ir.StringValue) -> ir.StringValue:
    """`youtube:name` of a handle, a channel's id or, where a file has nothing better, its title."""
    return account_id(ibis.literal("youtube"), name)


def category_name(number: ir.StringValue) -> ir.StringValue:
    """The category's name; a number that YouTube doesn't list stays the number."""
    return number.cases(*CATEGORIES.items(), else_=number)
