"""Commands that bring reports to their readers: send, publish, report --due."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import UsageError, WorkbenchError
from .shared import say, settings_of

if TYPE_CHECKING:
    from ..reporting.delivery.ledger import Ledger
    from ..reporting.delivery.sets import ReportSet
    from ..settings import Settings


def add_delivery_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """`send` and `publish`; `add` makes a command as the parser makes every one."""
    sub = add("send", send_set, "Mail the reports of a week.", "workbench send --period 2025-W40 --dry-run")
    _which(sub)
    sub.add_argument(
        "--to",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="to these instead of the settings' mail_to",
    )
    sub.add_argument("--again", action="store_true", help="also to those who have got it")
    sub.add_argument("--dry-run", action="store_true", help="say what would be sent, and send nothing")
    sub.add_argument("--save", metavar="FILE", help="write the mail to a file (.eml) instead of sending it")
    sub = add(
        "publish",
        publish_set,
        "Put the reports of a week and the index into a folder or an S3-compatible bucket.",
        "workbench publish --to s3://bucket/reports",
    )
    _which(sub)
    sub.add_argument("--to", metavar="PLACE", help="a folder, or s3://bucket/prefix (default: publish_to)")
    sub.add_argument("--all", action="store_true", help="every period that is here and whole")
    sub.add_argument("--zip", action="store_true", help="one zip a period, with links that work in it")
    sub.add_argument(
        "--internal", action="store_true", help="executed notebooks and manifests too, which hold code"
    )


def add_due_options(sub: argparse.ArgumentParser) -> None:
    """What `report` takes to make what is due; the schedule calls it so."""
    sub.add_argument(
        "--due", action="store_true", help="every week that has ended and was not made yet, each once"
    )
    sub.add_argument("--at", metavar="WHEN", help="with --due: not before (such as Mon 06:00)")
    sub.add_argument("--time-zone", metavar="ZONE", help="of --at (default: the settings')")
    sub.add_argument("--send", action="store_true", help="with --due: mail what was made")
    sub.add_argument("--publish", action="store_true", help="with --due: publish what was made")


def send_set(options: Any) -> int:
    from ..reporting.delivery.addresses import given
    from ..reporting.delivery.send import checked_whole
    from ..reporting.delivery.sets import find_set

    settings = settings_of(options)
    report = find_set(settings.reports, options.period, options.name)
    checked_whole(report, anyway=options.anyway)
    return _send(
        settings, report, given(options.to), again=options.again, dry=options.dry_run, save=options.save
    )


def publish_set(options: Any) -> int:
    from ..reporting.delivery.send import checked_whole
    from ..reporting.delivery.sets import find_set, sets_in

    settings = settings_of(options)
    if options.all and options.period:
        raise UsageError("--all and --period ask for different things. Give one of them.")
    newest = find_set(settings.reports, options.period, options.name)
    sets = sets_in(settings.reports, options.name) if options.all else [newest]
    whole = [s for s in sets if s.is_whole or options.anyway]
    if not options.all or not whole:
        checked_whole(newest, anyway=options.anyway)
    for report in sets:
        if report not in whole:
            say(f"{report.key} is left out: pages of it could not be made. --anyway publishes it.")
    return _publish(settings, whole, to=options.to, as_zip=options.zip, internal=options.internal)


def make_due(options: Any, make: Callable[[Any], int]) -> int:
    """Make every week that is due, with `make`; then publish and mail what was made and is not delivered yet."""
    from datetime import UTC, datetime

    import filelock

    from ..private_files import refuse_open_to_others
    from ..reporting.delivery.ledger import Ledger
    from ..reporting.delivery.sets import sets_in
    from ..reporting.due import due_weeks, weekly
    from ..reporting.schedule import PASSWORDS, environment_file
    from .retention import retain_after

    if not options.due:
        raise UsageError(
            "--send and --publish go with --due. After another report: workbench publish, workbench send."
        )
    by_name = ("week", "only", "out", "from_manifest", "zip")
    given = [f"--{name.replace('_', '-')}" for name in by_name if getattr(options, name, None)]
    if given:
        raise UsageError(f"--due makes whole weeks by the clock, so {given[0]} can't be given with it.")
    refuse_open_to_others(environment_file(), PASSWORDS)
    settings = settings_of(options)
    at = weekly(options.at or "Mon 00:00", options.time_zone or settings.time_zone)
    ledger = Ledger(settings.data)
    settings.reports.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = filelock.FileLock(settings.reports / ".due.lock", timeout=0, mode=0o600)
    try:
        lock.acquire()
    except filelock.Timeout:
        say("Another run is making what is due.")
        return 0
    with lock:
        made = {s.period for s in sets_in(settings.reports)}
        # Of these a file's reports came to nothing, mostly for what the file says: it has been mended since, or not.
        waiting = {w for w in made if options.reports and _state(ledger, w, options.reports) == "due"}
        begun = {line.set for line in ledger.lines() if line.state == "due"}
        weeks, too_old = due_weeks(made - waiting, at, datetime.now(UTC), begun=begun)
        if too_old:
            say(
                f"Not caught up on: {len(too_old)} weeks up to {too_old[-1]}. Make one with: "
                f"workbench report --week {too_old[-1]}"
            )
        worst = 0
        for week in weeks:
            if not _covered(settings, week):
                worst = 1
                break  # nor do the data reach a later one
            ledger.write(week, "", "due")
            if options.reports and _state(ledger, week, options.reports) != "made":
                # Before the agency's own report, which says that the week is done.
                ledger.write(week, options.reports, "due")
                code, has_begun = _made(make, options, week, options.reports)
                worst = max(worst, code)
                if has_begun:
                    ledger.write(week, options.reports, "made")
            if week not in made:
                worst = max(worst, _made(make, options, week)[0])
        worst = max(worst, _deliver_due(options, settings, ledger))
        return max(worst, retain_after(settings)) if weeks else worst


def _state(ledger: Ledger, week: str, to: str) -> str:
    """The last that was noted of a week there; empty where nothing was."""
    line = ledger.last(week).get(to)
    return line.state if line else ""


def _made(
    make: Callable[[Any], int], options: Any, week: str, reports: str | None = None
) -> tuple[int, bool]:
    """The exit code of making a week, its own report or those of a file; and whether that was begun at all."""
    plainly = {
        **dict.fromkeys(("due", "send", "publish"), False),
        **dict.fromkeys(("at", "time_zone")),
        "week": week,
        "reports": reports,
    }
    try:
        return make(argparse.Namespace(**{**vars(options), **plainly})), True
    except WorkbenchError as e:
        say(f"Error: {week}: {e}")
        return e.exit_code, False


def _covered(settings: Settings, week: str) -> bool:
    """Whether the data reach so far; told where they don't."""
    from ..display.numbers import instant
    from ..reporting.due import is_covered
    from ..warehouse.reader import Workbench

    with Workbench.opened(settings.home) as wb:
        as_of = wb.as_of
    if not is_covered(week, as_of, settings.time_zone):
        say(
            f"Error: week {week} has ended, but the data end over a day before it does: "
            f"{instant(as_of) if as_of else 'there are none'}. It is not made; the next run tries again."
        )
        return False
    return True


