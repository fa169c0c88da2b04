"""What was delivered to whom: a line of JSON for each step, on the disk before the step is taken.

A file and not a table of the warehouse, because sending must work while a load holds the warehouse, and
a line that is on the disk survives whatever ends the process after it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import filelock

from ...errors import WorkbenchError

State = Literal["due", "made", "handing over", "sent", "refused", "failed", "uncertain", "published"]
"""`handing over`: a mail's text is about to leave. Where that is the last line, nobody knows whether it arrived."""

DONE = ("sent", "published")
UNKNOWN = ("handing over", "uncertain")


@dataclass(frozen=True)
class Line:
    """One step of one delivery."""

    set: str
    """Key of the set."""
    to: str
    """An address, the place that it was published to, or the file of reports that were made; empty for the set as a
    whole."""
    state: State
    at: str
    detail: str = ""
    n_earlier: int = 0
    """How often the set was sent there before."""


class Ledger:
    """The record. One process at a time may hold it; all may read it."""

    def __init__(self, data: Path) -> None:
        self.file = data / "delivery" / "deliveries.jsonl"

    @contextmanager
    def held(self, seconds: float) -> Iterator[None]:
        """Nobody else sends or publishes meanwhile, so that no two runs send one thing."""
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = filelock.FileLock(self.file.with_suffix(".lock"), timeout=seconds, mode=0o600)
        try:
            lock.acquire()
        except filelock.Timeout as e:
            raise WorkbenchError(
                f"Another run has been sending or publishing for over {seconds:g} s. Nothing was sent. "
                "Try again when it has ended."
            ) from e
        try:
            yield
        finally:
            lock.release()

    def write(self, key: str, to: str, state: State, detail: str = "", n_earlier: int = 0) -> None:
        """Note a step; it is on the disk when this returns."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        text = json.dumps(asdict(Line(key, to, state, at, detail, n_earlier)), ensure_ascii=False)
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            # A process that was killed may have left half a line, which must not swallow this one.
            torn = size and os.pread(descriptor, 1, size - 1) != b"\n"
            os.write(descriptor, (("\n" if torn else "") + text + "\n").encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def lines(self) -> list[Line]:
        """All steps in order; what is no whole line is passed over."""
        try:
            text = self.file.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return []
        found = []
        for row in text.split("\n"):
            try:
                found.append(Line(**json.loads(row)))
            except (ValueError, TypeError):
                continue
        return found

    def last(self, key: str) -> dict[str, Line]:
        """Where to -> the last step of a set."""
        return {line.to: line for line in self.lines() if line.set == key}
