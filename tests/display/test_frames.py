"""Rows from wherever they come."""

from __future__ import annotations

import ibis
import pandas as pd
import pytest

from workbench.display.frames import frame_of


def rows() -> ibis.Table:
    return ibis.memtable({"a": ["x", None]}, schema={"a": "string"})


def test_frames_records_and_ibis_tables_give_the_same_rows():
    frame = pd.DataFrame({"a": ["x", None]})
    assert frame_of(frame) is frame
    pd.testing.assert_frame_equal(frame_of(rows()), frame)
    pd.testing.assert_frame_equal(frame_of([{"a": "x"}, {"a": None}]), frame)


def test_ibis_still_asks_pandas_for_a_deprecated_option():
    """Once this fails, `frame_of` can use Ibis's own to_pandas."""
    with pytest.warns(pd.errors.Pandas4Warning, match="infer_string"):
        rows().to_pandas()
