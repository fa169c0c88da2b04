"""From what files write to what the canonical tables hold, as expressions.

What can't be understood stays the text it was: the loader refuses the row and tells the value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

_WIDE = "".join(chr(c) for c in range(0xFF01, 0xFF5F))
_PLAIN = "".join(chr(c - 0xFEE0) for c in range(0xFF01, 0xFF5F))

_BETWEEN = ",;|[]\"'{}()\t\n\r\u00a0"
"""What may stand between the hashtags of a list, besides blanks and '#'."""

_DATES = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y%m%d",
    "%b %d, %Y",
    "%B %d, %Y",
    "%d-%b-%y",
    "%d-%b-%Y",
    "%d %b %Y",
    "%d %B %Y",
)
"""Dates that read in one way only; 03/04/2025 is read only where a format is given."""
_TIMES = ("", " %H:%M:%S", " %H:%M", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", "T%H:%M:%S", "T%H:%M")

_OLDEST, _NEWEST = ibis.timestamp("1900-01-01 00:00:00"), ibis.timestamp("2200-01-01 00:00:00")

_LAST_SECOND = 7_258_118_400
"""Of _NEWEST."""

_NO_OFFSET = r":[0-9.]+ ?[+-](?:1[5-9]|[2-9][0-9])(?::?[0-9]{2})?$"
"""Farther from UTC than any place; DuckDB reckons with it all the same."""
_OFFSET = r"[0-9](?:Z|z| ?UTC|[+-][0-9]{2}(?::?[0-9]{2})?)$"


@ibis.udf.scalar.builtin(name="try_strptime", signature=((dt.string, dt.Array(dt.string)), dt.timestamp))
def _try_strptime(text, formats):  # type: ignore[no-untyped-def]
    """DuckDB's parser of one of several formats; NULL where none fits."""


@ibis.udf.scalar.builtin(name="timezone", signature=((dt.string, dt.timestamp), dt.Timestamp(timezone="UTC")))
def _in_zone(zone, instant):  # type: ignore[no-untyped-def]
    """A naive local instant as an absolute one."""


@ibis.udf.scalar.builtin(name="timezone", signature=((dt.string, dt.Timestamp(timezone="UTC")), dt.timestamp))
def _naive(zone, instant):  # type: ignore[no-untyped-def]
    """An absolute instant as the wall clock of a zone shows it."""


@ibis.udf.scalar.builtin(name="regexp_extract_all", signature=((dt.string, dt.string), dt.Array(dt.string)))
def _all_matches(text, pattern):  # type: ignore[no-untyped-def]
    """Every match of a pattern."""


@ibis.udf.scalar.builtin(name="nfc_normalize", signature=((dt.string,), dt.string))
def _composed(text):  # type: ignore[no-untyped-def]
    """Unicode's composed form."""


@ibis.udf.scalar.builtin(name="to_json", signature=((dt.Array(dt.string),), dt.string))
def json_list(items):  # type: ignore[no-untyped-def]
    """A list as JSON text, the form in which the loader reads lists that are text."""


def present(text: ir.StringValue) -> ir.StringValue:
    """Text without blanks around it; NULL where nothing is left."""
    return text.strip().nullif("")


def spelled(name: ir.StringValue) -> ir.StringValue:
    """A person's or thing's name with single blanks; NULL where nothing is left."""
    doubled = name.contains("  ") | name.contains("\t") | name.contains("\n") | name.contains("\r")
    return present(ibis.ifelse(doubled, name.re_replace(r"\s+", " "), name))


def name_id(name: ir.StringValue) -> ir.StringValue:
    """The key that a name gives: spelled() in lower case, so that 'Anna  B' is 'anna b'."""
    return spelled(name).lower()


def instant(
    text: ir.StringValue, zone: str, formats: Sequence[str] = (), *, known: bool = False
) -> ir.TimestampValue:
    """The UTC instant that a text names; NULL where it can't be read.

    Parameters
    ----------
    zone
        IANA zone of texts that name no offset of their own.
    formats
        strptime formats to read instead of ISO and the dates that read in one way only.
    known
        Whether all texts are ISO: then no other format is tried.
    """
    if formats:
        return to_utc(_try_strptime(text, list(formats)), zone)
    trimmed = present(text)
    # DuckDB reads an offset only behind seconds.
    whole = trimmed.re_replace(r" ?UTC$", "Z").re_replace(
        r"^(\S+[T ][0-9]{1,2}:[0-9]{2}) ?([Zz+-])", r"\1:00\2"
    )
    absolute = _naive("UTC", whole.try_cast(dt.Timestamp(timezone="UTC")))
    naive = trimmed.try_cast(dt.timestamp)
    if not known:
        naive = ibis.coalesce(naive, _try_strptime(trimmed, [d + t for d in _DATES for t in _TIMES]))
    # DuckDB takes 31/12/25 for the year 31, and 'epoch' and 'infinity' for instants.
    naive = plausible(ibis.ifelse(trimmed.length() > len("epoch"), naive, ibis.null(dt.timestamp)))
    # The cheap questions first: they spare almost all texts the pattern.
    suspect = trimmed.substr(10).re_search("[Zz+C-]")
    return ibis.cases(
        (suspect & trimmed.re_search(_NO_OFFSET), ibis.null(dt.timestamp)),
        (suspect & trimmed.re_search(_OFFSET), absolute),
        else_=to_utc(naive, zone),
    )


