"""Notebook files: read, written, and asked for their title. nbformat is imported when first needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import WorkbenchError
from .quick_start import URL_SYNTAX, leave_out


def read(file: Path) -> Any:
    """A notebook (nbformat 4). WorkbenchError for a file that is none."""
    leave_out(URL_SYNTAX)
    import nbformat
    from nbformat.reader import NotJSONError

    try:
        return nbformat.read(file, as_version=4)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, NotJSONError, nbformat.ValidationError) as e:
        raise WorkbenchError(
            f"{file.name} can't be read as a notebook: {e}. Open and save it in JupyterLab, or restore it."
        ) from e


def write(notebook: Any, file: Path) -> None:
    """Write a notebook for its owner only."""
    import nbformat

    nbformat.write(notebook, file)  # type: ignore[no-untyped-call]
    file.chmod(0o600)


def title_of(file: Path) -> str:
    """A notebook's first heading, else its file's name in words."""
    for cell in read(file).cells:
        if cell.cell_type == "markdown":
            for row in cell.source.splitlines():
                if row.startswith("# "):
                    return str(row[2:].strip())
    return file.stem.lstrip("0123456789_").replace("_", " ").capitalize() or file.stem


def authors_of(file: Path) -> str:
    """The people that a notebook's metadata names as its authors; empty where it names none."""
    authors = read(file).metadata.get("authors") or []
    return ", ".join(str(a["name"]) for a in authors if a.get("name"))
