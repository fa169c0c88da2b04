"""A kernel without a network: what a notebook asks for outside is refused, and written down.

Python's own sockets are refused by an audit hook, which can say whom a notebook asked for. What isn't Python (DuckDB
reading an address, a command after `!`) is refused by the kernel of the system, where that is Linux: no socket of the
internet can be made any more, by this process or by one that it starts.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import socket
import struct
import sys
from pathlib import Path
from types import FrameType
from typing import Any

RECORD = "WORKBENCH_OFFLINE_RECORD"
"""The variable that names the file in which attempts are written; with it a kernel stays offline."""
EXEC_LINE = "__import__('workbench.reporting.offline', fromlist=['stay_offline']).stay_offline()"

_INTERNET = (socket.AF_INET, socket.AF_INET6)
_ASKS_A_NAME = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
_ASKS_AN_ADDRESS = ("socket.connect", "socket.sendto", "socket.sendmsg")
_LOOKS_ONLY = "urllib3.util.connection"
"""Makes a socket when it is imported, to see whether there is IPv6, and takes no for an answer."""
# Machine -> (name of the architecture in a filter, number of the calls `socket` and `seccomp`).
_CALLS = {"x86_64": (0xC000003E, 41, 317), "aarch64": (0xC00000B7, 198, 277)}


def stay_offline() -> None:  # pragma: no cover - in a kernel's process
    """Refuse every connection from now on but those to this machine's own (AF_UNIX)."""
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    running = [""]
    shell.events.register("pre_run_cell", lambda info: running.__setitem__(0, info.raw_cell))
    record = os.open(os.environ[RECORD], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def say(**what: Any) -> None:
        os.write(record, (json.dumps(what) + "\n").encode())

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if not event.startswith("socket."):
            return
        whom = _whom(event, arguments)
        if whom is None:
            return
        if not _only_looks():
            say(cell=running[0], whom=whom)
        raise PermissionError(f"a report has no network, and this notebook asked for {whom}")

    say(guards=["python", "system"] if _refused_by_the_system() else ["python"])
    sys.addaudithook(refuse)


def attempts(record: Path) -> tuple[list[str], list[tuple[str, str]]]:
    """What held a kernel back (`python`, `system`), and whom it asked for: source of the cell, name."""
    lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
    said = [json.loads(line) for line in lines]
    guards = [g for s in said for g in s.get("guards", ())]
    return guards, list(dict.fromkeys((str(s["cell"]), str(s["whom"])) for s in said if "whom" in s))


def _whom(event: str, arguments: tuple[Any, ...]) -> str | None:
    """Whom an event is about to ask; None for what stays on this machine."""
    if event in _ASKS_A_NAME:
        port = f":{arguments[1]}" if event == "socket.getaddrinfo" and arguments[1] else ""
        return f"{_text(arguments[0])}{port}"
    if event in _ASKS_AN_ADDRESS:
        address = arguments[1]
        if isinstance(address, tuple) and len(address) >= 2:
            return f"{_text(address[0])}:{address[1]}"
        return None
    if event == "socket.__new__" and arguments[1] in _INTERNET:
        return "a socket of the internet"
    return None


def _only_looks() -> bool:  # pragma: no cover - in a kernel's process
    frame: FrameType | None = sys._getframe(2)
    for _ in range(3):
        if frame is None:
            return False
        if frame.f_globals.get("__name__") == _LOOKS_ONLY:
            return frame.f_code.co_name == "_has_ipv6"
        frame = frame.f_back
    return False


def _text(host: Any) -> str:
    return host.decode("utf-8", "replace") if isinstance(host, bytes) else str(host)


def _refused_by_the_system() -> bool:  # pragma: no cover - in a kernel's process
    """Whether Linux now refuses (EACCES) to make sockets of the internet, in every thread and every child."""
    if sys.platform != "linux" or platform.machine() not in _CALLS:
        return False
    architecture, call_socket, call_seccomp = _CALLS[platform.machine()]

    def step(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
        return struct.pack("=HBBI", code, then, otherwise, value)

    load, equal, give = 0x20, 0x15, 0x06  # of a word, jump if equal, return
    allow, deny = 0x7FFF0000, 0x00050000 | 13
    program = b"".join(
        [
            *(step(load, 4), step(equal, architecture, 0, 5)),
            *(step(load, 0), step(equal, call_socket, 0, 3)),
            *(
                step(load, 16),
                step(equal, int(socket.AF_INET), 2, 0),
                step(equal, int(socket.AF_INET6), 1, 0),
            ),
            *(step(give, allow), step(give, deny)),
        ]
    )
    buffer = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = [("steps", ctypes.c_ushort), ("at", ctypes.c_void_p)]

    held = Program(len(program) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    library = ctypes.CDLL(None, use_errno=True)
    no_new_privileges, set_filter, every_thread = 38, 1, 1
    if library.prctl(no_new_privileges, 1, 0, 0, 0) != 0:
        return False
    return bool(library.syscall(call_seccomp, set_filter, every_thread, ctypes.byref(held)) == 0)
