"""Persons who were erased stay away: the loader leaves out their rows, and strikes their names from others' texts.

`erasures` has a keyed hash for each of their names and ids, never the name itself. What a batch says is hashed in the
same way, a column's distinct values at a time, and compared. A batch also teaches: an erased external id under a new
name erases that name, an erased account's new post that post.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb

from ..errors import WorkbenchError
from ..sql_words import one_file, quoted, text
from . import archive
from .batches import utc_now
from .private import HASH_SQL, is_key_of, private_key, tell_key
from .staging import table_types
from .struck import LETTERS, NAMED_GO, NO_TEXT, is_text, named_rows, replacing, strike
from .tables import TABLES
from .traces import ERASED, SHORTEST, SHORTEST_NUMBER, Traces

ACCOUNT, EXTERNAL, POST, FOLLOWER, USER = "account", "external", "post", "follower", "user"
WORD, HANDLE = "word", "handle"
SOUND, PICTURE = "sound", "picture"
"""What a hash is of: an account's `platform:name`, a `platform:external id`, a post's, follower's or user's id; a word
that names the person in any text, and one that does after an @ only."""

REFERS = {"account_id": ACCOUNT, "post_id": POST, "follower_id": FOLLOWER}
"""Columns of any table by which a row is a person's."""
MONEY = ("revenue", "costs")
_OF_SOUNDS = ("sounds", "sound_snapshots")
INTENT = "erasing.json"
"""In data/: an erasure that was begun and not finished, with the names that have to go."""


@dataclass
class LeftOut:
    """What a batch holds of erased persons."""

    rows: dict[str, str] = field(default_factory=dict)
    """Table -> a query of the rows that may go in, of the tables of which any row may not, or is changed."""
    n_rows: int = 0
    """Rows that were left out."""
    traces: Traces = field(default_factory=Traces)
    """What of the batch's own words names an erased person."""
    posts: list[str] = field(default_factory=list)
    """Posts that only this batch told to be an erased person's."""


def told(n_rows: int) -> str:
    """What a batch's notes say of the rows that it held of erased persons."""
    return f"{n_rows:,} row{'' if n_rows == 1 else 's'} of erased persons left out"


def anybody(con: duckdb.DuckDBPyConnection) -> bool:
    return _has_table(con) and _count(con, "SELECT count(*) FROM (FROM erasures LIMIT 1)") > 0


def _has_table(con: duckdb.DuckDBPyConnection) -> bool:
    """A version from before there were erasures has none."""
    there = "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'erasures' AND NOT temporary"
    return _count(con, there) > 0


@dataclass(frozen=True)
class Erased:
    """What a version says of persons who were erased."""

    n_persons: int = 0
    n_posts: int = 0
    last_at: datetime | None = None

    @property
    def sentence(self) -> str:
        """For pages and people; empty where nobody was erased."""
        if not self.n_persons:
            return ""
        persons = f"{self.n_persons:,} person{'' if self.n_persons == 1 else 's'}"
        posts = f" with {self.n_posts:,} post{'' if self.n_posts == 1 else 's'}" if self.n_posts else ""
        since = f" (the last on {self.last_at:%Y-%m-%d})" if self.last_at else ""
        was = "was" if self.n_persons == 1 else "were"
        return f"{persons}{posts} {was} erased{since}: totals are without them."


def summary(con: duckdb.DuckDBPyConnection) -> Erased:
    """How many persons and posts went; what a version from before there were erasures can't say is nobody.

    A person of whom nothing was here is not counted: no total is less without them.
    """
    if not _has_table(con):
        return Erased()
    row = con.execute(
        "SELECT count(DISTINCT erasure_id), coalesce(sum(posts_erased), 0)::BIGINT, max(erased_at) FROM erasures "
        "WHERE rows_erased > 0"
    ).fetchone()
    return Erased(*row) if row else Erased()


