"""Imports files one by one through the command, with limits, and tells how each went: run as a child."""

from __future__ import annotations

import contextlib
import io
import json
import resource
import sys
import time
import traceback
from pathlib import Path

from workbench.cli import main


def told(home: str, path: str, options: list[str]) -> dict[str, object]:
    """What the command says of one file, its exit code and what it took."""
    said = io.StringIO()
    began = time.process_time()
    arguments = ["import", "--home", home, "--as-of", "2025-06-01", "--no-load", *options, "--", path]
    with contextlib.redirect_stderr(said):
        try:
            code: int | str = main(arguments)
        except BaseException:
            code = "traceback"
            traceback.print_exc()
    return {
        "code": code,
        "said": said.getvalue(),
        "seconds": time.process_time() - began,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    home, files, limit_mb = sys.argv[1], json.loads(Path(sys.argv[2]).read_text()), int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_DATA, (limit_mb << 20, limit_mb << 20))
    for path, options in files:
        sys.stdout.write(json.dumps({"path": path, **told(home, path, options)}) + "\n")
        sys.stdout.flush()
