"""The master list of posts."""

from __future__ import annotations

from datetime import datetime

import pytest

from workbench.sources import master
from workbench.sources.sniff import open_file

HEADER = (
    "created_date,created_time,account,va,post_url,views,likes,comments,shares,engagement,engagement_rate,"
    "hashtags,sound,slides,source\n"
)
URL = "https://www.tiktok.com/@nice.cat/photo/7618958318589021462"
AS_OF = datetime(2026, 1, 31, 12)


@pytest.fixture
def master_of(write, read):
    def made(*lines, header=HEADER, **options):
        return read(master.SOURCE, write(header + "\n".join(lines) + "\n"), **options)

    return made


def test_a_row_becomes_a_post_and_a_snapshot_at_the_as_of(master_of, rows_of):
    made = master_of(
        f"2025-03-31,18:05:00,@Nice.Cat,Anna B,{URL},900,80,5,5,90,0.1,#a #B,Song - Band,4,sheet"
    )
    assert rows_of(
        made.tables["posts"],
        *(
            "post_id",
            "url",
            "account_id",
            "va_id",
            "sound_id",
            "post_type",
            "posted_at",
            "posted_at_precision",
        ),
        *("hashtags", "slide_count", "source", "source_row"),
    ) == [
        {
            "post_id": "tiktok:7618958318589021462",
            "url": URL,
            "account_id": "tiktok:nice.cat",
            "va_id": "anna b",
            "sound_id": "song - band",
            "post_type": "slideshow",
            "posted_at": datetime(2025, 3, 31, 18, 5),
            "posted_at_precision": "second",
            "hashtags": ["a", "b"],
            "slide_count": "4",
            "source": "sheet",
            "source_row": 1,
        }
    ]
    assert rows_of(
        made.tables["post_snapshots"],
        "post_id",
        "captured_at",
        "views",
        "likes",
        "comments",
        "shares",
        "method",
    ) == [
        {
            "post_id": "tiktok:7618958318589021462",
            "captured_at": AS_OF,
            "views": "900",
            "likes": "80",
            "comments": "5",
            "shares": "5",
            "method": "lifetime",
        }
    ]


def test_times_are_read_in_the_zone_of_the_settings(master_of, rows_of):
    made = master_of(f"2025-07-01,18:05,a,,{URL},1,,,,,,,,,", time_zone="Europe/Berlin")
    assert rows_of(made.tables["posts"], "posted_at") == [{"posted_at": datetime(2025, 7, 1, 16, 5)}]


def test_a_date_without_a_time_is_precise_to_the_day(master_of, rows_of):
    made = master_of(f"2025-07-01,,a,,{URL},1,,,,,,,,,")
    assert rows_of(made.tables["posts"], "posted_at", "posted_at_precision") == [
        {"posted_at": datetime(2025, 7, 1), "posted_at_precision": "day"}
    ]


def test_one_date_that_can_not_be_read_stays_text_and_the_others_are_right(master_of, rows_of):
    made = master_of(f"2025-07-01,,a,,{URL},1,,,,,,,,,", f"31/12/25,9:00,a,,{URL},1,,,,,,,,,")
    assert [r["posted_at"] for r in rows_of(made.tables["posts"], "posted_at")] == [
        "2025-07-01 00:00:00",
        "31/12/25 9:00",  # as written, so that the loader refuses that row
    ]


def test_a_format_of_dates_may_be_told(master_of, rows_of):
    made = master_of(f"31/12/2025,9:00,a,,{URL},1,,,,,,,,,", date_format="%d/%m/%Y")
    assert rows_of(made.tables["posts"], "posted_at") == [{"posted_at": datetime(2025, 12, 31, 9)}]


def test_a_short_link_gives_no_post_id_but_keeps_its_address(master_of, rows_of):
    made = master_of("2025-07-01,,a,,https://vm.tiktok.com/ZM1/,7,,,,,,,,,")
    assert rows_of(made.tables["posts"], "post_id", "url") == [
        {"post_id": None, "url": "https://vm.tiktok.com/ZM1/"}
    ]
    assert rows_of(made.tables["post_snapshots"], "post_id") == []


def test_a_row_without_any_count_gives_no_snapshot(master_of, rows_of):
    assert rows_of(master_of(f"2025-07-01,,a,,{URL},,,,,,,,,,").tables["post_snapshots"], "post_id") == []


def test_slides_may_be_a_count_or_a_list_of_addresses(master_of, rows_of):
    made = master_of(
        f'2025-07-01,,a,,{URL},1,,,,,,,,"https://x/1.jpg,https://x/2.jpg",',
        f"2025-07-01,,a,,{URL},1,,,,,,,,3,",
    )
    assert [r["slide_count"] for r in rows_of(made.tables["posts"], "slide_count")] == ["2", "3"]
    assert rows_of(made.tables["slides"], "source_row", "slide_index", "slide_url") == [
        {"source_row": 1, "slide_index": 1, "slide_url": "https://x/1.jpg"},
        {"source_row": 1, "slide_index": 2, "slide_url": "https://x/2.jpg"},
    ]


def test_people_and_sounds_keep_the_first_spelling(master_of, rows_of):
    made = master_of(
        f"2025-07-01,,a,Anna  B,{URL},1,,,,,,,Song - Band,,",
        f"2025-07-01,,a,ANNA B,{URL},1,,,,,,,SONG - Band,,",
    )
    assert rows_of(made.tables["vas"], "va_id", "name") == [{"va_id": "anna b", "name": "Anna B"}]
    assert rows_of(made.tables["sounds"], "sound_id", "sound_key", "title", "artist") == [
        {"sound_id": "song - band", "sound_key": "Song - Band", "title": "Song", "artist": "Band"}
    ]


def test_columns_are_known_by_name_however_spelled_and_ordered(master_of, rows_of):
    made = master_of(f"7,{URL},2025-07-01,a", header="Views,Post URL,Created Date,Account\n")
    assert rows_of(made.tables["post_snapshots"], "views") == [{"views": "7"}]
    assert set(made.tables) == {"posts", "post_snapshots"}


def test_columns_that_are_not_understood_are_named(master_of):
    made = master_of(f"7,{URL},2025-07-01,a,x", header="views,post_url,created_date,account,mood\n")
    assert made.notes == ["Not understood and left out: mood."]


def test_it_fits_only_what_has_its_columns(write):
    assert master.SOURCE.fits(open_file(write(HEADER + "," * 14 + "\n"))) > 0
    assert master.SOURCE.fits(open_file(write("a,b\n1,2\n"))) == 0
