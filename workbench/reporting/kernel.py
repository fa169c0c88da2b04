"""The process that runs a report's notebook: this interpreter's own ipykernel, talked to over IPC.

A bare environment has no registered kernel and needs none. `python -m workbench.reporting.kernel`
is that process; `ReportKernelManager` starts it.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from typing import Any

from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from traitlets import Dict

# Nobody debugs a report's kernel, and jsonschema's checker of international URLs, which JupyterLab
# brings along, costs a second to import and checks nothing here. Both are optional imports.
UNNEEDED = ("debugpy", "rfc3987_syntax")
_LONGEST_SOCKET_PATH = 100


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
        self._folder = tempfile.mkdtemp(prefix="workbench-kernel-")
        self.connection_file = os.path.join(self._folder, "kernel.json")
        # Windows has no IPC sockets, and a path that is too long for one happens with a long TMPDIR.
        if sys.platform != "win32" and len(self._folder) < _LONGEST_SOCKET_PATH - len("/s-1"):
            self.transport = "ipc"
            self.ip = os.path.join(self._folder, "s")
            self.cache_ports = False

    async def _async_pre_start_kernel(self, **options: Any) -> Any:
        options["env"] = {
            **os.environ,
            **(options.get("env") or {}),
            **self.environment,
        }
        return await super()._async_pre_start_kernel(**options)

    pre_start_kernel = _async_pre_start_kernel  # type: ignore[assignment]

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        await super()._async_cleanup_resources(restart=restart)
        if not restart:
            shutil.rmtree(self._folder, ignore_errors=True)

    cleanup_resources = _async_cleanup_resources  # type: ignore[assignment]


def leave_out_unneeded() -> None:
    """Make the unneeded imports fail at once, as where they aren't installed."""
    for name in UNNEEDED:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]


def main() -> None:
    leave_out_unneeded()
    from ipykernel.kernelapp import launch_new_instance

    # As ipykernel_launcher does: the folder that the process started in is searched as in a notebook,
    # by its name '', not first and for good.
    if sys.path[:1] == [os.getcwd()]:
        sys.path[0] = ""
    launch_new_instance(argv=[*sys.argv[1:], "--HistoryManager.enabled=False"])


if __name__ == "__main__":
    main()
