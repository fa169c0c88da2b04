"""Posts as TikTok's web pages describe them: the form that tiktok-scraper and Apify's actors share.

Each reader brings the members of an item as text under the names of `MEMBERS`, with the lists of
`LISTS`; what its format lacks is NULL.
"""

from __future__ import annotations

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
from ibis import _

from .base import Canonical, SourceFile
from .fields import caption_tags, instant, literal, of_seconds, or_text, present, tags
from .json_file import members
from .prepared import prepared
from .sound_names import sound_id, sound_key
from .urls import account_id, bare_name, external_id_of

MEMBERS = {
    "id": "id",
    "caption": "text",
    "language": "textLanguage",
    "created": "createTime",
    "created_iso": "createTimeISO",
    "url": "webVideoUrl",
    "video_url": "videoUrl",
    "cover": "videoMeta.coverUrl",
    "cover_of_old": "covers.default",
    "duration": "videoMeta.duration",
    "is_slideshow": "isSlideshow",
    "is_ad": "isAd",
    "is_sponsored": "isSponsored",
    "is_pinned": "isPinned",
    "views": "playCount",
    "likes": "diggCount",
    "comments": "commentCount",
    "shares": "shareCount",
    "saves": "collectCount",
    "reposts": "repostCount",
    "author_id": "authorMeta.id",
    "author": "authorMeta.name",
    "author_shown": "authorMeta.nickName",
    "author_url": "authorMeta.profileUrl",
    "author_bio": "authorMeta.signature",
    "author_region": "authorMeta.region",
    "author_verified": "authorMeta.verified",
    "author_private": "authorMeta.privateAccount",
    "author_fans": "authorMeta.fans",
    "author_following": "authorMeta.following",
    "author_likes": "authorMeta.heart",
    "author_posts": "authorMeta.video",
    "music_id": "musicMeta.musicId",
    "music": "musicMeta.musicName",
    "music_author": "musicMeta.musicAuthor",
    "music_album": "musicMeta.musicAlbum",
    "music_original": "musicMeta.musicOriginal",
    "music_url": "musicMeta.playUrl",
}
"""Our name -> where an item holds it."""

LISTS = {
    "hashtag_names": ("hashtags", "name"),
    "effect_names": ("effectStickers", "name"),
    "mentioned": ("mentions", ""),
    "slide_links": ("slideshowImageLinks", "tiktokLink"),
    "slide_downloads": ("slideshowImageLinks", "downloadLink"),
}
"""Our name -> the list's member, and the member of its items (empty: the items themselves)."""

_POST_COUNTS = ("views", "likes", "comments", "shares", "saves", "reposts")


@ibis.udf.scalar.builtin(name="json_extract_string", signature=((dt.json, dt.string), dt.Array(dt.string)))
def _texts_of(row, path):  # type: ignore[no-untyped-def]
    """The texts at a JSON path with a wildcard, in order."""


@ibis.udf.scalar.builtin(name="json_type", signature=((dt.json, dt.string), dt.string))
def _json_type(row, path):  # type: ignore[no-untyped-def]
    """The type of the value at a JSON path; NULL where there is none."""


def json_items(rows: ibis.Table) -> ibis.Table:
    """Items from JSON objects: one row each, MEMBERS and LISTS as columns."""
    named = members(rows, {ours: f"$.{theirs}" for ours, theirs in MEMBERS.items()})
    lists = {}
    for ours, (theirs, member) in LISTS.items():
        found = _texts_of(named["row"], f"$.{theirs}[*]" + (f".{member}" if member else ""))
        lists[ours] = ibis.ifelse(_json_type(named["row"], f"$.{theirs}") == "ARRAY", found, None)
    return named.mutate(**lists).drop("row")


def canonical(items: ibis.Table, file: SourceFile, *, notes: list[str]) -> Canonical:
    """What a file of items says of posts, their counts at `as_of`, slides, sounds and accounts."""
    tiktok = ibis.literal("tiktok")
    slides = ibis.coalesce(items.slide_links, items.slide_downloads)
    key = sound_key(items.music, items.music_author)
    items = items.mutate(
        external_id=present(items.id),
        url_id=external_id_of(items.url, tiktok),
        account_id=account_id(tiktok, items.author),
        sound_key=key,
        sound_id=sound_id("tiktok", items.music_id, key),
        slide_urls=slides,
    )
    own, of_url = items.external_id, items.url_id
    # A spreadsheet keeps 15 digits of an id: the address beside it tells.
    differs = "id " + own + ", where its address says " + of_url
    known = ibis.coalesce(own, of_url)
    named = items.mutate(
        external_id=known,
        # TikTok's ids are numbers: a row with any other is refused, with what stood there.
        post_id=ibis.cases(
            (of_url.notnull() & (own != of_url), differs),
            (known.re_search(r"^\d+$"), "tiktok:" + known),
            else_="id " + known,
        ),
    )
    items = prepared(file, "items", named)  # else each table would parse the file's JSON again
    tables = {
        "accounts": _accounts(items),
        "account_snapshots": _account_snapshots(items, file),
        "sounds": _sounds(items),
        "posts": _posts(items, file),
        "post_snapshots": items.select(
            "source_row",
            "post_id",
            *_POST_COUNTS,
            captured_at=literal(file.as_of),
            method=ibis.literal("lifetime"),
        ),
        "slides": _slides(items),
    }
    return Canonical(tables=tables, notes=notes)


