"""Figures as people read them: 1.2M, 4.3 %, +12 %, 36 h, 6 Oct 2025, and a dash for what isn't known.

A missing figure is a dash and never a 0: the two mean different things to whoever decides by them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

DASH = "\N{EN DASH}"
_MINUS = "\N{MINUS SIGN}"
_SPACE = "\N{NO-BREAK SPACE}"


def is_missing(value: object) -> bool:
    """True for None, NaN, and what pandas writes for them."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float | Decimal) and math.isnan(value)


def whole(value: Any) -> str:
    """1,234,567."""
    return DASH if is_missing(value) else _sign(f"{round(value):,}")


def figure(value: Any, *, decimals: int | None = None) -> str:
    """Three significant digits, more where they stand before the point: 0.0123, 4.56, 1,234.

    With `decimals`, that many; but never so few that something small is shown as 0.
    """
    if is_missing(value):
        return DASH
    number = float(value)
    if not math.isfinite(number):
        return _sign("∞" if number > 0 else "-∞")
    if number == 0:
        return f"{0:.{decimals or 0}f}"
    if decimals is not None and float(f"{number:.{decimals}f}") != 0:
        return _sign(f"{number:,.{decimals}f}")
    digits = max(0, min(6, 2 - math.floor(math.log10(abs(number)))))
    text = f"{number:,.{digits}f}"
    return _sign(text.rstrip("0").rstrip(".") if "." in text else text)


def shared_decimals(values: Iterable[Any]) -> int:
    """How many decimals a column of figures needs for three significant digits of its largest."""
    known = [abs(float(v)) for v in values if not is_missing(v) and math.isfinite(float(v))]
    if all(v.is_integer() for v in known) or max(known) == 0:
        return 0
    return max(0, min(3, 2 - math.floor(math.log10(max(known)))))


def compact(value: Any) -> str:
    """2,478, 12.3k, 1.2M, 4.1B: for tiles and sentences, where digits past the third decide nothing.

    Below 10,000 all digits stay: 2.5k after 2.7k would hide most of a change.
    """
    if is_missing(value):
        return DASH
    number = float(value)
    if 1_000 <= abs(number) < 9_999.5:
        return whole(number)
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        # 999,950 must become 1M, not 1000k.
        if abs(number) >= size * 0.99995:
            scaled = number / size
            text = f"{scaled:.0f}" if abs(scaled) >= 99.95 else f"{scaled:.1f}".removesuffix(".0")
            return _sign(text + letter)
    return figure(number) if number != round(number) else whole(number)


def percent(fraction: Any, *, digits: int = 1, signed: bool = False) -> str:
    """A fraction as a percentage: 0.043 is 4.3 %."""
    if is_missing(fraction):
        return DASH
    scaled = float(fraction) * 100
    places = digits if abs(scaled) < 99.95 else 0
    text = f"{scaled:+,.{places}f}" if signed else f"{scaled:,.{places}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("+-")
    return f"{_sign(text)}{_SPACE}%"


def change(now: Any, before: Any) -> str:
    """How much more or less than before, signed: +12 %. A dash where there is nothing to divide by."""
    fraction = relative_change(now, before)
    if fraction is None:
        return DASH
    return percent(fraction, digits=0 if abs(fraction) >= 0.0995 else 1, signed=True)


def relative_change(now: Any, before: Any) -> float | None:
    """(now - before) / |before|; None where one is unknown or before is 0."""
    if is_missing(now) or is_missing(before) or float(before) == 0:
        return None
    return (float(now) - float(before)) / abs(float(before))


def multiple(value: Any, *, decimals: int | None = None) -> str:
    """1.3 is 1.30×: times the usual. Two decimals under 10, so that neighbours can be compared by eye."""
    if is_missing(value):
        return DASH
    places = 2 if decimals is None and abs(float(value)) < 9.995 else decimals
    return f"{figure(value, decimals=places)}×"


def beside(value: float, low: float, high: float) -> str:
    """`below`, `within` or `above` a range; what is a fifth of a percent from an end still lies within."""
    room = 0.002 * max(abs(low), abs(high))
    return "below" if value < low - room else "above" if value > high + room else "within"


def money(amount: Any, currency: str = "") -> str:
    """1,234.50 USD; thousands and more without cents."""
    if is_missing(amount):
        return DASH
    text = f"{amount:,.0f}" if abs(amount) >= 10_000 else f"{amount:,.2f}"
    return _sign(text) + (f"{_SPACE}{currency}" if currency else "")


def duration(hours: Any) -> str:
    """A length of time from hours: 45 min, 36 h, 3.5 days."""
    if is_missing(hours):
        return DASH
    number = float(hours)
    if abs(number) < 1:
        return _sign(f"{number * 60:.0f}{_SPACE}min")
    if abs(number) < 72:
        return f"{figure(round(number, 1))}{_SPACE}h"
    return f"{figure(round(number / 24, 1))}{_SPACE}days"


def day(value: Any) -> str:
    """6 Oct 2025."""
    return DASH if is_missing(value) else f"{value.day}{_SPACE}{value:%b}{_SPACE}{value.year}"


def instant(value: Any) -> str:
    """6 Oct 2025, 04:00 UTC. Naive instants are UTC, as everywhere in the warehouse."""
    if is_missing(value):
        return DASH
    at: datetime = value.astimezone(UTC) if value.tzinfo else value
    return f"{day(at)}, {at:%H:%M}{_SPACE}UTC"


def counted(n: Any, one: str, many: str = "") -> str:
    """1 post, 1,234 posts, no posts; `many` where an s isn't the plural."""
    if is_missing(n):
        return f"{DASH} {many or one + 's'}"
    number = "no" if n == 0 else whole(n)
    return f"{number} {one if n == 1 else many or one + 's'}"


def in_unit(
    value: Any,
    unit: str | None = None,
    *,
    short: bool = False,
    signed: bool = False,
    decimals: int | None = None,
) -> str:
    """A value as text by its unit (see the registry of columns) and its type.

    `short` gives 1.2M for 1,234,567; `decimals` makes the figures of a column alike. Text stays as it
    is: escaping is the caller's.
    """
    if is_missing(value):
        return DASH
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, timedelta):
        return duration(value.total_seconds() / 3600)
    if isinstance(value, list | tuple | set) or type(value).__name__ == "ndarray":
        return ", ".join(in_unit(v) for v in value)
    if unit == "fraction":
        return percent(value, signed=signed)
    if unit in ("multiple", "times", "ratio", "x"):
        return multiple(value, decimals=decimals)
    if isinstance(value, Decimal):
        return money(value)
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value)
    if short:
        return compact(number)
    if number.is_integer() and not decimals:
        return whole(number)
    return figure(number, decimals=decimals)


def _sign(text: str) -> str:
    return text.replace("-", _MINUS, 1) if text.startswith("-") else text
