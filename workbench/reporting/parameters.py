"""What a notebook lets its user choose, read from its `parameters` cell and checked before anything runs.

Each line of the cell is `name: type = default  # unit and meaning [what is allowed]`, which Papermill reads too.
What is allowed is a range (`[1 to 26]`, `[0 or more]`, `[100 or less]`, of dates and weeks too), a choice
(`[120 | settled]`), or a column of the warehouse whose values can be chosen (`[accounts.platform]`). Values come from
a command line as text and are turned into the declared type here.
"""

from __future__ import annotations

import ast
import io
import json
import math
import re
import tokenize
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from ..errors import UsageError, WorkbenchError, nearest
from .allowed import Allowed, allowed
from .notebook import read
from .weeks import monday

Choices = Callable[[str], Sequence[str]]
"""`table.column` -> the values that are in it, in order. UsageError where there is no such column."""

_LISTED = 12
"""Values that are listed where none of them was given."""
_KINDS = ("int", "float", "str", "bool", "list")
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


@dataclass(frozen=True)
class Parameter:
    """One line of a notebook's parameters cell."""

    name: str
    kind: str
    """int, float, str, bool, list, date (YYYY-MM-DD) or week (YYYY-Www)."""
    default: Any
    help: str = ""
    optional: bool = False
    """May be None."""
    items: str = "str"
    """What a list holds."""
    allowed: Allowed = field(default_factory=Allowed)
    """Which values of the type may be given."""

    @property
    def wanted(self) -> str:
        """What may be given, in words."""
        if self.allowed.choices:
            return self.allowed.spelled
        return " ".join(filter(None, [self._kind_wanted, self.allowed.spelled]))

    @property
    def is_open(self) -> bool:
        """Whether an empty text may be given: it stands for everything."""
        return self.optional or self.default == ""

    @property
    def _kind_wanted(self) -> str:
        return {
            "int": "a whole number",
            "float": "a number",
            "bool": "true or false",
            "list": "a list such as a,b,c",
            "date": "a date such as 2025-09-29",
            "week": "an ISO week such as 2025-W40",
        }.get(self.kind, "text")


def declared(notebook: Path) -> dict[str, Parameter]:
    """The parameters of a notebook by name, in the order of its cell; none without such a cell."""
    cells = [
        c
        for c in read(notebook).cells
        if "parameters" in c.metadata.get("tags", []) and c.cell_type == "code"
    ]
    return _read(cells[0].source, notebook.stem) if cells else {}


def checked(
    given: Mapping[str, str],
    known: Mapping[str, Mapping[str, Parameter]],
    choices: Choices | None = None,
) -> dict[str, dict[str, Any]]:
    """Given values by notebook, in their declared types; each goes to the notebooks that declare it.

    Parameters
    ----------
    given
        Name -> text, as on the command line.
    known
        Notebook -> what it declares, for every notebook that is about to run.
    choices
        The values that the data have; without it, what has to be one of them is taken as it is.

    Raises
    ------
    UsageError
        With every problem at once: names that no notebook declares, values of a wrong type, out of range, or that
        the data don't have.
    """
    values, problems = looked_at(given, known, choices)
    if problems:
        raise UsageError("\n".join(problems) + " Nothing was run.")
    return values


