"""Mails against a real SMTP server on this machine: TLS, passwords, refusals, and what breaks half way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest
from certificates import certificate_of
from cryptography import x509
from smtp_server import PASSWORD, USER, Mailboxes, serving

from workbench.errors import UsageError
from workbench.reporting.delivery.addresses import sender
from workbench.reporting.delivery.ledger import Ledger
from workbench.reporting.delivery.message import mail_of
from workbench.reporting.delivery.send import WAITS, Outcome, not_yet, send
from workbench.reporting.delivery.sets import ReportSet
from workbench.reporting.delivery.smtp import CannotSend, MailServer, mail_server

ANN, BEN = "ann@example.com", "ben@example.com"
FROM = sender("Reports <reports@example.com>")


@pytest.fixture(autouse=True)
def no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORKBENCH_SMTP_USER", raising=False)
    monkeypatch.delenv("WORKBENCH_SMTP_PASSWORD", raising=False)


@pytest.fixture
def boxes() -> Iterator[Mailboxes]:
    """A server without TLS, which this machine may do without."""
    with serving() as server:
        yield server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate of 127.0.0.1, which signs itself."""
    return certificate_of(x509.IPAddress(ip_address("127.0.0.1")), tmp_path_factory.mktemp("tls"))


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


@pytest.fixture
def waits() -> list[float]:
    """How long was waited between rounds, without waiting."""
    return []


Sending = Callable[..., list[Outcome]]


@pytest.fixture
def sending(make_set: Callable[..., ReportSet], ledger: Ledger, waits: list[float]) -> Sending:
    """sending(port or server, *recipients) -> outcomes."""
    report = make_set()
    mail = mail_of(report)

    def run(where: int | MailServer, *to: str, **more: object) -> list[Outcome]:
        server = mail_server(f"127.0.0.1:{where}") if isinstance(where, int) else where
        return send(
            report,
            mail,
            to,
            server=server,
            sender=FROM,
            ledger=ledger,
            wait=waits.append,
            **more,  # type: ignore[arg-type]
        )

    return run


def test_each_recipient_gets_a_mail_of_their_own(boxes: Mailboxes, sending: Sending) -> None:
    outcomes = sending(boxes.port, ANN, BEN)
    assert [(o.recipient, o.state) for o in outcomes] == [(ANN, "sent"), (BEN, "sent")]
    assert boxes.recipients() == [ANN, BEN]
    assert [m["To"] for m in boxes.mails()] == [ANN, BEN]
    assert boxes.n_connections == 1


def test_nobody_gets_a_set_twice_unless_that_is_asked_for(boxes: Mailboxes, sending: Sending) -> None:
    sending(boxes.port, ANN)
    outcomes = sending(boxes.port, ANN, BEN)
    assert [o.state for o in outcomes] == ["before", "sent"]
    assert boxes.recipients() == [ANN, BEN]
    # One mailbox, written in two ways.
    assert [o.state for o in sending(boxes.port, "Ann@Example.com")] == ["before"]
    sending(boxes.port, ANN, again=True)
    assert boxes.recipients() == [ANN, BEN, ANN]
    first, _, third = boxes.mails()
    assert first["Message-ID"] != third["Message-ID"]  # else the mailbox would take it for the same mail


def test_a_server_that_puts_off_strangers_is_asked_again_later(
    boxes: Mailboxes, sending: Sending, waits: list[float]
) -> None:
    boxes.put_off[ANN] = 2
    told: list[str] = []
    outcomes = sending(boxes.port, ANN, BEN, tell=told.append)
    assert [o.state for o in outcomes] == ["sent", "sent"]
    assert boxes.recipients() == [BEN, ANN]
    assert waits == list(WAITS[:2])
    assert "451 4.7.1 greylisted" in told[0] and "1 of 2 wait" in told[0]


def test_what_stays_put_off_has_failed_and_is_tried_by_the_next_run(
    boxes: Mailboxes, sending: Sending, waits: list[float], ledger: Ledger
) -> None:
    boxes.put_off[ANN] = len(WAITS) + 1
    (outcome,) = sending(boxes.port, ANN)
    assert (outcome.state, outcome.detail) == ("failed", "451 4.7.1 greylisted, try again later")
    assert waits == list(WAITS)
    assert ledger.last("2025-W40")[ANN].state == "failed"
    assert [o.state for o in sending(boxes.port, ANN)] == ["sent"]


