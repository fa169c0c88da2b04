"""`python -m benchmarks.peak_memory FILE HOME`: refresh the marts of a file in full, print the peak in bytes."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from workbench.settings import load_settings

from .marts import refresh


def peak() -> int:
    """The largest resident size of this process so far, in bytes.

    Linux's ru_maxrss starts from what the parent held when it made this process; VmHWM does not.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(x for x in status.read_text(encoding="utf-8").splitlines() if x.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


if __name__ == "__main__":
    refresh(Path(sys.argv[1]), load_settings(sys.argv[2]))
    print(peak())
