"""TikTok items: ids to the last digit, lists in order, a slideshow by any of its signs."""

from __future__ import annotations

import json

import pytest

from workbench.sources.apify import SOURCE as APIFY
from workbench.sources.tiktok_scraper import SOURCE

ITEM = {
    "id": "6907000000000000097",
    "text": "Hello #FYP",
    "createTime": 1608214517,
    "webVideoUrl": "https://www.tiktok.com/@NinaTest/video/6907000000000000097",
    "authorMeta": {"id": "6800000000000000001", "name": "NinaTest", "nickName": "Nina", "verified": False},
    "musicMeta": {"musicId": "6790000000000000057", "musicName": "Tune", "musicAuthor": "The  Band"},
    "videoMeta": {"duration": 15},
    "playCount": 44800,
    "diggCount": 3710,
    "commentCount": 68,
    "shareCount": 50,
    "hashtags": [{"name": "Viral"}, {"name": "fyp"}],
    "mentions": ["@Someone"],
}


@pytest.fixture
def items(tmp_path, read):
    def made(*changes: dict):
        path = tmp_path / "items.json"
        path.write_text(json.dumps([ITEM | change for change in changes]))
        return read(APIFY if "createTimeISO" in changes[0] else SOURCE, path)

    return made


def test_an_item_is_a_post_with_its_account_sound_and_counts(items, rows):
    canonical = items({})
    assert rows(canonical, "posts") == [
        {
            "source_row": 1,
            "post_id": "tiktok:6907000000000000097",
            "external_id": "6907000000000000097",
            "url": ITEM["webVideoUrl"],
            "account_id": "tiktok:ninatest",
            "sound_id": "tiktok:6790000000000000057",
            "caption": "Hello #FYP",
            "post_type": "video",
            "posted_at": "2020-12-17 14:15:17",
            "duration_seconds": "15",
            "hashtags": ["fyp", "viral"],
            "mentions": ["someone"],
        }
    ]
    assert rows(canonical, "accounts") == [
        {
            "source_row": 1,
            "account_id": "tiktok:ninatest",
            "username": "NinaTest",
            "external_id": "6800000000000000001",
            "display_name": "Nina",
            "is_verified": "false",
        }
    ]
    assert rows(canonical, "sounds", "sound_id", "sound_key", "external_id") == [
        {
            "sound_id": "tiktok:6790000000000000057",
            "sound_key": "Tune - The Band",
            "external_id": "6790000000000000057",
        }
    ]
    counts = ("views", "likes", "comments", "shares", "saves", "method")
    assert rows(canonical, "post_snapshots", *counts) == [
        {"views": "44800", "likes": "3710", "comments": "68", "shares": "50", "method": "lifetime"}
    ]
    assert rows(canonical, "account_snapshots") == rows(canonical, "slides") == []


def test_an_id_that_is_a_number_keeps_every_digit(items, rows):
    assert rows(items({"id": 6907000000000000097}), "posts", "post_id") == [
        {"post_id": "tiktok:6907000000000000097"}
    ]


def test_an_item_without_an_id_takes_that_of_its_address_and_one_that_differs_is_none(items, rows):
    canonical = items({"id": None}, {"id": None, "webVideoUrl": "https://vm.tiktok.com/ab"}, {"id": "err-1"})
    assert rows(canonical, "posts", "post_id") == [
        {"post_id": "tiktok:6907000000000000097"},
        {},
        {"post_id": "id err-1, where its address says 6907000000000000097"},
    ]


def test_pictures_make_a_slideshow_and_are_numbered_from_1(items, rows):
    links = [{"tiktokLink": "https://a/1.jpg"}, {"tiktokLink": "https://a/2.jpg"}]
    canonical = items(
        {
            "createTimeISO": "2025-08-06T12:28:22.000Z",
            "isSlideshow": True,
            "slideshowImageLinks": links,
            "videoMeta": {"duration": 0},
        }
    )
    assert rows(canonical, "posts", "post_type", "slide_count", "duration_seconds", "posted_at") == [
        {"post_type": "slideshow", "slide_count": 2, "posted_at": "2025-08-06 12:28:22"}
    ]
    assert rows(canonical, "slides", "slide_index", "slide_url") == [
        {"slide_index": 1, "slide_url": "https://a/1.jpg"},
        {"slide_index": 2, "slide_url": "https://a/2.jpg"},
    ]


def test_a_sound_without_an_id_is_known_by_its_name(items, rows):
    canonical = items({"musicMeta": {"musicId": "0", "musicName": "original sound -  Nina"}})
    assert rows(canonical, "sounds", "sound_id", "sound_key", "external_id") == [
        {"sound_id": "original sound - nina", "sound_key": "original sound - Nina"}
    ]


def test_figures_of_the_author_are_a_snapshot_of_the_account(items, rows):
    author = ITEM["authorMeta"] | {"fans": 2_200_000, "following": 0, "heart": 126_000_000, "video": 1036}
    (snapshot,) = rows(items({"authorMeta": author}), "account_snapshots")
    assert (snapshot["followers"], snapshot["following"]) == ("2200000", "0")
    assert (snapshot["total_likes"], snapshot["total_posts"]) == ("126000000", "1036")
    assert str(snapshot["captured_at"]) == "2026-01-31 12:00:00"


def test_a_count_that_is_none_stays_as_written_for_the_loader_to_refuse(items, rows):
    assert rows(items({"playCount": "many"}), "post_snapshots", "views") == [{"views": "many"}]
    assert rows(items({"createTime": "yesterday"}), "posts", "posted_at") == [{"posted_at": "yesterday"}]
