"""The timer and the line of a crontab: right in the named zone, whatever the folder is called, no line lost."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from workbench.errors import UsageError, WorkbenchError
from workbench.reporting import schedule as scheduling
from workbench.reporting.due import weekly
from workbench.reporting.schedule import (
    Schedule,
    cron_line,
    install_cron,
    install_systemd,
    installed_cron,
    remove_cron,
    remove_systemd,
    units,
)

PATH = "/usr/bin:/bin"
MONDAY = weekly("Mon 06:00", "Europe/Berlin")
ODD = [
    "plain",
    "with blanks",
    "100 % \"quoted\" 'both' $HOME `id` \\ back; & | <x>",
    "ünïcödé 💥",
    "-p",
    "%Y %n",
]


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in front of PATH for the programs of a test, and a configuration of its own."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config of mine"))
    return programs


def program(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


@pytest.fixture
def crontab(machine: Path, tmp_path: Path) -> Path:
    """The file behind a crontab program that behaves as cron's."""
    file = tmp_path / "crontab-of-user"
    program(
        machine,
        "crontab",
        f"""#!/bin/sh
if [ "$1" = -l ]; then
    if [ -e '{file}' ]; then cat '{file}'; else echo "no crontab for user" >&2; exit 1; fi
elif [ "$1" = - ]; then cat > '{file}'
else exit 2
fi
""",
    )
    return file


