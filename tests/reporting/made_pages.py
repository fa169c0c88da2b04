"""Executed notebooks made of things to look at, without a kernel."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import nbformat
import pandas as pd
from IPython.core.interactiveshell import InteractiveShell

from workbench import display
from workbench.reporting.shown import AboutSet, ShownPage, ShownTable, tables_shown

ABOUT = AboutSet(
    title="Reports, Week 40",
    period="2025-W40",
    version=3,
    as_of=datetime(2025, 10, 6, 4),
    workbench_version="0.1.0",
)


def page(*shown: Any, name: str = "2_accounts", title: str = "Accounts", **parameters: Any) -> ShownPage:
    """A page that shows these, in order; a text is a heading."""
    formatter: Any = InteractiveShell.instance().display_formatter
    cells = [nbformat.v4.new_markdown_cell(f"# {title}")]
    for each in shown:
        if isinstance(each, str):
            cells.append(nbformat.v4.new_markdown_cell(f"Words.\n\n## {each}\n\nMore words."))
            continue
        data = each if isinstance(each, dict) else json.loads(json.dumps(formatter.format(each)[0]))
        output = nbformat.v4.new_output("display_data", data=data)
        cells.append(nbformat.v4.new_code_cell("", outputs=[output]))
    return ShownPage(
        name=name, title=title, notebook=nbformat.v4.new_notebook(cells=cells), parameters=parameters
    )


def one_table(data: Any, **options: Any) -> ShownTable:
    """The table of a page that shows this one."""
    frame = data if isinstance(data, pd.DataFrame) else pd.DataFrame(data)
    [table] = tables_shown([page("A section", display.table(frame, **{"caption": "A finding", **options}))])
    return table
