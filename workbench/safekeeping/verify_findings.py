"""What verifying finds: where, what, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

GRAVE, LOW = "grave", "low"

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be."""

    what: str
    """What kind of damage, in a word or two: the same word for the same kind."""
    where: str
    """The file, table or row."""
    found: str
    remedy: str
    severity: str = GRAVE
    """`grave`: data are lost or wrong; `low`: nothing is lost, somebody should look."""

    def __str__(self) -> str:
        return f"{self.severity}: {self.what}: {self.where}: {self.found} {self.remedy}"


def one_line(error: BaseException, most: int = 200) -> str:
    """An error's text on one line, cut."""
    text = " ".join(str(error).split())
    return text if len(text) <= most else text[:most] + "..."
