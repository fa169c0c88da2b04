"""A sound tracker's tracker.db: accounts, their videos with a history, sounds, sessions and logs."""

from __future__ import annotations

import ibis
from ibis import _

from .base import Canonical, Source, SourceFile
from .fields import instant, literal, name_id, or_text, precision, spelled, tags
from .file_tables import FileTable, followed, not_read, references, table_called
from .prepared import prepared
from .signature import require
from .sound_names import sound_key
from .urls import account_id, bare_name, external_id_of, username_of

_TABLES = {
    "accounts": {
        "id": ("id", "account_id"),
        "username": ("username", "unique_id"),
        "external_id": ("user_id", "tiktok_id", "external_id", "sec_uid"),
        "display_name": ("display_name", "nickname"),
        "followers": ("followers", "follower_count"),
        "following": ("following", "following_count"),
        "total_posts": ("total_videos", "video_count"),
        "total_likes": ("total_likes", "likes_count", "hearts"),
        "bio": ("bio", "signature"),
        "is_verified": ("is_verified", "verified"),
        "is_active": ("is_active",),
        "is_target": ("is_target_account", "is_target"),
        "last_scraped_at": ("last_scraped_at", "last_scraped", "updated_at"),
        "scrape_count": ("scrape_count",),
        "notes": ("notes",),
        "first_seen_at": ("first_seen_at", "created_at", "added_at"),
    },
    "videos": {
        "id": ("id",),
        "external_id": ("video_id", "tiktok_id"),
        "account": ("account_id", "username", "account"),
        "url": ("tiktok_url", "video_url", "url"),
        "posted": ("upload_date", "posted_at", "create_time"),
        "views": ("views", "view_count", "play_count"),
        "likes": ("likes", "like_count"),
        "comments": ("comments", "comment_count"),
        "shares": ("shares", "share_count"),
        "saves": ("saves", "bookmarks", "collect_count"),
        "engagement_rate": ("engagement_rate",),
        "caption": ("caption", "description"),
        "hashtags": ("hashtags",),
        "sound": ("sound_id", "sound_key", "sound"),
        "duration_seconds": ("duration",),
        "is_deleted": ("is_deleted",),
        "scraped_at": ("last_scraped_at", "last_scraped", "scraped_at", "updated_at"),
        "first_scraped_at": ("first_scraped_at", "first_seen_at", "created_at"),
        "scrape_count": ("scrape_count",),
    },
    "sounds": {
        "id": ("id",),
        "sound": ("sound_id", "external_id", "music_id", "tiktok_sound_id"),
        "sound_key": ("sound_key",),
        "title": ("song_title", "title"),
        "artist": ("artist_name", "artist"),
        "album": ("album",),
        "url": ("url", "sound_url", "music_url"),
        "duration_seconds": ("duration",),
        "genre": ("genre",),
        "is_original": ("is_original",),
        "is_exclusive": ("is_exclusive",),
        "first_seen_at": ("first_seen_at", "first_seen", "created_at"),
        "notes": ("notes",),
    },
    "scrape_sessions": {
        "id": ("id",),
        "session_id": ("session_id", "session_uuid"),
        "started": ("start_time", "started_at"),
        "ended": ("end_time", "ended_at"),
        "status": ("status",),
        "total_accounts": ("total_accounts",),
        "successful_scrapes": ("successful_scrapes",),
        "failed_scrapes": ("failed_scrapes",),
        "videos_scraped": ("total_videos_scraped", "videos_scraped"),
        "videos_new": ("total_new_videos", "videos_new", "new_videos"),
        "videos_updated": ("total_updated_videos", "videos_updated", "updated_videos"),
        "error_log": ("error_log",),
        "configuration": ("configuration", "config"),
        "created": ("created_at",),
    },
    "scrape_logs": {
        "id": ("id",),
        "session": ("session_id",),
        "account": ("account_id", "username", "account"),
        "logged": ("timestamp", "logged_at", "created_at"),
        "status": ("status",),
        "videos_found": ("videos_found",),
        "videos_new": ("new_videos", "videos_new"),
        "videos_updated": ("updated_videos", "videos_updated"),
        "error_message": ("error_message",),
        "execution_seconds": ("execution_time_seconds", "execution_seconds", "execution_time"),
    },
    "video_history": {
        "id": ("id",),
        "video": ("video_id",),
        "session": ("session_id",),
        "views": ("views", "view_count"),
        "likes": ("likes", "like_count"),
        "comments": ("comments", "comment_count"),
        "shares": ("shares", "share_count"),
        "saves": ("saves", "bookmarks"),
        "engagement_rate": ("engagement_rate",),
        "scraped_at": ("scraped_at", "timestamp", "recorded_at"),
    },
    "exclusive_songs": {
        "id": ("id",),
        "sound_key": ("sound_key",),
        "song_title": ("song_title", "title"),
        "artist_name": ("artist_name", "artist"),
        "added": ("added_at", "created_at", "added_date"),
        "added_by": ("added_by",),
        "reason": ("reason",),
    },
}
_COUNTS = ("views", "likes", "comments", "shares", "saves")
_DERIVED = "engagement_rate and sounds' is_exclusive are computed from the data, not taken."


