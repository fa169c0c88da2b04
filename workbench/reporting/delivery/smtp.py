"""Hands mails to an SMTP server: over TLS with its certificate checked, each outcome told apart.

Every recipient gets a transaction of their own. Whether a mail may be tried again depends on how far it
came: until its text is handed over nothing can have arrived; between the text's last line and the server's
answer nobody knows, and such a mail is not sent a second time by itself.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ...display.escaping import plain
from ...errors import UsageError, WorkbenchError

USER, PASSWORD = "WORKBENCH_SMTP_USER", "WORKBENCH_SMTP_PASSWORD"
CONNECT_SECONDS = 30.0
ANSWER_SECONDS = 300.0
"""For the answer to a mail's text: servers look it through first."""

Security = Literal["tls", "starttls", "none", "if offered"]


class CannotSend(WorkbenchError):
    """The server takes nothing from us, whoever it is for and however often it is asked."""


class NotNow(Exception):
    """The server or the network can't do it at the moment."""


@dataclass(frozen=True)
class Answer:
    """What became of one mail."""

    state: Literal["sent", "refused", "failed", "uncertain"]
    """refused: for good. failed: not now. uncertain: handed over, and no answer came."""
    detail: str = ""


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed over, and how safe the way there must be."""

    host: str
    port: int
    security: Security

    @property
    def is_here(self) -> bool:
        try:
            return self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def mail_server(address: str, security: str = "") -> MailServer:
    """The server of the settings. Without TLS only where that is said, or on this machine."""
    if not address:
        raise UsageError(
            'mail_server is not set, so there is nobody to take mail. Write mail_server = "smtp.example.com" into '
            f"workbench.toml; user and password go into {USER} and {PASSWORD}."
        )
    match = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9][A-Za-z0-9._-]*))(?::(\d{1,5}))?", address)
    port = int(match[3]) if match and match[3] else None
    if match is None or (port is not None and not 0 < port < 65536):
        raise UsageError(f"mail_server: {address!r} can't be understood. Write host or host:port.")
    if security not in ("", "tls", "starttls", "none"):
        raise UsageError(f"mail_security: {security!r} is none of tls, starttls and none.")
    port = port or (465 if security == "tls" else 587)
    chosen: Security = security or ("tls" if port == 465 else "starttls")  # type: ignore[assignment]
    server = MailServer(str(match[1] or match[2]), port, chosen)
    return MailServer(server.host, port, "if offered") if not security and server.is_here else server


class Connection:
    """One connection to a server, for mails to one recipient after the other. Closed by leaving the block."""

    def __init__(self, server: MailServer) -> None:
        self.server = server
        self.smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Connection:
        try:
            self._open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self, *, politely: bool = True) -> None:
        smtp, self.smtp = self.smtp, None
        if smtp is None:
            return
        if politely:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                smtp.quit()
        smtp.close()

    def send(self, sender: str, recipient: str, mail: bytes, *, handing_over: Callable[[], None]) -> Answer:
        """Hand over one mail. `handing_over` is called just before its text leaves.

        Raises NotNow where there is no connection, and CannotSend where the server refuses the sender.
        """
        smtp = self._opened()
        try:
            code, said = smtp.mail(sender, [f"size={len(mail)}"] if smtp.has_extn("size") else [])
            if code == 552:
                return self._over(code, said, "the mail is too large; lower mail_attachment_mb")
            if code >= 500:
                mend = f"Set {USER} and {PASSWORD}." if code == 530 else "Check mail_from."
                raise CannotSend(f"{self.server} takes no mail from {sender}: {_told(code, said)}. {mend}")
            if code < 400:
                code, said = smtp.rcpt(recipient)
            if code >= 400:
                return self._over(code, said)
            handing_over()
            code, said = smtp.docmd("DATA")
            if code != 354:
                return self._over(code, said)
            smtp.send(_dotted(mail))
        except (OSError, smtplib.SMTPException) as e:
            self.close(politely=False)
            return Answer("failed", _why(e))  # the text had not left as a whole, so nothing can have arrived
        return self._answered(smtp)

    def _answered(self, smtp: smtplib.SMTP) -> Answer:
        """What the server says to a text that it has in full."""
        assert smtp.sock is not None
        try:
            smtp.sock.settimeout(ANSWER_SECONDS)
            code, said = smtp.getreply()
            smtp.sock.settimeout(CONNECT_SECONDS)
        except (OSError, smtplib.SMTPException) as e:
            self.close(politely=False)
            return Answer("uncertain", f"the server had the whole mail and did not answer ({_why(e)})")
        return Answer("sent", _told(code, said)) if code == 250 else self._over(code, said)

    def _over(self, code: int, said: bytes, hint: str = "") -> Answer:
        """The server has said no to this one; the connection may do for the next."""
        smtp = self._opened()
        with contextlib.suppress(OSError, smtplib.SMTPException):
            smtp.rset()
        if code == 421 or smtp.sock is None:
            self.close(politely=False)
        return Answer("refused" if code >= 500 else "failed", _told(code, said, hint))

    def _opened(self) -> smtplib.SMTP:
        if self.smtp is None:
            self._open()
        assert self.smtp is not None
        return self.smtp

    def _open(self) -> None:
        server = self.server
        context = ssl.create_default_context()
        try:
            if server.security == "tls":
                self.smtp = smtplib.SMTP_SSL(
                    server.host, server.port, timeout=CONNECT_SECONDS, context=context
                )
            else:
                self.smtp = smtplib.SMTP(server.host, server.port, timeout=CONNECT_SECONDS)
            self.smtp.ehlo_or_helo_if_needed()
            self._start_tls(self.smtp, context)
            self._log_in(self.smtp)
        except ssl.SSLCertVerificationError as e:
            raise CannotSend(
                f"{server} shows a certificate that is not trusted: {plain(e.verify_message)}. Nothing was sent. "
                "Check mail_server; a certificate authority of your own is named by SSL_CERT_FILE."
            ) from e
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError) as e:
            raise NotNow("the connection broke") from e
        except ssl.SSLError as e:
            raise CannotSend(
                f"{server} does not speak TLS there ({plain(e.reason or e)}). Set mail_security to starttls, "
                "or the port of mail_server to 465."
            ) from e
        except smtplib.SMTPAuthenticationError as e:
            if e.smtp_code < 500:
                raise NotNow(_told(e.smtp_code, e.smtp_error)) from e
            raise CannotSend(
                f"{server} does not let {USER} in: {_told(e.smtp_code, e.smtp_error)}. Check {USER} and {PASSWORD}."
            ) from e
        except smtplib.SMTPNotSupportedError as e:
            raise CannotSend(f"{server} offers no way to log in. Take {USER} out of the environment.") from e
        except smtplib.SMTPResponseException as e:
            if e.smtp_code >= 500:
                raise CannotSend(f"{server} turns us away: {_told(e.smtp_code, e.smtp_error)}.") from e
            raise NotNow(_told(e.smtp_code, e.smtp_error)) from e
        except (OSError, smtplib.SMTPException) as e:
            raise NotNow(_why(e)) from e

    def _start_tls(self, smtp: smtplib.SMTP, context: ssl.SSLContext) -> None:
        wanted = self.server.security
        if wanted == "starttls" or (wanted == "if offered" and smtp.has_extn("starttls")):
            if not smtp.has_extn("starttls"):
                raise CannotSend(
                    f"{self.server} offers no TLS, so the mail would travel in sight of everybody. Nothing was sent. "
                    "Set mail_security to tls with port 465, or to none where the network is your own."
                )
            smtp.starttls(context=context)
            smtp.ehlo()

    def _log_in(self, smtp: smtplib.SMTP) -> None:
        user, password = os.environ.get(USER, ""), os.environ.get(PASSWORD, "")
        if not user:
            return
        if not isinstance(smtp.sock, ssl.SSLSocket) and not self.server.is_here:
            raise CannotSend(
                f"{self.server} is talked to without TLS, and a password is never sent that way. Take {USER} out of "
                "the environment, or let mail_security be tls or starttls."
            )
        try:
            smtp.login(user, password)
        except UnicodeError as e:
            raise CannotSend(f"{USER} or {PASSWORD} holds a letter that SMTP can't send.") from e


def _dotted(mail: bytes) -> bytes:
    """A mail's text as SMTP carries it: a dot in front of a line is doubled, one alone ends it."""
    return re.sub(rb"(?m)^\.", b"..", mail).rstrip(b"\r\n") + b"\r\n.\r\n"


def _told(code: int, said: bytes | str, hint: str = "") -> str:
    return f"{code} {_said(said)}".strip() + (f" ({hint})" if hint else "")


def _said(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return " ".join(plain(text, longest=200).split())


def _why(e: Exception) -> str:
    if isinstance(e, TimeoutError):
        return "it does not answer in time"
    if isinstance(e, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(e, smtplib.SMTPServerDisconnected):
        return "the connection broke"
    return _said(getattr(e, "strerror", None) or str(e) or type(e).__name__)
