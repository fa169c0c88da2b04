"""A master list of any length, as the agencies' exports have it."""

from __future__ import annotations

from pathlib import Path

import duckdb


def write_master(path: Path, posts: int, seed: float = 0.5) -> None:
    """Write MASTER_TIKTOK_DATABASE.csv with `posts` rows: 220 accounts, 25 VAs, 300 days, lifetime counts.

    A sixth of the rows lists slide addresses, a sixth a number of slides, as the real files mix them.
    """
    con = duckdb.connect()
    con.execute("SELECT setseed(?)", [seed])
    query = f"""
    SELECT strftime(posted, '%Y-%m-%d') AS created_date, strftime(posted, '%H:%M:%S') AS created_time,
        'account_' || a AS account, 'VA ' || (hash(a, i // 5000) % 25) AS va,
        'https://www.tiktok.com/@account_' || a || '/photo/' || ((epoch(posted)::BIGINT << 32) + i) AS post_url,
        views, (views * 0.07)::BIGINT AS likes, (views * 0.004)::BIGINT AS comments, (views * 0.002)::BIGINT AS shares,
        (views * 0.076)::BIGINT AS engagement, 7.6 AS engagement_rate,
        '#fyp #niche' || (a % 12) || ' #day' || (i % 7) AS hashtags,
        'Song ' || (hash(i, 1) % 900) || ' - Artist ' || (hash(i, 1) % 300) AS sound,
        CASE hash(i, 2) % 6 WHEN 0 THEN '4'
            WHEN 1 THEN 'https://cdn.example.com/' || i || '/1.jpg,https://cdn.example.com/' || i || '/2.jpg'
            END AS slides,
        'sheet' AS source
    FROM (
        SELECT i, hash(i, 3) % 220 AS a,
            TIMESTAMP '2024-12-01' + INTERVAL (i * (300.0 * 86400 / {posts})) SECOND AS posted,
            (exp(5 + 1.6 * sqrt(-2 * ln(random() + 1e-12)) * cos(2 * pi() * random())))::BIGINT AS views
        FROM range({posts}) t(i)
    ) ORDER BY i
    """
    quoted = str(path).replace("'", "''")
    con.execute(f"COPY ({query}) TO '{quoted}' (FORMAT csv, HEADER)")
    con.close()