def ready(con: duckdb.DuckDBPyConnection, data: Path) -> bool:
    """Whether anybody was erased; the connection knows the key then.

    Raises WorkbenchError where the key is gone, or is another one than the hashes were made with.
    """
    found = con.execute("SELECT DISTINCT erasure_id FROM erasures").fetchall()
    if not found:
        return False
    key = private_key(data, make=False)
    if not all(is_key_of(key, erasure) for (erasure,) in found):
        raise WorkbenchError(
            f"{data / 'private.key'} is not the key by which persons were erased, so that the loader can't tell their "
            "rows. Put the right one back from a backup. Nothing was changed."
        )
    tell_key(con, key)
    return True


def leave_out(
    con: duckdb.DuckDBPyConnection, files: Mapping[str, Path], *, said: str = "", traces: Traces | None = None
) -> LeftOut | None:
    """Tell what of a batch's files is an erased person's; None where nothing is. `ready` came before.

    Parameters
    ----------
    said
        What else the batch says, such as the name of the file that it came from.
    traces
        What names the person besides, of one who is being erased now.
    """
    sources = {
        name: f"read_parquet({one_file(file)}, hive_partitioning = false)" for name, file in files.items()
    }
    types = {name: _types(con, source) for name, source in sources.items()}
    con.execute("CREATE OR REPLACE TEMP TABLE erased_here (kind VARCHAR, value VARCHAR, erasure_id VARCHAR)")
    _find_accounts(con, sources, types)
    for name in sources:
        for column, kind in REFERS.items():
            if column in types[name]:
                _find(con, kind, f"SELECT {_id(column)} AS value FROM {sources[name]}")
    posts = _find_posts(con, sources, types)
    _find_followers(con, sources, types)
    _find_sounds(con, sources, types)
    if "original_post_id" in types.get("sounds", {}):
        _find(con, POST, f"SELECT {_id('original_post_id')} AS value FROM {sources['sounds']}")
    for name in ("app_events", "agent_runs"):
        if "user_id" in types.get(name, {}):
            _find(con, USER, f"SELECT trim(user_id::VARCHAR) AS value FROM {sources[name]}")
    found = LeftOut(traces=_words(con, sources, types, said) | (traces or Traces()), posts=posts)
    for name, source in sources.items():
        kept = kept_rows(con, name, source, types[name], found.traces)
        if kept is not None:
            found.rows[name], gone = kept
            found.n_rows += gone
    return found if found.rows or found.traces else None


def kept_rows(
    con: duckdb.DuckDBPyConnection, table: str, source: str, types: Mapping[str, str], traces: Traces
) -> tuple[str, int] | None:
    """A query of a table's rows that are no erased person's, without their names; None where that is all of it.

    With it, how many rows are left out. Money stays, without the id that it was for.
    """
    conditions, struck_ids = _theirs(table, types, _id)
    replaced = {c: f"CASE WHEN {of} THEN {now} ELSE {quoted(c)} END" for c, (of, now) in struck_ids.items()}
    if table in NAMED_GO and traces:
        named = named_rows(con, source, types, traces)
        if named is not None:
            conditions.append(named)
    condition = f"({' OR '.join(conditions) or 'false'})"
    gone = _count(con, f"SELECT count(*) FROM {source} WHERE {condition}") if conditions else 0
    changed = sum(
        _count(con, f"SELECT count(*) FROM {source} WHERE {quoted(c)} IS DISTINCT FROM ({e})")
        for c, e in replaced.items()
    )
    kept = f"SELECT *{replacing(replaced)} FROM {source}" + (
        f" WHERE {condition} IS NOT TRUE" if gone else ""
    )
    struck = strike(con, f"({kept})", types, traces) if traces else None
    if not gone and not changed and struck is None:
        return None
    name = f"kept_{table}_{uuid.uuid4().hex[:8]}"
    con.execute(f"CREATE TEMP TABLE {name} AS {struck or kept}")
    return f"SELECT * FROM {name}", gone


