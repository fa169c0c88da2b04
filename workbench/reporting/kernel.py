"""The manager of a report's kernels: this interpreter's own ipykernel, talked to over IPC.

A bare environment has no registered kernel and needs none. `ReportKernelManager` is what Papermill gets; how a
kernel starts and ends is its provisioner's business.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import threading
import uuid
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_event_loop
from traitlets import Dict, Float

from . import kernel_process
from .fork_server import environment
from .kernel_variables import for_kernels
from .provisioner import ReportClient, ReportProvisioner
from .scratch import scratch

_LONGEST_SOCKET_PATH = 100
_LIVING: weakref.WeakSet[ReportKernelManager] = weakref.WeakSet()


class ReportKernelManager(AsyncKernelManager):
    """Starts kernels of this interpreter, with variables of their own, reachable only by this user."""

    environment = Dict(help="Variables that the kernel gets besides those of this process.").tag(config=True)
    longest_start = Float(60.0, help="Seconds that a kernel may take until it listens.").tag(config=True)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.client_factory = ReportClient
        self._kernel_spec = KernelSpec(
            argv=[sys.executable, "-m", kernel_process.__name__, "-f", "{connection_file}"],
            display_name="Python 3",
            language="python",
        )
        _LIVING.add(self)
        self._folder = Path(tempfile.mkdtemp(prefix="k", dir=scratch()))
        self.connection_file = str(self._folder / "kernel.json")
        # Windows has no IPC sockets, and a path that is too long for one happens with a long TMPDIR.
        if sys.platform != "win32" and len(str(self._folder)) < _LONGEST_SOCKET_PATH - len("/s-1"):
            self.transport = "ipc"
            self.ip = str(self._folder / "s")
            self.cache_ports = False

    async def _async_pre_start_kernel(self, **options: Any) -> Any:
        options["env"] = {**for_kernels(environment()), **(options.get("env") or {}), **self.environment}
        self.kernel_id = self.kernel_id or str(uuid.uuid4())
        if self.provisioner is None:
            self.provisioner = ReportProvisioner(
                kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self
            )
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
    """Close the event loop that talking to a kernel has left in this thread, and what still waits in it."""
    loop = ensure_event_loop()
    if waiting := asyncio.all_tasks(loop):
        for task in waiting:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*waiting, return_exceptions=True))
    loop.close()
    asyncio.set_event_loop(None)


def end_all() -> None:
    """End every kernel that this process has running, and what its notebook started."""
    for manager in list(_LIVING):
        if isinstance(manager.provisioner, ReportProvisioner):
            manager.provisioner.end_group()


@contextmanager
def ended_with(*pools: Executor, also: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Whatever breaks the block off ends the kernels that these pools run, also those that are just starting.

    `also` is called before it waits for what the pools have begun; what they have not is left out.
    """
    try:
        yield
    except BaseException:
        for pool in pools:
            pool.shutdown(wait=False, cancel_futures=True)
        also()

        def end() -> None:
            for pool in pools:
                pool.shutdown()

        done = threading.Thread(target=end, daemon=True)
        done.start()
        while done.is_alive():
            end_all()
            done.join(0.1)
        raise
