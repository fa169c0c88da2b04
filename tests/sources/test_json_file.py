"""JSON files are read object by object, to the last digit, or refused."""

from __future__ import annotations

import json
from pathlib import Path

import ibis
import pytest
from ibis.backends.duckdb import Backend

from workbench.errors import SourceError
from workbench.sources.json_file import members, open_json

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data"
POSTS = [{"id": 7234567890123456789, "author": {"name": "a"}}, {"id": "7", "text": "", "tags": ["x"]}]
READ = [
    {"source_row": 1, "id": "7234567890123456789", "name": "a", "text": None, "tags": None},
    {"source_row": 2, "id": "7", "name": None, "text": None, "tags": '["x"]'},
]


@pytest.fixture
def con():
    con = ibis.duckdb.connect()
    con.raw_sql("SET timezone = 'UTC'")
    yield con
    con.disconnect()


def read(path: Path, con: Backend) -> list[dict[str, object]]:
    rows = open_json(path, con)["rows"]
    paths = {"id": "$.id", "name": "$.author.name", "text": "$.text", "tags": "$.tags"}
    return members(rows, paths).drop("row").order_by("source_row").to_pyarrow().to_pylist()


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(POSTS),
        json.dumps(POSTS, indent=2),
        "\ufeff" + json.dumps(POSTS),
        "\n".join(json.dumps(post) for post in POSTS),
        "\r\n\r\n".join(json.dumps(post) for post in POSTS) + "\r\n",
        json.dumps(POSTS[0], indent=1) + json.dumps(POSTS[1], indent=1),
        json.dumps({"headers": {"a": 1}, "collector": POSTS}),
        json.dumps({"items": POSTS}),
    ],
    ids=["array", "indented", "mark", "lines", "blank lines", "concatenated", "collector", "items"],
)
def test_every_shape_gives_the_same_objects(tmp_path, con, text):
    path = tmp_path / "posts.json"
    path.write_text(text, encoding="utf-8", newline="")
    assert read(path, con) == READ


def test_one_object_alone_is_one_row(tmp_path, con):
    path = tmp_path / "post.json"
    path.write_text(json.dumps(POSTS[0] | {"items": [1, 2]}))
    assert read(path, con) == READ[:1]


def test_a_number_longer_than_any_integer_type_keeps_its_digits(tmp_path, con):
    path = tmp_path / "posts.json"
    path.write_text('[{"id": 72345678901234567890123456789}]')
    assert read(path, con)[0]["id"] == "72345678901234567890123456789"


def test_a_name_with_the_signs_of_a_pattern_names_one_file(tmp_path, con):
    (tmp_path / "a1.json").write_text('[{"id": "other"}]')
    path = tmp_path / "a[1]*.json"
    path.write_text('[{"id": "this"}]')
    assert [row["id"] for row in read(path, con)] == ["this"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty: JSON begins with"),
        (b" \n", "is empty: JSON begins with"),
        (b"<!DOCTYPE html><p>503", "begins with '<'.* It looks like a web page"),
        (b"id,text\n1,a", "begins with 'i': JSON begins with"),
        (b'[{"id": 1}, {"id"', "is cut off: .* line 1, character 18. Fetch it again"),
        (b'[{"id": 1},\n{"id": "ab', "is cut off: .* line 2, character 8"),
        (b'{"id": 1}\n{"id": 2}\n{"id":', "is cut off: .* line 3"),
        (b'[{"id": 1}', "is cut off"),
        (
            b'[{"id": 1},\n {"id": oops}]',
            r"is not JSON: Expecting value at line 2, character 9 \('oops}\]'\)",
        ),
        (b'[{"id": 1}] trailing', "is not JSON: .* line 1, character 13"),
        (b'[{"id": "\\ud83d"}]', "can't be read as JSON: .*surrogate"),
        (b'[{"text": "caf\xe9"}]', "not UTF-8: byte 14 is 0xe9"),
        ('[{"id": 1}]'.encode("utf-16"), "first bytes are those of UTF-16"),
        (b"\x1f\x8b\x08\x00", "first bytes are those of gzip"),
        (b"[]", "holds an empty list"),
        (b'{"collector": []}', "holds an empty list"),
        (b'[{"id": 1}, 2]', "item 2 is of type UBIGINT, not an object"),
    ],
)
def test_what_is_not_whole_json_in_utf8_is_refused_with_its_place(tmp_path, con, content, message):
    path = tmp_path / "posts.json"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=message) as refusal:
        open_json(path, con)
    assert str(path) in str(refusal.value)


def test_a_byte_that_is_not_utf8_is_found_across_the_edge_of_a_chunk(tmp_path, con):
    path = tmp_path / "posts.json"
    head = b'["' + b"x" * ((1 << 20) - 3)  # the first byte of a two-byte letter ends the first chunk
    path.write_bytes(head + b"\xc3(")
    with pytest.raises(SourceError, match=f"byte {(1 << 20) - 1:,} is 0xc3"):
        open_json(path, con)


def test_the_objects_of_a_real_collection_are_all_there(con):
    path = REAL / "tiktok_trending_2020" / "trending.json"
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    ids = members(open_json(path, con)["rows"], {"id": "$.id"})
    found = ids.aggregate(posts=ids.id.nunique(), longest=ids.id.length().max(), last=ids.source_row.max())
    assert found.to_pyarrow().to_pylist() == [{"posts": 1000, "longest": 19, "last": 1000}]
