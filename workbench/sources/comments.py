"""Comments on videos (CSV): who commented on what, when."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
from ibis import _

from ..errors import UsageError
from ..settings import PLATFORMS
from .base import Canonical, Source, SourceFile
from .fields import present
from .signature import require
from .youtube_ids import watch_url, youtube_post_id

_SIGNATURE = {"Comments", "Comment_ID", "Date", "VidId", "user_ID"}


def _fits(file: SourceFile) -> int:
    return 100 if set(file.columns) >= _SIGNATURE else 0


def _read(file: SourceFile) -> Canonical:
    """One interaction a comment, one follower a commenter; the videos as bare posts."""
    require(file, SOURCE.name, _SIGNATURE, file.columns, "columns")
    platform = _platform(file)
    rows = file.rows.mutate(
        platform=platform, video=present(file.rows.VidId), user=present(file.rows.user_ID)
    )
    is_youtube = rows.platform == "youtube"
    rows = rows.mutate(
        post_id=is_youtube.ifelse(youtube_post_id(rows.video), rows.platform + ":" + rows.video),
        url=is_youtube.ifelse(watch_url(rows.video), None),
        follower_id=rows.platform + ":" + rows.user.lower(),
    )
    interactions = rows.select(
        "source_row",
        "follower_id",
        "post_id",
        occurred_at=_.Date,
        interaction_id=rows.platform + ":" + present(rows.Comment_ID),
        interaction_type=ibis.literal("comment"),
        interaction_text=_.Comments,
        seen_at=_.Date,
    )
    followers = (
        rows.filter(_.follower_id.notnull())
        .group_by("follower_id", "platform")
        .agg(
            external_id=_.user.min(),
            username=_.user.min(),
            first_seen_at=_.Date.min(),
            seen_at=_.Date.max(),
            source_row=_.source_row.min(),
        )
    )
    posts = (
        rows.group_by("post_id", "url")
        .agg(seen_at=_.Date.min(), source_row=_.source_row.min())
        .select("source_row", "post_id", "url", "seen_at")
    )
    unused = [c for c in ("Reply_Count", "Like_Count") if c in file.columns]
    notes = (
        [f"Not kept: {' and '.join(unused)} of comments (an interaction has no counts)."] if unused else []
    )
    return Canonical(
        tables={"posts": posts, "followers": followers, "interactions": interactions}, notes=notes
    )


def _platform(file: SourceFile) -> ir.StringValue:
    """The platform that --platform names; else TikTok for its long numbers, YouTube for the rest."""
    given = str(file.options.get("platform") or "").lower()
    if given and given not in PLATFORMS:
        raise UsageError(f"--platform {given} is not known. Platforms: {', '.join(PLATFORMS)}.")
    if given:
        return ibis.literal(given)
    return file.rows.VidId.re_search(r"^\s*\d{15,}\s*$").ifelse("tiktok", "youtube")


SOURCE = Source(
    name="comments",
    title="Comments on videos (CSV: Comments, Comment_ID, Date, VidId, user_ID)",
    kinds=("csv",),
    fits=_fits,
    read=_read,
)
