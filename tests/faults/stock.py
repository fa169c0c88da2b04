"""Batches of every kind, made once: a file of every source, recorded rows of every table, and some that must fail."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

from workbench import record
from workbench.demo import make_demo
from workbench.settings import load_settings
from workbench.sources.importing import import_paths
from workbench.sources.registry import SOURCES
from workbench.warehouse.schema import schema
from workbench.warehouse.tables import TABLES

AS_OF = datetime(2026, 1, 31, 12)
ITEM = {
    "id": "6907000000000000097", "text": "Hello #FYP", "createTime": 1608214517,
    "webVideoUrl": "https://www.tiktok.com/@NinaTest/video/6907000000000000097",
    "authorMeta": {"id": "6800000000000000001", "name": "NinaTest", "nickName": "Nina", "verified": False},
    "musicMeta": {"musicId": "6790000000000000057", "musicName": "Tune", "musicAuthor": "The Band"},
    "videoMeta": {"duration": 15}, "playCount": 44800, "diggCount": 3710, "commentCount": 68, "shareCount": 50,
    "hashtags": [{"name": "Viral"}, {"name": "fyp"}], "mentions": ["@Someone"],
}  # fmt: skip
ANALYTICS = """
CREATE TABLE posts (id INTEGER PRIMARY KEY, post_url, created_date, creator_id INT, account_id INT, platform, hashtags);
INSERT INTO posts VALUES (1, 'https://www.tiktok.com/@anna/photo/7234567890123456789', '2026-01-01 10:00:00', 1, 1,
    'TikTok', '#b #A');
CREATE TABLE accounts (id INTEGER PRIMARY KEY, username, platform, followers INT, last_scraped_at);
INSERT INTO accounts VALUES (1, 'Anna', 'tiktok', 55, '2026-01-05 00:00:00');
CREATE TABLE creators (id INTEGER PRIMARY KEY, name); INSERT INTO creators VALUES (1, 'North');
CREATE TABLE post_metrics (id INTEGER PRIMARY KEY, post_id INT, views INT, likes INT, recorded_at);
INSERT INTO post_metrics VALUES (1, 1, 100, 5, '2026-01-02 10:00:00'), (2, 1, 200, 6, '2026-01-03 10:00:00');
"""
WRITTEN = {
    "studio.csv": "Video,Video title,Video publish time,Comments added,Shares,Likes,Views,Subscribers\n"
    "Total,,,9,9,9,9,9\n"
    'zX4cV7bN0mL,A title,"May 8, 2020",1,2,3,4,5\n',
    "videos.csv": "run_date_bkk,run_datetime_utc,video_id,channel_id,title,published_at,view_count,like_count,"
    "comment_count,label\n2025-08-11,2025-08-11T14:31:49.5+00:00,kL5mN8pQ1rS,UCAb,T,2025-01-03T15:37:39Z,8,3,2,L\n",
    "channels.csv": "channel_id,channel_title,custom_url,channel_url,country,channel_published_at,last_seen_utc\n"
    "UCAb,Title,@TheHandle,https://y/UCAb,FR,2006-06-20T20:54:37Z,2026-01-09\n",
    "channels_daily.csv": "date_utc,channel_id,channel_title,subscribers,views,videos\n"
    "2026-01-17,UCAb,Title,11,131,13\n",
    "trending.csv": "video_id,title,channel_title,category_id,tags,views,likes,dislikes,comment_total,thumbnail_link,"
    "date\nqW3rT6yU9iO,A title,A Channel,24,a|b c,10,5,1,2,http://t,13.09\n",
    "scraper.json": json.dumps([ITEM]),
    "apify.json": json.dumps(
        [{**ITEM, "id": "6907000000000000098", "createTimeISO": "2020-12-17T14:15:17.000Z"}]
    ),
}
MAPPED = "id,who,text\n5,Some.One,hi\n6,Other.One,ho\n"
MAPPING = """[posts]
post_id = {template = "tiktok:{id}"}
account_id = {template = "tiktok:{who}"}
caption = "text"
"""
VALUES: dict[str, Any] = {
    "platform": "tiktok", "currency": "EUR", "time_zone": "Europe/Berlin", "scope": "all", "sha256": "ab" * 32,
    "tiers": '[{"from_views": 0, "per_1000": 0.5}]', "phash": 77,
}  # fmt: skip
OF_TYPE: dict[str, Any] = {
    "BIGINT": 3, "DOUBLE": 0.5, "TIMESTAMP": datetime(2025, 9, 1, 10), "DATE": "2025-09-01", "BOOLEAN": True,
    "VARCHAR[]": ["a", "b"],
}  # fmt: skip
TABLES_A_ROUND = 15
BAD = "0" * 16
"""How the ids of batches begin that must fail."""


def make_stock(folder: Path, *, posts: int = 50) -> list[Path]:
    """Folders to put into an inbox one after another; each holds batches, and a journal of recorded rows."""
    files = _files(folder / "files", posts)
    settings = load_settings(folder / "imported")
    imported = import_paths([f for f in files if f.suffix != ".mapped"], settings, as_of=AS_OF)
    mapped, mapping = folder / "files" / "own.csv", folder / "files" / "own.toml"
    mapped.write_text(MAPPED)
    mapping.write_text(MAPPING)
    imported += import_paths([mapped], settings, as_of=AS_OF, options={"mapping": mapping})
    trending = folder / "files" / "trending.csv"
    imported += import_paths([trending], settings, as_of=AS_OF, options={"year": 2017})
    made = {one.source for one in imported}
    assert made == {source.name for source in SOURCES}, {s.name for s in SOURCES} ^ made
    batches = [settings.inbox / one.batch_id for one in imported]
    journals = _journals(folder / "recorded")
    n_rounds = max(4, len(journals))
    rounds = []
    for n in range(n_rounds):
        place = folder / f"round{n:02d}"
        place.mkdir()
        for batch in batches[n::n_rounds]:
            shutil.copytree(batch, place / batch.name)
        if n < len(journals):
            shutil.copytree(journals[n], place / ".journal", ignore=shutil.ignore_patterns("*.lock"))
        rounds.append(place)
    _spoil(rounds)
    return rounds


def put(stock: Path, home: Path) -> list[str]:
    """Put a round of batches into a home's inbox; returns their ids."""
    inbox = home / "data" / "inbox"
    inbox.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.copytree(stock, inbox, dirs_exist_ok=True)
    return [p.name for p in stock.iterdir() if not p.name.startswith(".")]


