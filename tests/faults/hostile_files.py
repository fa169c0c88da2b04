"""Hostile files: what writes each, and what has to become of it.

Each has posts of its own (`base` + 1, + 2, ...), so that all of them can lie in one warehouse.
"""

# ruff: noqa: E501 - a line for each file

from __future__ import annotations

import gzip
import io
import json
import os
import sqlite3
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

Make = Callable[[Path, int], None]
HEADER = "created_date,account,post_url,views"


@dataclass(frozen=True)
class Hostile:
    """One file and its right outcome: `refused` as a whole, else `views` and `rejected` rows, exactly."""

    name: str
    make: Make
    views: Mapping[int, int | None] = field(default_factory=dict)
    """n of a post (its id is base + n) -> the views that the warehouse must have of it."""
    rejected: Mapping[int, str] = field(default_factory=dict)
    """Row of the file -> what its reason must say: the value."""
    refused: str = ""
    """What the error must say, besides the file's name."""
    sql: str = ""
    """A query, `{base}` filled in, whose rows must be `rows`."""
    rows: Sequence[tuple[Any, ...]] = ()
    options: tuple[str, ...] = ()
    late: bool = False
    """Refused by the load, not by the import."""

    @property
    def outcome(self) -> str:
        return "refused" if self.refused else "rejected" if self.rejected else "loaded"


def url(number: int | str) -> str:
    return f"https://www.tiktok.com/@a/video/{number}"


def filled(text: str, base: int) -> str:
    """`<1>` is the address of the first post, `#1#` its number."""
    for n in range(1, 40):
        text = text.replace(f"<{n}>", url(base + n)).replace(f"#{n}#", str(base + n))
    return text


def written(content: str | bytes, encoding: str = "utf-8", before: bytes = b"") -> Make:
    def make(path: Path, base: int) -> None:
        data = content if isinstance(content, bytes) else filled(content, base).encode(encoding)
        path.write_bytes(before + data)

    return make


def master(*lines: str, end: str = "\n", header: str = HEADER) -> str:
    return end.join([header, *lines]) + end


ROW = "2025-01-01,a,<1>,5"
TWO = master(ROW, "2025-01-01,a,<2>,6")
BOTH = {1: 5, 2: 6}


def text_file(
    name: str, content: str | bytes, encoding: str = "utf-8", before: bytes = b"", **right: Any
) -> Hostile:
    return Hostile(name, written(content, encoding, before), **right)


ENCODINGS = [
    text_file("utf16_le.csv", TWO, "utf-16-le", b"\xff\xfe", views=BOTH),
    text_file("utf16_be.csv", TWO, "utf-16-be", b"\xfe\xff", views=BOTH),
    text_file("utf16_bare.csv", TWO, "utf-16-le", refused="--encoding utf-16-le"),
    text_file("utf16_bare_told.csv", TWO, "utf-16-le", views=BOTH, options=("--encoding", "utf-16-le")),
    text_file("utf16_cut.csv", TWO.encode("utf-16") + b"\0", refused="cut off or damaged"),
    text_file("utf32.csv", TWO, "utf-32", refused="UTF-32"),
    text_file("cp1252.csv", master("2025-01-01,Jürgen,<1>,5"), "cp1252", refused="--encoding cp1252"),
    text_file(
        "cp1252_told.csv", master("2025-01-01,Jürgen,<1>,5"), "cp1252", options=("--encoding", "cp1252"),
        sql="select account_id from posts where external_id = ({base} + 1)::text", rows=[("tiktok:jürgen",)],
    ),
    text_file("utf8_told_cp1252.csv", master("2025-01-01,Jürgen,<1>,5"), options=("--encoding", "cp1252"), refused="the file is UTF-8"),
    text_file("no_encoding.csv", TWO, options=("--encoding", "zlib"), refused="no such encoding"),
    text_file("mixed.csv", master("2025-01-01,é,x,5").encode() + b"2025-01-01,\xe9,x,5\n", refused="two encodings are mixed"),
    text_file("invalid_middle.csv", b"a,b\n1,\xff\xfe\n2,x\n", refused="line 2 has the byte 0xFF"),
    text_file("invalid_late.csv", b"task_id,title\n" + b"t,x\n" * 600_000 + b"t,\xe9\n", refused="line 600002"),
    text_file("character_cut.csv", (HEADER + "\nx").encode() + b"\xe2\x82", refused="in the middle of a character"),
    text_file("bom.csv", TWO, "utf-8-sig", views=BOTH),
    text_file("bom_twice.csv", TWO, "utf-8-sig", b"\xef\xbb\xbf", views=BOTH),
    text_file("nul.csv", TWO.replace(",6", ",\0"), refused="line 3 holds a NUL byte"),
]  # fmt: skip

