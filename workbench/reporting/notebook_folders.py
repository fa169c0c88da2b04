"""Which notebooks a report is made of: the workbench's, or those that a home has in their place, and its own beside."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from ..errors import UsageError
from ..private_files import refuse_foreign_code
from ..settings import Settings

OURS = Path(__file__).parents[2] / "notebooks"
REPLACING = "notebooks"
"""A folder of a home with this name takes the place of ours."""
SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
_DRAFT = (".", "_")
_NUMBERED = re.compile(r"(\d+)_(.+)")


def find_notebooks(home: Path, own: str = "") -> list[Path]:
    """The notebooks of a home folder, or else those that the workbench comes with; then those of the folder `own`.

    Each in order of name. A name that begins with `_` is a draft, which no report takes in.

    Raises UsageError for a folder without notebooks, and for names in `own` that can't be a page's or clash with ours.
    """
    replacing = home / REPLACING
    folder = replacing if replacing.is_dir() else OURS
    found = _in(folder)
    if not found:
        raise UsageError(
            f"There are no notebooks in {folder}. "
            "Put some there, or take the folder away to use the workbench's own."
        )
    return found + _beside(found, home, own)


def own_folder(home: Path, own: str) -> Path:
    """Where a home's own notebooks lie. UsageError for the folder that takes the place of ours."""
    folder = (home / Path(own).expanduser()).resolve()
    if folder in ((home / REPLACING).resolve(), OURS, home.resolve()):
        raise UsageError(
            f"notebooks = {own!r} can't be the folder of your own notebooks: {REPLACING}/ in a home takes the place "
            "of the workbench's. Name another one, such as analyses."
        )
    return folder


def names_of(notebooks: Iterable[Path]) -> frozenset[str]:
    """What notebooks can be called by, in lower case: names, and for 2_accounts also `2` and `accounts`."""
    stems = [n.stem.casefold() for n in notebooks]
    return frozenset(part for s in stems for part in (s, *spoken(s)))


def spoken(stem: str) -> tuple[str, ...]:
    """Number and name of a notebook that has a number."""
    match = _NUMBERED.fullmatch(stem)
    return match.groups() if match else ()


def _beside(ours: list[Path], home: Path, own: str) -> list[Path]:
    if not own:
        return []
    folder = own_folder(home, own)
    if own != Settings.notebooks and not folder.is_dir():
        raise UsageError(f"notebooks = {own!r}: there is no folder {folder}. Make it, or mend the setting.")
    found = _in(folder)
    taken = names_of(ours)
    problems = []
    for notebook in found:
        if SAFE_NAME.fullmatch(notebook.stem) is None:
            problems.append(
                f"'{notebook.name}' can't be the name of a page: use letters, digits, _ and -, and no space."
            )
        elif clash := next(
            (w for w in (notebook.stem, *spoken(notebook.stem)) if w.casefold() in taken), None
        ):
            problems.append(f"'{notebook.name}' is called '{clash}' as one of the workbench's is.")
    folded = [n.stem.casefold() for n in found]
    problems += [
        f"'{n.name}' differs from another one only in large and small letters."
        for n in found
        if folded.count(n.stem.casefold()) > 1
    ]
    if problems:
        raise UsageError(
            f"Of the notebooks in {folder}:\n" + "\n".join(problems) + "\nRename them, or put _ before "
            "the name of one that is not for reports yet. Nothing was run."
        )
    return found


def _in(folder: Path) -> list[Path]:
    found = sorted(n for n in folder.glob("*.ipynb") if not n.name.startswith(_DRAFT) and n.is_file())
    if folder != OURS and found:
        for path in (folder, *found):
            refuse_foreign_code(path)
    return found
