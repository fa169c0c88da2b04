"""`python -m benchmarks.kernels [N]`: start N kernels as a report does, look at each answer, kill some on purpose.

Every fiftieth kernel is killed by its notebook, and once in two hundred the server of forks is killed from outside.
A kernel that answers wrongly, doesn't answer in a minute, or leaves a process, a file or an open handle behind is a
failure: exit code 1.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import multiprocessing
import os
import signal
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from workbench.reporting.engine import execute
from workbench.reporting.fork_server import NO_FORK, server_process, start_server
from workbench.reporting.kernel import close_loop
from workbench.reporting.scratch import scratch

SOURCE = """
import os, signal
import altair, ibis, pyarrow.compute as pc
if killed: os.kill(os.getpid(), signal.SIGKILL)
rows = ibis.range(n).unnest().name("x").as_table()
total = ibis.duckdb.connect(threads=2).execute(rows.x.sum())
mean = pc.mean(ibis.duckdb.connect(threads=2).to_pyarrow(rows)["x"]).as_py()
chart = altair.Chart(altair.Data(values=[{"x": 1}])).mark_point().encode(x="x:Q").to_dict()
print(int(total), mean, chart["mark"]["type"], os.getppid())
"""
LONGEST = 60


@dataclass
class Tried:
    """What came of the kernels."""

    right: int = 0
    wrong: list[str] = field(default_factory=list)
    hung: int = 0
    killed: int = 0
    forked: int = 0
    collateral: int = 0
    """Kernels that died with the server that was killed."""
    seconds: list[float] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    """What was there after and not before: processes, handles, files."""

    @property
    def expected(self) -> int:
        """Kernels that answered rightly, or were killed on purpose."""
        return self.right + self.killed + self.collateral

    @property
    def good(self) -> bool:
        return not (self.wrong or self.hung or self.left)

    def told(self) -> str:
        quantiles = statistics.quantiles(self.seconds, n=100) if len(self.seconds) > 1 else [0.0] * 99
        counts = (
            f"{self.right} right ({self.forked} of them forks), {len(self.wrong)} wrong, {self.hung} hung, "
            f"{self.killed} killed on purpose, {self.collateral} with the server"
        )
        median, most, longest = quantiles[49], quantiles[98], max(self.seconds)
        times = f"seconds a notebook: median {median:.2f}, 99 % {most:.2f}, longest {longest:.2f}"
        return "\n".join([counts, times, *self.wrong[:5], *self.left])


def tried(n: int, at_a_time: int = 3, *, kill_kernels: int = 50, kill_server: int = 200) -> Tried:
    """Run a small notebook n times."""
    found = Tried()
    start_server()
    with tempfile.TemporaryDirectory() as name:
        notebook = Path(name) / "small.ipynb"
        declared = nbformat.v4.new_code_cell("n = 1\nkilled = False", metadata={"tags": ["parameters"]})
        cells = [declared, nbformat.v4.new_code_cell(SOURCE)]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), notebook)
        server_killed = [0.0]

        def one(number: int) -> None:
            killed = number % kill_kernels == kill_kernels - 1
            if number % kill_server == kill_server - 1 and not os.environ.get(NO_FORK):
                server_killed[0] = time.monotonic()
                os.kill(server_process(), signal.SIGKILL)
            began = time.monotonic()
            try:
                done = execute(
                    notebook,
                    {"n": number, "killed": killed},
                    environment={},
                    output=Path(name) / f"{number}.ipynb",
                    timeout=LONGEST,
                )
            finally:
                close_loop()
            found.seconds.append(done.seconds)
            shown = "".join(o.get("text", "") for c in done.notebook.cells for o in c.get("outputs", []))
            mean = (number - 1) / 2 if number else None
            expected = f"{number * (number - 1) // 2 if number else 0} {mean} point "
            if done.failure and done.failure.kind == "Timeout":
                found.hung += 1
            elif done.failure and killed and done.failure.kind == "DeadKernelError":
                found.killed += 1
            elif done.failure and began - 1 < server_killed[0]:
                found.collateral += 1
            elif done.failure or not shown.startswith(expected):
                found.wrong.append(f"{number}: {done.failure or shown!r}")
            else:
                found.right += 1
                found.forked += shown.split()[-1] != str(os.getpid())

        one(1)  # the first opens what stays open
        before = _open()
        with ThreadPoolExecutor(at_a_time) as pool:
            list(pool.map(one, range(2, n + 1)))
        time.sleep(0.5)
        after = _open()
    found.left += [
        f"{what}: {before[what]} before, {after[what]} after" for what in before if after[what] > before[what]
    ]
    return found


def _open() -> dict[str, int]:
    """Handles of this process, folders of kernels, processes that are its or the server's."""
    multiprocessing.active_children()  # it lets go of those that have ended
    gc.collect()
    mine = {os.getpid()}
    with contextlib.suppress(TypeError):
        mine.add(int(server_process()))
    parents = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents.append(int(status.read_text(encoding="utf-8").rsplit(")", 1)[1].split()[1]))
    return {
        "handles": len(os.listdir("/proc/self/fd")),
        "folders": len(list(scratch().glob("k*"))),
        "processes": sum(p in mine for p in parents),
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kernels", description="Kernels, many times.")
    parser.add_argument("kernels", nargs="?", type=int, default=500)
    found = tried(parser.parse_args().kernels)
    print(found.told())
    return 0 if found.good else 1


if __name__ == "__main__":
    sys.exit(main())
