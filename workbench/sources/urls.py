"""What the address of a post tells: platform, the post's id there, and often whose it is.

Short links (vm.tiktok.com, youtu.be is none) carry no id; they give NULL, and the loader sets such a
row aside with its address.
"""

from __future__ import annotations

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

_DOMAINS: dict[str, str] = {
    "tiktok.com": "tiktok",
    "youtube.com": "youtube",
    "youtube-nocookie.com": "youtube",
    "youtu.be": "youtube",
    "instagram.com": "instagram",
    "facebook.com": "facebook",
    "fb.watch": "facebook",
    "twitter.com": "twitter",
    "x.com": "twitter",
    "threads.net": "threads",
    "threads.com": "threads",
    "pinterest.com": "pinterest",
    "snapchat.com": "snapchat",
    "linkedin.com": "linkedin",
    "reddit.com": "reddit",
    "redd.it": "reddit",
    "lemon8-app.com": "lemon8",
    "twitch.tv": "twitch",
}

_ALTERNATIVES = "|".join(domain.replace(".", r"\.") for domain in _DOMAINS)
_DOMAIN = rf"(?i)^\s*(?:https?://)?(?:[a-z0-9-]+\.)*?({_ALTERNATIVES})(?::\d+)?(?:[/?#]|$)"

_USUAL = r"^https://www\.tiktok\.com/@[^/?#]+/(?:video|photo)/\d+(?:\?|$)"

_END = r"(?:[/?#&\s]|$)"
"""What may follow an id: one that breaks off at a dot or an unseen character is not whole."""

_POST_IDS: dict[str, str] = {
    "tiktok": rf"/(?:video|photo|v|embed|embed/v2|player/v1)/(\d+)(?:\.html)?{_END}",
    "youtube": r"(?:[?&]v=|/shorts/|/embed/|/live/|/v/|youtu\.be/)([A-Za-z0-9_-]{11})(?:[^A-Za-z0-9_-]|$)",
    "instagram": rf"/(?:p|reel|reels|tv)/([A-Za-z0-9_-]+){_END}",
    "facebook": r"(?:/(?:videos|reel|posts|permalink)/(?:[^/?#]+/)?|[?&](?:v|\w*fbid)=)(\d+|pfbid\w+)" + _END,
    "twitter": rf"/status(?:es)?/(\d+){_END}",
    "threads": rf"/(?:post|t)/([A-Za-z0-9_-]+){_END}",
    "pinterest": rf"/pin/(\d+){_END}",
    "snapchat": rf"/spotlight/([A-Za-z0-9_-]+){_END}",
    "linkedin": r"(?:activity|share|ugcPost)[:-](\d+)(?:[-/?#&\s]|$)",
    "reddit": rf"(?:/comments/|redd\.it/)([a-z0-9]+){_END}",
    "lemon8": rf"/(\d{{6,}}){_END}",
    "twitch": rf"/(?:videos|clip)/([A-Za-z0-9_-]+){_END}",
}

_USERNAMES: dict[str, str] = {
    "tiktok": r"/@([^/?#\s]+)",
    "youtube": r"/@([^/?#\s]+)",
    "threads": r"/@([^/?#\s]+)",
    "lemon8": r"/@([^/?#\s]+)",
    "snapchat": r"/@([^/?#\s]+)",
    "twitter": r"\.com/([A-Za-z0-9_]+)/status",
    "instagram": r"\.com/([A-Za-z0-9_.]+)/(?:p|reel|reels|tv)/",
    "facebook": r"\.com/([A-Za-z0-9_.-]+)/(?:videos|posts)/",
}


@ibis.udf.scalar.builtin(name="split_part", signature=((dt.string, dt.string, dt.int64), dt.string))
def _part(text, separator, place):  # type: ignore[no-untyped-def]
    """What stands at a place, from 1, between separators."""


def extracted(text: ir.StringValue, pattern: str) -> ir.StringValue:
    """The first group of a pattern, NULL where it doesn't occur."""
    return text.re_extract(pattern, 1).nullif("")


def platform_of(url: ir.StringValue) -> ir.StringValue:
    """The platform that an address belongs to; NULL for any other host."""
    domain = extracted(url, _DOMAIN).lower()
    # Most addresses begin like this, and the pattern costs ten times as much.
    return ibis.ifelse(url.startswith("https://www.tiktok.com/"), "tiktok", domain.cases(*_DOMAINS.items()))


def external_id_of(url: ir.StringValue, platform: ir.StringValue) -> ir.StringValue:
    """The platform's own id of the post at an address; NULL where the address doesn't hold it."""
    return ibis.cases(
        # The usual form first, without a group to fill: half the time for half a million of them.
        (url.re_search(_USUAL), _part(_part(url, "?", 1), "/", 6)),
        *((platform == name, extracted(url, pattern)) for name, pattern in _POST_IDS.items()),
    )


def username_of(url: ir.StringValue, platform: ir.StringValue) -> ir.StringValue:
    """The account's name in an address, as spelled there; NULL where the address doesn't hold it."""
    return ibis.cases(*((platform == name, extracted(url, pattern)) for name, pattern in _USERNAMES.items()))


def post_id(platform: ir.StringValue | str, external_id: ir.StringValue) -> ir.StringValue:
    """`platform:external id`; NULL where either is unknown."""
    return platform + ":" + external_id


def account_id(platform: ir.StringValue | str, username: ir.StringValue) -> ir.StringValue:
    """`platform:name` in lower case, without the @; NULL where either is unknown."""
    return platform + ":" + bare_name(username).lower()


def bare_name(username: ir.StringValue) -> ir.StringValue:
    """A name without blanks around it or an @ before it; NULL where nothing is left."""
    return username.re_replace(r"^[\s@]+|\s+$", "").nullif("")


def tiktok_minted_at(external_id: ir.StringValue) -> ir.TimestampValue:
    """The second at which TikTok made a post's id: its upper 32 bits are Unix time.

    NULL for what is no such id. Minutes before publication for drafts; UTC.
    """
    number = external_id.try_cast("int64")
    return (number >> 32).nullif(0).as_timestamp("s").cast("timestamp(6)")


def post_type_of(
    url: ir.StringValue, platform: ir.StringValue, slide_count: ir.IntegerValue | None = None
) -> ir.StringValue:
    """slideshow, video, short, reel or tweet; NULL where the address doesn't tell.

    A TikTok slideshow's address may say /video/, so that is a video only where the number of slides
    is known to be 0.
    """
    is_tiktok = platform == "tiktok"
    of_slides = (
        []
        if slide_count is None
        else [(slide_count > 0, "slideshow"), (is_tiktok & (slide_count == 0), "video")]
    )
    return ibis.cases(
        *of_slides,
        (is_tiktok & url.contains("/photo/"), "slideshow"),
        ((platform == "youtube") & url.contains("/shorts/"), "short"),
        (platform == "youtube", "video"),
        ((platform == "instagram") & url.re_search(r"/reels?/"), "reel"),
        (platform == "twitter", "tweet"),
    )


def sound_external_id_of(url: ir.StringValue) -> ir.StringValue:
    """TikTok's id of a sound in its address (/music/Some-Song-7123456789012345678)."""
    return extracted(url, r"/music/(?:[^/?#]*-)?(\d{6,})")