CSVS = [
    text_file("quote_open.csv", master(ROW, '"2025-01-01,a,<2>,6'), refused="record 2 (line 3) opens a quoted field that never closes"),
    text_file("quote_inside.csv", master('"2025-01-01"x,a,<1>,5'), refused="record 1 (line 2) has a quote inside"),
    text_file("quote_in_word.csv", master('2025-01-01,a"b,<1>,5'), views={1: 5}),
    text_file("quoted_line_ends.csv", master('2025-01-01,"a\nb",<1>,5', "2025-01-01,a,<2>,6"), views=BOTH),
    text_file("cr_only.csv", TWO.replace("\n", "\r"), views=BOTH),
    text_file("line_ends_mixed.csv", TWO.replace("\n", "\r\n", 2), views=BOTH),
    text_file("line_ends_doubled.csv", TWO.replace("\n", "\r\r\n"), views=BOTH),
    text_file("ragged_short.csv", master(ROW, "2025-01-01,a"), refused="record 2 (line 3) has 2 fields, the header has 4"),
    text_file("ragged_long.csv", master(ROW + ",6,7"), refused="record 1 (line 2) has 6 fields"),
    text_file("number_with_comma_bare.csv", master("2025-01-01,a,<1>,2,426"), refused="has 5 fields, the header has 4"),
    text_file("header_twice.csv", TWO + TWO, refused="record 3 repeats the header"),
    text_file("header_twice_marked.csv", TWO + "\ufeff" + TWO, refused="record 3 repeats the header"),
    text_file("header_missing.csv", master("2025-01-02,b,<2>,6", header=ROW), refused="no format that is known fits"),
    text_file("header_only.csv", HEADER + "\n", refused="and no record"),
    text_file("empty.csv", b"", refused="the file is empty"),
    text_file("blank.csv", " \n\n", refused="the file is empty"),
    text_file("one_byte.csv", b"x", refused="a header (x) and no record"),
    text_file("names_twice.csv", master(ROW + ",6", header=HEADER + ",views"), refused="columns 4 and 5 of the header are both called 'views'"),
    text_file("names_twice_by_case.csv", master(ROW + ",6", header=HEADER + ",Views"), refused="upper and lower case are one"),
    text_file("column_rowid.csv", master(ROW + ",99", "2025-01-01,a,<2>,6,98", header=HEADER + ",rowid"), views=BOTH),
    text_file("column_source_row.csv", master(ROW + ",9", header=HEADER + ",source_row"), refused="column 5 is called source_row"),
    text_file(
        "columns_of_our_own.csv",
        master(ROW + ",#x,y,z,w,v,u,t", header=HEADER + ",hashtags,hashtag_list,text_of,post_id,posted_at,ready,slide_links"),
        sql="select hashtags, posted_at::date::text from posts where external_id = ({base} + 1)::text",
        rows=[(["x"], "2025-01-01")],
    ),
    text_file("columns_numbered_wildly.csv", master(ROW + ",ok,1,2,3", header=f"{HEADER},scrape_status,slide_1000000000,day99999999999_views,day{'9' * 5000}_views"), views={1: 5}),
    text_file("semicolons.csv", TWO.replace(",", ";"), views=BOTH),
    text_file("only_quotes.csv", '"' * 9_999, refused="opens a quoted field that doesn't close"),
    text_file("only_commas.csv", "," * 4_000 + "\n" + "," * 4_000 + "\n", refused="no format that is known fits"),
    text_file("columns_100000.csv", ",".join(f"c{i}" for i in range(100_000)) + "\n1\n", refused="the header is longer than"),
    text_file("columns_100000_empty.csv", "," * 100_000 + "\n1\n", refused="the header has 100,001 columns"),
    text_file("cell_17_mb.csv", master(f'"{"x" * 17_000_000}",a,<1>,5'), refused="record 1 has 17,0"),
    text_file(
        "cell_10_mb.csv", master(ROW + f',"{"x" * 10_000_000}"', header=HEADER + ",source"),
        sql="select length(source) from posts where external_id = ({base} + 1)::text", rows=[(10_000_000,)],
    ),
]  # fmt: skip

