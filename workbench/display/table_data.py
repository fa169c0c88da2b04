"""What a table shows, as data beside its HTML: files and workbooks are made of it, from the executed notebook alone.

It holds the rows that are shown and nothing else: text cut as it is shown, no picture, figures to 12 digits, which are
the same however many threads added them up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from ..columns import COLUMNS
from .escaping import address, plain, readable
from .headings import Heading
from .numbers import in_unit, is_missing

MIME = "application/vnd.workbench.table+json"
"""A notebook's output type that nothing draws: JupyterLab, a page and a mail take the HTML beside it."""
FORMAT = 1
_DIGITS = 12
_LONGEST_ADDRESS = 2_000
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UBIGINT", "HUGEINT")
_SIMPLE = ("BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP", "DECIMAL(18,4)", "VARCHAR")
_MOST = 2**63


class WithTables:
    """Something to look at that holds tables; it leaves the notebook as HTML, as text and as data."""

    def tables_shown(self) -> list[dict[str, Any]]:
        """Each table that is shown, as data (see `table_data`)."""
        raise NotImplementedError

    def _repr_html_(self) -> str:
        raise NotImplementedError

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle: dict[str, Any] = {"text/html": self._repr_html_(), "text/plain": readable(repr(self))}
        if tables := self.tables_shown():
            bundle[MIME] = {"format": FORMAT, "tables": tables}
        return bundle


def tables_of(shown: Sequence[Any]) -> list[dict[str, Any]]:
    """The tables of several things that are shown together."""
    return [t for each in shown if isinstance(each, WithTables) for t in each.tables_shown()]


def table_data(
    columns: Sequence[tuple[Heading, Sequence[Any]]],
    *,
    kind: str = "table",
    caption: str = "",
    note: str = "",
    n_rows: int | None = None,
    missing: Sequence[str] = (),
) -> dict[str, Any]:
    """A table as JSON can hold it: columns with name, label, unit, sentence, version and SQL type, and rows.

    Dates and instants (UTC) are ISO texts, sums of money texts with their digits, NULL is null. `n_rows` tells how
    many rows there are where not all are shown, `missing` why a value of a column may be absent.
    """
    described, encoded = [], []
    for number, (about, values) in enumerate(columns):
        kind_of, cells = typed(values, about.name)
        reason = missing[number] if number < len(missing) and any(c is None for c in cells) else ""
        described.append(
            {
                "name": about.name,
                "label": plain(about.label),
                "unit": about.unit,
                "sentence": about.sentence,
                "version": about.version,
                "type": kind_of,
                **({"missing": plain(reason)} if reason else {}),
            }
        )
        encoded.append(cells)
    rows = [list(row) for row in zip(*encoded, strict=True)]
    return {
        "kind": kind,
        "caption": plain(caption, longest=1_000),
        "note": plain(note, longest=2_000),
        "n_rows": len(rows) if n_rows is None else n_rows,
        "columns": described,
        "rows": rows,
    }


def typed(values: Sequence[Any], name: str = "") -> tuple[str, list[Any]]:
    """A column's SQL type, by its values and else by the registry, and its values as JSON can hold them."""
    known = [v for v in values if not is_missing(v)]
    registered = COLUMNS[name].dtype if name in COLUMNS else ""
    kind = _kind(known, registered) if known else registered if registered in _SIMPLE else "VARCHAR"
    return kind, [None if is_missing(v) else _encoded(v, kind) for v in values]


def _kind(known: list[Any], registered: str) -> str:
    if all(_is_list(v) for v in known):
        return f"{_kind([x for v in known for x in v if not is_missing(x)] or [''], '')}[]"
    if all(_is_bool(v) for v in known):
        return "BOOLEAN"
    if all(isinstance(v, datetime) for v in known):
        midnight = registered == "DATE" and all((v.hour, v.minute, v.second) == (0, 0, 0) for v in known)
        return "DATE" if midnight else "TIMESTAMP"
    if all(isinstance(v, date) and not isinstance(v, datetime) for v in known):
        return "DATE"
    if all(isinstance(v, Decimal) for v in known):
        return _decimal(known, registered)
    if all(isinstance(v, timedelta) for v in known):
        return "DOUBLE"
    if any(isinstance(v, str) or _is_bool(v) or not hasattr(v, "__float__") for v in known):
        return "VARCHAR"
    integral = all(float(v).is_integer() and abs(v) < _MOST for v in known)
    if integral and (registered in _WHOLE or all(hasattr(v, "__index__") for v in known)):
        return "BIGINT"
    return "DOUBLE"


def _decimal(known: list[Decimal], registered: str) -> str:
    scale = max(0, *(-int(v.as_tuple().exponent) for v in known if v.is_finite()), 0)
    digits = max(v.adjusted() + 1 + scale for v in known)
    if registered.startswith("DECIMAL(18,4)") and scale <= 4 and digits <= 18:
        return "DECIMAL(18,4)"
    return f"DECIMAL({max(18, digits)},{scale})" if digits <= 38 and scale <= 38 else "DOUBLE"


def _encoded(value: Any, kind: str) -> Any:
    if kind.endswith("[]"):
        cells = [None if is_missing(v) else _encoded(v, kind[:-2]) for v in value]
        return sorted(cells, key=str) if isinstance(value, set) else cells
    if kind == "VARCHAR":
        text = in_unit(value)
        # Pictures stand beside a text, which is what a file can hold.
        if text.startswith("data:image/"):
            return None
        return plain(text, longest=_LONGEST_ADDRESS) if address(text) else plain(text)
    if kind == "BOOLEAN":
        return bool(value)
    if kind == "BIGINT":
        return int(value)
    if kind == "DATE":
        return (value.date() if isinstance(value, datetime) else value).isoformat()
    if kind == "TIMESTAMP":
        at = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        return at.isoformat(timespec="seconds")
    if kind.startswith("DECIMAL"):
        return f"{value:f}"
    number = value.total_seconds() / 3600 if isinstance(value, timedelta) else float(value)
    if not math.isfinite(number):
        return "Infinity" if number > 0 else "-Infinity"
    return float(f"{number:.{_DIGITS}g}")


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple | set) or type(value).__name__ == "ndarray"


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool) or type(value).__name__ in ("bool_", "bool")
