"""Commands around the weekly run and the monthly backup: schedule print, install, remove, status."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .shared import say, settings_of

if TYPE_CHECKING:
    from datetime import datetime

    from ..reporting.schedule import Schedule
    from ..settings import Settings


def add_schedule_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """The actions of `workbench schedule`; `add` makes one as the parser makes every command."""
    for name, run, sentence in (
        ("print", print_schedule, "Print the timer or the crontab's line, and change nothing."),
        ("install", install_schedule, "Make the reports every week by a systemd timer or by cron."),
        ("remove", remove_schedule, "Make them no longer by themselves."),
        ("status", tell_schedule, "What is installed, which week comes next, and what is missing."),
    ):
        words = ' --at "Mon 06:00" --time-zone Europe/Berlin --send' if name in ("print", "install") else ""
        sub = add(name, run, sentence, f"workbench schedule {name}{words}")
        sub.add_argument(
            "--with",
            dest="by",
            choices=("systemd", "cron"),
            help="default: systemd where it runs, else cron",
        )
        sub.add_argument(
            "--what",
            choices=("reports", "backup"),
            default="reports",
            help="the week's reports (default), or the month's backup, which is tried",
        )
        sub.add_argument(
            "--at",
            metavar="WHEN",
            help="day and time (default: Mon 06:00; of a backup Sun 04:00, the month's first)",
        )
        sub.add_argument("--time-zone", metavar="ZONE", help="of the time (default: the settings')")
        if words:
            sub.add_argument(
                "--reports",
                nargs="?",
                const="reports.toml",
                default="",
                metavar="FILE",
                help="the reports of a file too, per client, creator or account (default: reports.toml)",
            )
            sub.add_argument("--publish", action="store_true", help="publish what was made")
            sub.add_argument("--send", action="store_true", help="mail what was made")
            sub.add_argument(
                "--encrypt", action="store_true", help="a backup: for WORKBENCH_BACKUP_RECIPIENT"
            )


def print_schedule(options: Any) -> None:
    from ..reporting.schedule import cron_line, unit_folder, units

    schedule, by = _asked(options)
    if by == "cron":
        print(cron_line(schedule))
        return
    for name, text in units(schedule).items():
        print(f"# {unit_folder() / name}\n{text}")


def install_schedule(options: Any) -> None:
    from ..private_files import refuse_open_to_others
    from ..reporting.schedule import PASSWORDS, environment_file, install_cron, install_systemd

    schedule, by = _asked(options)
    refuse_open_to_others(environment_file(), PASSWORDS)
    if by == "cron":
        install_cron(schedule)
        say(f"Installed in your crontab. What it says goes to {schedule.log}.")
    else:
        for file in install_systemd(schedule):
            print(file)
        say(
            f"Installed. Its log: journalctl --user -u {schedule.name}. So that it runs while you are not logged in: "
            "loginctl enable-linger"
        )
    often = f"On the month's first {schedule.at}" if schedule.is_backup else f"Every {schedule.at}"
    say(
        f"{often} in {schedule.at.time_zone}. Passwords for mail and buckets go into {environment_file()} "
        "(NAME='value', a line each, readable by you only)."
    )


def remove_schedule(options: Any) -> None:
    from ..reporting.schedule import remove_cron, remove_systemd

    schedule, by = _asked(options)
    removed = remove_cron(schedule) if by == "cron" else bool(remove_systemd(schedule))
    say("Removed." if removed else f"There was nothing of {schedule.home} to remove ({by}).")


def tell_schedule(options: Any) -> None:
    from datetime import UTC, datetime, timedelta

    from ..errors import WorkbenchError
    from ..reporting.delivery.sets import sets_in
    from ..reporting.due import due_weeks
    from ..reporting.schedule import installed_cron, installed_systemd
    from ..reporting.weeks import monday, week_of

    schedule, _ = _asked(options)
    found = installed_systemd(schedule)
    print(f"systemd: {schedule.name}.timer" if found else "systemd: nothing installed")
    for row in found.splitlines():
        if row.startswith("OnCalendar="):
            print(f"  {row}")
    try:
        line = installed_cron(schedule)
    except WorkbenchError as e:
        print(f"cron: {e}")
    else:
        print(f"cron: {line}" if line else "cron: nothing installed")
    now = datetime.now(UTC)
    settings = settings_of(options)
    if schedule.is_backup:
        _tell_backups(settings, schedule, now)
        return
    made = [s.period for s in sets_in(settings.reports)]
    missing, too_old = due_weeks(made, schedule.at, now)
    print(f"Newest report: {max(made) if made else 'none'}")
    print(f"Due now: {', '.join(missing) or 'nothing'}")
    if too_old:
        print(f"Missed too long ago: {len(too_old)} weeks up to {too_old[-1]}")
    week = week_of(now.date())
    while schedule.at.after(week) <= now:
        week = week_of(monday(week) + timedelta(days=7))
    before = week_of(monday(week) - timedelta(days=7))
    week = before if schedule.at.after(before) > now else week
    print(
        f"Next: {week}, at {schedule.at.after(week):%Y-%m-%d %H:%M} UTC ({schedule.at} {schedule.at.time_zone})"
    )


def _tell_backups(settings: Settings, schedule: Schedule, now: datetime) -> None:
    from ..safekeeping.backup_due import is_due, last_run, next_moment

    last = last_run(settings.data)
    print(f"Goes to: {settings.backup_to or 'nowhere: write backup_to into workbench.toml'}")
    print(f"Last good run: {f'{last.good_at:%Y-%m-%d %H:%M} UTC' if last.good_at else 'none'}")
    if last.tried_at is not None and last.tried_at != last.good_at:
        print(f"Failed since: {last.tried_at:%Y-%m-%d %H:%M} UTC, see {schedule.log.name} or journalctl")
    print(f"Due now: {'yes' if is_due(schedule.at, now, last) else 'no'}")
    following = next_moment(schedule.at, now)
    print(f"Next: {following:%Y-%m-%d %H:%M} UTC (the month's first {schedule.at} {schedule.at.time_zone})")


def _asked(options: Any) -> tuple[Schedule, str]:
    from ..reporting.due import weekly
    from ..reporting.schedule import Schedule, has_systemd

    settings = settings_of(options)
    if options.what == "backup" and any(
        getattr(options, name, "") for name in ("send", "publish", "reports")
    ):
        raise UsageError("--send, --publish and --reports are of reports. Leave them out with --what backup.")
    if options.what == "reports" and getattr(options, "encrypt", False):
        raise UsageError("--encrypt is of backups. Add --what backup, or leave it out.")
    schedule = Schedule(
        settings.home,
        weekly(
            options.at or ("Sun 04:00" if options.what == "backup" else "Mon 06:00"),
            options.time_zone or settings.time_zone,
        ),
        publish=getattr(options, "publish", False),
        send=getattr(options, "send", False),
        reports=getattr(options, "reports", ""),
        is_backup=options.what == "backup",
        encrypt=getattr(options, "encrypt", False),
    )
    return schedule.checked(), options.by or ("systemd" if has_systemd() else "cron")
