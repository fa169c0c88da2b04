"""Changes of inputs by name, and scenarios: named sets of inputs that are kept in a file."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..errors import UsageError, nearest
from .whatif import BY_NAME, Inputs

_FORMAT = "workbench what-if 1"


def changes(given: Iterable[str]) -> dict[str, float]:
    """`posts_per_day=4` and the like as numbers. All that is wrong with them is said at once."""
    pairs = [text.partition("=") for text in given]
    wrong = [f"'{name}' is not NAME=VALUE, such as posts_per_day=4." for name, sign, _ in pairs if not sign]
    names = [name.strip() for name, sign, _ in pairs if sign]
    wrong += [
        f"{name} is given twice. Give it once." for name in dict.fromkeys(names) if names.count(name) > 1
    ]
    return checked({n.strip(): v for n, sign, v in pairs if sign}, wrong=wrong)


def checked(values: Mapping[str, Any], *, where: str = "", wrong: Iterable[str] = ()) -> dict[str, float]:
    """The values as numbers that the inputs can take; a fraction may be written as 30%.

    Raises UsageError that names everything that is wrong, with what was already found `wrong`.
    """
    found, errors = {}, list(wrong)
    for name, value in values.items():
        if name not in BY_NAME:
            errors.append(f"There is no input '{name}'.{nearest(name, BY_NAME)}")
            continue
        number, error = _number(name, value)
        found[name] = number
        if error:
            errors.append(f"{name} = {value}: {error}")
    if errors:
        if any("no input" in e for e in errors):
            errors.append(f"Inputs: {', '.join(BY_NAME)}.")
        raise UsageError("\n".join(([where] if where else []) + errors))
    return found


def saved(scenarios: Mapping[str, Inputs], file: Path, *, currency: str, period: str) -> None:
    """Write scenarios to a JSON file that `loaded` and `workbench whatif --scenario` read."""
    told = {
        "format": _FORMAT,
        "currency": currency,
        "today_is": period,
        "scenarios": {name: inputs.values() for name, inputs in scenarios.items()},
    }
    try:
        file.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as e:
        raise UsageError(f"{file} can't be written: {e.strerror}. Name a file in a folder of yours.") from e


def loaded(file: Path, today: Inputs, *, currency: str) -> dict[str, Inputs]:
    """The scenarios of a file; inputs that one does not name are today's.

    Raises UsageError for a file that holds no scenarios, for one in another currency, and for inputs and
    values that can't stand.
    """
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except OSError as e:
        raise UsageError(
            f"{file} can't be read: {e.strerror}. Name a file that a scenario was saved to."
        ) from e
    except ValueError as e:
        raise UsageError(f"{file} is not JSON: {e}. Name a file that a scenario was saved to.") from e
    held = told.get("scenarios") if isinstance(told, dict) and told.get("format") == _FORMAT else None
    if not isinstance(held, dict) or not held or not all(isinstance(v, dict) for v in held.values()):
        raise UsageError(
            f'{file} holds no scenarios. A file of scenarios has "format": "{_FORMAT}" and, under '
            '"scenarios", inputs by name: {"more posts": {"posts_per_day": 8}}.'
        )
    if told.get("currency", currency) != currency:
        raise UsageError(
            f"{file} is in {told['currency']}, but the reporting currency is {currency}. Amounts of two "
            "currencies are never compared: save the scenarios again, or set reporting_currency."
        )
    return {
        str(name): today.changed(checked(values, where=f"{file}, scenario '{name}':"))
        for name, values in held.items()
    }


def _number(name: str, value: Any) -> tuple[float, str]:
    """The number that a text stands for, and what is wrong with it."""
    about = BY_NAME[name]
    text = str(value).strip()
    scale = 100.0 if text.endswith("%") and about.unit == "fraction" else 1.0
    try:
        number = math.nan if isinstance(value, bool) else float(text.removesuffix("%") if scale > 1 else text)
    except ValueError:
        number = math.nan
    number /= scale
    if not math.isfinite(number):
        return 0.0, f"not a number such as {about.assumed:g}."
    if number < 0:
        return 0.0, "less than nothing. 0 is the least."
    if about.most is not None and number > about.most:
        return 0.0, "a share is at most 1. Write 30 % as 0.3 or 30%."
    if about.is_whole and number != int(number):
        return 0.0, "not a whole number."
    return number, ""
