"""Sets as a run leaves them, small enough to be made for each test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import altair as alt
import nbformat
import pandas as pd

from workbench.display import theme
from workbench.display.blocks import Tile, finding, text, tiles, warning
from workbench.reporting.delivery.sets import ReportSet, find_set


def chart(title: str, values: tuple[int, ...] = (3, 1, 2)) -> dict[str, Any]:
    """The outputs of a chart, as the theme renders it."""
    frame = pd.DataFrame({"week": range(len(values)), "views": values})
    drawn = alt.Chart(frame, title=title, description=f"{title}, drawn", width="container").mark_line()
    return theme.render(drawn.encode(x="week:Q", y="views:Q").to_dict())


def shown(*things: Any) -> nbformat.NotebookNode:
    """An executed notebook that shows these: blocks of ours, HTML, or outputs of a chart."""
    cells = []
    for thing in things:
        html = thing if isinstance(thing, str) else getattr(thing, "_repr_html_", str)()
        data = thing if isinstance(thing, dict) else {"text/html": html, "text/plain": repr(thing)}
        output = nbformat.v4.new_output("display_data", data=data)
        cells.append(nbformat.v4.new_code_cell("...", outputs=[output]))
    return nbformat.v4.new_notebook(cells=cells)


def write_set(
    reports: Path,
    period: str = "2025-W40",
    *,
    name: str = "",
    pages: dict[str, tuple[str, nbformat.NotebookNode, str]] | None = None,
    freshness: dict[str, Any] | None = None,
) -> ReportSet:
    """A set on the disk. Pages: file name -> title, executed notebook, error."""
    pages = pages or {
        "0_overview": (
            "Overview",
            shown(
                tiles(
                    Tile(
                        label="Median views",
                        value=3246,
                        before=3000,
                        usual=(2917, 3122),
                        note="n = 650",
                        unit="posts",
                    )
                ),
                text("Median views rose to 3,246."),
                finding("10 accounts to push, 4 to drop", "Of 147 accounts with 5 posts or more."),
                chart("Views rose for the third week"),
            ),
            "",
        ),
        "1_slides": (
            "Slides",
            shown(finding("201 weak images still in use"), warning("So take care.", "Few posts")),
            "",
        ),
    }
    folder = reports / name / period
    (folder / "executed").mkdir(parents=True)
    entries = []
    for page, (title, notebook, error) in pages.items():
        (folder / f"{page}.html").write_text(f"<!doctype html><title>{page}</title>", encoding="utf-8")
        nbformat.write(notebook, folder / "executed" / f"{page}.ipynb")
        entries.append(
            {
                "name": page,
                "title": title,
                "file": f"{page}.html",
                "status": "failed" if error else "made",
                **({"error": error} if error else {}),
                "parameters": {},
                "warehouse": {"version": 3, "as_of": "2025-10-06T04:00:00+00:00"},
            }
        )
    said = {
        "format": 1,
        "period": period,
        "status": "failed" if any(e["status"] == "failed" for e in entries) else "made",
        "pages": entries,
        "warehouse": {"version": 3, "as_of": "2025-10-06T04:00:00+00:00"},
        "workbench_version": "0",
        "made": {"at": "2025-10-06T06:00:00+00:00", "seconds": 1.0, "seconds_by_page": {}},
        **({"freshness": freshness} if freshness else {}),
    }
    (folder / "manifest.json").write_text(json.dumps(said), encoding="utf-8")
    (folder / "tables").mkdir()
    (folder / "tables" / "accounts.csv").write_text("account,views\na,1\n", encoding="utf-8")
    return find_set(reports, period, name)