def plausible(instant_at: ir.TimestampValue) -> ir.TimestampValue:
    """The instant; NULL for one so far off that reckoning with it would leave the calendar."""
    return ibis.ifelse(instant_at.between(_OLDEST, _NEWEST), instant_at, ibis.null(dt.timestamp))


def of_seconds(text: ir.StringValue) -> ir.TimestampValue:
    """The UTC instant of Unix seconds; NULL for what is no such number, milliseconds among it."""
    seconds = text.try_cast("int64")
    known = ibis.ifelse(seconds.between(0, _LAST_SECOND), seconds, ibis.null("int64"))
    return known.as_timestamp("s").cast("timestamp(6)")


def to_utc(local: ir.TimestampValue, zone: str) -> ir.TimestampValue:
    """A wall clock's instant in UTC, without a zone."""
    return local if zone == "UTC" else _naive("UTC", _in_zone(zone, local))


def or_text(value: ir.Value, text: ir.StringValue) -> ir.StringValue:
    """The value as text; the text it was read from where it could not be read."""
    return ibis.coalesce(value.cast("string"), text)


def has_time(text: ir.StringValue) -> ir.BooleanValue:
    """Whether a text names a time of day."""
    return text.contains(":")


def tags(text: ir.StringValue) -> ir.ArrayValue:
    """Hashtags of a list written in any usual way: '#a #b', 'a, b', '["a", "b"]', "['#a']".

    Without '#', in lower case, composed (NFC; full-width letters as plain ones), each once, in
    alphabetical order. NULL stays NULL; a text without a hashtag is an empty list.
    """
    odd = text.re_search(r"[,;|\[\]\"'{}()\t\n\r\x{A0}\x{FF01}-\x{FF5E}]")
    plain = text.translate(_WIDE + _BETWEEN, _PLAIN + " " * len(_BETWEEN)).replace("#", " ")
    apart = ibis.ifelse(odd, plain, text.replace("#", " "))
    return _composed(apart).lower().split(" ").filter(lambda tag: tag != "").unique().sort()


def caption_tags(caption: ir.StringValue) -> ir.ArrayValue:
    """Hashtags inside a sentence: the words that follow a '#'. Otherwise like tags()."""
    marked = _all_matches(caption, r"[#\x{FF03}][^\s#\x{FF03},;:.!?|\[\]\"'{}()…]+")
    return tags(marked.join(" "))


def links(text: ir.StringValue) -> ir.ArrayValue:
    """The addresses of a list of them, in order: JSON, or apart by blanks, commas or bars."""
    return _all_matches(text.re_replace(r"[,;|\s\"'\]]+(https?://|$)", r" \1"), r"https?://[^\s\"']+")


def listed(text: ir.StringValue) -> ir.StringValue:
    """A list as JSON text: one that is JSON as it is, one written a|b taken apart; NULL stays NULL."""
    given = present(text)
    parts = given.split("|").map(lambda part: part.strip()).filter(lambda part: part != "")
    # As text and not as JSON: DuckDB would refuse the whole file for one text that only begins like a list.
    return ibis.ifelse(given.startswith("["), given, json_list(parts).concat(""))


def fraction(percent: ir.StringValue) -> ir.StringValue:
    """A share written in percent ('12.5' or '12.5 %') as a fraction, as text."""
    number = percent.re_replace(r"\s*%\s*$", "").try_cast("float64")
    return or_text(number / 100, percent)


def literal(instant_at: datetime) -> ir.TimestampScalar:
    """A naive UTC instant as a constant."""
    return ibis.timestamp(instant_at.isoformat(sep=" "))


def formats(options: Mapping[str, Any]) -> list[str]:
    """strptime formats that `date_format` in the options allows, with and without a time of day."""
    given = options.get("date_format")
    return [str(given) + time for time in _TIMES] if given else []


def precision(text: ir.StringValue) -> ir.StringValue:
    """`second` where a text names a time of day, else `day`; NULL where there is no text."""
    return ibis.ifelse(has_time(text), "second", "day")
