"""Files that were once misread, hung or ended in a traceback."""

from __future__ import annotations

import gzip
import json
import os
import socket
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from workbench.errors import SourceError, UsageError
from workbench.settings import Settings
from workbench.sources.importing import ImportFailed, import_paths
from workbench.sources.sniff import open_file
from workbench.warehouse.batches import waiting

URL = "https://www.tiktok.com/@a/video/7000000000000000001"
HEADER = "created_date,account,post_url,views"
MASTER = f"{HEADER}\n2025-01-01,a,{URL},5\n"


@pytest.fixture
def home(tmp_path):
    return Settings(home=tmp_path / "home")


def batch(home, table):
    [folder] = waiting(home.inbox)
    return duckdb.sql(f"select * from '{folder}/{table}.parquet'").fetchall()


def test_a_name_with_brackets_or_stars_names_that_file_only(write, home):
    write("task_id,title\nother,x\n", "tasks.1.csv")
    path = write("task_id,title\nmeant,x\n", "tasks.[1].csv")
    import_paths([path], home)
    assert batch(home, "tasks") == [("meant", "x", 1)]
    path = write("task_id,title\nstar,x\n", "tasks.*.csv")
    file = open_file(path)
    assert file.con.con.execute("select task_id from rows").fetchall() == [("star",)]


def test_a_parquet_file_with_brackets_is_itself(tmp_path, home):
    for name, value in (("tasks.1", "other"), ("tasks.[1]", "meant")):
        duckdb.sql(f"copy (select '{value}' as task_id) to '{tmp_path}/{name}.parquet'")
    import_paths([tmp_path / "tasks.[1].parquet"], home)
    assert batch(home, "tasks") == [("meant", 1)]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_folder_called_like_a_partition_adds_no_column(write, home, tmp_path, ending):
    path = write("task_id,client\nt1,real\n", "client=acme/kind=x/tasks.csv")
    if ending == "parquet":
        duckdb.sql(f"copy (select 't1' task_id) to '{path.parent}/tasks.parquet'")
        path = path.with_suffix(".parquet")
    assert not {"kind"} & set(open_file(path).columns)


def test_a_column_called_rowid_is_a_column(write, records):
    assert records(write("rowid,b\n77,x\n78,y\n")) == [("77", "x", 1), ("78", "y", 2)]
    assert records(write("rowid\n77\n\n78\n")) == [("77", 1), ("78", 2)]
    assert records(write("RowId,b\r\n77,x\n")) == [("77", "x", 1)]


def test_a_header_repeated_behind_a_byte_order_mark_or_in_another_order_is_refused(write, records):
    for again in ("\ufeffa,b", "b,a", " a ,b "):
        with pytest.raises(SourceError, match="record 2 repeats the header"):
            records(write(f"a,b\n1,x\n{again}\n2,y\n"))


def test_marks_and_unseen_blanks_around_a_name_are_no_part_of_it(write):
    assert open_file(write("\ufeff\ufeffa,\u200bb\u00a0\n1,x\n")).columns == ("a", "b", "source_row")


def test_a_header_of_100_000_columns_is_refused_soon(write, records):
    with pytest.raises(SourceError, match="the header is longer than 262,144 bytes"):
        records(write(",".join(f"c{i}" for i in range(100_000)) + "\n1\n"))
    with pytest.raises(SourceError, match="the header has 6,000 columns, more than the 5,000"):
        records(write(",".join(f"c{i}" for i in range(6_000)) + "\n1\n"))


def test_a_record_beyond_16_mb_is_named(write, records):
    with pytest.raises(
        SourceError, match="record 2 has 17,000,001 characters, more than the 16,777,216 bytes"
    ):
        records(write(f'a,b\n1,x\n2,"{"x" * 17_000_000}"\n'))


def test_numbers_in_names_of_columns_are_bounded(write, home):
    odd = f"slide_1000000000,day99999999999_views,day{'9' * 5000}_views,slide_٣"
    path = write(f"{HEADER},scrape_status,{odd}\n2025-01-01,a,{URL},5,ok,1,2,3,4\n")
    [imported] = import_paths([path], home)
    assert imported.rows == {"posts": 1, "post_snapshots": 1}
    assert "slide_1000000000, day99999999999_views" in imported.notes[0]


@pytest.mark.parametrize("number", ["7.23456789012346e18", "72345\u200b67890123456789", "723456-1", "72,5"])
def test_an_id_that_breaks_off_in_its_address_is_none(write, home, number):
    path = write(f'{HEADER}\n2025-01-01,a,"https://www.tiktok.com/@a/video/{number}",5\n')
    [imported] = import_paths([path], home)
    assert imported.rows == {"posts": 1}
    assert open_file(path) and batch(home, "posts")[0][0] == 1  # source_row alone: it has no post_id


