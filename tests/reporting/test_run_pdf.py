"""A run that prints its pages: what is refused before it, what is told where nothing can be printed."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from pathlib import Path

import pytest

from workbench.cli.report_parts import tell_printed
from workbench.errors import UsageError
from workbench.reporting.pdf import NO_CHROMIUM
from workbench.reporting.run import make_reports
from workbench.settings import Settings

NOTEBOOKS = Path(__file__).parent / "notebooks"
AS_OF = datetime(2025, 10, 6, 4)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with the one notebook that runs through."""
    (tmp_path / "notebooks").mkdir()
    shutil.copy2(NOTEBOOKS / "2_accounts.ipynb", tmp_path / "notebooks")
    return tmp_path


def test_a_chromium_that_is_not_there_is_refused_before_anything_runs(home):
    settings = Settings(home=home, chromium="/nowhere/chrome")
    with pytest.raises(UsageError, match="no program here"):
        make_reports(settings, version=3, as_of=AS_OF, files=False, pdf=True)
    assert not (home / "reports").exists()


def test_without_a_chromium_the_pages_are_made_and_it_is_said_how_to_get_one(
    home, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("workbench.reporting.pdf.find_chromium", lambda named: None)
    run = make_reports(Settings(home=home), version=3, as_of=AS_OF, files=False, pdf=True)
    assert run.exit_code == 0 and run.pages[0].path.is_file()
    manifest = json.loads((run.folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["pdf"] == {"files": [], "failed": {}, "note": NO_CHROMIUM}
    tell_printed([run, run])
    assert capsys.readouterr().err.count(NO_CHROMIUM) == 1


def test_a_page_that_can_not_be_printed_is_told_and_what_was_printed_of_it_before_goes(
    home, tmp_path, capsys
):
    fake = tmp_path / "chrome"
    fake.write_text("#!/bin/sh\nexit 4\n", encoding="utf-8")
    fake.chmod(0o700)
    settings = Settings(home=home, chromium=str(fake))
    before = make_reports(settings, version=3, as_of=AS_OF, files=False)
    (before.folder / "pdf").mkdir()
    for name in ("2_accounts", "9_other"):
        (before.folder / "pdf" / f"{name}.pdf").write_bytes(b"%PDF-old")
    run = make_reports(settings, version=3, as_of=AS_OF, only="2", files=False, pdf=True)
    assert run.exit_code == 1 and run.pages[0].error == ""
    assert not (run.folder / "pdf" / "2_accounts.pdf").exists()
    tell_printed([run])
    told = capsys.readouterr().err
    assert (
        "2025-W40/2_accounts.html could not be printed to PDF: Chromium ended by itself, with exit code 4"
        in told
    )
