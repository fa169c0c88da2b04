"""`python -m benchmarks.tree COMMAND...`: run it; print wall and CPU seconds and peak memory, of all that it starts.

Linux only: what outlives its parent (a server of forks) is adopted, so that its seconds count too. Memory is each
process's share (PSS) summed up, looked at every 0.2 s.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

_ADOPT = 36  # PR_SET_CHILD_SUBREAPER


@dataclass(frozen=True)
class Cost:
    """What a command cost."""

    wall: float
    cpu: float
    peak_mb: float
    code: int


def cost_of(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Cost:
    """Run a command and everything it starts, to the end of the last process."""
    measured = subprocess.run(
        [sys.executable, "-m", __name__, *command],
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        check=True,
    )
    return Cost(**json.loads(measured.stdout.splitlines()[-1]))


def _measured(command: Sequence[str]) -> Cost:
    ctypes.CDLL(None).prctl(_ADOPT, 1, 0, 0, 0)
    ended, peak = threading.Event(), [0.0]

    def look() -> None:
        while not ended.wait(0.2):
            peak[0] = max(peak[0], _memory())

    looking = threading.Thread(target=look)
    looking.start()
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    wall, code = 0.0, 1
    with suppress(ChildProcessError):
        while True:
            ended_one, status = os.wait()
            if ended_one == process.pid:
                wall, code = time.monotonic() - began, os.waitstatus_to_exitcode(status)
    process.returncode = code
    ended.set()
    looking.join()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall, used.ru_utime + used.ru_stime, peak[0], code)


def _memory() -> float:
    """MB of all that descends from this process."""
    parents: dict[int, int] = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            number, rest = file.read_text(encoding="utf-8").split(" ", 1)
            parents[int(number)] = int(rest.rsplit(")", 1)[1].split()[1])
    family, found = {os.getpid()}, -1
    while found != len(family):
        found = len(family)
        family |= {p for p, parent in parents.items() if parent in family}
    total = 0
    for member in family - {os.getpid()}:
        with suppress(OSError):
            lines = Path(f"/proc/{member}/smaps_rollup").read_text(encoding="utf-8").splitlines()
            total += next(int(x.split()[1]) for x in lines if x.startswith("Pss:"))
    return total / 1024


if __name__ == "__main__":
    print(json.dumps(asdict(_measured(sys.argv[1:]))))
