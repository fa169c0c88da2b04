"""Pages of one's own, small: a notebook of a few cells."""

from __future__ import annotations

import json
from pathlib import Path

_WEEK = 'week: str = "2025-W40"  # ISO week'
_OPENED = "import workbench\nfrom workbench import display\n\ndisplay.enable()\nwb = workbench.connect()"


def own_page(home: Path, name: str, *cells: str) -> None:
    """A notebook among one's own that opens the warehouse and shows what each cell says."""
    code = [(["parameters"], _WEEK), ([], _OPENED), *(([], cell) for cell in cells)]
    said = [{"cell_type": "markdown", "id": "title", "metadata": {}, "source": f"# {name}"}]
    said += [
        {
            "cell_type": "code",
            "id": f"cell-{n}",
            "execution_count": None,
            "metadata": {"tags": tags},
            "outputs": [],
            "source": source,
        }
        for n, (tags, source) in enumerate(code)
    ]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    file = home / "analyses" / f"{name}.ipynb"
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file.touch(mode=0o600)
    file.write_text(json.dumps({"cells": said, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}))
