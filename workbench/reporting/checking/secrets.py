"""Secrets and paths of this machine that a notebook would give away: in what it shows, and in what it says."""

from __future__ import annotations

import html
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .cells import outputs, place, texts
from .outcome import Check, of

CANARY = {"WORKBENCH_CHECK_CANARY_TOKEN": "canary-7f3d1c9e-shown-by-nobody"}
"""A secret that the checked notebook's kernel is given: whoever prints all variables prints it too."""

_SECRET_NAME = re.compile(r"key|secret|token|passw|credential", re.I)
_SHORTEST = 8
"""Values below this length are words such as `true` and stand in any text."""
_FORMS = {
    "an AWS access key": re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    "a GitHub token": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{40,})"),
    "a Slack token": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    "an API key": re.compile(r"\b(?:sk|pk|rk)[-_](?:live|test|proj|ant)[-_][\w-]{16,}"),
    "a Google API key": re.compile(r"\bAIza[\w-]{35}\b"),
    "an Apify token": re.compile(r"\bapify_api_[A-Za-z0-9]{20,}"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a password in an address": re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@\"']+:[^\s/@\"'{}]{3,}@"),
}
_ASSIGNED = re.compile(
    r"""\b(\w*(?:password|passwd|secret|token|api_?key|access_?key)\w*)["']?\s*[=:]\s*["']([^"'\s]{8,})["']""",
    re.I,
)
_A_HOME = re.compile(r"(?<![\w/.:])(?:/home/|/Users/|/root/|[A-Za-z]:\\Users\\)[\w.-]+(?:[/\\][\w.-]+)*")
_OF_THE_KERNEL = re.compile(r"[^\s\"'<>]*ipykernel_\d+[/\\]\d+\.py")
"""How Python names a notebook's cell in a warning: it tells nothing of the machine."""


def secrets(
    notebook: Any, executed: Iterable[Any], homes: Iterable[Path], kernel: Mapping[str, str]
) -> Check:
    """No secret and no path in what was shown, no secret in what is written. The secret itself is never repeated."""
    problems = []
    for cell in notebook.cells:
        found = [kind for kind, form in _FORMS.items() if form.search(cell.source)]
        found += [f"what looks like a secret (`{n}`)" for n, _ in _ASSIGNED.findall(cell.source)]
        problems += [
            (
                f"{place(notebook, cell)} holds {kind}.",
                "Take it from a variable of the environment (os.environ), and change it where it is in use.",
            )
            for kind in found
        ]
    values = {**_of_environment(), **kernel}
    known = _folders(homes)
    for run in executed:
        for cell, output in outputs(run):
            shown = "\n".join(html.unescape(t) for t in texts(output))
            found_here = _given_away(shown, values)
            # What Python says of an error names its own files; readers of the page don't see that.
            if output.output_type != "error" and (path := _path(shown, known)):
                found_here.append((path, "Show a file's name at most: readers have no use for where it lay."))
            problems += [(f"{place(run, cell)} shows {what}.", todo) for what, todo in found_here]
    unique = list(dict.fromkeys((s[:1].upper() + s[1:], t) for s, t in problems))
    return of("secrets", unique, "no secret and no path of this machine is shown")


def _given_away(shown: str, values: Mapping[str, str]) -> list[tuple[str, str]]:
    stop = "Don't show variables of the environment."
    found = []
    for variable, value in values.items():
        if value in shown:
            what = "all variables of the environment" if variable in CANARY else f"the value of ${variable}"
            found.append((what, stop))
    return found + [(kind, "Don't show it.") for kind, form in _FORMS.items() if form.search(shown)]


def _path(shown: str, folders: Mapping[str, str]) -> str | None:
    without = _OF_THE_KERNEL.sub("", shown)
    known = next((name for folder, name in folders.items() if folder in without), None)
    return known or (f"the path {m[0]}" if (m := _A_HOME.search(without)) else None)


def _of_environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if _SECRET_NAME.search(k) and len(v) >= _SHORTEST}


def _folders(homes: Iterable[Path]) -> dict[str, str]:
    """Folders of this machine, and what to call them."""
    others = (Path.home(), Path.cwd(), Path(tempfile.gettempdir()), Path(sys.prefix))
    known = {str(h): "the path of the home folder" for h in homes}
    return known | {str(p): f"the path {p}" for p in others if len(p.parts) > 1 and str(p) not in known}
