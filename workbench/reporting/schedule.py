"""The Monday morning run, and the monthly backup: a systemd timer of the user's own, or a line of their crontab.

Both call `workbench report --due` or `workbench backup --due`, which make what is missing and nothing twice. The timer
knows the named time zone itself. Few crons do, so cron's line runs every hour, and `--due` looks at the clock: that
costs a tenth of a second, follows daylight saving, and catches up on what a machine slept through.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ..errors import UsageError, WorkbenchError
from ..whole_files import write_whole
from .due import DAYS, Weekly
from .weeks import week_of

PASSWORDS = "the passwords for mail and buckets"
"""What stands in `environment_file`."""
MOST_CRON = 990
"""Characters of a command that every cron takes."""


@dataclass(frozen=True)
class Schedule:
    """What runs, and when."""

    home: Path
    at: Weekly
    publish: bool = False
    send: bool = False
    reports: str = ""
    """A file of reports to make beside the agency's own."""
    is_backup: bool = False
    """The month's backup instead of the week's reports."""
    encrypt: bool = False

    @property
    def name(self) -> str:
        """Of its units and of its block in a crontab: one for each home folder."""
        slug = re.sub(r"[^A-Za-z0-9_-]+", "-", self.home.name).strip("-")[:40]
        what = "-backup" if self.is_backup else ""
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:8]
        return f"workbench-{slug + '-' if slug else ''}{digest}{what}"

    @property
    def command(self) -> list[str]:
        """The command's words."""
        does = "backup" if self.is_backup else "report"
        words = [*_workbench(), does, "--home", str(self.home), "--due", "--at", str(self.at)]
        words += ["--time-zone", self.at.time_zone] + ["--encrypt"] * self.encrypt
        words += ["--reports", self.reports] if self.reports else []
        return words + ["--publish"] * self.publish + ["--send"] * self.send

    @property
    def log(self) -> Path:
        return self.home / "data" / "delivery" / ("backup.log" if self.is_backup else "schedule.log")

    def checked(self) -> Schedule:
        """The same, if it can be written into the files of systemd and cron."""
        for word in self.command:
            if re.search(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]", word):
                raise UsageError(f"{word!r} holds a line end or another unseen character. Rename the folder.")
        return self


def environment_file() -> Path:
    """Where the passwords lie that a scheduled run needs; nobody's shell is there to set them."""
    return _config() / "workbench" / "environment"


def units(schedule: Schedule) -> dict[str, str]:
    """File name -> text of the timer and of what it starts."""
    schedule.checked()
    home = _plain(str(schedule.home))
    about = f"monthly backup of {home}" if schedule.is_backup else f"weekly reports of {home}"
    # A backup is asked for every day: --due knows the month's moment, and tries a failed one again the next day.
    days = "" if schedule.is_backup else f"{DAYS[schedule.at.day]} "
    again = "" if schedule.is_backup else "Restart=on-failure\nRestartSec=1h\n"
    service = f"""\
[Unit]
Description={about[0].upper()}{about[1:]}

[Service]
Type=oneshot
ExecStart={_exec(schedule.command)}
EnvironmentFile=-{_unit_path(environment_file())}
{again}"""
    at = schedule.at
    timer = f"""\
[Unit]
Description=When to make the {about}

[Timer]
OnCalendar={days}*-*-* {at.hour:02}:{at.minute:02}:00 {at.time_zone}
Persistent=true

[Install]
WantedBy=timers.target
"""
    return {f"{schedule.name}.service": service, f"{schedule.name}.timer": timer}


def cron_line(schedule: Schedule) -> str:
    """The line of a crontab."""
    schedule.checked()
    passwords = shlex.quote(str(environment_file()))
    log = shlex.quote(str(schedule.log))
    command = (
        f"if [ -r {passwords} ]; then set -a; . {passwords}; set +a; fi; "
        f"{shlex.join(schedule.command)} >> {log} 2>&1"
    ).replace("%", r"\%")  # cron reads % as the end of the line
    if len(command) > MOST_CRON:
        raise UsageError(
            f"cron takes commands of up to {MOST_CRON} characters, and this one has {len(command)}: the folder's "
            "name is too long. Use --with systemd, or a shorter folder."
        )
    return f"{_minutes(schedule.at)} * * * * {command}"


def _minutes(at: Weekly) -> str:
    """The minutes of an hour of this machine's zone at which it is due, over the year: zones lie quarters apart."""
    now = datetime.now(UTC)
    due = [at.after(week_of((now + timedelta(weeks=n)).date())) for n in range(53)]
    return ",".join(map(str, sorted({d.astimezone().minute for d in due})))


def unit_folder() -> Path:
    return _config() / "systemd" / "user"


def install_systemd(schedule: Schedule) -> list[Path]:
    """Write the units and start the timer. WorkbenchError where systemd takes them not; the files are there then."""
    folder = unit_folder()
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, text in units(schedule).items():
        write_whole(folder / name, text)
        files.append(folder / name)
    _systemctl("daemon-reload")
    _systemctl("enable", "--now", f"{schedule.name}.timer")
    return files


