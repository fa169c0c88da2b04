"""Imports that cost much and bring nothing here are kept from happening.

Both are optional to those who import them and are missed by nobody in a report: jsonschema's checker of
international URLs, which JupyterLab brings along, takes a second to build its grammar; the debugger that
ipykernel loads is for a person at the keyboard.
"""

from __future__ import annotations

import sys

URL_SYNTAX = "rfc3987_syntax"
DEBUGGER = "debugpy"


def leave_out(*modules: str) -> None:
    """Make these imports fail at once, as where they aren't installed; those already done stay."""
    for name in modules:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
