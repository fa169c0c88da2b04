"""What lies around the pages of a set: tables and charts as files, and one workbook of them all."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import chart_files
from .notebook import read
from .shown import AboutSet, ShownPage, charts_shown, tables_shown

TABLES, WORKBOOK = "tables", "workbook.xlsx"


@dataclass(frozen=True)
class Around:
    """What was written around the pages."""

    n_tables: int = 0
    n_charts: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)
    """How long it took: `tables`, `workbook`, `charts`, and `charts_cpu`, the seconds of processors for drawing them,
    for pages, files and mail alike."""
    not_drawn: Mapping[str, str] = field(default_factory=dict)
    """Charts of which there is no picture, by their files' name, and why."""
    error: str = ""
    """Why there are no files; the pages stand without them."""

    def as_manifest(self) -> dict[str, Any]:
        """What a manifest says of it, times left out."""
        said = {"tables": self.n_tables, "charts": self.n_charts, "not_drawn": dict(self.not_drawn)}
        return said | ({"error": self.error} if self.error else {})


def files_around(folder: Path, pages: Sequence[ShownPage], about: AboutSet) -> Around:
    """As `write_around`, but a failure takes no page with it: it is told, and no half of the files is left."""
    try:
        return write_around(folder, pages, about)
    except Exception as e:
        clear_around(folder)
        return Around(error=f"{type(e).__name__}: {e}".splitlines()[0])


def clear_around(folder: Path) -> None:
    """Remove what an earlier run wrote around the pages of a set."""
    for name in (TABLES, chart_files.FOLDER):
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / WORKBOOK).unlink(missing_ok=True)


def write_around(folder: Path, pages: Sequence[ShownPage], about: AboutSet) -> Around:
    """Write `tables/`, `charts/` and `workbook.xlsx` of these pages into a set's folder, all of them anew.

    `pages` are those that were made whole, in their order, also those that an earlier run made: the files are those
    of the whole set. Nothing is written that the executed notebooks don't show.
    """
    # Loaded here, so that a run without files needs neither.
    from .table_files import write_tables
    from .workbook import write_workbook

    clear_around(folder)
    tables, charts = tables_shown(pages), charts_shown(pages)
    seconds: dict[str, float] = {}

    def timed(name: str, act: Callable[[], Any]) -> Any:
        started = time.monotonic()
        made = act()
        seconds[name] = time.monotonic() - started
        return made

    with ThreadPoolExecutor(1) as beside:
        drawing = beside.submit(
            timed, "charts", lambda: chart_files.write_charts(charts, folder / chart_files.FOLDER)
        )
        if tables:
            timed("tables", lambda: write_tables(tables, folder / TABLES, about))
            timed("workbook", lambda: write_workbook(tables, folder / WORKBOOK, about))
        not_drawn, seconds["charts_cpu"] = drawing.result()
    return Around(len(tables), len(charts), dict(sorted(seconds.items())), not_drawn)


def set_pages(
    entries: Sequence[Mapping[str, Any]], executed: Path, made: Mapping[str, Any]
) -> list[ShownPage]:
    """The pages of a set that were made whole, from their entries in the manifest and their executed notebooks.

    `made` holds the notebooks of this run, by name; the others are read from the folder `executed`.
    """
    return [
        ShownPage(name=name, title=entry["title"], notebook=notebook, parameters=entry.get("parameters", {}))
        for entry in entries
        if entry["status"] == "made"
        for name in [entry["name"]]
        if (notebook := made.get(name) or _kept(executed / f"{name}.ipynb")) is not None
    ]


def _kept(file: Path) -> Any:
    return read(file) if file.is_file() else None
