"""Writing columns as text."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from workbench.demo.columns import cents, clock, dates, instants, joined, listed, numbered, take, write_csv


def test_joined_is_null_where_a_part_is() -> None:
    assert joined("a", pa.array(["x", None]), np.array([1, 2])).to_pylist() == ["ax1", None]


def test_listed_leaves_out_what_is_null() -> None:
    found = listed(pa.array(["a", None, None]), pa.array(["b", "c", None]), separator=", ")
    assert found.to_pylist() == ["a, b", "c", None]


def test_pyarrow_still_loses_rows_where_all_is_null() -> None:
    """When this fails, `listed` can be pyarrow's own join with null_handling="skip"."""
    parts = (pa.array(["a", None]), pa.array(["b", None]))
    assert len(pc.binary_join_element_wise(*parts, ", ", null_handling="skip")) == 1


def test_cents_are_amounts_with_two_decimals() -> None:
    assert cents(np.array([0, 5, -5, 12_345, -100])).to_pylist() == [
        "0.00",
        "0.05",
        "-0.05",
        "123.45",
        "-1.00",
    ]


def test_take_gives_null_for_negative_indices() -> None:
    assert take(["a", "b"], np.array([1, -1, 0])).to_pylist() == ["b", None, "a"]


def test_numbers_get_leading_zeros() -> None:
    assert numbered("n_", np.array([7, 123]), 3).to_pylist() == ["n_007", "n_123"]


def test_csv_holds_instants_dates_nulls_and_quotes(tmp_path: Path) -> None:
    file = write_csv(
        tmp_path / "a.csv",
        {
            "at": instants(np.array([0, 90_061]), np.array([True, False])),
            "on": dates(np.array([0, 1])),
            "clock": clock(np.array([3_661, 86_399])),
            "said": ['two\nlines, "quoted"', None],
        },
    )
    with file.open(encoding="utf-8", newline="") as f:
        assert list(csv.reader(f)) == [
            ["at", "on", "clock", "said"],
            ["1970-01-01 00:00:00", "1970-01-01", "01:01:01", 'two\nlines, "quoted"'],
            ["", "1970-01-02", "23:59:59", ""],
        ]
