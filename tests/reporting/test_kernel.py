"""The kernel of a report."""

from __future__ import annotations

import subprocess
import sys

import pytest
from traitlets.config import Config

from workbench.reporting.kernel import ReportKernelManager


@pytest.fixture
def manager():
    made = ReportKernelManager(
        kernel_name="nobody-registered-this",
        config=Config({"ReportKernelManager": {"environment": {"X": "1"}}}),
    )
    yield made
    made._remove_folder()


def test_it_is_this_interpreter_and_needs_no_registered_kernel(manager):
    assert manager.kernel_spec.argv == [
        sys.executable,
        "-m",
        "workbench.reporting.kernel",
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


def test_the_url_checker_that_costs_a_second_is_not_imported():
    code = (
        "import sys; from workbench.reporting import quick_start;"
        "quick_start.leave_out(quick_start.URL_SYNTAX);"
        "import altair, nbformat; assert 'lark' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
