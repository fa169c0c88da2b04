"""Commands for notebooks of one's own: new, check."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .shared import say, settings_of

if TYPE_CHECKING:
    from ..reporting.checking import Checked
    from ..settings import Settings

_WIDTH = 100


def start_notebook(options: Any) -> int:
    import getpass

    from ..reporting.new import new_notebook
    from ..reporting.notebook_folders import find_notebooks, own_folder

    settings = settings_of(options)
    if not settings.notebooks:
        raise UsageError(
            'The setting notebooks is empty: reports take in none of yours. Name a folder: notebooks = "analyses".'
        )
    file = new_notebook(
        options.name,
        own_folder(settings.home, settings.notebooks),
        find_notebooks(settings.home),
        title=options.title,
        question=options.question,
        author=options.author or getpass.getuser(),
    )
    say(
        f"Open it with `workbench lab`, see whether it can join the reports with `workbench check {file.stem}`."
    )
    print(file)
    return 0


def check_notebooks(options: Any) -> int:
    import json

    from ..reporting.checking import check_notebook
    from ..reporting.notebook_folders import OURS, find_notebooks, names_of
    from .sample_homes import cache_folder, samples

    settings = settings_of(options)
    ours = find_notebooks(settings.home)
    files = [_file(name, settings) for name in options.notebooks] or _own(settings)
    cache = cache_folder()
    tried_on = samples(cache, say)
    found = []
    for file in files:
        reserved = (
            names_of(ours) if file.resolve().parent not in (OURS, ours[0].resolve().parent) else frozenset()
        )
        found.append(
            check_notebook(file, tried_on, cache, ours=reserved, quick=options.quick, timeout=options.timeout)
        )
        if options.format == "table":
            _tell(found[-1])
    if options.format == "json":
        print(json.dumps([c.as_json() for c in found], indent=1, ensure_ascii=False))
    return 0 if all(c.passed for c in found) else 1


def _file(name: str, settings: Settings) -> Path:
    """A notebook by its path, else by its name among one's own and the workbench's."""
    from ..errors import nearest
    from ..reporting.notebook_folders import find_notebooks, own_folder

    path = Path(name)
    if path.is_file():
        return path
    own = own_folder(settings.home, settings.notebooks) if settings.notebooks else None
    known: list[Path] = [*(own.glob("*.ipynb") if own else ()), *find_notebooks(settings.home)]
    for notebook in known:
        if name in (notebook.stem, notebook.name):
            return notebook
    raise UsageError(
        f"There is no notebook {name}.{nearest(name, [k.stem for k in known])} Nothing was checked."
    )


def _own(settings: Settings) -> list[Path]:
    from ..reporting.notebook_folders import own_folder

    folder = own_folder(settings.home, settings.notebooks) if settings.notebooks else None
    found = sorted(folder.glob("*.ipynb")) if folder else []
    if not found:
        raise UsageError(
            "Which notebook? There is none of your own yet. "
            "Name a file, or start one with `workbench new my_hashtags`."
        )
    return found


def _tell(found: Checked) -> None:
    import textwrap

    print(found.notebook)
    for check in found.checks:
        lead = f"  {check.status:8}{check.name:13} "
        for n, text in enumerate(filter(None, (check.says, check.do))):
            indent = " " * len(lead)
            first = lead if n == 0 else f"{indent}-> "
            print(
                textwrap.fill(
                    text, _WIDTH, initial_indent=first, subsequent_indent=indent, break_long_words=False
                )
            )
    failed = len(found.failed)
    advice = sum(c.status == "advice" for c in found.checks)
    heed = f" {advice} piece{'' if advice == 1 else 's'} of advice." if advice else ""
    told = "It can join the reports." if found.passed else f"It can't join the reports yet: {failed} failed."
    print(f"  {told}{heed} ({found.seconds:.0f} s)\n")
