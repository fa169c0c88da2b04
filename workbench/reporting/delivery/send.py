"""Mails a set to its recipients: once each, again after what passes, and every outcome written down."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.headerregistry import Address

from ...errors import WorkbenchError
from .ledger import DONE, UNKNOWN, Ledger, Line, State
from .message import Mail, message_id
from .sets import ReportSet
from .smtp import CannotSend, Connection, MailServer, NotNow

WAITS = (5.0, 30.0, 120.0, 300.0)
"""Seconds between the rounds: a server that puts off strangers takes their mail after five minutes at most."""


@dataclass(frozen=True)
class Outcome:
    """What became of the mail to one recipient."""

    recipient: str
    state: str
    """sent, refused, failed, uncertain; before: it was sent by an earlier run."""
    detail: str = ""

    @property
    def is_good(self) -> bool:
        return self.state in ("sent", "before")


def send(
    report: ReportSet,
    mail: Mail,
    recipients: Sequence[str],
    *,
    server: MailServer,
    sender: Address,
    ledger: Ledger,
    again: bool = False,
    tell: Callable[[str], object] = lambda _text: None,
    wait: Callable[[float], object] = time.sleep,
    lock_seconds: float = 30.0,
) -> list[Outcome]:
    """Mail a set to everybody who has not got it; one outcome for each recipient, in their order.

    What is about to be handed over is on the disk before it is, so that no crash makes a mail go out twice: where the
    record does not say how it ended, the outcome is `uncertain`, and only `again` sends it once more.
    """
    with ledger.held(lock_seconds):
        record = {to.lower(): line for to, line in ledger.last(report.key).items()}
        run = _Run(report, mail, server, sender, ledger, record, again)
        waiting = []
        for to in recipients:
            line = record.get(to.lower())
            if line is None or again or line.state not in (*DONE, *UNKNOWN):
                waiting.append(to)
            else:
                run.outcomes[to] = _earlier(to, line)
        try:
            for pause in (*WAITS, None):
                run.round(waiting)
                waiting = run.waiting(waiting)
                if not waiting or pause is None:
                    break
                why = "; ".join(dict.fromkeys(run.outcomes[to].detail for to in waiting))
                tell(f"{server}: {why}. {len(waiting)} of {len(recipients)} wait; next try in {pause:g} s.")
                wait(pause)
        except CannotSend as e:
            for to in run.waiting(waiting):
                run.note(to, "failed", str(e))
            raise
        for to in waiting:
            run.note(to, "failed", run.outcomes[to].detail)
        return [run.outcomes[to] for to in recipients]


def not_yet(report: ReportSet, recipients: Sequence[str], ledger: Ledger) -> list[str]:
    """Those whom nothing was tried for, or only what may be tried again."""
    record = {to.lower(): line for to, line in ledger.last(report.key).items()}
    return [to for to in recipients if to.lower() not in record or record[to.lower()].state == "failed"]


@dataclass
class _Run:
    report: ReportSet
    mail: Mail
    server: MailServer
    sender: Address
    ledger: Ledger
    record: dict[str, Line]
    again: bool
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def waiting(self, recipients: Sequence[str]) -> list[str]:
        """Those of them for whom it has not ended."""
        return [to for to in recipients if to not in self.outcomes or self.outcomes[to].state == "failed"]

    def round(self, recipients: Sequence[str]) -> None:
        """Try each recipient once, over one connection where it holds."""
        tried: set[str] = set()
        try:
            with Connection(self.server) as connection:
                for to in recipients:
                    self._one(connection, to)
                    tried.add(to)
        except NotNow as e:
            self.outcomes |= {to: Outcome(to, "failed", str(e)) for to in recipients if to not in tried}

    def note(self, to: str, state: State, detail: str = "") -> None:
        self.ledger.write(self.report.key, to, state, detail, self._n_earlier(to))

    def _one(self, connection: Connection, to: str) -> None:
        known_as = message_id(self.report, to, self.sender, self._n_earlier(to))
        text = self.mail.to(to, self.sender, known_as, datetime.now(UTC))
        answer = connection.send(
            self.sender.addr_spec, to, text, handing_over=lambda: self.note(to, "handing over")
        )
        self.note(to, answer.state, answer.detail)
        self.outcomes[to] = Outcome(to, answer.state, answer.detail)

    def _n_earlier(self, to: str) -> int:
        line = self.record.get(to.lower())
        if line is None:
            return 0
        return line.n_earlier + (self.again and line.state in (*DONE, *UNKNOWN))


def _earlier(to: str, line: Line) -> Outcome:
    if line.state in DONE:
        return Outcome(to, "before", f"sent {line.at}")
    return Outcome(to, "uncertain", f"a run that began to send it {line.at} could not see how it ended")


def checked_whole(report: ReportSet, *, anyway: bool) -> None:
    """WorkbenchError for a set with pages that could not be made, unless it is to go out all the same."""
    if not report.is_whole and not anyway:
        names = ", ".join(str(p["name"]) for p in report.failed) or "its manifest says so"
        raise WorkbenchError(
            f"{report.key} is not whole: {names} could not be made. Nothing was sent or published. "
            "Mend what is wrong and make it again, or say --anyway."
        )
