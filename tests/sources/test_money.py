"""Revenue and costs: names become ids, rows without an id get one that stays the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from workbench.errors import UsageError
from workbench.sources.money import COSTS, REVENUE, SOURCES
from workbench.sources.sniff import open_file

REVENUES, COSTS_SOURCE = SOURCES
HEADER = "from,to,amount,currency,source,scope,scope_id\n"
POST = "7234567890123456789"


@pytest.mark.parametrize(
    ("scope", "written", "meant"),
    [
        ("account", "@Anna.B", "tiktok:anna.b"),
        ("Account", "tiktok:Anna.B", "tiktok:anna.b"),
        ("account", "YouTube:@Anna", "youtube:anna"),
        ("va", "Maria  Lou ", "maria lou"),
        ("creator", "Studio: North", "studio: north"),
        ("post", f"https://www.tiktok.com/@a/video/{POST}", f"tiktok:{POST}"),
        ("post", POST, f"tiktok:{POST}"),
        ("post", "youtube:aB3dE6gH9jK", "youtube:aB3dE6gH9jK"),
        ("all", "", None),
    ],
)
def test_what_a_sum_is_for_becomes_the_id_that_other_files_give(write, read, rows, scope, written, meant):
    canonical = read(REVENUES, write(HEADER + f"2025-10-01,2025-10-31,1,usd,fund,{scope},{written}\n"))
    (row,) = rows(canonical, "revenue")
    assert row.get("scope_id") == meant
    assert (row["scope"], row["currency"]) == (scope.lower(), "USD")


def test_the_platform_of_bare_names_may_be_said(write, read, rows):
    path = write(HEADER + "2025-10-01,,1,USD,fund,account,anna\n")
    assert rows(read(REVENUES, path, platform="instagram"), "revenue", "scope_id") == [
        {"scope_id": "instagram:anna"}
    ]
    with pytest.raises(UsageError, match="--platform orkut is not known"):
        read(REVENUES, path, platform="orkut")


def test_a_row_without_an_end_is_one_day_and_without_a_scope_is_for_all(write, read, rows):
    canonical = read(REVENUES, write(HEADER + "2025-10-01,,5,EUR,,,\n2025-10-01,,5,EUR,,,anna\n"))
    assert rows(canonical, "revenue", "to_on", "scope", "scope_id") == [
        {"to_on": "2025-10-01", "scope": "all"},
        {"to_on": "2025-10-01", "scope_id": "anna"},
    ]


def test_the_same_file_gives_the_same_ids_and_equal_rows_are_told_apart(write, read, rows):
    text = "2025-10-01,,5,EUR,gift,all,\n"
    ids = [
        [row["revenue_id"] for row in rows(read(REVENUES, write(HEADER + text * n, f"{n}.csv")), "revenue")]
        for n in (1, 2, 2)
    ]
    assert ids[1] == ids[2]
    assert ids[0] == ids[1][:1]
    assert len(set(ids[1])) == 2


def test_an_id_of_ones_own_is_kept(write, read, rows):
    path = write("revenue_id,from,to,amount,currency\nINV-1,2025-10-01,,5,EUR\n")
    assert rows(read(REVENUES, path), "revenue", "revenue_id") == [{"revenue_id": "INV-1"}]


def test_costs_are_an_amount_or_hours(write, read, rows):
    path = write(
        "from,to,kind,amount,hours,hourly_pay,currency,scope,scope_id,notes\n"
        "2025-10-06,2025-10-12,VA time,,38.5,4.20,USD,va,Maria,\n"
        "2025-10-01,2025-10-31,tool,49,,,USD,all,,editor\n"
    )
    assert rows(
        read(COSTS_SOURCE, path), "costs", "kind", "amount", "work_hours", "hourly_pay", "scope_id"
    ) == [
        {"kind": "va_time", "work_hours": "38.5", "hourly_pay": "4.20", "scope_id": "maria"},
        {"kind": "tool", "amount": "49"},
    ]


def test_what_can_not_be_read_stays_as_written_for_the_loader_to_refuse(write, read, rows):
    canonical = read(REVENUES, write(HEADER + 'soon,,"1,250",EUR,,all,\n'))
    assert rows(canonical, "revenue", "from_on", "amount") == [{"from_on": "soon", "amount": "1,250"}]


def test_revenue_costs_and_the_warehouses_own_tables_are_told_apart(write):
    headers = {
        "from,to,amount,currency": (90, 0),
        "from,to,kind,hours,currency": (0, 90),
        "from_on,to_on,amount,currency": (40, 0),
        "revenue_id,from_on,to_on,amount,currency": (0, 0),
        "amount,currency": (0, 0),
    }
    for header, scores in headers.items():
        file = open_file(write(f"{header}\n{','.join('1' for _ in header.split(','))}\n"))
        assert tuple(source.fits(file) for source in SOURCES) == scores


def test_a_file_called_costs_must_have_its_columns(write, read):
    with pytest.raises(UsageError, match="can't be read as costs: it lacks the columns kind"):
        read(COSTS_SOURCE, write(HEADER + "2025-10-01,,5,EUR,,,\n"))


def test_the_document_names_every_column_and_its_examples_are_read(write, read, rows):
    text = (Path(__file__).resolve().parents[2] / "docs" / "money_files.md").read_text(encoding="utf-8")
    for names in (*REVENUE.values(), *COSTS.values()):
        assert f"`{names[0]}`" in text
    revenue, costs, *_others = re.findall(r"```csv\n(.*?)```", text, flags=re.DOTALL)
    assert len(rows(read(REVENUES, write(revenue)), "revenue")) == 3
    assert len(rows(read(COSTS_SOURCE, write(costs)), "costs")) == 2
