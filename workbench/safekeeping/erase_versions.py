"""A person out of the versions: the newest is followed by one without them, pinned ones are written anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb

from ..settings import Settings
from ..warehouse import archive, erased, marts, struck, versions
from ..warehouse.batches import utc_now
from ..warehouse.private import keyed_hash, tell_key
from ..warehouse.rewriting import changed_in_place, rewritten
from ..warehouse.traces import normalized
from .erase_person import Person
from .retain import sweep_archive

_LONG = 6
"""Letters from which a name in the bytes of a file is no accident."""
_BLOCK = 1 << 20


def counted(settings: Settings, person: Person) -> dict[str, int]:
    """Table -> rows and texts of the newest version that would go or change, as `forget` counts them."""
    newest = versions.current(settings.versions)
    if newest is None:
        return {}
    return _counted_in(settings, newest, person)


def older(settings: Settings, person: Person, is_named: bool) -> list[int]:
    """The versions that may not stay as they are, the newest among them where it names the person (`is_named`).

    Where any names them, all go: blocks that are free by now hold what the tables said before. Where nothing names
    them, no version is written anew.
    """
    kept = versions.kept_versions(settings.versions)
    newest = versions.current(settings.versions)
    if is_named or newest is None:
        return kept
    is_named = any(
        _counted_in(settings, versions.version_of(settings.versions, n), person)
        for n in kept
        if n != newest.version
    )
    said = _said(person)
    return kept if is_named or any(_holds(settings.versions / f"v{n:06d}.duckdb", said) for n in kept) else []


def _said(person: Person) -> list[bytes]:
    """What the bytes of a file may hold of a person; in a free block nothing parts one text from the next."""
    ids = [*person.accounts, *person.externals, *person.followers]
    bare = [*(each.partition(":")[2] for each in ids), *person.users, *person.called]
    words = [*ids, *(f"@{each}" for each in bare), *(each for each in bare if len(each) >= _LONG)]
    return sorted({word.lower().encode() for word in words})


def _holds(file: Path, said: list[bytes]) -> bool:
    rest, longest = b"", max(map(len, said))
    with file.open("rb") as f:
        while block := f.read(_BLOCK):
            found = rest + block.lower()
            if any(word in found for word in said):
                return True
            rest = found[-longest:]
    return False


def _counted_in(settings: Settings, version: versions.Version, person: Person) -> dict[str, int]:
    with duckdb.connect(str(settings.versions / version.file), read_only=True) as con:
        archive.with_archive(con, settings.archive)
        _name(con, person)
        gone, changed = erased.remove_rows(con, dry=True)
        named = struck.strike_tables(con, person.traces(), dry=True)
    return _sum(gone, changed, named)


def forget(
    settings: Settings, person: Person, key: str, progress: Callable[[str, int, int], None]
) -> tuple[dict[str, int], list[int], list[int]]:
    """Make the newest version one without the person, and leave no older one that has them.

    Returns table -> rows that went (texts that changed), the versions removed, and those written anew.
    """
    newest = versions.current(settings.versions)
    gone: dict[str, int] = {}
    if newest is None:
        return gone, [], []
    if not _is_done(settings, newest, person, key):
        with rewritten(settings, "erase") as to_be:
            to_be.compact = True
            gone = _forget_in(to_be.con, settings, person, key)
        newest = versions.current(settings.versions)
        assert newest is not None
    removed, anew = [], []
    others = [n for n in older(settings, person, bool(gone)) if n != newest.version]
    for n, number in enumerate(others):
        progress(f"version {number}", n, len(others))
        if not versions.is_pinned(settings.versions, number):
            versions.remove(settings.versions, number)
            removed.append(number)
            continue
        version = versions.version_of(settings.versions, number)
        if not _is_done(settings, version, person, key):
            with changed_in_place(settings, version) as con:
                _forget_in(con, settings, person, key)
        anew.append(number)
    sweep_archive(settings)
    return gone, removed, anew


def _forget_in(
    con: duckdb.DuckDBPyConnection, settings: Settings, person: Person, key: str
) -> dict[str, int]:
    tell_key(con, key)
    con.execute("CREATE TEMP TABLE touched (key_name VARCHAR, key VARCHAR)")
    _name(con, person)
    con.execute("BEGIN")
    # Posts that only this version has told to be theirs.
    new = con.execute(
        "INSERT INTO erased_here SELECT 'post', post_id, '' FROM posts WHERE account_id IN "
        "(SELECT value FROM erased_here WHERE kind = 'account') AND post_id NOT IN (SELECT value FROM erased_here WHERE kind = 'post') "  # noqa: E501
        "RETURNING value"
    ).fetchall()
    person.posts += [post for (post,) in new]
    posts = con.execute(
        "SELECT count(*) FROM posts WHERE post_id IN (SELECT value FROM erased_here WHERE kind = 'post')"
    ).fetchone()
    gone, changed = erased.remove_rows(con)
    named = struck.strike_tables(con, person.traces())
    _note(con, person, key, posts[0] if posts else 0, sum(gone.values()))
    con.execute("COMMIT")
    found = _sum(gone, changed, named)
    if found:
        archive.with_archive(con, settings.archive)
        marts.refresh(con, settings, full=True)
        archive.without_archive(con)
    return found


def _name(con: duckdb.DuckDBPyConnection, person: Person) -> None:
    con.execute("CREATE OR REPLACE TEMP TABLE erased_here (kind VARCHAR, value VARCHAR, erasure_id VARCHAR)")
    con.executemany("INSERT INTO erased_here VALUES (?, ?, '')", [*person.values(), ("none", "")])


def _note(con: duckdb.DuckDBPyConnection, person: Person, key: str, posts: int, rows: int) -> None:
    """Keep the hashes, and one row that tells how much went."""
    note_hashes(con, person)
    con.execute(
        "INSERT INTO erasures VALUES (?, ?, ?, ?, ?, ?)",
        [
            person.erasure_id,
            person.kind,
            keyed_hash(key, "erasure", person.erasure_id),
            utc_now(),
            posts,
            rows,
        ],
    )


def note_hashes(con: duckdb.DuckDBPyConnection, person: Person) -> None:
    con.execute("CREATE OR REPLACE TEMP TABLE to_hash (kind VARCHAR, value VARCHAR, erasure_id VARCHAR)")
    con.executemany(
        "INSERT INTO to_hash VALUES (?, ?, ?)", [(k, v, person.erasure_id) for k, v in person.hashed()]
    )
    erased.note_hashes(con, "SELECT * FROM to_hash", utc_now())
    con.execute("DROP TABLE to_hash")


def _is_done(settings: Settings, version: versions.Version, person: Person, key: str) -> bool:
    """Whether a version is without all that is known of the person by now."""
    with duckdb.connect(str(settings.versions / version.file), read_only=True) as con:
        try:
            noted = con.execute(
                "SELECT kind, person_hash FROM erasures WHERE person_hash IS NOT NULL"
            ).fetchall()
            ended = con.execute(
                "SELECT 1 FROM erasures WHERE erasure_id = ? AND rows_erased IS NOT NULL LIMIT 1",
                [person.erasure_id],
            ).fetchone()
        except duckdb.CatalogException:
            return False
    hashes = {(kind, keyed_hash(key, kind, normalized(value))) for kind, value in person.hashed()}
    return ended is not None and hashes <= set(noted)


def _sum(*counts: dict[str, int]) -> dict[str, int]:
    return {k: sum(c.get(k, 0) for c in counts) for k in sorted({k for c in counts for k in c if c[k]})}
