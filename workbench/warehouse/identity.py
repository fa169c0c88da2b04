"""Which account a name means.

`account_names` keeps every (platform, name, external id) ever seen, with the times between which. The
external id is what a platform never changes; so all names of one external id are one account, whose id
is the name that was seen first. A name that another external id had first does not move: the later
holder's account gets the external id behind the name. Deciding from the whole table, anew at each
load, makes the outcome independent of the order in which the names came in.
"""

from __future__ import annotations

import duckdb

from .merge import merge, rank_of
from .staging import BOOKKEEPING, Staged, quoted, table_types
from .tables import TABLES

_NOTE = """
CREATE OR REPLACE TEMP TABLE names_seen AS
SELECT platform, name AS username, external_id, min(valid_from) AS valid_from, max(valid_to) AS valid_to
FROM (
    SELECT platform, username AS name, external_id, valid_from, valid_to FROM account_names
    UNION ALL
    SELECT split_part(account_id, ':', 1), lower(coalesce(ltrim(username, '@'), substr(account_id, instr(account_id, ':') + 1))),
        coalesce(external_id, ''), seen_at, seen_at
    FROM {staged}
)
GROUP BY ALL
"""

_OWNERS = """
CREATE OR REPLACE TEMP TABLE owners AS
WITH
-- The external id that had a name first owns it.
first_holder AS (
    SELECT platform, username, arg_min(external_id, {t: valid_from, e: external_id}) AS external_id
    FROM names_seen WHERE external_id <> '' GROUP BY ALL
),
-- An external id's account is called by the earliest name that it owns.
called AS (
    SELECT n.platform, n.external_id,
        arg_min(n.username, {t: n.valid_from, n: n.username}) FILTER (f.external_id = n.external_id) AS own,
        arg_min(n.username, {t: n.valid_from, n: n.username}) AS used
    FROM names_seen n JOIN first_holder f USING (platform, username)
    WHERE n.external_id <> '' GROUP BY ALL
)
SELECT n.platform, n.username, n.external_id, n.valid_from, n.valid_to,
    n.platform || ':' || coalesce(c.own, c.used || '~' || c.external_id, n.username) AS account_id
FROM names_seen n
LEFT JOIN first_holder f USING (platform, username)
LEFT JOIN called c ON c.platform = n.platform
    AND c.external_id = CASE n.external_id WHEN '' THEN f.external_id ELSE n.external_id END
"""

# A name that is another account's as well stands for the one that had it first.
_ALIASES = """
CREATE OR REPLACE TEMP TABLE aliases AS
SELECT DISTINCT platform || ':' || username AS alias, account_id FROM account_names
WHERE platform || ':' || username <> account_id
    AND (external_id = '' OR account_id NOT LIKE '%~' || external_id)
"""


def note_names(con: duckdb.DuckDBPyConnection, staged: Staged) -> None:
    """Take the names of staged `accounts` rows into `account_names` and move what they rename.

    Rows of the batch itself are resolved by `resolve`.
    """
    has = set(staged.columns)
    username = "username" if "username" in has else "NULL::VARCHAR"
    external = "external_id" if "external_id" in has else "NULL::VARCHAR"
    rows = f"(SELECT account_id, {username} AS username, {external} AS external_id, seen_at FROM {staged.name})"
    con.execute(_NOTE.format(staged=rows))
    con.execute(_OWNERS)
    con.execute("DELETE FROM account_names")
    con.execute(
        "INSERT INTO account_names SELECT account_id, platform, username, external_id, valid_from, valid_to "
        "FROM owners ORDER BY ALL"
    )


def find_aliases(con: duckdb.DuckDBPyConnection) -> bool:
    """Fill temporary table `aliases` (alias, account_id) from the names; whether there is any."""
    con.execute(_ALIASES)
    row = con.execute("SELECT count(*) FROM aliases").fetchone()
    return bool(row and row[0])


def resolve(con: duckdb.DuckDBPyConnection, staged: Staged) -> None:
    """Replace names in a staged table's account_id (and accounts' external ids) by the account."""
    if "account_id" not in staged.columns:
        return
    if staged.table.name == "accounts" and "external_id" in staged.columns:
        con.execute(
            f"UPDATE {staged.name} s SET account_id = n.account_id FROM account_names n "
            "WHERE n.platform = split_part(s.account_id, ':', 1) AND n.external_id = s.external_id "
            "AND n.external_id <> '' AND s.account_id <> n.account_id"
        )
    con.execute(
        f"UPDATE {staged.name} s SET account_id = a.account_id FROM aliases a WHERE a.alias = s.account_id"
        + (" AND s.external_id IS NULL" if staged.table.name == "accounts" and "external_id" in staged.columns else "")
    )


def move_renamed(con: duckdb.DuckDBPyConnection, *, zone: str) -> list[str]:
    """Move rows of accounts that turned out to be another account; returns the tables that changed."""
    moved = []
    for table in TABLES.values():
        types = table_types(con, table.name)
        if "account_id" not in types:
            continue
        found = con.execute(
            f"SELECT count(*) FROM {table.name} t SEMI JOIN aliases a ON a.alias = t.account_id"
        ).fetchone()
        if not found or not found[0]:
            continue
        moved.append(table.name)
        if "account_id" in table.key:
            _merge_moved(con, table.name, types, zone)
        else:
            con.execute(
                f"UPDATE {table.name} SET account_id = a.account_id FROM aliases a "
                f"WHERE a.alias = {table.name}.account_id"
            )
    return moved


def _merge_moved(con: duckdb.DuckDBPyConnection, name: str, types: dict[str, str], zone: str) -> None:
    """Rows whose key changes are taken out and merged again under the new key."""
    table = TABLES[name]
    data = [c for c in types if c not in (*BOOKKEEPING, *table.key)]
    keys = ", ".join("moved_to AS account_id" if k == "account_id" else quoted(k) for k in table.key)
    if table.is_fact:
        ranks, values, seen = f"[{rank_of(table)}]", ", ".join(quoted(c) for c in data), ""
    else:
        # A row whose columns are of several times becomes a row for each time, so that each keeps its own.
        ranks = f"list_distinct(list_append(map_values(coalesce(column_ranks, MAP {{}})), {rank_of(table)}))"
        values = ", ".join(f"CASE WHEN {rank_of(table, c)} = rank THEN {quoted(c)} END AS {quoted(c)}" for c in data)
        seen = ", make_timestamp(nullif(rank, 0)) AS seen_at"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE stage_moved AS SELECT {keys}, {values}{seen} FROM ("
        f"SELECT t.*, a.account_id AS moved_to, unnest({ranks}) AS rank "
        f"FROM {name} t JOIN aliases a ON a.alias = t.account_id)"
    )
    con.execute(f"DELETE FROM {name} USING aliases a WHERE a.alias = {name}.account_id")
    merge(con, Staged(table, "stage_moved", (*table.key, *data), 0, 0), batch_id="renamed", zone=zone)
