"""`python -m benchmarks [--short] [--only NAME] [--scale]`: measure, print a table, write out/bench.jsonl.

A limit that is missed shows as MISS and fails nothing: machines are busy. An answer that differs from the one
written by hand ends the run with exit code 1.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import workbench
from workbench.settings import load_settings

from . import imports, kernels, level2, levels, marts, pages, reports, six_questions
from .agreement import Disagreement
from .figures import HEADER, Figure, at_most, line, write
from .tree import cost_of
from .warehouse_of import FULL, LAST_WEEK, SHORT, Size, warehouse_of

PARTS = ("imports", "marts", "level2", "levels", "questions", "pages", "reports")
SMALL = Size(posts=10_000, accounts=45)
MILLION = Size(posts=1_000_000, accounts=1_500)
KERNELS = 500
MILLION_SECONDS, MILLION_GB = 90, 6


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Speed and memory, as ratios.")
    parser.add_argument("--short", action="store_true", help="smaller sizes and fewer rounds, for CI")
    parser.add_argument("--only", choices=PARTS, action="append", help="only this part; may be repeated")
    parser.add_argument(
        "--scale", action="store_true", help="also a million posts: marts and pages, half an hour"
    )
    parser.add_argument("--marimo", type=Path, help="the program, to compare reports with (see reports.py)")
    o = parser.parse_args(arguments)
    size = SHORT if o.short else FULL
    return run(o.only or PARTS, short=o.short, size=size, scale=o.scale, marimo=o.marimo)


def run(
    parts: tuple[str, ...] | list[str],
    *,
    short: bool,
    size: Size,
    scale: bool = False,
    marimo: Path | None = None,
) -> int:
    """Measure the parts; returns the exit code."""
    figures: list[Figure] = []

    def keep(measured: Callable[[], list[Figure]]) -> None:
        for figure in measured():
            figures.append(figure)
            print(line(figure), flush=True)
        gc.collect()

    print(f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}\n{HEADER}", flush=True)
    try:
        if "imports" in parts:
            sizes = (45_077,) if short else (45_077, 500_000)
            keep(lambda: imports.measure(3 if short else 5, sizes))
        found: dict[str, pages.Found] = {}
        if "pages" in parts and not short:
            keep(lambda: _of_size(SMALL, found))
        if {"marts", "level2", "levels", "questions", "pages"} & set(parts):
            with tempfile.TemporaryDirectory() as name:
                home = Path(name)
                warehouse_of(home, size)
                if "marts" in parts:
                    keep(lambda: marts.measure(load_settings(home), size, 3 if short else 5))
                if "level2" in parts:
                    keep(lambda: _level2(home, size, 3 if short else 9))
                if "levels" in parts:
                    keep(lambda: _levels(home, size, 3 if short else 9))
                if "questions" in parts:
                    keep(lambda: _questions(home, size, 3 if short else 9))
                if "pages" in parts:
                    keep(lambda: _pages(home, size, 3 if short else 5, found))
        if "reports" in parts and not short:
            keep(lambda: _reports(marimo))
        if scale:
            keep(lambda: _of_size(MILLION, found))
        if found:
            print(pages.listing(found))
    except Disagreement as e:
        print(f"The answers differ:\n{e}", file=sys.stderr)
        return 1
    print(f"load average {os.getloadavg()[0]:.1f}; written to {write(figures, 'bench.jsonl')}")
    return 0


def _level2(home: Path, size: Size, rounds: int) -> list[Figure]:
    with workbench.connect(home) as wb:
        figures, found = level2.measure(wb, LAST_WEEK, size.name, rounds)
    print(level2.listing(found))
    return figures


def _levels(home: Path, size: Size, rounds: int) -> list[Figure]:
    with workbench.connect(home) as wb:
        figures, found = levels.measure(wb, LAST_WEEK, size.name, rounds)
    print(levels.listing(found))
    return figures


def _questions(home: Path, size: Size, rounds: int) -> list[Figure]:
    with workbench.connect(home) as wb:
        return six_questions.measure(wb, size.name, rounds)


def _pages(home: Path, size: Size, rounds: int, found: dict[str, pages.Found]) -> list[Figure]:
    with workbench.connect(home) as wb:
        figures, found[size.name] = pages.measure(wb, LAST_WEEK, size.name, rounds)
    return figures


def _reports(marimo: Path | None) -> list[Figure]:
    """Kernels, and the pages of a simulated agency each way."""
    tried = kernels.tried(KERNELS)
    wrong = KERNELS - tried.expected
    with tempfile.TemporaryDirectory() as name:
        cost_of([str(reports.BIN / "workbench"), "demo", "--home", name])
        figures = reports.measure(Path(name), 3, None, marimo, reports.BATCH)
    return [at_most("kernels_not_right", wrong, f"of {KERNELS}", 0), *figures]


def _of_size(size: Size, found: dict[str, pages.Found]) -> list[Figure]:
    """The pages at another size, in a warehouse of its own; of a million posts the marts too."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        settings = warehouse_of(home, size)
        figures = marts.whole(settings, size, MILLION_SECONDS, MILLION_GB) if size == MILLION else []
        return figures + _pages(home, size, 3, found)


if __name__ == "__main__":
    sys.exit(main())
