"""YouTube statistics taken daily (CSV): of videos, of channels, and the list of channels."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
from ibis import _

from .base import Canonical, Source, SourceFile
from .signature import require
from .urls import bare_name
from .youtube_ids import watch_url, youtube_account_id, youtube_post_id

_VIDEOS = {"run_datetime_utc", "video_id", "view_count", "like_count", "comment_count"}
_CHANNELS = {"date_utc", "channel_id", "subscribers", "views", "videos"}
_REFERENCE = {"channel_id", "channel_title", "custom_url", "channel_published_at"}


def _read_videos(file: SourceFile) -> Canonical:
    """Each run is a snapshot, also where a day has several. Instants carry their own offset."""
    require(file, "youtube_videos_daily", _VIDEOS, file.columns, "columns")
    rows = file.rows.mutate(
        post_id=youtube_post_id(_.video_id),
        seen_at=_.run_datetime_utc,
        account_id=_optional(file.rows, "channel_id").pipe(youtube_account_id),
    )
    posts = rows.select(
        "source_row",
        "post_id",
        "account_id",
        "seen_at",
        external_id=_.video_id,
        url=watch_url(_.video_id),
        post_type=ibis.literal("video"),
        title=_optional(rows, "title"),
        posted_at=_optional(rows, "published_at"),
    )
    accounts = rows.filter(_.account_id.notnull()).select(
        "source_row", "account_id", "seen_at", external_id=_optional(rows, "channel_id")
    )
    known = _.view_count.notnull() | _.like_count.notnull() | _.comment_count.notnull()
    snapshots = rows.filter(known).select(
        "source_row",
        "post_id",
        captured_at=_.run_datetime_utc,
        views=_.view_count,
        likes=_.like_count,
        comments=_.comment_count,
        method=ibis.literal("scraped"),
    )
    tables = {"accounts": accounts, "posts": posts, "post_snapshots": snapshots}
    return Canonical(tables=tables, notes=_notes(rows, rows.filter(~known)))


def _notes(rows: ir.Table, without: ir.Table) -> list[str]:
    notes = ["Not kept: column 'label'."] if "label" in rows.columns else []
    silent = without.agg(n=_.count(), videos=_.video_id.nunique()).to_pyarrow().to_pylist()[0]
    if silent["n"]:
        notes.append(
            f"{silent['n']} rows of {silent['videos']} video(s) have no count at all (a video that is "
            "private or gone): they give no snapshot."
        )
    return notes


def _read_channels(file: SourceFile) -> Canonical:
    """A day's figures of a channel, at midnight UTC; YouTube rounds subscribers to three digits."""
    require(file, "youtube_channels_daily", _CHANNELS, file.columns, "columns")
    rows = file.rows.mutate(account_id=youtube_account_id(file.rows.channel_id))
    accounts = rows.select(
        "source_row",
        "account_id",
        external_id=_.channel_id,
        display_name=_optional(rows, "channel_title"),
        seen_at=_.date_utc,
    )
    snapshots = rows.select(
        "source_row",
        "account_id",
        captured_at=_.date_utc,
        followers=_.subscribers,
        total_posts=_.videos,
        total_views=_.views,
    )
    return Canonical(tables={"accounts": accounts, "account_snapshots": snapshots})


def _read_reference(file: SourceFile) -> Canonical:
    """A channel's handle is its name; without one its id is, as in the daily figures."""
    require(file, "youtube_channels", _REFERENCE, file.columns, "columns")
    rows = file.rows
    handle = bare_name(rows.custom_url)
    accounts = rows.select(
        "source_row",
        account_id=youtube_account_id(ibis.coalesce(handle, rows.channel_id)),
        username=handle,
        external_id=rows.channel_id,
        display_name=rows.channel_title,
        profile_url=_optional(rows, "channel_url"),
        location=_optional(rows, "country"),
        account_created_at=rows.channel_published_at,
        **({"seen_at": rows.last_seen_utc} if "last_seen_utc" in rows.columns else {}),
    )
    notes = ["Not kept: column 'uploads_playlist_id'."] if "uploads_playlist_id" in rows.columns else []
    return Canonical(tables={"accounts": accounts}, notes=notes)


def _optional(rows: ir.Table, column: str) -> ir.StringValue:
    return rows[column] if column in rows.columns else ibis.null("string")


SOURCES = (
    Source(
        name="youtube_videos_daily",
        title="YouTube videos' statistics, one row a video and run (CSV)",
        kinds=("csv",),
        fits=lambda file: 100 if set(file.columns) >= _VIDEOS else 0,
        read=_read_videos,
    ),
    Source(
        name="youtube_channels_daily",
        title="YouTube channels' statistics, one row a channel and day (CSV)",
        kinds=("csv",),
        fits=lambda file: 100 if set(file.columns) >= _CHANNELS else 0,
        read=_read_channels,
    ),
    Source(
        name="youtube_channels",
        title="List of YouTube channels with their handles (CSV)",
        kinds=("csv",),
        fits=lambda file: 100 if set(file.columns) >= _REFERENCE else 0,
        read=_read_reference,
    ),
)