_NUMBERS = {
    '"2,426"': "2,426", "1.2K": "1.2K", "1.2M": "1.2M", '"2.426,5"': "2.426,5", "1 234": "1 234", "1e400": "1e400", "1e3": "1e3",
    "NaN": "NaN", "Infinity": "Infinity", "-1": "-1 is below 0", "9223372036854775808": "9223372036854775808", "١٢٣": "١٢٣",
    "0x1F": "0x1F", "1_000": "1_000", "４２": "４２", "12.5": "12.5", "9" * 5_000: "9999999999", "null": "null", "=1+1": "=1+1",
    "=cmd|' /C calc'!A0": "=cmd|",
}  # fmt: skip
_DATES_READ = {
    "2025-01-31": "2025-01-31 00:00:00", "2025/01/31": "2025-01-31 00:00:00", '"May 8, 2020"': "2020-05-08 00:00:00",
    "8-May-20": "2020-05-08 00:00:00", "20250131": "2025-01-31 00:00:00", "2025-01-31T10:00:00Z": "2025-01-31 10:00:00",
    "2025-01-31 10:00:00+05:30": "2025-01-31 04:30:00", "2025-01-31 10:00 PM": "2025-01-31 22:00:00", "": None,
}  # fmt: skip
_DATES_REJECTED = [
    "03/04/2025", "31.12.2025", "31/12/25", "12/11/10", "2025-02-30", "30 Feb 2025", "0000-01-01", "10000-01-01", "1970-01-01",
    "2199-01-01", "yesterday", "1583000000", "epoch", "infinity", "2025-13-01", "2025-01-31T25:00:00", "294247-01-10",
    "2025-01-31 10:00:00+99:00",
]  # fmt: skip