def _posts(items: ibis.Table, file: SourceFile) -> ibis.Table:
    iso, seconds = items.created_iso, items.created
    posted_at = ibis.coalesce(
        instant(iso, file.time_zone, known=True),
        of_seconds(seconds),
    )
    length = items.slide_urls.length().nullif(0)
    is_slideshow = ibis.coalesce(items.is_slideshow.lower() == "true", False) | length.notnull()
    is_slideshow |= ibis.coalesce(items.url.contains("/photo/"), False)
    has_length = ibis.coalesce(items.duration.try_cast("float64") > 0, False)
    return items.select(
        "source_row",
        "post_id",
        "external_id",
        "url",
        "account_id",
        "sound_id",
        "caption",
        "video_url",
        "is_pinned",
        # A slideshow has a duration of 0; one without a sign of being one may be either.
        post_type=ibis.cases((is_slideshow, "slideshow"), (has_length, "video"), else_=None),
        posted_at=or_text(posted_at, ibis.coalesce(iso, seconds)),
        language=items.language.nullif("un"),
        duration_seconds=items.duration.nullif("0"),
        hashtags=ibis.coalesce(
            tags(items.hashtag_names.join(" ")), caption_tags(ibis.coalesce(items.caption, ""))
        ),
        mentions=items.mentioned.map(lambda name: bare_name(name).lower()).filter(
            lambda name: name.notnull()
        ),
        effects=items.effect_names,
        thumbnail_url=ibis.coalesce(items.cover, items.cover_of_old),
        slide_count=length,
        is_ad=ibis.cases((items.is_sponsored == "true", "true"), else_=items.is_ad),
    )


def _accounts(items: ibis.Table) -> ibis.Table:
    return items.filter(_.account_id.notnull()).select(
        "source_row",
        "account_id",
        username=bare_name(_.author),
        external_id=_.author_id,
        display_name=_.author_shown,
        profile_url=_.author_url,
        bio=_.author_bio,
        location=_.author_region,
        is_verified=_.author_verified,
        checked_state=(_.author_private == "true").ifelse("private", None),
    )


def _account_snapshots(items: ibis.Table, file: SourceFile) -> ibis.Table:
    known = _.author_fans.notnull() | _.author_likes.notnull() | _.author_posts.notnull()
    return items.filter(_.account_id.notnull() & known).select(
        "source_row",
        "account_id",
        captured_at=literal(file.as_of),
        followers=_.author_fans,
        following=_.author_following,
        total_posts=_.author_posts,
        total_likes=_.author_likes,
    )


def _sounds(items: ibis.Table) -> ibis.Table:
    return items.filter(_.sound_id.notnull()).select(
        "source_row",
        "sound_id",
        "sound_key",
        platform=ibis.literal("tiktok"),
        external_id=_.music_id.nullif("0"),
        url=_.music_url,
        title=_.music,
        artist=_.music_author,
        album=_.music_album,
        is_original=_.music_original,
    )


def _slides(items: ibis.Table) -> ibis.Table:
    """One row a picture, numbered from 1."""
    urls = items.filter(_.post_id.startswith("tiktok:")).select(
        "source_row", "post_id", slide_url=_.slide_urls
    )
    return urls.unnest("slide_url", offset="n").select(
        "source_row", "post_id", "slide_url", slide_index=_.n + 1
    )


def item_keys(file: SourceFile) -> set[str]:
    """Names of the members of the first 50 objects of a JSON file."""
    first = file.rows.order_by("source_row").limit(50)
    keys: ir.ArrayValue = _json_keys(first["row"])
    return set(first.select(key=keys.unnest()).distinct().to_pyarrow()["key"].to_pylist())


@ibis.udf.scalar.builtin(name="json_keys", signature=((dt.json,), dt.Array(dt.string)))
def _json_keys(row):  # type: ignore[no-untyped-def]
    """The names of an object's members."""