def item(**members):
    shown = {
        "id": "7000000000000000001",
        "text": "x",
        "createTimeISO": "2025-01-01T00:00:00.000Z",
        "webVideoUrl": URL,
        "playCount": 5,
        "diggCount": 1,
        "authorMeta": {"name": "a"},
    }
    return json.dumps({**shown, **members})


def test_an_id_that_a_spreadsheet_rounded_is_not_taken(write, home):
    import_paths([write(f"[{item(id='7000000000000000000')}]", "a.json")], home)
    assert "id 7000000000000000000, where its address says 7000000000000000001" in str(batch(home, "posts"))


@pytest.mark.parametrize("seconds", [9223372036854775807, -5, 1583000000000, 10**30])
def test_seconds_that_are_none_stay_as_written(write, home, seconds):
    path = write(f"[{item(createTimeISO=None, createTime=seconds)}]", "a.json")
    import_paths([path], home)
    assert str(seconds) in map(str, batch(home, "posts")[0])


def test_json_with_a_member_twice_is_refused(write, home):
    for text in (
        "[" + item()[:-1] + ',"playCount":99}]',
        "[" + item().replace('"name": "a"', '"name": "a", "name": "b"') + "]",
        '{"items": [' + item() + '], "items": []}',
    ):
        with pytest.raises(SourceError, match=r"item 1 has the member '(playCount|name|items)' twice"):
            import_paths([write(text, "a.json")], home)


def test_a_bad_line_of_json_lines_is_named(write, home):
    with pytest.raises(SourceError, match="line 2 holds no whole value"):
        import_paths([write(f'{item()}\n{{"id":\n{item()}\n', "a.jsonl")], home)


def test_deep_json_and_numbers_of_5_000_digits_end_in_an_error_of_one_line(write, home):
    with pytest.raises(SourceError, match="nested too deep"):
        import_paths([write("[" * 100_000, "a.json")], home)
    with pytest.raises(SourceError, match="is not JSON"):
        import_paths([write(f"[{{'a': {'9' * 5000}}},]".replace("'", '"'), "a.json")], home)


@pytest.mark.parametrize("encoding", ["rot13", "zlib", "hex", "base64", "idna", "undefined", "utf-7"])
def test_an_encoding_that_is_none_of_text_is_refused(write, home, encoding):
    with pytest.raises(UsageError, match="there is no such encoding"):
        import_paths([write("a,b\n1,x\n")], home, options={"encoding": encoding})


def test_two_encodings_in_one_file_get_no_advice_that_would_garble_one(write, home):
    with pytest.raises(SourceError, match=r"line 3 has the byte 0xE4.* Line 2 has 'é' in UTF-8, so two") as e:
        import_paths([write(b"a,b\n1,\xc3\xa9\n2,\xe4\n")], home)
    assert "--encoding" not in str(e.value)


def test_utf_32_is_called_so(write, home):
    with pytest.raises(SourceError, match="UTF-32"):
        import_paths([write(MASTER.encode("utf-32"))], home)


def test_an_archive_that_unpacks_without_end_is_refused(tmp_path, home):
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb") as packed:
        for _ in range(300):
            packed.write(bytes(1 << 20))
    with pytest.raises(SourceError, match="unpacks to more than 268,435,456"):
        import_paths([path], home)
    path.write_bytes(gzip.compress(gzip.compress(MASTER.encode())))
    with pytest.raises(SourceError, match="a gzip archive inside another one"):
        import_paths([path], home)


def test_what_is_no_plain_file_is_not_opened(tmp_path, home):
    os.mkfifo(tmp_path / "pipe.csv")
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(tmp_path / "socket.csv"))
    for path, kind in ((tmp_path / "pipe.csv", "a pipe"), (tmp_path / "socket.csv", "a socket")):
        with pytest.raises(SourceError, match=f"it is {kind}, not a file"):
            import_paths([path], home)
    with pytest.raises(SourceError, match="it is a device, not a file"):
        import_paths(["/dev/zero"], home)


def test_a_pipe_or_a_socket_in_a_folder_is_named_whatever_it_is_called(write, tmp_path, home):
    write(MASTER, "in/m.csv")
    (tmp_path / "in/readme.txt").write_text("no table")
    for name in ("feed", "feed.csv", ".hidden"):
        os.mkfifo(tmp_path / "in" / name)
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(tmp_path / "in/sock"))
    with pytest.raises(ImportFailed) as e:
        import_paths([tmp_path / "in"], home)
    assert [line.removeprefix(f"- {tmp_path}/in/") for line in str(e.value).splitlines()[1:]] == [
        f"{name}: it is {kind}, not a file. Save what it gives into a file and import that."
        for name, kind in (("feed", "a pipe"), ("feed.csv", "a pipe"), ("sock", "a socket"))
    ]
    assert [i.path.name for i in e.value.imported] == ["m.csv"]