VALUES = [
    text_file("numbers.csv", master(*(f"2025-01-01,a,<{n}>,{v}" for n, v in enumerate(_NUMBERS, 1))), rejected=dict(enumerate(_NUMBERS.values(), 1))),
    text_file("numbers_whole.csv", master(*(f"2025-01-01,a,<{n}>,{v}" for n, v in enumerate(["9223372036854775807", "007", " 8 ", "9.0", "+3", "", "0"], 1))), views={1: 2**63 - 1, 2: 7, 3: 8, 4: 9, 5: 3, 7: 0}),
    text_file(
        "dates.csv", master(*(f"{v},a,<{n}>,5" for n, v in enumerate(_DATES_READ, 1))),
        sql="select posted_at::text from posts where external_id::hugeint between {base} + 1 and {base} + 99 order by external_id",
        rows=[(v,) for v in _DATES_READ.values()],
    ),
    text_file("dates_odd.csv", master(*(f"{v},a,<{n}>,5" for n, v in enumerate(_DATES_REJECTED, 1))), rejected=dict.fromkeys(range(1, len(_DATES_REJECTED) + 1), "posted_at: "), views=dict.fromkeys(range(1, len(_DATES_REJECTED) + 1), 5)),
    text_file(
        "dates_told.csv", master("03/04/2025,a,<1>,5"), options=("--date-format", "%d/%m/%Y"),
        sql="select posted_at::text from posts where external_id = ({base} + 1)::text", rows=[("2025-04-03 00:00:00",)],
    ),
    text_file("ids_as_floats.csv", master(f"2025-01-01,a,{url('7.23456789012346e18')},5", f"2025-01-01,a,{url('7.2E+18')},5"), rejected={1: "post_id", 2: "post_id"}),
    text_file("ids_with_zero_width.csv", master(f"2025-01-01,a,{url('72345​67890123456789')},5"), rejected={1: "post_id"}),
    text_file(
        "posts.ids.csv", "post_id\ntiktok:7.23456789012346e18\ntiktok:7234567890123456789.0\ntiktok:72 34\ntiktok:72\u200b34\n7234\n"
        "myspace:5\n tiktok:#1# \n\ufefftiktok:#2#x\n",
        rejected={1: "7.23456789012346e18", 2: "789.0", 3: "72 34", 4: "72", 5: "7234", 6: "myspace:5", 8: "tiktok:"},
        sql="select external_id::hugeint - {base} from posts where post_id = 'tiktok:' || ({base} + 1)", rows=[(1,)],
    ),
    text_file("accounts.ids.csv", "account_id,external_id\ntiktok:e1,6.9E+18\ntiktok:e2,6.9E+18\ntiktok:e3,6.5\n", rejected={1: "6.9E+18", 2: "6.9E+18", 3: "6.5"}),
    text_file(
        "accounts_unseen.csv", master("2025-01-01,un\u200bse\u202een,<1>,5", "2025-01-01, @UNSEEN ,<2>,6"),
        sql="select distinct account_id from posts where external_id::hugeint between {base} + 1 and {base} + 2", rows=[("tiktok:unseen",)],
    ),
    text_file("disagree.csv", master(ROW, "2025-01-01,a,<1>,9", "2025-01-01,a,<1>,7"), views={1: 9}),
    text_file(
        "post_snapshots.falling.csv", "post_id,captured_at,views\ntiktok:#1#,2025-01-02,9\ntiktok:#1#,2025-01-03,5\n",
        sql="select captured_at::date::text, views from post_snapshots where post_id = 'tiktok:' || ({base} + 1) order by 1",
        rows=[("2025-01-02", 9), ("2025-01-03", 5)],
    ),
    text_file(
        "post_snapshots.future.csv", "post_id,captured_at,views\ntiktok:#1#,2199-01-02,9\ntiktok:#1#,1970-01-01,5\ntiktok:#1#,,5\ntiktok:#1#,2025-01-01,5\n",
        rejected={1: "lies in the future", 2: "before 2005", 3: "captured_at is missing"}, views={1: 5},
    ),
    text_file(
        "tasks.tricks.csv",
        "task_id,title,notes\n" + "".join(f'h{n},"{t}",x\n' for n, t in enumerate(tricks, 1)) if (tricks := [
            "'; drop table posts;--", "../../x", "$(touch x)", "| calc", "`id`", "=cmd|' /C calc'!A0", "@SUM(1)", "{{7*7}}", "<script>alert(1)</script>",
            "\u202egpj.exe", "a\u200bb", "%s%n", "${jndi:ldap://x}", "\\x00", "NULL", "-0",
        ]) else "",
        sql="select list(title order by task_id[2:]::int) from tasks where task_id like 'h%' and task_id[2:] similar to '[0-9]+'",
        rows=[([*tricks],)],
    ),
    text_file("revenue.csv", "from,to,amount,currency,scope\n2025-01-01,2025-01-02,\"1.234,56\",EUR,all\n2025-01-03,2025-01-02,5,EUR,all\n2025-01-01,2025-01-02,5,$,all\n2025-01-01,,1e5,EUR,all\n2025-01-01,,0.00001,EUR,all\n03/04/2025,,5,EUR,all\n2025-01-01,,7.25,EUR,all\n",
        rejected={1: "1.234,56", 2: "from_on is after to_on", 3: "$", 4: "1e5", 5: "0.00001", 6: "03/04/2025"},
        sql="select amount::text from revenue where from_on = '2025-01-01' and source is null", rows=[("7.2500",)],
    ),
    text_file("rows_200000_bad.csv", master() + f"2025-01-01,a,{url('none')},x\n" * 200_000, rejected=dict.fromkeys(range(1, 200_001), "post_id")),
]  # fmt: skip


