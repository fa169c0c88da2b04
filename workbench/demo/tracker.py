"""The sound tracker's SQLite file: accounts, videos, sounds, sessions, logs and the history of counts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from .columns import Column, instants, known, numbered, pick, table, take
from .histories import totals
from .model import Ints
from .snapshots import Observed, session_second
from .texts import Texts, hashtags
from .vocabulary import ANIMALS
from .world import FAR, World

_SCHEMA = """
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY, username TEXT UNIQUE NOT NULL, display_name TEXT, followers INTEGER,
    following INTEGER, total_videos INTEGER, total_likes INTEGER, bio TEXT, is_active INTEGER,
    is_target_account INTEGER, last_scraped_at TIMESTAMP, scrape_count INTEGER, notes TEXT);
CREATE TABLE sounds (
    id INTEGER PRIMARY KEY, sound_key TEXT UNIQUE NOT NULL, song_title TEXT, artist_name TEXT,
    is_exclusive INTEGER);
CREATE TABLE videos (
    id INTEGER PRIMARY KEY, video_id TEXT UNIQUE NOT NULL, account_id INTEGER REFERENCES accounts(id),
    tiktok_url TEXT, upload_date TIMESTAMP, views INTEGER, likes INTEGER, comments INTEGER, shares INTEGER,
    engagement_rate REAL, caption TEXT, hashtags TEXT, sound_id INTEGER REFERENCES sounds(id),
    duration INTEGER, is_deleted INTEGER);
CREATE TABLE scrape_sessions (
    session_id TEXT PRIMARY KEY, start_time TIMESTAMP, end_time TIMESTAMP, status TEXT,
    total_accounts INTEGER, successful_scrapes INTEGER, failed_scrapes INTEGER, total_videos_scraped INTEGER,
    total_new_videos INTEGER, total_updated_videos INTEGER, error_log TEXT, configuration TEXT,
    created_at TIMESTAMP);
CREATE TABLE scrape_logs (
    id INTEGER PRIMARY KEY, session_id TEXT, account_id INTEGER, timestamp TIMESTAMP, status TEXT,
    videos_found INTEGER, new_videos INTEGER, updated_videos INTEGER, error_message TEXT,
    execution_time_seconds REAL);
CREATE TABLE video_history (
    id INTEGER PRIMARY KEY, video_id TEXT, session_id TEXT, views INTEGER, likes INTEGER, comments INTEGER,
    shares INTEGER, engagement_rate REAL, scraped_at TIMESTAMP);
CREATE TABLE exclusive_songs (
    id INTEGER PRIMARY KEY, sound_key TEXT UNIQUE NOT NULL, song_title TEXT, artist_name TEXT,
    added_at TIMESTAMP, added_by TEXT, reason TEXT);
