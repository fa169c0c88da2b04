"""What lies around the pages of a set: tables and charts as files, and one workbook of them all."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from . import chart_files
from .shown import AboutSet, ShownPage, charts_shown, tables_shown


@dataclass(frozen=True)
class Around:
    """What was written around the pages."""

    n_tables: int = 0
    n_charts: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)
    """How long the tables, the workbook and the charts took."""
    not_drawn: Mapping[str, str] = field(default_factory=dict)
    """Charts of which there is no picture, by their files' name, and why."""


def write_around(folder: Path, pages: Sequence[ShownPage], about: AboutSet) -> Around:
    """Write `tables/`, `charts/` and `workbook.xlsx` of these pages into a set's folder, all of them anew.

    `pages` are those that were made whole, in their order, also those that an earlier run made: the files are those
    of the whole set. Nothing is written that the executed notebooks don't show.
    """
    # Loaded here, so that a run without files needs neither.
    from . import table_files, workbook

    tables, charts = tables_shown(pages), charts_shown(pages)
    for made_before in (folder / table_files.FOLDER, folder / chart_files.FOLDER):
        shutil.rmtree(made_before, ignore_errors=True)
    (folder / workbook.FILE).unlink(missing_ok=True)
    seconds: dict[str, float] = {}
    with ThreadPoolExecutor(1) as beside:
        started = time.monotonic()
        drawing = beside.submit(chart_files.write_charts, charts, folder / chart_files.FOLDER)
        drawing.add_done_callback(lambda _: seconds.update(charts=time.monotonic() - started))
        if tables:
            table_files.write_tables(tables, folder / table_files.FOLDER, about)
            seconds["tables"] = time.monotonic() - started
            begun = time.monotonic()
            workbook.write_workbook(tables, folder / workbook.FILE, about)
            seconds["workbook"] = time.monotonic() - begun
        not_drawn = drawing.result()
    return Around(len(tables), len(charts), dict(sorted(seconds.items())), not_drawn)
