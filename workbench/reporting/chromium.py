"""A headless Chromium that prints: started, spoken to over pipes (no port is opened), and ended with all it started.

It speaks Chrome's DevTools protocol: JSON, each message ended by a NUL, on the file descriptors 3 and 4 of the browser.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import UsageError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
_ELSEWHERE = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
_OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-extensions",
    "--disable-sync",
    "--disable-component-update",
    "--disable-background-networking",
    "--disable-crash-reporter",
    "--disable-breakpad",
    "--disable-quic",
    # A page asks nobody for anything; should one try, it finds nobody.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
_KNOWN = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "FONTCONFIG_FILE", "FONTCONFIG_PATH", "SYSTEMROOT")
"""What of our environment it gets: no secret, no folder of somebody's."""
# The descriptors that it listens and answers on are 3 and 4, whatever they are here.
_STARTER = (
    "import fcntl, os, sys\n"
    "ends = [fcntl.fcntl(int(n), fcntl.F_DUPFD, 10) for n in sys.argv[1:3]]\n"
    "for number, end in zip((3, 4), ends): os.dup2(end, number)\n"
    "os.execv(sys.argv[3], sys.argv[3:])\n"
)


class ChromiumError(Exception):
    """Chromium did not start, did not answer in time, or refused."""


def find_chromium(named: str = "") -> str | None:
    """The Chromium, Chrome or Edge to print with: the one `named` by path or command, else the first on the PATH.

    Raises UsageError where `named` is no program.
    """
    if named:
        found = shutil.which(os.path.expanduser(named))
        if found is None:
            raise UsageError(
                f"chromium = '{named}' is no program here. Name Chromium, Chrome or Edge by its path, or leave the "
                "setting out to take the one on the PATH."
            )
        return found
    if os.name == "nt":  # where pipes are handed over in another way
        return None
    return next(filter(None, map(shutil.which, (*NAMES, *_ELSEWHERE))), None)


def surroundings(profile: str | Path) -> dict[str, str]:
    """The variables that a Chromium gets."""
    return {**{k: v for k, v in os.environ.items() if k in _KNOWN}, "HOME": str(profile), "TZ": "UTC"}


def unboxed() -> list[str]:
    """What lets it start as root, where it can have no sandbox; it opens pages of ours alone."""
    return ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []


@contextmanager
def browser(program: str, *, timeout: float) -> Iterator[Browser]:
    """A running Chromium with a profile of its own, which is gone at the end, and so is everything it started."""
    with tempfile.TemporaryDirectory(prefix="workbench-chromium-", ignore_cleanup_errors=True) as profile:
        (ours_in, theirs_out), (theirs_in, ours_out) = os.pipe(), os.pipe()
        process = subprocess.Popen(
            [
                *(sys.executable, "-I", "-S", "-c", _STARTER, str(theirs_in), str(theirs_out)),
                *(program, *_OPTIONS, *unboxed(), f"--user-data-dir={profile}", "about:blank"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=surroundings(profile),
            pass_fds=(theirs_in, theirs_out),
            start_new_session=True,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            yield Browser(process, ours_in, ours_out, timeout)
        finally:
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            os.close(ours_in)
            os.close(ours_out)


class Browser:
    """What is said to a running Chromium; everything must come to an end by the deadline."""

    def __init__(self, process: subprocess.Popen[bytes], reading: int, writing: int, timeout: float) -> None:
        self._process, self._reading, self._writing = process, reading, writing
        self._asked = 0
        self._left = b""
        self.timeout = timeout
        self.deadline = time.monotonic() + timeout

    @contextmanager
    def tab(self, address: str) -> Iterator[Tab]:
        """A page opened in a tab of its own; the time that it has begins now."""
        self.deadline = time.monotonic() + self.timeout
        target = self.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        try:
            tab = Tab(self, session)
            light = {"name": "prefers-color-scheme", "value": "light"}
            tab.call("Emulation.setEmulatedMedia", {"features": [light]})
            tab.call("Page.enable")
            failed = tab.call("Page.navigate", {"url": address}).get("errorText")
            if failed:
                raise ChromiumError(f"the page can't be opened: {failed}")
            yield tab
        finally:
            with contextlib.suppress(ChromiumError):
                self.call("Target.closeTarget", {"targetId": target})

    def call(self, method: str, parameters: Mapping[str, Any] | None = None, session: str = "") -> Any:
        """Ask for something and wait for the answer."""
        self._asked += 1
        asked = {"id": self._asked, "method": method, "params": dict(parameters or {})}
        self._write(json.dumps({**asked, "sessionId": session} if session else asked).encode() + b"\0")
        while True:
            said = self._read()
            if said.get("method") == "Inspector.targetCrashed":
                raise ChromiumError("the page crashed the browser")
            if said.get("id") == self._asked:
                if "error" in said:
                    raise ChromiumError(f"{method}: {said['error'].get('message', said['error'])}")
                return said["result"]

    def _write(self, message: bytes) -> None:
        try:
            while message:
                message = message[os.write(self._writing, message) :]
        except OSError as e:
            raise ChromiumError(self._ended()) from e

    def _read(self) -> dict[str, Any]:
        parts = [self._left]
        while b"\0" not in parts[-1]:
            left = self.deadline - time.monotonic()
            ready = left > 0 and select.select([self._reading], [], [], left)[0]
            if not ready:
                raise ChromiumError(f"it took longer than {self.timeout:.0f} s")
            part = os.read(self._reading, 1 << 20)
            if not part:
                raise ChromiumError(self._ended())
            parts.append(part)
        message, _, self._left = b"".join(parts).partition(b"\0")
        said: dict[str, Any] = json.loads(message)
        return said

    def _ended(self) -> str:
        return f"Chromium ended by itself, with exit code {self._process.wait()}"


class Tab:
    """One page."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session

    def call(self, method: str, parameters: Mapping[str, Any] | None = None) -> Any:
        return self._browser.call(method, parameters, self._session)

    def value(self, expression: str) -> Any:
        """What an expression comes to in the page, promises waited for."""
        asked = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        said = self.call("Runtime.evaluate", asked)
        if "exceptionDetails" in said:
            told = said["result"].get("description") or said["exceptionDetails"]["text"]
            raise ChromiumError(f"in the page: {told.splitlines()[0]}")
        return said["result"].get("value")

    def wait(self, expression: str) -> None:
        """Until an expression is true in the page, or the time is over."""
        while not self.value(expression):
            if time.monotonic() > self._browser.deadline:
                raise ChromiumError(f"it took longer than {self._browser.timeout:.0f} s")
            time.sleep(0.05)


def address_of(file: Path) -> str:
    """A file as an address to open."""
    return file.resolve().as_uri()