def _fits(file: SourceFile) -> int:
    """A tracker's videos have an account's number and an address, which no other file's have."""
    videos = file.tables.get("videos")
    if videos is None or "accounts" not in file.tables:
        return 0
    return 100 if {"video_id", "account_id"} <= set(videos.columns) else 0


def _read(file: SourceFile) -> Canonical:
    require(file, SOURCE.name, {"accounts", "videos"}, file.tables, "tables")
    found = {name: table_called(file, [name], synonyms) for name, synonyms in _TABLES.items()}
    accounts = prepared(file, "ready_accounts", _accounts_ready(found["accounts"]))
    sounds = prepared(file, "ready_sounds", _sounds_ready(found["sounds"]))
    videos = prepared(file, "ready_videos", _videos_ready(found["videos"], accounts, sounds))
    sessions = _session_names(found["scrape_sessions"])
    tables = {
        "accounts": _accounts(accounts),
        "account_snapshots": _account_snapshots(accounts, file),
        "sounds": _sounds(sounds),
        "posts": _posts(videos),
        "scrape_sessions": _sessions(found["scrape_sessions"]),
        "scrape_logs": _logs(found["scrape_logs"], accounts, sessions),
        "post_snapshots": _lifetime(videos, file).union(_history(found["video_history"], videos, sessions)),
        "exclusive_sounds": _exclusive(found["exclusive_songs"]),
    }
    notes = [note for table in found.values() for note in table.notes]
    return Canonical(tables=tables, notes=[*notes, *not_read(file, list(_TABLES)), _DERIVED])


def _accounts_ready(table: FileTable) -> ibis.Table:
    return table.rows.mutate(
        number=_.id,
        account_id=account_id(ibis.literal("tiktok"), table.rows.username),
        username=bare_name(_.username),
        last_scraped_at=table.instant("last_scraped_at"),
        first_seen_at=table.instant("first_seen_at"),
    )


def _accounts(accounts: ibis.Table) -> ibis.Table:
    about = (
        "username",
        "external_id",
        "display_name",
        "bio",
        "is_verified",
        "is_active",
        "is_target",
        "notes",
    )
    return accounts.select(
        "source_row",
        "account_id",
        *about,
        "scrape_count",
        "last_scraped_at",
        "first_seen_at",
        seen_at=_.last_scraped_at,
    )


def _account_snapshots(accounts: ibis.Table, file: SourceFile) -> ibis.Table:
    counts = ("followers", "following", "total_posts", "total_likes")
    known = ibis.or_(*(accounts[c].notnull() for c in counts))
    return accounts.filter(known & _.account_id.notnull()).select(
        "source_row",
        "account_id",
        *counts,
        captured_at=ibis.coalesce(_.last_scraped_at, literal(file.as_of).cast("string")),
    )


def _sounds_ready(table: FileTable) -> ibis.Table:
    key = ibis.coalesce(spelled(_.sound_key), sound_key(_.title, _.artist))
    return table.rows.mutate(sound_key=key).mutate(
        # Only TikTok's own numbers are external ids; a short one is a number of the file's.
        sound_id=ibis.cases(
            (_.sound.re_search(r"^\d{9,}$"), "tiktok:" + _.sound), else_=name_id(_.sound_key)
        ),
        first_seen_at=table.instant("first_seen_at"),
    )


def _sounds(sounds: ibis.Table) -> ibis.Table:
    about = (
        "sound_key",
        "title",
        "artist",
        "album",
        "url",
        "duration_seconds",
        "genre",
        "is_original",
        "notes",
    )
    return sounds.select(
        "source_row",
        "sound_id",
        *about,
        "first_seen_at",
        platform=ibis.literal("tiktok"),
        external_id=_.sound_id.re_extract(r"^tiktok:(\d+)$", 1).nullif(""),
    )


