"""The straightforward way: Python's csv module into SQLite with the old schema and its indexes.

No checks, no history, no marts: what the workbench's import is measured against.
"""

from __future__ import annotations

import csv
import sqlite3
from pathlib import Path

SCHEMA = """
CREATE TABLE accounts (account_id INTEGER PRIMARY KEY, username TEXT UNIQUE);
CREATE TABLE vas (va_id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE posts (
    post_id INTEGER PRIMARY KEY, post_url TEXT UNIQUE, account_id INTEGER REFERENCES accounts,
    va_id INTEGER REFERENCES vas, created_date TEXT, created_time TEXT, hashtags TEXT, sound TEXT, slide_count INTEGER,
    source TEXT
);
CREATE TABLE post_metrics (
    post_id INTEGER PRIMARY KEY REFERENCES posts, views INTEGER, likes INTEGER, comments INTEGER, shares INTEGER,
    engagement INTEGER, engagement_rate REAL
);
CREATE TABLE slides (post_id INTEGER REFERENCES posts, slide_number INTEGER, image_url TEXT);
CREATE INDEX idx_posts_account ON posts(account_id);
CREATE INDEX idx_posts_va ON posts(va_id);
CREATE INDEX idx_posts_date ON posts(created_date);
CREATE INDEX idx_metrics_views ON post_metrics(views);
CREATE INDEX idx_slides_post ON slides(post_id);
CREATE INDEX idx_slides_url ON slides(image_url);
"""


def import_old_way(source: Path, target: Path) -> None:
    """Import a master CSV into a fresh SQLite file."""
    target.unlink(missing_ok=True)
    db = sqlite3.connect(target)
    db.executescript(SCHEMA)
    with source.open(newline="", encoding="utf-8") as f:
        for row in csv.DictReader(f):
            _one(db, row)
    db.commit()
    db.close()


def _one(db: sqlite3.Connection, row: dict[str, str]) -> None:
    db.execute("INSERT OR IGNORE INTO accounts (username) VALUES (?)", [row["account"]])
    db.execute("INSERT OR IGNORE INTO vas (name) VALUES (?)", [row["va"]])
    account = db.execute("SELECT account_id FROM accounts WHERE username = ?", [row["account"]]).fetchone()[0]
    va = db.execute("SELECT va_id FROM vas WHERE name = ?", [row["va"]]).fetchone()[0]
    links = row["slides"].split(",") if "://" in row["slides"] else []
    count = len(links) if links else int(row["slides"] or 0)
    post = db.execute(
        "INSERT INTO posts (post_url, account_id, va_id, created_date, created_time, "
        "hashtags, sound, slide_count, source) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            row["post_url"],
            account,
            va,
            row["created_date"],
            row["created_time"],
            row["hashtags"],
            row["sound"],
            count,
            row["source"],
        ],
    ).lastrowid
    counts = [int(row[c]) for c in ("views", "likes", "comments", "shares", "engagement")]
    db.execute(
        "INSERT INTO post_metrics VALUES (?, ?, ?, ?, ?, ?, ?)",
        [post, *counts, float(row["engagement_rate"])],
    )
    for place, link in enumerate(links, start=1):
        db.execute("INSERT INTO slides VALUES (?, ?, ?)", [post, place, link])
