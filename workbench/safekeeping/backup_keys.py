"""Encryption of backups by age (pyrage): whoever writes one needs a public key only, reading it takes the other.

Keys come from the environment or from a file that only its owner may read; no setting, message or log holds one.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError, WorkbenchError

if TYPE_CHECKING:
    from pyrage import x25519  # type: ignore[import-untyped]

RECIPIENT, IDENTITY = "WORKBENCH_BACKUP_RECIPIENT", "WORKBENCH_BACKUP_IDENTITY"
_SECRET = re.compile(r"AGE-SECRET-KEY-1[0-9A-Z]+")
_PUBLIC = re.compile(r"age1[0-9a-z]+")


def new_key(file: Path) -> str:
    """Write a new secret key into a file of its own, and return the public key that goes with it."""
    from pyrage import x25519

    identity = x25519.Identity.generate()
    public = str(identity.to_public())
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as e:
        raise UsageError(f"{file} exists already. A key is never overwritten: name another file.") from e
    except OSError as e:
        raise WorkbenchError(
            f"{file} can't be written: {e.strerror}. Name a file in a folder of yours."
        ) from e
    with os.fdopen(handle, "w", encoding="ascii") as f:
        f.write(f"# public key: {public}\n{identity}\n")
        f.flush()
        os.fsync(f.fileno())
    return public


class Sealing:
    """Encrypts what is backed up to everybody whose public key is named."""

    def __init__(self, recipients: Sequence[x25519.Recipient]) -> None:
        self._recipients = list(recipients)
        self.recipients = " ".join(sorted({str(r) for r in recipients}))
        """Their public keys, always in the same order."""

    def __repr__(self) -> str:
        return f"Sealing({len(self._recipients)} recipients)"

    def __call__(self, data: bytes) -> bytes:
        import pyrage

        sealed: bytes = pyrage.encrypt(data, self._recipients)
        return sealed


class Opening:
    """Decrypts what was backed up."""

    def __init__(self, identities: Sequence[x25519.Identity]) -> None:
        self._identities = list(identities)

    def __repr__(self) -> str:
        return f"Opening({len(self._identities)} keys)"

    def __call__(self, data: bytes) -> bytes:
        import pyrage

        try:
            opened: bytes = pyrage.decrypt(data, self._identities)
        except pyrage.DecryptError:
            raise WorkbenchError(
                "The key given does not open this backup. Name the file of the right one with --identity, or put it "
                f"into {IDENTITY}."
            ) from None
        return opened


def sealing(file: Path | None) -> Sealing:
    """By the keys of a file, or of the environment. UsageError where there is none."""
    from pyrage import RecipientError, x25519

    text, where = _given(file, RECIPIENT)
    try:
        recipients = [x25519.Recipient.from_str(word) for word in _PUBLIC.findall(text.lower())]
    except RecipientError:
        recipients = []
    if not recipients:
        raise UsageError(
            f"{where} holds no public key (age1...). Make a pair with: workbench backup --new-key FILE"
        )
    return Sealing(recipients)


def opening(file: Path | None) -> Opening | None:
    """By the keys of a file, or of the environment; None where nobody named any."""
    from pyrage import IdentityError, x25519

    if file is None and not os.environ.get(IDENTITY):
        return None
    text, where = _given(file, IDENTITY)
    try:
        identities = [x25519.Identity.from_str(word) for word in _SECRET.findall(text)]
    except IdentityError:
        identities = []
    if not identities:
        raise UsageError(f"{where} holds no secret key (AGE-SECRET-KEY-1...).")
    return Opening(identities)


def _given(file: Path | None, variable: str) -> tuple[str, str]:
    """Keys as text, and how a message names where they are from."""
    if file is None:
        text = os.environ.get(variable, "")
        if not text:
            raise UsageError(
                f"{variable} is not set. Set it, or name a file of keys; workbench backup --new-key FILE makes one."
            )
        return text, variable
    try:
        text = file.read_text(encoding="utf-8")
        mode = stat.S_IMODE(file.stat().st_mode)
    except (OSError, UnicodeError) as e:
        place = " The place of backups comes first: workbench backup PLACE --encrypt FILE"
        raise UsageError(
            f"{file} can't be read as a file of keys: {_why(e)}.{place if variable == RECIPIENT else ''}"
        ) from e
    if _SECRET.search(text) and mode & 0o077:
        raise UsageError(f"{file} holds a secret key and can be read by others. Close it: chmod 600 {file}")
    return text, str(file)


def _why(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or "it is no text")
