"""Errors that a person caused and a person can mend."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class WorkbenchError(Exception):
    """Something went wrong; the message says what was found, why it can't stand and what to do.

    Printed without a traceback. `exit_code` is 1: the work failed.
    """

    exit_code = 1


class UsageError(WorkbenchError):
    """What was asked for is wrong: a name, a value, a file of a kind nobody reads. Exit code 2."""

    exit_code = 2


class SourceError(WorkbenchError):
    """A file can't be read right, and is therefore not read at all. Exit code 1."""


def nearest(word: str, known: Iterable[str]) -> str:
    """` Did you mean 'x'?` for the known word most like this one, or an empty string."""
    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.5)
    return f" Did you mean '{close[0]}'?" if close else ""
