"""Revenue and costs as people keep them in a spreadsheet (CSV). docs/money_files.md has the columns."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
from ibis import _

from ..errors import UsageError
from ..settings import PLATFORMS
from .base import Canonical, Source, SourceFile
from .fields import instant, name_id, or_text, present, spelled
from .prepared import not_understood, plain_names, prepared
from .signature import require
from .urls import account_id, external_id_of, platform_of, post_id

REVENUE = {
    "revenue_id": ("revenue_id",),
    "from_on": ("from", "from_on"),
    "to_on": ("to", "to_on"),
    "amount": ("amount",),
    "currency": ("currency",),
    "source": ("source",),
    "scope": ("scope",),
    "scope_id": ("scope_id",),
}
COSTS = {
    "cost_id": ("cost_id",),
    "from_on": ("from", "from_on"),
    "to_on": ("to", "to_on"),
    "kind": ("kind",),
    "amount": ("amount",),
    "work_hours": ("hours", "work_hours"),
    "hourly_pay": ("hourly_pay",),
    "currency": ("currency",),
    "scope": ("scope",),
    "scope_id": ("scope_id",),
    "notes": ("notes",),
}
"""Our name of a column -> its names in a file."""


def _fits_revenue(file: SourceFile) -> int:
    names = _names(file)
    return _score(names) if {"amount", "currency"} <= names and "kind" not in names else 0


def _fits_costs(file: SourceFile) -> int:
    names = _names(file)
    is_cost = {"kind", "currency"} <= names and bool({"amount", "hours", "work_hours"} & names)
    return _score(names) if is_cost else 0


def _score(names: set[str]) -> int:
    if {"from", "to"} <= names:
        return 90
    # With the warehouse's own names and ids it is the canonical table, which is read as it is.
    return 40 if {"from_on", "to_on"} <= names and not {"revenue_id", "cost_id"} & names else 0


def _names(file: SourceFile) -> set[str]:
    return set(plain_names(file.rows).columns)


def _read_revenue(file: SourceFile) -> Canonical:
    """One row of revenue for each of the file's."""
    require(file, "revenue", {"amount", "currency"}, _names(file), "columns")
    rows, notes = _rows(file, REVENUE)
    return Canonical(tables={"revenue": _with_id(rows, "revenue_id")}, notes=notes)


def _read_costs(file: SourceFile) -> Canonical:
    """One row of costs for each of the file's: an amount, or hours and what an hour costs."""
    require(file, "costs", {"kind", "currency"}, _names(file), "columns")
    rows, notes = _rows(file, COSTS)
    rows = rows.mutate(kind=_.kind.lower().re_replace(r"[\s-]+", "_"))
    return Canonical(tables={"costs": _with_id(rows, "cost_id")}, notes=notes)


def _rows(file: SourceFile, columns: dict[str, tuple[str, ...]]) -> tuple[ibis.Table, list[str]]:
    raw = plain_names(file.rows)
    found = {ours: next((c for c in theirs if c in raw.columns), None) for ours, theirs in columns.items()}
    rows = raw.select(
        "source_row", **{c: present(raw[n]) if n else ibis.null("string") for c, n in found.items()}
    )
    rows = rows.mutate(
        from_on=_day(rows.from_on),
        # A row without an end is about one day.
        to_on=_day(ibis.coalesce(rows.to_on, rows.from_on)),
        currency=rows.currency.upper(),
        # Nothing said of what a sum is for: it is for everything. An id without its kind can't stand.
        scope=ibis.coalesce(rows.scope.lower(), rows.scope_id.isnull().ifelse("all", None)),
    )
    rows = rows.mutate(scope_id=_scope_id(rows, _platform(file)))
    rows = prepared(file, "ready_money", rows)
    return rows, not_understood(raw.columns, [n for n in found.values() if n])


def _platform(file: SourceFile) -> str:
    platform = str(file.options.get("platform") or "tiktok").lower()
    if platform not in PLATFORMS:
        raise UsageError(f"--platform {platform} is not known. Platforms: {', '.join(PLATFORMS)}.")
    return platform


def _day(written: ir.StringValue) -> ir.StringValue:
    return or_text(instant(written, "UTC").date(), written)


def _scope_id(rows: ibis.Table, platform: str) -> ir.StringValue:
    """The id that a name stands for: `tiktok:anna` of Anna's account, `maria lou` of a VA."""
    written = rows.scope_id
    of_url = platform_of(written)
    has_platform = written.re_search(r"^[A-Za-z0-9]+:[^/]")
    key = has_platform.ifelse(written.re_replace(r"^\s*([A-Za-z0-9]+):.*$", r"\1").lower(), platform)
    name = written.re_replace(r"^[A-Za-z0-9]+:", "")
    post = ibis.cases(
        (of_url.notnull(), post_id(of_url, external_id_of(written, of_url))), else_=post_id(key, name)
    )
    return ibis.cases(
        (rows.scope == "account", account_id(key, has_platform.ifelse(name, written))),
        (rows.scope == "post", post),
        (rows.scope.isin(["va", "creator"]), name_id(written)),
        (rows.scope == "all", ibis.null("string")),
        else_=spelled(written),
    )


def _with_id(rows: ibis.Table, key: str) -> ibis.Table:
    """Rows without an id get one from their content and which of several equal rows they are.

    So the same file read again changes nothing, and two equal payments stay two.
    """
    content = [ibis.coalesce(rows[c], "") for c in rows.columns if c not in ("source_row", key)]
    digest = ibis.literal("\x1f").join(content).hexdigest("sha256")
    same = ibis.row_number().over(group_by=digest, order_by=rows.source_row)
    own = digest[:24] + "-" + (same + 1).cast("string")
    return rows.mutate(**{key: ibis.coalesce(rows[key], own)})


SOURCES = (
    Source(
        name="revenue",
        title="Revenue (CSV: from, to, amount, currency, source, scope, scope_id)",
        kinds=("csv",),
        fits=_fits_revenue,
        read=_read_revenue,
    ),
    Source(
        name="costs",
        title="Costs (CSV: from, to, kind, amount or hours and hourly_pay, currency, scope, scope_id, notes)",
        kinds=("csv",),
        fits=_fits_costs,
        read=_read_costs,
    ),
)
