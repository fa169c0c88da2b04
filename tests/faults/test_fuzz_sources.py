"""Every source against mutated files: an error of one line or rows that are the file's, nothing else."""

# ruff: noqa: E501 - seeds: a line for each row

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from workbench.errors import WorkbenchError
from workbench.settings import Settings
from workbench.sources.importing import import_paths
from workbench.warehouse.batches import read_manifest, waiting
from workbench.warehouse.load import load

URL = "https://www.tiktok.com/@anna/video/7234567890123456789"
SNAPTIK = (
    "post_url,created_date,creator,set_code,va,post_type,account,views,likes,followers,day1_views,day2_likes,last_scraped_at,"
    "scrape_status,scrape_interval,hashtags,sound,sound_url,slide_count,ocr_text,slide_1,slide_2"
)
CSVS: dict[str, tuple[str, list[list[str]]]] = {
    "master": (
        "created_date,created_time,account,va,post_url,views,likes,comments,shares,hashtags,sound,slides,source",
        [["2025-03-01", "10:30", "anna", "Maria", URL, "1200", "90", "5", "4", "#fyp #x", "Song - Me", "3", "sheet"]] * 2,
    ),
    "snaptik": (
        SNAPTIK,
        [[URL, "2025-03-01", "Lou", "S1", "Maria", "photo", "anna", "12", "3", "90", "5", "2", "2025-03-05 10:00:00", "ok", "6h",
          "fyp", "Song - Me", "https://www.tiktok.com/music/Song-7123456789012345678", "2", "text", "https://x.y/1", "https://x.y/2"]] * 2,
    ),
    "apify": (
        "id,text,createTimeISO,authorMeta.name,authorMeta.id,musicMeta.musicName,musicMeta.musicId,playCount,diggCount,shareCount,commentCount,videoMeta.duration,webVideoUrl,hashtags.0.name",
        [["7234567890123456789", "hi #x", "2025-03-01T10:00:00.000Z", "anna", "68", "Song", "71", "9", "8", "7", "6", "12", URL, "fyp"]] * 2,
    ),
    "youtube_trending": (
        "video_id,title,channel_title,category_id,tags,views,likes,dislikes,comment_total,thumbnail_link,date",
        [["jt2OHQh0HoQ", "A title", "A channel", "28", "a|b", "700", "60", "5", "4", "https://x.y/z", "13.09"]] * 2,
    ),
    "youtube_videos_daily": (
        "run_datetime_local,run_datetime_utc,video_id,label,view_count,like_count,comment_count,title,channel_id,published_at",
        [["2025-03-01T10:00:00+07:00", "2025-03-01T03:00:00+00:00", "jt2OHQh0HoQ", "x", "7", "6", "5", "t", "UC1", "2020-01-01T00:00:00Z"]] * 2,
    ),
    "comments": (
        "Comments,Comment_ID,Reply_Count,Like_Count,Date,VidId,user_ID",
        [["nice", "c1", "0", "1", "2022-01-22T08:13:29Z", "jt2OHQh0HoQ", "user_1"]] * 2,
    ),
    "youtube_studio": (
        "Video,Video title,Video publish time,Comments added,Shares,Likes,Views,Your estimated revenue (USD)",
        [["jt2OHQh0HoQ", "A title", "May 8, 2020", "5", "4", "3", "2", "1.25"]] * 2,
    ),
    "revenue": ("from,to,amount,currency,source,scope,scope_id", [["2025-03-01", "2025-03-31", "12.50", "EUR", "x", "account", "anna"]] * 2),
    "costs": ("from,to,kind,hours,hourly_pay,currency,scope,scope_id,notes", [["2025-03-01", "", "VA time", "5", "12", "EUR", "va", "Maria", "n"]] * 2),
    "tasks": ("task_id,title,kind,due_on,status,va_id", [["t1", "Film it", "reel", "2025-03-01", "open", "maria"]] * 2),
    "post_snapshots": ("post_id,captured_at,views,likes", [["tiktok:7234567890123456789", "2025-03-01 10:00:00", "5", "4"]] * 2),
}  # fmt: skip
OPTIONS: dict[str, dict[str, Any]] = {"youtube_trending": {"year": 2025}}
ITEM = {
    "id": "7234567890123456789", "text": "hi #x", "createTime": 1740823200, "createTimeISO": "2025-03-01T10:00:00.000Z",
    "authorMeta": {"id": "68", "name": "anna", "fans": 5, "heart": 4, "video": 3, "verified": True}, "musicMeta": {"musicId": "71",
    "musicName": "Song", "musicAuthor": "Me", "musicOriginal": False}, "videoMeta": {"duration": 12, "coverUrl": "https://x.y/z"},
    "webVideoUrl": URL, "playCount": 9, "diggCount": 8, "shareCount": 7, "commentCount": 6, "hashtags": [{"name": "fyp"}],
    "mentions": ["@lou"], "slideshowImageLinks": [{"tiktokLink": "https://x.y/1"}], "isSlideshow": True, "covers": {"default": "https://x.y/c"},
}  # fmt: skip
TRACKER = {
    "accounts": ("id,username,followers,last_scraped_at", [["1", "anna", "9", "2025-03-01 10:00:00"]]),
    "videos": ("id,video_id,account_id,url,views,likes,posted_at,sound_id,hashtags", [["1", "7234567890123456789", "1", URL, "5", "4", "2025-02-01", "3", "fyp"]]),
    "sounds": ("id,sound_id,song_title,artist_name", [["3", "7123456789012345678", "Song", "Me"]]),
    "video_history": ("id,video_id,session_id,views,scraped_at", [["1", "1", "1", "3", "2025-02-20 10:00:00"]]),
}  # fmt: skip
ANALYTICS = {
    "posts": ("id,post_url,account_id,va_id,set_id,posted_at,views,hashtags,slide_count", [["1", URL, "1", "1", "1", "2025-02-01 10:00", "5", "fyp", "2"]]),
    "accounts": ("id,username,followers,va_id", [["1", "anna", "9", "1"]]),
    "vas": ("id,name,status", [["1", "Maria", "active"]]),
    "sets": ("id,set_code,creator", [["1", "S1", "Lou"]]),
    "slides": ("id,post_id,slide_number,image_url", [["1", "1", "1", "https://x.y/1"]]),
    "post_metrics": ("id,post_id,views,captured_at", [["1", "1", "7", "2025-02-03 10:00:00"]]),
    "performance_trends": ("id,post_id,day,views", [["1", "1", "2", "8"]]),
}  # fmt: skip

