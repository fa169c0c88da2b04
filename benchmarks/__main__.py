"""`python -m benchmarks [--short] [--only NAME]`: measure, print a table, write out/bench.jsonl.

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

from . import imports, level2, marts
from .agreement import Disagreement
from .figures import HEADER, Figure, line, write
from .warehouse_of import FULL, LAST_WEEK, SHORT, Size, warehouse_of

PARTS = ("imports", "marts", "level2")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Speed and memory, as ratios.")
    parser.add_argument("--short", action="store_true", help="smaller sizes and fewer rounds, for CI")
    parser.add_argument("--only", choices=PARTS, action="append", help="only this part; may be repeated")
    options = parser.parse_args(arguments)
    return run(options.only or PARTS, short=options.short, size=SHORT if options.short else FULL)


def run(parts: tuple[str, ...] | list[str], *, short: bool, size: Size) -> int:
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
        if "marts" in parts or "level2" in parts:
            with tempfile.TemporaryDirectory() as name:
                home = Path(name)
                warehouse_of(home, size)
                if "marts" in parts:
                    keep(lambda: marts.measure(load_settings(home), size, 3 if short else 5))
                if "level2" in parts:
                    keep(lambda: _level2(home, size, 3 if short else 9))
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


if __name__ == "__main__":
    sys.exit(main())
