"""The files agree with each other and with what an importer may take."""

from __future__ import annotations

import csv
import sqlite3
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from workbench.demo import DemoFiles
from workbench.warehouse.tables import TABLES

CANONICAL = (
    "creators", "vas", "accounts", "account_assignments", "account_snapshots", "sets", "post_snapshots",
    "slides", "targets", "annotations", "tasks", "content_items", "content_posts", "fx_rates", "payout_rules",
)  # fmt: skip
MIGRATIONS = Path(__file__).parents[2] / "workbench" / "warehouse" / "migrations"


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def files(demo: DemoFiles) -> Path:
    return demo.folder / "files"


def post_id(row: dict[str, str]) -> str:
    return "tiktok:" + row["post_url"].rsplit("/", 1)[1]


def test_the_master_has_the_columns_of_its_format(small: DemoFiles) -> None:
    assert list(rows(files(small) / "MASTER_TIKTOK_DATABASE.csv")[0]) == [
        "created_date",
        "created_time",
        "account",
        "va",
        "post_url",
        "views",
        "likes",
        "comments",
        "shares",
        "engagement",
        "engagement_rate",
        "hashtags",
        "sound",
        "slides",
        "source",
    ]


def test_the_wide_export_has_67_columns(small: DemoFiles) -> None:
    columns = list(rows(files(small) / "master_with_snaptik.csv")[0])
    assert len(columns) == len(set(columns)) == 67
    assert {"slide_1", "slide_12", "day1_views", "day5_views", "ocr_text", "set_code"} <= set(columns)


@pytest.mark.parametrize("name", CANONICAL)
def test_canonical_files_have_only_columns_of_their_table(small: DemoFiles, name: str) -> None:
    con = duckdb.connect()
    for migration in sorted(MIGRATIONS.glob("*.sql")):
        con.execute(migration.read_text(encoding="utf-8"))
    types = dict(
        con.execute(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ?", [name]
        ).fetchall()
    )
    found = rows(files(small) / f"{name}.csv")
    assert found and set(found[0]) <= set(types)
    table = TABLES[name]
    for column in (*table.key, *table.required):
        assert column in found[0] and all(row[column] for row in found), column
    for column, choices in table.choices.items():
        assert {row.get(column, "") for row in found} <= {*choices, ""}
    keys = Counter(tuple(row[c] for c in table.key) for row in found)
    assert max(keys.values()) == 1
    con.execute(f"CREATE TABLE found AS FROM read_csv('{files(small) / name}.csv', all_varchar = true)")
    for column in found[0]:
        if types[column] in ("BIGINT", "DOUBLE", "TIMESTAMP", "DATE"):
            bad = con.execute(
                f"SELECT {column} FROM found "
                f"WHERE {column} IS NOT NULL AND TRY_CAST({column} AS {types[column]}) IS NULL"
            ).fetchall()
            assert not bad, column


def test_a_post_id_holds_the_second_of_posting(small: DemoFiles) -> None:
    for row in rows(files(small) / "MASTER_TIKTOK_DATABASE.csv"):
        second = int(post_id(row).split(":")[1]) >> 32
        written = duckdb.execute(
            "SELECT epoch(CAST(? AS TIMESTAMP))", [f"{row['created_date']} {row['created_time']}"]
        ).fetchone()
        assert written == (second,)
        assert f"/@{row['account']}/" in row["post_url"]


def test_the_master_and_the_tracker_tell_the_same_lifetime_counts(small: DemoFiles) -> None:
    con = sqlite3.connect(files(small) / "tracker.db")
    videos = con.execute(
        "SELECT 'tiktok:' || video_id, views, likes, comments, shares FROM videos"
    ).fetchall()
    con.close()
    master = {
        post_id(row): tuple(int(row[c]) if row[c] else None for c in ("views", "likes", "comments", "shares"))
        for row in rows(files(small) / "MASTER_TIKTOK_DATABASE.csv")
    }
    assert {video[0]: video[1:] for video in videos} == master


def test_both_exports_tell_the_same_of_a_post(small: DemoFiles) -> None:
    master = {post_id(row): row for row in rows(files(small) / "MASTER_TIKTOK_DATABASE.csv")}
    wide = rows(files(small) / "master_with_snaptik.csv")
    assert 0.4 < len(wide) / len(master) < 0.95
    for row in wide:
        other = master[post_id(row)]
        assert {c: row[c] for c in ("va", "account", "hashtags", "sound", "post_url")} == {
            c: other[c] for c in ("va", "account", "hashtags", "sound", "post_url")
        }
        links = [row[f"slide_{i}"] for i in range(1, 13) if row[f"slide_{i}"]]
        assert (row["post_type"] == "slideshow") == bool(links)
        assert row["slide_count"] == str(len(links))
        assert other["slides"] in (row["slide_count"], ", ".join(links))


