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
    accounts: dict[str, int] = {}
    vas: dict[str, int] = {}
    posts, metrics, slides = [], [], []
    with source.open(newline="", encoding="utf-8") as f:
        for number, row in enumerate(csv.DictReader(f), start=1):
            account = accounts.setdefault(row["account"], len(accounts) + 1)
            va = vas.setdefault(row["va"], len(vas) + 1)
            links = row["slides"].split(",") if "://" in row["slides"] else []
            count = len(links) if links else int(row["slides"] or 0)
            posts.append(
                (number, row["post_url"], account, va, row["created_date"], row["created_time"], row["hashtags"],
                 row["sound"], count, row["source"])
            )  # fmt: skip
            metrics.append(
                (number, int(row["views"]), int(row["likes"]), int(row["comments"]), int(row["shares"]),
                 int(row["engagement"]), float(row["engagement_rate"]))
            )  # fmt: skip
            slides += [(number, place, link) for place, link in enumerate(links, start=1)]
    db.executemany("INSERT INTO accounts VALUES (?, ?)", [(n, a) for a, n in accounts.items()])
    db.executemany("INSERT INTO vas VALUES (?, ?)", [(n, v) for v, n in vas.items()])
    db.executemany("INSERT INTO posts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", posts)
    db.executemany("INSERT INTO post_metrics VALUES (?, ?, ?, ?, ?, ?, ?)", metrics)
    db.executemany("INSERT INTO slides VALUES (?, ?, ?)", slides)
    db.commit()
    db.close()
