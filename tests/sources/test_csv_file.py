"""CSVs are read right or refused."""

from __future__ import annotations

import csv
import gzip
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from workbench.errors import SourceError, UsageError
from workbench.sources.sniff import open_file

PLAIN = [("1", "x", 1), ("2", "y", 2)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_usual_delimiter_and_line_end_is_found(write, records, end, delimiter):
    path = write(end.join(["a,b", "1,x", "2,y", ""]).replace(",", delimiter))
    assert records(path) == PLAIN


def test_a_last_line_without_an_end_is_a_record(write, records):
    assert records(write("a,b\n1,x\n2,y")) == PLAIN


def test_a_byte_order_mark_is_no_part_of_the_first_name(write):
    assert open_file(write(b"\xef\xbb\xbfa,b\n1,x\n")).columns == ("a", "b", "source_row")


def test_utf16_with_its_mark_is_read(write, records):
    assert records(write("a,b\n1,ü\n".encode("utf-16"))) == [("1", "ü", 1)]


def test_a_packed_file_is_read_like_the_unpacked_one(write, records):
    assert records(write(gzip.compress(b"a,b\n1,x\n2,y\n"), "file.csv.gz")) == PLAIN


def test_an_empty_field_is_null_and_blanks_stay(write, records):
    assert records(write('a,b,c\n,"", z \n')) == [(None, None, " z ", 1)]


def test_line_ends_inside_quotes_stay_as_written(write, records):
    assert records(write('a,b\r\n1,"x\ny\r\nz"\r\n')) == [("1", "x\ny\r\nz", 1)]


def test_a_quote_in_the_middle_of_a_word_is_text(write, records):
    assert records(write('a,b\n5" screen,say "hi"\n')) == [('5" screen', 'say "hi"', 1)]


def test_blank_lines_are_no_records(write, records):
    assert records(write("a,b\n\n1,x\n\n\n2,y\n\n")) == PLAIN
    assert records(write("a\n\n1\n\n")) == [("1", 1)]


def test_mixed_line_ends_are_read(write, records):
    assert records(write("a,b\r\n1,x\n2,y\r\n")) == PLAIN


def test_a_bare_carriage_return_in_a_title_is_text(write, records):
    assert records(write("a,b\n1,x\ry\n2,z\n")) == [("1", "x\ry", 1), ("2", "z", 2)]


def test_line_ends_translated_twice_are_one_each(write, records):
    assert records(write("a,b\r\r\n1,x\r\r\n2,y\r\r\n")) == PLAIN


def test_nothing_looks_like_a_comment_or_an_escape(write, records):
    assert records(write("a,b\n#1,\\\n--,'x\n")) == [("#1", "\\", 1), ("--", "'x", 2)]


def test_numbers_and_dates_stay_text(write, records):
    assert records(write("a,b\n007,13.09\n1e3,NULL\n")) == [("007", "13.09", 1), ("1e3", "NULL", 2)]


def test_a_nameless_column_is_called_by_its_place(write):
    assert open_file(write(",b\n0,x\n")).columns == ("column_1", "b", "source_row")


def test_a_caption_longer_than_the_csv_modules_limit_is_read(write, records):
    long = 'say "hi" ' * 30_000
    assert records(write(f'a,b\n1,5" {long}\n'))[0][1] == f'5" {long}'


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            'a,b\n1,x\n2,"cut off',
            "record 2 (line 3) opens a quoted field that never closes; it begins '2,\"cut off'",
        ),
        (
            'a,b\n1,"x\n2,y\n3,z\n',
            "record 1 (line 2) opens a quoted field that never closes; it begins '1,\"x'",
        ),
        ('a,b\n1,"x"y\n', "record 1 (line 2) has a quote inside a quoted field"),
        ("a,b\n1,x\n2\n", "record 2 (line 3) has 1 fields, the header has 2; it reads '2'"),
        ("a,b\n1,x\n2,y,z\n", "record 2 (line 3) has 3 fields, the header has 2; it reads '2,y,z'"),
        ("a,b\n1,x\nHello, you,\n", "record 2 (line 3) has 3 fields"),
        ('a,b\n1,x\nHello, you,""\n', "record 2 (line 3) has 3 fields"),
        ('a,b\n"p\nq",x\n2\n', "record 2 (line 4) has 1 fields"),
        ("a,b,a\n1,2,3\n", "columns 1 and 3 of the header are both called 'a'"),
        ("Views,views\n1,2\n", "columns 1 and 2 of the header are both called 'views'"),
        ("a,source_row\n1,2\n", "column 2 is called source_row"),
        ("a,b\n1,x\na,b\n2,y\n", "record 2 repeats the header, so two exports were joined"),
        ("a,b\n", "a header (a, b) and no record"),
        ("", "the file is empty"),
        (" \r\n", "the file is empty"),
        (b"a,b\n1,x\x00y\n", "line 2 holds a NUL byte"),
        ('"a,b\n1,2\n', "the header can't be read: it opens a quoted field that doesn't close"),
    ],
)
def test_what_can_be_read_in_no_way_or_two_is_refused(write, records, content, told):
    with pytest.raises(SourceError) as e:
        records(write(content))
    assert told in str(e.value)
    assert str(e.value).startswith(str(write(content)))


