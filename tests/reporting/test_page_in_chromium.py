"""Pages in a browser without a network: every chart drawn, nothing to complain about."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")


def opened(page: Path, profile: Path, *options: str) -> tuple[str, list[str]]:
    """The document after its scripts have run, and what the console said."""
    done = subprocess.run(
        [
            *(
                str(CHROMIUM),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
            ),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            *(
                "--host-resolver-rules=MAP * ~NOTFOUND",
                "--enable-logging=stderr",
                "--virtual-time-budget=20000",
            ),
            *(f"--user-data-dir={profile}", *options, "--dump-dom", page.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout, [line for line in done.stderr.splitlines() if ":CONSOLE" in line]


def charts_in(notebook: Path) -> int:
    cells = nbformat.read(notebook, as_version=4).cells
    return sum(
        "application/vnd.vegalite.v5+json" in o.get("data", {}) for c in cells for o in c.get("outputs", [])
    )


def test_every_chart_is_drawn_for_the_screen_and_for_paper_and_the_console_is_silent(run, tmp_path):
    document, console = opened(run.pages[0].path, tmp_path / "profile")
    expected = charts_in(run.folder / "executed" / "2_accounts.ipynb")
    assert console == []
    assert f'data-charts="{expected}"' in document and 'data-ready="yes"' in document
    assert document.count('data-drawn="') == expected and "data-failed" not in document
    assert len(re.findall(r'<svg[^>]* role="graphics-|<svg[^>]*class="marks"', document)) == 2 * expected


def test_what_strangers_wrote_runs_nowhere_not_even_in_a_notebooks_own_markup(run, tmp_path):
    text = run.pages[0].path.read_text(encoding="utf-8")
    smuggled = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    page = tmp_path / "page.html"
    page.write_text(text.replace("</main>", f"{smuggled}</main>"), encoding="utf-8")
    document, console = opened(page, tmp_path / "profile")
    assert "<title>Which accounts to push" in document
    assert any("Content Security Policy" in line for line in console)


def test_pages_without_charts_are_silent_too(run, tmp_path):
    for n, page in enumerate((run.pages[1].path, run.index)):
        _, console = opened(page, tmp_path / f"profile{n}")
        assert console == []
