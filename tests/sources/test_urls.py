"""What addresses tell."""

from __future__ import annotations

from datetime import datetime

import ibis
import pytest

from workbench.sources import urls
from workbench.sources.memory import in_memory


def told(url: str | None) -> tuple[str | None, ...]:
    """Post id, username and post type of an address."""
    con = in_memory()
    con.con.execute("create table seen as select ?::varchar as url", [url])
    rows = con.table("seen")
    platform = urls.platform_of(rows.url)
    table = rows.select(
        post=urls.post_id(platform, urls.external_id_of(rows.url, platform)),
        name=urls.username_of(rows.url, platform),
        kind=urls.post_type_of(rows.url, platform),
    )
    found = con.con.execute(con.compile(table)).fetchall()[0]
    con.disconnect()
    return tuple(found)


@pytest.mark.parametrize(
    ("url", "post", "name", "kind"),
    [
        (
            "https://www.tiktok.com/@Ab.c/video/7618958318589021462?is=1",
            "tiktok:7618958318589021462",
            "Ab.c",
            None,
        ),
        ("tiktok.com/@a/photo/7618958318589021462", "tiktok:7618958318589021462", "a", "slideshow"),
        ("http://m.tiktok.com/v/7618958318589021462.html", "tiktok:7618958318589021462", None, None),
        ("https://www.youtube.com/watch?a=1&v=dQw4w9WgXcQ&t=3", "youtube:dQw4w9WgXcQ", None, "video"),
        ("https://youtube.com/shorts/dQw4w9WgXcQ", "youtube:dQw4w9WgXcQ", None, "short"),
        ("https://youtu.be/dQw4w9WgXcQ?t=3", "youtube:dQw4w9WgXcQ", None, "video"),
        ("https://www.instagram.com/some.one/reel/Cab_-1/", "instagram:Cab_-1", "some.one", "reel"),
        ("https://instagram.com/p/Cab_-1", "instagram:Cab_-1", None, None),
        ("https://x.com/Jack/status/20", "twitter:20", "Jack", "tweet"),
        ("https://twitter.com/jack/status/20/photo/1", "twitter:20", "jack", "tweet"),
        ("https://www.facebook.com/page/videos/123456/", "facebook:123456", "page", None),
        ("https://www.facebook.com/watch/?v=123456", "facebook:123456", None, None),
        ("https://www.threads.net/@who/post/Cab-1", "threads:Cab-1", "who", None),
        ("https://www.pinterest.com/pin/99/", "pinterest:99", None, None),
        ("https://www.reddit.com/r/x/comments/1abc/title/", "reddit:1abc", None, None),
    ],
)
def test_each_platforms_addresses_give_the_post(url, post, name, kind):
    assert told(url) == (post, name, kind)


@pytest.mark.parametrize(
    "url",
    [
        "https://vm.tiktok.com/ZMabc/",
        "https://evil.example/tiktok.com/video/12",
        "https://nottiktok.com/@a/video/12",
        "https://www.youtube.com/watch?v=short",
        "not an address",
        "",
        None,
    ],
)
def test_an_address_without_an_id_gives_no_post(url):
    assert told(url)[0] is None


def scalar(value: ibis.Value) -> object:
    con = in_memory()
    found = con.con.execute(con.compile(value.name("found").as_table())).fetchall()[0][0]
    con.disconnect()
    return found


def test_an_account_is_its_name_in_lower_case_without_the_at():
    assert scalar(urls.account_id(ibis.literal("tiktok"), ibis.literal(" @Some.One "))) == "tiktok:some.one"
    assert scalar(urls.account_id(ibis.literal("tiktok"), ibis.literal(" @ "))) is None


def test_a_tiktok_id_tells_the_second_it_was_minted():
    assert scalar(urls.tiktok_minted_at(ibis.literal("7618958318589021462"))) == datetime(
        2026, 3, 19, 13, 29, 29
    )
    assert scalar(urls.tiktok_minted_at(ibis.literal("abc"))) is None


def test_a_slideshow_is_known_by_its_slides_though_its_address_says_video():
    url = ibis.literal("https://www.tiktok.com/@a/video/7618958318589021462")
    kinds = [
        scalar(urls.post_type_of(url, ibis.literal("tiktok"), count))
        for count in (ibis.literal(3), ibis.literal(0), None)
    ]
    assert kinds == ["slideshow", "video", None]


def test_a_sounds_address_tells_its_id():
    url = ibis.literal("https://www.tiktok.com/music/Some-Song-7123456789012345678?lang=en")
    assert scalar(urls.sound_external_id_of(url)) == "7123456789012345678"
