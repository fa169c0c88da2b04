"""What can be told of a notebook without running it: its name, its parameters, and the house's rules."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

from ...errors import WorkbenchError
from ..notebook_folders import SAFE_NAME, names_of
from ..parameters import Parameter, converted, declared
from .cells import place
from .outcome import Check, of

LONGEST_CELL = 8
INSTALLS = re.compile(
    r"^\s*[!%]{1,2}\s*(?:pip3?|conda|mamba|uv|apt|apt-get|npm|python3? -m pip)\b[^\n]*\binstall\b", re.M
)
FETCHES = re.compile(r"^\s*[!%]{1,2}\s*(?:curl|wget|git\s+(?:clone|pull)|aws|gsutil|scp|ssh|rsync)\b", re.M)
ADDRESS = re.compile(r"""["'](?:https?|ftp|s3|gs|gcs|az|abfss?|postgres(?:ql)?|mysql|md)://""")
_PATH = re.compile(r"""["'](~/|/(?!/)[\w.-]+/|[A-Za-z]:[\\/])[^"'\n]*["']""")
_TYPES: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "list": (list, tuple),
}


def name(file: Path, ours: frozenset[str]) -> Check:
    """A name that can be a page's, an address's and a file's everywhere, and isn't one of ours."""
    problems = []
    if SAFE_NAME.fullmatch(file.stem) is None or file.suffix != ".ipynb":
        problems.append(
            (
                f"“{file.name}” becomes the name of a page and of files.",
                "Rename it to letters, digits, _ and -, beginning with a letter or digit: my_hashtags.ipynb.",
            )
        )
    if clash := names_of([file]) & ours:
        problems.append(
            (f"One of the workbench's notebooks is called {min(clash)}.", "Give it another name.")
        )
    return of("name", problems, f"{file.stem}.html")


def parameters(file: Path, notebook: Any) -> Check:
    """Each parameter in a line of one cell, with a type, a default of that type and a word on what it means."""
    tagged = [
        c for c in notebook.cells if c.cell_type == "code" and "parameters" in c.metadata.get("tags", ())
    ]
    how = "Write `name: type = default  # unit and meaning`, a line each."
    if len(tagged) != 1:
        found = f"{len(tagged)} cells are" if tagged else "No cell is"
        todo = (
            "Tag one code cell `parameters` (JupyterLab: the gear on the right, Cell Tags), with a line such as "
            '`week: str = "2025-W40"  # ISO week` for each.'
        )
        return Check("parameters", "failed", f"{found} tagged `parameters`.", todo)
    try:
        found_parameters = declared(file)
    except WorkbenchError as e:
        return Check("parameters", "failed", str(e))
    untyped = _untyped(tagged[0].source)
    problems = [(f"`{n}` has no type.", how) for n in untyped]
    problems += [
        (f"The default of `{p.name}` is {p.default!r}, where {p.wanted} is declared.", how)
        for p in found_parameters.values()
        if p.name not in untyped and not _fits(p)
    ]
    if problems:
        return of("parameters", problems, "")
    return _advice_on_parameters(notebook, tagged[0], found_parameters)


def _advice_on_parameters(notebook: Any, cell: Any, found: dict[str, Parameter]) -> Check:
    after = "\n".join(c.source for c in notebook.cells if c.cell_type == "code" and c is not cell)
    advice = []
    if "week" not in found:
        advice.append(
            (
                "There is no `week`: the page can't follow the week that is reported.",
                'Declare `week: str = "2025-W40"  # ISO week` and ask for it: wb.metrics.kpi_score(week=week).',
            )
        )
    for p in found.values():
        if not p.help:
            advice.append((f"`{p.name}` says nothing of its unit and meaning.", "Add it: `# ...`."))
        if re.search(rf"\b{re.escape(p.name)}\b", after) is None:
            advice.append((f"`{p.name}` is not used below.", "Use it or take it away."))
    declared_names = ", ".join(f"{p.name} ({p.kind})" for p in found.values()) or "none"
    return of("parameters", advice, declared_names, otherwise="advice")


def _untyped(source: str) -> list[str]:
    return [
        ast.unparse(t)
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign)
        for t in node.targets
    ]


def _fits(p: Parameter) -> bool:
    if p.default is None:
        return p.optional
    wanted = _TYPES.get(p.kind, (str,))
    if not isinstance(p.default, wanted) or (isinstance(p.default, bool) and p.kind != "bool"):
        return False
    if p.kind in ("date", "week") and p.default:
        try:
            converted(p, str(p.default))
        except ValueError:
            return False
    return True


_UNFINISHED = ("Write the question here", "Say here what that means")
"""Words of the template that are there to be replaced."""


def house_rules(notebook: Any) -> Check:
    """What makes a notebook easy to read and to keep; advice, for the report runs without it too."""
    advice: list[tuple[str, str]] = []
    headings = [
        line
        for c in notebook.cells
        if c.cell_type == "markdown"
        for line in c.source.splitlines()
        if line.startswith("#")
    ]
    if not any(h.startswith("# ") for h in headings):
        advice.append(
            ("It has no title.", "Begin with a Markdown cell: `# Title`, and the question below it.")
        )
    if not any("how to read" in h.lower() for h in headings):
        advice.append(("Nothing tells how to read it.", "End with a section `## How to read this`."))
    advice += [
        (f"{_capital(place(notebook, c))} still has the template's words.", "Replace them by yours.")
        for c in notebook.cells
        if any(words in c.source for words in _UNFINISHED)
    ]
    code = [c for c in notebook.cells if c.cell_type == "code"]
    advice += [
        (
            f"{_capital(place(notebook, c))} has {n} lines.",
            f"One result a cell, {LONGEST_CELL} lines at most.",
        )
        for c in code
        if (n := len(c.source.splitlines())) > LONGEST_CELL
    ]
    for c in code:
        if re.search(r"^\s*(async\s+)?def\s", c.source, re.M):
            advice.append(
                (
                    f"{_capital(place(notebook, c))} defines a function.",
                    "Functions go into a module, where they can be tested.",
                )
            )
        if INSTALLS.search(c.source):
            advice.append(
                (
                    f"{_capital(place(notebook, c))} installs something.",
                    "Install it once, outside of notebooks.",
                )
            )
        if "parameters" not in c.metadata.get("tags", ()) and (found := _PATH.search(_uncommented(c.source))):
            advice.append(
                (
                    f"{_capital(place(notebook, c))} has the path {found[0]}.",
                    "Paths belong in the parameters cell, if anywhere.",
                )
            )
    if any(c.get("outputs") or c.get("execution_count") for c in code):
        advice.append(
            ("It was saved with outputs.", "Clear them before you keep it: Edit, Clear Outputs of All Cells.")
        )
    return of(
        "house rules", advice, "short cells, a title, no functions, no outputs kept", otherwise="advice"
    )


def _uncommented(source: str) -> str:
    return "\n".join(line.partition("#")[0] for line in source.splitlines())


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