def test_links_out_of_a_folder_are_told_and_not_followed(write, tmp_path, home):
    write(MASTER, "in/m.csv")
    secret = write(MASTER.replace("0001", "0002"), "secret.csv")
    (tmp_path / "in/out.csv").symlink_to(secret)
    (tmp_path / "in/loop.csv").symlink_to(tmp_path / "in/loop.csv")
    (tmp_path / "in/again.csv").symlink_to(tmp_path / "in/m.csv")
    (tmp_path / "in/circle").symlink_to(tmp_path / "in")
    with pytest.raises(ImportFailed) as e:
        import_paths([tmp_path / "in"], home)
    assert f"out.csv: it is a link that leads out of the folder, to {secret}" in str(e.value)
    assert "loop.csv: can't be looked up (Too many levels of symbolic links)" in str(e.value)
    assert [i.path.name for i in e.value.imported] == ["again.csv"]  # the same file as m.csv, once
    [named] = import_paths([tmp_path / "in/out.csv"], home)
    assert named.rows


@pytest.mark.parametrize("name", ["x" * 300 + ".csv", "a\0b.csv"])
def test_names_that_no_file_can_have_are_told(tmp_path, home, name):
    with pytest.raises(UsageError, match="can't be looked up"):
        import_paths([tmp_path / name], home)


def test_a_name_that_is_not_text_is_refused(tmp_path, home):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\xff.csv"))
    path.write_text(MASTER)
    with pytest.raises(SourceError, match="is not text in UTF-8"):
        import_paths([path], home)


def test_a_file_that_changes_while_it_is_read_is_refused(write, home, monkeypatch):
    path = write(MASTER)
    opened = open_file

    def meanwhile(*args, **options):
        file = opened(*args, **options)
        path.write_text(MASTER + f"2025-01-02,a,{URL.replace('1', '2')},6\n")
        return file

    monkeypatch.setattr("workbench.sources.importing.open_file", meanwhile)
    with pytest.raises(SourceError, match="was changed while it was read"):
        import_paths([path], home)
    assert not waiting(home.inbox)


def test_a_file_cut_short_at_any_time_ends_no_process(tmp_path, home):
    path = tmp_path / "m.csv"
    whole = (HEADER + "\n" + f"2025-01-01,a,{URL},5\n" * 20_000).encode()
    stop = threading.Event()

    def cut():
        while not stop.is_set():
            path.write_bytes(whole)
            os.truncate(path, 0)

    path.write_bytes(whole)
    thread = threading.Thread(target=cut)
    thread.start()
    try:
        for _ in range(15):
            try:
                import_paths([path], home)
            except (SourceError, UsageError):
                continue
    finally:
        stop.set()
        thread.join()
    for folder in waiting(home.inbox):
        assert duckdb.sql(f"select count(*) from '{folder}/posts.parquet'").fetchone() == (20_000,)


def test_no_file_is_changed_and_none_lies_beside_it(write, tmp_path, home):
    path = write(MASTER, "in/m.csv")
    path.chmod(0o400)
    before = path.stat()
    import_paths([path], home)
    assert (path.stat().st_mtime_ns, stat.S_IMODE(path.stat().st_mode)) == (before.st_mtime_ns, 0o400)
    assert [p.name for p in path.parent.iterdir()] == ["m.csv"]


def test_a_column_called_like_one_made_here_is_not_taken_for_it(write, home):
    names = "hashtags,hashtag_list,text_of"
    import_paths([write(f"{HEADER},{names}\n2025-01-01,a,{URL},5,#x,y,z\n")], home)
    assert ["x"] in batch(home, "posts")[0]


def test_an_offset_farther_than_any_place_is_none(write, home):
    import_paths([write(f"{HEADER}\n2025-01-31 10:00:00+99:00,a,{URL},5\n")], home)
    assert "2025-01-31 10:00:00+99:00" in batch(home, "posts")[0]


def test_a_computed_column_of_any_size_is_refused(tmp_path, home):
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as con:
        con.execute("create table videos (video_id, account_id, more as (zeroblob(900000000)))")
        con.execute("insert into videos values (1, 2)")
        con.commit()
    with pytest.raises(SourceError, match="column 'more' is computed when it is read, and can't be"):
        import_paths([path], home)