HOSTILE = [
    "", " ", "-1", "0", "1e400", "1e5", "NaN", "Infinity", "9223372036854775807", "9223372036854775808", "9" * 400, "2,426", "1.2K", "12.5",
    "1_000", "0x1F", "١٢٣", "7.23456789012346e18", "2025-02-30", "03/04/2025", "0000-01-01", "10000-01-01", "294247-01-10", "epoch", "infinity",
    "2025-03-30 02:30:00", "2025-03-01T10:00:00+99:00", "1970-01-01", "2199-01-01", "'; drop table posts;--", "../../x", "$(touch x)", "=cmd|' /C calc'!A0",
    "\u200b", "\u202e", "\ufeff", "a\u0301", "\x01", "\n", '"', "[", "{", '["a", "b"]', "[[[[", '{"a":1}', "null", "true", "tiktok:5", "https://", URL,
    "https://www.youtube.com/watch?v=jt2OHQh0HoQ", "https://vm.tiktok.com/x", "%s", "😀" * 50, "x" * 5_000, "1\t2", "post_id", "views",
]  # fmt: skip
VALUE = st.one_of(
    st.sampled_from(HOSTILE),
    st.integers(-(10**19), 10**19).map(str),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
)
CHANGE = st.one_of(
    st.tuples(st.just("value"), st.integers(0, 99), st.integers(0, 99), VALUE),
    st.tuples(st.just("value"), st.integers(0, 99), st.integers(0, 99), VALUE),
    st.tuples(st.just("drop"), st.integers(0, 99), st.just(0), st.just("")),
    st.tuples(st.just("add"), st.integers(0, 99), st.just(0), st.sampled_from(["x", "rowid", "hashtag_list", "slide_99999", "day9999_views", "post_id", "captured_at", "views", "source_row", "Views "])),
    st.tuples(st.just("move"), st.integers(0, 99), st.integers(0, 99), st.just("")),
    st.tuples(st.just("row"), st.integers(0, 99), st.just(0), st.just("")),
)  # fmt: skip
CHANGES = st.lists(CHANGE, min_size=1, max_size=5)
BYTES = st.none() | st.tuples(
    st.integers(0, 10_000),
    st.sampled_from([b"", b"\xff", b"\0", b'"', b"\r", b"\xef\xbb\xbf", b"\xc3", b","]),
)
AS_OF = datetime(2025, 6, 1)
_NUMBER = re.compile(r"[+-]?\d+(\.0*)?")
tally = {"examples": 0, "refused": 0, "loaded": 0, "rows": 0, "rejected": 0}


