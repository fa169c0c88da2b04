"""The old way to answer: a SQLite file with the old schema and its indexes, and six questions asked of it.

It holds the same posts, counts and slides as the warehouse it is made from.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import duckdb

SCHEMA = """
CREATE TABLE accounts (id INTEGER PRIMARY KEY, username TEXT UNIQUE);
CREATE TABLE vas (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE posts (
    id INTEGER PRIMARY KEY, post_url TEXT UNIQUE, account_id INTEGER REFERENCES accounts,
    va_id INTEGER REFERENCES vas, posted_at INTEGER, created_date TEXT, has_time INTEGER
);
CREATE TABLE post_metrics (
    post_id INTEGER REFERENCES posts, captured_at INTEGER, views INTEGER, likes INTEGER, comments INTEGER,
    shares INTEGER
);
CREATE TABLE slides (post_id INTEGER REFERENCES posts, slide_number INTEGER, image_hash TEXT);
"""
INDEXES = """
CREATE INDEX idx_posts_account ON posts(account_id);
CREATE INDEX idx_posts_va ON posts(va_id);
CREATE INDEX idx_posts_date ON posts(created_date);
CREATE INDEX idx_metrics_post ON post_metrics(post_id, captured_at);
CREATE INDEX idx_metrics_views ON post_metrics(views);
CREATE INDEX idx_slides_post ON slides(post_id);
CREATE INDEX idx_slides_image ON slides(image_hash);
ANALYZE;
"""
_ROWS = {
    "accounts": "SELECT row_number() OVER (ORDER BY account_id), account_id FROM accounts",
    "vas": "SELECT row_number() OVER (ORDER BY va_id), va_id FROM vas",
    "posts": """
        WITH a AS (SELECT row_number() OVER (ORDER BY account_id) AS n, account_id FROM accounts),
             v AS (SELECT row_number() OVER (ORDER BY va_id) AS n, va_id FROM vas)
        SELECT row_number() OVER (ORDER BY post_id), post_id, a.n, v.n, epoch(posted_at)::BIGINT,
            strftime(posted_local_on, '%Y-%m-%d'), (posted_at_precision <> 'day')::INT
        FROM posts LEFT JOIN a USING (account_id) LEFT JOIN v USING (va_id)""",
    "post_metrics": """
        WITH p AS (SELECT row_number() OVER (ORDER BY post_id) AS n, post_id FROM posts)
        SELECT n, epoch(captured_at)::BIGINT, views, likes, comments, shares
        FROM post_snapshots JOIN p USING (post_id) ORDER BY captured_at""",
    "slides": """
        WITH p AS (SELECT row_number() OVER (ORDER BY post_id) AS n, post_id FROM posts)
        SELECT n, slide_index, sha256 FROM slides JOIN p USING (post_id)""",
}


def old_database(con: duckdb.DuckDBPyConnection, target: Path) -> None:
    """Write a warehouse's rows into a fresh SQLite file of the old schema."""
    target.unlink(missing_ok=True)
    db = sqlite3.connect(target)
    db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + SCHEMA)
    for table, query in _ROWS.items():
        found = con.execute(query)
        marks = ", ".join("?" * len(found.description))
        while rows := found.fetchmany(200_000):
            db.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
    db.executescript(INDEXES)
    db.commit()
    db.close()


def asked(file: Path, query: str) -> list[tuple[object, ...]]:
    """The answer of a connection of its own, with memory enough to hold the file."""
    db = sqlite3.connect(file)
    try:
        db.execute("PRAGMA cache_size = -1000000")
        return db.execute(query).fetchall()
    finally:
        db.close()


_STEPS = """
    steps AS (
        SELECT m.post_id, p.has_time, m.views, (m.captured_at - p.posted_at) / 3600.0 AS age,
            lag(m.views) OVER w AS before, lag((m.captured_at - p.posted_at) / 3600.0) OVER w AS age_before
        FROM post_metrics m JOIN posts p ON p.id = m.post_id
        WHERE m.views IS NOT NULL AND m.captured_at >= p.posted_at AND p.posted_at IS NOT NULL
        WINDOW w AS (PARTITION BY m.post_id ORDER BY m.captured_at)
    )"""


def _at(hours: int) -> str:
    """views_at(hours) as an aggregate over a post's steps: a straight line between the looks around that age."""
    start, low = "coalesce(age_before, 0)", "coalesce(before, 0)"
    within = f"{start} < {hours} AND age >= {hours}"
    close = f"(age = {hours} OR age - {start} <= {max(24, hours / 2)})"
    line = f"{low} + (views - {low}) * ({hours} - {start}) / nullif(age - {start}, 0)"
    value = f"CASE WHEN age = {hours} THEN views ELSE {line} END"
    return f"max(CASE WHEN {within} AND {close} THEN {value} END)"


QUESTIONS: dict[str, str] = {
    "va_performance": """
        WITH latest AS (
            SELECT post_id, views, likes, comments, shares,
                row_number() OVER (PARTITION BY post_id ORDER BY captured_at DESC) AS place
            FROM post_metrics WHERE views IS NOT NULL
        )
        SELECT v.name, count(*), sum(l.views), avg(l.views), max(l.views), sum(l.views >= 10000)
        FROM posts p JOIN vas v ON v.id = p.va_id JOIN latest l ON l.post_id = p.id AND l.place = 1
        GROUP BY v.name ORDER BY v.name""",
    "top_slides": """
        WITH latest AS (
            SELECT post_id, views, row_number() OVER (PARTITION BY post_id ORDER BY captured_at DESC) AS place
            FROM post_metrics WHERE views IS NOT NULL
        ), uses AS (SELECT DISTINCT image_hash, post_id FROM slides)
        SELECT u.image_hash, count(*), avg(l.views) FROM uses u JOIN latest l ON l.post_id = u.post_id AND l.place = 1
        GROUP BY u.image_hash HAVING count(*) >= 5 ORDER BY avg(l.views) DESC, u.image_hash LIMIT 50""",
    "repost_pairs": """
        WITH uses AS (SELECT DISTINCT image_hash, post_id FROM slides)
        SELECT a.post_id, b.post_id, count(*) FROM uses a
        JOIN uses b ON b.image_hash = a.image_hash AND b.post_id > a.post_id
        GROUP BY a.post_id, b.post_id HAVING count(*) >= 2 ORDER BY 1, 2""",
    "over_10k_at_48h": f"""
        WITH {_STEPS}
        SELECT count(*) FROM (
            SELECT post_id, {_at(48)} AS at_48 FROM steps GROUP BY post_id
        ) WHERE at_48 > 10000""",
    "growth_per_post": f"""
        WITH {_STEPS}
        SELECT p.post_url, {_at(24)}, {_at(48)}, {_at(72)}, {_at(96)}, {_at(120)}
        FROM steps s JOIN posts p ON p.id = s.post_id WHERE s.has_time GROUP BY p.post_url ORDER BY p.post_url""",
    "daily_summary": """
        WITH latest AS (
            SELECT post_id, views, likes, comments, shares,
                row_number() OVER (PARTITION BY post_id ORDER BY captured_at DESC) AS place
            FROM post_metrics WHERE views IS NOT NULL
        )
        SELECT p.created_date, count(*), sum(l.views), avg(l.views) FROM posts p
        JOIN latest l ON l.post_id = p.id AND l.place = 1
        WHERE p.created_date IS NOT NULL GROUP BY p.created_date ORDER BY p.created_date""",
}
"""The questions that the old scripts asked, as somebody who knows SQLite would ask them."""
