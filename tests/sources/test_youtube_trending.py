"""Trending lists: the year must be said, each day is a snapshot, a malformed id is seen."""

from __future__ import annotations

import pytest

from workbench.errors import SourceError, UsageError
from workbench.sources.youtube_trending import SOURCE

HEADER = (
    "video_id,title,channel_title,category_id,tags,views,likes,dislikes,comment_total,thumbnail_link,date\n"
)


@pytest.fixture
def listed(tmp_path):
    def write(*lines: str):
        path = tmp_path / "videos.csv"
        path.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


def test_a_day_on_the_list_is_a_snapshot_of_that_day(listed, read, rows):
    path = listed(
        "qW3rT6yU9iO,A title,A Channel,24,a|b c,10,5,1,2,http://t,13.09",
        "qW3rT6yU9iO,A title,A Channel,24,[none],12,6,1,3,http://t,2.10",
    )
    canonical = read(SOURCE, path, year=2017)
    assert rows(canonical, "post_snapshots") == [
        {
            "source_row": 1,
            "post_id": "youtube:qW3rT6yU9iO",
            "captured_at": "2017-09-13",
            "views": "10",
            "likes": "5",
            "comments": "2",
            "method": "scraped",
        },
        {
            "source_row": 2,
            "post_id": "youtube:qW3rT6yU9iO",
            "captured_at": "2017-10-02",
            "views": "12",
            "likes": "6",
            "comments": "3",
            "method": "scraped",
        },
    ]
    assert rows(canonical, "posts", "account_id", "keywords", "category", "seen_at") == [
        {
            "account_id": "youtube:a channel",
            "keywords": ["a", "b c"],
            "category": "Entertainment",
            "seen_at": "2017-09-13",
        },
        {"account_id": "youtube:a channel", "category": "Entertainment", "seen_at": "2017-10-02"},
    ]
    assert rows(canonical, "accounts", "account_id", "display_name") == [
        {"account_id": "youtube:a channel", "display_name": "A Channel"}
    ]
    assert "dislikes" in canonical.notes[0]


def test_without_a_year_the_way_to_say_it_is_told(listed, read):
    path = listed("qW3rT6yU9iO,t,c,24,a,10,5,1,2,u,13.09")
    with pytest.raises(UsageError, match=r"dates such as '13\.09'.*--year 2017"):
        read(SOURCE, path)
    with pytest.raises(UsageError, match="--year 17 is no year"):
        read(SOURCE, path, year="17")


def test_a_list_over_the_turn_of_the_year_is_refused(listed, read):
    path = listed("qW3rT6yU9iO,t,c,24,a,10,5,1,2,u,31.12", "qW3rT6yU9iO,t,c,24,a,10,5,1,2,u,01.01")
    with pytest.raises(SourceError, match=r"at row 2 the dates go from December to 01\.01.*Split it there"):
        read(SOURCE, path, year=2017)


def test_a_date_that_is_none_stays_as_written_for_the_loader_to_refuse(listed, read, rows):
    canonical = read(SOURCE, listed("qW3rT6yU9iO,t,c,24,a,10,5,1,2,u,soon"), year=2017)
    assert rows(canonical, "post_snapshots", "captured_at") == [{"captured_at": "soon"}]


def test_a_malformed_id_gives_no_post_and_is_shown(listed, read, rows):
    canonical = read(SOURCE, listed("toolong12345,t,c,24,a,10,5,1,2,u,13.09"), year=2017)
    assert rows(canonical, "posts", "post_id", "external_id", "url") == [
        {"external_id": "toolong12345", "url": "https://www.youtube.com/watch?v=toolong12345"}
    ]
    assert any("Row 1: 'toolong12345' is no video id" in note for note in canonical.notes)


def test_a_file_called_a_trending_list_must_be_one(tmp_path, read):
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(
        UsageError, match="can't be read as youtube_trending: it lacks the columns channel_title"
    ):
        read(SOURCE, path, year=2017)


def test_both_real_lists_are_read_whole(real, read):
    found = [read(SOURCE, real(f"youtube_trending_2017/{c}videos.csv"), year=2017) for c in ("US", "GB")]
    american, british = (canonical.tables["post_snapshots"] for canonical in found)
    assert american.count().to_pyarrow().as_py() + british.count().to_pyarrow().as_py() == 15_997
    assert american.filter(american.post_id.isnull()).count().to_pyarrow().as_py() == 1
    assert british.filter(british.post_id.isnull()).count().to_pyarrow().as_py() == 0
    days = american.captured_at
    assert (
        days.min().to_pyarrow().as_py(),
        days.max().to_pyarrow().as_py(),
        days.nunique().to_pyarrow().as_py(),
    ) == (
        "2017-09-13",
        "2017-10-22",
        40,
    )
    assert any("Row 2401:" in note for note in found[0].notes)
