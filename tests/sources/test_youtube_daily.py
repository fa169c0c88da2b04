"""Daily statistics: a run is a snapshot, silence is none, a channel is its id until its handle is known."""

from __future__ import annotations

from workbench.sources.youtube_daily import SOURCES

VIDEOS, CHANNELS, REFERENCE = SOURCES
VIDEO_HEADER = (
    "run_date_bkk,run_datetime_utc,video_id,channel_id,title,published_at,"
    "view_count,like_count,comment_count,label\n"
)


def test_each_run_of_a_day_is_a_snapshot(tmp_path, read, rows):
    path = tmp_path / "daily.csv"
    path.write_text(
        VIDEO_HEADER
        + "2025-08-11,2025-08-11T14:31:49.5+00:00,kL5mN8pQ1rS,UCAb,T,2025-01-03T15:37:39Z,8,3,2,L\n"
        + "2025-08-11,2025-08-11T14:59:54+00:00,kL5mN8pQ1rS,UCAb,T,2025-01-03T15:37:39Z,9,3,2,L\n"
    )
    canonical = read(VIDEOS, path)
    assert rows(canonical, "post_snapshots", "post_id", "captured_at", "views") == [
        {"post_id": "youtube:kL5mN8pQ1rS", "captured_at": "2025-08-11T14:31:49.5+00:00", "views": "8"},
        {"post_id": "youtube:kL5mN8pQ1rS", "captured_at": "2025-08-11T14:59:54+00:00", "views": "9"},
    ]
    assert rows(canonical, "posts", "account_id", "posted_at")[0] == {
        "account_id": "youtube:ucab",
        "posted_at": "2025-01-03T15:37:39Z",
    }
    assert rows(canonical, "accounts", "account_id", "external_id")[0] == {
        "account_id": "youtube:ucab",
        "external_id": "UCAb",
    }


def test_a_run_without_any_count_gives_no_snapshot_and_is_told(tmp_path, read, rows):
    path = tmp_path / "daily.csv"
    path.write_text(
        VIDEO_HEADER + "2025-08-11,2025-08-11T14:31:49Z,kL5mN8pQ1rS,,,,,,,L\n"
        "2025-08-12,2025-08-12T14:31:49Z,kL5mN8pQ1rS,,,,0,,,L\n"
    )
    canonical = read(VIDEOS, path)
    assert rows(canonical, "post_snapshots", "source_row", "views") == [{"source_row": 2, "views": "0"}]
    assert len(rows(canonical, "posts")) == 2
    assert rows(canonical, "accounts") == []
    assert any(note.startswith("1 rows of 1 video(s) have no count at all") for note in canonical.notes)


def test_a_channel_is_called_by_its_handle_where_the_list_has_one(tmp_path, read, rows):
    path = tmp_path / "channels.csv"
    path.write_text(
        "channel_id,channel_title,custom_url,channel_url,country,channel_published_at,last_seen_utc\n"
        "UCAb,Title,@TheHandle,https://y/UCAb,FR,2006-06-20T20:54:37Z,2026-02-09\nUCCd,Other,,,,2006-06-20T20:54:37Z,2026-02-09\n"
    )
    assert rows(read(REFERENCE, path), "accounts", "account_id", "username", "external_id") == [
        {"account_id": "youtube:thehandle", "username": "TheHandle", "external_id": "UCAb"},
        {"account_id": "youtube:uccd", "external_id": "UCCd"},
    ]


def test_the_real_videos_leave_out_74_silent_rows(real, read):
    canonical = read(VIDEOS, real("youtube_daily/daily_stats.csv"))
    snapshots = canonical.tables["post_snapshots"]
    assert canonical.tables["posts"].count().to_pyarrow().as_py() == 1915
    assert snapshots.count().to_pyarrow().as_py() == 1915 - 74
    assert snapshots.post_id.nunique().to_pyarrow().as_py() == 7
    assert any(note.startswith("74 rows of 1 video(s)") for note in canonical.notes)


def test_the_real_channels_have_thirty_days(real, read):
    snapshots = read(CHANNELS, real("youtube_channels/youtube_daily_snapshots.csv")).tables[
        "account_snapshots"
    ]
    assert snapshots.account_id.nunique().to_pyarrow().as_py() == 227
    assert snapshots.captured_at.nunique().to_pyarrow().as_py() == 30
    assert snapshots.count().to_pyarrow().as_py() == 4628


def test_the_real_list_of_channels_has_a_handle_for_each(real, read):
    accounts = read(REFERENCE, real("youtube_channels/channels_reference.csv")).tables["accounts"]
    assert accounts.count().to_pyarrow().as_py() == accounts.username.nunique().to_pyarrow().as_py() == 225
