"""Kernels as forks of one process that has imported everything: a notebook starts in 50 ms, not in two seconds.

The server is the standard library's (`multiprocessing.forkserver`), preloaded with `kernel_preload`. Where there can be
none (Windows, macOS, WORKBENCH_NO_FORK set) or it fails, kernels start by themselves.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from multiprocessing import forkserver
from typing import Any

from .kernel_process import UNSAFE, become_kernel
from .scratch import scratch

NO_FORK = "WORKBENCH_NO_FORK"
_PRELOAD = "workbench.reporting.kernel_preload"
_LONGEST_START = 60.0
"""Seconds that the server may take to answer; its imports are part of the first."""


class ForkRefused(Exception):
    """No kernel by a fork; the message says why."""


class ForkedKernel:
    """A kernel's process, with what `subprocess.Popen` has and a provisioner asks for."""

    stdin = stdout = stderr = None

    def __init__(self, process: Any) -> None:
        self._process = process
        self.pid: int = process.pid

    def poll(self) -> int | None:
        with _LOCK:
            code: int | None = self._process.exitcode
        return code

    def wait(self, timeout: float | None = None) -> int | None:
        self._process.join(timeout)
        return self.poll()

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


_LOCK = threading.RLock()
_refused = ""


def environment() -> dict[str, str]:
    """This process's variables, copied while no start of the server changes them."""
    with _LOCK:
        return dict(os.environ)


def start_server() -> bool:
    """Begin the imports, in a process beside this one; harmless to repeat. False where there are no forks."""
    if not _possible():
        return False
    with _LOCK, _apart():
        forkserver.set_forkserver_preload([_PRELOAD])
        try:
            forkserver.ensure_running()
        except (OSError, EOFError) as e:
            refuse(f"the server did not start ({e})")
    return not _refused


def forked(connection_file: str, environment: Mapping[str, str], folder: str | None) -> ForkedKernel:
    """A kernel forked from the server. ForkRefused where that can't be."""
    if not start_server():
        raise ForkRefused(_refused)
    context = multiprocessing.get_context("forkserver")
    with _LOCK, _without_main(), _answering_in_time():
        process = context.Process(
            target=become_kernel, args=(connection_file, dict(environment), folder), daemon=True
        )
        try:
            process.start()
        except (OSError, EOFError, AssertionError) as e:  # the last: this process is itself a worker
            raise ForkRefused(f"the server did not answer ({e!r})") from e
    return ForkedKernel(process)


def refuse(why: str) -> None:
    """No more forks in this process."""
    global _refused
    _refused = _refused or why


def why_ended(code: int | None) -> str:
    """What a fork's exit code before its first word means. One that must not be a kernel is the last that is tried."""
    if code == UNSAFE:
        refuse("the server is not preloaded or has a second thread")
        return _refused
    return f"exit code {code}"


def _possible() -> bool:
    return sys.platform == "linux" and not os.environ.get(NO_FORK) and not _refused


@contextlib.contextmanager
def _apart() -> Iterator[None]:
    """The server's socket is made where a sweep finds it; and it imports nothing from the current folder."""
    multiprocessing.current_process()._config.setdefault("tempdir", str(scratch()))  # type: ignore[attr-defined]
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """Multiprocessing would run this process's program again in each fork, to have its functions there."""
    main: Any = sys.modules["__main__"]
    spec, file = main.__spec__, main.__dict__.pop("__file__", None)
    main.__spec__ = None
    try:
        yield
    finally:
        main.__spec__ = spec
        if file is not None:
            main.__file__ = file


@contextlib.contextmanager
def _answering_in_time() -> Iterator[None]:
    """A server that doesn't answer is ended: whoever waits for it reads the end of its pipe and goes on."""
    watch = threading.Timer(_LONGEST_START, _end_server)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


def _end_server() -> None:
    with contextlib.suppress(OSError, TypeError):
        os.kill(server_process(), signal.SIGKILL)


def server_process() -> int:
    """The server's process id."""
    return forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined, no-any-return]
