"""Starts and ends a kernel's process without the pauses of the usual way, by a fork where there can be one."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import queue
import signal
import sys
import time
from pathlib import Path
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from .fork_server import ForkedKernel, ForkRefused, forked, why_ended

_TICK = 0.003
_LONGEST_END = 5.0
_LOG = logging.getLogger(__name__)


class ReportProvisioner(LocalProvisioner):
    """A kernel as a fork of the preloaded server, else as a process that starts by itself."""

    parent: Any
    process: Any

    async def launch_kernel(self, cmd: list[str], **options: Any) -> Any:
        if self.parent.transport == "ipc":
            try:
                return await self._fork(options.get("env") or {}, options.get("cwd"))
            except ForkRefused as e:
                if str(e):
                    _LOG.warning("A kernel starts by itself, which takes longer: %s.", str(e))
        self.process = None
        info = await super().launch_kernel(cmd, **options)
        await self._listening()
        return info

    async def _fork(self, environment: dict[str, str], folder: str | None) -> Any:
        kernel = forked(self.parent.connection_file, environment, folder)
        self.process, self.pid, self.pgid, self.cwd = kernel, kernel.pid, kernel.pid, folder or Path.cwd()
        if await self._listening():
            return self.connection_info
        await self.kill()
        why = why_ended(kernel.poll())
        self.process = self.pgid = None
        raise ForkRefused(why)

    async def _listening(self) -> bool:
        """Wait until the kernel's sockets are there: a client that connects earlier tries again after 100 ms."""
        manager = self.parent
        if manager.transport != "ipc":
            return True
        ports = (
            manager.shell_port,
            manager.iopub_port,
            manager.stdin_port,
            manager.hb_port,
            manager.control_port,
        )
        sockets = [f"{manager.ip}-{port}" for port in ports]
        end = time.monotonic() + manager.longest_start
        while time.monotonic() < end and self.process.poll() is None:
            if all(map(os.path.exists, sockets)):
                return True
            await asyncio.sleep(_TICK)
        return False

    async def wait(self) -> int | None:
        await self._gone()
        code: int | None = await super().wait()
        return code

    async def kill(self, restart: bool = False) -> None:
        await super().kill(restart)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._gone(), _LONGEST_END)

    async def _gone(self) -> None:
        while self.process is not None and self.process.poll() is None:
            await asyncio.sleep(_TICK)

    async def cleanup(self, restart: bool = False) -> None:
        if not restart:
            self.end_group()
        await super().cleanup(restart)

    def end_group(self) -> None:
        """End the kernel, and what its notebook has started and left running."""
        if sys.platform == "win32":
            if self.process is not None:
                self.process.kill()
            return
        group, self.pgid = self.pgid, None
        with contextlib.suppress(OSError):
            if isinstance(self.process, ForkedKernel):
                self.process.kill()  # also one that has no group of its own yet
        if group and group != os.getpgrp():
            with contextlib.suppress(OSError):
                os.killpg(group, signal.SIGKILL)


class ReportClient(AsyncKernelClient):
    """A client that is ready when the kernel is; the usual one then still waits for 0.2 s of silence."""

    parent: Any

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        end = time.monotonic() + (timeout or 60)
        while time.monotonic() < end:
            asked = self.kernel_info()
            try:
                reply = await self.shell_channel.get_msg(timeout=1)
                # The answer to our own question on the channel of outputs: it is connected, and nothing is left in it.
                while True:
                    said = await self.iopub_channel.get_msg(timeout=0.2)
                    ours = said["parent_header"].get("msg_id") == asked
                    if ours and said["content"].get("execution_state") == "idle":
                        self._handle_kernel_info_reply(reply)
                        return
            except queue.Empty:
                if not await self.parent.is_alive():
                    raise RuntimeError("Kernel died before replying to kernel_info") from None
        raise RuntimeError(f"Kernel didn't respond in {timeout} seconds")
