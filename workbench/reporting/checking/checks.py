"""All checks of one notebook, in the order in which their lines are read."""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...errors import WorkbenchError
from .. import weeks
from ..engine import Execution
from ..notebook import read, title_of
from ..page import About, chart_library, page
from ..parameters import declared
from ..run import ended_in_order
from ..scratch import scratch
from . import drawing, written
from .cells import place
from .outcome import Check, Checked
from .repeating import repeatable
from .running import Samples, environment, network, ran, tried
from .secrets import CANARY, secrets

LATER = ("repeatable", "charts", "size")
"""Checks that need a notebook that ran through."""


def check_notebook(
    file: Path,
    samples: Samples,
    cache: Path,
    *,
    ours: frozenset[str] = frozenset(),
    quick: bool = False,
    timeout: int = 120,
) -> Checked:
    """Try a notebook as a report would: on a little data and on none, twice, without a network.

    Parameters
    ----------
    samples
        Homes with the data that it is tried on.
    cache
        The folder in which the script that draws charts is kept.
    ours
        Names that own notebooks may not have, in lower case.
    quick
        Leave out what takes longest: the second run and the browser.
    timeout
        Seconds that one cell may take.

    Nothing is written beside the notebook. It is run with the rights of its user: check what you would run.
    """
    started = time.monotonic()
    checks = [written.name(file, ours)]
    try:
        notebook = read(file)
        if not any(c.cell_type == "code" for c in notebook.cells):
            raise WorkbenchError(f"{file.name} has no code: there is nothing to run.")
    except WorkbenchError as e:
        return Checked(str(file), (*checks, Check("readable", "failed", str(e))), time.monotonic() - started)
    checks.append(written.parameters(file, notebook))
    folder = Path(tempfile.mkdtemp(prefix="check-", dir=scratch()))
    try:
        with ended_in_order():
            checks += _by_running(file, notebook, samples, cache, folder, quick=quick, timeout=timeout)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    checks.append(written.house_rules(notebook))
    return Checked(str(file), tuple(checks), time.monotonic() - started)


def _by_running(
    file: Path,
    notebook: Any,
    samples: Samples,
    cache: Path,
    folder: Path,
    *,
    quick: bool,
    timeout: int,
) -> list[Check]:
    values = _values(file, samples)
    trials = tried(file, (samples.small, samples.empty), values, folder, timeout)
    small, empty = trials
    found = [ran("small data", small), ran("empty data", empty)]
    if found[0].says == found[1].says and found[1].status == "failed":
        found[1] = replace(found[1], do="As on small data.")
    executed = [t.execution.notebook for t in trials]
    html = "" if small.execution.failure else _page(file, small.execution, samples, values, cache)
    loading = drawing.addresses(html, small.execution.notebook)
    watched = network(trials, _fetching(notebook), loading, _naming(notebook))
    if small.execution.failure:
        found += [Check(n, "skipped", "needs a run on small data that ends well") for n in LATER]
    else:
        found += [
            _again(folder / "0" / file.name, environment(samples.small), folder, timeout, quick, watched),
            drawing.charts(html, small.execution.notebook, folder, loading, quick=quick),
            drawing.size(html, small.execution.notebook),
        ]
    told = secrets(notebook, executed, (samples.small.home, samples.empty.home), CANARY)
    return [*found, watched, told]


def _again(
    executed: Path, variables: dict[str, str], folder: Path, timeout: int, quick: bool, watched: Check
) -> Check:
    if quick:
        return Check("repeatable", "skipped", "--quick leaves the second run out")
    if watched.status == "failed":
        return Check("repeatable", "skipped", "needs a notebook without a network")
    return repeatable(executed, variables, folder, timeout)


def _values(file: Path, samples: Samples) -> dict[str, Any]:
    try:
        return {"week": samples.week} if "week" in declared(file) else {}
    except WorkbenchError:
        return {}


def _page(file: Path, execution: Execution, samples: Samples, values: dict[str, Any], cache: Path) -> str:
    about = About(
        name=file.stem,
        title=title_of(file),
        period=weeks.spelled(samples.week),
        version=samples.small.version,
        as_of=samples.as_of,
        parameters=values,
    )
    return page(execution, about, bundle=chart_library(cache))


def _fetching(notebook: Any) -> list[str]:
    forms = (written.INSTALLS, written.FETCHES)
    return [
        place(notebook, c)
        for c in notebook.cells
        if c.cell_type == "code" and any(form.search(c.source) for form in forms)
    ]


def _naming(notebook: Any) -> list[str]:
    """Cells with an address in quotes that something might be read from."""
    cells = [c for c in notebook.cells if c.cell_type == "code"]
    return [place(notebook, c) for c in cells if written.ADDRESS.search(c.source)]
