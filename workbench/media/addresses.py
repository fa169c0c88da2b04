"""What an address says before anybody asks: is it one, whose is it, has it expired."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

_DATED = (("x-amz-date", "x-amz-expires"), ("x-goog-date", "x-goog-expires"))
"""A time such as 20250901T120000Z, and for how many seconds from then."""
_SECONDS = ("x-expires", "expires")
"""Seconds since 1970."""
_HEXADECIMAL = {"oe": (".cdninstagram.com", ".fbcdn.net")}
"""The same in hexadecimal digits, at these hosts only: the name is too short to trust elsewhere."""


class Refused(Exception):
    """The file can't be had and asking again would not help. The message is `what: details`, without the address."""


def checked(address: str) -> Url:
    """The parts of an address that may be asked for.

    Raises Refused for what is no http or https address, names no host, or carries a user's name or password.
    """
    try:
        parts = parse_url(address.strip())
    except (LocationParseError, ValueError) as e:
        raise Refused("no address: it can't be read as one") from e
    if parts.scheme not in ("http", "https"):
        raise Refused(f"no http address: it begins with '{(parts.scheme or '')[:20]}:'" if parts.scheme
                      else "no http address: it does not begin with https://")  # fmt: skip
    if not parts.host or len(parts.host) > 253:
        raise Refused("no address: it names no host")
    if parts.auth is not None:
        raise Refused("no public address: it carries a user's name or password")
    return parts


def host_of(address: str) -> str:
    """The host, in lower case: the one that is asked politely."""
    return (checked(address).host or "").lower()


def expired_at(parts: Url) -> datetime | None:
    """Until when a signed address says that it holds, in UTC; None where it does not say."""
    said = {name.lower(): value for name, value in parse_qsl(parts.query or "")}
    for date, seconds in _DATED:
        if re.fullmatch(r"\d{8}T\d{6}Z", said.get(date, "")) and said.get(seconds, "").isdecimal():
            try:
                begun = datetime.strptime(said[date], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
                return begun + timedelta(seconds=int(said[seconds]))
            except (ValueError, OverflowError):
                return None
    for name in _SECONDS:
        if re.fullmatch(r"[0-9]{9,11}", said.get(name, "")):
            return _instant(int(said[name]))
    host = (parts.host or "").lower()
    for name, hosts in _HEXADECIMAL.items():
        if f".{host}".endswith(hosts) and re.fullmatch(r"[0-9a-fA-F]{8}", said.get(name, "")):
            return _instant(int(said[name], 16))
    return None


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
