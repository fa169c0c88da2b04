"""The tracker's file: numbers of accounts, sounds and sessions are followed to what they stand for."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

from workbench.errors import UsageError
from workbench.sources.tracker_db import SOURCE

ANNA, BOB = "7234567890123456789", "7234567890123456790"
SCHEMA = """
CREATE TABLE accounts (id INTEGER PRIMARY KEY, username, display_name, followers INT, following INT,
    total_videos INT,
    total_likes INT, bio, is_active BOOLEAN, is_target_account BOOLEAN, last_scraped_at TIMESTAMP,
        scrape_count INT, notes);
CREATE TABLE sounds (id INTEGER PRIMARY KEY, sound_key, song_title, artist_name, is_exclusive BOOLEAN);
CREATE TABLE videos (id INTEGER PRIMARY KEY, video_id, account_id INT, tiktok_url,
    upload_date TIMESTAMP, views INT, likes INT,
    comments INT, shares INT, engagement_rate REAL, caption, hashtags, sound_id INT, duration INT,
        is_deleted BOOLEAN);
CREATE TABLE scrape_sessions (id INTEGER PRIMARY KEY, session_id, start_time, end_time, status,
    total_accounts INT,
    successful_scrapes INT, failed_scrapes INT, total_videos_scraped INT, total_new_videos INT,
        total_updated_videos INT,
    error_log, configuration, created_at);
CREATE TABLE scrape_logs (id INTEGER PRIMARY KEY, session_id, account_id INT, timestamp, status,
    videos_found INT, new_videos INT,
    updated_videos INT, error_message, execution_time_seconds REAL);
CREATE TABLE video_history (id INTEGER PRIMARY KEY, video_id, session_id, views INT, likes INT,
    comments INT, shares INT,
    engagement_rate REAL, scraped_at);
CREATE TABLE exclusive_songs (sound_key, song_title, artist_name, added_at, added_by, reason);
INSERT INTO accounts VALUES (1, 'Anna.B', 'Anna', 100, 5, 10, 1000, 'hi', 1, 1, '2026-01-03 10:00:00',
    3, NULL);
INSERT INTO accounts (id, username) VALUES (2, 'bob');
INSERT INTO sounds VALUES (1, 'Song  One - Artist', 'Song One', 'Artist', 0);
"""
VIDEO = f"""
INSERT INTO videos VALUES (1, '{ANNA}', 1, 'https://www.tiktok.com/@anna.b/video/{ANNA}',
    '2026-01-01 09:30:00', 1000, 10, 1, 2,
    1.3, 'c', 'fyp, #Dance', 1, 15, 0);