def test_the_tracker_knows_every_post_account_and_sound_it_names(small: DemoFiles) -> None:
    con = sqlite3.connect(files(small) / "tracker.db")
    for query in (
        "SELECT count(*) FROM videos WHERE account_id NOT IN (SELECT id FROM accounts)",
        "SELECT count(*) FROM videos WHERE sound_id NOT IN (SELECT id FROM sounds)",
        "SELECT count(*) FROM video_history WHERE video_id NOT IN (SELECT video_id FROM videos)",
        "SELECT count(*) FROM video_history WHERE session_id NOT IN (SELECT session_id FROM scrape_sessions)",
        "SELECT count(*) FROM scrape_logs WHERE account_id NOT IN (SELECT id FROM accounts)",
        "SELECT count(*) FROM exclusive_songs WHERE sound_key NOT IN (SELECT sound_key FROM sounds)",
    ):
        assert con.execute(query).fetchone() == (0,), query
    assert con.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    con.close()


def test_nothing_is_seen_before_it_is_posted_or_after_the_end(agency: DemoFiles) -> None:
    truth = {
        r[0]: r[1:]
        for r in duckdb.sql(
            f"SELECT post_id, posted_at, deleted_at FROM '{agency.truth}/posts.parquet'"
        ).fetchall()
    }
    con = sqlite3.connect(files(agency) / "tracker.db")
    history = con.execute("SELECT 'tiktok:' || video_id, scraped_at FROM video_history").fetchall()
    con.close()
    early = [(r["post_id"], r["captured_at"]) for r in rows(files(agency) / "post_snapshots.csv")]
    last = [(post_id(r), r["last_scraped_at"]) for r in rows(files(agency) / "master_with_snaptik.csv")]
    assert len(history) > 10_000 and early and last
    for post, at in [*history, *early, *last]:
        posted, deleted = truth[post]
        assert str(posted) <= at <= str(agency.as_of)
        assert deleted is None or at < str(deleted)


def test_counts_fall_now_and_then(agency: DemoFiles) -> None:
    con = sqlite3.connect(files(agency) / "tracker.db")
    fallen = con.execute(
        "SELECT sum(likes < before_likes), sum(views < before_views), count(*) FROM (SELECT views, likes, "
        "lag(likes) OVER w AS before_likes, lag(views) OVER w AS before_views FROM video_history "
        "WINDOW w AS (PARTITION BY video_id ORDER BY scraped_at))"
    ).fetchone()
    con.close()
    assert 0.002 < fallen[0] / fallen[2] < 0.05
    assert 0 < fallen[1] / fallen[2] < 0.005


def test_money_names_two_currencies_corrections_and_known_scopes(agency: DemoFiles) -> None:
    revenue, costs = rows(files(agency) / "revenue.csv"), rows(files(agency) / "costs.csv")
    assert {r["currency"] for r in revenue} == {"USD", "EUR"}
    assert any(r["amount"].startswith("-") for r in revenue)
    assert {r["scope"] for r in revenue} == {"account", "creator", "post", "all"}
    known = {r["account_id"] for r in rows(files(agency) / "accounts.csv")}
    known |= {r["creator_id"] for r in rows(files(agency) / "creators.csv")}
    known |= {r["va_id"] for r in rows(files(agency) / "vas.csv")}
    known |= {post_id(r) for r in rows(files(agency) / "MASTER_TIKTOK_DATABASE.csv")}
    assert {r["scope_id"] for r in [*revenue, *costs] if r["scope"] != "all"} <= known
    for row in costs:
        assert bool(row["amount"]) != bool(row["hours"] and row["hourly_pay"])
    assert {r["kind"] for r in costs} == {"va_time", "tool", "other"}


def test_comments_are_few_from_most_and_many_from_some(agency: DemoFiles) -> None:
    comments = rows(files(agency) / "comments.csv")
    assert list(comments[0]) == [
        "Comments",
        "Comment_ID",
        "Reply_Count",
        "Like_Count",
        "Date",
        "VidId",
        "user_ID",
    ]
    per_user = sorted(Counter(r["user_ID"] for r in comments).values())
    assert per_user[-1] > 10 * per_user[len(per_user) // 2]
    assert len({r["Comment_ID"] for r in comments}) == len(comments)


def test_captions_hold_what_breaks_pages_and_spreadsheets(agency: DemoFiles) -> None:
    con = sqlite3.connect(files(agency) / "tracker.db")
    captions = " ".join(c for (c,) in con.execute("SELECT caption FROM videos"))
    con.close()
    for trick in ("</script>", "=cmd", "\n", '"', "\N{SPARKLES}"):
        assert trick in captions
