"""Runs one notebook: its parameters injected, its own kernel process, its errors kept and not raised."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .notebook import read, write
from .quick_start import URL_SYNTAX, leave_out


@dataclass(frozen=True)
class Failure:
    """Why a notebook did not run through."""

    kind: str
    """Name of the exception."""
    message: str
    step: str = ""
    """The heading above the cell that failed."""

    @property
    def cause(self) -> str:
        """The exception in a line, as Python prints it."""
        first = self.message.strip().split("\n")[0]
        return f"{self.kind}: {first}" if first else self.kind


@dataclass(frozen=True)
class Execution:
    """A notebook that was run, whole or up to the cell that failed."""

    name: str
    notebook: Any
    """The executed notebook (nbformat), outputs and all."""
    seconds: float
    failure: Failure | None = None


def execute(
    notebook: Path,
    parameters: Mapping[str, Any],
    *,
    environment: Mapping[str, str],
    output: Path,
    timeout: int = 600,
) -> Execution:
    """Run a notebook with Papermill and save the executed copy, also of one that failed.

    Parameters
    ----------
    parameters
        Checked ones, in their types.
    environment
        Variables for the kernel: which home folder and version of the warehouse to open.
    output
        Where the executed notebook goes.
    timeout
        Seconds that a cell may take.
    """
    leave_out(URL_SYNTAX)
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

    from .kernel import ReportKernelManager
    from .papermill_engine import NAME, Run

    started = time.monotonic()
    failure = None
    executed: Any = None
    run = Run()
    try:
        executed = papermill.execute_notebook(
            str(notebook),
            None,  # it is written once, below
            parameters=dict(parameters),
            engine_name=NAME,
            run=run,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            execution_timeout=timeout,
            request_save_on_cell_execute=False,
            record_timing=False,
            kernel_manager_class=ReportKernelManager,
            shutdown_kernel="immediate",
            config=Config({"ReportKernelManager": {"environment": dict(environment)}}),
        )
    except PapermillExecutionError as e:
        failure = Failure(e.ename, e.evalue)
        executed = run.notebook  # Papermill has put the place of the error into it
    except CellTimeoutError:
        failure = Failure("Timeout", f"a cell took longer than {timeout} seconds")
    except DeadKernelError:
        failure = Failure(
            "DeadKernelError",
            "the kernel ended by itself, most often for want of memory",
        )
    except Exception as e:
        failure = Failure(type(e).__name__, str(e))
    if executed is None:
        executed = run.interrupted(failure.kind, failure.message) if failure else None
        executed = executed or read(notebook)
    _forget_what_differs(executed)
    if failure:
        failure = Failure(failure.kind, failure.message, _step(executed))
    write(executed, output)
    return Execution(notebook.stem, executed, time.monotonic() - started, failure)


def _forget_what_differs(executed: Any) -> None:
    """One block of the notebook tells when and how long; nothing else differs between two runs on the same data.

    Papermill also notes where the files lay: a folder's name is nobody's business who gets the copy.
    """
    run = executed.metadata.get("papermill", {})
    run.pop("input_path", None)
    run.pop("output_path", None)
    seconds = [c.metadata.get("papermill", {}).get("duration") for c in executed.cells]
    run["cell_durations"] = [round(s, 3) if s else 0.0 for s in seconds]
    for number, cell in enumerate(executed.cells):
        for name in ("start_time", "end_time", "duration"):
            cell.metadata.get("papermill", {}).pop(name, None)
        if {"injected-parameters", "papermill-error-cell-tag"} & set(cell.metadata.get("tags", [])):
            cell.id = f"papermill-{number}"


def _step(executed: Any) -> str:
    """The last Markdown heading before the cell that failed."""
    heading = ""
    for cell in executed.cells:
        if cell.cell_type == "markdown" and "papermill-error-cell-tag" not in cell.metadata.get("tags", []):
            lines = [x for x in cell.source.splitlines() if x.startswith("#")]
            heading = lines[-1].lstrip("# ").strip() if lines else heading
        elif any(o.output_type == "error" for o in cell.get("outputs", [])):
            return heading
    return heading
