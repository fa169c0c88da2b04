"""Starts a notebook of one's own from a template, which joins the reports as it stands."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ..errors import UsageError
from .notebook_folders import SAFE_NAME, names_of

_TEMPLATES = Path(__file__).parent / "templates"
_QUESTION = "Write the question here that this notebook answers, and who asks it."
_NOT_IN_FILES = frozenset(
    ["con", "prn", "aux", "nul", "index", "manifest"]
    + [f"{p}{n}" for p in ("com", "lpt") for n in range(1, 10)]
)


def new_notebook(
    name: str, folder: Path, ours: list[Path], *, title: str = "", question: str = "", author: str = ""
) -> Path:
    """Write `folder`/`name`.ipynb from the template. Returns its path.

    Parameters
    ----------
    ours
        The workbench's notebooks, whose names are taken.
    title, question
        Default: the name in words, and a line to be replaced.
    author
        Whom a page names that could not be made.

    Raises UsageError for a name that can't be a page's or is taken; an existing notebook is never touched.
    """
    stem = name.removesuffix(".ipynb")
    if SAFE_NAME.fullmatch(stem) is None or stem.casefold() in _NOT_IN_FILES:
        raise UsageError(
            f"'{name}' can't be the name of a page. Use letters, digits, _ and -, beginning with a letter or a digit, "
            "such as my_hashtags."
        )
    if clash := names_of([Path(stem)]) & names_of(ours):
        raise UsageError(
            f"'{stem}': one of the workbench's notebooks is called '{min(clash)}'. Take another name."
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    same = next((f for f in folder.iterdir() if f.name.casefold() == f"{stem}.ipynb".casefold()), None)
    if same is not None:
        raise UsageError(
            f"There is {same} already, and it stays as it is. Take another name, or move it away."
        )
    words = {
        "title": _line(title) or stem.lstrip("0123456789_").replace("_", " ").capitalize() or stem,
        "question": _line(question) or _QUESTION,
    }
    file = folder / f"{stem}.ipynb"
    text = json.dumps(_notebook(stem, words, author), indent=1, ensure_ascii=False) + "\n"
    try:
        with os.fdopen(
            os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as f:
            f.write(text)
    except FileExistsError:
        raise
    except BaseException:
        file.unlink(missing_ok=True)  # half a notebook would stop every report
        raise
    return file


def _notebook(stem: str, words: dict[str, str], author: str) -> dict[str, Any]:
    import jinja2

    # Two cells of Markdown take in what their author typed.
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701
    )
    # Split before the words are put in, so that none of them is taken for the beginning of a cell.
    text = (_TEMPLATES / "own_notebook.j2").read_text(encoding="utf-8")
    cells = []
    for number, part in enumerate(text.split("%% ")[1:]):
        kind, _, body = part.partition("\n")
        source = environment.from_string(body).render(words).strip()
        cell: dict[str, Any] = {
            "cell_type": "markdown" if kind == "markdown" else "code",
            "id": f"{stem[:50]}-{number:02}",
            "metadata": {"tags": ["parameters"]} if kind == "parameters" else {},
            "source": source.splitlines(keepends=True),
        }
        if kind != "markdown":
            cell |= {"execution_count": None, "outputs": []}
        cells.append(cell)
    metadata: dict[str, Any] = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    if author := _line(author):
        metadata["authors"] = [{"name": author}]
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _line(text: str) -> str:
    return " ".join(text.split())