def changed(
    header: str, rows: list[list[str]], changes: list[tuple[str, int, int, str]]
) -> tuple[list[str], list[list[str]]]:
    names, table = header.split(","), [list(row) for row in rows]
    for kind, i, j, value in changes:
        at = i % len(names)
        if kind == "value":
            table[j % len(table)][at] = value
        elif kind == "drop" and len(names) > 1:
            names.pop(at)
            for row in table:
                row.pop(at)
        elif kind == "add":
            names.insert(at, value)
            for row in table:
                row.insert(at, "7")
        elif kind == "move":
            names.insert(j % len(names), names.pop(at))
            for row in table:
                row.insert(j % len(row), row.pop(at))
        elif kind == "row":
            table.append(list(table[i % len(table)]))
    return names, table


def spoiled(content: bytes, where: tuple[int, bytes] | None) -> bytes:
    """Cut off, or with bytes put in."""
    if where is None:
        return content
    at = where[0] % (len(content) + 1)
    return content[:at] if where[1] == b"" else content[:at] + where[1] + content[at:]


def as_csv(names: list[str], rows: list[list[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows([names, *rows])
    return out.getvalue().encode()


def hold(
    name: str, content: bytes | Callable[[Path], None], options: dict[str, Any], *, loads: bool = True
) -> None:
    """The invariants, of one file."""
    tally["examples"] += 1
    top = Path(tempfile.mkdtemp(prefix="fuzz-"))
    try:
        path, home = top / name, Settings(home=top / "home")
        if callable(content):
            content(path)
        else:
            path.write_bytes(content)
        try:
            [imported] = import_paths([path], home, as_of=AS_OF, options=options)
        except WorkbenchError as e:
            tally["refused"] += 1
            said = str(e)
        else:
            said = ""
        if said:
            assert said.strip() and "Traceback" not in said
            return
        [again] = import_paths([path], home, as_of=AS_OF, options=options)
        assert (again.batch_id, again.skipped) == (imported.batch_id, True)
        folders = waiting(home.inbox)
        for folder in folders:
            manifest = read_manifest(folder)
            assert sum(imported.rows.values()) == sum(int(t["rows"]) for t in manifest.tables.values())
        if loads and imported.rows:
            _hold_loaded(home, path, sum(imported.rows.values()))
    finally:
        shutil.rmtree(top, ignore_errors=True)


def _hold_loaded(home: Settings, path: Path, rows: int) -> None:
    outcome = load(home)
    [batch] = outcome.batches
    assert batch.status == "completed", batch.error
    assert rows == batch.read == batch.accepted + batch.rejected + batch.unchanged + batch.duplicate
    tally["loaded"] += 1
    tally["rows"] += batch.read
    tally["rejected"] += batch.rejected
    assert outcome.version is not None
    known = _texts(path)
    numbers = {int(cell.split(".")[0]) for cell in known if _NUMBER.fullmatch(cell) and len(cell) < 25}
    with duckdb.connect(str(home.versions / outcome.version.file), read_only=True) as con:
        found = con.execute(
            "select unnest([views, likes, comments, shares, saves]) from post_snapshots"
        ).fetchall()
        invented = {n for (n,) in found if n is not None} - numbers
        assert not invented, invented


def _texts(path: Path) -> set[str]:
    """Every value that stands in a file, as an independent reader finds it."""
    if path.suffix == ".db":
        with closing(sqlite3.connect(path)) as con:
            con.text_factory = lambda raw: raw.decode("utf-8", "replace")
            names = [name for (name,) in con.execute("select name from sqlite_master where type = 'table'")]
            return {
                str(v).strip() for name in names for row in con.execute(f"select * from {name}") for v in row
            }
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    if path.suffix == ".csv":
        return {cell.strip() for row in csv.reader(io.StringIO(text, newline="")) for cell in row}
    return set(re.findall(r"[+-]?\d+(?:\.0*)?", text))


def examples(whole: bool, short: int, long: int) -> settings:
    return settings(
        max_examples=long if whole else short,
        deadline=None,
        database=None,
        derandomize=not whole,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate, Phase.shrink] if whole else [Phase.explicit, Phase.generate],
    )


@pytest.mark.parametrize("source", CSVS)
def test_no_mutation_of_a_csv_is_misread_or_ends_in_a_traceback(source: str, whole: bool) -> None:
    header, rows = CSVS[source]
    name = f"{source}.csv"

    @examples(whole, 3, 400)
    @given(CHANGES, BYTES, st.integers(0, 9))
    def fuzz(changes: list[tuple[str, int, int, str]], where: tuple[int, bytes] | None, n: int) -> None:
        hold(
            name,
            spoiled(as_csv(*changed(header, rows, changes)), where),
            OPTIONS.get(source, {}),
            loads=whole or n < 1,
        )

    fuzz()


def _walk(item: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    children = item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ()
    for key, value in children:
        found += _walk(value, (*path, key))
    return found


PATHS = _walk(ITEM)
JSON_VALUE = st.one_of(
    st.sampled_from(
        [
            None,
            True,
            [],
            {},
            [None],
            [[]],
            {"a": 1},
            0,
            -1,
            2**63,
            10**30,
            1e300,
            1.5,
            1583000000000,
            -(2**63),
        ]
    ),
    VALUE,
    st.recursive(
        st.integers() | st.booleans() | st.none(), lambda inner: st.lists(inner, max_size=3), max_leaves=5
    ),
)


@pytest.mark.parametrize("form", ["list", "lines", "collector"])
def test_no_mutation_of_json_is_misread_or_ends_in_a_traceback(form: str, whole: bool) -> None:
    @examples(whole, 4, 600)
    @given(
        st.lists(st.tuples(st.sampled_from(PATHS), JSON_VALUE, st.booleans()), min_size=1, max_size=4),
        BYTES,
        st.integers(0, 9),
    )
    def fuzz(
        changes: list[tuple[tuple[Any, ...], Any, bool]], where: tuple[int, bytes] | None, n: int
    ) -> None:
        item = json.loads(json.dumps(ITEM))
        if form == "collector":
            item.pop("createTimeISO")
        for path, value, is_drop in changes:
            place = item
            for key in path[:-1]:
                place = (
                    place.get(key)
                    if isinstance(place, dict)
                    else place[key]
                    if isinstance(place, list) and place
                    else None
                )
            if isinstance(place, dict) or (isinstance(place, list) and place):
                if is_drop and isinstance(place, dict):
                    place.pop(path[-1], None)
                else:
                    place[path[-1]] = value
        items = [
            json.dumps(ITEM | {"id": "7234567890123456780", "webVideoUrl": URL[:-1] + "0"}),
            json.dumps(item),
        ]
        text = {
            "list": "[{}]".format(",".join(items)),
            "lines": "\n".join(items),
            "collector": f'{{"collector": [{items[1]}]}}',
        }[form]
        hold("items.json", spoiled(text.encode(), where), {}, loads=whole or n < 1)

    fuzz()


@pytest.mark.parametrize("which", ["tracker", "analytics"])
def test_no_mutation_of_a_database_is_misread_or_ends_in_a_traceback(which: str, whole: bool) -> None:
    layout = TRACKER if which == "tracker" else ANALYTICS

    @examples(whole, 4, 400)
    @given(st.dictionaries(st.sampled_from(list(layout)), CHANGES, max_size=3), BYTES, st.integers(0, 9))
    def fuzz(
        changes: dict[str, list[tuple[str, int, int, str]]], where: tuple[int, bytes] | None, n: int
    ) -> None:
        def make(path: Path) -> None:
            with closing(sqlite3.connect(path)) as con:
                for table, (header, rows) in layout.items():
                    names, values = changed(header, rows, changes.get(table, []))
                    names = list({n.lower().strip(): n for n in names})
                    columns = ", ".join('"' + n.replace('"', '""') + '"' for n in names)
                    con.execute(f"create table {table} ({columns})")
                    con.executemany(
                        f"insert into {table} values ({', '.join('?' * len(names))})",
                        [row[: len(names)] for row in values],
                    )
                con.commit()
            path.write_bytes(spoiled(path.read_bytes(), where))

        hold("data.db", make, {}, loads=whole or n < 1)

    fuzz()


def test_the_figures_of_the_fuzzing(figure: Any) -> None:
    figure(
        "fuzzed_sources", tally["examples"], "examples", **{k: v for k, v in tally.items() if k != "examples"}
    )
    assert tally["examples"] and tally["loaded"]
