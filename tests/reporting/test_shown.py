"""What executed notebooks show: every table and chart once, under names that every system takes."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pandas as pd
import pytest

from tests.reporting.made_pages import page
from workbench import display
from workbench.display import theme
from workbench.display.blocks import Stacked
from workbench.display.table_data import MIME
from workbench.display.tables import Folded, Table
from workbench.reporting.shown import charts_shown, tables_shown


def table(*values: int, **options) -> Table:
    return display.table(pd.DataFrame({"a": list(values)}), **{"caption": "c", **options})


def test_tables_are_numbered_within_their_page_and_named_after_the_heading_above():
    pages = [page("Who changed?", table(1), table(2)), page("Who changed?", table(3), name="3_vas")]
    assert [t.stem for t in tables_shown(pages)] == [
        "2_accounts-01-who_changed",
        "2_accounts-02-who_changed",
        "3_vas-01-who_changed",
    ]


def test_without_a_heading_the_caption_names_it_and_without_both_nothing_is_lost():
    stems = [t.stem for t in tables_shown([page(table(1, caption="A finding"), table(2, caption=""))])]
    assert stems == ["2_accounts-01-a_finding", "2_accounts-02-table"]


HOSTILE = [
    "../../etc/passwd",
    "CON",
    'a/b\\c:d*?"<>|',
    "x" * 300,
    "=HYPERLINK(1)",
    "\u202eabc",
    "张伟",
    "\U0001f600",
]


def test_no_name_of_a_page_or_heading_leaves_the_folder_or_meets_another():
    pages = [page(heading, table(1), name=heading) for heading in HOSTILE]
    pages += [page("One", table(1), name="A"), page("One", table(1), name="a")]
    stems = [t.stem for t in tables_shown(pages)]
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{4,120}", s) for s in stems)
    assert len({s.lower() for s in stems}) == len(HOSTILE) + 2


def test_a_short_list_above_the_whole_one_is_exported_once_and_leaves_its_note():
    short = table(1, 2, caption="The first", note="The first 2 of 3. Ties are shown.")
    whole = Folded(table(1, 2, 3, caption="All"), "All 3")
    [only] = tables_shown([page(Stacked([short, whole]))])
    assert (only.caption, only.note, only.n_shown) == ("All", "Ties are shown.", 3)


def test_tables_of_one_output_with_different_rows_or_columns_are_both_exported():
    other = display.table([{"b": 1}], caption="c")
    assert len(tables_shown([page(Stacked([table(1, 2), table(2, 3), other]))])) == 3


def test_values_come_back_in_their_types_and_unknown_ones_as_none():
    data = pd.DataFrame(
        {
            "views": [1, None],
            "amount": [Decimal("1.50"), None],
            "due_on": [date(2025, 10, 6), None],
            "b": [True, None],
        }
    )
    [made] = tables_shown([page(display.table(data, caption="c"))])
    assert [list(c.values) for c in made.columns] == [
        [1, None],
        [Decimal("1.50"), None],
        [date(2025, 10, 6), None],
        [True, None],
    ]


@pytest.mark.parametrize(
    "told",
    [
        "text",
        {"format": 99, "tables": []},
        {"format": 1, "tables": "text"},
        {"format": 1, "tables": [{"columns": []}]},
        {"format": 1, "tables": [{**dict.fromkeys(("kind", "caption", "note"), ""), "n_rows": 1,
                                  "columns": [{"name": "a", "label": "a", "type": "BIGINT"}], "rows": [[1, 2]]}]},
    ],
)  # fmt: skip
def test_what_somebody_else_wrote_under_our_type_is_no_table(told):
    assert tables_shown([page({MIME: told, "text/plain": ""})]) == []


def test_a_value_that_is_not_of_its_type_makes_the_column_text():
    column = {"name": "a", "label": "a", "type": "DATE"}
    told = {"kind": "table", "caption": "", "note": "", "n_rows": 1, "columns": [column], "rows": [["soon"]]}
    [made] = tables_shown([page({MIME: {"format": 1, "tables": [told]}, "text/plain": ""})])
    assert made.columns[0].type == "VARCHAR" and made.columns[0].values == ["soon"]


def test_charts_are_found_in_their_order_under_their_headings():
    spec = {"mark": "bar"}
    found = charts_shown([page("Reach", {theme.MIME: spec}, {"text/plain": "x"}, {theme.MIME: spec})])
    assert [(c.stem, c.heading) for c in found] == [
        ("2_accounts-01-reach", "Reach"),
        ("2_accounts-02-reach", "Reach"),
    ]