def test_what_is_refused_for_good_is_not_tried_again_and_stops_nobody_else(
    boxes: Mailboxes, sending: Sending, waits: list[float]
) -> None:
    boxes.refused = {ANN}
    outcomes = sending(boxes.port, ANN, BEN)
    assert [(o.state, o.detail) for o in outcomes] == [
        ("refused", "550 5.1.1 no such mailbox"),
        ("sent", "250 2.0.0 taken"),
    ]
    assert waits == []


def test_a_text_that_is_refused_is_told_with_the_servers_words(boxes: Mailboxes, sending: Sending) -> None:
    boxes.answer = ["554 5.7.1 looks like spam"]
    (outcome,) = sending(boxes.port, ANN)
    assert (outcome.state, outcome.detail) == ("refused", "554 5.7.1 looks like spam")


@pytest.mark.parametrize("kept", [True, False])
def test_a_connection_that_breaks_after_the_text_never_makes_a_second_mail(
    boxes: Mailboxes, sending: Sending, waits: list[float], kept: bool
) -> None:
    boxes.drop_after, boxes.drop_before = (1, 0) if kept else (0, 1)
    outcomes = sending(boxes.port, ANN, BEN)
    assert [o.state for o in outcomes] == ["uncertain", "sent"]
    assert "had the whole mail and did not answer" in outcomes[0].detail
    assert waits == []
    assert [o.state for o in sending(boxes.port, ANN, BEN)] == ["uncertain", "before"]
    assert boxes.recipients() == ([ANN, BEN] if kept else [BEN])
    assert [o.state for o in sending(boxes.port, ANN, again=True)] == ["sent"]


def test_a_run_that_was_killed_before_the_text_left_is_made_good(
    boxes: Mailboxes, sending: Sending, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Ledger, "write", _killed)
    with pytest.raises(KeyboardInterrupt):
        sending(boxes.port, ANN)
    monkeypatch.undo()
    assert [o.state for o in sending(boxes.port, ANN)] == ["sent"]
    assert boxes.recipients() == [ANN]


def test_a_run_that_was_killed_while_it_handed_over_leaves_that_to_a_person(
    boxes: Mailboxes, sending: Sending, ledger: Ledger
) -> None:
    ledger.write("2025-W40", ANN, "handing over")
    (outcome,) = sending(boxes.port, ANN)
    assert outcome.state == "uncertain" and "could not see how it ended" in outcome.detail
    assert boxes.arrived == []


def _killed(*_args: object, **_more: object) -> None:
    raise KeyboardInterrupt


def test_half_a_line_of_a_killed_run_hides_no_other(ledger: Ledger) -> None:
    ledger.write("2025-W40", ANN, "sent")
    with ledger.file.open("a", encoding="utf-8") as f:
        f.write('{"set": "2025-W40", "to": "ben@ex')
    ledger.write("2025-W40", BEN, "sent")
    assert {to: line.state for to, line in ledger.last("2025-W40").items()} == {ANN: "sent", BEN: "sent"}
    assert ledger.file.stat().st_mode & 0o777 == 0o600