def row_of(table: str, n: int) -> dict[str, Any]:
    """A row of a table that may stand, with a value in every column."""
    entry = TABLES[table]
    row: dict[str, Any] = {}
    for column, kind in schema()[table].items():
        if column in ("batch_id", "column_ranks", "seen_at", "storage_key"):
            continue
        if column in entry.choices:
            row[column] = entry.choices[column][0]
        elif column in VALUES:
            row[column] = VALUES[column]
        elif column in ("post_id", "account_id", "follower_id"):
            row[column] = f"tiktok:{column[0]}{n}"
        elif column in entry.fractions:
            row[column] = 0.25
        elif kind.startswith("DECIMAL"):
            row[column] = "1.5"
        elif kind == "JSON" or column in ("properties", "payload"):
            row[column] = '{"a": 1}'
        else:
            row[column] = OF_TYPE.get(kind, f"{column} {n}")
    return row


def _files(folder: Path, posts: int) -> list[Path]:
    made = make_demo(folder, posts=posts, seed=3)
    for name, text in WRITTEN.items():
        (folder / name).write_text(text, encoding="utf-8")
    with contextlib.closing(sqlite3.connect(folder / "analytics.db")) as lite:
        lite.executescript("BEGIN;" + ANALYTICS + "COMMIT;")
    return [
        *made.files,
        *(folder / name for name in WRITTEN if name != "trending.csv"),
        folder / "analytics.db",
    ]


def _journals(folder: Path) -> list[Path]:
    """Journals of recorded rows, of all tables; every other one ends in a line that was never acknowledged."""
    names = list(TABLES)
    found = []
    for n, first in enumerate(range(0, len(names), TABLES_A_ROUND)):
        home = folder / str(n)
        for name in names[first : first + TABLES_A_ROUND]:
            record.rows(name, [row_of(name, k) for k in (n, n + 100)], home=home)
        bad = {"post_id": "tiktok:p1", "captured_at": f"2025-09-0{n + 1} 10:00:00", "views": -1}
        record.rows("post_snapshots", [bad], home=home)
        journal = home / "data" / "inbox" / ".journal"
        if n % 2:
            for segment in journal.glob("*.jsonl"):
                with segment.open("a") as f:
                    f.write('{"t": "posts", "r": {"post_id": "tiktok:never ackn')
        found.append(journal)
    return found


def _spoil(rounds: list[Path]) -> None:
    """Batches that fail as a whole: a damaged file, a manifest that is none, one of a table that nobody knows."""
    whole = next(p for p in rounds[0].iterdir() if (p / "manifest.json").is_file())
    for n, place in enumerate(rounds[1:4]):
        bad = place / f"{BAD}{n:016x}"
        shutil.copytree(whole, bad)
        manifest = json.loads((bad / "manifest.json").read_text())
        manifest["batch_id"] = bad.name
        if n % 3 == 0:
            for file in bad.glob("*.parquet"):
                file.write_bytes(file.read_bytes()[:-7])
        elif n % 3 == 1:
            manifest = {"format": 1}
        else:
            entry = next(iter(manifest["tables"].values()))
            manifest["tables"]["no_such_table"] = entry
        (bad / "manifest.json").write_text(json.dumps(manifest))
