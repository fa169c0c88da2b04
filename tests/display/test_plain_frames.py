"""A DataFrame that an analyst's own notebook shows is data too: what pandas shows of it and nothing else."""

from __future__ import annotations

import nbformat
import pandas as pd
from IPython.core.interactiveshell import InteractiveShell

from workbench.display import theme
from workbench.display.plain_frames import frame_data
from workbench.display.table_data import MIME


def table(frame: pd.DataFrame) -> dict:
    return frame_data(frame)[MIME]["tables"][0]


def test_rows_columns_types_and_an_index_that_says_something_leave():
    told = table(pd.DataFrame({"views": [1, 2]}, index=pd.Index(["a", "b"], name="account_id")))
    assert [(c["name"], c["type"], c["unit"]) for c in told["columns"]] == [
        ("account_id", "VARCHAR", "id"),
        ("views", "BIGINT", "views"),
    ]
    assert told["rows"] == [["a", 1], ["b", 2]]
    assert table(pd.DataFrame({"views": [1]}))["rows"] == [[1]]


def test_of_a_long_wide_or_wordy_frame_only_what_pandas_shows_leaves():
    told = table(pd.DataFrame({"n": range(100)}))
    assert [r[0] for r in told["rows"]] == [0, 1, 2, 3, 4, 95, 96, 97, 98, 99] and told["n_rows"] == 100
    with pd.option_context("display.max_columns", 4):
        told = table(pd.DataFrame({f"c{n}": [n] for n in range(9)}))
    assert [c["name"] for c in told["columns"]] == ["c0", "c1", "c7", "c8"]
    [[text]] = table(pd.DataFrame({"caption": ["x" * 500]}))["rows"]
    assert len(text) == 50 and "x" * 500 in repr(pd.DataFrame({"caption": ["x" * 500]}).iloc[0, 0])


def test_a_frame_without_rows_or_with_heads_of_two_lines_has_no_data():
    assert frame_data(pd.DataFrame({"a": []})) == {}
    assert frame_data(pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")]))) == {}


def test_in_a_notebook_the_data_stand_beside_what_pandas_shows():
    shell = InteractiveShell.instance()
    theme._show_frames_as_data(shell)
    formatter = shell.display_formatter
    assert formatter is not None
    sent = formatter.format(pd.DataFrame({"views": [1]}))[0]
    assert set(sent) == {"text/html", "text/plain", MIME} and "<table" in sent["text/html"]
    output = nbformat.v4.new_output("display_data", data=sent)
    nbformat.validate(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("", outputs=[output])]))
