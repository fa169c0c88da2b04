"""The analytics database: whatever its columns are called, and numbers followed to names."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

from workbench.errors import UsageError
from workbench.sources.analytics_db import SOURCE
from workbench.sources.sniff import open_file

POST = "7234567890123456789"
URL = f"https://www.tiktok.com/@anna/photo/{POST}"
BY_NUMBER = f"""
CREATE TABLE posts (id INTEGER PRIMARY KEY, post_url, created_date, creator_id INT, set_id INT,
    va_id INT, account_id INT, platform,
    post_type, hashtags, sound, slide_count INT, ocr_text);
INSERT INTO posts VALUES (1, '{URL}', '2026-01-01 10:00:00', 1, 1, 2, 1, 'TikTok', 'photo', '#b #A',
    'Song - X', 2, 'text');
CREATE TABLE slides (id INTEGER PRIMARY KEY, post_id INT, slide_number INT, image_url, ocr_text);
INSERT INTO slides VALUES (1, 1, 1, 'https://x/1.jpg', 'hello');
CREATE TABLE accounts (id INTEGER PRIMARY KEY, username, platform, va_id INT, followers INT, last_scraped_at);
INSERT INTO accounts VALUES (1, 'Anna', 'tiktok', 2, 55, '2026-01-05 00:00:00');
CREATE TABLE vas (id INTEGER PRIMARY KEY, name); INSERT INTO vas VALUES (1, 'Maria'), (2, 'Ana  Lou');
CREATE TABLE creators (id INTEGER PRIMARY KEY, name); INSERT INTO creators VALUES (1, 'North');
CREATE TABLE sets (id INTEGER PRIMARY KEY, set_code, creator_id INT, created_at);
INSERT INTO sets VALUES (1, 'S-001', 1, '2025-12-01 10:00:00');
CREATE TABLE post_metrics (id INTEGER PRIMARY KEY, post_id INT, views INT, likes INT, recorded_at);
INSERT INTO post_metrics VALUES (1, 1, 100, 5, '2026-01-02 10:00:00'), (2, 1, 200, 6, '2026-01-03 10:00:00');
CREATE TABLE metadata (key, value); INSERT INTO metadata VALUES ('exported', 'x');
"""
BY_NAME = f"""
CREATE TABLE Posts (post_id, "Post URL", posted_at, account, va, creator, set_code, type, tags, music,
    views INT, last_scraped_at);
INSERT INTO Posts VALUES ('{POST}', '{URL}', '2026-01-01 10:00:00', 'Anna', 'Ana  Lou', 'North',
    'S-001', NULL, 'b,a', 'Song - X', 200,
    '2026-01-03 10:00:00');
CREATE TABLE vas (va_name); INSERT INTO vas VALUES ('Ana Lou');
CREATE TABLE sets (set_id, creator); INSERT INTO sets VALUES ('S-001', 'North');
CREATE TABLE slides (post_url, position INT, url); INSERT INTO slides VALUES ('{URL}', 1, 'https://x/1.jpg');
"""


@pytest.fixture
def analytics(tmp_path, read):
    def made(script: str, **options):
        path = tmp_path / "analytics.db"
        with contextlib.closing(sqlite3.connect(path)) as lite:
            lite.executescript("BEGIN;" + script + "COMMIT;")
        assert SOURCE.fits(open_file(path)) > 0
        return read(SOURCE, path, **options)

    return made


@pytest.mark.parametrize("script", [BY_NUMBER, BY_NAME], ids=["by number", "by name"])
def test_a_post_has_its_account_people_and_set_by_number_or_by_name(analytics, rows, script):
    canonical = analytics(script)
    columns = (
        "post_id",
        "account_id",
        "va_id",
        "creator_id",
        "set_id",
        "sound_id",
        "posted_at",
        "post_type",
        "hashtags",
    )
    assert rows(canonical, "posts", *columns) == [
        {
            "post_id": f"tiktok:{POST}",
            "account_id": "tiktok:anna",
            "va_id": "ana lou",
            "creator_id": "north",
            "set_id": "s-001",
            "sound_id": "song - x",
            "posted_at": "2026-01-01 10:00:00",
            "post_type": "slideshow",
            "hashtags": ["a", "b"],
        }
    ]
    assert rows(canonical, "slides", "post_id", "slide_index", "slide_url") == [
        {"post_id": f"tiktok:{POST}", "slide_index": "1", "slide_url": "https://x/1.jpg"}
    ]
    assert {"name": "Ana Lou", "va_id": "ana lou"} in rows(canonical, "vas", "va_id", "name")
    assert rows(canonical, "sets", "set_id", "creator_id") == [{"set_id": "s-001", "creator_id": "north"}]
    assert rows(canonical, "sounds", "sound_key") == [{"sound_key": "Song - X"}]
    assert rows(canonical, "post_snapshots", "views", "captured_at", "method")[-1] == {
        "views": "200",
        "captured_at": "2026-01-03 10:00:00",
        "method": "scraped",
    }


def test_metrics_are_snapshots(analytics, rows):
    assert rows(analytics(BY_NUMBER), "post_snapshots", "post_id", "captured_at", "views", "likes") == [
        {"post_id": f"tiktok:{POST}", "captured_at": "2026-01-02 10:00:00", "views": "100", "likes": "5"},
        {"post_id": f"tiktok:{POST}", "captured_at": "2026-01-03 10:00:00", "views": "200", "likes": "6"},
    ]


def test_an_account_has_its_va_and_a_snapshot(analytics, rows):
    canonical = analytics(BY_NUMBER)
    assert rows(canonical, "accounts", "account_id", "username", "va_id") == [
        {"account_id": "tiktok:anna", "username": "Anna", "va_id": "ana lou"}
    ]
    assert rows(canonical, "account_snapshots", "followers", "captured_at") == [
        {"followers": "55", "captured_at": "2026-01-05 00:00:00"}
    ]


def test_a_number_that_nobody_has_means_nobody(analytics, rows):
    canonical = analytics(
        BY_NUMBER + "UPDATE posts SET va_id = 9, creator_id = 9, account_id = 9,"
        " post_url = replace(post_url, '@anna', '@Zed');"
    )
    assert rows(canonical, "posts", "account_id", "va_id", "creator_id") == [{"account_id": "tiktok:zed"}]


def test_a_slide_of_a_post_that_is_not_there_is_left_for_the_loader_to_refuse(analytics, rows):
    canonical = analytics(BY_NUMBER + "UPDATE slides SET post_id = 77;")
    assert rows(canonical, "slides", "post_id", "slide_url") == [{"slide_url": "https://x/1.jpg"}]


def test_every_table_and_column_that_is_not_understood_is_told(analytics):
    notes = analytics(
        BY_NUMBER + "ALTER TABLE posts ADD COLUMN mood; ALTER TABLE vas ADD COLUMN shoe_size;"
    ).notes
    assert "Table posts: Not understood and left out: mood." in notes
    assert "Table vas: Not understood and left out: shoe_size." in notes
    assert "Tables not understood and left out: metadata (1 rows)." in notes


def test_a_database_without_posts_is_refused_under_this_name(tmp_path, read):
    path = tmp_path / "other.db"
    with contextlib.closing(sqlite3.connect(path)) as lite:
        lite.executescript("CREATE TABLE t (a); INSERT INTO t VALUES (1);")
    assert SOURCE.fits(open_file(path)) == 0
    with pytest.raises(UsageError, match=r"it lacks the table posts\. It has: t"):
        read(SOURCE, path)
