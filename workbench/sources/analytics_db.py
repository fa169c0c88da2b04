"""tiktok_analytics.db: posts, slides, people, sets and metrics, in columns that vary from file to file."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
from ibis import _

from .analytics_trends import trend_snapshots
from .base import Canonical, Source, SourceFile
from .fields import instant, literal, name_id, or_text, precision, spelled, tags
from .file_tables import FileTable, followed, not_read, references, table_called
from .master import sounds_by_key
from .prepared import prepared
from .signature import require
from .urls import account_id, bare_name, external_id_of, platform_of, post_id, post_type_of, username_of

_NAMES = ("posts", "slides", "accounts", "vas", "creators", "sets", "post_metrics", "performance_trends")

_PERSON = {
    "id": ("id", "va_id", "creator_id"),
    "name": ("name", "va_name", "creator_name", "va", "creator", "display_name", "username"),
    "notes": ("notes", "description"),
    "joined_on": ("joined_on", "joined_at", "start_date", "hired_on"),
    "status": ("status",),
}
_COUNTS = {
    "views": ("views", "view_count", "play_count", "total_views"),
    "likes": ("likes", "like_count", "total_likes"),
    "comments": ("comments", "comment_count", "total_comments"),
    "shares": ("shares", "share_count", "total_shares"),
    "saves": ("saves", "save_count", "bookmarks", "collect_count"),
}
_POSTS = {
    "id": ("id",),
    "post_key": ("post_id", "video_id", "tiktok_id", "external_id"),
    "url": ("post_url", "url", "tiktok_url", "video_url", "link"),
    "va_url": ("va_url",),
    "platform": ("platform",),
    "account": ("account", "account_id", "account_name", "username"),
    "va": ("va", "va_id", "va_name"),
    "creator": ("creator", "creator_id", "creator_name"),
    "set": ("set_id", "set_code"),
    "post_type": ("post_type", "type"),
    "posted_date": ("posted_at", "created_date", "posted_date", "post_date", "upload_date", "date"),
    "posted_time": ("created_time", "posted_time"),
    "caption": ("caption", "description", "text", "title"),
    "hashtags": ("hashtags", "tags"),
    "sound": ("sound", "sound_name", "sound_key", "music"),
    "slide_count": ("slide_count", "slides", "num_slides", "total_slides"),
    "ocr_text": ("ocr_text",),
    "logged_at": ("logged_at",),
    "first_scraped_at": ("first_scraped_at",),
    "last_scraped_at": ("last_scraped_at", "scraped_at", "updated_at"),
    "scrape_status": ("scrape_status",),
    "scrape_count": ("scrape_count",),
    "followers": ("followers_at_post", "followers"),
    "source": ("source",),
    "created_at": ("created_at",),
    **_COUNTS,
}
_ACCOUNTS = {
    "id": ("id", "account_id"),
    "name": ("account", "username", "account_name", "name", "handle"),
    "platform": ("platform",),
    "display_name": ("display_name", "nickname"),
    "va": ("va", "va_id", "va_name"),
    "creator": ("creator", "creator_id", "creator_name"),
    "client": ("client",),
    "followers": ("followers", "follower_count", "current_followers"),
    "following": ("following", "following_count"),
    "total_posts": ("total_posts", "post_count", "video_count", "total_videos"),
    "total_likes": ("total_likes", "likes"),
    "bio": ("bio",),
    "is_active": ("is_active", "active"),
    "notes": ("notes",),
    "last_scraped_at": ("last_scraped_at", "scraped_at", "updated_at"),
}
_SETS = {
    "id": ("id",),
    "set": ("set_id",),
    "set_code": ("set_code", "code", "name"),
    "creator": ("creator", "creator_id", "creator_name"),
    "created_on": ("created_on", "created_date", "created_at"),
    "description": ("description", "notes"),
}
_SLIDES = {
    "id": ("id",),
    "post": ("post_id", "post_url", "video_id", "post"),
    "slide_index": ("slide_index", "slide_number", "slide_num", "position", "slide_order", "order_index"),
    "slide_url": ("slide_url", "url", "image_url", "link"),
    "ocr_text": ("ocr_text", "text"),
    "width": ("width",),
    "height": ("height",),
}
_METRICS = {
    "id": ("id",),
    "post": ("post_id", "post_url", "video_id", "post"),
    "captured": (
        "captured_at",
        "scraped_at",
        "recorded_at",
        "collected_at",
        "measured_at",
        "timestamp",
        "date",
        "metric_date",
        "last_scraped_at",
        "created_at",
        "updated_at",
    ),
    "engagement": ("engagement",),
    "engagement_rate": ("engagement_rate",),
    **_COUNTS,
}
_PICTURES = ("photo", "photos", "carousel", "slides")


def _fits(file: SourceFile) -> int:
    """Posts with people or sets beside them; the more of the usual tables, the better."""
    ours = {name.lower() for name in file.tables}
    found = ours & set(_NAMES)
    return 10 * len(found) if "posts" in found and len(found) >= 3 else 0


def _read(file: SourceFile) -> Canonical:
    require(file, SOURCE.name, {"posts"}, [name.lower() for name in file.tables], "table")
    posts = table_called(file, ["posts"], _POSTS)
    people = {name: table_called(file, [name], _PERSON) for name in ("vas", "creators")}
    sets, accounts = table_called(file, ["sets"], _SETS), table_called(file, ["accounts"], _ACCOUNTS)
    slides, metrics = table_called(file, ["slides"], _SLIDES), table_called(file, ["post_metrics"], _METRICS)

    vas, creators = (_person_keys(people[name]) for name in ("vas", "creators"))
    of_accounts = prepared(file, "ready_accounts", _accounts_ready(accounts, vas, creators))
    of_sets = prepared(file, "ready_sets", _sets_ready(sets, creators))
    of_posts = prepared(file, "ready_posts", _posts_ready(posts, of_accounts, of_sets, vas, creators))
    keys = references(
        of_posts,
        "id",
        "post_key",
        "url",
        post_id="post_id",
        posted_at="posted_at",
        looked_at="last_scraped_at",
    )
    snapshots = [_own_counts(of_posts, file), _metrics(metrics, keys, file)]
    trends, trend_notes = trend_snapshots(file, keys)
    tables = {
        "vas": _people(people["vas"], "va_id"),
        "creators": _people(people["creators"], "creator_id"),
        "accounts": _accounts(of_accounts),
        "account_snapshots": _account_snapshots(of_accounts, file),
        "sets": of_sets.select("source_row", "set_id", "set_code", "creator_id", "created_on", "description"),
        "sounds": sounds_by_key(of_posts),
        "posts": _posts(of_posts),
        "slides": _slides(slides, keys),
        "post_snapshots": ibis.union(*snapshots, *trends),
    }
    read = (posts, *people.values(), sets, accounts, slides, metrics)
    notes = [note for table in read for note in table.notes]
    return Canonical(tables=tables, notes=[*notes, *trend_notes, *not_read(file, _NAMES)])


def _person_keys(table: FileTable) -> ibis.Table:
    return references(table.rows.mutate(person=name_id(_.name)), "id", "name", person="person")


def _people(table: FileTable, key: str) -> ibis.Table:
    joined = or_text(instant(table.rows.joined_on, "UTC").date(), table.rows.joined_on)
    return table.rows.select(
        "source_row",
        "notes",
        name=spelled(_.name),
        joined_on=joined,
        **{key: name_id(_.name)},
        **({"status": _.status} if key == "va_id" or "status" in table.has else {}),
    )


def _named(rows: ibis.Table, column: str, keys: ibis.Table, result: str) -> ibis.Table:
    """`result`: who a column means, by number or by name; a number that nobody has means nobody."""
    found = followed(rows, column, keys)
    by_name = found[column].re_search(r"^\d+$").ifelse(None, name_id(found[column]))
    return found.mutate(**{result: ibis.coalesce(found.person, by_name)}).drop("person")


def _accounts_ready(table: FileTable, vas: ibis.Table, creators: ibis.Table) -> ibis.Table:
    rows = _named(_named(table.rows, "va", vas, "va_id"), "creator", creators, "creator_id")
    platform = ibis.coalesce(rows.platform.lower(), "tiktok")
    # A column account_id may hold the name itself.
    name = ibis.coalesce(rows.name, rows.id.re_search(r"^\d+$").ifelse(None, rows.id))
    return rows.mutate(
        account_id=account_id(platform, name),
        username=bare_name(name),
        last_scraped_at=table.instant("last_scraped_at"),
    )


def _accounts(accounts: ibis.Table) -> ibis.Table:
    about = ("username", "display_name", "va_id", "creator_id", "client", "bio", "is_active", "notes")
    return accounts.select("source_row", "account_id", *about, "last_scraped_at")


def _account_snapshots(accounts: ibis.Table, file: SourceFile) -> ibis.Table:
    counts = ("followers", "following", "total_posts", "total_likes")
    known = ibis.or_(*(accounts[c].notnull() for c in counts))
    captured_at = ibis.coalesce(accounts.last_scraped_at, literal(file.as_of).cast("string"))
    return accounts.filter(known & _.account_id.notnull()).select(
        "source_row", "account_id", *counts, captured_at=captured_at
    )


def _sets_ready(table: FileTable, creators: ibis.Table) -> ibis.Table:
    rows = _named(table.rows, "creator", creators, "creator_id")
    created = or_text(instant(rows.created_on, "UTC").date(), rows.created_on)
    return rows.mutate(set_id=name_id(ibis.coalesce(rows["set"], rows.set_code, rows.id)), created_on=created)


def _posts_ready(
    table: FileTable, accounts: ibis.Table, sets: ibis.Table, vas: ibis.Table, creators: ibis.Table
) -> ibis.Table:
    """Posts with what their numbers of accounts, sets and people stand for."""
    rows = _named(_named(table.rows, "va", vas, "va_id"), "creator", creators, "creator_id")
    rows = followed(rows, "account", references(accounts, "id", "name", owner_id="account_id"))
    rows = followed(rows, "set", references(sets, "set", "id", "set_code", set_id="set_id"))
    platform = ibis.coalesce(platform_of(rows.url), rows.platform.lower(), "tiktok")
    # A short number is the file's own, not the platform's.
    own_id = rows.post_key.re_search(r"^\d{1,9}$").ifelse(None, rows.post_key)
    external = ibis.coalesce(external_id_of(rows.url, platform), _unless_url(own_id))
    external = ((platform == "tiktok") & ~external.re_search(r"^\d+$")).ifelse(None, external)
    named = rows.account.re_search(r"^\d+$").ifelse(None, rows.account)
    by_name = account_id(platform, ibis.coalesce(named, username_of(rows.url, platform)))
    written = ibis.coalesce(rows.posted_date + " " + rows.posted_time, rows.posted_date, rows.created_at)
    return rows.mutate(
        platform=platform,
        post_id=post_id(platform, external),
        account_id=ibis.coalesce(rows.owner_id, by_name),
        set_id=ibis.coalesce(rows.set_id, name_id(rows["set"])),
        posted_at=or_text(instant(written, table.zone), written),
        posted_at_precision=precision(written),
        last_scraped_at=table.instant("last_scraped_at"),
        first_scraped_at=table.instant("first_scraped_at"),
        logged_at=table.instant("logged_at"),
        sound_id=name_id(rows.sound),
        sound_key=spelled(rows.sound),
    )


def _unless_url(text: ir.StringValue) -> ir.StringValue:
    return text.contains("/").ifelse(None, text)


def _posts(posts: ibis.Table) -> ibis.Table:
    about = ("post_id", "url", "va_url", "account_id", "va_id", "creator_id", "set_id", "sound_id", "caption")
    when = ("posted_at", "posted_at_precision", "logged_at", "first_scraped_at", "last_scraped_at")
    stated = posts.post_type.lower().cases(
        *dict.fromkeys(_PICTURES, "slideshow").items(), else_=posts.post_type.lower()
    )
    return posts.select(
        "source_row",
        *about,
        *when,
        "slide_count",
        "ocr_text",
        "scrape_status",
        "scrape_count",
        "source",
        post_type=ibis.coalesce(stated, post_type_of(_.url, _.platform, posts.slide_count.try_cast("int64"))),
        hashtags=tags(posts.hashtags),
        followers_at_post=_.followers,
    )


def _slides(table: FileTable, keys: ibis.Table) -> ibis.Table:
    return followed(table.rows, "post", keys).select(
        "source_row", "post_id", "slide_index", "slide_url", "ocr_text", "width", "height"
    )


def _own_counts(posts: ibis.Table, file: SourceFile) -> ibis.Table:
    """Counts beside the posts themselves, when the post was last looked at."""
    known = ibis.or_(*(posts[c].notnull() for c in _COUNTS))
    return posts.filter(known).select(
        "source_row",
        "post_id",
        *_COUNTS,
        captured_at=ibis.coalesce(posts.last_scraped_at, literal(file.as_of).cast("string")),
        method=posts.last_scraped_at.notnull().ifelse("scraped", "lifetime"),
    )


def _metrics(table: FileTable, keys: ibis.Table, file: SourceFile) -> ibis.Table:
    rows = followed(table.rows.mutate(captured_at=table.instant("captured")), "post", keys)
    looked_at = ibis.coalesce(rows.captured_at, rows.looked_at)
    known = ibis.or_(*(rows[c].notnull() for c in _COUNTS))
    return rows.filter(known).select(
        "source_row",
        "post_id",
        *_COUNTS,
        captured_at=ibis.coalesce(looked_at, literal(file.as_of).cast("string")),
        method=looked_at.notnull().ifelse("scraped", "lifetime"),
    )


SOURCE = Source(
    name="analytics",
    title="tiktok_analytics.db (SQLite: posts, slides, accounts, vas, creators, sets, post_metrics, ...)",
    kinds=("sqlite",),
    fits=_fits,
    read=_read,
)
