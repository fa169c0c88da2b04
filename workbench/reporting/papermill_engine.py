"""Papermill's own engine, which also hands out a notebook that was broken off before Papermill could save it."""

from __future__ import annotations

from typing import Any

import nbformat
from papermill.engines import NBClientEngine, papermill_engines

NAME = "workbench"


class Run:
    """One execution: the notebook as far as it came."""

    notebook: Any = None

    def interrupted(self, kind: str, message: str) -> Any:
        """The notebook with the error at the cell that ran last; None if none did."""
        cells = self.notebook.cells if self.notebook is not None else []
        begun = [
            c for c in cells if c.cell_type == "code" and c.metadata.get("papermill", {}).get("start_time")
        ]
        if not begun:
            return None
        error = nbformat.v4.new_output("error", ename=kind, evalue=message, traceback=[])  # type: ignore[no-untyped-call]
        begun[-1].outputs.append(error)
        return self.notebook


class _Engine(NBClientEngine):  # type: ignore[misc]
    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, *, run: Run, **options: Any) -> Any:
        run.notebook = nb_man.nb
        return super().execute_managed_notebook(nb_man, kernel_name, **options)


papermill_engines.register(NAME, _Engine)
