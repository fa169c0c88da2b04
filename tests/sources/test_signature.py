"""Each real file fits one format only; a name that doesn't fit is refused with what is missing."""

from __future__ import annotations

import pytest

from workbench.errors import UsageError
from workbench.sources import apify, comments, money, studio, tiktok_scraper, youtube_daily, youtube_trending
from workbench.sources.signature import require
from workbench.sources.sniff import open_file

SOURCES = (
    apify.SOURCE,
    comments.SOURCE,
    *money.SOURCES,
    studio.SOURCE,
    tiktok_scraper.SOURCE,
    *youtube_daily.SOURCES,
    youtube_trending.SOURCE,
)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("tiktok_apify/clockworks_export.csv", "apify"),
        ("tiktok_apify/slideshow_item.json", "apify"),
        ("tiktok_trending_2020/trending.json", "tiktok_scraper"),
        ("youtube_channels/channels_reference.csv", "youtube_channels"),
        ("youtube_channels/youtube_daily_snapshots.csv", "youtube_channels_daily"),
        ("youtube_creator/comments.csv", "comments"),
        ("youtube_creator/metrics_by_video.csv", "youtube_studio"),
        ("youtube_daily/daily_stats.csv", "youtube_videos_daily"),
        ("youtube_trending_2017/GBvideos.csv", "youtube_trending"),
        ("tiktok_two_scrapes/tiktok_videos_raw.csv", None),
    ],
)
def test_a_real_file_fits_its_own_format_only(real, name, source):
    file = open_file(real(name))
    fitting = [s.name for s in SOURCES if file.kind in s.kinds and s.fits(file) > 0]
    assert fitting == ([source] if source else [])


def test_what_is_missing_and_what_is_there_is_told(write):
    file = open_file(write("a,b\n1,2\n"))
    require(file, "x", {"a"}, file.columns, "columns")
    with pytest.raises(UsageError, match=r"can't be read as x: it lacks the columns c, d\. It has: a, b\."):
        require(file, "x", {"a", "d", "c"}, file.columns, "columns")
