"""Runs a notebook on sample data, without a network, as a report would."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from .. import offline
from ..engine import Execution, execute
from ..fork_server import start_server
from ..weeks import last_complete
from .cells import outputs, place, place_of
from .outcome import Check
from .secrets import CANARY


@dataclass(frozen=True)
class Sample:
    """A home folder with a warehouse that notebooks are tried on."""

    home: Path
    version: int
    what: str
    """Such as: 600 posts."""


@dataclass(frozen=True)
class Samples:
    """What a notebook has to manage: a little data, and none."""

    small: Sample
    empty: Sample
    as_of: datetime
    """The newest instant of the small sample; the empty one is asked for the same week."""

    @property
    def week(self) -> str:
        return last_complete(self.as_of, "UTC")


@dataclass(frozen=True)
class Trial:
    """A notebook run on a sample."""

    sample: Sample
    execution: Execution
    guards: Sequence[str]
    """What kept it offline: python, system; empty where nothing did."""
    asked: Sequence[str]
    """Whom it asked for, each with the cell that did."""


def environment(sample: Sample) -> dict[str, str]:
    """Variables of a kernel on a sample."""
    return {
        "WORKBENCH_HOME": str(sample.home),
        "WORKBENCH_VERSION": str(sample.version),
        "WORKBENCH_THREADS": "1",
        "PIP_NO_INDEX": "1",  # else it would try for a while, in vain
        **CANARY,
    }


def tried(
    notebook: Path, samples: Sequence[Sample], values: dict[str, Any], folder: Path, timeout: int
) -> list[Trial]:
    """The notebook run on every sample, side by side; executed copies go into `folder`."""
    from ..kernel import close_loop, ended_with

    start_server()

    def one(number: int) -> Trial:
        sample, record = samples[number], folder / f"record-{number}"
        output = folder / str(number) / notebook.name
        output.parent.mkdir()
        variables = {**environment(sample), offline.RECORD: str(record)}
        try:
            execution = execute(notebook, values, environment=variables, output=output, timeout=timeout)
        finally:
            close_loop()
        guards, asked = offline.attempts(record)
        return Trial(
            sample,
            execution,
            guards,
            [f"{whom} ({place_of(execution.notebook, cell)})" for cell, whom in asked],
        )

    with ThreadPoolExecutor(len(samples)) as pool, ended_with(pool):
        running = [pool.submit(one, n) for n in range(len(samples))]
        return [r.result() for r in running]


def ran(name: str, trial: Trial) -> Check:
    """Whether it ran through; what it says of missing data is not judged."""
    failure, notebook = trial.execution.failure, trial.execution.notebook
    if failure is None:
        seconds = f"in {trial.execution.seconds:.1f} s"
        warned = [c for c, o in outputs(notebook) if o.get("name") == "stderr" and o.get("text", "").strip()]
        if warned:
            says = f"Ran on {trial.sample.what} {seconds}, and warned in {place(notebook, warned[0])}."
            return Check(name, "advice", says, "See to the cause: readers of a page don't see warnings.")
        return Check(name, "ok", f"ran on {trial.sample.what} {seconds}")
    failed = next((c for c, o in outputs(notebook) if o.output_type == "error"), None)
    where = f" in {place(notebook, failed)}" if failed is not None else ""
    says = f"{failure.cause.rstrip('.')}{where}."
    here = place(notebook, failed) if failed is not None else "nowhere"
    if "a report has no network" in failure.message or any(here in a for a in trial.asked):
        todo = "See network, below."
    elif trial.sample.what.startswith("no"):
        todo = (
            "Before any data are imported tables are there and empty: test for it, and say what is missing."
        )
    else:
        todo = (
            "Try it on such data: workbench demo --posts 600 --seed 7 --home DIR, workbench lab --home DIR."
        )
    return Check(name, "failed", says, todo)


def network(
    trials: Sequence[Trial], fetching: Sequence[str], loading: Sequence[str], named: Sequence[str]
) -> Check:
    """Whom it asked for while it ran, commands that fetch, addresses that its page would load or its code names."""
    asked = list(dict.fromkeys(a for t in trials for a in t.asked))
    said = [f"It asked for {', '.join(asked[:3])}{' and more' if len(asked) > 3 else ''}."] if asked else []
    said += [f"{cell} runs a command that fetches." for cell in fetching]
    said += [f"Its page would load {', '.join(loading[:3])}."] if loading else []
    if said:
        todo = (
            "A report has no network: import the data beforehand (workbench import), install beforehand, "
            "and put pictures into the page itself."
        )
        return Check("network", "failed", " ".join(s[:1].upper() + s[1:] for s in said), todo)
    guards = set.intersection(*(set(t.guards) for t in trials)) if trials else set()
    if "python" not in guards:
        return Check(
            "network",
            "advice",
            "Whether it uses the network could not be watched.",
            "Try it with the cable out.",
        )
    if named:
        says = f"Asked for nothing, but there is an address in {', '.join(named[:3])}."
        return Check(
            "network", "advice", says, "A link is fine; what is loaded from it is refused in a report."
        )
    if "system" not in guards:
        says = "asked for nothing by Python; other programs could not be watched on this system"
        return Check("network", "ok", says)
    return Check("network", "ok", "ran without one, and its page loads nothing")