def test_nobody_listening_is_tried_again_and_told(sending: Sending, waits: list[float]) -> None:
    (outcome,) = sending(9, ANN)
    assert (outcome.state, outcome.detail) == ("failed", "nothing listens there")
    assert len(waits) == len(WAITS)


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("implicit", [True, False])
def test_over_tls_the_password_lets_us_in(
    sending: Sending, certificate: Path, implicit: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_SMTP_USER", USER)
    monkeypatch.setenv("WORKBENCH_SMTP_PASSWORD", PASSWORD)
    with serving(tls=certificate, implicit=implicit, log_in=True) as boxes:
        server = mail_server(f"127.0.0.1:{boxes.port}", "tls" if implicit else "starttls")
        assert [o.state for o in sending(server, ANN)] == ["sent"]
        assert boxes.n_logged_in == 1
        assert implicit or boxes.n_over_tls > 0


@pytest.mark.usefixtures("trusted")
def test_a_wrong_password_stops_at_once_and_is_never_told(
    sending: Sending, certificate: Path, monkeypatch: pytest.MonkeyPatch, waits: list[float], ledger: Ledger
) -> None:
    monkeypatch.setenv("WORKBENCH_SMTP_USER", USER)
    monkeypatch.setenv("WORKBENCH_SMTP_PASSWORD", "wrong-canary")
    with serving(tls=certificate, log_in=True) as boxes:
        with pytest.raises(CannotSend, match="does not let WORKBENCH_SMTP_USER in: 535") as caught:
            sending(mail_server(f"127.0.0.1:{boxes.port}", "starttls"), ANN)
        assert boxes.arrived == [] and waits == []
    assert "canary" not in str(caught.value) + ledger.file.read_text(encoding="utf-8")
    assert ledger.last("2025-W40")[ANN].state == "failed"


@pytest.mark.parametrize("implicit", [True, False])
def test_a_certificate_that_nobody_vouches_for_stops_before_anything_is_said(
    sending: Sending, certificate: Path, implicit: bool, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    monkeypatch.setenv("WORKBENCH_SMTP_USER", USER)
    monkeypatch.setenv("WORKBENCH_SMTP_PASSWORD", PASSWORD)
    with serving(tls=certificate, implicit=implicit, log_in=True) as boxes:
        server = mail_server(f"127.0.0.1:{boxes.port}", "tls" if implicit else "starttls")
        with pytest.raises(CannotSend, match=r"certificate that is not trusted: self.signed certificate"):
            sending(server, ANN)
        assert boxes.arrived == [] and waits == []


@pytest.mark.usefixtures("trusted")
def test_a_certificate_of_another_name_is_not_trusted(sending: Sending, certificate: Path) -> None:
    with (
        serving(tls=certificate, implicit=True) as boxes,
        pytest.raises(CannotSend, match=r"certificate that is not trusted: .*localhost"),
    ):
        sending(MailServer("localhost", boxes.port, "tls"), ANN)


def test_tls_that_is_not_offered_stops_where_it_is_wanted(boxes: Mailboxes, sending: Sending) -> None:
    with pytest.raises(CannotSend, match="offers no TLS"):
        sending(mail_server(f"127.0.0.1:{boxes.port}", "starttls"), ANN)
    with pytest.raises(CannotSend, match="does not speak TLS there"):
        sending(mail_server(f"127.0.0.1:{boxes.port}", "tls"), ANN)
    assert boxes.arrived == []


@pytest.mark.parametrize(
    ("address", "security", "expected"),
    [
        ("smtp.example.com", "", ("smtp.example.com", 587, "starttls")),
        ("smtp.example.com:465", "", ("smtp.example.com", 465, "tls")),
        ("smtp.example.com", "tls", ("smtp.example.com", 465, "tls")),
        ("smtp.example.com:25", "none", ("smtp.example.com", 25, "none")),
        ("127.0.0.1:2525", "", ("127.0.0.1", 2525, "if offered")),
        ("[::1]:2525", "", ("::1", 2525, "if offered")),
    ],
)
def test_only_this_machine_may_do_without_tls_unsaid(
    address: str, security: str, expected: tuple[str, int, str]
) -> None:
    server = mail_server(address, security)
    assert (server.host, server.port, server.security) == expected


@pytest.mark.parametrize("address", ["smtp example", "smtp://x", "x:99999", "x:0", "a\r\nb", ":25"])
def test_a_server_that_can_not_be_one_is_told(address: str) -> None:
    with pytest.raises(UsageError, match="can't be understood"):
        mail_server(address)


def test_a_sender_that_is_refused_stops_everybody(boxes: Mailboxes, sending: Sending) -> None:
    boxes.refused_sender = "reports@example.com"
    with pytest.raises(CannotSend, match=r"takes no mail from reports@example.com: 550"):
        sending(boxes.port, ANN, BEN)


def test_lines_that_begin_with_a_dot_arrive_as_they_were(boxes: Mailboxes, sending: Sending) -> None:
    from workbench.reporting.delivery.smtp import Connection

    text = b"Subject: dots\r\n\r\n.\r\n..two\r\n.one\r\nend\r\n"
    with Connection(mail_server(f"127.0.0.1:{boxes.port}")) as connection:
        answer = connection.send("a@example.com", ANN, text, handing_over=lambda: None)
    assert answer.state == "sent"
    assert boxes.arrived == [(ANN, text)]


def test_only_what_may_be_tried_again_is_still_to_be_sent(
    make_set: Callable[..., ReportSet], ledger: Ledger
) -> None:
    report = make_set()
    states = ["sent", "refused", "uncertain", "handing over", "failed"]
    for state in states:
        ledger.write(report.key, f"{state.replace(' ', '')}@example.com", state)  # type: ignore[arg-type]
    everybody = [f"{state.replace(' ', '')}@example.com" for state in [*states, "new"]]
    assert not_yet(report, everybody, ledger) == ["failed@example.com", "new@example.com"]