def remove_systemd(schedule: Schedule) -> list[Path]:
    """Stop the timer and remove its units."""
    files = [f for name in units(schedule) if (f := unit_folder() / name).exists()]
    if files:
        failed = None
        try:
            _systemctl("disable", "--now", f"{schedule.name}.timer")
        except WorkbenchError as e:
            failed = e
        for file in files:
            file.unlink()
        if failed:
            raise failed
        _systemctl("daemon-reload")
    return files


def installed_systemd(schedule: Schedule) -> str:
    """What systemd's timer says; empty where there is none."""
    file = unit_folder() / f"{schedule.name}.timer"
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def install_cron(schedule: Schedule) -> None:
    """Put the line into the user's crontab, in place of the one that was there. Other lines stay as they are."""
    block = f"{_begin(schedule)}\n{cron_line(schedule)}\n{_end(schedule)}\n"
    schedule.log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    schedule.log.touch(mode=0o600)
    before = _crontab()
    others, _ = _without(before, schedule)
    kept = others + ("\n" if others and not others.endswith("\n") else "") + block
    if kept != before:
        _write_crontab(kept)


def remove_cron(schedule: Schedule) -> bool:
    """Take the line out of the user's crontab; whether there was one."""
    others, found = _without(_crontab(), schedule)
    if found:
        _write_crontab(others)
    return bool(found)


def installed_cron(schedule: Schedule) -> str:
    """The line in the user's crontab; empty where there is none."""
    return _without(_crontab(), schedule)[1]


def has_systemd() -> bool:
    """Whether this machine is run by systemd, and not merely has its commands."""
    return shutil.which("systemctl") is not None and Path("/run/systemd/system").is_dir()


def _workbench() -> list[str]:
    beside = Path(sys.executable).with_name("workbench")
    if beside.is_file():
        return [str(beside)]
    return [sys.executable, "-c", "import sys; from workbench.cli import main; sys.exit(main())"]


def _config() -> Path:
    named = os.environ.get("XDG_CONFIG_HOME", "")
    return Path(named) if named.startswith("/") else Path.home() / ".config"


def _exec(words: Sequence[str]) -> str:
    """A command line as systemd reads it: % is special everywhere, $ in all but the program's own path."""
    program, *others = (word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%") for word in words)
    escaped = [program, *(word.replace("$", "$$") for word in others)]
    return " ".join(w if re.fullmatch(r"[A-Za-z0-9_./:@=+-]+", w) else f'"{w}"' for w in escaped)


def _unit_path(path: Path) -> str:
    """A path where systemd reads the whole rest of the line as one."""
    return str(path).replace("%", "%%")


def _plain(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "%%")


def _systemctl(*words: str) -> None:
    command = ["systemctl", "--user", *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as e:
        raise WorkbenchError(f"{shlex.join(command)} can't be run: {e}. Use --with cron.") from e
    if done.returncode:
        why = (done.stderr or done.stdout).strip().split("\n")[0]
        raise WorkbenchError(
            f"{shlex.join(command)} failed: {why}. The units lie in {unit_folder()}. Run it in a session of this user, "
            "or use --with cron."
        )


def _begin(schedule: Schedule) -> str:
    return f"# >>> {schedule.name}: written by workbench schedule, don't edit"


def _end(schedule: Schedule) -> str:
    return f"# <<< {schedule.name}"


def _without(crontab: str, schedule: Schedule) -> tuple[str, str]:
    """The crontab without this home's block, and the lines of that block."""
    begin, end = _begin(schedule), _end(schedule)
    rows = crontab.splitlines(keepends=True)
    bare = [row.rstrip("\r\n") for row in rows]
    if begin not in bare:
        return crontab, ""
    start = bare.index(begin)
    if end not in bare[start:]:
        raise WorkbenchError(
            f"The crontab has the line '{begin}' and not the one that ends it, '{end}'. Nothing was changed. "
            "Remove what is left of that block with: crontab -e"
        )
    stop = bare.index(end, start)
    return "".join(rows[:start] + rows[stop + 1 :]), "\n".join(bare[start + 1 : stop])


def _crontab() -> str:
    """The user's crontab. WorkbenchError unless it is sure what is in it: it is about to be written anew."""
    done = _run_crontab(["-l"])
    if done.returncode == 0:
        return done.stdout.decode("utf-8", "surrogateescape")
    said = done.stderr.decode("utf-8", "replace")
    if re.search(r"no crontab for", said, re.IGNORECASE):
        return ""
    raise WorkbenchError(
        f"The crontab can't be read: {said.strip() or 'no reason given'}. Nothing was changed."
    )


def _write_crontab(text: str) -> None:
    done = _run_crontab(["-"], text.encode("utf-8", "surrogateescape"))
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise WorkbenchError(f"The crontab can't be written: {said or 'no reason given'}. It is as it was.")


def _run_crontab(words: Sequence[str], text: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    # In this language "no crontab" is told in words that are known.
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        return subprocess.run(
            ["crontab", *words], input=text, capture_output=True, timeout=60, check=False, env=environment
        )
    except (OSError, subprocess.TimeoutExpired) as e:
        raise WorkbenchError(f"crontab can't be run: {e}. Install cron, or use --with systemd.") from e
