"""Who is to be forgotten: every name and id by which the data know a person, found in versions and waiting batches."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from ..errors import UsageError, WorkbenchError, machine_trouble
from ..settings import PLATFORMS, Settings
from ..sql_words import one_file, quoted
from ..warehouse import versions
from ..warehouse.erased import ACCOUNT, EXTERNAL, FOLLOWER, HANDLE, INTENT, PICTURE, POST, SOUND, USER, WORD
from ..warehouse.traces import Traces, is_plain
from ..whole_files import fsync, sweep_halves, write_whole

KINDS = ("account", "follower", "user")
_LEAST_CONTENT = 12
"""Letters of a text by which a page is known to show it."""
_CONTENT_WORDS = 8


@dataclass
class Person:
    """What the data call one person. Lists are without doubles."""

    kind: str
    given: str
    erasure_id: str = ""
    platform: str = ""
    accounts: list[str] = field(default_factory=list)
    """`platform:name`, today's and former ones."""
    externals: list[str] = field(default_factory=list)
    """`platform:external id`."""
    called: list[str] = field(default_factory=list)
    followers: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    posts: list[str] = field(default_factory=list)
    sounds: list[str] = field(default_factory=list)
    """Sounds that only their posts use."""
    pictures: dict[str, str] = field(default_factory=dict)
    """Files that only their slides show: sha256 -> storage key."""
    contents: list[str] = field(default_factory=list)
    """The first words of texts that only they have written, and of names that only their sounds have: pages that show
    them are found by these. Others' texts keep them, as many a sound is called by words of every day.
    """
    keep_words: bool = False
    """Their name is an ordinary word too."""

    def traces(self) -> Traces:
        ids = [_after(e) for e in [*self.externals, *self.posts, *self.followers]] + self.users
        names = [_after(a) for a in self.accounts]
        return Traces.of(names, ids, self.called, platform=self.platform, keep_words=self.keep_words)

    def hashed(self) -> list[tuple[str, str]]:
        """(kind, value) of each hash that is kept."""
        names = [_after(a).lower() for a in self.accounts]
        ids = [_after(e).lower() for e in [*self.externals, *self.posts, *self.followers]] + [
            u.lower() for u in self.users
        ]
        found = [(ACCOUNT, a) for a in self.accounts] + [(EXTERNAL, e) for e in self.externals]
        found += (
            [(POST, p) for p in self.posts]
            + [(FOLLOWER, f) for f in self.followers]
            + [(USER, u) for u in self.users]
            + [(SOUND, s) for s in self.sounds]
        )
        found += [(HANDLE, n) for n in names]
        found += [(WORD, w.strip(".-")) for w in [*([] if self.keep_words else names), *ids] if is_plain(w)]
        return sorted(set(found))

    def values(self) -> list[tuple[str, str]]:
        """(kind, value) of everything by which rows are theirs."""
        found = (
            [(ACCOUNT, a) for a in self.accounts]
            + [(EXTERNAL, e) for e in self.externals]
            + [(POST, p) for p in self.posts]
        )
        found += [(FOLLOWER, f) for f in self.followers] + [(USER, u) for u in self.users]
        return found + [(SOUND, s) for s in self.sounds] + [(PICTURE, p) for p in self.pictures]

    @property
    def is_known(self) -> bool:
        return bool(self.posts or self.externals or self.called or self.sounds or len(self.accounts) > 1)


def keep_intent(settings: Settings, person: Person) -> None:
    """Write down, durably, who is being erased: whatever ends the process, the next one finishes."""
    write_whole(settings.data / INTENT, json.dumps(asdict(person), ensure_ascii=False))


