"""A warehouse of any size, made set-wise in SQL and published as a load would publish it.

It has what the definitions trip over, a little of each: posts without an account, a posting time or a
snapshot; times known only by date; counts that are unknown or fall; accounts too small for a score, without
a target, without followers; likes and saves that only a part of the accounts reports.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb

from workbench.settings import Settings, load_settings
from workbench.warehouse import marts, versions
from workbench.warehouse.load import open_writer
from workbench.warehouse.migrate import migrate, migrations

AS_OF = datetime(2025, 10, 6)
"""Midnight after a Sunday: nothing was captured later."""

LAST_WEEK = date(2025, 9, 29)
"""Monday of the last whole week."""


@dataclass(frozen=True)
class Size:
    posts: int = 100_000
    accounts: int = 450
    days: int = 300
    snapshots: int = 22
    """Looks at a post until it is 900 h old; young posts have had fewer and some looks failed: 20 remain."""

    @property
    def name(self) -> str:
        return f"{self.posts // 1000}k" if self.posts % 1000 == 0 else str(self.posts)


FULL = Size()
SHORT = Size(posts=20_000, accounts=90)


def warehouse_of(home: Path, size: Size) -> Settings:
    """Make and publish a warehouse in an empty home folder; `workbench.connect(home)` opens it."""
    settings = load_settings(home)
    building = versions.start(settings.versions, None)
    con = open_writer(building, settings)
    try:
        migrate(con)
        fill(con, size)
        con.execute("CREATE TEMP TABLE touched (key_name VARCHAR, key VARCHAR)")
        marts.refresh(con, settings, full=True)
        con.execute("CHECKPOINT")
        newest = con.execute("SELECT max(captured_at)::VARCHAR FROM post_snapshots").fetchone()
    finally:
        con.close()
    versions.publish(
        settings.versions,
        building,
        number=1,
        schema=migrations()[-1].version,
        as_of=newest[0] if newest else None,
        now=f"{AS_OF:%Y-%m-%d %H:%M:%S}",
    )
    return settings


def fill(con: duckdb.DuckDBPyConnection, size: Size) -> None:
    """Insert accounts, posts, snapshots, slides and followers; the same size gives the same rows."""
    start = AS_OF - timedelta(days=size.days)
    given = {
        "posts": size.posts,
        "accounts": size.accounts,
        "days": size.days,
        "snapshots": size.snapshots,
        "start": f"TIMESTAMP '{start}'",
        "as_of": f"TIMESTAMP '{AS_OF}'",
        "step": size.days * 86_400 / size.posts,
        "words": list(_WORDS),
    }
    for statement in (_DRAWS, *_ROWS):
        con.execute(statement.format(**given))
    con.execute("DROP TABLE made_posts; DROP TABLE made_accounts; DROP MACRO u; DROP MACRO z")


_WORDS = (
    "nobody", "tells", "you", "about", "the", "first", "morning", "coffee", "habit", "that", "changed", "my", "life",
    "stop", "doing", "this", "before", "bed", "three", "signs", "of", "a", "quiet", "friend", "what", "money", "can",
    "never", "buy", "read", "again", "when", "tired", "small", "rooms", "big", "windows", "letters", "to", "younger",
    "self", "why", "we", "forget", "names", "rain", "train", "home", "late", "learn", "slow", "cook", "walk", "dance",
    "breathe", "count", "stars", "save", "twice", "today",
)  # fmt: skip

_DRAWS = """
CREATE TEMP MACRO u(key, salt) AS ((hash(key, salt) % 1000003) + 0.5) / 1000003.0;
CREATE TEMP MACRO z(key, salt) AS sqrt(-2 * ln(u(key, salt))) * cos(2 * pi() * u(key, salt + 1000));
"""
"""Uniform and normal draws that depend on a key alone."""

_ROWS = (
    """
    CREATE TEMP TABLE made_accounts AS
    SELECT a, p AS platform, p || ':account_' || a AS account_id, z(a, 1) AS strength,
        CASE WHEN a % 20 = 19 THEN 0 ELSE exp(9 + 2 * z(a, 2)) END AS size
    FROM (SELECT a, CASE WHEN a % 10 < 7 THEN 'tiktok' WHEN a % 10 < 9 THEN 'youtube' ELSE 'instagram' END AS p
          FROM range({accounts}) t(a))
    """,
    """
    INSERT INTO accounts BY NAME
    SELECT account_id, platform, 'account_' || a AS username, 'Account ' || a AS display_name,
        'creator:' || a % 12 AS creator_id, 'va:' || a % 25 AS va_id,
        CASE WHEN a % 9 > 0 THEN 3 + a % 9 END AS target_posts_per_week, {as_of} AS seen_at
    FROM made_accounts
    """,
    "INSERT INTO vas BY NAME SELECT 'va:' || v AS va_id, 'VA ' || v AS name FROM range(25) t(v)",
    "INSERT INTO creators BY NAME SELECT 'creator:' || c AS creator_id, 'Creator ' || c AS name FROM range(12) t(c)",
    # Some accounts post much more than others, and the last ones hardly at all.
    """
    CREATE TEMP TABLE made_posts AS
    SELECT i, platform || ':7' || lpad((i * 7919)::VARCHAR, 18, '0') AS post_id, m.*,
        date_trunc('second', {start} + to_microseconds(((i + u(i, 3)) * {step} * 1e6)::BIGINT)) AS went_up,
        u(i, 4) < 0.03 AS is_dated, u(i, 5) < 0.005 AS is_timeless, u(i, 6) < 0.01 AS is_stray,
        exp(6 + 0.7 * strength + 1.3 * z(i, 7)) AS final_views, 10 + 60 * u(i, 8) AS slowness
    FROM (SELECT i, least(hash(i, 9) % {accounts}, hash(i, 10) % {accounts}) AS a FROM range({posts}) t(i)) d
    JOIN made_accounts m USING (a)
    """,
    """
    INSERT INTO posts BY NAME
    SELECT post_id, platform, split_part(post_id, ':', 2) AS external_id,
        'https://www.tiktok.com/@account_' || a || '/photo/' || split_part(post_id, ':', 2) AS url,
        CASE WHEN NOT is_stray THEN account_id END AS account_id, 'va:' || hash(a, i // 5000) % 25 AS va_id,
        'set:' || hash(i, 11) % 800 AS set_id, 'sound:' || hash(i, 12) % 900 AS sound_id,
        'creator:' || a % 12 AS creator_id,
        CASE WHEN u(i, 13) < 0.7 THEN 'slideshow' WHEN u(i, 13) < 0.98 THEN 'video' END AS post_type,
        CASE WHEN is_timeless THEN NULL WHEN is_dated THEN date_trunc('day', went_up) ELSE went_up END AS posted_at,
        CASE WHEN is_timeless THEN NULL WHEN is_dated THEN 'day' ELSE 'second' END AS posted_at_precision,
        CASE WHEN NOT is_timeless THEN went_up::DATE END AS posted_local_on,
        CASE WHEN NOT is_timeless AND NOT is_dated THEN hour(went_up) END AS posted_local_hour,
        'Nobody tells you this about day ' || i % 97 || ', part ' || i % 13 AS caption,
        ['fyp', 'niche' || a % 12, 'day' || i % 7] AS hashtags, 2 + hash(i, 14) % 5 AS slide_count,
        CASE WHEN u(i, 15) < 0.5 THEN size::BIGINT END AS followers_at_post, u(i, 16) < 0.01 AS is_deleted,
        'tracker' AS source, went_up + INTERVAL 3 HOUR AS seen_at, 'batch:' || strftime(went_up, '%Y-%m-%d') AS batch_id
    FROM made_posts ORDER BY went_up
    """,
    # Looks come at ages from 3 to 900 h, each a third later than the one before, as they do in practice.
    """
    INSERT INTO post_snapshots BY NAME
    SELECT post_id, captured_at, 'scrape:' || strftime(captured_at, '%Y-%m-%d-%H') AS session_id, views,
        CASE WHEN likes_known THEN (views * (0.03 + 0.06 * u(i, 17)))::BIGINT END AS likes,
        CASE WHEN likes_known THEN (views * 0.006 * u(i, 18))::BIGINT END AS comments,
        CASE WHEN u(i, 19) > 0.01 THEN (views * 0.004 * u(i, 20))::BIGINT END AS shares,
        CASE WHEN a % 31 > 0 THEN (views * 0.005 * u(i, 21))::BIGINT END AS saves, 'scrape' AS method,
        'batch:' || strftime(captured_at, '%Y-%m-%d') AS batch_id
    FROM (
        SELECT p.*, age, u(i * 100 + k, 22) > 0.02 AND a % 20 <> 13 AS likes_known,
            went_up + to_seconds(floor(age * 3600)::BIGINT) AS captured_at,
            CASE WHEN u(i * 100 + k, 23) > 0.005 THEN
                (final_views * age / (age + slowness)
                 * CASE WHEN u(i * 100 + k, 24) < 0.01 THEN 0.9 ELSE 1 END)::BIGINT END AS views
        FROM (SELECT p.*, k, 3 * 300 ** ((k + 0.97 * u(i * 100 + k, 25)) / {snapshots}) AS age
              FROM made_posts p, range({snapshots}) t(k)
              WHERE u(i * 100 + k, 26) > 0.05 AND u(i, 27) > 0.005) p
    ) WHERE captured_at < {as_of} ORDER BY captured_at
    """,
    # Two images share each template, a bit or two apart, and only their texts tell them apart; every tenth use
    # was saved again, every fiftieth text was not read.
    """
    INSERT INTO slides BY NAME
    SELECT post_id, s AS slide_index, 'https://cdn.example.com/' || image || '.jpg' AS slide_url,
        sha256(image || CASE WHEN is_saved_again THEN ' ' || i ELSE '' END) AS sha256,
        xor((hash(image // 2) >> 1)::BIGINT, CASE WHEN is_saved_again THEN 5 ELSE image % 2 END) AS phash,
        CASE WHEN u(image, 34) > 0.02 THEN array_to_string(list_transform(range(7), k ->
            {words}[(hash(image, k) % 60 + 1)::BIGINT]), ' ') END AS ocr_text,
        0.9 AS ocr_confidence, 1080 AS width, 1350 AS height
    FROM (SELECT i, post_id, went_up, s, (hash(i, s, 28) % ({posts} + 1))::BIGINT AS image,
              u(i * 10 + s, 33) < 0.1 AS is_saved_again
          FROM made_posts p, range(6) t(s) WHERE s < 2 + hash(i, 14) % 5)
    ORDER BY went_up
    """,
    """
    INSERT INTO account_snapshots BY NAME
    SELECT account_id, {start} + to_days(d::INTEGER) + to_minutes((180 + hash(a, d) % 120)::BIGINT) AS captured_at,
        CASE WHEN u(a * 1000 + d, 29) > 0.01 THEN (size * (1 + d * (0.002 + 0.002 * strength / 3)))::BIGINT END
            AS followers,
        400 + a % 100 AS following, d * 2 AS total_posts, (size * (9 + d * 0.03))::BIGINT AS total_likes
    FROM made_accounts, range({days}) t(d)
    WHERE u(a * 1000 + d, 30) > 0.03 AND d >= CASE WHEN a % 20 = 7 THEN {days} - 10 ELSE 0 END
    ORDER BY d
    """,
    """
    INSERT INTO sets BY NAME
    SELECT 'set:' || n AS set_id, 'S' || n AS set_code, 'creator:' || n % 12 AS creator_id,
        ({start} + to_days((n % 200)::INTEGER))::DATE AS created_on
    FROM range(800) t(n)
    """,
    # Monthly revenue of each account, some from sponsors; weekly hours of each VA, tools every month.
    """
    INSERT INTO revenue BY NAME
    SELECT 'revenue:' || a || ':' || m AS revenue_id, ({start} + to_days((30 * m)::INTEGER))::DATE AS from_on,
        ({start} + to_days((30 * m + 29)::INTEGER))::DATE AS to_on,
        (exp(4 + strength + 0.5 * z(a * 100 + m, 35)))::DECIMAL(18, 2) AS amount,
        CASE WHEN a % 5 = 0 THEN 'EUR' ELSE 'USD' END AS currency, 'platform' AS source, 'account' AS scope,
        account_id AS scope_id
    FROM made_accounts, range({days} // 30) t(m)
    """,
    """
    INSERT INTO costs BY NAME
    SELECT 'cost:' || v || ':' || w AS cost_id, ({start} + to_days((7 * w)::INTEGER))::DATE AS from_on,
        ({start} + to_days((7 * w + 6)::INTEGER))::DATE AS to_on, 'va_time' AS kind,
        (15 + 20 * u(v, 36))::DECIMAL(18, 2) AS work_hours,
        6.5::DECIMAL(18, 4) AS hourly_pay, 'USD' AS currency, 'va' AS scope, 'va:' || v AS scope_id
    FROM range(25) t(v), range({days} // 7) s(w)
    UNION ALL BY NAME
    SELECT 'tool:' || m AS cost_id, ({start} + to_days((30 * m)::INTEGER))::DATE AS from_on,
        ({start} + to_days((30 * m + 29)::INTEGER))::DATE AS to_on, 'tool' AS kind, 480::DECIMAL(18, 4) AS amount,
        'USD' AS currency, 'all' AS scope
    FROM range({days} // 30) t(m)
    """,
    """
    INSERT INTO fx_rates BY NAME
    SELECT 'EUR' AS currency, ({start} + to_days(d::INTEGER))::DATE AS rate_on, 1.08::DECIMAL(18, 8) AS rate
    FROM range({days}) t(d)
    """,
    """
    INSERT INTO tasks BY NAME
    SELECT 'task:' || n AS task_id, 'reel_list' AS kind, 'Slides of day ' || n % 300 AS title, 'va:' || n % 25 AS va_id,
        account_id, ({start} + to_days((n % {days})::INTEGER))::DATE AS due_on,
        CASE WHEN u(n, 37) < 0.9 THEN 'done' ELSE 'open' END AS status, {start} + to_days((n % {days})::INTEGER) -
        INTERVAL 5 DAY AS created_at, CASE WHEN u(n, 37) < 0.9 THEN {start} + to_days((n % {days})::INTEGER) +
        to_hours((60 * u(n, 38) - 30)::BIGINT) END AS done_at
    FROM range({accounts} * 10) t(n) JOIN made_accounts m ON m.a = n % {accounts}
    """,
    """
    INSERT INTO content_items BY NAME
    SELECT 'content:' || n AS content_id, 'Item ' || n AS title, 'creator:' || n % 12 AS creator_id,
        ['idea', 'draft', 'ready', 'published'][1 + (n % 4)] AS stage,
        {start} + to_days((n % {days})::INTEGER) AS stage_since_at, {start} + to_days((n % {days})::INTEGER) -
        INTERVAL 9 DAY AS created_at, ({start} + to_days((n % {days} + 7)::INTEGER))::DATE AS due_on
    FROM range({posts} // 50) t(n)
    """,
    """
    INSERT INTO content_posts BY NAME
    SELECT 'content:' || i % ({posts} // 50) AS content_id, post_id, platform, went_up AS posted_at
    FROM made_posts WHERE i % 10 = 0
    """,
)
