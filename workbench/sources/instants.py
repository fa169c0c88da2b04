"""Instants in any of the ways that files write them -> text in UTC, which the loader casts."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

_HAS_ZONE = r"\d\s*([A-Za-z][A-Za-z_/+-]*|[+-]\d{2}(:?\d{2})?)$"
_DATE_ONLY = r"^\d{4}-\d{2}-\d{2}$"


@ibis.udf.scalar.builtin(name="timezone", signature=(("string", "timestamp"), "timestamp('UTC')"))
def _in_zone(zone, local):  # type: ignore[no-untyped-def]
    """The instant at which clocks in a zone show a local time."""


@ibis.udf.scalar.builtin(name="timezone", signature=(("string", "timestamp('UTC')"), "timestamp"))
def _shown_in(zone, instant):  # type: ignore[no-untyped-def]
    """What clocks in a zone show at an instant."""


@ibis.udf.scalar.builtin(name="try_strptime", signature=(("string", "array<string>"), "timestamp"))
def _try_strptime(text, formats):  # type: ignore[no-untyped-def]
    """The local time that the first fitting format reads; NULL if none fits."""


@ibis.udf.scalar.builtin(name="make_timestamp", signature=(("int64",), "timestamp"))
def _since_1970(microseconds):  # type: ignore[no-untyped-def]
    """The instant so many microseconds after 1970."""


def utc_instant(written: ir.StringValue, zone: str, *formats: str) -> ir.StringValue:
    """An instant in UTC, as text; text that can't be read stays what it was.

    Read are: ISO dates and times with an offset, without one (in `zone`), seconds and milliseconds
    since 1970, and `formats` in strptime's letters (in `zone`).
    """
    text = written.strip()
    # A cast of '... 03:04+02:00' or '... 03:04 UTC' straight to a plain timestamp drops the zone silently.
    zoned = _shown_in("UTC", text.try_cast("timestamp('UTC')"))
    local = _in_zone(zone, text.try_cast("timestamp"))
    formatted = _in_zone(zone, _try_strptime(text, list(formats))) if formats else local
    number = text.try_cast("int64")
    instant = ibis.cases(
        (text.re_search(r"^\d{9,10}$"), _since_1970(number * 1_000_000)),
        (text.re_search(r"^\d{12,13}$"), _since_1970(number * 1_000)),
        (
            text.re_search(_HAS_ZONE) & ~text.re_search(_DATE_ONLY),
            ibis.coalesce(zoned, _shown_in("UTC", formatted)) if formats else zoned,
        ),
        else_=_shown_in("UTC", ibis.coalesce(local, formatted)),
    )
    return ibis.coalesce(instant.cast("string"), written)


def iso_date(written: ir.StringValue, *formats: str) -> ir.StringValue:
    """A calendar day as `2020-05-08`; text that none of strptime's formats reads stays what it was."""
    day = ibis.coalesce(written.strip().try_cast("date"), _try_strptime(written.strip(), list(formats)).date())
    return ibis.coalesce(day.cast("string"), written)
