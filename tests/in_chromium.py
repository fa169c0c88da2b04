"""A Chromium for tests that has no network at all, and what it noticed while it showed a page."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRAWN = "html[data-ready=yes]"
"""What can be found in a page once all its charts are drawn, on the screen and for paper."""


@contextmanager
def chromium(folder: Path) -> Iterator[Any]:
    """Playwright's browser, in a network of its own that has no way out, where the system lets us make one."""
    from playwright.sync_api import sync_playwright

    program = str(CHROMIUM)
    if subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode == 0:
        alone = folder / "chromium-alone"
        alone.write_text(f'#!/bin/sh\nexec unshare -rn "{program}" "$@"\n', encoding="utf-8")
        alone.chmod(0o700)
        program = str(alone)
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"]
        browser = playwright.chromium.launch(executable_path=program, args=options)
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page in a tab, and what it asked for and complained of."""

    tab: Any
    asked: list[str] = field(default_factory=list)
    """Addresses that it asked for, itself first."""
    said: list[str] = field(default_factory=list)
    """What the console holds, and errors that nobody caught."""

    def close(self) -> None:
        self.tab.close()


def visited(browser: Any, page: Path, **context: Any) -> Visit:
    """Open a page in a context of its own (a width, a colour scheme, without scripts, ...)."""
    tab = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **context}).new_page()
    visit = Visit(tab)
    tab.on("request", lambda r: visit.asked.append(r.url))
    tab.on("console", lambda m: visit.said.append(m.text))
    tab.on("pageerror", lambda e: visit.said.append(str(e)))
    tab.set_default_timeout(60_000)
    tab.goto(page.as_uri())
    if context.get("java_script_enabled", True) and tab.query_selector("#chart-styles"):
        tab.wait_for_selector(DRAWN, state="attached")
    return visit
