"""A real JupyterLab, as `workbench lab` starts it: for this user alone, whatever its settings say."""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from workbench import cli

AS_ROOT = ["--allow-root"] if os.geteuid() == 0 else []
COMMAND = [sys.executable, "-c", "import sys; from workbench.cli import main; sys.exit(main())", "lab"]


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def variables(home: Path, **more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "WORKBENCH_"))}
    return {**kept, "HOME": str(home), "JUPYTER_CONFIG_DIR": str(home / ".jupyter"), **more}


@contextmanager
def lab(home: Path, port: int, *options: str, **more: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A started JupyterLab, and the file of its log; ended at the end."""
    log = home / "lab.log"
    words = [*COMMAND, "--home", str(home), "--", "--no-browser", f"--port={port}", *AS_ROOT, *options]
    with log.open("w") as out:
        running = subprocess.Popen(
            words, stdout=out, stderr=out, text=True, env=variables(home, **more), start_new_session=True
        )
    try:
        yield running, log
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGTERM)
        running.wait(30)


def address_in(log: Path, running: subprocess.Popen[str]) -> str:
    end = time.monotonic() + 90
    while time.monotonic() < end and running.poll() is None:
        if found := re.search(r"http://(localhost|127\.0\.0\.1):\d+/lab\S*", log.read_text()):
            return found[0]
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def answer(
    port: int, path: str, method: str = "GET", body: str | None = None, **headers: str
) -> tuple[int, str]:
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    asking.request(method, path, body=body, headers={k.replace("_", "-"): v for k, v in headers.items()})
    got = asking.getresponse()
    told = got.status, got.read().decode("utf-8", "replace") or got.getheader("Location") or ""
    asking.close()
    return told


def logged_in(port: int, token: str) -> str:
    """The cookies of a browser that has opened JupyterLab with its token."""
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    asking.request("GET", f"/lab?token={token}")
    set_to = [v for k, v in asking.getresponse().getheaders() if k == "Set-Cookie"]
    asking.close()
    return "; ".join(each.partition(";")[0] for each in set_to)


def listening(port: int) -> set[str]:
    """Addresses on which somebody listens on a port, as the system's tables have them."""
    found = set()
    for table in ("tcp", "tcp6"):
        for row in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            local, state = row.split()[1], row.split()[3]
            if state == "0A" and int(local.split(":")[1], 16) == port:
                found.add(local.split(":")[0])
    return found


def below(process: int) -> set[int]:
    """A process and those that it has started."""
    found, parents = {process}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(stat.parent.name)] = int(words[1])
    while more := {p for p, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def test_jupyterlab_wants_its_token_listens_here_alone_and_hides_what_it_knows(
    tmp_path: Path, figure: Callable[..., None]
) -> None:
    port = free_port()
    secret = {"WORKBENCH_SMTP_PASSWORD": "canary-smtp-1", "AWS_SECRET_ACCESS_KEY": "canary-aws-2"}
    with lab(tmp_path, port, **secret) as (running, log):
        token = urlsplit(address_in(log, running)).query.removeprefix("token=")
        assert len(token) >= 32
        assert listening(port) <= {"0100007F", "00000000000000000000000001000000"}, "loopback alone"
        asked = {
            path: answer(port, path) for path in ("/lab", "/api/contents", "/api/kernels", "/api/sessions")
        }
        assert {p: status for p, (status, _) in asked.items()} == {
            "/lab": 302,
            "/api/contents": 403,
            "/api/kernels": 403,
            "/api/sessions": 403,
        }
        assert asked["/lab"][1].startswith("/login")
        made = answer(port, "/api/kernels", "POST", "{}")
        assert made[0] == 403
        bearer = f"token {token}"
        assert answer(port, "/api/kernels", Authorization=bearer)[0] == 200
        assert answer(port, "/api/kernels", Authorization=bearer, Host="evil.example")[0] == 403, (
            "DNS rebinding"
        )
        kernel = json.loads(answer(port, "/api/kernels", "POST", "{}", Authorization=bearer)[1])["id"]
        upgrade = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec_WebSocket_Version": "13",
            "Sec_WebSocket_Key": base64.b64encode(b"0" * 16).decode(),
        }
        channel = f"/api/kernels/{kernel}/channels"
        assert answer(port, channel, **upgrade)[0] == 403
        # What a page of a stranger has, in the browser of somebody who is logged in: the cookie, and its own origin.
        cookie = logged_in(port, token)
        assert answer(port, "/api/kernels", Cookie=cookie)[0] == 200
        assert answer(port, channel, **upgrade, Cookie=cookie, Origin="http://evil.example")[0] == 403
        assert (
            answer(port, "/api/kernels", "POST", "{}", Cookie=cookie, Origin="http://evil.example")[0] == 404
        )
        assert answer(port, channel, **upgrade, Cookie=cookie, Origin=f"http://127.0.0.1:{port}")[0] == 101
        processes = below(running.pid)
        lines = b"".join(Path(f"/proc/{p}/cmdline").read_bytes() for p in processes)
        assert token.encode() not in lines
        for process in processes - {running.pid}:
            known = Path(f"/proc/{process}/environ").read_bytes()
            assert b"canary-smtp-1" not in known
            assert b"canary-aws-2" not in known
        written = [f for f in tmp_path.rglob("*") if f.is_file() and f != log]
        open_to_all = [
            f for f in written if token in f.read_text(errors="ignore") and f.stat().st_mode & 0o077
        ]
        assert open_to_all == []
    figure("lab_requests_refused", 9, "requests", processes=len(processes), listens="127.0.0.1")


OPENED = [
    (["--ServerApp.ip=0.0.0.0"], "", "listens on 0.0.0.0"),
    ([], "c.ServerApp.ip = ''\n", "listens on all addresses"),
    ([], "c.IdentityProvider.token = ''\nc.ServerApp.allow_origin = '*'\n", "asks for no token"),
    ([], "c.ServerApp.disable_check_xsrf = True\nc.ServerApp.allow_remote_access = True\n", "in your name"),
]


def test_settings_that_open_it_are_refused_before_anybody_is_served(
    tmp_path: Path, whole: bool, figure: Callable[..., None]
) -> None:
    tried = OPENED if whole else OPENED[:1] + OPENED[2:3]
    for number, (options, config, says) in enumerate(tried):
        home = tmp_path / str(number)
        (home / ".jupyter").mkdir(parents=True)
        (home / ".jupyter" / "jupyter_server_config.py").write_text(config)
        port = free_port()
        with lab(home, port, *options) as (running, log):
            assert running.wait(90) == 2, log.read_text()
            assert says in log.read_text()
            assert listening(port) == set()
    figure("lab_settings_refused", len(tried), "settings")


@pytest.mark.parametrize(
    "option", ["--ServerApp.token=abc", "--IdentityProvider.token=", "--ServerApp.password=x", "build"]
)
def test_secrets_on_the_command_line_are_refused(
    tmp_path: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["lab", "--home", str(tmp_path), "--", option]) == 2
    said = capsys.readouterr().err
    assert said.startswith("Error: ")
    assert "abc" not in said
