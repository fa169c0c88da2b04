"""What a parameter may be beyond its type: a range, some choices, or what a column of the warehouse holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_BOUND = r"[-+]?[\w.:-]+"


@dataclass(frozen=True)
class Allowed:
    """Bounds are included; nothing given: everything is allowed."""

    least: Any = None
    most: Any = None
    choices: tuple[Any, ...] = ()
    column: str = ""
    """`table.column`: any value that is in it."""

    def holds(self, value: Any) -> bool:
        """Whether a value of the right type is allowed, as far as that can be told without the data."""
        if self.choices:
            return value in self.choices
        above = self.least is None or value >= self.least
        return bool(above and (self.most is None or value <= self.most))

    @property
    def spelled(self) -> str:
        """`from 1 to 26`, `of 0 or more`, `one of a, b`; empty where everything is allowed."""
        if self.choices:
            return f"one of {', '.join(map(str, self.choices))}"
        if self.column:
            return f"that is among {self.column}"
        if self.least is None and self.most is None:
            return ""
        if self.most is None:
            return f"of {self.least} or more"
        return f"of {self.most} or less" if self.least is None else f"from {self.least} to {self.most}"


def allowed(comment: str, kind: str) -> Allowed:
    """What the brackets at the end of a parameter's comment say.

    One plain word in brackets, such as `[views]`, is a unit and allows everything. ValueError, with what to write,
    where brackets say what can't be.
    """
    found = re.search(r"\[([^\[\]]+)\]\s*$", comment)
    if found is None:
        return Allowed()
    said = found[1].strip()
    if "|" in said:
        return Allowed(choices=tuple(_value(part, kind, said) for part in said.split("|")))
    if both := re.fullmatch(rf"({_BOUND}) to ({_BOUND})", said):
        least, most = (_value(b, kind, said) for b in both.groups())
        if least > most:
            raise ValueError(f"[{said}] ends before it begins. Write the smaller one first.")
        return Allowed(least, most)
    if one := re.fullmatch(rf"({_BOUND}) or (more|less)", said):
        bound = _value(one[1], kind, said)
        return Allowed(least=bound) if one[2] == "more" else Allowed(most=bound)
    if re.fullmatch(r"[a-z_]\w*\.[a-z_]\w*", said):
        return Allowed(column=said)
    if re.fullmatch(r"[^\W\d]+", said):
        return Allowed()
    raise ValueError(
        f"[{said}] is no range and no choice. Write [1 to 26], [0 or more], [a | b] or [accounts.platform]."
    )


def _value(text: str, kind: str, said: str) -> Any:
    text = text.strip()
    pattern = {
        "int": r"[-+]?\d+",
        "float": r"[-+]?\d+(\.\d+)?",
        "date": r"\d{4}-\d\d-\d\d",
        "week": r"\d{4}-W\d\d",
    }
    if kind in pattern and re.fullmatch(pattern[kind], text) is None:
        raise ValueError(f"[{said}] does not fit its type: '{text}' is no {kind}.")
    return {"int": int, "float": float}.get(kind, str)(text)
