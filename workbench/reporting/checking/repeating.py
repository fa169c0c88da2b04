"""Whether a notebook shows the same a second time: in another process, of an ordinary kernel, with another hash seed.

By nbval on the executed copy where nbval is installed, else by nbclient, whose outputs are compared here.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import xml.etree.ElementTree
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..kernel_variables import for_kernels
from ..notebook import read
from .cells import place
from .outcome import Check, of

_NEEDED = ("nbval", "pytest")
_TODO = (
    "Sort what you show (order_by, sort_values), seed what is drawn by lot (numpy.random.default_rng(1)), and show no "
    "time of day, no set, and no object without a text of its own."
)


def repeatable(executed: Path, environment: Mapping[str, str], folder: Path, timeout: int) -> Check:
    """Run an executed copy again with the same data; every output has to be the same."""
    notebook = read(executed)
    variables = {**for_kernels(os.environ), **environment, "IPYTHONDIR": str(folder / "ipython")}
    variables.pop("PYTHONHASHSEED", None)
    by_nbval = all(importlib.util.find_spec(m) for m in _NEEDED)
    run = _by_nbval if by_nbval else _by_nbclient
    differing = run(executed, variables, folder, timeout)
    code = [c for c in notebook.cells if c.cell_type == "code"]
    places = [place(notebook, code[n]) for n in differing if n < len(code)]
    problems = [(f"{p[:1].upper()}{p[1:]} shows something else the second time.", _TODO) for p in places[:3]]
    if len(places) > 3:
        problems.append((f"{len(places) - 3} more cells do.", _TODO))
    return of("repeatable", problems, f"a second run shows the same ({'nbval' if by_nbval else 'run twice'})")


def _by_nbval(executed: Path, variables: Mapping[str, str], folder: Path, timeout: int) -> list[int]:
    """Numbers of the code cells that nbval saw differ."""
    report = folder / "nbval.xml"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "nbval.plugin"),
            *(
                "-c",
                os.devnull,
                f"--rootdir={folder}",
                f"--junitxml={report}",
                "--nbval",
                "--nbval-current-env",
            ),
            *(f"--nbval-cell-timeout={timeout}", str(executed)),
        ],
        env={**variables, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if not report.exists():
        raise RuntimeError(f"nbval did not run: {(done.stdout + done.stderr)[-2000:]}")
    # Written by pytest, and no DTD of anybody comes in.
    cases = xml.etree.ElementTree.parse(report).getroot().iter("testcase")  # noqa: S314
    failed = [c for c in cases if c.find("failure") is not None or c.find("error") is not None]
    return sorted(int(c.attrib["name"].rpartition(" ")[2]) for c in failed)


def _by_nbclient(executed: Path, variables: Mapping[str, str], folder: Path, timeout: int) -> list[int]:
    """Numbers of the code cells whose outputs differ when an ordinary kernel runs them."""
    from nbclient import NotebookClient

    before, after = read(executed), read(executed)
    client = NotebookClient(after, timeout=timeout, kernel_name="python3", allow_errors=True)
    client.execute(env=dict(variables), cwd=str(folder))
    pairs = zip(_shown(before), _shown(after), strict=True)
    return [n for n, (one, other) in enumerate(pairs) if one != other]


def _shown(notebook: Any) -> list[list[Any]]:
    """What each code cell shows, but for warnings; text printed in several goes is one."""
    cells = []
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        shown: list[Any] = []
        for output in cell.outputs:
            if output.get("name") == "stderr":
                continue
            if output.output_type == "stream":
                if shown and isinstance(shown[-1], str):
                    shown[-1] += output.text
                else:
                    shown.append(output.text)
            elif output.output_type == "error":
                shown.append([output.ename, output.evalue])
            else:
                shown.append(dict(output.data))
        cells.append(shown)
    return cells