def item(n: int, **members: Any) -> str:
    said = {
        "id": f"#{n}#", "text": "x", "createTimeISO": "2025-01-01T00:00:00.000Z", "webVideoUrl": f"<{n}>", "playCount": 5,
        "diggCount": 1, "authorMeta": {"name": "a"},
    }  # fmt: skip
    return json.dumps({**said, **members})


def raw(n: int, views: str) -> str:
    return item(n).replace('"playCount": 5', f'"playCount": {views}')


JSONS = [
    text_file("deep.json", "[" * 100_000, refused="nested too deep"),
    text_file("deep_object.json", '{"a":' * 100_000 + "1" + "}" * 100_000, refused="no format that is known fits"),
    text_file("deep_member.json", "[" + item(1)[:-1] + ',"more":' + "[" * 100_000 + "]" * 100_000 + "}]", views={1: 5}),
    text_file("cut.json", f"[{item(1)},{item(2)[:60]}", refused="is cut off"),
    text_file("bad_line.jsonl", f'{item(1)}\n{{"id":\n{item(2)}\n', refused="line 2 holds no whole value"),
    text_file("good.jsonl", f"{item(1)}\n{raw(2, '6')}\n", views=BOTH),
    text_file("member_twice.json", "[" + item(1)[:-1] + ',"playCount":99}]', refused="has the member 'playCount' twice"),
    text_file("numbers.json", "[" + ",".join(raw(n, v) for n, v in enumerate(["1e400", "NaN", "-Infinity", "-1", "9223372036854775808", '"1.2K"', "12.5", '"5"', "true"], 1)) + "]",
        rejected={1: "1e400", 2: "NaN", 3: "-Infinity", 4: "-1", 5: "9223372036854775808", 6: "1.2K", 7: "12.5", 9: "true"}, views={8: 5}),
    text_file("number_of_5000_digits.json", f"[{raw(1, '9' * 5000)}]", rejected={1: "99999"}),
    text_file("ids_rounded.json", f"[{item(1, id='7200000000000000000')}]", rejected={1: "id 7200000000000000000, where its address says"}),
    text_file("ids_as_floats.json", f"[{item(1, webVideoUrl=None).replace(chr(34) + '#1#' + chr(34), '7.2e18')}]", rejected={1: "7200000000000000000.0"}),
    text_file("milliseconds.json", f"[{item(1, createTimeISO=None, createTime=1583000000000)}]", rejected={1: "1583000000000"}, views={1: 5}),
    text_file("seconds_without_end.json", f"[{item(1, createTimeISO=None, createTime=2**63 - 1)}]", rejected={1: "9223372036854775807"}, views={1: 5}),
    text_file("half_a_character.json", "[" + item(1).replace('"x"', '"\\ud800"') + "]", refused="can't be read as JSON"),
    text_file("nul_in_text.json", "[" + item(1, text="a\0b") + "]", sql="select caption from posts where external_id = ({base} + 1)::text", rows=[("a\0b",)]),
    text_file("members_of_other_types.json", "[" + item(1, text={"a": 1}, hashtags={"name": "x"}, mentions=[1, {"a": 2}, None], musicMeta=[1], videoMeta="x") + "]", views={1: 5}),
    text_file("empty_list.json", "[]", refused="holds an empty list"),
    text_file("scalars.json", "[1, 2]", refused="not an object"),
    text_file("web_page.json", "<!doctype html><p>Log in", refused="this is a web page"),
    text_file("utf16.json", f"[{item(1)}]", "utf-16", refused="name says JSON"),
    text_file("csv.json", TWO, refused="its name says JSON, its content is CSV"),
    text_file("notebook.csv", json.dumps({"cells": [], "nbformat": 4}), refused="a Jupyter notebook"),
]  # fmt: skip


