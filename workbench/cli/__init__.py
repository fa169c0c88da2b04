"""The `workbench` command: it parses, calls one function and phrases the outcome.

Everything heavy is imported inside the command that needs it.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ..errors import WorkbenchError, machine_trouble
from ..stores.owner_only import owner_only
from .parser import command_line
from .shared import say

_HELD_BACK = [bytes(16 << 20)]
"""Room in which to tell that there is none left; nobody writes to it, so it takes no memory until it is given up."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 1 it failed, 2 what was asked is wrong."""
    parser = command_line()
    options = parser.parse_args(arguments)
    if not hasattr(options, "run"):
        parser.print_help()
        return 2
    try:
        with owner_only():
            code = int(options.run(options) or 0)
        sys.stdout.flush()
        return code
    except WorkbenchError as e:
        say(f"Error: {e}")
        return e.exit_code
    except BrokenPipeError:
        _forget_output()  # the reader of a pipe has enough
        return 0
    except KeyboardInterrupt:
        return _stopped(options)
    except Exception as e:
        _HELD_BACK.clear()
        if type(e).__name__ in ("RuntimeError", "InterruptException") and "nterrupted" in str(e):
            return _stopped(options)  # DuckDB takes Ctrl+C for itself
        trouble = machine_trouble(e, where=_folders(options))
        if trouble is None:
            raise
        _forget_output()
        kept = "" if " is damaged: " in trouble else " Nothing that was published or acknowledged is lost."
        say(f"Error: {trouble}{kept}")
        return 1


def _stopped(options: argparse.Namespace) -> int:
    """Exit code of a command that somebody broke off."""
    from ..warehouse.erased import INTENT

    say("Stopped. What was published before stands.")
    if (_home(options) / "data" / INTENT).exists():
        say("An erasure was begun and has not ended; what is left is done by: workbench erase")
    return 130


def _forget_output() -> None:
    """Let nobody write to standard output any more: Python would complain once more when it closes the stream."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _folders(options: argparse.Namespace) -> str:
    """Where a command writes, for an error that names no file."""
    return f"{_home(options)} or {tempfile.gettempdir()}"


def _home(options: argparse.Namespace) -> Path:
    return Path(getattr(options, "home", None) or os.environ.get("WORKBENCH_HOME") or ".").resolve()