"""
N_EXCLUSIVE = 12


def write_tracker(file: Path, world: World, words: Texts, seen: Observed) -> Path:
    """Write the file anew, in one transaction, so that its bytes depend on its rows only."""
    file.unlink(missing_ok=True)
    con = sqlite3.connect(file, isolation_level=None)
    try:
        con.execute("PRAGMA page_size = 4096")
        con.execute("PRAGMA journal_mode = OFF")
        con.execute("PRAGMA synchronous = OFF")
        con.execute("BEGIN")
        for statement in _SCHEMA.split(";\n"):
            con.execute(statement)
        for name, columns in _tables(world, words, seen):
            _insert(con, name, columns)
        con.execute("COMMIT")
    finally:
        con.close()
    return file


def _insert(con: sqlite3.Connection, name: str, columns: Mapping[str, Column]) -> None:
    made = table(columns)
    plain = [c.cast(pa.string()) if pa.types.is_timestamp(c.type) else c for c in made.columns]
    marks = ", ".join("?" * len(plain))
    statement = f"INSERT INTO {name} ({', '.join(made.column_names)}) VALUES ({marks})"  # noqa: S608 - our own names
    con.executemany(statement, zip(*(c.to_pylist() for c in plain), strict=True))


def _tables(world: World, words: Texts, seen: Observed) -> Iterator[tuple[str, dict[str, Column]]]:
    rng = world.rng["tracker"]
    yield "accounts", _accounts(rng, world, seen)
    yield "sounds", _sounds(world, words)
    yield "videos", _videos(world, words, seen)
    yield from _sessions(rng, world, seen)
    looks = seen.tracker
    yield (
        "video_history",
        {
            "video_id": pa.array(world.plan.external_id[looks.post]).cast(pa.string()),
            "session_id": numbered("session_", looks.session, 4),
            **_counts(looks.counts, np.ones(looks.post.size, dtype=bool)),
            "scraped_at": instants(looks.at),
        },
    )
    n = min(N_EXCLUSIVE, world.n_sounds)
    rare = np.arange(world.n_sounds - n, world.n_sounds)
    yield (
        "exclusive_songs",
        {
            "sound_key": take(words.sound_keys, rare),
            "song_title": take(words.song_titles, rare),
            "artist_name": take(words.song_artists, rare),
            "added_at": instants(world.size.start_second + np.arange(n) * 86_400),
            "added_by": pick(rng, ["system", "manager"], n),
            "reason": pick(rng, ["made for us", "license ends", "client's own song"], n),
        },
    )


def _counts(counts: np.ndarray, is_known: np.ndarray) -> dict[str, Column]:
    percent = np.round(100 * counts[:, 1:4].sum(axis=1) / np.maximum(counts[:, 0], 1), 4)
    names = ("views", "likes", "comments", "shares")
    found: dict[str, Column] = {name: known(counts[:, i], is_known) for i, name in enumerate(names)}
    return found | {"engagement_rate": known(percent, is_known)}


def _accounts(rng: np.random.Generator, world: World, seen: Observed) -> dict[str, Column]:
    who, size = world.who, world.size
    n = size.accounts
    everyone = np.arange(n)
    ends = np.full(n, size.days - 1)
    niche = [f"daily {word}, no rush" for word in ANIMALS]
    return {
        "id": everyone + 1,
        "username": who.handle,
        "display_name": [h.replace(".", " ").replace("_", " ").title() for h in who.handle],
        "followers": world.followers_at(everyone, np.full(n, size.as_of_second)),
        **totals(world, everyone, ends),
        "bio": take(
            [*niche, 'we say "swipe" a lot, sorry', "=new posts daily", None],
            rng.integers(0, len(niche) + 3, n),
        ),
        "is_active": np.where(everyone == who.collapses, 0, 1),
        "is_target_account": (rng.random(n) < 0.9).astype(np.int64),
        "last_scraped_at": instants(np.full(n, size.as_of_second)),
        "scrape_count": size.days + 1 - seen.session_failed.sum(axis=1),
        "notes": take(
            ["collapsed, looking into it", "breakout, watch", None],
            np.select([everyone == who.collapses, everyone == who.breaks_out], [0, 1], 2),
        ),
    }


def _sounds(world: World, words: Texts) -> dict[str, Column]:
    n = world.n_sounds
    return {
        "id": np.arange(n) + 1,
        "sound_key": words.sound_keys,
        "song_title": words.song_titles,
        "artist_name": words.song_artists,
        "is_exclusive": (np.arange(n) >= n - min(N_EXCLUSIVE, n)).astype(np.int64),
    }


def _videos(world: World, words: Texts, seen: Observed) -> dict[str, Column]:
    plan = world.plan
    return {
        "id": np.arange(world.size.posts) + 1,
        "video_id": pa.array(plan.external_id).cast(pa.string()),
        "account_id": plan.account + 1,
        "tiktok_url": words.url,
        "upload_date": instants(plan.posted),
        **_counts(seen.lifetime, seen.is_known),
        "caption": words.caption,
        "hashtags": hashtags(words, ","),
        "sound_id": known(plan.sound + 1, plan.sound >= 0),
        "duration": known(plan.duration, plan.n_slides == 0),
        "is_deleted": (world.deleted_at < FAR).astype(np.int64),
    }


def _sessions(
    rng: np.random.Generator, world: World, seen: Observed
) -> Iterator[tuple[str, dict[str, Column]]]:
    """A session each morning, and what each found at each account."""
    size, plan = world.size, world.plan
    shape = (size.accounts, size.days + 1)
    first = np.clip(
        -((session_second(world, np.zeros_like(plan.posted)) - plan.posted) // 86_400), 0, size.days
    )
    new = _per_session(plan.account, first, shape)
    updated = _per_session(plan.account[seen.tracker.post], seen.tracker.session, shape)
    found = np.minimum(np.cumsum(new, axis=1), 60)
    failed = seen.session_failed
    new, updated, found = (np.where(failed, 0, a) for a in (new, updated, found))
    number = np.arange(size.days + 1)
    start = session_second(world, number)
    configuration = '{"max_videos": 60, "delay_seconds": 2.5}'
    yield (
        "scrape_sessions",
        {
            "session_id": numbered("session_", number, 4),
            "start_time": instants(start),
            "end_time": instants(start + 5_400 + rng.integers(0, 600, number.size)),
            "status": take(["completed", "partial"], (failed.mean(axis=0) > 0.02).astype(np.int64)),
            "total_accounts": np.full(number.size, size.accounts),
            "successful_scrapes": size.accounts - failed.sum(axis=0),
            "failed_scrapes": failed.sum(axis=0),
            "total_videos_scraped": found.sum(axis=0),
            "total_new_videos": new.sum(axis=0),
            "total_updated_videos": updated.sum(axis=0),
            "error_log": take([None, "timeouts, see logs"], (failed.sum(axis=0) > 0).astype(np.int64)),
            "configuration": take([configuration], np.zeros(number.size, dtype=np.int64)),
            "created_at": instants(start),
        },
    )
    session = np.repeat(number, size.accounts)
    account = np.tile(np.arange(size.accounts), number.size)
    bad = failed[account, session]
    yield (
        "scrape_logs",
        {
            "session_id": numbered("session_", session, 4),
            "account_id": account + 1,
            "timestamp": instants(start[session] + account * 17 % 3_000),
            "status": take(["success", "failed"], bad.astype(np.int64)),
            "videos_found": found[account, session],
            "new_videos": new[account, session],
            "updated_videos": updated[account, session],
            "error_message": take(
                [None, "timeout after 30 s", "page did not load"],
                np.where(bad, rng.integers(1, 3, bad.size), 0),
            ),
            "execution_time_seconds": np.round(rng.gamma(4.0, 1.2, bad.size) + 25 * bad, 2),
        },
    )


def _per_session(account: Ints, session: Ints, shape: tuple[int, int]) -> Ints:
    return np.bincount(account * shape[1] + session, minlength=shape[0] * shape[1]).reshape(shape)