def _zip(member: str, size: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(member, bytes(size))
    return out.getvalue()


def _packed(path: Path, base: int) -> None:
    path.write_bytes(gzip.compress(filled(TWO, base).encode()))


def _bomb(path: Path, _base: int) -> None:
    with gzip.open(path, "wb", compresslevel=9) as packed:
        for _ in range(300):
            packed.write(b"x" * (1 << 20))


def _parquet(query: str, cut: int = 0) -> Make:
    def make(path: Path, base: int) -> None:
        duckdb.sql(f"copy ({filled(query, base)}) to '{path}'")
        if cut:
            os.truncate(path, path.stat().st_size - cut)

    return make


BINARIES = [
    text_file("zip.csv", _zip("a.csv", 10), refused="a zip archive or an Excel workbook"),
    text_file("book.xlsx.csv", _zip("xl/workbook.xml", 10), refused="a zip archive or an Excel workbook"),
    text_file("zip_bomb.csv", _zip("a.csv", 100_000_000), refused="a zip archive"),
    text_file("picture.csv", b"\x89PNG\r\n\x1a\n", refused="a PNG picture"),
    text_file("paper.csv", b"%PDF-1.7\n", refused="a PDF"),
    Hostile("packed.csv", _packed, views=BOTH),
    Hostile("gzip_bomb.csv.gz", _bomb, refused="unpacks to more than 268,435,456"),
    text_file("packed_twice.csv.gz", gzip.compress(gzip.compress(b"a,b\n1,2\n")), refused="a gzip archive inside another one"),
    text_file("packed_cut.csv.gz", gzip.compress(TWO.encode() * 50)[:-20], refused="cut off or damaged"),
    text_file("tasks.not.parquet", TWO, refused="its name says Parquet, its content is CSV"),
    Hostile("tasks.cut.parquet", _parquet("select 'q#1#' task_id", cut=30), refused="Parquet file is cut off or damaged"),
    Hostile("tasks.nested.parquet", _parquet("select 'q#1#' task_id, {'a': 1} as title"), refused="is text, not STRUCT", late=True),
    Hostile("tasks.bytes.parquet", _parquet("select 'q#1#' task_id, 'ab\\xFF'::blob as title"), refused="is text, not BLOB", late=True),
    Hostile("post_snapshots.types.parquet", _parquet("select 'tiktok:#1#' post_id, timestamptz '2025-01-01 02:00:00+02' captured_at, 5::hugeint as views, 'inf'::double as likes union all "
        "select 'tiktok:#2#', timestamptz '2025-01-01 02:00:00+02', 170141183460469231731687303715884105727::hugeint, 1"), rejected={1: "likes", 2: "e+38"}),
]  # fmt: skip


def sqlite(*statements: str, wal: bool = False, after: Callable[[Path], None] | None = None) -> Make:
    def make(path: Path, base: int) -> None:
        with closing(sqlite3.connect(path)) as con:
            for statement in statements:
                con.execute(filled(statement, base))
            con.commit()
        if wal:  # as a crashed program leaves it: the rows are in the log beside the file
            other = path.with_suffix(".tmp")
            with closing(sqlite3.connect(path)) as con:
                con.execute("pragma journal_mode = wal")
                con.execute(filled("insert into videos values (2, '#2#', 1, '<2>', 6)", base))
                con.commit()
                other.write_bytes(path.read_bytes())
                log = path.with_name(path.name + "-wal").read_bytes()
            other.rename(path)
            path.with_name(path.name + "-wal").write_bytes(log)
        if after:
            after(path)

    return make


_TRACKER = (
    "create table accounts (id integer primary key, username text)",
    "insert into accounts values (1, 'a')",
    "create table videos (id integer primary key, video_id, account_id integer, url text, views)",
    "insert into videos values (1, '#1#', 1, '<1>', 5)",
)


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:4196] = b"\xff" * 100
    path.write_bytes(content)


