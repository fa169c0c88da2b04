"""The process of a kernel: this interpreter's own ipykernel, started by itself or forked.

`python -m workbench.reporting.kernel_process -f FILE` is one that starts by itself. `become_kernel` is what
a fork of the preloaded server does (see `kernel_preload` and `fork_server`). Light to import: the process
that runs reports imports it too, to name that function.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Mapping
from multiprocessing import forkserver
from pathlib import Path
from typing import Any, NoReturn

from . import offline
from .quick_start import DEBUGGER, URL_SYNTAX, leave_out

UNSAFE = 70
"""Exit code of a fork that must not be a kernel: the server isn't preloaded, or had a second thread."""
ORPHANED = 71
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG
_ARGUMENTS = ("--HistoryManager.enabled=False", "--IPKernelApp.ignore_cwd=True")


class _Server:
    """What the server knows of itself at a fork, and its forks with it."""

    path: tuple[str, ...] = ()
    ready = False
    threads = 0


def threads() -> list[str]:
    """Names of this process's threads, those included that Python doesn't know of."""
    tasks = Path("/proc/self/task")
    return [(t / "comm").read_text(encoding="utf-8").strip() for t in tasks.iterdir()]


def arm() -> None:
    """Allow forks of this process. RuntimeError where it has a second thread, whose locks a fork would inherit."""
    if len(found := threads()) != 1:
        raise RuntimeError(f"a process with threads {found} must not be forked")
    _Server.path = tuple(sys.path)
    os.register_at_fork(before=_look)
    _Server.ready = True


def _look() -> None:
    _Server.threads = len(os.listdir("/proc/self/task"))


def become_kernel(
    connection_file: str, environment: Mapping[str, str], folder: str | None
) -> NoReturn:  # pragma: no cover - in another process
    """Be the kernel of a connection file until told to end. Runs in a fork of the server; never returns."""
    if not _Server.ready or _Server.threads != 1:
        os._exit(UNSAFE)
    code = 1
    try:
        _leave_the_server()
        os.environ.clear()
        os.environ.update(environment)
        time.tzset()
        if folder:
            os.chdir(folder)
        sys.path[:] = _Server.path  # multiprocessing has put those of the driver's process here
        sys.argv = ["ipykernel_launcher", "-f", connection_file]
        _seed_anew()
        from ipykernel.kernelapp import IPKernelApp

        app: Any = IPKernelApp.instance()
        app.initialize(["-f", connection_file, *_arguments(), f"--IPKernelApp.parent_handle={os.getppid()}"])
        app.start()
        code = 0
    except SystemExit as e:
        code = e.code if isinstance(e.code, int) else int(e.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        # Not multiprocessing's way out, which is for its own workers.
        for stream in (sys.__stdout__, sys.__stderr__):
            if stream is not None:
                stream.flush()
        os._exit(code)


def _arguments() -> tuple[str, ...]:
    held = (f"--IPKernelApp.exec_lines={offline.EXEC_LINE}",) if offline.RECORD in os.environ else ()
    return (*_ARGUMENTS, *held)


def _leave_the_server() -> None:
    """Stop being a worker of multiprocessing: a process of its own that ends when the server does."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(ORPHANED)
    os.setsid()  # as a kernel that starts by itself: no Ctrl+C from the terminal, signals reach its children too
    # Each worker holds an end of the pipe that keeps the server alive; these would outlive a killed driver.
    server: Any = forkserver._forkserver
    os.close(server._forkserver_alive_fd)
    server.__init__()
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _seed_anew() -> None:
    """NumPy's global generator was copied; Python's own and pandas' look after themselves."""
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed()


def main() -> None:
    leave_out(URL_SYNTAX, DEBUGGER)
    from ipykernel.kernelapp import launch_new_instance

    # A report is the same wherever it is started: a file beside it that is called like a library is not that library.
    sys.path[:] = [p for p in sys.path if p not in ("", os.getcwd())]
    launch_new_instance(argv=[*sys.argv[1:], *_arguments()])


if __name__ == "__main__":
    main()