def looked_at(
    given: Mapping[str, str],
    known: Mapping[str, Mapping[str, Parameter]],
    choices: Choices | None = None,
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """`checked`, with the problems instead of an error."""
    values: dict[str, dict[str, Any]] = {name: {} for name in known}
    unknown: list[str] = []
    wrong: dict[tuple[str, str], list[str]] = {}
    for name, text in given.items():
        takers = [n for n, parameters in known.items() if name in parameters]
        if not takers:
            unknown.append(_unknown(name, known))
        for taker in takers:
            parameter = known[taker][name]
            try:
                values[taker][name] = found = converted(parameter, text)
                _refuse_what_is_not_there(parameter, found, choices)
            except ValueError as e:
                more = f" ({e})" if str(e) else ""
                what = f"wants {parameter.wanted}, not '{text}'{more}."
                wrong.setdefault((name, what), []).append(taker)
    # The notebooks mostly want the same of a name: it is said once.
    said = [f"parameter '{name}' of {_named(of, len(known))} {what}" for (name, what), of in wrong.items()]
    return values, unknown + said


def _named(notebooks: Sequence[str], n_all: int) -> str:
    if len(notebooks) == n_all > 1:
        return "all notebooks"
    return f"notebook{'s' if len(notebooks) > 1 else ''} {', '.join(notebooks)}"


def _refuse_what_is_not_there(parameter: Parameter, value: Any, choices: Choices | None) -> None:
    column = parameter.allowed.column
    if not column or choices is None:
        return
    try:
        there = choices(column)
    except UsageError as e:
        raise ValueError(str(e)) from e
    for each in value if isinstance(value, list) else [value]:
        if each not in (None, "") and str(each) not in there:
            listed = (
                f"There are: {', '.join(there)}" if 0 < len(there) <= _LISTED else f"There are {len(there):,}"
            )
            raise ValueError(f"not in the data.{nearest(str(each), there)} {listed}")


def converted(parameter: Parameter, text: str) -> Any:
    """One value in its declared type. ValueError, with the reason if it isn't plain, where it is not one."""
    if parameter.optional and text.strip().lower() in ("none", ""):
        return None
    value = _value(parameter.kind, text, parameter.items)
    if value != "" or not parameter.is_open:
        for each in value if isinstance(value, list) else [value]:
            if not parameter.allowed.holds(each):
                raise ValueError("")
    return value


def given_on_command_line(arguments: Iterable[str]) -> dict[str, str]:
    """`name=value` arguments as a dict. UsageError with all that have no name, no `=`, or come twice."""
    given: dict[str, str] = {}
    problems: list[str] = []
    for argument in arguments:
        name, equals, value = argument.partition("=")
        name = name.strip()
        if not equals or not name:
            problems.append(f"-p {argument!r} is not of the form name=value. Write -p min_views=100.")
        elif name in given:
            problems.append(f"-p {name} is given twice ({given[name]!r} and {value!r}). Give it once.")
        else:
            given[name] = value
    if problems:
        raise UsageError("\n".join(problems) + " Nothing was run.")
    return given


def _value(kind: str, text: str, items: str) -> Any:
    match kind:
        case "int":
            if re.fullmatch(r"[+-]?\d+(_\d+)*", text.strip()) is None:
                raise ValueError("")
            return int(text)
        case "float":
            try:
                number = float(text)
            except ValueError:
                raise ValueError("") from None
            if not math.isfinite(number):
                raise ValueError("it has to be finite")
            return number
        case "bool":
            word = text.strip().lower()
            if word not in _TRUE + _FALSE:
                raise ValueError("")
            return word in _TRUE
        case "date":
            if re.fullmatch(r"\d{4}-\d\d-\d\d", text.strip()) is None:
                raise ValueError("")
            return date.fromisoformat(text.strip()).isoformat()
        case "week":
            try:
                monday(text.strip())
            except UsageError as e:
                raise ValueError(str(e).rstrip(".")) from e
            return text.strip()
        case "list":
            return [_value(items, t, "str") for t in _parts(text)]
        case _:
            return text


def _parts(text: str) -> list[str]:
    if text.lstrip().startswith("["):
        try:
            return [str(v) for v in json.loads(text)]
        except json.JSONDecodeError as e:
            raise ValueError(f"not valid JSON: {e.msg}") from e
    return [t.strip() for t in text.split(",") if t.strip()]


def _unknown(name: str, known: Mapping[str, Mapping[str, Parameter]]) -> str:
    names = list(dict.fromkeys(p for parameters in known.values() for p in parameters))
    if len(known) == 1:
        who, what = f"notebook {next(iter(known))} has no parameter", "It declares"
    else:
        who, what = "none of the notebooks has a parameter", "They declare"
    listed = f"{what}: {', '.join(names)}." if names else f"{what} no parameters."
    return f"{who} '{name}'.{nearest(name, names)}\n{listed}"


def _read(source: str, notebook: str) -> dict[str, Parameter]:
    try:
        tree = ast.parse(source)
        comments = {
            t.start[0]: t.string.lstrip("# ").strip()
            for t in tokenize.generate_tokens(io.StringIO(source).readline)
            if t.type == tokenize.COMMENT
        }
    except (SyntaxError, tokenize.TokenError) as e:
        raise WorkbenchError(
            f"The parameters cell of notebook {notebook} is not valid Python: {e}. Mend it."
        ) from e
    found: dict[str, Parameter] = {}
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            name, annotation, value = (
                node.target.id,
                ast.unparse(node.annotation),
                node.value,
            )
        elif (
            isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)
        ):
            name, annotation, value = node.targets[0].id, "", node.value
        else:
            raise WorkbenchError(
                f"Line {node.lineno} of the parameters cell of notebook {notebook} is no parameter: "
                f"'{ast.unparse(node)}'. "
                "Write `name: type = default  # unit and meaning`, and the rest in another cell."
            )
        try:
            default = ast.literal_eval(value)
        except ValueError as e:
            raise WorkbenchError(
                f"The default of parameter '{name}' of notebook {notebook} is computed: "
                f"'{ast.unparse(value)}'. Write a plain value, so that it can be checked without running it."
            ) from e
        about = comments.get(node.end_lineno or node.lineno, "")
        try:
            found[name] = _parameter(name, annotation, default, about)
        except ValueError as e:
            raise WorkbenchError(f"Parameter '{name}' of notebook {notebook}: {e}") from e
    return found


def _parameter(name: str, annotation: str, default: Any, about: str) -> Parameter:
    words = re.findall(r"\w+", annotation.replace("Optional", "None "))
    optional = "None" in words or default is None
    kinds = [w for w in words if w in _KINDS]
    kind = kinds[0] if kinds else type(default).__name__
    items = kinds[1] if kind == "list" and len(kinds) > 1 else "str"
    if kind == "str":
        kind = _kind_of_text(name, str(default or ""))
    kind = kind if kind in (*_KINDS, "date", "week") else "str"
    found = Parameter(
        name, kind, default, about, optional, items, allowed(about, items if kind == "list" else kind)
    )
    for each in default if isinstance(default, list) else [default]:
        try:
            holds = each in (None, "") or found.allowed.holds(each)
        except TypeError:  # a text can't be compared with a number
            holds = False
        if not holds:
            raise ValueError(f"its default {each!r} is not {found.wanted}. Mend one of the two.")
    return found


def _kind_of_text(name: str, default: str) -> str:
    """Weeks and dates are text in a notebook; their name or their default tells which."""
    if re.fullmatch(r"\d{4}-W\d\d", default) or name == "week" or name.endswith("_week"):
        return "week"
    if re.fullmatch(r"\d{4}-\d\d-\d\d", default) or name.endswith("_on"):
        return "date"
    return "str"
