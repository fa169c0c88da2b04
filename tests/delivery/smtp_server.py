"""A real SMTP server on this machine that behaves as a test tells it to."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "reports@example.com", "correct horse"


@dataclass
class Mailboxes:
    """What arrived, and what the server does instead of taking it."""

    arrived: list[tuple[str, bytes]] = field(default_factory=list)
    """Recipient and mail, as taken."""
    put_off: Counter[str] = field(default_factory=Counter)
    """Recipient -> how often it is answered 451 first."""
    refused: set[str] = field(default_factory=set)
    refused_sender: str = ""
    drop_before: int = 0
    """So many mails are answered by a broken connection and not kept."""
    drop_after: int = 0
    """So many are kept, and then answered by a broken connection."""
    answer: list[str] = field(default_factory=list)
    """Answers to the next texts, in place of taking them."""
    stalled: bool = False
    """Whether the server keeps a mail's text and says nothing for now."""
    n_texts: int = 0
    """Texts that were handed over, whatever became of them."""
    n_connections: int = 0
    n_over_tls: int = 0
    n_logged_in: int = 0
    """Mails from somebody who has given the password."""
    port: int = 0

    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(m, policy=policy.SMTP) for _, m in self.arrived]  # type: ignore[misc]

    def recipients(self) -> list[str]:
        return [to for to, _ in self.arrived]

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.n_connections += 1
        self.n_over_tls += session.ssl is not None
        session.host_name = hostname
        return responses

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address == self.refused_sender:
            return "550 5.7.1 sender not allowed"
        self.n_logged_in += bool(session.authenticated)
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 5.1.1 no such mailbox"
        if self.put_off[address] > 0:
            self.put_off[address] -= 1
            return "451 4.7.1 greylisted, try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.n_texts += 1
        while self.stalled:
            await asyncio.sleep(0.01)
        if self.answer:
            return self.answer.pop(0)
        if self.drop_before > 0:
            self.drop_before -= 1
            server.transport.abort()
            return "250 nobody hears this"
        assert isinstance(envelope.content, bytes)
        self.arrived += [(to, envelope.content) for to in envelope.rcpt_tos]
        if self.drop_after > 0:
            self.drop_after -= 1
            server.transport.abort()
        return "250 2.0.0 taken"


def _authenticated(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
    good = isinstance(given, LoginPassword) and (given.login, given.password) == (
        USER.encode(),
        PASSWORD.encode(),
    )
    return AuthResult(success=good, handled=False)


class _AtAnyPort(Controller):
    """Controller asks the port that it was given whether it serves; 0 is whichever was free."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def serving(
    *, tls: Path | None = None, implicit: bool = False, log_in: bool = False, host: str = "127.0.0.1"
) -> Iterator[Mailboxes]:
    """A server until the block ends; `tls` is a file with key and certificate."""
    boxes = Mailboxes()
    context = None
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls)
    controller = _AtAnyPort(
        boxes,
        hostname=host,
        port=0,
        ssl_context=context if implicit else None,
        tls_context=None if implicit else context,
        authenticator=_authenticated if log_in else None,
        auth_required=log_in and not implicit,
        auth_require_tls=not implicit,  # it counts STARTTLS only
        data_size_limit=20_000_000,
        ready_timeout=30,
    )
    controller.start()
    try:
        boxes.port = controller.port
        yield boxes
    finally:
        controller.stop()
