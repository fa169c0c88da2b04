"""What a notebook lets its user choose, read from its `parameters` cell and checked before anything runs.

Each line of the cell is `name: type = default  # unit and meaning` (style.md, 14), which Papermill reads
too. Values come from a command line as text and are turned into the declared type here.
"""

from __future__ import annotations

import ast
import io
import json
import math
import re
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ..errors import UsageError, WorkbenchError, nearest
from .notebook import read
from .weeks import monday

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

    @property
    def wanted(self) -> str:
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
    given: Mapping[str, str], known: Mapping[str, Mapping[str, Parameter]]
) -> dict[str, dict[str, Any]]:
    """Given values by notebook, in their declared types; each goes to the notebooks that declare it.

    Parameters
    ----------
    given
        Name -> text, as on the command line.
    known
        Notebook -> what it declares, for every notebook that is about to run.

    Raises
    ------
    UsageError
        With every problem at once: names that no notebook declares, values of a wrong type.
    """
    problems: list[str] = []
    values: dict[str, dict[str, Any]] = {name: {} for name in known}
    for name, text in given.items():
        takers = [n for n, parameters in known.items() if name in parameters]
        if not takers:
            problems.append(_unknown(name, known))
        for taker in takers:
            parameter = known[taker][name]
            try:
                values[taker][name] = converted(parameter, text)
            except ValueError as e:
                problem = f"parameter '{name}' of notebook {taker} wants {parameter.wanted}, not '{text}'"
                problems.append(f"{problem}{f' ({e})' if str(e) else ''}.")
    if problems:
        raise UsageError("\n".join(problems) + " Nothing was run.")
    return values


def converted(parameter: Parameter, text: str) -> Any:
    """One value in its declared type. ValueError, with the reason if it isn't plain, where it is not one."""
    if parameter.optional and text.strip().lower() in ("none", ""):
        return None
    return _value(parameter.kind, text, parameter.items)


def given_on_command_line(arguments: Iterable[str]) -> dict[str, str]:
    """`name=value` arguments as a dict. UsageError where one has no name, no `=`, or comes twice."""
    given: dict[str, str] = {}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        name = name.strip()
        if not equals or not name:
            raise UsageError(f"-p {argument!r} is not of the form name=value. Write -p min_views=100.")
        if name in given:
            raise UsageError(f"-p {name} is given twice ({given[name]!r} and {value!r}). Give it once.")
        given[name] = value
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
        found[name] = _parameter(name, annotation, default, comments.get(node.end_lineno or node.lineno, ""))
    return found


def _parameter(name: str, annotation: str, default: Any, about: str) -> Parameter:
    words = re.findall(r"\w+", annotation.replace("Optional", "None "))
    optional = "None" in words or default is None
    kinds = [w for w in words if w in _KINDS]
    kind = kinds[0] if kinds else type(default).__name__
    items = kinds[1] if kind == "list" and len(kinds) > 1 else "str"
    if kind == "str":
        kind = _kind_of_text(name, str(default or ""))
    return Parameter(
        name,
        kind if kind in (*_KINDS, "date", "week") else "str",
        default,
        about,
        optional,
        items,
    )


def _kind_of_text(name: str, default: str) -> str:
    """Weeks and dates are text in a notebook; their name or their default tells which."""
    if re.fullmatch(r"\d{4}-W\d\d", default) or name == "week" or name.endswith("_week"):
        return "week"
    if re.fullmatch(r"\d{4}-\d\d-\d\d", default) or name.endswith("_on"):
        return "date"
    return "str"
