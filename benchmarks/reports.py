"""`python -m benchmarks.reports [--home HOME] [--rounds N] [--only 2,3] [--marimo FILE]`: the set of pages, each way.

- documented: one `papermill` and one `jupyter nbconvert` command a notebook, in a row;
- floor: the cells and the drawing of the pages in one process that has done it once before, divided by the cores;
- marimo: `marimo export html` of what `marimo convert` makes of the notebooks, in a row;
- batch: many reports of one notebook in one run (an account each), against the documented way for one of them.

Ours are the pages, which is all that the others make. Workbook, CSV, Parquet, PNG and SVG are timed apart, in each
manifest (`made.seconds_around`).

Wall seconds are compared where the machine is quiet, CPU seconds of all processes where it isn't: both are kept.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import workbench
from workbench.reporting.run import chosen, find_notebooks
from workbench.settings import load_settings

from .figures import HEADER, Figure, against, line, write
from .tree import Cost, cost_of

WEEK = "2025-W40"
BIN = Path(sys.executable).parent
ACCOUNTS = "2_accounts"
BATCH = 200
"""Reports of an account each."""


def documented(home: Path, notebooks: list[Path], folder: Path) -> Cost:
    costs = []
    for notebook in notebooks:
        made = folder / notebook.name
        variables = {"WORKBENCH_HOME": str(home)}
        run = [str(BIN / "papermill"), str(notebook), str(made), "-p", "week", WEEK, "-k", "python3"]
        costs.append(cost_of([*run, "--no-progress-bar", "--no-log-output"], variables))
        costs.append(
            cost_of([str(BIN / "jupyter"), "nbconvert", "--log-level=ERROR", "--to=html", str(made)])
        )
    return _summed(costs)


def ours(home: Path, notebooks: list[Path], folder: Path) -> Cost:
    names = ",".join(n.stem for n in notebooks)
    out = ["--week", WEEK, "--only", names, "--out", str(folder / "ours")]
    return cost_of([str(BIN / "workbench"), "report", "--no-files", "--home", str(home), *out])


def marimo(home: Path, notebooks: list[Path], folder: Path, program: Path) -> Cost:
    variables = {"WORKBENCH_HOME": str(home)}
    costs = []
    for notebook in notebooks:
        script = folder / f"{notebook.stem}.py"
        cost_of([str(program), "convert", str(notebook), "-o", str(script)], variables)
        export = ["export", "html", str(script), "-o", str(script.with_suffix(".html")), "-f"]
        costs.append(cost_of([str(program), *export], variables))
    return _summed(costs)


def floor(home: Path, notebooks: list[Path]) -> tuple[float, float]:
    """Wall and CPU seconds of the cells and the drawing in this process, the second time."""
    os.environ |= {"WORKBENCH_HOME": str(home), "WORKBENCH_THREADS": "1"}
    from workbench.reporting.page import chart_library

    bundle = chart_library(home / "data" / "cache")
    for _ in range(2):
        wall, cpu = time.perf_counter(), time.process_time()
        for notebook in notebooks:
            _in_process(notebook, bundle)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return wall, cpu


def _in_process(notebook: Path, bundle: str) -> str:
    """The page of a notebook whose cells run here."""
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output
    from nbformat.v4 import new_output

    from workbench.reporting.engine import Execution
    from workbench.reporting.notebook import read
    from workbench.reporting.page import About, page

    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    found: Any = read(notebook)
    for cell in found.cells:
        if cell.cell_type != "code":
            continue
        with capture_output() as shown, contextlib.redirect_stdout(io.StringIO()):
            done = shell.run_cell(cell.source)
            done.raise_error()
        cell.outputs = [new_output("display_data", data=o.data, metadata=o.metadata) for o in shown.outputs]
    settings = load_settings(os.environ["WORKBENCH_HOME"])
    with workbench.connect(settings.home) as wb:
        about = About(
            name=notebook.stem, title=notebook.stem, period=WEEK, version=wb.version, as_of=wb.as_of
        )
    return page(Execution(notebook.stem, found, 0.0), about, bundle=bundle)


def batch(home: Path, notebook: Path, n: int, folder: Path) -> Cost:
    """The cost of n reports of one notebook, an account each, by one command; few accounts come up again."""
    with workbench.connect(home) as wb:
        posts = wb["posts"].group_by("account_id").agg(n=wb["posts"].count())
        most = posts.order_by(posts.n.desc(), posts.account_id).limit(n).execute()
    wanted = "".join(
        f'[[report]]\nname = "r{number}"\nonly = ["{notebook.stem}"]\nparameters = {{ account = "{account}" }}\n'
        for number, account in enumerate(itertools.islice(itertools.cycle(most.account_id), n))
    )
    file = folder / "batch.toml"
    file.write_text(wanted, encoding="utf-8")
    out = ["--week", WEEK, "--out", str(folder / "batch"), "--reports", str(file)]
    return cost_of([str(BIN / "workbench"), "report", "--no-files", "--home", str(home), *out])


def measure(home: Path, rounds: int, only: str | None, program: Path | None, n: int) -> list[Figure]:
    """The figures; each way in turn, so that a noisy moment meets all."""
    notebooks = chosen(find_notebooks(home), only)
    accounts = chosen(find_notebooks(home), ACCOUNTS)
    cores = os.cpu_count() or 1
    found: dict[str, list[Cost]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        this = [sys.executable, "-m", "benchmarks.reports", "--home", str(home)]
        chosen_only = ["--only", only] if only else []
        for _ in range(rounds):
            keep = [
                ("documented", documented(home, notebooks, folder)),
                ("ours", ours(home, notebooks, folder)),
            ]
            keep.append(("floor", _floor_of([*this, *chosen_only, "--floor"])))
            if program is not None:
                keep.append(("marimo", marimo(home, notebooks, folder, program)))
            if n:
                keep.append(("one", documented(home, accounts, folder)))
                keep.append(("batch", batch(home, accounts[0], n, folder)))
            for way, cost in keep:
                print(
                    f"{way:11} {cost.wall:7.1f} s wall {cost.cpu:7.1f} s CPU {cost.peak_mb:7.0f} MB",
                    flush=True,
                )
                if cost.code:
                    raise SystemExit(f"{way} ended with exit code {cost.code}")
                found.setdefault(way, []).append(cost)
    figures = []
    for unit in ("wall", "cpu"):
        mid = {way: statistics.median(getattr(c, unit) for c in costs) for way, costs in found.items()}
        least = mid["floor"] / (cores if unit == "wall" else 1)
        figures += [
            against(f"reports_vs_documented_{unit}", mid["ours"], "the commands", mid["documented"], 1 / 8),
            against(f"reports_vs_floor_{unit}", mid["ours"], "the floor", least, 2.5),
        ]
        if "marimo" in mid:
            figures.append(
                against(f"reports_vs_marimo_{unit}", mid["ours"], "marimo export", mid["marimo"], 1 / 2)
            )
        if n:
            figures.append(
                against(
                    f"batch_vs_documented_{unit}",
                    mid["batch"] / n,
                    "the commands, one report",
                    mid["one"],
                    1 / 20,
                )
            )
    return figures


def _floor_of(command: list[str]) -> Cost:
    """The floor is measured inside its process: the second of two passes."""
    with tempfile.NamedTemporaryFile() as said:
        whole = cost_of([*command, "--out", said.name])
        wall, cpu = map(float, Path(said.name).read_text(encoding="utf-8").split())
    return Cost(wall, cpu, whole.peak_mb, whole.code)


def _summed(costs: list[Cost]) -> Cost:
    return Cost(
        sum(c.wall for c in costs),
        sum(c.cpu for c in costs),
        max(c.peak_mb for c in costs),
        max(c.code for c in costs),
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.reports", description="The set of pages, each way."
    )
    parser.add_argument("--home", type=Path, help="a loaded home; a simulated agency is made unless given")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", help="only these notebooks, by number or name")
    parser.add_argument(
        "--marimo", type=Path, help="the program, in an environment that has the workbench too"
    )
    parser.add_argument(
        "--batch", type=int, default=BATCH, help="reports of one notebook in a run; 0 leaves them out"
    )
    parser.add_argument("--floor", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    o = parser.parse_args()
    if o.floor:
        o.out.write_text(
            " ".join(map(str, floor(o.home, chosen(find_notebooks(o.home), o.only)))), encoding="utf-8"
        )
        return 0
    with tempfile.TemporaryDirectory() as name:
        home = o.home
        if home is None:
            home = Path(name)
            cost_of([str(BIN / "workbench"), "demo", "--home", str(home)])
        figures = measure(home, o.rounds, o.only, o.marimo, o.batch)
    print("\n".join([HEADER, *map(line, figures), f"written to {write(figures, 'reports.jsonl')}"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