def _deliver_due(options: Any, settings: Settings, ledger: Any) -> int:
    """Publish and mail the sets that were made because they were due, to where they have not come yet."""
    from ..reporting.delivery.addresses import recipients
    from ..reporting.delivery.send import not_yet
    from ..reporting.delivery.sets import every_set, find_set

    due = {line.set for line in ledger.lines() if line.state == "due"}
    sets = [s for s in every_set(settings.reports) if s.folder.name in due and s.is_whole]
    failed = 0
    for one in sorted(sets, key=lambda s: (s.period, s.name)):
        if one.name and not options.reports:
            continue
        try:
            report = find_set(settings.reports, one.period, one.name)
            if options.publish and settings.publish_to not in ledger.last(report.key):
                failed |= _publish(settings, [report])
            everybody = recipients(settings.mail_to, report.name)
            if options.send and (waiting := not_yet(report, everybody, ledger)):
                failed |= _send(settings, report, waiting)
        except WorkbenchError as e:
            say(f"Error: {one.key}: {e}")
            failed = 1
    return failed


def _send(
    settings: Settings,
    report: ReportSet,
    to: Sequence[str] = (),
    *,
    again: bool = False,
    dry: bool = False,
    save: str | None = None,
) -> int:
    from collections import Counter
    from datetime import UTC, datetime
    from pathlib import Path

    from ..reporting.delivery.addresses import recipients, sender
    from ..reporting.delivery.ledger import Ledger
    from ..reporting.delivery.message import mail_of, message_id
    from ..reporting.delivery.send import send
    from ..reporting.delivery.sets import unchanged
    from ..reporting.delivery.smtp import mail_server

    everybody = list(to) or recipients(settings.mail_to, report.name)
    if not everybody:
        who = f"{report.name}=name@example.com" if report.name else "name@example.com"
        raise UsageError(
            f'mail_to names nobody for {report.key}. Write mail_to = ["{who}"] into workbench.toml, or give --to.'
        )
    by = sender(settings.mail_from)
    server = None if dry or save else mail_server(settings.mail_server, settings.mail_security)
    with unchanged(report):
        mail = mail_of(report, link=settings.report_link, attachment_mb=settings.mail_attachment_mb)
    for each in mail.told:
        say(each)
    ledger = Ledger(settings.data)
    if settings.report_link and not any(
        line.state == "published" for line in ledger.last(report.key).values()
    ):
        say(f"The mail links to {settings.report_link}, and {report.key} was not published from here yet.")
    if save:
        known_as = message_id(report, everybody[0], by, 0)
        Path(save).write_bytes(mail.to(everybody[0], by, known_as, datetime.now(UTC)))
        say(f"Written: {save}. Nothing was sent.")
        return 0
    size = f"{mail.n_summary_bytes / 1e3:,.0f} kB"
    size += f" and {len(mail.attachment) / 1e6:,.1f} MB attached" if mail.attachment else ""
    if server is None:
        known = {a.lower(): line.state for a, line in ledger.last(report.key).items()}
        for address in everybody:
            print(f"{address}: {'would be sent' if again else known.get(address.lower(), 'would be sent')}")
        say(f"'{mail.subject}', {size}. Nothing was sent.")
        return 0
    outcomes = send(
        report,
        mail,
        everybody,
        server=server,
        sender=by,
        ledger=ledger,
        again=again,
        tell=say,
        lock_seconds=settings.lock_seconds,
    )
    for outcome in outcomes:
        print(f"{outcome.recipient}: {_WORDS.get(outcome.state, outcome.state)} ({outcome.detail})")
    n = Counter(o.state for o in outcomes)
    words = _WORDS | ({"before": "have it already"} if n["before"] > 1 else {})
    rest = "".join(f", {n[state]} {said}" for state, said in words.items() if state != "sent" and n[state])
    say(f"Sent '{mail.subject}' ({size}) to {n['sent']} of {len(outcomes)}{rest}.")
    if n["uncertain"]:
        say("Whoever may or may not have got it: ask them, then send it once more with --again --to ADDRESS.")
    return 0 if all(o.is_good for o in outcomes) else 1