def _theirs(
    table: str, columns: Mapping[str, str], spelled: Callable[[str], str]
) -> tuple[list[str], dict[str, tuple[str, str]]]:
    """Which rows of a table go with whom `erased_here` names, and which ids go from rows that stay.

    `spelled` gives SQL for an id as the tables of a version have it. Returns conditions, and column -> (condition, what
    stands there then): money stays without the post or account that it was for, agents' runs without their user.
    """
    named = "(SELECT value FROM erased_here WHERE kind = '{}')".format
    gone = [f"{spelled(c)} IN {named(kind)}" for c, kind in REFERS.items() if c in columns]
    ids: dict[str, tuple[str, str]] = {}
    if table in ("accounts", "followers") and "external_id" in columns:
        gone.append(f"{_platform_id(table, 'external_id')} IN {named(EXTERNAL)}")
    if table in _OF_SOUNDS and "sound_id" in columns:
        gone.append(f"{spelled('sound_id')} IN {named(SOUND)}")
    if table == "sounds" and "original_post_id" in columns:
        ids["original_post_id"] = (f"{spelled('original_post_id')} IN {named(POST)}", "NULL")
    if table == "media_files" and "sha256" in columns:
        gone.append(f"sha256 IN {named(PICTURE)}")
    if "user_id" in columns:
        of = f"{spelled('user_id')} IN {named(USER)}"
        if table == "app_events":
            gone.append(of)
        else:
            ids["user_id"] = (of, "NULL")
    if {"scope", "scope_id"} <= columns.keys() and table in TABLES:
        of = " OR ".join(
            f"(lower(scope::VARCHAR) = '{kind}' AND {spelled('scope_id')} IN {named(kind)})"
            for kind in (ACCOUNT, POST)
        )
        if table in MONEY:
            ids["scope_id"] = (f"({of})", f"'{ERASED}'")
        else:
            gone.append(f"({of})")
    return gone, ids


def note_hashes(con: duckdb.DuckDBPyConnection, rows: str, now: str) -> None:
    """Keep the hashes of a query's (kind, value, erasure_id) that are not kept yet."""
    hashed = HASH_SQL.format(kind="kind", value="nfc_normalize(value)")
    con.execute(
        f"INSERT INTO erasures SELECT erasure_id, kind, person_hash, TIMESTAMP {text(now)}, NULL, NULL FROM ("
        f"SELECT any_value(erasure_id) AS erasure_id, kind, {hashed} AS person_hash FROM ({rows}) "
        "WHERE value IS NOT NULL AND value <> '' GROUP BY kind, value) n "
        "WHERE NOT EXISTS (FROM erasures e WHERE e.person_hash = n.person_hash AND e.kind = n.kind)"
    )


def remove_posts(con: duckdb.DuckDBPyConnection, posts: Sequence[str]) -> None:
    """Take out what earlier batches said of posts that turned out to be an erased person's."""
    if not posts:
        return
    con.execute("CREATE OR REPLACE TEMP TABLE erased_batch AS FROM erased_here")
    con.execute("DELETE FROM erased_here WHERE kind <> 'post'")
    con.execute("INSERT INTO touched SELECT DISTINCT 'account_id', account_id FROM accounts")
    remove_rows(con)
    con.execute("CREATE OR REPLACE TEMP TABLE erased_here AS FROM erased_batch")


