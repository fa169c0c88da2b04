"""The real widget in a real JupyterLab: a slider is moved by keyboard, and the number follows."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

import workbench
from workbench.display.whatif_text import shown
from workbench.metrics.periods import Period
from workbench.model.level_facts import LevelFacts
from workbench.model.whatif import answer
from workbench.model.whatif_inputs import Start, start

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
LAB = Path(sys.executable).with_name("jupyter-lab")
ROOT = Path(__file__).resolve().parents[2]
WEEK = "2025-W40"
CELLS = (
    """
import workbench
from workbench import display
from workbench.metrics.periods import Period
from workbench.model.level_facts import LevelFacts
display.enable()
wb = workbench.connect()
facts = LevelFacts(wb.table, Period.iso_week("2025-W40", wb.settings.time_zone), settings=wb.settings)
""",
    "explorer = display.whatif.widget(facts)\nexplorer",
)
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
    pytest.mark.skipif(not LAB.is_file(), reason="JupyterLab is not installed: pip install 'workbench[lab]'"),
]


@dataclass(frozen=True)
class Lab:
    """A running server."""

    url: str
    token: str
    log: Path

    def address(self, notebook: str) -> str:
        """The notebook in a workspace of its own, so that nothing of an earlier look is opened."""
        return f"{self.url}/lab/workspaces/{secrets.token_hex(4)}/tree/{notebook}?token={self.token}"


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@pytest.fixture
def begin(demo_home: Path) -> Start:
    with workbench.connect(demo_home) as wb:
        period = Period.iso_week(WEEK, wb.settings.time_zone)
        return start(LevelFacts(wb.table, period, settings=wb.settings))


@pytest.fixture
def lab(demo_home: Path, tmp_path: Path) -> Iterator[Lab]:
    """JupyterLab on a small notebook, with all of its own files in a folder of the test's."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    cells = [nbformat.v4.new_code_cell(c.strip()) for c in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), folder / "whatif.ipynb")
    config = tmp_path / "config"
    (config / "labconfig").mkdir(parents=True)
    # A question about news would stand in front of the notebook.
    quiet = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    (config / "labconfig" / "page_config.json").write_text(json.dumps(quiet))
    own = {
        name: str(tmp_path / name.lower())
        for name in ("JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_WORKSPACES_DIR", "JUPYTERLAB_SETTINGS_DIR",
                     "IPYTHONDIR", "HOME")
    }  # fmt: skip
    for path in own.values():
        Path(path).mkdir(mode=0o700)
    given = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "WORKBENCH_"))}
    environment = {**given, **own, "JUPYTER_CONFIG_DIR": str(config), "WORKBENCH_HOME": str(demo_home)}
    port, token, log = free_port(), secrets.token_hex(16), tmp_path / "lab.log"
    command = [
        str(LAB), "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}",
        "--LabApp.expose_app_in_browser=True", "--LabApp.news_url=None",
    ]  # fmt: skip
    with log.open("wb") as out:
        server = subprocess.Popen(command, env=environment, cwd=folder, stdout=out, stderr=out)
    running = Lab(f"http://127.0.0.1:{port}", token, log)
    try:
        wait_for(running, server)
        yield running
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def wait_for(lab: Lab, server: subprocess.Popen[bytes], seconds: float = 90) -> None:
    """Until the server answers; its log where it does not."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{lab.url}/api?token={lab.token}", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start:\n{lab.log.read_text(errors='replace')[-3000:]}")


@pytest.fixture
def window() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    options = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=options)
        tab = browser.new_page(viewport={"width": 1500, "height": 1400})
        tab.set_default_timeout(90_000)
        yield tab
        browser.close()


SESSION = "window.jupyterapp?.shell.currentWidget?.context?.sessionContext"
PROFIT = ".whatif-profit"


WATCH = f"""() => {{
    addEventListener('keydown', () => {{ window.pressed ??= performance.now(); }}, true);
    const number = document.querySelector('{PROFIT}').parentElement.parentElement;
    new MutationObserver(() => {{ window.answered ??= performance.now(); }})
        .observe(number, {{ childList: true, subtree: true, characterData: true }});
}}"""
"""Notes when the first key was pressed and when the number first changed."""


def number(text: str) -> float:
    return float(re.sub(r"[^\d.\-]", "", text.replace("\N{MINUS SIGN}", "-")))


@pytest.mark.long
def test_a_slider_moved_in_jupyterlab_changes_the_profit(
    lab: Lab, window: Any, begin: Start, tmp_path: Path
) -> None:
    errors: list[str] = []
    window.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    window.on("pageerror", lambda e: errors.append(str(e)))
    window.goto(lab.address("whatif.ipynb"))
    window.wait_for_function(f"{SESSION}?.session?.kernel?.status === 'idle'")
    window.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    profit = window.locator(PROFIT)
    failed = window.locator('[data-mime-type="application/vnd.jupyter.error"]')
    profit.or_(failed).first.wait_for()
    assert failed.all_inner_texts() == []
    today = shown("profit", begin.outputs["profit"], begin.currency)
    assert profit.inner_text() == today
    window.locator(".jp-OutputArea-output svg, .jp-OutputArea-output canvas").first.wait_for()

    slider = window.locator(".widget-slider").filter(has_text="Posts per day and VA")
    slider.locator(".noUi-handle").focus()
    window.evaluate(WATCH)
    window.keyboard.press("ArrowRight")
    window.wait_for_function("window.answered")
    # From key to number, over the kernel and back; a loaded machine is slow.
    answered_in_ms = window.evaluate("window.answered - window.pressed")
    assert answered_in_ms < 2_000
    for _ in range(3):
        window.keyboard.press("ArrowRight")
    window.wait_for_function(f"document.querySelector('{PROFIT}').innerText !== {json.dumps(today)}")
    moved = number(slider.locator(".widget-readout").inner_text())
    assert moved > begin.inputs.posts_per_day
    expected = answer(begin.inputs.changed({"posts_per_day": moved}), begin.basis)["profit"]
    window.wait_for_function(
        f"document.querySelector('{PROFIT}').innerText === "
        f"{json.dumps(shown('profit', expected, begin.currency))}"
    )

    window.get_by_placeholder("name of a scenario").fill("more posts")
    window.get_by_role("button", name="Save", exact=True).click()
    window.get_by_text("Saved 'more posts'.").wait_for()
    picture = Path(os.environ.get("WORKBENCH_PICTURES", tmp_path)) / "whatif_in_jupyterlab.png"
    slider.scroll_into_view_if_needed()
    window.screenshot(path=picture)
    picture.with_suffix(".txt").write_text(f"answered in {answered_in_ms:.0f} ms\n")
    assert picture.stat().st_size > 20_000

    window.get_by_role("button", name="Back to today").click()
    window.wait_for_function(f"document.querySelector('{PROFIT}').innerText === {json.dumps(today)}")
    assert errors == []
