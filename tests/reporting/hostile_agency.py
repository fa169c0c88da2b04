"""An agency of strangers who mean harm: the small demo's rows, each text of which is an attack, as canonical files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import duckdb

import workbench
from workbench.settings import Settings, load_settings
from workbench.sources.importing import import_paths
from workbench.warehouse.load import load
from workbench.warehouse.tables import TABLES

HIT = "window.hit=1"
"""What no page may run; where it can be read, text was shown as text."""

NAMES: Sequence[str] = (
    f"<img src=x onerror={HIT}>",
    f"</script><script>{HIT}</script>",
    f'"><svg onload="{HIT}">',
    f"javascript:{HIT}",
    f"[x](javascript:{HIT}) **bold** <b>b</b>",
    '=HYPERLINK("http://evil.example","x")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "\u202egnp.exe\u2066 turned \u061c\u200f",
    "\x1b[2J\x1b]0;owned\x07 \x9b31m \x7f red",
    "{{7*7}} ${7*7} %s {0} {% raw %}",
    "datum['x'] && alert(1)",
    "a.b[c]\\d'e\"f`g",
    "../../../etc/passwd",
    "CON",
    "e\u0301" + "\u0323\u0336\u034f" * 60,
    "👩‍👩‍👧‍👦 عربى שלום 日本",
    "line\u2028para\u2029graph\ufffe",
    "--><!--<style>*{display:none}</style>",
)
"""Short enough for a name, a client or a hashtag."""
LONG: Sequence[str] = (f"<img src=x onerror={HIT}>" + "A" * 100_000, "\u2067" + "ж" * 100_000)
TEXTS: Sequence[str] = (*(NAMES * 8), *LONG)
"""For captions, comments, notes and what is written on slides."""
ADDRESSES: Sequence[str] = (
    f"javascript:{HIT}",
    f"data:text/html,<script>{HIT}</script>",
    "https://name:word@evil.example/",
    f'https://evil.example/"onmouseover="{HIT}',
    "vbscript:x",
    "http://evil.example/\u202egnp",
    "file:///etc/passwd",
)

_IDS = {"creator_id", "va_id", "set_id", "client", "niche", "category", "set_code", "username"}
_WORDS = {"display_name", "name", "title", "caption", "description", "notes", "label", "ocr_text", "slug",
          "interaction_text", "artist", "album", "genre", "song_title", "artist_name", "bio", "location",
          "reason", "theme_label"}  # fmt: skip
_URLS = {"profile_url", "url", "slide_url", "va_url", "thumbnail_url", "video_url"}
_WHOSE = (
    "case when scope = 'account' then account(scope_id) when scope in ('va', 'creator') then named(scope_id) "
    "else scope_id end"
)
_ODD = {
    "account_id": "account(account_id)",
    "scope_id": _WHOSE,
    "hashtags": "to_json(list_transform(hashtags, lambda tag: named(tag)))",
    "source": "named(source)",
}


def hostile_home(plain_home: Path, home: Path) -> Path:
    """Write the rows of `plain_home` with their texts replaced into files, and import and load these into `home`."""
    files = home / "files"
    files.mkdir(parents=True)
    with workbench.connect(plain_home) as wb:
        database = f"v{wb.version:06d}"
        file = wb.settings.versions / f"{database}.duckdb"
    with duckdb.connect(str(file), read_only=True) as con:  # a reader of ours may not write files
        for kind, texts in (("names", NAMES), ("texts", TEXTS), ("addresses", ADDRESSES)):
            con.execute(f"set variable {kind} = ?::varchar[]", [list(texts)])
            con.execute(
                f"create or replace temp macro {kind}_at(x) as "
                f"getvariable('{kind}')[1 + (hash(x) % {len(texts)})::int]"
            )
        con.execute("create or replace temp macro named(x) as names_at(x) || ' ' || x")
        con.execute(
            "create or replace temp macro account(x) as "
            "split_part(x, ':', 1) || ':' || named(substr(x, 1 + strpos(x, ':')))"
        )
        for table in TABLES:
            columns = [
                c
                for c, _ in con.execute(
                    "select column_name, data_type from duckdb_columns() where database_name = ? and table_name = ? "
                    "order by column_index",
                    [database, table],
                ).fetchall()
                if c not in ("batch_id",)
            ]
            if not con.execute(f"select count(*) from {database}.{table}").fetchone()[0]:
                continue
            shown = ", ".join(f"{_replaced(c, table)} as {c}" for c in columns)
            con.execute(
                f"copy (select {shown} from {database}.{table}) to '{files / table}.csv' (header, quote '\"')"
            )
    return files


def _replaced(column: str, table: str) -> str:
    if column in _ODD and not (column == "source" and table != "revenue"):
        return _ODD[column]
    if column in _IDS:
        return f"named({column})"
    if column in _WORDS:
        return f"texts_at({column}) || ' ' || {column}"
    return f"addresses_at({column})" if column in _URLS else column


def loaded(files: Path, home: Path) -> Settings:
    settings = load_settings(home)
    import_paths(sorted(files.iterdir()), settings, as_of=datetime(2025, 10, 6, 6))
    assert not load(settings).failed
    return settings
