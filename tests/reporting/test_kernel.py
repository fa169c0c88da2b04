"""The kernel of a report: how it starts, by a fork or by itself, and how it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from traitlets.config import Config

from workbench.reporting import fork_server, kernel_process
from workbench.reporting.engine import execute
from workbench.reporting.kernel import ReportKernelManager, close_loop, ended_with
from workbench.reporting.scratch import scratch

linux = pytest.mark.skipif(sys.platform != "linux", reason="forks are made on Linux only")


@pytest.fixture
def manager():
    made = ReportKernelManager(
        kernel_name="nobody-registered-this",
        config=Config({"ReportKernelManager": {"environment": {"X": "1"}}}),
    )
    yield made
    made._remove_folder()


@pytest.fixture
def notebook(tmp_path):
    """Writes a notebook of one cell; runs it and returns what it printed, or why it failed."""

    def run(source: str, **environment: str) -> str:
        file = tmp_path / "a.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]), file)
        try:
            done = execute(file, {}, environment=environment, output=tmp_path / "b.ipynb", timeout=60)
        finally:
            close_loop()
        if done.failure:
            return done.failure.cause
        return "".join(o.get("text", "") for o in done.notebook.cells[-1].outputs).strip()

    return run


def test_it_is_this_interpreter_and_needs_no_registered_kernel(manager):
    assert manager.kernel_spec.argv == [
        sys.executable,
        "-m",
        "workbench.reporting.kernel_process",
        "-f",
        "{connection_file}",
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="IPC sockets are POSIX")
def test_it_is_reached_by_sockets_in_a_folder_of_this_user_only(manager):
    assert manager.transport == "ipc" and manager.ip.endswith("/s")
    assert manager._folder.stat().st_mode & 0o077 == 0


def test_a_folder_too_deep_for_sockets_means_tcp(tmp_path, monkeypatch):
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    made = ReportKernelManager()
    assert made.transport == "tcp"
    made._remove_folder()


def test_the_settings_reach_the_kernel(manager):
    assert manager.environment == {"X": "1"}


@linux
def test_a_fork_is_alone_and_a_kernel_like_any_other(notebook, monkeypatch, tmp_path):
    """No thread but its own, nobody's random numbers, none of the driver's program, its own variables."""
    (tmp_path / "polars.py").write_text("1/0", encoding="ascii")
    monkeypatch.chdir(tmp_path)
    said = notebook(
        "import os, sys, numpy, __main__\n"
        "import duckdb\n"
        "threads = duckdb.sql(\"select current_setting('threads')\").fetchone()[0]\n"
        "print(os.getppid(), os.environ['X'], threads, numpy.random.rand() , os.getsid(0) == os.getpid(),"
        "hasattr(__main__, '__file__'), any(p in ('', os.getcwd()) for p in sys.path))",
        X="1",
    ).split()
    assert said[:2] == [str(fork_server.server_process()), "1"]
    assert int(said[2]) == len(os.sched_getaffinity(0))
    assert said[4:] == ["True", "False", "False"]
    assert notebook("import numpy; print(numpy.random.rand())") != said[3]


@linux
def test_what_a_notebook_leaves_running_ends_with_it(notebook):
    left = int(notebook("import subprocess; print(subprocess.Popen(['sleep', '600']).pid)"))
    status = Path(f"/proc/{left}/stat")
    assert not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] == "Z"


@pytest.mark.parametrize("fork", [True, False])
def test_a_kernel_says_the_same_forked_or_not(notebook, monkeypatch, fork, caplog):
    if not fork:
        monkeypatch.setenv(fork_server.NO_FORK, "1")
    forked = notebook("import os; print(os.getppid())") != str(os.getpid())
    assert forked == (fork and sys.platform == "linux") and not caplog.records
    assert notebook("1/0") == "ZeroDivisionError: division by zero"
    assert notebook("import os; os._exit(3)").startswith("DeadKernelError")


@linux
@pytest.mark.parametrize("broken", ["refused", "exit code"])
def test_a_fork_that_fails_is_a_plain_kernel_and_a_warning(notebook, monkeypatch, caplog, broken):
    def become(*_arguments):
        raise fork_server.ForkRefused("exit code 7")

    monkeypatch.setattr(fork_server, "_refused", "")
    if broken == "refused":
        fork_server.refuse("the server is not preloaded")
    else:
        monkeypatch.setattr("workbench.reporting.provisioner.forked", become)
    assert notebook("import os; print(os.getppid())") == str(os.getpid())
    words = "is not preloaded" if broken == "refused" else "exit code 7"
    assert words in caplog.text and "starts by itself" in caplog.text


@linux
@pytest.mark.parametrize(
    "before", ["", "import threading, time; threading.Thread(target=time.sleep, args=[60]).start()"]
)
def test_a_server_that_is_not_armed_or_has_a_thread_is_not_forked_from(before):
    """What a fork of such a process does first: it ends with the code that means a plain kernel."""
    code = (
        "import os, sys; from workbench.reporting import kernel_process as k\n"
        f"if {bool(before)}: k.arm()\n"
        f"{before}\n"
        "if os.fork() == 0: k.become_kernel('none', {}, None)\n"
        "code = os.waitstatus_to_exitcode(os.wait()[1]); print(code, flush=True); os._exit(0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == kernel_process.UNSAFE


@linux
def test_a_process_with_a_second_thread_can_not_be_armed():
    end = threading.Event()
    threading.Thread(target=end.wait).start()
    try:
        with pytest.raises(RuntimeError, match="must not be forked"):
            kernel_process.arm()
    finally:
        end.set()


@linux
def test_everything_that_pages_import_starts_no_thread():
    code = "from workbench.reporting import kernel_preload, kernel_process as k; print(k._Server.ready, k.threads())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("True ['") and done.stdout.count(",") == 0


def test_folders_of_killed_runs_are_swept_and_those_of_living_ones_stay(tmp_path, monkeypatch):
    code = (
        "import sys, tempfile, os, signal; tempfile.tempdir = sys.argv[1];"
        "from workbench.reporting.scratch import scratch; print(scratch(), flush=True);"
        "sys.stdin.read(1) or os.kill(os.getpid(), signal.SIGKILL)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as living:
        stays = living.stdout.readline().strip()
        killed = subprocess.run(command, input="", capture_output=True, text=True, check=False)
        assert killed.returncode == -signal.SIGKILL
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        ours = str(scratch())
        assert sorted(map(str, tmp_path.iterdir())) == sorted([stays, ours])
        living.communicate("x")


def test_a_thread_can_close_its_loop_with_something_still_waiting(recwarn):
    async def begin():
        asyncio.get_running_loop().create_task(asyncio.sleep(60))

    from jupyter_core.utils import ensure_event_loop

    ensure_event_loop().run_until_complete(begin())
    close_loop()
    assert not recwarn.list


def test_the_url_checker_that_costs_a_second_is_not_imported():
    code = (
        "import sys; from workbench.reporting import quick_start;"
        "quick_start.leave_out(quick_start.URL_SYNTAX);"
        "import altair, nbformat; assert 'lark' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_breaks_off_while_work_is_handed_out_does_not_wait_for_it():
    ended, begun, asked = threading.Event(), time.monotonic(), []

    def interrupted() -> None:
        with ThreadPoolExecutor(1) as pool, ended_with(pool, also=ended.set):
            asked.extend(pool.submit(ended.wait, 60) for _ in range(2))
            while not asked[0].running():
                time.sleep(0.01)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert asked[0].result() and asked[1].cancelled() and time.monotonic() - begun < 30