SQLITES = [
    Hostile("good.db", sqlite(*_TRACKER), views={1: 5}),
    Hostile("wal.db", sqlite(*_TRACKER, wal=True), views=BOTH),
    Hostile("corrupt.db", sqlite(*_TRACKER, after=_flip), refused="damaged"),
    Hostile("cut.db", sqlite(*_TRACKER, after=lambda p: os.truncate(p, p.stat().st_size - 4096)), refused="is cut off"),
    Hostile("header_only.db", sqlite(*_TRACKER, after=lambda p: os.truncate(p, 60)), refused="is cut off"),
    Hostile("no_rows.db", sqlite("create table videos (video_id)"), refused="without a single row"),
    Hostile(
        "triggers.db",
        sqlite(
            *_TRACKER,
            "create trigger t after insert on videos begin delete from videos; end",
            "create view bad as select load_extension('x') from videos",
            "create view posts as with recursive c(x) as (select 1 union all select x + 1 from c) select x as post_id from c",
            "create table \"'; drop table posts;--\" (\"x'; drop table posts;--\" text)",
            "insert into \"'; drop table posts;--\" values ('y')",
        ),
        views={1: 5},
    ),
    Hostile(
        "wrong_columns.db",
        sqlite(*(f"create table {t} (colour text, taste text)" for t in ("posts", "slides", "accounts")), "insert into posts values ('red', 'sweet')"),
        rejected={1: "post_id"},
    ),
    Hostile("values.db", sqlite(*_TRACKER, "insert into videos values (2, 7.23456789012346e18, 1, null, 6)", "insert into videos values (3, '#3#', 1, '<3>', '1.2K')", "insert into videos values (4, '#4#', 1, '<4>', x'00ff')", "insert into videos values (5, '#5#', 1, '<5>', 7.0)"),
        rejected={2: "post_id", 3: "1.2K", 4: "00FF"}, views={1: 5, 5: 7}),
    Hostile("not_utf8.db", sqlite(*_TRACKER, "update accounts set username = cast(x'61ff' as text)"), refused="text that is not UTF-8"),
    Hostile("grown.db", sqlite(*_TRACKER[:2], "create table videos (id integer primary key, video_id, account_id, url text, views, more as (zeroblob(900000000)))", "insert into videos (id, video_id, account_id, url, views) values (1, '#1#', 1, '<1>', 5)"), refused="'more'"),
    text_file("text.db", TWO, refused="its name says a SQLite database, its content is CSV"),
]  # fmt: skip

NAMES = [
    text_file(name, master(ROW), views={1: 5})
    for name in (
        "'; drop table posts;--.csv", "$(touch x).csv", "| calc.csv", "-rf.csv", "new\nline.csv", "x[1].csv", "*.csv", "?.csv",
        "dd\u202evsc.exe.csv", "\U0001f600.csv", "~.csv", "%s%n.csv", "client=acme/m.csv", "x" * 240 + ".csv", "{a}.csv", "`id`.csv", "CON.csv",
    )
]  # fmt: skip


def _pipe(path: Path, _base: int) -> None:
    os.mkfifo(path)


def _link(to: str) -> Make:
    return lambda path, _base: path.symlink_to(path if to == "itself" else to)


def _surrogate(path: Path, base: int) -> None:
    written(TWO)(Path(os.fsdecode(os.fsencode(path) + b"\xff.csv")), base)
    path.symlink_to(Path(os.fsdecode(os.fsencode(path.name) + b"\xff.csv")))


SPECIAL = [
    Hostile("pipe.csv", _pipe, refused="it is a pipe, not a file"),
    Hostile("zero.csv", _link("/dev/zero"), refused="it is a device, not a file"),
    Hostile("circle.csv", _link("itself"), refused="Too many levels of symbolic links"),
    Hostile("passwd.csv", _link("/etc/passwd"), refused="passwd.csv"),
    Hostile("nothing.csv", _link("nowhere"), refused="there is no such file"),
    Hostile("folder.csv", lambda path, _base: path.mkdir(), refused="the folder holds no"),
]

FILES: list[Hostile] = [*ENCODINGS, *CSVS, *VALUES, *JSONS, *BINARIES, *SQLITES, *NAMES, *SPECIAL]
NASTY = {
    "columns_100000.csv", "columns_100000_empty.csv", "cell_10_mb.csv", "cell_17_mb.csv", "deep.json", "deep_object.json", "deep_member.json",
    "gzip_bomb.csv.gz", "zip_bomb.csv", "grown.db", "rows_200000_bad.csv", "invalid_late.csv", "only_quotes.csv", *(h.name for h in SPECIAL),
}  # fmt: skip
"""Those that could hang or swell: tried in a child with limits."""


def base_of(hostile: Hostile) -> int:
    return 7_000_000_000_000_000_000 + FILES.index(hostile) * 1_000
