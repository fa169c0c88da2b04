"""Who put a post up, where no file says so of the post itself.

The VA whose term on the account covers the day of posting stands in for what is not known. It bears the lowest
rank, so that whatever a file says of the post replaces it, and is taken anew at each load: when terms change, so
does it.
"""

from __future__ import annotations

import duckdb


def fill_vas(con: duckdb.DuckDBPyConnection) -> None:
    """Fill `posts.va_id` from `account_assignments`; notes the changed posts in temporary table `touched`."""
    unsaid = "(p.va_id IS NULL OR coalesce(p.column_ranks['va_id'] = 0, false))"
    # Two VAs on one account on one day: nobody knows whose the post is.
    found = (
        "SELECT p.post_id, any_value(t.va_id) AS va_id FROM posts p JOIN account_assignments t "
        "ON t.account_id = p.account_id AND p.posted_local_on >= t.from_on "
        "AND (t.to_on IS NULL OR p.posted_local_on <= t.to_on) "
        f"WHERE {unsaid} GROUP BY p.post_id HAVING count(DISTINCT t.va_id) = 1"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE filled AS SELECT p.post_id, f.va_id FROM posts p LEFT JOIN ({found}) f "
        f"USING (post_id) WHERE {unsaid} AND p.va_id IS DISTINCT FROM f.va_id"
    )
    con.execute(
        "UPDATE posts SET va_id = f.va_id, column_ranks = map_concat(coalesce(column_ranks, MAP {}), "
        "MAP {'va_id': 0::BIGINT}) FROM filled f WHERE f.post_id = posts.post_id"
    )
    con.execute("INSERT INTO touched SELECT 'post_id', post_id FROM filled")
    con.execute("DROP TABLE filled")