_WORDS = {
    "sent": "sent",
    "before": "has it already",
    "refused": "refused",
    "failed": "failed",
    "uncertain": "may or may not have got it",
}


def _publish(
    settings: Settings,
    sets: Sequence[ReportSet],
    *,
    to: str | None = None,
    as_zip: bool = False,
    internal: bool = False,
) -> int:
    from ..display.numbers import counted
    from ..reporting.delivery.ledger import Ledger
    from ..reporting.delivery.publish import publish
    from ..reporting.delivery.sets import every_set

    address = to or settings.publish_to
    if not address:
        raise UsageError(
            "There is nowhere to publish to. Write publish_to into workbench.toml (a folder, or s3://bucket/prefix), "
            "or give --to."
        )
    ledger = Ledger(settings.data)
    with ledger.held(settings.lock_seconds):
        done = publish(
            sets,
            every_set(settings.reports),
            address,
            home=settings.home,
            endpoint=settings.publish_endpoint,
            plain_hosts=[h.strip() for h in settings.media_private_hosts.split(",") if h.strip()],
            internal=internal,
            as_zip=as_zip,
        )
        for report in sets:
            ledger.write(report.key, address, "published", done.place)
    removed = f", {done.n_removed} removed that the sets no longer have" if done.n_removed else ""
    say(
        f"Published {', '.join(s.key for s in sets)} to {done.place}: {counted(done.n_sent, 'file')} sent "
        f"({done.n_bytes / 1e6:,.1f} MB), {done.n_same} lay there already{removed}."
    )
    print(done.index or done.place)
    return 0


def _which(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--period", metavar="YYYY-Www", help="default: the newest that was made")
    sub.add_argument(
        "--name", default="", metavar="REPORT", help="a named report instead of the agency's own"
    )
    sub.add_argument("--anyway", action="store_true", help="also where pages could not be made")