def remove_rows(
    con: duckdb.DuckDBPyConnection, *, dry: bool = False
) -> tuple[dict[str, int], dict[str, int]]:
    """Delete the rows of a version that are of what `erased_here` names.

    Returns table -> rows that went, archived ones among them; and table -> rows that stay without the id: money
    without the post or account that it was for, so that totals stay whole, agents' runs without their user. `dry` only
    counts, and has the connection see the tables as they will be.
    """
    gone, changed = {}, {}
    for name in _stored(con):
        conditions, struck = _theirs(name, table_types(con, name), quoted)
        condition = " OR ".join(conditions) or "false"
        n = _count(con, f"SELECT count(*) FROM {name} WHERE {condition}")
        some = " OR ".join(f"({of})" for of, _ in struck.values()) or "false"
        if stay := _count(con, f"SELECT count(*) FROM {name} WHERE ({some}) AND ({condition}) IS NOT TRUE"):
            changed[name] = stay
        if dry:
            if n or stay:
                _show_others(con, name, condition, struck)
        else:
            if name in archive.ARCHIVED and conditions:
                n += archive.leave_out(con, name, condition)
            if n:
                con.execute(f"DELETE FROM {name} WHERE {condition}")
            for column, (of, now) in struck.items():
                con.execute(f"UPDATE {name} SET {column} = {now} WHERE {of}")
        if n:
            gone[name] = n
    return gone, changed


def _show_others(
    con: duckdb.DuckDBPyConnection, table: str, condition: str, struck: Mapping[str, tuple[str, str]]
) -> None:
    """Have a connection see a table as it will be; only for counting."""
    row = con.execute("SELECT current_database()").fetchone()
    assert row is not None
    stored = f"{quoted(row[0])}.main.{quoted(table)}"
    values = {c: f"CASE WHEN {of} THEN {now} ELSE {quoted(c)} END" for c, (of, now) in struck.items()}
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW {table} AS SELECT *{replacing(values)} FROM {stored} "
        f"WHERE ({condition}) IS NOT TRUE"
    )


