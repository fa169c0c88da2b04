"""Which account a name means.

`account_names` keeps every (platform, name, external id) ever seen, with the times between which. The
external id is what a platform never changes; so all names of one external id are one account, whose id
is the name that was seen first. A name that another external id had first does not move: the later
holder's account gets the external id behind the name. Deciding from the whole table, anew at each
load, makes the outcome independent of the order in which the names came in.
"""

from __future__ import annotations

import duckdb

from ..sql_words import quoted
from . import archive
from .merge import merge, rank_of
from .staging import BOOKKEEPING, Staged, table_types
from .tables import TABLES, Table

MOVED = "renamed"
"""The batch of rows that moved to the account that theirs turned out to be: none told them so."""

# A row's id is the name that the account had before the one told beside it.
_NAMES_SEEN = """
CREATE OR REPLACE TEMP TABLE names_seen AS
SELECT platform, username, external_id, min(valid_from) AS valid_from, max(valid_to) AS valid_to
FROM (
    SELECT platform, username, external_id, valid_from, valid_to FROM account_names
    UNION ALL
    SELECT platform, lower(ltrim(username, '@')), coalesce(external_id, ''), seen_at, seen_at
    FROM {staged} WHERE ltrim(username, '@') <> ''
    UNION ALL
    SELECT platform, substr(account_id, instr(account_id, ':') + 1) AS own_name,
        coalesce(external_id, ''), before, before
    FROM (SELECT *, seen_at - INTERVAL 1 MICROSECOND AS before FROM {staged})
    WHERE own_name IS DISTINCT FROM lower(ltrim(username, '@'))
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

# A name that several external ids had stands for the one that had it first.
_ALIASES = """
CREATE OR REPLACE TEMP TABLE aliases AS
WITH held AS (
    SELECT platform || ':' || username AS name, external_id, account_id,
        first_value(external_id) OVER (PARTITION BY platform, username ORDER BY valid_from, external_id) AS holder,
        count(*) OVER (PARTITION BY platform, username) AS n_holders
    FROM account_names WHERE external_id <> ''
)
SELECT name AS alias, account_id FROM held WHERE external_id = holder AND name <> account_id
UNION ALL
-- What the account of a name's later holder was called before a name of its own was known.
SELECT name || '~' || external_id AS alias, account_id FROM held
WHERE n_holders > 1 AND alias <> account_id
"""

# An earlier holder of a name was found: what a later one told of itself goes to its own account.
_MISPLACED = """
CREATE OR REPLACE TEMP TABLE misplaced AS
SELECT DISTINCT a.account_id AS alias, n.account_id FROM accounts a
JOIN account_names n ON n.platform = a.platform AND n.external_id = a.external_id
WHERE n.external_id <> '' AND n.account_id <> a.account_id
"""


def note_names(con: duckdb.DuckDBPyConnection, staged: Staged, *, zone: str) -> None:
    """Take the names of staged `accounts` rows into `account_names`.

    What the warehouse holds under names that turn out to be another account's is moved by
    `move_renamed`, rows of the batch itself are resolved by `resolve`.
    """
    optional = ("username", "external_id")
    named = ", ".join(c if c in staged.columns else f"NULL::VARCHAR AS {c}" for c in optional)
    con.execute(
        _NAMES_SEEN.format(staged=f"(SELECT account_id, platform, {named}, seen_at FROM {staged.name})")
    )
    con.execute(_OWNERS)
    con.execute("DELETE FROM account_names")
    con.execute(
        "INSERT INTO account_names SELECT account_id, platform, username, external_id, valid_from, valid_to "
        "FROM owners ORDER BY ALL"
    )
    con.execute(_MISPLACED)
    if _any(con, "FROM misplaced"):
        _merge_moved(con, TABLES["accounts"], "account_id", "true", aliases="misplaced", zone=zone)


def find_aliases(con: duckdb.DuckDBPyConnection) -> bool:
    """Fill temporary table `aliases` (alias, account_id) from the names; whether there is any."""
    con.execute(_ALIASES)
    return _any(con, "FROM aliases")


def resolve(con: duckdb.DuckDBPyConnection, staged: Staged) -> None:
    """Replace names of accounts in a staged table (and accounts' external ids) by the account."""
    reference = _reference(set(staged.columns))
    if reference is None:
        return
    column, refers = reference
    if staged.table.name == "accounts" and "external_id" in staged.columns:
        refers = "s.external_id IS NULL"
        con.execute(
            f"UPDATE {staged.name} s SET account_id = n.account_id FROM account_names n "
            "WHERE n.platform = s.platform AND n.external_id = s.external_id "
            "AND n.external_id <> '' AND s.account_id <> n.account_id"
        )
    con.execute(
        f"UPDATE {staged.name} s SET {column} = a.account_id FROM aliases a WHERE a.alias = s.{column} AND {refers}"
    )


def move_renamed(con: duckdb.DuckDBPyConnection, *, zone: str) -> None:
    """Move rows of accounts that turned out to be another account."""
    columns = con.execute(
        "SELECT table_name, list(column_name) FROM duckdb_columns() WHERE NOT internal AND schema_name = 'main' "
        "GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    for name, named in columns:
        table, reference = TABLES.get(name), _reference(set(named))
        if table is None or reference is None:
            continue
        column, refers = reference
        if name in archive.ARCHIVED:
            archive.leave_out(con, name, f"{column} IN (SELECT alias FROM aliases)", back=True)
        if not _any(con, f"FROM {table.name} t JOIN aliases a ON a.alias = t.{column} WHERE {refers}"):
            continue
        if column in table.key:
            _merge_moved(con, table, column, refers, aliases="aliases", zone=zone)
        else:
            con.execute(
                f"UPDATE {table.name} SET {column} = a.account_id FROM aliases a "
                f"WHERE a.alias = {table.name}.{column} AND {refers}"
            )


def _reference(columns: set[str]) -> tuple[str, str] | None:
    """The column of a table that names an account, and SQL for the rows in which it does."""
    if "account_id" in columns:
        return "account_id", "true"
    if {"scope", "scope_id"} <= columns:
        return "scope_id", "scope = 'account'"
    return None


def _merge_moved(
    con: duckdb.DuckDBPyConnection, table: Table, column: str, refers: str, *, aliases: str, zone: str
) -> None:
    """Rows whose key changes are taken out and merged again under the new key.

    A row whose columns are of several ranks becomes a row for each, so that each column keeps its own.
    What was only derived from the old key (rank 0) stays behind.
    """
    data = [c for c in table_types(con, table.name) if c not in (*BOOKKEEPING, *table.key)]
    keys = ", ".join(f"moved_to AS {quoted(k)}" if k == column else quoted(k) for k in table.key)
    of_rank = {c: f"CASE WHEN {rank_of(table, c)} = rank THEN {quoted(c)} END" for c in data}
    if table.is_fact:
        of_rank[table.rank] = "nullif(rank, -1)"
    values = "".join(f", {value} AS {quoted(c)}" for c, value in of_rank.items())
    seen = "" if table.is_fact else ", make_timestamp(rank) AS seen_at"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE stage_moved AS SELECT {keys}{values}{seen} FROM ("
        "SELECT t.*, a.account_id AS moved_to, "
        f"unnest(list_distinct(list_append(map_values(coalesce(column_ranks, MAP {{}})), {rank_of(table)}))) AS rank "
        f"FROM {table.name} t JOIN {aliases} a ON a.alias = t.{column} WHERE {refers})"
        + ("" if table.is_fact else " WHERE rank > 0")
    )
    con.execute(
        f"DELETE FROM {table.name} USING {aliases} a WHERE a.alias = {table.name}.{column} AND {refers}"
    )
    staged = Staged(table, "stage_moved", (*table.key, *data), 0, 0)
    merge(con, staged, batch_id=MOVED, zone=zone)


def _any(con: duckdb.DuckDBPyConnection, rows: str) -> bool:
    return con.execute(f"SELECT 1 {rows} LIMIT 1").fetchone() is not None
