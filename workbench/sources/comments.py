"""Comments on YouTube videos (CSV): who commented on what, when."""

from __future__ import annotations

import ibis
from ibis import _

from ..errors import UsageError
from ..settings import PLATFORMS
from .base import Canonical, Source, SourceFile
from .signature import require
from .youtube_ids import watch_url, youtube_post_id

_SIGNATURE = {"Comments", "Comment_ID", "Date", "VidId", "user_ID"}


def _fits(file: SourceFile) -> int:
    return 100 if set(file.columns) >= _SIGNATURE else 0


def _read(file: SourceFile) -> Canonical:
    """One interaction a comment, one follower a commenter; the videos as bare posts."""
    require(file, SOURCE.name, _SIGNATURE, file.columns, "columns")
    platform = str(file.options.get("platform") or "youtube").lower()
    if platform not in PLATFORMS:
        raise UsageError(f"--platform {platform} is not known. Platforms: {', '.join(PLATFORMS)}.")
    youtube = platform == "youtube"
    rows = file.rows.mutate(
        post_id=youtube_post_id(_.VidId) if youtube else platform + ":" + _.VidId.strip(),
        follower_id=platform + ":" + _.user_ID.strip().lower(),
        occurred_at=_.Date,
    )
    interactions = rows.select(
        "source_row",
        "follower_id",
        "post_id",
        "occurred_at",
        interaction_id=platform + ":" + _.Comment_ID.strip(),
        interaction_type=ibis.literal("comment"),
        interaction_text=_.Comments,
        seen_at=_.occurred_at,
    )
    followers = (
        rows.filter(_.follower_id.notnull())
        .group_by("follower_id")
        .agg(
            external_id=_.user_ID.strip().min(),
            username=_.user_ID.strip().min(),
            first_seen_at=_.occurred_at.min(),
            seen_at=_.occurred_at.max(),
            source_row=_.source_row.min(),
        )
        .mutate(platform=ibis.literal(platform))
    )
    url = watch_url(_.VidId) if youtube else ibis.null("string")
    posts = (
        rows.group_by("post_id")
        .agg(VidId=_.VidId.min(), seen_at=_.occurred_at.min(), source_row=_.source_row.min())
        .select("source_row", "post_id", "seen_at", url=url, post_type=ibis.literal("video"))
    )
    unused = [c for c in ("Reply_Count", "Like_Count") if c in file.columns]
    notes = [f"Not kept: {' and '.join(unused)} of comments (an interaction has no counts)."] if unused else []
    return Canonical(
        tables={"posts": posts, "followers": followers, "interactions": interactions}, notes=notes
    )


SOURCE = Source(
    name="comments",
    title="Comments on videos (CSV: Comments, Comment_ID, Date, VidId, user_ID)",
    kinds=("csv",),
    fits=_fits,
    read=_read,
)