def _stored(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Every table of a version, marts among them."""
    rows = con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE NOT internal AND NOT temporary AND schema_name = 'main' "
        "AND database_name = current_database() ORDER BY table_name"
    ).fetchall()
    return [name for (name,) in rows]


def _find(con: duckdb.DuckDBPyConnection, kind: str, query: str) -> None:
    """Note those of a query's values whose hash is that of an erased person."""
    hashed = HASH_SQL.format(kind=text(kind), value="nfc_normalize(v.value)")
    con.execute(
        f"INSERT INTO erased_here SELECT '{kind}', v.value, any_value(e.erasure_id) FROM (SELECT DISTINCT value FROM ({query}) "  # noqa: E501
        f"WHERE value IS NOT NULL) v JOIN erasures e ON e.kind = '{kind}' AND e.person_hash = {hashed} "
        f"WHERE NOT EXISTS (FROM erased_here h WHERE h.kind = '{kind}' AND h.value = v.value) GROUP BY v.value"
    )


def _find_accounts(
    con: duckdb.DuckDBPyConnection, sources: Mapping[str, str], types: Mapping[str, Mapping[str, str]]
) -> None:
    """Accounts by any of their names and ids; an erased external id under another name erases that name too."""
    if "accounts" not in sources:
        return
    source, has = sources["accounts"], types["accounts"]
    own = _id("account_id")
    external = _platform_id("accounts", "external_id") if "external_id" in has else "NULL::VARCHAR"
    called = (
        f"split_part({own}, ':', 1) || ':' || lower(ltrim(username::VARCHAR, '@'))"
        if "username" in has
        else "NULL::VARCHAR"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE names_here AS SELECT DISTINCT {own} AS own, {external} AS external, {called} AS called FROM {source}"  # noqa: E501
    )
    _find(con, ACCOUNT, "SELECT own AS value FROM names_here UNION SELECT called FROM names_here")
    _find(con, EXTERNAL, "SELECT external AS value FROM names_here")
    # By the platform's id alone: a name may have been taken by somebody else since.
    learned = "SELECT n.*, h.erasure_id FROM names_here n JOIN erased_here h ON h.kind = 'external' AND h.value = n.external"  # noqa: E501
    con.execute(
        "INSERT INTO erased_here SELECT DISTINCT 'account', value, erasure_id FROM ("
        f"{_union(learned)}) l "
        "WHERE value IS NOT NULL AND NOT EXISTS (FROM erased_here h WHERE h.kind = 'account' AND h.value = l.value)"
    )
    names = f"SELECT substr(value, instr(value, ':') + 1) AS name, erasure_id FROM ({_union(learned)})"
    plain = f"length(name) >= {SHORTEST} AND NOT (regexp_full_match(name, '[0-9]+') AND length(name) < {SHORTEST_NUMBER})"  # noqa: E501
    note_hashes(
        con,
        f"SELECT kind, value, erasure_id FROM erased_here WHERE kind = 'account' UNION ALL "
        f"SELECT 'handle', name, erasure_id FROM ({names}) UNION ALL SELECT 'word', name, erasure_id FROM ({names}) WHERE {plain}",  # noqa: E501
        utc_now(),
    )


def _union(learned: str) -> str:
    return (
        f"SELECT own AS value, erasure_id FROM ({learned}) UNION SELECT called, erasure_id FROM ({learned})"
    )


def _find_posts(
    con: duckdb.DuckDBPyConnection, sources: Mapping[str, str], types: Mapping[str, Mapping[str, str]]
) -> list[str]:
    """Posts of erased accounts that are new: their ids are erased too, as other exports name them alone."""
    if "account_id" not in types.get("posts", {}):
        return []
    rows = con.execute(
        f"SELECT DISTINCT {_id('post_id')} AS value, h.erasure_id FROM {sources['posts']} JOIN erased_here h "
        f"ON h.kind = 'account' AND h.value = {_id('account_id')} "
        f"WHERE {_id('post_id')} NOT IN (SELECT value FROM erased_here WHERE kind = 'post')"
    ).fetchall()
    if rows:
        con.executemany("INSERT INTO erased_here VALUES ('post', ?, ?)", rows)
        note_hashes(
            con,
            "SELECT kind, value, erasure_id FROM erased_here WHERE kind = 'post' UNION ALL "
            "SELECT 'word', lower(substr(value, instr(value, ':') + 1)), erasure_id FROM erased_here WHERE kind = 'post'",  # noqa: E501
            utc_now(),
        )
    return [post for post, _ in rows]


def _find_followers(
    con: duckdb.DuckDBPyConnection, sources: Mapping[str, str], types: Mapping[str, Mapping[str, str]]
) -> None:
    if "followers" not in sources:
        return
    has, source = types["followers"], sources["followers"]
    own = _id("follower_id")
    _find(con, FOLLOWER, f"SELECT {own} AS value FROM {source}")
    by = []
    if "external_id" in has:
        external = _platform_id("followers", "external_id")
        _find(con, EXTERNAL, f"SELECT {external} AS value FROM {source}")
        by.append(f"(h.kind = 'external' AND h.value = {external})")
    if "username" in has:
        called = f"split_part({own}, ':', 1) || ':' || lower(ltrim(username::VARCHAR, '@'))"
        _find(con, ACCOUNT, f"SELECT {called} AS value FROM {source}")
        by.append(f"(h.kind = 'account' AND h.value = {called})")
    if by:
        con.execute(
            f"INSERT INTO erased_here SELECT DISTINCT 'follower', {own}, h.erasure_id FROM {source} JOIN "
            f"(FROM erased_here) h ON {' OR '.join(by)} "
            f"WHERE {own} NOT IN (SELECT value FROM erased_here WHERE kind = 'follower')"
        )
        note_hashes(con, "SELECT kind, value, erasure_id FROM erased_here WHERE kind = 'follower'", utc_now())
    if "interactions" in sources and "follower_id" in types["interactions"]:
        _find(con, FOLLOWER, f"SELECT {own} AS value FROM {sources['interactions']}")


def _find_sounds(
    con: duckdb.DuckDBPyConnection, sources: Mapping[str, str], types: Mapping[str, Mapping[str, str]]
) -> None:
    """Sounds that only erased persons' posts used, unless somebody else's post does by now."""
    for name in _OF_SOUNDS:
        if "sound_id" in types.get(name, {}):
            _find(con, SOUND, f"SELECT {_id('sound_id')} AS value FROM {sources[name]}")
    used = ["SELECT sound_id FROM posts"] if "posts" in _stored(con) else []
    if "sound_id" in types.get("posts", {}):
        used.append(
            f"SELECT {_id('sound_id')} FROM {sources['posts']} WHERE {_id('post_id')} NOT IN "
            "(SELECT value FROM erased_here WHERE kind = 'post')"
        )
    for query in used:
        con.execute(f"DELETE FROM erased_here WHERE kind = 'sound' AND value IN ({query})")


def _words(
    con: duckdb.DuckDBPyConnection,
    sources: Mapping[str, str],
    types: Mapping[str, Mapping[str, str]],
    said: str,
) -> Traces:
    """Of all words of a batch, those that name an erased person."""
    con.execute("CREATE OR REPLACE TEMP TABLE words_here (value VARCHAR)")
    con.execute(
        f"INSERT INTO words_here SELECT unnest(regexp_extract_all(lower(nfc_normalize(?)), '{LETTERS}') || regexp_extract_all(lower(nfc_normalize(?)), '[\\p{{L}}\\p{{N}}]+'))",  # noqa: E501
        [said, said],
    )
    for name, source in sources.items():
        for column, kind in types[name].items():
            if column in NO_TEXT or not is_text(kind):
                continue
            flat = (
                f"lower(nfc_normalize(array_to_string({quoted(column)}, ' ')))"
                if kind.endswith("[]")
                else f"lower(nfc_normalize({quoted(column)}::VARCHAR))"
            )
            con.execute(
                f"INSERT INTO words_here SELECT DISTINCT unnest(regexp_extract_all(v, '{LETTERS}') "
                f"|| regexp_extract_all(v, '[0-9]{{{SHORTEST_NUMBER},}}')) FROM (SELECT DISTINCT {flat} AS v FROM {source})"  # noqa: E501
            )
    # A name may end where a file's ending begins, and stand behind an escaped @ or line end.
    words = (
        "SELECT DISTINCT trim(value, '.-') AS value FROM words_here UNION SELECT regexp_replace(value, '\\.[a-z0-9]+$', '') FROM words_here "  # noqa: E501
        "UNION SELECT substr(value, 3) FROM words_here WHERE starts_with(value, '40') "
        "UNION SELECT substr(value, 2) FROM words_here WHERE value ~ '^[nrtbf].*'"
    )
    _find(con, WORD, words)
    _find(con, HANDLE, words)
    rows = con.execute("SELECT kind, value FROM erased_here WHERE kind IN ('word', 'handle')").fetchall()
    con.execute("DROP TABLE words_here")
    return Traces(frozenset(v for k, v in rows if k == WORD), frozenset(v for k, v in rows if k == HANDLE))


def _types(con: duckdb.DuckDBPyConnection, source: str) -> dict[str, str]:
    return dict(
        con.execute(f"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM {source})").fetchall()
    )


def _id(column: str) -> str:
    """SQL for an id as the loader takes it."""
    trimmed = f"trim({quoted(column)}::VARCHAR)"
    return (
        f"lower(replace({trimmed}, ':@', ':'))"
        if column == "account_id"
        else (
            f"CASE lower(scope::VARCHAR) WHEN 'account' THEN lower(replace({trimmed}, ':@', ':')) ELSE {trimmed} END"
            if column == "scope_id"
            else trimmed
        )
    )


def _platform_id(table: str, column: str) -> str:
    key = _id("account_id" if table == "accounts" else "follower_id")
    return f"split_part({key}, ':', 1) || ':' || trim({quoted(column)}::VARCHAR)"


def _count(con: duckdb.DuckDBPyConnection, query: str) -> int:
    row = con.execute(query).fetchone()
    return int(row[0]) if row else 0