def kept_intent(settings: Settings) -> Person | None:
    """The person of an erasure that was begun and not finished."""
    sweep_halves(settings.data, INTENT)
    file = settings.data / INTENT
    try:
        return Person(**json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except OSError as e:
        raise WorkbenchError(machine_trouble(e) or f"{file} can't be read: {e.strerror}.") from e
    except (ValueError, TypeError) as e:
        raise WorkbenchError(
            f"{file} can't be read: {e}. It says of whom an erasure was begun and not ended. Remove the file, then "
            "erase them again: workbench erase --account NAME"
        ) from e


def drop_intent(settings: Settings) -> None:
    (settings.data / INTENT).unlink(missing_ok=True)
    fsync(settings.data)


def find_person(
    settings: Settings, kind: str, given: str, *, keep_words: bool = False, recorded: Path | None = None
) -> Person:
    """Everything by which the data know a person. The journal is sealed before, or beside in `recorded`.

    Raises UsageError for a name that may be several accounts', or that can't be one.
    """
    given = given.strip()
    if not given:
        raise UsageError(f"--{kind} wants an id. Nothing was erased.")
    person = Person(kind, given, keep_words=keep_words)
    if kind == "user":
        person.users = [given]
    elif kind == "account" and ":" not in given:
        person.accounts = [_by_name(settings, given.lstrip("@").lower(), recorded)]
    else:
        platform, _, name = given.partition(":")
        if platform.lower() not in PLATFORMS or not name.strip("@"):
            raise UsageError(
                f"--{kind} {given} is not a platform, a colon and an id, such as tiktok:name. Platforms: "
                f"{', '.join(PLATFORMS)}. Nothing was erased."
            )
        if kind == "account":
            person.accounts = [f"{platform}:{name.lstrip('@')}".lower()]
        else:
            person.followers = [f"{platform.lower()}:{name}"]
    for given_ids in (person.accounts, person.followers, person.users):
        _add(given_ids, *[*given_ids])
    if kind != "user":
        person.platform = [*person.accounts, *person.followers][0].partition(":")[0]
    complete(settings, person, recorded)
    return person


def complete(settings: Settings, person: Person, recorded: Path | None = None) -> None:
    """Add all by which the data know a person to what is known of them: what they lack by now stays known."""
    known = None
    while known != person.values() + [(WORD, c) for c in person.called]:
        known = person.values() + [(WORD, c) for c in person.called]
        for con in _connections(settings, recorded):
            _collect(con, person)
    newest = versions.current(settings.versions)
    if newest is not None:
        with duckdb.connect(str(settings.versions / newest.file), read_only=True) as con:
            _of_their_own(con, person)


def _by_name(settings: Settings, name: str, recorded: Path | None) -> str:
    """The account of a name, in the newest place that knows it: an older one may call it by another."""
    found: set[str] = set()
    for con in _connections(settings, recorded):
        for query in (
            "SELECT account_id FROM account_names WHERE username = ?",
            "SELECT account_id FROM accounts WHERE lower(ltrim(username, '@')) = ?",
            "SELECT lower(account_id) FROM accounts WHERE lower(substr(account_id, instr(account_id, ':') + 1)) = ?",
        ):
            found = found or {a for (a,) in _rows(con, query, [name])}
    if not found:
        raise UsageError(
            f"No account is called @{name}. Write its id, such as tiktok:{name}. Nothing was erased."
        )
    if len(found) > 1:
        raise UsageError(
            f"@{name} may be {', '.join(sorted(found))}. Write which one by its id. Nothing was erased."
        )
    return found.pop()


def _connections(settings: Settings, recorded: Path | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """The kept versions, the newest first, then each waiting or refused batch, whose files are views.

    One is open at a time: hundreds would be more files than a process may have.
    """
    for number in reversed(versions.kept_versions(settings.versions)):
        file = settings.versions / f"v{number:06d}.duckdb"
        try:
            con = duckdb.connect(str(file), read_only=True)
        except duckdb.IOException:
            if not file.exists():
                continue  # a load pruned it meanwhile
            raise
        with con:
            yield con
    for folder in batch_folders(settings, recorded):
        with duckdb.connect() as con:
            for batch in folder.glob("*.parquet"):
                try:
                    source = f"read_parquet({one_file(batch)}, hive_partitioning = false)"
                    con.execute(f"CREATE VIEW {quoted(batch.stem)} AS FROM {source}")
                except duckdb.Error as e:
                    if machine_trouble(e):
                        raise
                    continue  # damaged: it is searched as a file
            yield con


def batch_folders(settings: Settings, recorded: Path | None = None) -> list[Path]:
    """Every batch in the inbox, with those of `recorded` that it lacks, and among the refused ones."""

    def of(place: Path) -> dict[str, Path]:
        return {f.name: f for f in place.glob("*") if f.is_dir() and not f.name.startswith(".")}

    inside = {**(of(recorded) if recorded else {}), **of(settings.inbox)}
    refused = of(settings.data / "refused")
    return [inside[n] for n in sorted(inside)] + [refused[n] for n in sorted(refused)]


def _collect(con: duckdb.DuckDBPyConnection, person: Person) -> None:
    """Add what one version or batch knows the person by."""
    account = "lower(replace(trim(account_id::VARCHAR), ':@', ':'))"
    if person.kind != "user":
        con.execute("CREATE OR REPLACE TEMP TABLE sought (kind VARCHAR, value VARCHAR)")
        con.executemany("INSERT INTO sought VALUES (?, ?)", [*person.values(), ("none", "")])
        sought = "(SELECT value FROM sought WHERE kind = '{}')".format
        for row in _rows(
            con,
            f"SELECT DISTINCT account_id, platform || ':' || username, platform || ':' || nullif(external_id, '') FROM account_names "  # noqa: E501
            f"WHERE account_id IN {sought(ACCOUNT)} OR platform || ':' || nullif(external_id, '') IN {sought(EXTERNAL)} "  # noqa: E501
            f"OR (platform || ':' || username IN {sought(ACCOUNT)} AND external_id = '')",
        ):
            _add(person.accounts, row[0], row[1])
            _add(person.externals, row[2])
        of = f"split_part({account}, ':', 1) || ':' || "
        by_id = f"{account} IN {sought(ACCOUNT)}"
        name, external = f"{of}lower(ltrim(username::VARCHAR, '@'))", f"{of}external_id::VARCHAR"
        by_external = f"{external} IN {sought(EXTERNAL)}"
        # A batch may lack any of the columns, and then says what the others do.
        for query in (
            f"SELECT {account}, {name}, {external}, display_name::VARCHAR FROM accounts WHERE {by_id} OR {by_external}",
            f"SELECT {account}, {name}, NULL, NULL FROM accounts WHERE {by_id}",
            f"SELECT {account}, NULL, {external}, NULL FROM accounts WHERE {by_id} OR {by_external}",
            f"SELECT {account}, NULL, NULL, display_name::VARCHAR FROM accounts WHERE {by_id}",
        ):
            for row in _rows(con, query):
                _add(person.accounts, row[0], row[1])
                _add(person.externals, row[2])
                _add(person.called, row[3])
        follower = "trim(follower_id::VARCHAR)"
        of = f"split_part({follower}, ':', 1) || ':' || "
        name, external = f"{of}lower(ltrim(username::VARCHAR, '@'))", f"{of}external_id::VARCHAR"
        known = f"{follower} IN {sought(FOLLOWER)} OR {external} IN {sought(EXTERNAL)}"
        also = f"{known} OR {name} IN {sought(ACCOUNT)}"
        for query in (
            f"SELECT {follower}, {external}, {name}, display_name::VARCHAR FROM followers WHERE {also}",
            f"SELECT {follower}, {external}, {name}, NULL FROM followers WHERE {known}",
        ):
            for row in _rows(con, query):
                _add(person.followers, row[0])
                _add(person.externals, row[1])
                _add(person.accounts, row[2])
                _add(person.called, row[3])
        _add(
            person.posts,
            *(p for (p,) in _rows(con, f"SELECT DISTINCT trim(post_id::VARCHAR) FROM posts WHERE {by_id}")),
        )


def _of_their_own(con: duckdb.DuckDBPyConnection, person: Person) -> None:
    """Sounds, pictures and texts of the newest version that are the person's alone."""
    con.execute("CREATE OR REPLACE TEMP TABLE sought (kind VARCHAR, value VARCHAR)")
    con.executemany("INSERT INTO sought VALUES (?, ?)", [*person.values(), ("none", "")])
    posts = "(SELECT value FROM sought WHERE kind = 'post')"
    own = f"post_id IN {posts}"
    rows = _rows(
        con,
        f"SELECT s.sound_id FROM sounds s WHERE s.sound_id IN (SELECT sound_id FROM posts WHERE {own}) "
        f"AND s.sound_id NOT IN (SELECT sound_id FROM posts WHERE NOT ({own}) AND sound_id IS NOT NULL)",
    )
    _add(person.sounds, *(sound for (sound,) in rows))
    con.executemany("INSERT INTO sought VALUES (?, ?)", [(SOUND, s) for s in person.sounds] or [("none", "")])
    for sha256, key in _rows(
        con,
        "SELECT s.sha256, any_value(coalesce(s.storage_key, f.storage_key)) FROM "
        f"(SELECT sha256, storage_key FROM slides WHERE {own} AND sha256 IS NOT NULL UNION ALL "
        f"SELECT sha256, NULL FROM media_fetches WHERE {own} AND sha256 IS NOT NULL) s LEFT JOIN media_files f USING (sha256) "  # noqa: E501
        f"WHERE s.sha256 NOT IN (SELECT sha256 FROM slides WHERE NOT ({own}) AND sha256 IS NOT NULL) GROUP BY s.sha256",
    ):
        person.pictures[sha256] = key or ""
    followers = "(SELECT value FROM sought WHERE kind = 'follower')"
    accounts = "(SELECT value FROM sought WHERE kind = 'account')"
    texts = {
        "posts": (own, ("title", "caption", "ocr_text")),
        "slides": (own, ("ocr_text",)),
        "interactions": (f"{own} OR follower_id IN {followers}", ("interaction_text",)),
        "accounts": (f"account_id IN {accounts}", ("bio", "notes", "location")),
        "sounds": ("sound_id IN (SELECT value FROM sought WHERE kind = 'sound')", ("sound_key", "title")),
    }
    first = f"array_to_string(regexp_extract_all(lower({{}}), '[\\p{{{{L}}}}\\p{{{{N}}}}_]+')[1:{_CONTENT_WORDS}], ' ')"
    theirs = " UNION ".join(
        f"SELECT {first.format(c)} AS t FROM {n} WHERE {w}" for n, (w, cs) in texts.items() for c in cs
    )
    others = " UNION ".join(
        f"SELECT {first.format(c)} AS t FROM {n} WHERE ({w}) IS NOT TRUE"
        for n, (w, cs) in texts.items()
        for c in cs
    )
    rows = _rows(
        con, f"SELECT t FROM ({theirs}) WHERE length(t) >= {_LEAST_CONTENT} EXCEPT SELECT t FROM ({others})"
    )
    _add(person.contents, *(t for (t,) in rows))


def _rows(
    con: duckdb.DuckDBPyConnection, query: str, values: list[str] | None = None
) -> list[tuple[Any, ...]]:
    """A query's rows; none where a batch lacks the table or column."""
    try:
        return con.execute(query, values or []).fetchall()
    except (duckdb.CatalogException, duckdb.BinderException):
        return []


def _add(to: list[str], *values: str | None) -> None:
    have = set(to)
    for value in values:
        if not value or not value.strip() or value.endswith(":"):
            continue
        # An accent may be written as one sign or as two: the data may have either.
        for form in (
            value,
            *(unicodedata.normalize(f, value) for f in ("NFC", "NFD") if not value.isascii()),
        ):
            if form not in have:
                to.append(form)
                have.add(form)


def _after(identifier: str) -> str:
    """What follows the platform."""
    return identifier.partition(":")[2] or identifier
