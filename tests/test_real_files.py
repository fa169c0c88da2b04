"""Every real file goes in, and the counts are those that its description gives.

The files lie beside the project in ../shared/data and are never committed; without them these tests skip.
"""

from __future__ import annotations

import csv
import shutil
from datetime import date
from pathlib import Path

import pytest

import workbench
from workbench import Workbench, cli
from workbench.metrics.periods import Period
from workbench.model.account_facts import AccountFacts

ROOT = Path(__file__).resolve().parents[1]
MAPPINGS = ROOT / "docs" / "mappings"

pytestmark = pytest.mark.xdist_group("real files")


def imported(home: Path, *arguments: object) -> None:
    assert cli.main(["import", *map(str, arguments), "--home", str(home)]) == 0


@pytest.fixture(scope="module")
def home(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with every real file in it, each imported as its reader would."""
    folder = tmp_path_factory.mktemp("real")
    wait = "--no-load"
    imported(folder, wait, shared_data / "tiktok_trending_2020", shared_data / "tiktok_apify")
    imported(folder, wait, shared_data / "youtube_channels", shared_data / "youtube_daily")
    imported(folder, wait, "--year", 2017, shared_data / "youtube_trending_2017")
    creator = shared_data / "youtube_creator"
    imported(folder, wait, creator / "comments.csv", creator / "metrics_by_video.csv")
    imported(folder, wait, "--encoding", "cp1252", creator / "metrics_by_video_cp1252.csv")
    scrapes = shared_data / "tiktok_two_scrapes"
    for mapping, file in (
        ("tiktok_first_scrape", scrapes / "tiktok_videos_raw.csv"),
        ("tiktok_second_scrape", scrapes / "tiktok_videos_second_scrape.csv"),
        ("tiktok_profile_stats", scrapes / "tiktok_profile_stats.csv"),
        ("tiktok_hashtags_hourly", shared_data / "hashtags_hourly_2022" / "hashtags.csv.gz"),
        ("tiktok_sounds_hourly", shared_data / "hashtags_hourly_2022" / "music.csv.gz"),
    ):
        imported(folder, wait, "--mapping", MAPPINGS / f"{mapping}.toml", file)
    assert cli.main(["load", "--home", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def wb(home: Path) -> Workbench:
    return workbench.connect(home)


def number(wb: Workbench, query: str) -> int:
    return int(wb.sql(f"select ({query}) as n").to_pyarrow()["n"][0].as_py())


def source_rows(wb: Workbench, file: str) -> dict[str, int]:
    row = wb.sql(
        f"select rows_read, rows_accepted, rows_rejected, rows_duplicate, rows_unchanged from batches "
        f"where file_name = '{file}'"
    ).to_pyarrow()
    return {c: int(row[c][0].as_py()) for c in row.column_names}


@pytest.mark.long
def test_every_row_that_was_read_is_accounted_for(wb: Workbench) -> None:
    batches = wb.table("batches").to_pyarrow().to_pylist()
    assert len(batches) == 16
    for b in batches:
        assert b["status"] == "completed", b
        parts = ("rows_accepted", "rows_rejected", "rows_duplicate", "rows_unchanged")
        assert b["rows_read"] == sum(b[p] for p in parts), b["file_name"]


def test_the_trending_list_of_2020(wb: Workbench) -> None:
    posts = "from posts p join batches b using (batch_id) where b.file_name = 'trending.json'"
    assert number(wb, f"select count(*) {posts}") == 1_000
    assert number(wb, f"select count(distinct account_id) {posts}") == 802
    assert number(wb, f"select count(distinct sound_id) {posts}") == 907
    assert number(wb, f"select count(*) {posts} and (hashtags is null or len(hashtags) = 0)") == 147
    # Ids above 2^53 are whole: each still holds the second at which it was minted.
    off = "abs((external_id::bigint >> 32) - epoch(posted_at)) > 86400"
    assert number(wb, f"select count(*) {posts} and {off}") < 50
    assert number(wb, f"select min(posted_at)::date - date '2020-09-22' {posts}") == 0
    assert number(wb, f"select max(posted_at)::date - date '2020-12-21' {posts}") == 0


@pytest.mark.long
def test_the_apify_export_has_1160_posts_in_1351_rows(wb: Workbench) -> None:
    posts = "from posts p join batches b using (batch_id) where b.file_name = 'clockworks_export.csv'"
    assert number(wb, f"select count(*) {posts}") == 1_351 - 191
    assert (
        number(
            wb,
            "select count(*) from slides s join batches b using (batch_id) where b.file_name = 'slideshow_item.json'",
        )
        >= 1
    )


def test_two_scrapes_make_two_snapshots_of_4605_posts(wb: Workbench) -> None:
    danish = (
        "select post_id from posts p join batches b using (batch_id) where b.file_name like 'tiktok_videos_%'"
    )
    counted = f"select post_id, count(*) as n from post_snapshots where post_id in ({danish}) group by 1"
    assert number(wb, f"select count(*) from ({counted})") == 4_976 + 5_310 - 4_605
    assert number(wb, f"select count(*) from ({counted}) where n = 2") == 4_605
    falls = f"""
        select count(*) from (select post_id, likes - lag(likes) over (partition by post_id order by captured_at) as d
        from post_snapshots where post_id in ({danish})) where d < 0"""
    assert number(wb, falls) == 23


def test_the_trending_lists_of_2017(wb: Workbench, shared_data: Path) -> None:
    read = source_rows(wb, "USvideos.csv"), source_rows(wb, "GBvideos.csv")
    snapshots = number(
        wb,
        "select count(*) from post_snapshots s join batches b using (batch_id) where b.file_name like '__videos.csv'",
    )
    assert read[0]["rows_rejected"] == 2
    assert read[1]["rows_rejected"] == 0
    listed: set[tuple[str, str]] = set()
    for file in ("USvideos.csv", "GBvideos.csv"):
        with (shared_data / "youtube_trending_2017" / file).open(newline="", encoding="utf-8-sig") as f:
            listed |= {
                (row["video_id"], row["date"]) for row in csv.DictReader(f) if len(row["video_id"]) == 11
            }
    # The same video on the same day in both lists is one snapshot, with the larger count.
    assert snapshots == len(listed)
    captured = "post_snapshots s join batches b using (batch_id) where b.file_name like '__videos.csv'"
    years = f"select count(distinct year(s.captured_at)) from {captured}"
    assert number(wb, years) == 1
    bad = wb.sql(
        "select reason, row_json from rejected_rows where row_json like '%sxcaeyJTx4Co%'"
    ).to_pyarrow()
    assert bad.num_rows >= 1


def test_daily_statistics_leave_out_what_was_not_counted(wb: Workbench) -> None:
    assert source_rows(wb, "daily_stats.csv")["rows_rejected"] == 0
    videos = "from post_snapshots s join batches b using (batch_id) where b.file_name = 'daily_stats.csv'"
    assert number(wb, f"select count(distinct post_id) {videos}") == 7
    assert number(wb, f"select count(*) {videos} and views is null") == 0


def test_channels_over_30_days(wb: Workbench) -> None:
    file = "b.file_name = 'youtube_daily_snapshots.csv'"
    channels = f"from account_snapshots s join batches b using (batch_id) where {file}"
    assert number(wb, f"select count(distinct account_id) {channels}") == 227
    assert number(wb, f"select count(distinct s.captured_at::date) {channels}") == 30


def test_a_creators_own_export_in_either_encoding_is_223_videos_with_revenue(wb: Workbench) -> None:
    revenue = "from revenue r join batches b using (batch_id) where b.file_name like 'metrics_by_video%'"
    assert number(wb, f"select count(distinct scope_id) {revenue}") == 223
    # The Total row is no video; the others add up to what it says.
    for file in ("metrics_by_video.csv", "metrics_by_video_cp1252.csv"):
        assert source_rows(wb, file)["rows_rejected"] == 0
    assert abs(number(wb, "select sum(amount) from revenue") - 29_068) <= 1


def test_comments_are_10240_by_5875_people_on_222_videos(wb: Workbench) -> None:
    assert number(wb, "select count(*) from interactions") == 10_240
    assert number(wb, "select count(*) from followers") == 5_875
    assert number(wb, "select count(distinct post_id) from interactions") == 222


def test_hourly_hashtags_and_sounds_keep_both_endpoints(wb: Workbench) -> None:
    assert number(wb, "select count(*) from hashtag_snapshots") == 94_619
    sounds = source_rows(wb, "music.csv.gz")
    assert sounds["rows_read"] == 93_273 + 47
    assert number(wb, "select count(*) from sound_snapshots") == 93_273
    assert number(wb, "select count(distinct endpoint) from hashtag_snapshots") == 3


def test_only_the_malformed_id_is_rejected(wb: Workbench) -> None:
    assert number(wb, "select count(*) from rejected_rows") == 2


def test_broken_files_are_read_right_or_refused(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = shared_data / "broken"
    for file in sorted(broken.glob("*.csv")):
        home = tmp_path / file.stem
        code = cli.main(["import", str(file), "--home", str(home)])
        said = capsys.readouterr().err
        assert code in (1, 2), file.name
        assert said.startswith("Error: ")
        assert file.name in said
        assert "Traceback" not in said
        assert not (home / "data" / "versions").exists()


@pytest.mark.long
def test_the_accounts_page_of_the_two_scrapes_uses_settled_counts_and_says_so(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scrapes = shared_data / "tiktok_two_scrapes"
    imported(
        tmp_path,
        "--no-load",
        "--mapping",
        MAPPINGS / "tiktok_first_scrape.toml",
        scrapes / "tiktok_videos_raw.csv",
    )
    second = scrapes / "tiktok_videos_second_scrape.csv"
    imported(tmp_path, "--mapping", MAPPINGS / "tiktok_second_scrape.toml", second)
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    assert cli.main(["report", "--home", str(tmp_path)]) == 0
    page = (tmp_path / "reports" / "2026-W13" / "2_accounts.html").read_text(encoding="utf-8")
    assert "Settled counts are used" in page
    with workbench.connect(tmp_path) as wb:
        facts = AccountFacts(wb.table, Period.week_of(date(2026, 3, 23)))
        assert facts.horizon == "settled"
        assert facts.coverage["n_known"] * 20 < facts.coverage["n_posts"]
        assert facts.coverage["n_settled"] > 500
        assert facts.review["kpi_score"].notna().sum() > 20
        assert facts.weekly["median_views"].notna().all()
