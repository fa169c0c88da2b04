"""The master list with scrape status, daily views and slides."""

from __future__ import annotations

from datetime import datetime

import pytest

from workbench.sources import master, snaptik
from workbench.sources.sniff import open_file

URL = "https://www.tiktok.com/@nice.cat/photo/7618958318589021462"
AS_OF = datetime(2026, 1, 31, 12)
PLAIN = {"post_url": URL, "created_date": "2025-03-01 10:00", "account": "nice.cat", "scrape_status": "ok"}


@pytest.fixture
def snaptik_of(write, read):
    def made(*rows, **options):
        columns = list(dict.fromkeys(c for row in rows for c in {**PLAIN, **row}))
        lines = [",".join({**PLAIN, **row}.get(c, "") for c in columns) for row in rows]
        return read(snaptik.SOURCE, write("\n".join([",".join(columns), *lines, ""])), **options)

    return made


def test_lifetime_counts_are_a_snapshot_at_the_last_scrape(snaptik_of, rows_of):
    made = snaptik_of({"views": "10", "last_scraped_at": "2025-03-20 08:00:00"}, {"views": "20"})
    assert rows_of(made.tables["post_snapshots"], "captured_at", "views", "method") == [
        {"captured_at": "2025-03-20 08:00:00", "views": "10", "method": "scraped"},
        {"captured_at": "2026-01-31 12:00:00", "views": "20", "method": "lifetime"},
    ]


def test_days_are_snapshots_at_multiples_of_24_hours(snaptik_of, rows_of):
    made = snaptik_of({"day1_views": "5", "day2_views": "", "day5_views": "9", "day5_likes": "2"})
    assert rows_of(made.tables["post_snapshots"], "captured_at", "views", "likes", "method") == [
        {"captured_at": "2025-03-02 10:00:00", "views": "5", "likes": None, "method": "day_n column"},
        {"captured_at": "2025-03-06 10:00:00", "views": "9", "likes": "2", "method": "day_n column"},
    ]


def test_a_post_names_its_set_creator_and_va(snaptik_of, rows_of):
    made = snaptik_of(
        {"set_id": "S 1", "set_code": "AB-1", "creator": "Studio X", "va": "Anna B", "platform": "TikTok"}
    )
    assert rows_of(made.tables["posts"], "post_id", "set_id", "creator_id", "va_id") == [
        {
            "post_id": "tiktok:7618958318589021462",
            "set_id": "s 1",
            "creator_id": "studio x",
            "va_id": "anna b",
        }
    ]
    assert rows_of(made.tables["sets"], "set_id", "set_code", "creator_id") == [
        {"set_id": "s 1", "set_code": "AB-1", "creator_id": "studio x"}
    ]
    assert rows_of(made.tables["creators"], "creator_id", "name") == [
        {"creator_id": "studio x", "name": "Studio X"}
    ]


def test_followers_are_a_snapshot_of_the_account_once_an_instant(snaptik_of, rows_of):
    row = {"followers": "100", "last_scraped_at": "2025-03-20 08:00:00"}
    made = snaptik_of(row, row, {"followers": "120"})
    assert rows_of(made.tables["account_snapshots"], "account_id", "captured_at", "followers") == [
        {"account_id": "tiktok:nice.cat", "captured_at": datetime(2025, 3, 20, 8), "followers": "100"},
        {"account_id": "tiktok:nice.cat", "captured_at": AS_OF, "followers": "120"},
    ]


def test_as_many_slides_as_there_are_columns_keep_their_places(snaptik_of, rows_of):
    made = snaptik_of({"slide_1": "https://x/1", "slide_2": "", "slide_14": "https://x/14"})
    assert rows_of(made.tables["slides"], "slide_index", "slide_url") == [
        {"slide_index": 1, "slide_url": "https://x/1"},
        {"slide_index": 14, "slide_url": "https://x/14"},
    ]


def test_scrape_fields_are_kept_and_the_interval_is_in_hours(snaptik_of, rows_of):
    made = snaptik_of({"scrape_interval": "24h", "scrape_count": "3", "logged_at": "2025-03-01 09:00"})
    assert rows_of(
        made.tables["posts"], "scrape_status", "scrape_interval_hours", "scrape_count", "logged_at", "seen_at"
    ) == [
        {
            "scrape_status": "ok",
            "scrape_interval_hours": "24",
            "scrape_count": "3",
            "logged_at": datetime(2025, 3, 1, 9),
            "seen_at": AS_OF,
        }
    ]


def test_a_sound_is_known_by_its_address_where_there_is_one(snaptik_of, rows_of):
    url = "https://www.tiktok.com/music/Some-Song-7123456789012345678"
    made = snaptik_of({"sound": "Some Song - Band", "sound_url": url}, {"sound": "Other"})
    assert rows_of(made.tables["sounds"], "sound_id", "sound_key", "external_id", "url") == [
        {
            "sound_id": "tiktok:7123456789012345678",
            "sound_key": "Some Song - Band",
            "external_id": "7123456789012345678",
            "url": url,
        },
        {"sound_id": "other", "sound_key": "Other", "external_id": None, "url": None},
    ]


def test_the_platform_column_is_used_where_the_address_tells_none(snaptik_of, rows_of):
    made = snaptik_of({"platform": "Instagram", "post_url": "https://example.org/x"})
    assert rows_of(made.tables["posts"], "post_id", "account_id") == [
        {"post_id": None, "account_id": "instagram:nice.cat"}
    ]


def test_an_instant_that_can_not_be_read_stays_as_written(snaptik_of, rows_of):
    made = snaptik_of({"views": "10", "last_scraped_at": "yesterday"})
    assert rows_of(made.tables["posts"], "last_scraped_at") == [{"last_scraped_at": "yesterday"}]
    assert rows_of(made.tables["post_snapshots"], "captured_at") == [{"captured_at": "yesterday"}]


def test_what_is_computed_and_what_is_not_understood_is_named(snaptik_of):
    made = snaptik_of({"engagement": "3", "mood": "x"})
    assert made.notes == [
        "Not understood and left out: mood.",
        "Computed here, not taken from the file: engagement.",
    ]


def test_it_fits_better_than_the_plain_master_list(write):
    file = open_file(write("post_url,created_date,account,scrape_status,views\na,b,c,d,1\n"))
    assert snaptik.SOURCE.fits(file) > master.SOURCE.fits(file) > 0
