"""The workbook: opens, is typed and laid out for a reader, and takes no text for a formula."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

from tests.reporting.made_pages import ABOUT, one_table, page
from workbench import display
from workbench.reporting import workbook
from workbench.reporting.shown import ShownTable, tables_shown
from workbench.reporting.spreadsheet import distinct, sheet_name
from workbench.reporting.workbook import write_workbook
from workbench.reporting.workbook_looks import number_format

X = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


class Book:
    """A workbook as a program that reads it finds it: cells by sheet and place, with type and number format."""

    def __init__(self, *tables: ShownTable, folder: Path) -> None:
        self.file = write_workbook(tables, folder / "workbook.xlsx", ABOUT)
        with zipfile.ZipFile(self.file) as z:
            self.parts = {n: z.read(n) for n in z.namelist()}
        trees = {n: ElementTree.fromstring(p) for n, p in self.parts.items() if n.endswith(".xml")}
        self.names = [s.attrib["name"] for s in trees["xl/workbook.xml"].iter(f"{X}sheet")]
        self.texts = [
            "".join(t.text or "" for t in one.iter(f"{X}t")) for one in trees.get("xl/sharedStrings.xml", ())
        ]
        styles = trees["xl/styles.xml"]
        codes = {f.attrib["numFmtId"]: f.attrib["formatCode"] for f in styles.iter(f"{X}numFmt")}
        [formats] = styles.iter(f"{X}cellXfs")
        self.formats = [codes.get(x.attrib["numFmtId"], x.attrib["numFmtId"]) for x in formats]
        self.sheets = [trees[f"xl/worksheets/sheet{n + 1}.xml"] for n in range(len(self.names))]

    def xml(self, name: str) -> str:
        return self.parts[f"xl/worksheets/sheet{self.names.index(name) + 1}.xml"].decode()

    def cells(self, name: str) -> dict[str, object]:
        """Place -> text, number or boolean."""
        found: dict[str, object] = {}
        for c in self.sheets[self.names.index(name)].iter(f"{X}c"):
            assert c.find(f"{X}f") is None, f"a formula in {c.attrib['r']}"
            value = c.find(f"{X}v")
            inline = c.find(f"{X}is")
            if inline is not None:
                found[c.attrib["r"]] = "".join(t.text or "" for t in inline.iter(f"{X}t"))
            elif value is not None and value.text is not None:
                kind = c.attrib.get("t", "n")
                found[c.attrib["r"]] = {
                    "s": lambda v: self.texts[int(v)],
                    "b": lambda v: v == "1",
                    "n": float,
                    "str": str,
                }[kind](value.text)
        return found

    def format(self, name: str, place: str) -> str:
        [c] = [c for c in self.sheets[self.names.index(name)].iter(f"{X}c") if c.attrib["r"] == place]
        return self.formats[int(c.attrib["s"])]


def serial(day: date) -> float:
    return float((day - date(1899, 12, 30)).days)


def test_a_sheet_has_caption_n_units_types_and_formats(tmp_path):
    data = pd.DataFrame(
        {
            "account_id": ["tiktok:a", None],
            "views": [1200.0, None],
            "engagement_rate": [0.0431, None],
            "median_outlier": [1.25, None],
            "amount": [Decimal("12.50"), None],
            "due_on": [date(2025, 10, 6), None],
            "posted_at": [pd.Timestamp("2025-10-01 12:00"), pd.NaT],
            "is_viral": [True, None],
            "age_hours": [36.5, None],
        }
    )
    book = Book(one_table(data, note="Read it so."), folder=tmp_path)
    [name] = book.names[3:]
    assert name == "2.01 A section"
    cells = book.cells(name)
    assert cells["A1"] == "A finding" and cells["B2"] == "n = 2 rows · Accounts · A section"
    assert (cells["B3"], cells["I3"]) == ("Views", "Age\nhours")
    assert (cells["A4"], cells["B4"], cells["C4"]) == ("tiktok:a", 1200.0, 0.0431)
    assert (cells["F4"], cells["G4"], cells["H4"]) == (
        serial(date(2025, 10, 6)),
        serial(date(2025, 10, 1)) + 0.5,
        True,
    )
    assert not {f"{c}5" for c in "ABCDEFGHI"} & cells.keys(), "what is not known is empty"
    assert [book.format(name, f"{c}4") for c in "BCDEFG"] == [
        *("#,##0", "0.0%", '#,##0.00"×"', "#,##0.00", "d mmm yyyy", "d mmm yyyy hh:mm")
    ]
    assert cells["A7"] == "Read it so."
    xml = book.xml(name)
    assert 'ySplit="3"' in xml and 'state="frozen"' in xml and '<autoFilter ref="A3:I5"' in xml


def test_contents_lead_to_every_sheet_and_say_what_is_left_out(tmp_path):
    cut = display.table(pd.DataFrame({"a": range(5)}), caption="Five", limit=2)
    tables = tables_shown([page("One", cut, "Two", cut), page("One", cut, name="3_vas", title="VAs")])
    book = Book(*tables, folder=tmp_path)
    assert book.names == ["Contents", "About", "Definitions", "2.01 One", "2.02 Two", "3.01 One"]
    cells = book.cells("Contents")
    assert cells["A1"] == "Reports, Week 40" and cells["A6"] == "2.01 One"
    assert (cells["C6"], cells["D6"], cells["E6"]) == ("Five", 2.0, 5.0)
    assert cells["F8"] == "3_vas-01-one.csv, .parquet"
    links = re.findall(r'<hyperlink ref="A\d+" location="([^"]+)"', book.xml("Contents"))
    assert {x.replace("&apos;", "'") for x in links} >= {"'2.01 One'!A1", "'2.02 Two'!A1", "'3.01 One'!A1"}
    assert book.cells("2.01 One")["B2"] == "n = 2 of 5 rows · Accounts · One"


def test_definitions_say_meaning_unit_version_and_source_once(tmp_path):
    shown = display.table([{"views": 1, "my_own": None}], caption="c", missing="never asked")
    tables = tables_shown([page("One", shown, "Two", shown)])
    cells = Book(*tables, folder=tmp_path).cells("Definitions")
    rows = [[cells.get(f"{c}{r}", "") for c in "ABCDEFGHI"] for r in (4, 5)]
    assert rows[0][0] == "My own" and rows[0][4:8] == [
        "my_own",
        "VARCHAR",
        "the notebook's own",
        "never asked",
    ]
    assert rows[1][0] == "Views" and str(rows[1][1]).startswith("How often it was played")
    assert rows[1][2:] == ["views", "1", "views", "BIGINT", "registry of columns", "", "2.01 One, 2.02 Two"]
    assert "A6" not in cells


def test_about_tells_period_version_as_of_and_parameters(tmp_path):
    shown = page("One", display.table([{"a": 1}], caption="c"), week="2025-W40", min_views=3)
    cells = Book(*tables_shown([shown]), folder=tmp_path).cells("About")
    told = {cells[f"A{r}"]: cells[f"B{r}"] for r in range(4, 11)}
    assert told["Period"] == "2025-W40" and told["Version of the warehouse"] == "3"
    assert told["Data as of"] == "6\u00a0Oct\u00a02025, 04:00\u00a0UTC"
    assert told["Parameters of Accounts"] == "min_views = 3, week = 2025-W40"


def test_headline_figures_have_formats_of_their_own_and_definitions(tmp_path):
    tiles = display.tiles(
        display.Tile(label="Breakouts", value=0.077, column="breakout_rate", before=0.091),
        display.Tile(label="Revenue", value=3687.12, unit="money", before=3214.0),
    )
    book = Book(*tables_shown([page("The week", tiles)]), folder=tmp_path)
    name = book.names[3]
    assert book.cells(name)["A1"] == "Headline figures: The week"
    assert [book.format(name, f"B{r}") for r in (4, 5)] == ["0.0%", "#,##0.00"]
    assert "Breakouts" in book.cells("Definitions").values()


HOSTILE = [
    '=HYPERLINK("http://evil.example","x")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+1",
    "-1",
    "＝1+1",
    "{=1+1}",
    "a\x00b\x0b\x1f\ud800c",
    "\u202e.xslx",
    "_x0041_",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "<script>&\"'</script>",
    "שלום مرحبا",
    "x" * 40_000,
    "😀" * 20_000,
]


def test_what_strangers_wrote_is_text_in_cells_heads_captions_and_names_of_sheets(tmp_path):
    data = pd.DataFrame(dict.fromkeys(HOSTILE[:3], HOSTILE) | {"url": HOSTILE}, dtype=object)
    tables = tables_shown(
        [page(h, display.table(data, caption=h, note=h), name=h, title=h, p=h) for h in HOSTILE[:12]]
    )
    assert len(tables) == 12
    book = Book(*tables, folder=tmp_path)
    for name in book.names:
        for text in book.cells(name).values():
            assert not isinstance(text, str) or len(text.encode("utf-16-le")) // 2 <= 32_767
        assert len(name) <= 31 and not re.search(r"[\[\]:*?/\\]", name) and name == name.strip("'")
    assert len({n.lower() for n in book.names}) == len(book.names)
    cells = book.cells(book.names[3])
    assert cells["A4"] == HOSTILE[0] and cells["A5"] == HOSTILE[1] and cells["A16"] == HOSTILE[12]
    assert cells["A10"] == "abc" and cells["A11"] == ".xslx"
    targets = re.findall(
        r'Target="([^"]+)"', " ".join(p.decode() for n, p in book.parts.items() if "rels" in n)
    )
    assert not [t for t in targets if "evil" in t or "javascript" in t or "file:" in t]


def test_only_a_plain_address_of_the_encrypted_web_is_a_link(tmp_path):
    addresses = [
        "https://a.example/1",
        "http://a.example/2",
        "https://u:p@a.example/3",
        "https://" + "x" * 3_000,
    ]
    book = Book(one_table({"url": addresses}), folder=tmp_path)
    rels = book.parts["xl/worksheets/_rels/sheet4.xml.rels"].decode()
    assert re.findall(r'Target="(http[^"]+)"', rels.replace("http://schemas", "")) == ["https://a.example/1"]


def test_what_a_spreadsheet_has_no_number_for_is_text(tmp_path):
    table = one_table(
        {"x": [float("inf"), 0.5], "n": [10**16 + 1, 5], "d": [date(1492, 10, 12), date(2025, 1, 1)]}
    )
    book = Book(table, folder=tmp_path)
    cells = book.cells(book.names[3])
    assert (cells["A4"], cells["B4"], cells["C4"]) == ("∞", "10000000000000001", "1492-10-12")
    assert (cells["A5"], cells["B5"]) == (0.5, 5.0)


def test_the_same_tables_give_the_same_bytes_in_memory_and_not(tmp_path, monkeypatch):
    tables = [one_table({"a": ["=1", "b"], "views": [1, 2]})]

    def made(name: str) -> bytes:
        folder = tmp_path / name
        folder.mkdir()
        return write_workbook(tables, folder / "workbook.xlsx", ABOUT).read_bytes()

    assert made("one") == made("other")
    monkeypatch.setattr(workbook, "_MANY_CELLS", 1)
    assert made("large") == made("large_too")
    (tmp_path / "book").mkdir()
    book = Book(*tables, folder=tmp_path / "book")
    assert book.cells(book.names[3])["A4"] == "=1" and book.file.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(io.BytesIO(made("dated"))) as z:
        assert {i.date_time[0] for i in z.infolist()} == {1980}
    assert b"2025-10-06T04:00:00Z" in book.parts["docProps/core.xml"]


@pytest.mark.parametrize(
    ("name", "unit", "values", "code"),
    [
        ("x", "", [1.234, 0.5], "#,##0.00"),
        ("x", "", [1234.5, None], "#,##0"),
        ("x", "", [None], "#,##0"),
        ("x", "hour of day", [7], "0"),
        ("x", "money per hour", [1.5], "#,##0.00"),
    ],
)
def test_formats_follow_the_unit_and_the_size(name, unit, values, code):
    [column] = one_table({name: values}, units={name: unit}).columns
    assert number_format(column, column.values) == code


def test_a_set_without_rows_is_a_workbook_that_opens(tmp_path):
    book = Book(one_table(pd.DataFrame({"views": []})), folder=tmp_path)
    assert book.cells(book.names[3])["B2" if "B2" in book.cells(book.names[3]) else "A2"]
    assert datetime(2025, 10, 6, 4) == ABOUT.as_of


def test_names_of_sheets_are_as_long_as_excel_counts_to_whom_an_emoji_is_two():
    names = distinct([sheet_name("👩" * 40, "VA"), sheet_name("👩" * 40, "VA")], 31)
    assert names == ["👩" * 15, "👩" * 14 + "_2"]
