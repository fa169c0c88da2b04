"""Tables as CSV and Parquet: what is shown, typed, and harmless whatever strangers wrote."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.reporting.made_pages import ABOUT, one_table, page
from workbench import display
from workbench.reporting.shown import tables_shown
from workbench.reporting.table_files import arrow_type, table_csv, table_parquet, write_tables

DATA = pd.DataFrame(
    {
        "account_id": ["tiktok:a", None],
        "views": [1200.0, None],
        "engagement_rate": [0.0431, None],
        "amount": [Decimal("12.50"), None],
        "posted_at": [pd.Timestamp("2025-10-01 10:30"), pd.NaT],
        "due_on": [date(2025, 10, 6), None],
        "is_viral": [True, None],
        "hashtags": [["b", "a"], None],
    }
)


def read_csv(text: str) -> list[list[str]]:
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:], newline="")))


def test_a_csv_says_units_in_its_heads_and_nothing_where_nothing_is_known():
    head, row, empty = read_csv(table_csv(one_table(DATA)))
    assert head == [
        "Account", "Views", "Engagement rate (fraction)", "Amount (money)", "Posted (UTC)", "Due", "Viral",
        "Hashtags",
    ]  # fmt: skip
    assert row == [
        "tiktok:a", "1200", "0.0431", "12.50", "2025-10-01 10:30:00", "2025-10-06", "true", "b, a",
    ]  # fmt: skip
    assert empty == [""] * 8


def test_a_parquet_file_holds_types_nulls_and_what_its_columns_mean():
    read = pq.read_table(io.BytesIO(table_parquet(one_table(DATA, note="A note"), ABOUT)))
    assert {f.name: str(f.type) for f in read.schema} == {
        "account_id": "string",
        "views": "int64",
        "engagement_rate": "double",
        "amount": "decimal128(18, 4)",
        "posted_at": "timestamp[us]",
        "due_on": "date32[day]",
        "is_viral": "bool",
        "hashtags": "list<element: string>",
    }
    first, second = read.to_pylist()
    assert first["posted_at"] == datetime(2025, 10, 1, 10, 30) and first["amount"] == Decimal("12.5000")
    assert set(second.values()) == {None}
    views = read.schema.field("views").metadata
    assert (views[b"unit"], views[b"version"], views[b"label"]) == (b"views", b"1", b"Views")
    assert views[b"sentence"].startswith(b"How often it was played")
    said = read.schema.metadata
    assert (said[b"caption"], said[b"note"], said[b"period"]) == (b"A finding", b"A note", b"2025-W40")
    assert pq.ParquetFile(io.BytesIO(table_parquet(one_table(DATA), ABOUT))).metadata.row_group(0).column(
        0
    ).compression == ("ZSTD")


HOSTILE = [
    "=HYPERLINK(\"http://evil\")", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1+1", "＝1+1",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_text_that_could_be_a_formula_is_text_in_a_csv_and_itself_in_parquet(text):
    table = one_table({"caption": [text]})
    [_head, [cell]] = read_csv(table_csv(table))
    assert cell.startswith("'") and cell.replace("'", "") == text
    assert pq.read_table(io.BytesIO(table_parquet(table, ABOUT))).to_pylist() == [{"caption": text}]


def test_a_head_that_could_be_a_formula_is_text_too():
    assert read_csv(table_csv(one_table({"=1+1": [1]})))[0] == ["'=1+1"]


@pytest.mark.parametrize("text", ["a;=1+1", "a\n=1+1", "a;@SUM(1)", "a; -1+1", "a\r\n+1"])
def test_where_a_semicolon_parts_cells_no_formula_begins_within_a_text(text):
    # What Excel in half of Europe makes of the file: every semicolon and every line's end parts cells.
    cells = [
        c.strip(' "') for line in table_csv(one_table({"x": [text]})).splitlines() for c in line.split(";")
    ]
    assert not [c for c in cells if c.startswith(("=", "+", "-", "@"))]
    assert ";-)" in table_csv(one_table({"x": ["fun ;-)"]}))


def test_unseen_characters_and_endless_texts_reach_neither_file():
    table = one_table({"x": ["a\u202eb\x00c" + "y" * 200_000, "אבג", "😀"]})
    for texts in (
        [row[0] for row in read_csv(table_csv(table))[1:]],
        pq.read_table(io.BytesIO(table_parquet(table, ABOUT)))["x"].to_pylist(),
    ):
        assert texts[0].startswith("abcy") and len(texts[0]) == 160
        assert texts[1:] == ["אבג", "😀"]


def test_two_columns_of_one_label_are_told_apart():
    table = one_table({"a": [1], "b": [2]}, columns={"a": "n", "b": "n"})
    assert read_csv(table_csv(table))[0] == ["n", "n_2"]


def test_a_table_without_rows_is_a_file_with_a_head(tmp_path):
    table = one_table(pd.DataFrame({"views": pd.Series([], dtype="int64")}))
    assert read_csv(table_csv(table)) == [["Views"]]
    assert pq.read_table(io.BytesIO(table_parquet(table, ABOUT))).num_rows == 0


def test_numbers_that_nothing_can_hold_are_written_as_they_are():
    table = one_table({"x": [float("inf"), float("-inf"), 0.5]})
    assert [r[0] for r in read_csv(table_csv(table))[1:]] == ["inf", "-inf", "0.5"]


def test_the_files_are_private_and_the_same_bytes_each_time(tmp_path):
    tables = tables_shown([page("One", display.table(DATA, caption="c"), display.table(DATA, caption="d"))])
    one, other = (write_tables(tables, tmp_path / n, ABOUT) for n in ("one", "other"))
    assert [f.name for f in one] == [
        *(
            "2_accounts-01-one.csv",
            "2_accounts-01-one.parquet",
            "2_accounts-02-one.csv",
            "2_accounts-02-one.parquet",
        )
    ]
    assert {f.stat().st_mode & 0o777 for f in one} == {0o600}
    assert [f.read_bytes() for f in one] == [f.read_bytes() for f in other]


@pytest.mark.parametrize(
    ("kind", "arrow"),
    [
        ("DECIMAL(18,4)", pa.decimal128(18, 4)),
        ("BIGINT[]", pa.list_(pa.int64())),
        ("MAP(VARCHAR, BIGINT)", pa.string()),
    ],
)
def test_an_sql_type_has_an_arrow_type(kind, arrow):
    assert arrow_type(kind) == arrow