@pytest.fixture
def told(machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workbench that writes the words it was called with to this file."""
    file = tmp_path / "told.json"
    script = program(
        machine,
        "workbench",
        f"#!{sys.executable}\nimport json, os, sys\n"
        f"json.dump([sys.argv[1:], os.environ.get('WORKBENCH_SMTP_PASSWORD')], open({str(file)!r}, 'w'))\n",
    )
    monkeypatch.setattr(scheduling, "_workbench", lambda: [str(script)])
    return file


@pytest.mark.parametrize("name", ODD)
def test_crons_line_runs_with_the_words_that_were_meant(tmp_path: Path, told: Path, name: str) -> None:
    home = tmp_path / name
    (home / "data" / "delivery").mkdir(parents=True)
    environment = scheduling.environment_file()
    environment.parent.mkdir(parents=True)
    environment.write_text("WORKBENCH_SMTP_PASSWORD='a $b'\n", encoding="utf-8")
    line = cron_line(Schedule(home, MONDAY, send=True, reports="my reports.toml"))
    assert "\n" not in line
    *when, command = line.split(" ", 5)
    assert when[1:] == ["*"] * 4
    # As cron does: an escaped % is one, a bare one would end the command.
    assert "%" not in command.replace(r"\%", "")
    done = subprocess.run(
        ["/bin/sh", "-c", command.replace(r"\%", "%")], capture_output=True, cwd="/", check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    words, password = json.loads(told.read_text(encoding="utf-8"))
    assert words == [
        "report", "--home", str(home), "--due", "--at", "Mon 06:00", "--time-zone", "Europe/Berlin", "--reports",
        "my reports.toml", "--send",
    ]  # fmt: skip
    assert password == "a $b"
    assert (home / "data" / "delivery" / "schedule.log").exists()


def test_crons_minute_meets_zones_that_lie_half_an_hour_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    here = int(datetime.now(UTC).astimezone().utcoffset().total_seconds() // 60) % 60  # type: ignore[union-attr]
    for when, zone, minutes in (
        ("Mon 06:00", "UTC", {0}),
        ("Mon 06:15", "Europe/Berlin", {15}),
        ("Mon 06:00", "Asia/Kolkata", {30}),
        ("Mon 06:00", "Australia/Lord_Howe", {0, 30}),  # summer time moves by half an hour there
    ):
        line = cron_line(Schedule(Path("/h"), weekly(when, zone)))
        assert line.split(" ")[0] == ",".join(map(str, sorted((m + here) % 60 for m in minutes))), zone


@pytest.mark.parametrize("name", ["a\nb", "a\rb", "a\x00b", "a\x1b[2J", "a\u2028b"])
def test_a_folder_with_a_line_end_is_refused(name: str) -> None:
    for write in (cron_line, units):
        with pytest.raises(UsageError, match="unseen character"):
            write(Schedule(Path("/tmp") / name, MONDAY))


def test_a_line_that_cron_would_cut_off_is_refused() -> None:
    with pytest.raises(UsageError, match="cron takes commands of up to"):
        cron_line(Schedule(Path("/" + "x" * 900), MONDAY))


def test_other_lines_of_a_crontab_stay_to_the_byte(crontab: Path, tmp_path: Path) -> None:
    others = b"# mine \xff\nMAILTO=me\n\n0 3 * * * backup %\n  @reboot x"  # no line end, no UTF-8
    crontab.write_bytes(others)
    one, two = Schedule(tmp_path / "one", MONDAY), Schedule(tmp_path / "two", MONDAY)
    install_cron(one)
    install_cron(two)
    first = crontab.read_bytes()
    assert first.startswith(others + b"\n# >>> workbench-one-")
    install_cron(one)
    assert sorted(crontab.read_bytes().splitlines()) == sorted(first.splitlines())
    assert crontab.read_bytes().count(cron_line(one).encode()) == 1
    later = Schedule(tmp_path / "one", weekly("Tue 07:30", "UTC"), send=True)
    install_cron(later)
    assert installed_cron(one) == cron_line(later)
    assert (remove_cron(one), remove_cron(one), remove_cron(two)) == (True, False, True)
    assert crontab.read_bytes() == others + b"\n"


def test_no_crontab_yet_is_an_empty_one(crontab: Path, tmp_path: Path) -> None:
    schedule = Schedule(tmp_path / "home", MONDAY)
    assert installed_cron(schedule) == ""
    install_cron(schedule)
    assert crontab.read_text(encoding="utf-8").splitlines()[1] == cron_line(schedule)


@pytest.mark.parametrize("said", ["crontab: permission denied", "", "error: disk"])
def test_a_crontab_that_can_not_be_read_is_never_written(machine: Path, tmp_path: Path, said: str) -> None:
    written = tmp_path / "written"
    program(
        machine, "crontab", f"#!/bin/sh\n[ \"$1\" = - ] && touch '{written}'\necho '{said}' >&2\nexit 1\n"
    )
    with pytest.raises(WorkbenchError, match="The crontab can't be read"):
        install_cron(Schedule(tmp_path / "home", MONDAY))
    assert not written.exists()


def test_half_a_block_stops_everything(crontab: Path, tmp_path: Path) -> None:
    schedule = Schedule(tmp_path / "home", MONDAY)
    install_cron(schedule)
    rows = crontab.read_text(encoding="utf-8").splitlines()
    crontab.write_text("\n".join([*rows[:-1], "0 3 * * * mine"]) + "\n", encoding="utf-8")
    before = crontab.read_bytes()
    for change in (install_cron, remove_cron):
        with pytest.raises(WorkbenchError, match="and not the one that ends it"):
            change(schedule)
    assert crontab.read_bytes() == before


def test_without_cron_that_is_said(machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(machine))
    with pytest.raises(WorkbenchError, match=r"crontab can't be run: .*--with systemd"):
        install_cron(Schedule(tmp_path / "home", MONDAY))


def test_the_timer_names_its_zone_and_catches_up() -> None:
    service, timer = units(Schedule(Path("/srv/agency"), MONDAY, publish=True, send=True)).values()
    assert "OnCalendar=Mon *-*-* 06:00:00 Europe/Berlin\nPersistent=true\n" in timer
    assert (
        'report --home /srv/agency --due --at "Mon 06:00" --time-zone Europe/Berlin --publish --send\n'
        in service
    )


def test_systemd_is_told_odd_names_in_its_own_quotes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduling, "_workbench", lambda: ["/opt/50 %/$x/workbench"])
    service = next(iter(units(Schedule(Path('/srv/100 % "a" $b \\c'), MONDAY)).values()))
    assert service.split("ExecStart=")[1].startswith(
        '"/opt/50 %%/$x/workbench" report --home "/srv/100 %% \\"a\\" $$b \\\\c" --due'
    )


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_reads_the_units_and_the_moment(tmp_path: Path) -> None:
    for name in ("plain", ODD[2]):
        for file, text in units(Schedule(tmp_path / name, MONDAY)).items():
            (tmp_path / file).write_text(text, encoding="utf-8")
            done = subprocess.run(
                ["systemd-analyze", "verify", "--user", str(tmp_path / file)],
                capture_output=True, text=True, check=False, env={"PATH": PATH, "XDG_RUNTIME_DIR": str(tmp_path)},
            )  # fmt: skip
            assert file not in done.stderr, done.stderr
    timer = list(units(Schedule(tmp_path, MONDAY)).values())[1]
    moment = timer.split("OnCalendar=")[1].split("\n")[0]
    for when, nexts in (
        ("2025-03-24 04:00:00 UTC", ["05:00:00 UTC", "04:00:00 UTC"]),  # over the change to summer time
        ("2025-10-20 03:00:00 UTC", ["04:00:00 UTC", "05:00:00 UTC"]),  # and back
    ):
        done = subprocess.run(
            ["systemd-analyze", "calendar", "--iterations=2", f"--base-time={when}", moment],
            capture_output=True, text=True, check=True, env={"PATH": PATH, "TZ": "UTC"},
        )  # fmt: skip
        found = [line for line in done.stdout.splitlines() if "Next elapse" in line or "Iter. #2" in line]
        assert [line[-12:] for line in found] == nexts


def test_the_timer_is_installed_and_removed_for_this_user_alone(machine: Path, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    program(machine, "systemctl", f"#!/bin/sh\necho \"$@\" >> '{calls}'\n")
    schedule = Schedule(tmp_path / "home", MONDAY)
    files = install_systemd(schedule)
    folder = tmp_path / "config of mine" / "systemd" / "user"
    assert sorted(folder.iterdir()) == sorted(files) and len(files) == 2
    install_systemd(schedule)
    assert remove_systemd(schedule) and not remove_systemd(schedule)
    assert list(folder.iterdir()) == []
    timer = f"{schedule.name}.timer"
    enabled = ["--user daemon-reload", f"--user enable --now {timer}"]
    removed = [f"--user disable --now {timer}", "--user daemon-reload"]
    assert calls.read_text(encoding="utf-8").splitlines() == [*enabled, *enabled, *removed]


def test_a_systemd_that_refuses_is_told_with_its_words(machine: Path, tmp_path: Path) -> None:
    program(machine, "systemctl", "#!/bin/sh\necho 'Failed to connect to bus' >&2\nexit 1\n")
    with pytest.raises(WorkbenchError, match="daemon-reload failed: Failed to connect to bus"):
        install_systemd(Schedule(tmp_path / "home", MONDAY))


def test_each_home_has_a_name_of_its_own() -> None:
    names = {Schedule(Path(p), MONDAY).name for p in ("/a/agency", "/b/agency", "/b/ägency x", "/b/💥")}
    assert len(names) == 4
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_") for name in names)
