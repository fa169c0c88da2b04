"""What is known of a person only by a keyed hash: network addresses, and persons who were erased.

The key is data/private.key, made when it is first needed and readable by its owner only. Whoever has the hashes
without it can't tell whether a guessed name or address is among them.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
import re
import secrets
import uuid
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from ..errors import WorkbenchError
from ..whole_files import write_whole

KEY = "private.key"
_OLDER_KEY = "secret.key"
HIDDEN = "[address]"
"""What stands for a network address inside a text."""

_MAYBE = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:(?:\.\d{1,3}){3})?)(?![\w:]|\.\d)"
)
_MAYBE_SQL = r"(\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:"


def private_key(data: Path, *, make: bool = True) -> str:
    """The key of a home, as text. Raises WorkbenchError where there is none and none may be made."""
    file = data / KEY
    if not file.exists():
        if (data / _OLDER_KEY).exists():  # hashes made with it stay comparable
            write_whole(file, (data / _OLDER_KEY).read_bytes(), only_new=True)
        elif not make:
            raise WorkbenchError(
                f"{file} is gone: by it the loader knows the persons who were erased, and leaves them out. Put it back "
                "from a backup. Nothing was changed."
            )
        else:
            make_key(file)
    found = file.read_text(encoding="ascii").strip()
    if len(found) < 32:
        raise WorkbenchError(f"{file} holds no key. Put it back from a backup. Nothing was changed.")
    return found


def keyed_hash(key: str, kind: str, value: str) -> str:
    """The hash that `erasures` keeps of a name or id; `HASH_SQL` says the same in SQL."""
    return hashlib.sha256(f"{key}|{kind}|{value}".encode()).hexdigest()


HASH_SQL = "sha256(getvariable('private_key') || '|' || {kind} || '|' || {value})"
"""A connection knows the key by `tell_key`, so that no statement, and no error that repeats one, holds it."""


def tell_key(con: duckdb.DuckDBPyConnection, key: str) -> None:
    con.execute("SET VARIABLE private_key = ?", [key])


def new_erasure_id(key: str) -> str:
    """An id by which `is_key_of` tells later whether the key is still the one of the erasure's hashes."""
    number = secrets.token_hex(8)
    return f"{number}-{keyed_hash(key, 'erasure', number)[:16]}"


def is_key_of(key: str, erasure_id: str) -> bool:
    number, _, check = erasure_id.partition("-")
    return keyed_hash(key, "erasure", number)[:16] == check


def address_hash(address: str, data: Path) -> str:
    """A keyed hash of a network address. The key is WORKBENCH_SECRET, else the home's own."""
    key = os.environ.get("WORKBENCH_SECRET") or private_key(data)
    return hmac.new(key.encode(), str(address).strip().encode(), hashlib.sha256).hexdigest()[:32]


def is_address(value: Any) -> bool:
    try:
        ipaddress.ip_address(str(value).strip().strip("[]"))
    except ValueError:
        return False
    return True


def without_addresses(text: str) -> str:
    """A text without the network addresses in it."""
    return _MAYBE.sub(lambda m: HIDDEN if is_address(m[0]) else m[0], text)


def hidden_addresses(con: duckdb.DuckDBPyConnection, query: str, data: Path) -> str:
    """A query of `app_events` whose addresses are hashed, and gone from what else is told of an event."""
    types = dict(con.execute(f"SELECT column_name, column_type FROM (DESCRIBE {query})").fetchall())
    made: dict[str, dict[str, str]] = {}
    for column in ("ip_hash", "properties"):
        if column not in types or types[column].strip('"') == "NULL":
            continue
        rows = con.execute(
            f"SELECT DISTINCT {column}::VARCHAR FROM ({query}) WHERE regexp_matches({column}::VARCHAR, ?)",
            [_MAYBE_SQL],
        ).fetchall()
        if column == "ip_hash":
            made[column] = {v: address_hash(v, data) for (v,) in rows if is_address(v)}
        else:
            made[column] = {v: w for (v,) in rows if (w := without_addresses(v)) != v}
    for column, changed in made.items():
        if changed:
            name = f"hidden_{column}_{uuid.uuid4().hex[:8]}"
            pairs = pa.table({"was": list(changed), "now": list(changed.values())})
            con.register("pairs_of_addresses", pairs)
            con.execute(f"CREATE TEMP TABLE {name} AS FROM pairs_of_addresses")
            con.unregister("pairs_of_addresses")
            query = (
                f"SELECT q.* REPLACE (coalesce(h.now, q.{column}::VARCHAR) AS {column}) FROM ({query}) q "
                f"LEFT JOIN {name} h ON h.was = q.{column}::VARCHAR"
            )
    return query


def make_key(file: Path) -> None:
    """Write a new key where none is: one for all who ask at the same time."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(file, secrets.token_hex(32), only_new=True)
