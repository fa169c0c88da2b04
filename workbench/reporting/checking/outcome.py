"""What a check found: one line for each thing that a report asks of a notebook."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Status = Literal["ok", "advice", "failed", "skipped"]
STATUSES: tuple[Status, ...] = ("ok", "advice", "failed", "skipped")


@dataclass(frozen=True)
class Check:
    """One check's line."""

    name: str
    status: Status
    says: str
    """What was found."""
    do: str = ""
    """What to do about it."""


@dataclass(frozen=True)
class Checked:
    """A notebook, and what was found of it."""

    notebook: str
    checks: tuple[Check, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        return not self.failed

    @property
    def failed(self) -> tuple[Check, ...]:
        return tuple(c for c in self.checks if c.status == "failed")

    def as_json(self) -> dict[str, Any]:
        lines = [{"check": c.name, "status": c.status, "says": c.says, "do": c.do} for c in self.checks]
        return {"notebook": self.notebook, "passed": self.passed, "checks": lines, "seconds": self.seconds}


def of(name: str, problems: list[tuple[str, str]], fine: str, *, otherwise: Status = "failed") -> Check:
    """A check of several things: `fine` where there is no problem, else all of them (what, what to do) in a line."""
    if not problems:
        return Check(name, "ok", fine)
    says, todo = zip(*problems, strict=True)
    return Check(name, otherwise, " ".join(says), " ".join(dict.fromkeys(t for t in todo if t)))
