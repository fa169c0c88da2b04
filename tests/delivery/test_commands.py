"""workbench send, publish and report --due as their users call them."""

from __future__ import annotations

import argparse
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from types import SimpleNamespace

import pytest
from home_files import write_settings
from made_sets import shown, write_set
from smtp_server import Mailboxes, serving

from workbench.cli import delivery, main
from workbench.reporting.delivery.addresses import sender
from workbench.reporting.delivery.ledger import Ledger
from workbench.reporting.delivery.message import mail_of
from workbench.reporting.delivery.send import send
from workbench.reporting.delivery.sets import ReportSet
from workbench.reporting.delivery.smtp import mail_server
from workbench.reporting.weeks import monday, week_of
from workbench.settings import Settings

MakeSet = Callable[..., ReportSet]
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def boxes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailboxes]:
    for name in ("WORKBENCH_SMTP_USER", "WORKBENCH_SMTP_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    with serving() as server:
        yield server


@pytest.fixture
def command(settings: Settings, boxes: Mailboxes, capsys: pytest.CaptureFixture[str]) -> Command:
    """command("send", ...) -> exit code, output, talk; the home's settings name a server and two recipients."""
    write_settings(
        settings.home,
        f'mail_server = "127.0.0.1:{boxes.port}"\nmail_from = "Reports <reports@example.com>"\n'
        'mail_to = ["ann@example.com", "ben@example.com", "acme=boss@acme.example"]\npublish_to = "public"\n',
    )

    def run(*words: str) -> tuple[int, str, str]:
        code = main([*words, "--home", str(settings.home)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_send_mails_the_newest_set_to_the_list_once(
    command: Command, make_set: MakeSet, boxes: Mailboxes
) -> None:
    make_set("2025-W39")
    make_set("2025-W40")
    code, out, err = command("send")
    assert (code, out) == (
        0,
        "ann@example.com: sent (250 2.0.0 taken)\nben@example.com: sent (250 2.0.0 taken)\n",
    )
    assert err.startswith("Sent 'Report: Week 40, 29 Sep to 5 Oct 2025' (")
    assert boxes.recipients() == ["ann@example.com", "ben@example.com"]
    code, out, err = command("send", "--period", "2025-W40")
    assert code == 0 and "has it already" in out and "to 0 of 2, 2 have it already" in err
    assert len(boxes.arrived) == 2
    code, out, _ = command("send", "--again", "--to", "ann@example.com")
    assert code == 0 and len(boxes.arrived) == 3


def test_a_named_report_goes_to_whom_it_is_meant_for(
    command: Command, make_set: MakeSet, boxes: Mailboxes
) -> None:
    make_set(name="acme")
    make_set(name="zeta")
    assert command("send", "--name", "acme")[0] == 0
    assert boxes.recipients() == ["boss@acme.example"]
    code, _, err = command("send", "--name", "zeta")
    assert code == 2 and "mail_to names nobody for zeta/2025-W40" in err


def test_a_dry_run_sends_nothing_and_a_saved_mail_can_be_looked_at(
    command: Command, make_set: MakeSet, boxes: Mailboxes, tmp_path: Path
) -> None:
    make_set()
    code, out, err = command("send", "--dry-run")
    assert (code, out) == (0, "ann@example.com: would be sent\nben@example.com: would be sent\n")
    assert "Nothing was sent." in err
    file = tmp_path / "mail.eml"
    assert command("send", "--save", str(file))[0] == 0
    assert message_from_bytes(file.read_bytes())["To"] == "ann@example.com"
    assert boxes.n_connections == 0


def test_a_set_with_a_failed_page_is_sent_only_when_that_is_said(
    command: Command, make_set: MakeSet, boxes: Mailboxes
) -> None:
    make_set(pages={"0_a": ("A", shown(), "ValueError: x"), "1_b": ("B", shown(), "")})
    code, _, err = command("send")
    assert code == 1 and "0_a could not be made. Nothing was sent" in err and boxes.arrived == []
    assert command("publish")[0] == 1
    assert command("send", "--anyway")[0] == 0
    assert boxes.mails()[0]["Subject"].startswith("[1 of 2 pages not made]")


def test_one_who_is_refused_makes_the_command_fail(
    command: Command, make_set: MakeSet, boxes: Mailboxes
) -> None:
    make_set()
    boxes.refused = {"ben@example.com"}
    code, out, err = command("send")
    assert code == 1 and "ben@example.com: refused (550 5.1.1 no such mailbox)" in out
    assert "to 1 of 2, 1 refused." in err


def test_two_runs_at_once_send_each_mail_once(make_set: MakeSet, boxes: Mailboxes, ledger: Ledger) -> None:
    report = make_set()
    mail = mail_of(report)
    everybody = [f"{n}@example.com" for n in range(6)]

    def run() -> None:
        send(
            report, mail, everybody, server=mail_server(f"127.0.0.1:{boxes.port}"),
            sender=sender("r@example.com"), ledger=Ledger(ledger.file.parents[1]),
        )  # fmt: skip

    runs = [threading.Thread(target=run) for _ in range(3)]
    for each in runs:
        each.start()
    for each in runs:
        each.join()
    assert boxes.recipients() == everybody


def test_a_run_that_is_killed_while_it_sends_never_makes_a_second_mail(
    command: Command, make_set: MakeSet, boxes: Mailboxes, settings: Settings
) -> None:
    make_set()
    boxes.stalled = True
    words = ["send", "--home", str(settings.home), "--to", "ann@example.com"]
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from workbench.cli import main; sys.exit(main(sys.argv[1:]))",
            *words,
        ]
    )
    until = time.monotonic() + 60
    while boxes.n_texts == 0 and time.monotonic() < until:
        time.sleep(0.02)
    process.kill()
    process.wait()
    boxes.stalled = False
    code, out, err = command("send", "--to", "ann@example.com")
    assert boxes.n_texts == 1
    assert code == 1 and "ann@example.com: may or may not have got it (a run that began to send it" in out
    assert "--again --to ADDRESS" in err


def test_publish_puts_the_set_where_the_settings_say(
    command: Command, make_set: MakeSet, settings: Settings
) -> None:
    make_set("2025-W39")
    make_set("2025-W40")
    code, out, err = command("publish", "--all")
    assert (code, out) == (0, f"{settings.home}/public/index.html\n")
    assert "Published 2025-W39, 2025-W40" in err and ": 7 files sent" in err
    assert (settings.home / "public" / "2025-W39" / "0_overview.html").is_file()
    assert command("publish", "--all", "--period", "2025-W40")[0] == 2


def last_weeks(n: int) -> list[str]:
    """The last n weeks that have ended, the oldest first."""
    this = monday(week_of(datetime.now(UTC).date()))
    return [week_of(this - timedelta(days=7 * k)) for k in range(n, 0, -1)]


@pytest.fixture
def maker(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What `report` made in place of real pages; the data reach every week."""
    made: list[str] = []

    def make(options: argparse.Namespace) -> int:
        assert not (options.due or options.send or options.publish)
        for name in ("acme", "zeta") if options.reports else ("",):
            write_set(settings.reports, options.week, name=name)
            made.append(f"{name}/{options.week}" if name else options.week)
        return 0

    from workbench.cli import parser, reporting

    monkeypatch.setattr(delivery, "_covered", lambda _settings, _week: True)
    monkeypatch.setattr(parser, "make_report", lambda options: delivery.make_due(options, make))
    monkeypatch.setattr(reporting, "make_report", make)
    return made


def test_due_makes_missed_weeks_once_and_delivers_each(
    command: Command, make_set: MakeSet, maker: list[str], boxes: Mailboxes, settings: Settings
) -> None:
    known, *missed = last_weeks(4)
    make_set(known)
    due = ("report", "--due", "--send", "--publish")
    assert command(*due)[0] == 0
    assert maker == missed
    assert boxes.recipients() == ["ann@example.com", "ben@example.com"] * 3
    assert sorted(f.name for f in (settings.home / "public").iterdir()) == [*missed, "index.html"]
    assert command(*due) == (0, "", "")
    assert maker == missed and len(boxes.arrived) == 6


def test_due_makes_the_reports_of_a_file_once_and_mails_each_to_whom_it_is_meant_for(
    command: Command, maker: list[str], boxes: Mailboxes
) -> None:
    (week,) = last_weeks(1)
    assert command("report", "--due", "--send", "--reports")[0] == 0
    assert maker == [f"acme/{week}", f"zeta/{week}", week]
    assert boxes.recipients() == ["ann@example.com", "ben@example.com", "boss@acme.example"]
    assert command("report", "--due", "--send", "--reports") == (0, "", "")
    assert len(maker) == 3


def test_reports_of_a_file_that_could_not_begin_are_made_when_the_file_is_mended(
    command: Command, maker: list[str], make_set: MakeSet, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.cli import parser
    from workbench.errors import UsageError

    asked, wrong = [], [True]
    week = last_weeks(1)[0]

    def make(options: argparse.Namespace) -> int:
        asked.append(options.reports)
        if options.reports and wrong:
            raise UsageError("reports.toml has no [[report]]")
        make_set(week, name="acme" if options.reports else "")
        return 0

    monkeypatch.setattr(parser, "make_report", lambda options: delivery.make_due(options, make))
    due = ("report", "--due", "--reports")
    code, _, err = command(*due)
    assert code == 2 and "reports.toml has no [[report]]" in err
    assert (settings.reports / week).is_dir(), "the agency's own report waits for no file"
    assert command(*due)[0] == 2
    wrong.clear()
    assert command(*due)[0] == 0 and (settings.reports / "acme" / week).is_dir()
    assert asked == ["reports.toml", None, "reports.toml", "reports.toml"]
    assert command(*due) == (0, "", "") and len(asked) == 4


def test_a_week_that_can_not_be_made_stops_neither_the_others_nor_what_is_to_be_delivered(
    command: Command, make_set: MakeSet, maker: list[str], boxes: Mailboxes, settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    from workbench.cli import parser
    from workbench.errors import WorkbenchError

    before, first, second = last_weeks(3)
    make_set(before)

    def make(options: argparse.Namespace) -> int:
        if options.week == first:
            raise WorkbenchError("the data are too old")
        make_set(options.week)
        return 0

    monkeypatch.setattr(parser, "make_report", lambda options: delivery.make_due(options, make))
    code, _, err = command("report", "--due", "--send")
    assert code == 1 and f"Error: {first}: the data are too old" in err
    assert boxes.recipients() == ["ann@example.com", "ben@example.com"]
    assert boxes.mails()[0]["Subject"].startswith(f"Report: Week {int(second[-2:])},")
    monkeypatch.setattr(
        parser, "make_report", lambda options: delivery.make_due(options, lambda o: make_set(o.week) and 0)
    )
    assert command("report", "--due")[0] == 0
    assert (settings.reports / first).is_dir()


def test_due_sends_later_what_could_not_be_sent_and_lets_be_what_was_refused(
    command: Command, make_set: MakeSet, maker: list[str], boxes: Mailboxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.reporting.delivery import send as sending

    monkeypatch.setattr(sending, "WAITS", ())
    boxes.put_off["ann@example.com"] = 1
    boxes.refused = {"ben@example.com"}
    assert command("report", "--due", "--send")[0] == 1
    assert boxes.arrived == []
    assert command("report", "--due", "--send")[0] == 0
    assert boxes.recipients() == ["ann@example.com"] and maker == last_weeks(1)


def test_due_delivers_no_set_that_somebody_made_by_hand(
    command: Command, make_set: MakeSet, maker: list[str], boxes: Mailboxes
) -> None:
    make_set(last_weeks(1)[0])
    assert command("report", "--due", "--send") == (0, "", "")
    assert maker == [] and boxes.arrived == []


def test_two_runs_at_once_make_a_week_once(
    command: Command, make_set: MakeSet, maker: list[str], settings: Settings
) -> None:
    import filelock

    settings.reports.mkdir()
    with filelock.FileLock(settings.reports / ".due.lock"):
        assert command("report", "--due") == (0, "", "Another run is making what is due.\n")
    assert maker == []


def test_a_week_that_the_data_do_not_reach_waits(
    command: Command, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.warehouse.reader import Workbench

    week = last_weeks(1)[0]
    old = SimpleNamespace(as_of=datetime.combine(monday(week), datetime.min.time()))
    monkeypatch.setattr(Workbench, "opened", lambda _home: nullcontext(old))
    code, _, err = command("report", "--due")
    assert code == 1
    assert f"Error: week {week} has ended, but the data end over a day before it does: " in err
    assert not any(f.is_dir() for f in settings.reports.iterdir())


@pytest.mark.parametrize("more", [["--week", "2025-W40"], ["--only", "2"], ["--out", "x"]])
def test_due_and_a_week_by_name_exclude_each_other(command: Command, more: list[str]) -> None:
    code, _, err = command("report", "--due", *more)
    assert code == 2 and f"so {more[0]} can't be given with it" in err
    assert command("report", "--send")[0] == 2
    assert all(
        "they go with --due" in command("report", *w)[2] for w in (("--at", "x"), ("--time-zone", "UTC"))
    )


def test_schedule_prints_what_it_would_install(command: Command, settings: Settings) -> None:
    code, out, _ = command("schedule", "print", "--with", "systemd", "--time-zone", "Europe/Berlin", "--send")
    assert code == 0 and "OnCalendar=Mon *-*-* 06:00:00 Europe/Berlin" in out and "--send\n" in out
    code, out, _ = command("schedule", "print", "--with", "cron", "--at", "Tue 07:30")
    assert code == 0 and "--at 'Tue 07:30'" in out
    code, _, err = command("schedule", "print", "--at", "Tuesday morning")
    assert code == 2 and "is no day and time" in err


def test_schedule_status_says_what_is_due(command: Command, make_set: MakeSet) -> None:
    before, last = last_weeks(2)
    make_set(before)
    code, out, _ = command("schedule", "status", "--at", "Mon 00:00")
    assert code == 0
    assert f"Newest report: {before}\nDue now: {last}\nNext: " in out