"""


@pytest.fixture
def tracked(tmp_path, read):
    def made(script: str, **how):
        path = tmp_path / "tracker.db"
        with contextlib.closing(sqlite3.connect(path)) as lite:
            lite.executescript("BEGIN;" + SCHEMA + script + "COMMIT;")
        return read(SOURCE, path, **how)

    return made


def test_a_video_is_a_post_of_the_account_and_sound_behind_its_numbers(tracked, rows):
    canonical = tracked(VIDEO)
    assert rows(canonical, "posts") == [
        {
            "source_row": 1,
            "post_id": f"tiktok:{ANNA}",
            "external_id": ANNA,
            "url": f"https://www.tiktok.com/@anna.b/video/{ANNA}",
            "account_id": "tiktok:anna.b",
            "sound_id": "song one - artist",
            "posted_at": "2026-01-01 09:30:00",
            "posted_at_precision": "second",
            "caption": "c",
            "duration_seconds": "15",
            "hashtags": ["dance", "fyp"],
            "is_deleted": "0",
            "seen_at": "2026-01-03 10:00:00",
        }
    ]
    assert rows(canonical, "sounds", "sound_id", "sound_key", "title", "artist") == [
        {
            "sound_id": "song one - artist",
            "sound_key": "Song One - Artist",
            "title": "Song One",
            "artist": "Artist",
        }
    ]


def test_lifetime_counts_are_a_snapshot_when_the_account_was_last_looked_at(tracked, rows):
    never_looked_at = f"INSERT INTO videos (video_id, account_id, views) VALUES ('{BOB}', 2, 7);"
    canonical = tracked(VIDEO + never_looked_at)
    assert rows(canonical, "post_snapshots", "captured_at", "views", "method") == [
        {"captured_at": "2026-01-03 10:00:00", "views": "1000", "method": "scraped"},
        {"captured_at": "2026-01-31 12:00:00", "views": "7", "method": "lifetime"},
    ]


def test_a_video_without_counts_has_no_snapshot(tracked, rows):
    assert (
        rows(tracked(f"INSERT INTO videos (video_id, account_id) VALUES ('{BOB}', 2);"), "post_snapshots")
        == []
    )


@pytest.mark.parametrize(("video", "session"), [(ANNA, "s-1"), ("1", "7")])
def test_history_is_followed_by_number_or_by_name(tracked, rows, video, session):
    canonical = tracked(
        VIDEO.replace("1000, 10, 1, 2,", "NULL, NULL, NULL, NULL,")
        + "INSERT INTO scrape_sessions (id, session_id) VALUES (7, 's-1');"
        + f"INSERT INTO video_history VALUES (1, '{video}', '{session}',"
        " 900, 9, 1, 0, 1.1, '2026-01-02 10:00:00');"
    )
    assert rows(canonical, "post_snapshots") == [
        {
            "source_row": 1,
            "post_id": f"tiktok:{ANNA}",
            "session_id": "s-1",
            "captured_at": "2026-01-02 10:00:00",
            "views": "900",
            "likes": "9",
            "comments": "1",
            "shares": "0",
            "method": "scraped",
        }
    ]


def test_an_account_brings_its_profile_and_a_snapshot(tracked, rows):
    canonical = tracked(VIDEO)
    assert rows(canonical, "accounts") == [
        {
            "source_row": 1,
            "account_id": "tiktok:anna.b",
            "username": "Anna.B",
            "display_name": "Anna",
            "bio": "hi",
            "is_active": "1",
            "is_target": "1",
            "scrape_count": "3",
            "last_scraped_at": "2026-01-03 10:00:00",
            "seen_at": "2026-01-03 10:00:00",
        },
        {"source_row": 2, "account_id": "tiktok:bob", "username": "bob"},
    ]
    assert rows(canonical, "account_snapshots") == [
        {
            "source_row": 1,
            "account_id": "tiktok:anna.b",
            "captured_at": "2026-01-03 10:00:00",
            "followers": "100",
            "following": "5",
            "total_posts": "10",
            "total_likes": "1000",
        }
    ]


def test_an_account_that_is_gone_is_taken_from_the_videos_address(tracked, rows):
    gone = f"INSERT INTO videos (video_id, account_id, tiktok_url) VALUES ('{BOB}', 99, 'https://www.tiktok.com/@Zed/video/{BOB}');"
    assert rows(tracked(gone), "posts", "account_id") == [{"account_id": "tiktok:zed"}]


def test_a_video_id_that_is_none_is_left_for_the_loader_to_refuse(tracked, rows):
    canonical = tracked(
        "INSERT INTO videos (video_id, account_id, upload_date) VALUES ('7.23456789012346e+18', 1, 'soon');"
    )
    assert rows(canonical, "posts", "post_id", "external_id", "posted_at") == [
        {"external_id": "7.23456789012346e+18", "posted_at": "soon"}
    ]


def test_sessions_logs_and_exclusive_songs_come_along(tracked, rows):
    canonical = tracked(
        VIDEO
        + """
        INSERT INTO scrape_sessions VALUES (1, 's-1', '2026-01-03 09:59:00', '2026-01-03 10:10:00',
            'completed', 2, 1, 1, 20, 2, 18,
            NULL, '{}', '2026-01-03 09:58:00');
        INSERT INTO scrape_logs VALUES (1, 's-1', 2, '2026-01-03 10:01:00', 'failed', 0, 0, 0,
            'timeout', 30.5);
        INSERT INTO exclusive_songs VALUES ('Song One - Artist', 'Song One', 'Artist', '2026-01-01',
            'system', 'ours');
        """
    )
    assert rows(canonical, "scrape_sessions") == [
        {
            "source_row": 1,
            "session_id": "s-1",
            "started_at": "2026-01-03 09:59:00",
            "ended_at": "2026-01-03 10:10:00",
            "status": "completed",
            "total_accounts": "2",
            "successful_scrapes": "1",
            "failed_scrapes": "1",
            "videos_scraped": "20",
            "videos_new": "2",
            "videos_updated": "18",
            "configuration": "{}",
            "created_at": "2026-01-03 09:58:00",
            "seen_at": "2026-01-03 10:10:00",
        }
    ]
    assert rows(canonical, "scrape_logs") == [
        {
            "source_row": 1,
            "session_id": "s-1",
            "account_id": "tiktok:bob",
            "logged_at": "2026-01-03 10:01:00",
            "status": "failed",
            "videos_found": "0",
            "videos_new": "0",
            "videos_updated": "0",
            "error_message": "timeout",
            "execution_seconds": "30.5",
            "seen_at": "2026-01-03 10:01:00",
        }
    ]
    assert rows(canonical, "exclusive_sounds") == [
        {
            "source_row": 1,
            "sound_key": "Song One - Artist",
            "song_title": "Song One",
            "artist_name": "Artist",
            "added_at": "2026-01-01 00:00:00",
            "added_by": "system",
            "reason": "ours",
        }
    ]


def test_naive_times_are_in_the_files_zone(tracked, rows):
    canonical = tracked(VIDEO, time_zone="Asia/Manila")
    assert rows(canonical, "posts", "posted_at") == [{"posted_at": "2026-01-01 01:30:00"}]
    assert rows(canonical, "account_snapshots", "captured_at") == [{"captured_at": "2026-01-03 02:00:00"}]


def test_what_is_not_understood_is_told(tracked):
    notes = tracked(
        VIDEO + "ALTER TABLE sounds ADD COLUMN mood; CREATE TABLE users (a); INSERT INTO users VALUES (1);"
    ).notes
    assert "Table sounds: Not understood and left out: mood." in notes
    assert "Tables not understood and left out: users (1 rows)." in notes


def test_a_tracker_may_lack_all_but_videos_and_accounts(tracked, rows):
    drop = "".join(
        f"DROP TABLE {t};"
        for t in ("sounds", "scrape_sessions", "scrape_logs", "video_history", "exclusive_songs")
    )
    canonical = tracked(VIDEO + drop)
    assert rows(canonical, "posts", "post_id", "sound_id") == [{"post_id": f"tiktok:{ANNA}"}]
    assert rows(canonical, "post_snapshots", "views") == [{"views": "1000"}]
    assert rows(canonical, "scrape_logs") == []


def test_another_database_is_refused_under_this_name(tmp_path, read):
    path = tmp_path / "other.db"
    with contextlib.closing(sqlite3.connect(path)) as lite:
        lite.executescript("CREATE TABLE t (a); INSERT INTO t VALUES (1);")
    with pytest.raises(UsageError, match=r"it lacks the tables accounts, videos\. It has: t"):
        read(SOURCE, path)
