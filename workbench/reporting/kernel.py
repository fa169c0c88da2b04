"""The process that runs a report's notebook: this interpreter's own ipykernel, talked to over IPC.

A bare environment has no registered kernel and needs none. `python -m workbench.reporting.kernel`
is that process; `ReportKernelManager` starts it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
import weakref
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_event_loop
from traitlets import Dict

from .quick_start import DEBUGGER, URL_SYNTAX, leave_out

_LONGEST_SOCKET_PATH = 100
_LIVING: weakref.WeakSet[ReportKernelManager] = weakref.WeakSet()


class ReportKernelManager(AsyncKernelManager):
    """Starts kernels of this interpreter, with variables of their own, reachable only by this user."""

    environment = Dict(help="Variables that the kernel gets besides those of this process.").tag(config=True)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._kernel_spec = KernelSpec(
            argv=[sys.executable, "-m", __name__, "-f", "{connection_file}"],
            display_name="Python 3",
            language="python",
        )
        _LIVING.add(self)
        self._folder = Path(tempfile.mkdtemp(prefix="workbench-kernel-"))
        self.connection_file = str(self._folder / "kernel.json")
        # Windows has no IPC sockets, and a path that is too long for one happens with a long TMPDIR.
        if sys.platform != "win32" and len(str(self._folder)) < _LONGEST_SOCKET_PATH - len("/s-1"):
            self.transport = "ipc"
            self.ip = str(self._folder / "s")
            self.cache_ports = False

    async def _async_pre_start_kernel(self, **options: Any) -> Any:
        options["env"] = {
            **os.environ,
            **(options.get("env") or {}),
            **self.environment,
        }
        return await super()._async_pre_start_kernel(**options)

    pre_start_kernel = _async_pre_start_kernel

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        await super()._async_cleanup_resources(restart=restart)
        if not restart:
            self._remove_folder()

    cleanup_resources = _async_cleanup_resources

    def _remove_folder(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


def close_loop() -> None:
    """Close the event loop that talking to a kernel has left in this thread."""
    ensure_event_loop().close()
    asyncio.set_event_loop(None)


def end_all() -> None:
    """End every kernel that this process has running, and what its notebook started."""
    for manager in list(_LIVING):
        process = getattr(manager.provisioner, "process", None)
        if process is None or process.poll() is not None:
            continue
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def main() -> None:
    leave_out(URL_SYNTAX, DEBUGGER)
    from ipykernel.kernelapp import launch_new_instance

    # A report is the same wherever it is started: a file beside it that is called like a library is not that library.
    sys.path[:] = [p for p in sys.path if p not in ("", os.getcwd())]
    launch_new_instance(argv=[*sys.argv[1:], "--HistoryManager.enabled=False"])


if __name__ == "__main__":
    main()