def _videos_ready(table: FileTable, accounts: ibis.Table, sounds: ibis.Table) -> ibis.Table:
    """Videos with what their numbers of accounts and sounds stand for."""
    tiktok = ibis.literal("tiktok")
    owner = references(
        accounts, "number", "username", owner_id="account_id", owner_scraped_at="last_scraped_at"
    )
    music = references(sounds, "id", "sound", "sound_key", music_id="sound_id")
    rows = table.rows.mutate(
        scraped_at=table.instant("scraped_at"),
        first_scraped_at=table.instant("first_scraped_at"),
        posted_at=or_text(instant(_.posted, table.zone), _.posted),
        external_id=ibis.coalesce(_.external_id, external_id_of(table.rows.url, tiktok)),
    )
    rows = followed(followed(rows, "account", owner), "sound", music)
    is_number = rows.external_id.re_search(r"^\d+$")
    named = rows.account.re_search(r"^\d+$").ifelse(None, rows.account)
    by_name = account_id(tiktok, ibis.coalesce(username_of(rows.url, tiktok), named))
    return rows.mutate(
        post_id=is_number.ifelse("tiktok:" + rows.external_id, None),
        account_id=ibis.coalesce(_.owner_id, by_name),
        sound_id=ibis.cases(
            (_.music_id.notnull(), _.music_id),
            (_.sound.re_search(r"^\d{9,}$"), "tiktok:" + _.sound),
            (_.sound.re_search(r"^\d+$"), None),
            else_=name_id(_.sound),
        ),
    )


def _posts(videos: ibis.Table) -> ibis.Table:
    about = (
        "post_id",
        "external_id",
        "url",
        "account_id",
        "sound_id",
        "posted_at",
        "caption",
        "duration_seconds",
    )
    return videos.select(
        "source_row",
        *about,
        "is_deleted",
        "first_scraped_at",
        "scrape_count",
        posted_at_precision=precision(_.posted),
        hashtags=tags(_.hashtags),
        last_scraped_at=_.scraped_at,
        seen_at=ibis.coalesce(_.scraped_at, _.owner_scraped_at),
    )


def _lifetime(videos: ibis.Table, file: SourceFile) -> ibis.Table:
    """Each video's latest counts, when it or else its account was last looked at."""
    looked_at = ibis.coalesce(videos.scraped_at, videos.owner_scraped_at)
    known = ibis.or_(*(videos[c].notnull() for c in _COUNTS))
    return videos.filter(known).select(
        "source_row",
        "post_id",
        *_COUNTS,
        session_id=ibis.null("string"),
        captured_at=ibis.coalesce(looked_at, literal(file.as_of).cast("string")),
        method=looked_at.notnull().ifelse("scraped", "lifetime"),
    )


def _history(table: FileTable, videos: ibis.Table, sessions: ibis.Table) -> ibis.Table:
    posts = references(videos, "external_id", "id", post_id="post_id")
    rows = table.rows.mutate(captured_at=table.instant("scraped_at"))
    rows = followed(followed(rows, "video", posts), "session", sessions)
    # A history may outlive its video's row; a number of TikTok's length still says which it was.
    outlived = _.video.re_search(r"^\d{15,}$").ifelse("tiktok:" + _.video, None)
    return rows.select(
        "source_row",
        *_COUNTS,
        "captured_at",
        post_id=ibis.coalesce(_.post_id, outlived),
        session_id=ibis.coalesce(_.session_id, _.session),
        method=ibis.literal("scraped"),
    ).select("source_row", "post_id", *_COUNTS, "session_id", "captured_at", "method")


def _session_names(table: FileTable) -> ibis.Table:
    named = table.rows.mutate(name=ibis.coalesce(_.session_id, _.id))
    return references(named, "session_id", "id", session_id="name")


def _sessions(table: FileTable) -> ibis.Table:
    counts = (
        "total_accounts",
        "successful_scrapes",
        "failed_scrapes",
        "videos_scraped",
        "videos_new",
        "videos_updated",
    )
    return table.rows.select(
        "source_row",
        *counts,
        "status",
        "error_log",
        "configuration",
        session_id=ibis.coalesce(_.session_id, _.id),
        started_at=table.instant("started"),
        ended_at=table.instant("ended"),
        created_at=table.instant("created"),
        seen_at=table.instant("ended", "started"),
    )


def _logs(table: FileTable, accounts: ibis.Table, sessions: ibis.Table) -> ibis.Table:
    owner = references(accounts, "number", "username", account_id="account_id")
    rows = table.rows.mutate(logged_at=table.instant("logged"))
    rows = followed(followed(rows, "account", owner), "session", sessions)
    counts = ("videos_found", "videos_new", "videos_updated")
    return rows.select(
        "source_row",
        "account_id",
        "logged_at",
        "status",
        *counts,
        "error_message",
        "execution_seconds",
        session_id=ibis.coalesce(_.session_id, _.session),
        seen_at=_.logged_at,
    )


def _exclusive(table: FileTable) -> ibis.Table:
    return table.rows.select(
        "source_row",
        "song_title",
        "artist_name",
        "added_by",
        "reason",
        sound_key=ibis.coalesce(spelled(_.sound_key), sound_key(_.song_title, _.artist_name)),
        added_at=table.instant("added"),
    )


SOURCE = Source(
    name="tracker",
    title="A sound tracker's tracker.db (SQLite: accounts, videos, sounds, video_history, ...)",
    kinds=("sqlite",),
    fits=_fits,
    read=_read,
)
