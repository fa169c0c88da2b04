"""Reel lists as files: readable, and harmless whatever strangers wrote."""

from __future__ import annotations

import csv
import re
import zipfile
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pytest

from workbench.model.reel_lists import COLUMNS as ROW_COLUMNS
from workbench.reporting.reel_lists import COLUMNS, NOBODY, distinct, file_stem, write_reel_lists

WEEK = "2025-W11"
NAME = {"main": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def lists(*rows: dict[str, Any]) -> pd.DataFrame:
    usual = {
        "va_id": "va_finch",
        "due_on": date(2025, 3, 10),
        "account_id": "tiktok:a",
        "list_state": "suggested",
    }
    full = [
        {**dict.fromkeys(ROW_COLUMNS), **usual, "kind": "reuse_slide", "title": "Show again: x", **row}
        for row in rows
    ]
    return pd.DataFrame(full, columns=list(ROW_COLUMNS)).astype(ROW_COLUMNS)


def read_csv(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8-sig", newline="") as f:
        return list(csv.reader(f))


def book(file: Path) -> dict[str, str]:
    with zipfile.ZipFile(file) as z:
        return {name: z.read(name).decode() for name in z.namelist()}


def sheet_names(parts: dict[str, str]) -> list[str]:
    root = ElementTree.fromstring(parts["xl/workbook.xml"])
    return [s.attrib["name"] for s in root.findall("main:sheets/main:sheet", NAME)]


def shared_texts(parts: dict[str, str]) -> list[str]:
    root = ElementTree.fromstring(parts["xl/sharedStrings.xml"])
    return ["".join(t.text or "" for t in one.iter(f"{{{NAME['main']}}}t")) for one in root]


def test_each_va_has_a_csv_file_and_a_sheet_and_nobody_s_has_one_too(tmp_path: Path) -> None:
    rows = lists({"va_id": "va_finch"}, {"va_id": "va_finch", "title": "second"}, {"va_id": None})
    files = write_reel_lists(rows, tmp_path / "reel_lists", WEEK)
    assert [f.name for f in files] == [
        "2025-W11-reel_lists.xlsx", "2025-W11-va_finch.csv", "2025-W11-without_a_VA.csv",
    ]  # fmt: skip
    head, *body = read_csv(files[1])
    assert len(head) == len(COLUMNS) and [row[3] for row in body] == ["Show again: x", "second"]
    assert body[0][0] == "2025-03-10"
    assert sheet_names(book(files[0])) == ["Overview", "va_finch", NOBODY]


def test_the_workbook_has_a_frozen_header_dates_as_dates_and_numbers_as_numbers(tmp_path: Path) -> None:
    rows = lists({"expected_views": 1234.5, "slide_lift": 1.5})
    parts = book(write_reel_lists(rows, tmp_path, WEEK)[0])
    sheet = parts["xl/worksheets/sheet2.xml"]
    assert 'state="frozen"' in sheet and "<autoFilter" in sheet and "<cols>" in sheet
    days = (date(2025, 3, 10) - date(1899, 12, 30)).days
    assert re.search(rf'<c r="A2" s="\d+"><v>{days}</v>', sheet)
    assert re.search(r'<c r="F2" s="\d+"><v>1234.5</v>', sheet)
    assert "ddd d mmm yyyy" in parts["xl/styles.xml"]


HOSTILE = [
    '=cmd|" /C calc"!A0', "+1+1", "-2+3", "@SUM(A1)", "\t=1+1", "\r=1+1", "＝1+1", '=HYPERLINK("https://evil.example")',
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_stranger_wrote_is_no_formula(tmp_path: Path, text: str) -> None:
    rows = lists(
        {"title": text, "recommended_because": text, "account_id": text, "task_id": text, "example_url": text}
    )
    workbook, sheet = write_reel_lists(rows, tmp_path, WEEK)
    cells = [cell for row in read_csv(sheet)[1:] for cell in row]
    assert [c for c in cells if c.startswith(("=", "+", "-", "@", "\t", "\r", "＝"))] == []
    assert sum(c.startswith("'") for c in cells) == 5
    parts = book(workbook)
    assert [name for name, xml in parts.items() if "<f>" in xml] == []
    assert any(t.endswith(text.strip()) for t in shared_texts(parts))


@pytest.mark.parametrize(
    ("url", "is_linked"),
    [
        ("https://www.tiktok.com/@a/photo/1", True),
        ("http://www.tiktok.com/@a/photo/1", False),
        ("javascript:alert(1)", False),
        ("file:///etc/passwd", False),
        ("internal:Overview!A1", False),
        ("external:other.xlsx", False),
        ("https://user:word@evil.example/", False),
        ("https://x y", False),
        ("mailto:a@example.org", False),
    ],
)
def test_only_plain_https_addresses_are_links(tmp_path: Path, url: str, is_linked: bool) -> None:
    parts = book(write_reel_lists(lists({"example_url": url}), tmp_path, WEEK)[0])
    linked = "xl/worksheets/_rels/sheet2.xml.rels" in parts
    assert linked == is_linked
    assert url in shared_texts(parts)


def test_unseen_and_lone_characters_break_no_file(tmp_path: Path) -> None:
    rows = lists({"title": "a\x00b\u202ec\x1bd<>&\"' \U0001f600", "recommended_because": "y" * 50_000})
    workbook, sheet = write_reel_lists(rows, tmp_path, WEEK)
    assert read_csv(sheet)[1][3] == "abcd<>&\"' \U0001f600"
    for name, xml in book(workbook).items():
        if name.endswith(".xml"):
            ElementTree.fromstring(xml)


NAMES = [
    "../../x", "CON", "nul", "\U0001f600", "\U0001f601", "VA_Finch", "va_finch", "a" * 300, "a" * 299 + "b",
    "a/b\\c:d*e?[f]",
    "History", "Overview", "'quoted'", "..", ".hidden", "José", "张伟", "=1+1", "a\nb", " ", "COM1",
]  # fmt: skip


def test_files_and_sheets_have_names_that_every_system_takes(tmp_path: Path) -> None:
    folder = tmp_path / "reports" / "reel_lists"
    rows = lists(*[{"va_id": name} for name in NAMES])
    files = write_reel_lists(rows, folder, WEEK)
    assert len(files) == 1 + len(NAMES)
    assert sorted(tmp_path.rglob("*.*")) == sorted(files)
    assert all(re.fullmatch(r"2025-W11-[A-Za-z0-9_-]{1,70}\.(csv|xlsx)", f.name) for f in files)
    assert len({f.name.lower() for f in files}) == len(files)
    sheets = sheet_names(book(files[0]))
    assert len(sheets) == 1 + len(NAMES) == len({s.lower() for s in sheets})
    bad = [
        s
        for s in sheets
        if len(s) > 31 or re.search(r"[\[\]:*?/\\]", s) or s != s.strip("'") or s.lower() == "history"
    ]
    assert bad == []


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("va finch", "va_finch"),
        ("../../x", "x"),
        ("CON", "CON_"),
        ("\U0001f600", "va"),
        ("José", "Jose"),
        ("-=-", "va"),
    ],
)
def test_a_name_becomes_a_stem(name: str, stem: str) -> None:
    assert file_stem(name) == stem


def test_alike_names_are_numbered() -> None:
    assert distinct(["a", "A", "a", "b"]) == ["a", "A_2", "a_3", "b"]
    assert distinct(["x" * 40, "x" * 40], 31) == ["x" * 31, "x" * 29 + "_2"]


def test_lists_written_again_replace_those_of_the_week_only(tmp_path: Path) -> None:
    write_reel_lists(lists({"va_id": "v"}, {"va_id": "w"}), tmp_path, "2025-W10")
    write_reel_lists(lists({"va_id": "v"}, {"va_id": "w"}), tmp_path, WEEK)
    write_reel_lists(lists({"va_id": "v"}), tmp_path, WEEK)
    assert sorted(f.name for f in tmp_path.glob("*.csv")) == [
        "2025-W10-v.csv",
        "2025-W10-w.csv",
        "2025-W11-v.csv",
    ]
    assert {f.stat().st_mode & 0o777 for f in tmp_path.iterdir()} == {0o600}


def test_nothing_to_post_is_a_workbook_that_says_so(tmp_path: Path) -> None:
    (file,) = write_reel_lists(lists(), tmp_path, WEEK)
    assert any("Nothing is to be posted" in t for t in shared_texts(book(file)))


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    one, other = (write_reel_lists(lists({}), tmp_path / n, WEEK) for n in ("one", "other"))
    assert [f.read_bytes() for f in one] == [f.read_bytes() for f in other]
