"""Who a set is mailed to, and from whom: addresses as people write them, checked before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr

from ...errors import UsageError

_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?"
)
_FOR_ONE = re.compile(r"([^=@,\s]+)=(\S+@\S+)")


def recipients(listed: str, name: str = "") -> list[str]:
    """Who of the settings' list gets a report: NAME=address for a named one, the others for the agency's own.

    A client's report goes to nobody who is not named for it.
    """
    found = []
    for entry in _parted([listed]):
        match = _FOR_ONE.fullmatch(entry)
        if (match[1] if match else "") == name:
            found.append(checked(match[2] if match else entry, "mail_to"))
    return _once(found)


def given(texts: Iterable[str]) -> list[str]:
    """The addresses of `--to`, which may be several and hold commas."""
    return _once([checked(each, "--to") for each in _parted(texts)])


def checked(text: str, where: str) -> str:
    """An address alone, as the server is told it."""
    if not _ADDRESS.fullmatch(text) or ".." in text:
        raise UsageError(f"{where}: {text!r} is no mail address. Write one like name@example.com.")
    return text


def sender(text: str) -> Address:
    """Whom mail is from: an address, or Name <address>."""
    name, address = parseaddr(text)
    if not text:
        raise UsageError(
            "mail_from is not set, so there is nobody to send from. Write "
            'mail_from = "Reports <reports@example.com>" into workbench.toml.'
        )
    if not address or any(ord(c) < 32 for c in text):
        raise UsageError(
            f"mail_from: {text!r} is no mail address. Write one like Reports <reports@example.com>."
        )
    try:
        return Address(name, addr_spec=checked(address, "mail_from"))
    except (MessageError, ValueError, IndexError) as e:
        raise UsageError(f"mail_from: {text!r} is no mail address: {e}.") from e


def _parted(texts: Iterable[str]) -> list[str]:
    return [each.strip() for text in texts for each in text.split(",") if each.strip()]


def _once(addresses: list[str]) -> list[str]:
    """Each address once; two that differ in capitals only are one mailbox."""
    found: dict[str, str] = {}
    for address in addresses:
        found.setdefault(address.lower(), address)
    return list(found.values())