def test_a_text_cut_off_inside_quotes_is_refused_wherever_the_cut_falls(write, records):
    whole = b'a,b\n1,"first, and\nmore"\n2,"sec ""ond"""\n'
    for length in range(len(b'a,b\n1,"'), len(whole) - 1):
        cut = whole[:length]
        inside = cut.count(b'"') % 2 == 1
        if inside:
            with pytest.raises(SourceError):
                records(write(cut))


def test_a_delimiter_may_be_named(write, records):
    assert records(write("a:b\n1:x\n2:y\n"), delimiter=":") == PLAIN
    assert records(write("a\tb\n1\tx\n2\ty\n"), delimiter="tab") == PLAIN
    with pytest.raises(UsageError, match=r"--delimiter '::': write one character"):
        records(write("a\n1\n"), delimiter="::")


def test_a_comma_in_the_header_does_not_hide_the_semicolons(write, records):
    path = write("views, total;likes\n1;x\n2;y\n")
    assert records(path) == PLAIN


CELL = st.text(st.sampled_from("ab\",;\n\r\t' é|#\\😀"), max_size=6)
TABLE = st.integers(2, 4).flatmap(
    lambda n: st.lists(st.lists(CELL, min_size=n, max_size=n), min_size=1, max_size=6)
)


@pytest.mark.long
@settings(max_examples=150, deadline=None)
@given(TABLE, st.sampled_from(",;\t|"), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans(), st.booleans())
def test_records_equal_those_of_an_independent_parser(rows, delimiter, end, quote_all, is_final):
    if not quote_all:
        # Python 3.11 writes these without quotes; then they have more than one reading.
        assume(not any("\r" in cell or (end == "\r" and "\n" in cell) for row in rows for cell in row))
    header = [f"c{i}" for i in range(len(rows[0]))]
    out = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows([header, *rows])
    text = out.getvalue() if is_final else out.getvalue().removesuffix(end)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.csv"
        path.write_bytes(text.encode())
        file = open_file(path, options={"delimiter": delimiter})
        read = file.con.con.execute("select * from rows order by source_row").fetchall()
        file.con.disconnect()
    assert read == [(*(cell or None for cell in row), i) for i, row in enumerate(rows, 1)]


@pytest.mark.long
@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from('ab",\n '), max_size=25))
def test_a_broken_text_is_refused_or_read_as_an_independent_parser_does(text):
    text = "x,y\n" + text
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.csv"
        path.write_text(text, encoding="utf-8", newline="")
        try:
            file = open_file(path, options={"delimiter": ","})
        except SourceError:
            return
        read = file.con.con.execute("select x, y from rows order by source_row").fetchall()
        file.con.disconnect()
    other = [tuple(cell or None for cell in row) for row in csv.reader(io.StringIO(text), strict=True) if row]
    assert read == other[1:]


def test_a_quoted_line_end_on_the_edge_of_a_buffer_is_no_record(write):
    body = "".join(f'{i},"line\nand ""{i}"", more"\n' for i in range(40_000))
    path = write("a,b\n" + body)
    file = open_file(path)
    found = file.con.con.execute(
        "select count(*), count(distinct a), min(source_row), max(source_row), "
        "count(*) filter (where b = 'line\nand \"' || a || '\", more' and a::bigint = source_row - 1) "
        "from rows"
    ).fetchone()
    assert found == (40_000, 40_000, 1, 40_000, 40_000)


@pytest.mark.parametrize(
    ("name", "records"),
    [
        ("broken/bare_carriage_return.csv", 1_215),
        ("broken/mixed_line_ends.csv", 230),
        ("tiktok_apify/clockworks_export.csv", 1_351),
        ("tiktok_two_scrapes/tiktok_videos_raw.csv", 4_976),
        ("tiktok_two_scrapes/tiktok_videos_second_scrape.csv", 5_310),
        ("youtube_creator/comments.csv", 10_240),
        ("youtube_trending_2017/GBvideos.csv", 7_997),
        ("youtube_trending_2017/USvideos.csv", 8_000),
        ("hashtags_hourly_2022/hashtags.csv.gz", 94_619),
        ("hashtags_hourly_2022/music.csv.gz", 93_273),
    ],
)
def test_real_files_have_the_records_that_were_counted(real, name, records):
    file = open_file(real(name))
    assert file.con.con.execute("select count(*), max(source_row) from rows").fetchone() == (records, records)


def test_the_bare_carriage_return_stays_in_its_title(real):
    file = open_file(real("broken/bare_carriage_return.csv"))
    found = file.con.con.execute("select title from rows where contains(title, chr(13))").fetchall()
    assert len(found) == 1
