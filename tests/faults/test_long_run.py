"""A year of an agency: files in, rows recorded, reports out, old months moved, processes killed and begun anew.

Size, time, memory and files are taken each week. What keeps data may grow as the data kept do; what keeps none may not.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from long_run import expected

from workbench.reporting.weeks import week_of
from workbench.safekeeping.verify import verified
from workbench.safekeeping.verify_findings import GRAVE
from workbench.settings import load_settings
from workbench.warehouse import versions
from workbench.warehouse.reader import Workbench

CHILD = Path(__file__).with_name("long_run.py")
ALLOWED = 1.2
"""How far the last quarter may lie above the line through the first half: 20 %."""


@dataclass(frozen=True)
class Form:
    """How much of a year is lived."""

    weeks: int
    step: int
    """Days between two loads."""
    report_every: int
    kill_every: int
    settings: str


YEAR = Form(52, 1, 2, 6, "pin_reports = 2\n")
SHORT = Form(
    8,
    7,
    4,
    4,
    "pin_reports = 1\nkeep_versions = 2\narchive_after_days = 7\nraw_payload_days = 10\nip_hash_days = 10\n",
)


def tree(*folders: Path) -> tuple[int, int]:
    """Files and bytes under some folders."""
    files = [f for folder in folders for f in folder.rglob("*") if f.is_file()]
    return len(files), sum(f.stat().st_size for f in files)


def left_of(session: int) -> list[str]:
    """Processes of a session that live on after its leader, by their command lines."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] != "Z":
                found.append((stat.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def run(
    words: Sequence[str], environment: dict[str, str], kill_after: float | None = None
) -> tuple[str, float, float]:
    """Standard output, CPU seconds and the largest memory (MiB) of a process and its children; none may stay."""
    began = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    try:
        out, said = process.communicate(timeout=kill_after or 600)
        assert process.returncode == 0, said
    except subprocess.TimeoutExpired:
        assert kill_after, "a week takes no ten minutes"
        process.send_signal(signal.SIGKILL)
        out, _ = process.communicate()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = used.ru_utime + used.ru_stime - began.ru_utime - began.ru_stime
    until = time.monotonic() + 10
    while (left := left_of(process.pid)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not left, left
    return out, spent, used.ru_maxrss / 1024


def above_the_line(kept: Sequence[float], values: Sequence[float]) -> float:
    """How far the last quarter lies above the straight line through the first half, as a ratio; 1: on it.

    `kept` are the rows that the warehouse held. The median of the last quarter is taken against what the line
    (least squares over the first half, not falling) says of the median of its rows.
    """
    half, quarter = len(values) // 2, -max(1, len(values) // 4)
    slope, start = np.polyfit(kept[:half], values[:half], 1)
    if slope < 0:
        slope, start = 0.0, float(np.median(values[:half]))
    told = start + slope * statistics.median(kept[quarter:])
    return statistics.median(values[quarter:]) / float(told)


def test_a_year_grows_no_faster_than_the_data_kept_and_leaks_nothing(
    tmp_path: Path, whole: bool, figure: Callable[..., None]
) -> None:
    form = YEAR if whole else SHORT
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    for folder in (home, temporary):
        folder.mkdir(mode=0o700)
    (home / "workbench.toml").write_text(form.settings + "stale_after_hours = 0\n", encoding="utf-8")
    (home / "workbench.toml").chmod(0o600)
    settings = load_settings(home)
    today = datetime.now(UTC).date()
    first = today - timedelta(days=today.weekday() + 7 * form.weeks)
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(CHILD.parents[2])}
    weekly: list[dict[str, Any]] = []
    kills = 0
    for week in range(form.weeks):
        begin = first + timedelta(weeks=week)
        words = [sys.executable, str(CHILD), str(home), str(first), str(begin), "7", str(form.step)]
        if week % form.kill_every == form.kill_every - 1:
            run(words, environment, kill_after=2.0 + week % 3)
            kills += 1
        out, _, _ = run(words, environment)
        said = [json.loads(line) for line in out.splitlines()]
        loads, end = said[:-1], said[-1]
        now = {
            "load": statistics.median(one["load"] for one in loads),
            "retain": end["retain"],
            "memory": end["memory_mib"],
            "handles": max(one["handles"] for one in said) - loads[0]["handles"],
        }
        if week % form.report_every == form.report_every - 1:
            named = ["-c", "import sys; from workbench.cli import main; sys.exit(main())"]
            report = ["report", "--home", str(home), "--week", week_of(begin), "--only", "2"]
            _, now["report"], now["report_memory"] = run([sys.executable, *named, *report], environment)
        newest = versions.current(settings.versions)
        assert newest is not None
        with Workbench(settings) as wb:
            counts = {
                name: wb.backend.con.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0]
                for name in (
                    "posts",
                    "slides",
                    "post_snapshots",
                    "account_snapshots",
                    "app_events",
                    "raw_payloads",
                )
            }
            hashes = wb.backend.con.execute("SELECT count(ip_hash) FROM app_events").fetchall()[0][0]
        now["rows"] = sum(counts.values())
        now["file"] = (settings.versions / newest.file).stat().st_size / 2**20
        now["archive"] = tree(settings.archive)[1] / 2**20
        now["files"] = tree(settings.versions, settings.inbox, settings.archive)[0]
        now["archived"] = tree(settings.archive)[0]
        now["left"] = tree(temporary)[0]
        now["hashes"], now["payloads"] = hashes, counts["raw_payloads"]
        weekly.append(now)
        print(f"week {week + 1} of {form.weeks}: {now}")  # noqa: T201

    # Nothing was lost or doubled, whatever was killed.
    days = form.weeks * 7
    want = expected(first, days, form.step)
    assert {name: counts[name] for name in want} == want
    assert [found for found in verified(settings, quick=not whole) if found.severity == GRAVE] == []
    archived = {f.parent.name for f in settings.archive.rglob("*.parquet")}
    assert archived, "months moved"

    def column(name: str) -> list[float]:
        return [week[name] for week in weekly if name in week]

    kept = column("rows")
    ratios = {}
    sizes = [week["file"] + week["archive"] for week in weekly]
    warm = 4 if whole else 1  # payloads and hashes pile up until the first of them go
    for name, values, unit in (
        ("size", sizes, "MiB"),
        ("load", column("load"), "s of CPU"),
        ("retain", column("retain"), "s of CPU"),
        ("memory", column("memory"), "MiB"),
    ):
        ratios[name] = above_the_line(kept[warm:], values[warm:])
        figure(
            f"year_{name}", round(values[-1], 2), unit, first=round(values[0], 2),
            middle=round(values[len(values) // 2], 2), rows=kept[-1], above_the_line=round(ratios[name], 3),
        )  # fmt: skip
    reports = column("report")
    figure("year_report", round(reports[-1], 2), "s of CPU", first=round(reports[0], 2), n=len(reports))
    figure(
        "year_leaks", max(column("left")) + max(column("handles")), "files and handles", weeks=form.weeks, kills=kills,
        orphans=0, files=weekly[-1]["files"], archived=weekly[-1]["archived"],
        memory_of_reports=round(max(column("report_memory"))),
    )  # fmt: skip
    assert max(column("left")) == 0, "files in the temporary folder"
    assert max(column("handles")) <= 0
    n_kept = settings.keep_versions + settings.pin_reports
    assert max(column("files")) - weekly[-1]["archived"] <= 4 * n_kept + 4
    assert weekly[-1]["archived"] <= 4 * 13 + len(archived)
    assert ratios["size"] <= ALLOWED
    assert ratios["memory"] <= ALLOWED
    # Times of a few tenths of a second on a machine that does other things: a tenth is no growth.
    slack = 1.0 if not whole else 1 + 0.1 / statistics.median(column("load"))
    assert ratios["load"] <= ALLOWED * (slack if whole else 1.5)
    if whole:
        by_rows = [week["rows"] for week in weekly if "report" in week]
        assert above_the_line(by_rows, reports) <= ALLOWED, reports
