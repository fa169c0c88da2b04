"""Commands that keep the data safe: verify, backup, restore."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

from .shared import Bar, say, settings_of


def add_safekeeping_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """`verify`, `backup`, `restore`; `add` makes a command as the parser makes every one."""
    sub = add(
        "verify",
        verify_home,
        "Check that nothing is damaged: versions, keys, counts, marts, inbox, archive, pictures.",
        "workbench verify --quick",
    )
    sub.add_argument(
        "--version", type=int, metavar="N", help="this version alone (default: all that is here)"
    )
    sub.add_argument(
        "--quick", action="store_true", help="without building the marts beside, and with 100 pictures only"
    )
    sub.add_argument("--format", choices=("table", "json"), default="table")
    sub = add(
        "backup",
        back_up,
        "Copy everything that can't be made again to a folder or bucket elsewhere; only what changed is sent.",
        "workbench backup s3://bucket/backups --encrypt key.txt --keep 12",
    )
    sub.add_argument(
        "place", nargs="?", metavar="PLACE", help="a folder, or s3://bucket/prefix (default: backup_to)"
    )
    sub.add_argument("--endpoint", default="", metavar="URL", help="of an S3-compatible service")
    sub.add_argument(
        "--encrypt",
        nargs="?",
        const="",
        metavar="FILE",
        help="for the keys of a file (default: of WORKBENCH_BACKUP_RECIPIENT)",
    )
    sub.add_argument(
        "--keep",
        type=int,
        default=0,
        metavar="N",
        help="remove all but the newest N, once all parts of the new one were read",
    )
    sub.add_argument(
        "--recheck", action="store_true", help="read each part that is there; send damaged ones anew"
    )
    sub.add_argument("--without-media", action="store_true", help="without pictures")
    sub.add_argument("--with-reports", action="store_true", help="with the reports that were made")
    sub.add_argument("--new-key", metavar="FILE", help="make a pair of keys, and nothing else")
    sub.add_argument(
        "--due", action="store_true", help="if this month's is due: back up, and try to restore it"
    )
    sub.add_argument(
        "--at", metavar="WHEN", default="Sun 04:00", help="with --due: the month's first (Sun 04:00)"
    )
    sub.add_argument("--time-zone", metavar="ZONE", help="of --at (default: the settings')")
    sub.add_argument("--identity", metavar="FILE", help="with --due: the secret key, to try it")
    sub.add_argument("--format", choices=("table", "json"), default="table")
    sub = add(
        "restore",
        restore_home,
        "Bring a backup back into an empty home, checked before anything is moved.",
        "workbench restore s3://bucket/backups --into /srv/agency",
    )
    sub.add_argument("place", nargs="?", metavar="PLACE", help="where the backups are (default: backup_to)")
    sub.add_argument("--endpoint", default="", metavar="URL", help="of an S3-compatible service")
    sub.add_argument("--at", metavar="ID", help="the backup whose id begins so (default: the newest)")
    sub.add_argument("--into", metavar="DIR", help="the home to restore into (default: --home)")
    sub.add_argument("--check-only", action="store_true", help="restore into a folder that is thrown away")
    sub.add_argument("--quick", action="store_true", help="verify it as verify --quick does")
    sub.add_argument("--list", action="store_true", help="list the backups, and do nothing else")
    sub.add_argument("--identity", metavar="FILE", help="the secret key (default: WORKBENCH_BACKUP_IDENTITY)")
    sub.add_argument("--format", choices=("table", "json"), default="table")


def verify_home(options: Any) -> int:
    from dataclasses import asdict

    from ..display.numbers import counted
    from ..errors import UsageError
    from ..safekeeping.verify import GRAVE, verified
    from ..warehouse.versions import kept_versions

    settings = settings_of(options)
    if not settings.data.is_dir():
        raise UsageError(f"There is no {settings.data}. Name the home of the data with --home.")
    with Bar("Verifying") as show:
        found = verified(settings, version=options.version, quick=options.quick, progress=show)
    grave = sum(f.severity == GRAVE for f in found)
    if options.format == "json":
        print(json.dumps({"grave": grave, "findings": [asdict(f) for f in found]}, indent=1))
    else:
        from ..display.escaping import readable

        for finding in found:
            print(readable(str(finding)))
    what = "without marts and most pictures" if options.quick else "in full"
    if not found and not kept_versions(settings.versions):
        say(f"Verified {settings.data}: nothing was loaded there yet, and nothing is damaged.")
        return 0
    say(
        f"Verified {settings.data} {what}: "
        + (
            f"{counted(grave, 'damage')}, {counted(len(found) - grave, 'smaller thing')}."
            if found
            else "it is sound."
        )
    )
    return 1 if grave else 0


def back_up(options: Any) -> int:
    from dataclasses import asdict
    from pathlib import Path

    from ..errors import UsageError

    if options.new_key:
        from ..safekeeping.backup_keys import new_key

        print(new_key(Path(options.new_key)))
        say(
            f"The secret key is in {options.new_key}. Keep a copy of it elsewhere: without it no encrypted backup can "
            "be read. What is printed is the public key, which is enough to make them."
        )
        return 0
    if options.keep < 0:
        raise UsageError(f"--keep {options.keep} is below 0. 0 keeps all.")
    if options.due:
        if options.recheck:
            raise UsageError(
                "--due reads all parts by itself where its try finds one damaged. Leave out --recheck."
            )
        return _back_up_if_due(options)
    from ..safekeeping.backup import backed_up, backup_store
    from ..safekeeping.backup_keys import sealing

    _refuse_empty(options.place, "PLACE")
    settings = settings_of(options)
    seal = None if options.encrypt is None else sealing(_file(options.encrypt))
    with Bar("Backing up") as show:
        made = backed_up(
            settings,
            backup_store(settings, options.place or "", options.endpoint),
            seal=seal,
            keep=options.keep,
            media=not options.without_media,
            reports=options.with_reports,
            recheck=options.recheck,
            progress=show,
            tell=say,
        )
    if options.format == "json":
        print(json.dumps(asdict(made), indent=1))
    else:
        print(made.backup_id)
    _tell_backup(made)
    return 0


def _back_up_if_due(options: Any) -> int:
    from datetime import UTC, datetime

    from ..reporting.due import weekly
    from ..safekeeping.backup_due import is_due, last_run, monthly_run, not_due

    _refuse_empty(options.place, "PLACE")
    settings = settings_of(options)
    at = weekly(options.at, options.time_zone or settings.time_zone)
    now, last = datetime.now(UTC), last_run(settings.data)
    if not is_due(at, now, last):
        say(not_due(at, now, last))
        return 0
    from ..safekeeping.backup import backup_store
    from ..safekeeping.backup_keys import opening, sealing

    with Bar("Backing up") as show:
        made, trial = monthly_run(
            settings,
            lambda: backup_store(settings, options.place or "", options.endpoint),
            seal=lambda: None if options.encrypt is None else sealing(_file(options.encrypt)),
            key=lambda: opening(_file(options.identity)),
            media=not options.without_media,
            reports=options.with_reports,
            progress=show,
            tell=say,
        )
    _tell_backup(made)
    _tell_restore(trial, tried=True)
    return 0


def restore_home(options: Any) -> int:
    from dataclasses import asdict
    from pathlib import Path

    from ..display.escaping import readable
    from ..display.numbers import counted
    from ..errors import UsageError
    from ..safekeeping.backup import backup_store
    from ..safekeeping.backup_keys import opening
    from ..safekeeping.backup_place import listed
    from ..safekeeping.restore import restored, tried

    if options.check_only and options.into:
        raise UsageError("--check-only restores into a folder of its own. Leave out --into.")
    for word, named in ((options.place, "PLACE"), (options.into, "--into"), (options.at, "--at")):
        _refuse_empty(word, named)
    settings = settings_of(options)
    store = backup_store(settings, options.place or "", options.endpoint)
    if options.list:
        known = listed(store)
        if options.format == "json":
            print(json.dumps([b.entries() for b in known], indent=1))
        else:
            for backup in known:
                print(readable(str(backup)))
        say(f"{counted(len(known), 'backup').capitalize()} in {store.place}.")
        return 0
    key = opening(_file(options.identity))
    with Bar("Restoring") as show:
        if options.check_only:
            done = tried(store, at=options.at, key=key, quick=options.quick, progress=show)
        else:
            home = Path(options.into) if options.into else settings.home
            done = restored(
                store, home, at=options.at, key=key, quick=options.quick, present=settings, progress=show
            )
    if options.format == "json":
        print(json.dumps(asdict(done) | {"home": str(done.home) if done.home else None}, indent=1))
    else:
        for finding in done.findings:
            print(readable(str(finding)))
    _tell_restore(done, tried=options.check_only)
    return 130 if not done.is_verified else 0 if done.is_sound else 1


def _refuse_empty(word: str | None, named: str) -> None:
    """An empty word, as a variable of the shell that is not set gives it, is not the same as none."""
    from ..errors import UsageError

    if word is not None and not word.strip():
        raise UsageError(f"{named} is empty. Write it out, or leave it out.")


def _file(name: str | None) -> Any:
    from pathlib import Path

    return Path(name).expanduser() if name else None


def _tell_backup(made: Any) -> None:
    from ..display.numbers import counted

    for sentence in made.left_out:
        say(sentence)
    anew = f", {made.mended:,} of them in place of damaged ones" if made.mended else ""
    if made.is_sealed_anew:
        say(
            "All parts were sent anew: those that were there are sealed for other keys. Older backups open with "
            "theirs only."
        )
    removed = f" Removed {counted(len(made.removed), 'older backup')}." if made.removed else ""
    say(
        f"Backup {made.backup_id} in {made.place}{', encrypted' if made.encrypted else ''}: "
        f"{counted(made.n_files, 'file')}, {made.n_bytes / 1e6:,.1f} MB; sent {counted(made.sent, 'part')}, "
        f"{made.sent_bytes / 1e6:,.1f} MB{anew}; version {made.version or 'none'} of the warehouse, "
        f"{made.seconds:,.1f} s.{removed}"
    )


def _tell_restore(done: Any, *, tried: bool) -> None:
    from ..display.numbers import counted

    for sentence in done.left_out:
        say(f"Missing in the backup: {sentence}")
    if not done.is_opened:
        say(
            f"Backup {done.backup_id} is whole: all parts have their hashes. What is in them was not looked at, as no "
            "key was given (--identity)."
        )
        return
    grave = sum(f.severity == "grave" for f in done.findings)
    state = "it is sound" if not grave else counted(grave, "damage")
    if not done.is_verified:
        state = "not yet"
    what = "can be restored" if tried else f"restored into {done.home}"
    tables = (
        f", {counted(done.n_tables, 'table')} with the {counted(done.n_rows, 'row')} they had"
        if done.n_rows
        else ""
    )
    say(
        f"Backup {done.backup_id} {what}: {counted(done.n_files, 'file')}, {done.n_bytes / 1e6:,.1f} MB with the "
        f"hashes they had{tables}; verified: {state}."
    )
    if not done.is_verified:
        say(f"Verifying was stopped; all is restored. Verify it: workbench verify --home {done.home}")
    if done.back_again:
        say(done.back_again)
